"""`holdfast plan`: what an ingest would do, without touching anything."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

from cyclopts import Parameter

from indexing.planning.estimate import Estimate, estimate
from indexing.planning.plan import make_plan
from indexing.planning.planned import Plan
from indexing.planning.tombstones import read_tombstones
from ingestion.sources.configured import ad_hoc_source, configured_sources, only_name
from service.console import print_json, safe, say
from service.options import DEFAULTS, Options, folder, load, read_only

SHOWN = 20


def plan(
    path: Annotated[Path | None, Parameter(converter=folder)] = None,
    /,
    *,
    source: Annotated[tuple[str, ...], Parameter(consume_multiple=True)] = (),
    options: Options = DEFAULTS,
) -> int:
    """Show what an ingest would do: added, changed, moved, deleted, and what it would cost.

    Args:
        path: A folder to look at instead of the configured sources.
        source: Names of configured sources; with PATH, the name for that folder.
        options: Options of every command.
    """
    # Where there is no home yet, that is the very case for a plan.
    with read_only(load(options).settings) as corpus:
        settings = corpus.settings
        sources = (
            [ad_hoc_source(settings, path, only_name(source))]
            if path is not None
            else configured_sources(settings, source)
        )
        live = corpus.live()
        made = make_plan(
            corpus.ledger,
            tenant=settings.tenant,
            generation=live.name if live else "",
            sources=sources,
            guards=settings.guards,
            max_bytes=int(settings.ingestion.max_document_mb * 1_000_000),
            tombstones=read_tombstones(corpus.ledger, settings.home),
        )
        cost = estimate(
            corpus.ledger, live.name if live else None, made, settings.chunking.max_tokens
        )
        stopped = corpus.obstacle(live) if live else None
    if options.json:
        print_json(to_json(made, cost) | {"refused_by": stopped})
    else:
        show(made, cost, stopped)
    return 0


def to_json(made: Plan, cost: Estimate) -> dict[str, Any]:
    """Return the machine form of a plan."""
    unchanged, quarantined = made.standing_still
    return {
        "enumerated": made.enumerated,
        "added": [d.entry.key for d in made.added],
        "changed": [d.entry.key for d in made.edited],
        "retried": [d.entry.key for d in made.retried],
        "moved": [{"from": m.standing.key, "to": m.entry.key} for m in made.moved],
        "deleted": [s.key for s in made.deleted],
        "withheld": [s.key for s in made.withheld],
        "relabelled": [m.entry.key for m in made.relabelled],
        "refused": [{"key": r.refusal.key, "reason": r.refusal.reason} for r in made.refused],
        "unchanged": unchanged,
        "quarantined": quarantined,
        "skipped": [s.key for s in made.skipped],
        "problems": list(made.problems),
        "chunks": cost.chunks,
        "tokens": cost.tokens,
        "seconds": cost.seconds,
        "estimate": "measured" if cost.measured else "default rates",
    }


def show(made: Plan, cost: Estimate, stopped: str | None) -> None:
    """Print a plan for people."""
    unchanged, quarantined = made.standing_still
    say(f"{made.enumerated} listed, {unchanged} unchanged, {quarantined} still in quarantine")
    listing("added", [d.entry.key for d in made.added])
    listing("changed", [d.entry.key for d in made.edited])
    listing("tried again", [d.entry.key for d in made.retried])
    listing("moved", [f"{m.standing.key} → {m.entry.key}" for m in made.moved])
    listing("deleted", [s.key for s in made.deleted])
    listing("withheld deletions", [s.key for s in made.withheld])
    listing("to get other trust or groups", [m.entry.key for m in made.relabelled])
    listing("refused", [f"{r.refusal.key} ({r.refusal.reason})" for r in made.refused])
    listing("skipped", [s.key for s in made.skipped])
    for problem in made.problems:
        say(f"[yellow]{safe(problem)}[/]")
    basis = "rate measured here" if cost.measured else "no run measured here yet"
    say(f"about {cost.chunks} chunks, {cost.tokens} tokens, {cost.seconds:.0f} s ({basis})")
    if stopped is not None:
        say(f"[bold red]An ingest would be refused:[/] {safe(stopped)}")
    say("Nothing was changed.")


def listing(what: str, keys: Sequence[str]) -> None:
    """Print one group of a plan, cut to a screenful."""
    if not keys:
        return
    say(f"[bold]{len(keys)} {what}[/]")
    for key in keys[:SHOWN]:
        say(f"  {safe(key)}")
    if len(keys) > SHOWN:
        say(f"  … and {len(keys) - SHOWN} more")
