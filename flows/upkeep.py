"""The flows verify, gc and backup: what keeps a home sound, small and safe."""

import datetime as dt
from contextlib import nullcontext
from typing import Any
from uuid import uuid4

from prefect import flow
from prefect.client.schemas.objects import State
from prefect.states import Completed

from config.origins import mask_url
from config.settings import Settings
from flows.artifacts import publish_facts
from flows.events import STALE, emit
from flows.home import current_call, opened_home, writing
from flows.markdown import code, facts, plain, table
from flows.parameters import (
    BackupParameters,
    GcMode,
    GcParameters,
    VerifyDepth,
    VerifyMode,
    VerifyParameters,
)
from flows.states import Ending, ended_as, nothing_to_do
from indexing.corpus import Corpus
from indexing.freshness import Freshness, freshness_in
from indexing.running.report import RunState
from indexing.upkeep.backup import backup as write_backup
from indexing.upkeep.garbage import Garbage, collect, plan_collection
from indexing.upkeep.repair import repair
from indexing.upkeep.verify import Audit
from indexing.upkeep.verify import verify as hold_together
from ingestion.sources.configured import configured_sources

SHOWN_FAULTS = 50


@flow(name="verify", flow_run_name="verify", validate_parameters=True)
def verify(params: VerifyParameters | None = None) -> State[Any]:
    """Hold ledger, store and blobs against each other, point by point, and mend what is wrong.

    Also tells whether the index is stale: whether a source was not ingested for too long.

    Args:
        params: How deep to look and whether to mend; the defaults only look.
    """
    chosen = params or VerifyParameters()
    settings, _ = current_call()
    deep = chosen.depth is VerifyDepth.DEEP
    before: dict[str, int] = {}
    repairs = chosen.mode is VerifyMode.REPAIR
    # A repair is refused while an ingest writes; who only looks is in nobody's way.
    with writing(settings) if repairs else nullcontext(), opened_home() as corpus:
        sources = configured_sources(settings, chosen.sources) if chosen.sources else []
        if repairs:
            mended = repair(corpus, sources=sources, deep=deep)
            audit, before = mended.after, dict(mended.before.counts)
        else:
            audit = hold_together(corpus, sources=sources, deep=deep)
        fresh = freshness_in(corpus)
    publish_audit(audit, before, fresh, settings.store.collection)
    if fresh.is_stale:  # whatever else was found, or somebody would learn of it a day later
        emit(STALE, settings.store.collection, fresh.to_json())
    if not audit.sound:
        return ended_as(Ending.FAULTS_FOUND, f"not sound: {counted(audit.counts)}")
    if before:
        return ended_as(Ending.REPAIRED, f"sound again; mended: {counted(before)}")
    if fresh.is_stale:
        return ended_as(Ending.STALE, f"sound; {fresh.described}")
    return Completed(name=RunState.COMPLETED.value, message=f"sound; {fresh.described}")


def counted(counts: Any) -> str:
    """Say how many of each kind."""
    return ", ".join(f"{count} {kind}" for kind, count in sorted(counts.items())) or "nothing"


def publish_audit(audit: Audit, before: dict[str, int], fresh: Freshness, collection: str) -> None:
    """Write what was held against what, and the single faults."""
    found_out: dict[str, object] = {
        "sound": "yes" if audit.sound else "**no**",
        "faults": counted(audit.counts),
        "fresh": plain(fresh.described),
    }
    if before:
        found_out["before the repair"] = counted(before)
    for one in audit.generations:
        found_out[code(one.generation)] = (
            f"epoch {one.epoch}: {one.expected} points in the ledger, {one.found} in the store"
        )
    found = audit.to_json()
    parts = [*found["generations"], *(found[n] for n in ("alias", "blobs", "ledger", "sources"))]
    faults = [fault for part in parts for fault in part["examples"]]
    rows = [
        (plain(f["kind"]), code(f["key"] or f["document_id"] or f["point_id"] or ""),
         plain(f["detail"])) for f in faults[:SHOWN_FAULTS]
    ]  # fmt: skip
    more = table(["fault", "where", "detail"], rows) if rows else []
    publish_facts("verify", collection, "Audit", found_out, more)


@flow(name="gc", flow_run_name="gc", validate_parameters=True)
def gc(params: GcParameters | None = None) -> State[Any]:
    """Remove what is past its retention: old versions, replaced generations, unused blobs, logs.

    Nothing that readers see now is touched.

    Args:
        params: Whether to remove it or only to say what would go; the default removes it.
    """
    chosen = params or GcParameters()
    settings, _ = current_call()
    with opened_home() as corpus:
        garbage = plan_collection(corpus) if chosen.mode is GcMode.PREVIEW else collect(corpus)
    message = describe_garbage(garbage)
    left = "" if garbage.blobs_looked_at else "; blobs were left alone because a run is writing"
    title = f"{chosen.mode.value}: {message}{left}"
    publish_facts("gc", settings.store.collection, title, facts(garbage.to_json()))
    if chosen.mode is GcMode.PREVIEW:
        return ended_as(Ending.PREVIEWED, f"would go: {message}{left}")
    if message == NOTHING:
        return nothing_to_do(f"{message}{left}")
    return Completed(name=RunState.COMPLETED.value, message=f"removed: {message}{left}")


NOTHING = "nothing is past its retention"


def describe_garbage(garbage: Garbage) -> str:
    """Say in one line what goes."""
    counts = {
        "versions": sum(one.versions for one in garbage.generations),
        "points": sum(one.points for one in garbage.generations),
        "generations": len(garbage.dropped),
        "blobs": garbage.blobs,
        "logged requests": garbage.requests,
        "runs": garbage.runs,
    }
    parts = [f"{count} {what}" for what, count in counts.items() if count]
    return ", ".join(parts) or NOTHING


@flow(name="backup", flow_run_name="backup", validate_parameters=True)
def backup(params: BackupParameters | None = None) -> State[Any]:
    """Write ledger, points and blobs of one moment to a new folder, while everything goes on.

    Args:
        params: Where to; the default is a new folder under orchestration.backup_to.
    """
    settings, _ = current_call()
    target = (params or BackupParameters()).target or next_target(settings)
    with opened_home() as corpus:
        if nothing_indexed(corpus):
            return nothing_to_do("nothing is indexed yet, so there is nothing to back up")
        done = write_backup(corpus, target)
    publish_facts("backup", settings.store.collection, done.state.value, facts(done.to_json()))
    megabytes = done.manifest.bytes / 1e6
    message = f"{mask_url(target)}: epoch {done.manifest.epoch}, {megabytes:.1f} MB"
    return Completed(name=done.state.value, message=message)


def nothing_indexed(corpus: Corpus) -> bool:
    """Tell whether the home is empty."""
    return corpus.live() is None


def next_target(settings: Settings) -> str:
    """Name a folder that is not there yet, under the configured place or beside the home."""
    place = settings.orchestration.backup_to or f"{settings.home}-backups"
    moment = dt.datetime.now(dt.UTC).strftime("%Y%m%dT%H%M%SZ")
    return f"{place.rstrip('/')}/{moment}-{uuid4().hex[:6]}"
