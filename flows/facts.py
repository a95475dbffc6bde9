"""The facts that somebody needs who decides: what a form of a paused run shows."""

from collections.abc import Mapping, Sequence
from typing import Any

from flows.markdown import bullets, code, plain, table
from indexing.corpus import Corpus
from indexing.generations.gates import (
    Contest,
    GateOutcome,
    GateResult,
    Looked,
    not_again,
    renew_search_gates,
)
from indexing.ledger.documents import open_versions
from indexing.ledger.generations import Generation
from indexing.running.report import RunReport
from indexing.spec import differences
from indexing.upkeep.purge_targets import Target

SHOWN_KEYS = 30
"""Keys that a form shows; the report artifact and the run's file have more."""
BAR = 24
"""Blocks of the longest bar of a plot."""
SHOWN_CHANGES = 12
LOOKED = {Looked.NOW: "**again**", Looked.WHEN_BUILT: "when built"}
"""How a table says it that has both."""


def deletion_facts(report: RunReport) -> str:
    """Say which deletions are withheld, and what a yes would do."""
    by_source = [(code(name), count) for name, count in report.withheld_by_source.items() if count]
    lines = [
        f"## {len(report.withheld)} deletions are withheld",
        "",
        f"{report.counts.enumerated} documents are listed now. Those below were listed before and "
        "are gone, too many at once or from a listing that may be wrong. Nothing was deleted.",
        "**approve** lists the sources again and deletes up to so many of each source.",
        "",
        *table(["source", "gone"], by_source),
        "",
        *bullets(report.withheld, SHOWN_KEYS),
        *(f"\n**Problem:** {plain(problem)}" for problem in report.problems),
    ]
    return "\n".join(lines)


def promotion_facts(corpus: Corpus, candidate: Generation) -> str:
    """Say what a generation would change, before and after, and what its gates measured."""
    live = corpus.live()
    before, after = sizes(corpus, live), sizes(corpus, candidate)
    lines = [
        f"## Make {code(candidate.name)} the live generation?",
        "",
        "**approve** lets it catch up, looks once more, and moves the alias by one atomic write; "
        "a rollback goes back. **reject** marks it so that it is never promoted.",
        "",
        *table(
            ["", "live", "new"],
            [
                ("generation", code(live.name) if live else "none", code(candidate.name)),
                *((what, before[what], after[what]) for what in after),
            ],
        ),
    ]
    if live is not None:
        changes = differences(dict(live.spec), dict(candidate.spec))[:SHOWN_CHANGES]
        lines += ["", "**Changed:** " + ("; ".join(map(plain, changes)) or "nothing")]
    name = live.name if live else None
    gates = renewed(corpus, candidate, live)
    if name is not None and of_others(gates, name):
        lines += [
            "",
            f"{code(name)} became live since {code(candidate.name)} was built: what is quick was "
            "measured again, before it catches up; a column says against which generation the "
            "rest was held.",
        ]
    return "\n".join([*lines, "", *gate_table(gates, name), *gate_plot(gates, name)])


def renewed(
    corpus: Corpus, candidate: Generation, live: Generation | None
) -> list[Mapping[str, Any]]:
    """Return the gates' results, measured again where that is quick and another one is live."""
    again: tuple[GateResult, ...] = ()
    if live is not None:
        again = renew_search_gates(Contest(corpus.for_generation(candidate), live, candidate))
    return [result.to_json() for result in (*again, *not_again(candidate, again))]


def sizes(corpus: Corpus, generation: Generation | None) -> dict[str, int]:
    """Count what a generation serves."""
    versions = open_versions(corpus.ledger, generation.name) if generation else {}
    return {
        "epoch": generation.epoch if generation else 0,
        "documents": len(versions),
        "chunks": sum(version.chunk_count for version in versions.values()),
    }


def gate_tally(gates: Sequence[Mapping[str, Any]]) -> str:
    """Say in one sentence how the gates fared; one that measured nothing does not count as held."""
    failed = [gate for gate in gates if gate["outcome"] == GateOutcome.FAILED]
    skipped = [gate["gate"] for gate in gates if gate["outcome"] == GateOutcome.SKIPPED]
    if failed:
        return f"{len(failed)} of {len(gates)} gates do not hold"
    if skipped:
        held = len(gates) - len(skipped)
        return f"{held} of {len(gates)} gates hold, skipped: {', '.join(skipped)}"
    return f"All {len(gates)} gates hold"


def of_others(gates: Sequence[Mapping[str, Any]], live: str | None) -> bool:
    """Tell whether a result compares with another generation than the one that is replaced."""
    return live is not None and any(gate.get("against") not in (None, live) for gate in gates)


def gate_table(gates: Sequence[Mapping[str, Any]], live: str | None = None) -> list[str]:
    """Render the gates' results, as the ledger keeps them; failed ones come first.

    Where only some looked again when the generation was promoted, a column says which; where some
    were held against another generation than the one that is replaced, a column says against which.
    What they say in words is a list below: beside the figures it would be cut off in a form.

    Args:
        gates: The results.
        live: The generation that is replaced.
    """
    ordered = sorted(gates, key=lambda gate: gate["outcome"] != GateOutcome.FAILED)
    rows = [
        [
            plain(gate["gate"]),
            plain(gate["outcome"]),
            figure(gate.get("live")),
            figure(gate.get("candidate")),
            change(gate.get("live"), gate.get("candidate")),
        ]
        for gate in ordered
    ]
    header = ["gate", "outcome", "live", "new", "change"]
    if of_others(gates, live):
        header.insert(2, "held against")
        for row, gate in zip(rows, ordered, strict=True):
            row.insert(2, code(gate["against"]) if gate.get("against") else "")
    if len({gate.get("looked", Looked.NOW) for gate in ordered}) > 1:
        header.insert(2, "looked")
        for row, gate in zip(rows, ordered, strict=True):
            row.insert(2, LOOKED[Looked(gate.get("looked", Looked.NOW))])
    said = [f"- **{plain(g['gate'])}**: {plain(g['detail'])}" for g in ordered if g["detail"]]
    return [*table(header, rows), "", *said]


def gate_plot(gates: Sequence[Mapping[str, Any]], live: str | None = None) -> list[str]:
    """Draw what was measured on both generations as pairs of bars, as long as there is any.

    Each pair has a scale of its own, because gates measure shares, counts and times. Text, because
    the page of an artifact shows no picture that is not fetched from somewhere. What was held
    against another generation than `live`, the one that is replaced, is left to the table.
    """
    pairs = [
        (str(gate["gate"]), float(gate["live"]), float(gate["candidate"]))
        for gate in gates
        if gate.get("live") is not None
        and gate.get("candidate") is not None
        and not of_others([gate], live)
    ]
    if not pairs:
        return []
    wide = max(len(name) for name, _, _ in pairs)
    lines = ["", "```text"]
    for name, old, new in pairs:
        longest = max(abs(old), abs(new))
        lines.append(f"{name:{wide}}  live  {bar(old, longest)} {figure(old)}")
        lines.append(f"{'':{wide}}  new   {bar(new, longest)} {figure(new)}")
    return [*lines, "```"]


def bar(value: float, longest: float) -> str:
    """Draw a value as a bar of blocks, to an eighth of one."""
    eighths = round(8 * BAR * abs(value) / longest) if longest else 0
    whole, rest = divmod(eighths, 8)
    return f"{'█' * whole}{' ▏▎▍▌▋▊▉'[rest] if rest else ''}".ljust(BAR, "░")


def figure(value: float | None) -> str:
    """Render a measured value."""
    return "" if value is None else f"{value:.4g}"


def change(before: float | None, after: float | None) -> str:
    """Render by how much a measured value changed."""
    if before is None or after is None:
        return ""
    return f"{after - before:+.4g}"


def purge_facts(targets: Sequence[Target]) -> str:
    """Say what a purge would remove."""
    lines = [
        f"## Remove {len(targets)} documents for good?",
        "",
        "From every generation, the history, blobs, logs and run files. **It cannot be undone.**",
        "",
        *table(
            ["document", "key", "source", "state", "versions", "chunks"],
            [
                (code(t.document_id), code(t.key), code(t.source), t.state, t.versions, t.chunks)
                for t in targets[:SHOWN_KEYS]
            ],
        ),
    ]
    if len(targets) > SHOWN_KEYS:
        lines += ["", f"… and {len(targets) - SHOWN_KEYS} more"]
    return "\n".join(lines)
