"""`holdfast verify`: ledger, store, blobs and sources held against each other, and mended."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import Parameter

from config.settings import Settings
from indexing.upkeep.faults import FaultKind
from ingestion.sources.configured import ad_hoc_source, configured_sources, only_name
from service.console import print_json, safe, say
from service.exits import Exit
from service.options import DEFAULTS, Options, folder, opened

if TYPE_CHECKING:
    from ingestion.sources.base import Source

OF_SOURCES = frozenset(
    {FaultKind.NOT_INDEXED, FaultKind.VANISHED, FaultKind.STALE, FaultKind.NOT_LISTED}
)
BEFORE_REPAIR = (
    "`holdfast verify --repair` mends what can be mended; with --source it takes lost bytes from "
    "the sources."
)
AFTER_REPAIR = (
    "A repair cannot mend more: give --source for lost bytes, `holdfast ingest` reads lost "
    "documents again, and for the rest there is `holdfast restore`."
)


def verify(
    path: Annotated[Path | None, Parameter(converter=folder)] = None,
    /,
    *,
    source: Annotated[tuple[str, ...] | None, Parameter(consume_multiple=True, negative="")] = None,
    deep: Annotated[bool, Parameter(negative="")] = False,
    repair: Annotated[bool, Parameter(negative="")] = False,
    options: Options = DEFAULTS,
) -> int:
    """Compare ledger, store and blobs, point by point; exits with 1 if anything is wrong.

    Args:
        path: A folder that was ingested by its name, to compare with as well.
        source: Compare with the configured sources, too, or with those of these names; every
            document is read. With PATH, the name that folder was ingested under.
        deep: Also read every blob and compare its hash.
        repair: Mend what is wrong: points are made again from the blobs, without parsing; bytes
            that are gone are fetched from the sources, if those are given.
        options: Options of every command.
    """
    with opened(options) as corpus:
        sources = chosen(corpus.settings, path, source)
        if repair:
            from indexing.upkeep.repair import repair as mend

            mended = mend(corpus, sources=sources, deep=deep)
            result, sound = mended.to_json(), mended.after.sound
        else:
            from indexing.upkeep.verify import verify as audit

            found = audit(corpus, sources=sources, deep=deep)
            result, sound = found.to_json(), found.sound
    if options.json:
        print_json(result)
    else:
        show(result)
    return Exit.DONE if sound else Exit.FAILED


def chosen(settings: Settings, path: Path | None, names: tuple[str, ...] | None) -> "list[Source]":
    """Return the sources to compare with; none unless PATH or --source is given."""
    if path is not None:
        return [ad_hoc_source(settings, path, only_name(names or ()))]
    return [] if names is None else configured_sources(settings, names)


def show(result: dict[str, Any]) -> None:
    """Print an audit for people, and what was mended."""
    for part in result["generations"]:
        say(
            f"[bold]{part['generation']}[/] at epoch {part['epoch']}: {part['expected']} points "
            f"in the ledger, {part['found']} in the store"
        )
        show_faults(part)
    for name in ("alias", "blobs", "ledger", "sources"):
        show_faults(result[name])
    repaired = {k: v for k, v in result.get("repaired", {}).items() if v}
    if "repaired" in result:
        before = ", ".join(f"{count} {kind}" for kind, count in result["before"].items())
        did = ", ".join(f"{count} {what.replace('_', ' ')}" for what, count in repaired.items())
        say(f"Found {before or 'nothing'}; mended: {did or 'nothing'}.")
    if result["sound"]:
        say("[green]Sound.[/]")
    else:
        say(f"[bold red]Not sound.[/] {what_to_do(result)}")


def what_to_do(result: dict[str, Any]) -> str:
    """Say what takes away the faults that were found, or those that a repair left."""
    kinds = {FaultKind(kind) for kind in result["faults"]}
    steps = []
    if kinds - OF_SOURCES - {FaultKind.PURGED}:
        steps.append(AFTER_REPAIR if "repaired" in result else BEFORE_REPAIR)
    if kinds & OF_SOURCES:
        steps.append("`holdfast ingest` takes over what the sources have.")
    if FaultKind.PURGED in kinds:
        steps.append("`holdfast purge` takes away again what was purged.")
    return " ".join(steps)


def show_faults(part: dict[str, Any]) -> None:
    """Print the faults of one part: how many of each kind, and the first few."""
    for kind, count in part["faults"].items():
        say(f"  [red]{kind}[/]: {count}")
        for fault in [f for f in part["examples"] if f["kind"] == kind][:5]:
            about = fault["key"] or fault["document_id"] or fault["point_id"] or ""
            say(f"    {safe(': '.join(filter(None, (about, fault['detail']))))}")
