"""`holdfast ingest`: bring documents in, in this process or as the Prefect flow."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from config.settings import Settings
from indexing.corpus import open_corpus
from indexing.errors import IngestError
from indexing.planning.approval import ceilings
from indexing.running.ingest import run_ingest
from indexing.running.report import RunReport
from indexing.running.session import IngestSession
from ingestion.sources.configured import ad_hoc_source, configured_sources, only_name
from service.console import TerminalWatcher, print_json, safe, say
from service.exits import exit_of
from service.options import DEFAULTS, Options, folder, load, opened
from service.run_view import show_cost

if TYPE_CHECKING:
    from ingestion.sources.base import Source


def ingest(
    path: Annotated[Path | None, Parameter(converter=folder)] = None,
    /,
    *,
    source: Annotated[tuple[str, ...], Parameter(consume_multiple=True)] = (),
    flow: Annotated[bool, Parameter(negative="")] = False,
    options: Options = DEFAULTS,
) -> int:
    """Bring documents in: read what changed, make it visible batch by batch.

    Args:
        path: A folder to take instead of the configured sources.
        source: Names of configured sources; with PATH, the name for that folder.
        flow: Run as a Prefect flow even if no Prefect API is configured.
        options: Options of every command.
    """
    settings = load(options).settings
    sources = chosen_sources(settings, path, source)
    as_flow = flow or settings.orchestration.api_url is not None
    with TerminalWatcher() as watcher:
        if as_flow:
            report = run_as_flow(settings, path, source, watcher)
        else:
            report = run_here(settings, sources, watcher)
    return tell(report, options)


def approve(
    path: Annotated[Path | None, Parameter(converter=folder)] = None,
    /,
    *,
    source: Annotated[tuple[str, ...], Parameter(consume_multiple=True)] = (),
    options: Options = DEFAULTS,
) -> int:
    """Accept the deletions that the last ingest withheld: list again, and delete up to that number.

    More deletions than were withheld, or those of an incomplete listing, stay withheld.

    Args:
        path: The folder that was ingested instead of the configured sources.
        source: Names of configured sources; with PATH, the name for that folder.
        options: Options of every command.
    """
    with opened(options) as corpus:
        sources = chosen_sources(corpus.settings, path, source)
        generation = corpus.writable()
        allowed = ceilings(corpus.ledger, generation.name, [s.name for s in sources])
        chosen = [s for s in sources if s.name in allowed]
        with (
            TerminalWatcher() as watcher,
            IngestSession(
                corpus, chosen, generation=generation, watcher=watcher, ceilings=allowed
            ) as session,
        ):
            report = run_ingest(session)
    return tell(report, options)


def chosen_sources(settings: Settings, path: Path | None, names: tuple[str, ...]) -> "list[Source]":
    """Return the folder that was named, or the configured sources of these names."""
    if path is not None:
        return [ad_hoc_source(settings, path, only_name(names))]
    return configured_sources(settings, names)


def run_here(settings: Settings, sources: "list[Source]", watcher: TerminalWatcher) -> RunReport:
    """Run the steps as plain calls in this process."""
    corpus = open_corpus(settings)
    try:
        with IngestSession(
            corpus, sources, generation=corpus.writable(), watcher=watcher
        ) as session:
            return run_ingest(session)
    finally:
        corpus.close()


def tell(report: RunReport, options: Options) -> int:
    """Print a report as it was asked for; returns the exit code."""
    if options.json:
        print_json(report.to_json())
    else:
        show(report)
    return exit_of(report.state)


def run_as_flow(
    settings: Settings, path: Path | None, names: tuple[str, ...], watcher: TerminalWatcher
) -> RunReport:
    """Run the steps as Prefect tasks, with the same watcher."""
    from flows.calling import run_ingest_flow

    run_ingest_flow(settings, watcher, path=path, names=names)
    if watcher.report is None:
        raise IngestError("The flow run ended without a report. Look at the run in Prefect.")
    return watcher.report


def show(report: RunReport) -> None:
    """Print a report for people."""
    say(f"[bold]{report.state.value}[/] in {report.seconds:.1f} s: {safe(report.message)}")
    say(
        f"{report.generation} at epoch {report.epoch}; "
        f"{report.chunks_embedded} chunks embedded, {report.chunks_reused} reused"
    )
    show_cost(report)
    for key, reason, detail in report.refusals[:20]:
        say(f"  [yellow]quarantined[/] {safe(key)} ({reason}): {safe(detail)}")
    if len(report.refusals) > 20:
        say(f"  … and {len(report.refusals) - 20} more: `holdfast quarantine list`")
    show_withheld(report)


def show_withheld(report: RunReport) -> None:
    """Say of each source what is missing and stays, and what can be done about it."""
    for name, count in report.withheld_by_source.items():
        if count and name in report.incomplete:
            say(
                f"[yellow]{count} documents of {safe(name)} are missing from its listing and "
                f"stay[/]: {safe(report.incomplete[name])} Nothing can be approved until all of it "
                "can be listed; mend that and run `holdfast ingest` again."
            )
        elif count:
            say(
                f"[yellow]{count} deletions of {safe(name)} were withheld[/]: too many at once, or "
                "an empty listing. Check the source; if it is right, `holdfast approve` (with "
                "the same PATH and --source) accepts up to that many."
            )
