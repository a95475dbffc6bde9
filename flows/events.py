"""The events that Holdfast emits, for automations and for other programs: names and payloads."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from prefect.events import emit_event

from indexing.freshness import UP_TO_DATE, Freshness
from indexing.generations.promotion import Switch
from indexing.running.report import RunReport

COMMITTED = "holdfast.corpus.committed"
"""Readers see something new: an epoch was committed."""
CHECKED = "holdfast.corpus.checked"
"""An ingest went through, whether or not anything had changed, and no source is stale."""
QUARANTINED = "holdfast.document.quarantined"
"""A run refused documents; one event for all of them."""
WITHHELD = "holdfast.deletions.withheld"
PROMOTED = "holdfast.generation.promoted"
STALE = "holdfast.index.stale"
"""A source was not ingested for longer than it may be."""
REGRESSED = "holdfast.evaluation.regressed"
"""Golden questions fare worse than at the last evaluation."""

SHOWN_KEYS = 50


def corpus_resource(collection: str) -> str:
    """Name a collection as a resource."""
    return f"holdfast.corpus.{collection}"


def emit(event: str, collection: str, payload: Mapping[str, Any]) -> None:
    """Emit an event about a collection."""
    emit_event(
        event,
        resource={
            "prefect.resource.id": corpus_resource(collection),
            "prefect.resource.name": collection,
        },
        payload={"collection": collection, **payload},
    )


def announce_ingest(report: RunReport, collection: str, fresh: Freshness) -> None:
    """Tell what an ingest did that went through.

    That it was checked is told where no other source is stale: an ingest of one source must not
    keep quiet the automation that misses the others.
    """
    announce_changes(report, collection)
    if report.state in UP_TO_DATE and not fresh.is_stale:
        looked = {"enumerated": report.counts.enumerated, "sources": list(report.checked)}
        emit(CHECKED, collection, {**run_of(report), **looked})


def run_of(report: RunReport) -> dict[str, Any]:
    """Say which run it was, and which state it left."""
    return {"run_id": report.run_id, "generation": report.generation, "epoch": report.epoch}


def announce_changes(report: RunReport, collection: str) -> None:
    """Tell what an ingest did to the index, whether or not it went through.

    What a run committed before it broke off is seen by readers, and the next run, which finds it
    done, says nothing of it.
    """
    run, counts = run_of(report), report.counts
    if counts.indexed or counts.moved or counts.deleted or report.relabelled:
        emit(COMMITTED, collection, {**run, "counts": asdict(counts), "state": report.state.value})
    if report.refusals:
        reasons: dict[str, int] = {}
        for _, reason, _ in report.refusals:
            reasons[reason] = reasons.get(reason, 0) + 1
        keys = [key for key, _, _ in report.refusals[:SHOWN_KEYS]]
        found = {"documents": len(report.refusals), "reasons": reasons, "keys": keys}
        emit(QUARANTINED, collection, {**run, **found})
    if report.withheld:
        by_source = {name: count for name, count in report.withheld_by_source.items() if count}
        emit(WITHHELD, collection, {**run, "documents": len(report.withheld), "sources": by_source})


def announce_promotion(switch: Switch, collection: str, how: str) -> None:
    """Tell that another generation serves."""
    emit(
        PROMOTED,
        collection,
        {
            "generation": switch.generation,
            "previous": switch.previous,
            "epoch": switch.epoch,
            "how": how,
            "behind": switch.behind,
        },
    )
