"""`holdfast status`: the live generation, its epoch, runs, quarantine, calibration."""

from collections.abc import Mapping
from typing import Any

from indexing.corpus import Corpus
from indexing.freshness import freshness_in
from indexing.ledger.figures import SourceFigures, read_figures, read_sources
from indexing.ledger.generations import list_generations
from indexing.ledger.runs import recent_runs, silent_runs
from indexing.running.report import RunState
from service.console import print_json, safe, say, table
from service.disk import free_bytes
from service.options import DEFAULTS, Options, looked_at
from service.promises import PromiseState, promised

SHOWN_RUNS = 5
GONE = "Its process is gone; the next run heals what it left."


def status(*, options: Options = DEFAULTS) -> int:
    """Show the live generation, its committed epoch, the last runs and the quarantine.

    Args:
        options: Options of every command.
    """
    with looked_at(options) as corpus:
        facts = collect(corpus)
    if options.json:
        print_json(facts)
        return 0
    show(facts)
    return 0


def show(facts: Mapping[str, Any]) -> None:
    """Print the facts for people; of a home with nothing in it, what was tried."""
    if facts["generation"] is None:
        say("Nothing is indexed yet. Run `holdfast ingest`.")
    else:
        say(
            f"[bold]{facts['generation']}[/] at epoch {facts['epoch']}, committed "
            f"{facts['committed_at'] or 'never'}: {facts['documents']} documents, "
            f"{facts['chunks']} chunks, {facts['quarantined']} in quarantine"
        )
    say(f"{facts['freshness']['described']}; {facts['disk_free_bytes'] / 1e9:.1f} GB of disk free")
    if facts["calibration"]["state"] != PromiseState.NONE:
        say(safe(facts["calibration"]["described"]))
    reasons = ", ".join(f"{n} {reason}" for reason, n in facts["quarantine"].items())
    if reasons:
        say(f"in quarantine: {safe(reasons)}")
    if facts["sources"]:
        table(
            ["source", "kind", "documents", "in quarantine"],
            [
                (s["name"], s["kind"] or "not configured", s["documents"], s["quarantined"])
                for s in facts["sources"]
            ],
            title="sources",
        )
    if facts["overrides"]:
        say("built with " + ", ".join(f"{k}={v}" for k, v in facts["overrides"].items()))
    if len(facts["generations"]) > 1:
        table(
            ["generation", "state", "epoch", "built from", "promoted"],
            [
                (g["name"], g["state"], g["epoch"], g["built_from"] or "", g["promoted_at"] or "")
                for g in facts["generations"]
            ],
        )
    if not facts["runs"]:
        return
    table(
        ["run", "kind", "state", "started", "seconds", "message"],
        [
            (
                r["run_id"][:8],
                r["kind"],
                r["state"],
                r["started_at"],
                "" if r["seconds"] is None else r["seconds"],
                r["message"] or "",
            )
            for r in facts["runs"]
        ],
        title="last runs",
    )


def collect(corpus: Corpus) -> dict[str, Any]:
    """Gather the facts."""
    live = corpus.live()
    fresh = freshness_in(corpus)
    figures = read_figures(corpus.ledger, live.name if live else None)
    promise = promised(corpus)
    return {
        "generation": live.name if live else None,
        "epoch": live.epoch if live else None,
        "committed_at": live.committed_at.isoformat(timespec="seconds")
        if live and live.committed_at
        else None,
        "documents": figures.documents,
        "chunks": figures.chunks,
        "quarantined": sum(figures.quarantined.values()),
        "quarantine": dict(figures.quarantined),
        "freshness": fresh.to_json() | {"described": fresh.described},
        "calibration": promise.to_json() | {"described": promise.described},
        "sources": sources_of(corpus, live.name if live else None),
        "disk_free_bytes": free_bytes(corpus.settings.home),
        "horizon": live.horizon if live else None,
        "overrides": dict(live.overrides) if live else {},
        "generations": [
            {
                "name": g.name,
                "state": g.state.value,
                "epoch": g.epoch,
                "fingerprint": g.fingerprint,
                "built_from": g.built_from,
                "overrides": dict(g.overrides),
                "promoted_at": g.promoted_at.isoformat(timespec="seconds")
                if g.promoted_at
                else None,
            }
            for g in list_generations(corpus.ledger)
        ],
        "runs": runs_of(corpus),
    }


def runs_of(corpus: Corpus) -> list[dict[str, Any]]:
    """List the last runs; one whose process is gone is not said to be running."""
    silent = silent_runs(corpus.ledger)
    return [
        {
            "run_id": r.run_id,
            "kind": r.kind,
            "runner": r.runner,
            "state": RunState.INTERRUPTED.value if r.run_id in silent else r.state,
            "message": GONE if r.run_id in silent else r.message,
            "started_at": r.started_at.isoformat(timespec="seconds"),
            "seconds": round(r.seconds, 1) if r.seconds is not None else None,
        }
        for r in recent_runs(corpus.ledger, SHOWN_RUNS)
    ]


def sources_of(corpus: Corpus, generation: str | None) -> list[dict[str, Any]]:
    """List the sources that are configured, and those of which only documents are left."""
    known = read_sources(corpus.ledger, generation)
    kinds = {one.name: one.kind for one in corpus.settings.sources}
    nothing = SourceFigures(0, 0)
    return [
        {
            "name": name,
            "kind": kinds.get(name),
            "documents": known.get(name, nothing).indexed,
            "quarantined": known.get(name, nothing).quarantined,
        }
        for name in dict.fromkeys([*kinds, *known])
    ]
