"""The events that Holdfast emits, for automations and for other programs: names and payloads."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from prefect.events import emit_event

from indexing.freshness import UP_TO_DATE
from indexing.generations.promotion import Switch
from indexing.report import RunReport

COMMITTED = "holdfast.corpus.committed"
"""Readers see something new: an epoch was committed."""
CHECKED = "holdfast.corpus.checked"
"""Every source was listed completely, whether or not anything had changed."""
QUARANTINED = "holdfast.document.quarantined"
"""A run refused documents; one event for all of them."""
WITHHELD = "holdfast.deletions.withheld"
PROMOTED = "holdfast.generation.promoted"
STALE = "holdfast.index.stale"
"""No ingest went through for longer than orchestration.stale_after_hours."""
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


def announce_ingest(report: RunReport, collection: str) -> None:
    """Tell what an ingest did to the index."""
    run = {"run_id": report.run_id, "generation": report.generation, "epoch": report.epoch}
    counts = report.counts
    if counts.indexed or counts.moved or counts.deleted or report.relabelled:
        emit(COMMITTED, collection, {**run, "counts": asdict(counts), "state": report.state.value})
    if report.state in UP_TO_DATE:
        emit(CHECKED, collection, {**run, "enumerated": counts.enumerated})
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
