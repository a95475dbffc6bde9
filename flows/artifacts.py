"""What a person sees in the Prefect UI: one progress bar and one report per run."""

import logging
import re
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import astuple, fields
from uuid import UUID

import httpx
from prefect.artifacts import (
    create_markdown_artifact,
    create_progress_artifact,
    update_progress_artifact,
)
from prefect.settings import PREFECT_CLIENT_MAX_RETRIES, temporary_settings

from flows.facts import gate_plot, gate_table, gate_tally
from flows.markdown import bullets, code, plain, table
from indexing.generations.promotion import Switch
from indexing.generations.reindex import Rebuilt
from indexing.planning.planned import Plan
from indexing.running.report import RunReport
from indexing.running.run_figures import ClassFigures
from indexing.running.watch import Progress, Watcher

logger = logging.getLogger(__name__)

UPDATE_SECONDS = 5.0
"""The progress artifact is written at most this often: each write is a call that costs the server
about as much as a task run."""
FAILED_UPDATE_SECONDS = 60.0
"""Until the next one after one that the server did not take."""
SHOWN_REFUSALS = 50
"""Rows of the quarantine table; the run's file under `runs/` has all of them."""
SHOWN_PLANNED = 20
"""Keys of each group of a plan."""


class ArtifactWatcher:
    """Keeps a progress artifact up to date while an ingest runs, and tells another watcher too."""

    def __init__(self, collection: str, then: Watcher | None = None) -> None:
        """Name the artifact after `collection`."""
        self._key = artifact_key("ingest-progress", collection)
        self._plan_key = artifact_key("ingest-plan", collection)
        self._then = then
        self._artifact: UUID | None = None
        self._next = 0.0
        self.report: RunReport | None = None
        """How the run ended, also one that broke off; none as long as it goes on."""

    def planned(self, plan: Plan) -> None:
        """Write what is going to happen, and begin the progress, if there is anything to do."""
        if not plan.is_empty or plan.withheld:
            publish_plan(plan, self._plan_key)
        if plan.to_prepare:
            with shown_if_possible(self._key):
                created = create_progress_artifact(
                    progress=0.0,
                    key=self._key,
                    description=f"{len(plan.to_prepare)} documents to read",
                )
                self._artifact = created if isinstance(created, UUID) else None
        if self._then:
            self._then.planned(plan)

    def progressed(self, progress: Progress) -> None:
        """Update the artifact, not too often."""
        is_last = progress.share >= 1
        if self._artifact is not None and (is_last or time.monotonic() >= self._next):
            self._next = time.monotonic() + FAILED_UPDATE_SECONDS
            # Asked once more only: the ingest waits for it, and the next one says more anyway.
            patience = {} if is_last else {PREFECT_CLIENT_MAX_RETRIES: 1}
            with temporary_settings(patience), shown_if_possible(self._key):
                update_progress_artifact(
                    artifact_id=self._artifact,
                    progress=round(100 * progress.share, 1),
                    description=describe(progress),
                )
                self._next = time.monotonic() + UPDATE_SECONDS
        if self._then:
            self._then.progressed(progress)

    def ended(self, report: RunReport) -> None:
        """Keep it and pass it on; the report artifact is written by the flow."""
        self.report = report
        if self._then:
            self._then.ended(report)


@contextmanager
def shown_if_possible(key: str) -> Iterator[None]:
    """Go on without an artifact that the server does not take, however often it is asked.

    It shows what a run does, and is no part of that: the run's file under `runs/` has it all.
    """
    try:
        yield
    except httpx.HTTPError as error:
        logger.warning("The Prefect UI lacks the artifact %s: %s", key, error)


def show(key: str, markdown: str, description: str) -> None:
    """Write an artifact of Markdown."""
    with shown_if_possible(key):
        create_markdown_artifact(key=key, markdown=markdown, description=description)


def show_table(
    key: str, header: Sequence[str], rows: Iterable[Sequence[object]], description: str
) -> None:
    """Write a table whose cells are Markdown already.

    As Markdown, because the cells of Prefect's own tables are text in one of its two UIs and
    Markdown in the other: there a document's key or a reason could fetch a picture.
    """
    show(key, "\n".join(table(header, rows)), description)


def publish_plan(plan: Plan, key: str) -> None:
    """Write what a run is going to do, before it does it."""
    groups = {
        "added": [d.entry.key for d in plan.added],
        "changed": [d.entry.key for d in plan.changed],
        "moved": [f"{m.standing.key} → {m.entry.key}" for m in plan.moved],
        "deleted": [s.key for s in plan.deleted],
        "withheld": [s.key for s in plan.withheld],
        "given other labels": [m.entry.key for m in plan.relabelled],
        "refused": [f"{r.refusal.key} ({r.refusal.reason})" for r in plan.refused],
        "skipped": [s.key for s in plan.skipped],
    }
    rows = [("listed", plan.enumerated), ("unchanged", plan.unchanged)]
    rows += [(name, len(keys)) for name, keys in groups.items() if keys]
    lines = ["## Plan", "", *table(["", "documents"], rows)]
    for name, keys in groups.items():
        if keys:
            lines += ["", f"**{name.capitalize()}**", "", *bullets(keys, SHOWN_PLANNED)]
    listed = f"{plan.enumerated} documents listed, {len(plan.to_prepare)} to read."
    show(key, "\n".join(lines), listed)


def describe(progress: Progress) -> str:
    """Say how far an ingest is, in one line."""
    left = progress.seconds_left
    rate = progress.chunks / progress.seconds if progress.seconds else 0.0
    return (
        f"{progress.documents_done} of {progress.documents_total} documents, "
        f"{progress.chunks} chunks, {rate:.0f} chunks/s"
        + (f", about {left:.0f} s left" if left is not None else "")
    )


def publish_report(report: RunReport, collection: str) -> None:
    """Write the report artifact, and a table of what was quarantined."""
    ended = f"{report.state.value}: {plain(report.message)}"
    show(artifact_key("ingest-report", collection), to_markdown(report), ended)
    if report.refusals:
        show_table(
            artifact_key("ingest-quarantine", collection),
            ["document", "reason", "detail"],
            [
                (code(key), code(reason), plain(detail))
                for key, reason, detail in report.refusals[:SHOWN_REFUSALS]
            ],
            f"{len(report.refusals)} documents were quarantined by this run.",
        )
    if report.classes:
        show_table(
            artifact_key("ingest-classes", collection),
            [named.name.replace("_", " ") for named in fields(ClassFigures)],
            [(code(one.name), *astuple(one)[1:]) for one in report.classes],
            "What the documents of this run cost, by class.",
        )


def publish_rebuilt(rebuilt: Rebuilt, collection: str) -> None:
    """Write how a generation fared: the report, and what each gate measured before and after."""
    publish_report(rebuilt.report, collection)
    if rebuilt.gates:
        measured = [gate.to_json() for gate in rebuilt.gates]
        before = rebuilt.switch.previous if rebuilt.switch else rebuilt.live
        lines = [
            f"## {code(rebuilt.generation)}: {rebuilt.report.state.value}",
            "",
            f"{code(rebuilt.live)} is live.",
            "",
            *gate_table(measured, before),
            *gate_plot(measured, before),
        ]
        show(
            artifact_key("reindex-gates", collection),
            "\n".join(lines),
            f"{gate_tally(measured)}; {rebuilt.live} is live.",
        )
    if rebuilt.switch is not None:
        publish_promotion(rebuilt.switch, collection)


def publish_promotion(switch: Switch, collection: str) -> None:
    """Write which generation is live now; the artifact's history is that of the alias."""
    rows = [
        ("live", code(switch.generation)),
        ("before", code(switch.previous) if switch.previous else "none"),
        ("epoch", switch.epoch),
        ("documents that differ", switch.behind),
        ("seconds", f"{switch.seconds:.2f}"),
    ]
    publish_facts("generation", collection, f"{switch.generation} is live", dict(rows))


def publish_facts(
    kind: str, collection: str, title: str, facts: Mapping[str, object], more: Sequence[str] = ()
) -> None:
    """Write a table of facts; the values are Markdown already, as are the lines of `more`."""
    lines = [f"## {plain(title)}", "", *table(["", ""], facts.items())]
    show(artifact_key(kind, collection), "\n".join([*lines, "", *more]), plain(title))


def to_markdown(report: RunReport) -> str:
    """Render a report for people."""
    counts = report.counts
    lines = [
        f"## {report.state.value}: {plain(report.message)}",
        "",
        "| | |",
        "|-|-|",
        f"| run | `{report.run_id}` |",
        f"| generation, epoch | `{report.generation}`, {report.epoch} |",
        f"| indexed / unchanged / moved | {counts.indexed} / {counts.unchanged} / {counts.moved} |",
        f"| deleted / withheld | {counts.deleted} / {counts.withheld} |",
        f"| quarantined / skipped | {counts.quarantined} / {counts.skipped} |",
        f"| chunks embedded / reused | {report.chunks_embedded} / {report.chunks_reused} |",
        f"| seconds (embedding, store) | {report.seconds:.1f} ({report.embed_seconds:.1f}, "
        f"{report.store_seconds:.1f}) |",
        f"| peak memory | {report.peak_memory_mb:.0f} MB |",
        f"| largest parser child | {report.parser_peak_mb:.0f} MB |",
        *(
            f"| {what} per second | {rate:.2f} |"
            for what, rate in report.throughput.items()
            if rate
        ),
    ]
    if report.reasons:
        counted = ", ".join(f"{count} `{reason}`" for reason, count in report.reasons.items())
        lines.append(f"\n**Refused by reason:** {counted}")
    if report.slowest:
        named = ", ".join(f"{code(key)} {took:.2f} s" for key, _, took, _ in report.slowest[:5])
        lines.append(f"\n**Slowest documents:** {named}")
    lines += [f"\n**Problem:** {plain(problem)}" for problem in report.problems]
    if report.withheld:
        lines += [f"\n**Deletions withheld** ({len(report.withheld)}):", ""]
        lines += bullets(report.withheld, SHOWN_REFUSALS)
    return "\n".join(lines)


def artifact_key(kind: str, collection: str) -> str:
    """Build an artifact key, which may hold lower-case letters, digits and dashes only."""
    return re.sub(r"[^a-z0-9]+", "-", f"{kind}-{collection}".lower()).strip("-")
