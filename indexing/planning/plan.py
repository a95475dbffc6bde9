"""The plan: what an ingest would change, found by stat first, then by hash of the raw bytes.

Nothing is written. A document whose stat is untouched is not read; one whose bytes hash as
before is not parsed. A key that vanished while the same bytes appeared under a new key is a
move. Deletions follow only from a complete listing, and never in suspicious numbers.
"""

import time
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from uuid import UUID

from config.settings import GuardSettings
from indexing.ledger.database import Ledger
from indexing.ledger.documents import (
    DocumentState,
    Standing,
    free_ids,
    ids_at_keys,
    list_standings,
)
from indexing.ledger.retries import UNSEEN
from indexing.ledger.tenants import refuse_sources_of_others
from indexing.planning.deletion_guard import guard_deletions, was_indexed
from indexing.planning.listings import list_all
from indexing.planning.planned import (
    Plan,
    PlannedDocument,
    PlannedMove,
    PlannedRefusal,
    PlannedTouch,
    SourceComparison,
    key_along,
    settled_entry,
)
from indexing.planning.relabels import find_relabelled, labelled
from indexing.planning.renames import find_renamed
from indexing.planning.tombstones import NO_TOMBSTONES, Tombstones, refuse
from ingestion.document import (
    Listing,
    Reason,
    Refusal,
    SkippedEntry,
    SourceEntry,
    sha256_of,
)
from ingestion.sources.base import Source

SHADOWED = "It has the name of a part of another document; rename it."


def make_plan(
    ledger: Ledger,
    *,
    tenant: str,
    generation: str,
    sources: Sequence[Source],
    guards: GuardSettings,
    max_bytes: int,
    ceilings: Mapping[str, int] | None = None,
    tombstones: Tombstones = NO_TOMBSTONES,
) -> Plan:
    """Compare every source with the ledger.

    Of several sources, one that cannot be listed does not hold up the others: it becomes a problem
    of the plan, and nothing of it is touched.

    Args:
        ledger: What is known.
        tenant: Part of every document id.
        generation: The one that is compared with.
        sources: What to list.
        guards: Limits on deletions and on repeated attempts.
        max_bytes: Larger documents are not read.
        ceilings: By source, how many deletions a person approved.
        tombstones: What was purged and is refused.

    Raises:
        ConfigError: A source is another tenant's.
        SourceError: The root of the only source is missing or does not answer, or of all sources.
        LedgerError: The ledger failed.
    """
    refuse_sources_of_others(ledger, tenant, [source.name for source in sources])
    listed_at_ns = time.time_ns()
    listings, failures = list_all(sources)
    parts = [
        plan_source(
            compare(ledger, generation, source, listing, guards),
            ledger=ledger,
            tenant=tenant,
            guards=guards,
            generation=generation,
            max_bytes=max_bytes,
            ceiling=(ceilings or {}).get(source.name),
            tombstones=tombstones,
        )
        for source, listing in listings
    ]
    return Plan(
        enumerated=sum(p.enumerated for p in parts),
        added=tuple(d for p in parts for d in p.added),
        changed=tuple(d for p in parts for d in p.changed),
        moved=tuple(d for p in parts for d in p.moved),
        deleted=tuple(d for p in parts for d in p.deleted),
        withheld=tuple(d for p in parts for d in p.withheld),
        touched=tuple(d for p in parts for d in p.touched),
        refused=tuple(d for p in parts for d in p.refused),
        unchanged=sum(p.unchanged for p in parts),
        remembered=sum(p.remembered for p in parts),
        skipped=tuple(d for p in parts for d in p.skipped),
        problems=(*failures, *(d for p in parts for d in p.problems)),
        listed=tuple(name for p in parts for name in p.listed),
        whole=tuple(name for p in parts for name in p.whole),
        listed_at_ns=listed_at_ns,
        incomplete={name: why for p in parts for name, why in p.incomplete.items()},
        relabelled=tuple(d for p in parts for d in p.relabelled),
    )


def compare(
    ledger: Ledger, generation: str, source: Source, listing: Listing, guards: GuardSettings
) -> SourceComparison:
    """Sort what is listed into untouched, suspect and new, by stat alone."""
    known: dict[str, Standing] = {}
    gone: dict[str, Standing] = {}
    inside: list[Standing] = []
    for standing in list_standings(ledger, generation, source.name):
        deleted = standing.state is DocumentState.DELETED
        if standing.container is None:
            (gone if deleted else known)[standing.key] = standing
        elif not deleted:
            inside.append(standing)
    part = SourceComparison(source, listing, known, gone, [], [], inside)
    keys_inside = {standing.key for standing in inside}
    waiting = {standing.container for standing in inside if is_read_again(standing, guards)}
    for entry in listing.entries:
        standing_now = known.get(entry.key)
        if entry.key in keys_inside:
            part.shadowed.append(SkippedEntry(entry.key, SHADOWED))
        elif standing_now is None:
            part.new.append(labelled(entry, listing))
        elif (
            standing_now.stat != entry.stat
            or is_retried(standing_now, guards)
            or standing_now.document_id in waiting
        ):
            part.suspects.append((labelled(entry, listing), standing_now))
        elif standing_now.state is DocumentState.QUARANTINED:
            part.remembered += 1
        else:
            part.unchanged += 1
    return part


def is_retried(standing: Standing, guards: GuardSettings) -> bool:
    """Whether a quarantined document is tried again although nothing changed.

    Only after a passing failure, and not for ever: a document that fails again and again stays
    in quarantine until its content or the pipeline changes, or a person has it tried again.
    """
    return (
        standing.state is DocumentState.QUARANTINED
        and standing.reason is not None
        and Reason(standing.reason).retried
        and standing.attempts < guards.max_attempts
    )


def is_read_again(standing: Standing, guards: GuardSettings) -> bool:
    """Whether a part is read again, and its container for it, although its bytes are the same."""
    return standing.stat == UNSEEN or is_retried(standing, guards)


def read_suspects(
    part: SourceComparison, guards: GuardSettings, max_bytes: int
) -> tuple[list[PlannedDocument], list[PlannedTouch]]:
    """Read what may have changed: returns what did, and what has another stat alone."""
    changed: list[PlannedDocument] = []
    touched: list[PlannedTouch] = []
    waiting = {s.container for s in part.inside if is_read_again(s, guards)}
    for entry, standing in part.suspects:
        data = part.source.read(entry, max_bytes)
        same = not isinstance(data, Refusal) and sha256_of(data) == standing.content_sha256
        again = is_retried(standing, guards) or standing.document_id in waiting
        if same and not again:
            touched.append(PlannedTouch(settled_entry(entry), standing))
        else:
            changed.append(
                PlannedDocument(
                    part.source, entry, standing.document_id, standing, standing.version
                )
            )
    return changed, touched


def plan_source(
    part: SourceComparison,
    *,
    ledger: Ledger,
    tenant: str,
    guards: GuardSettings,
    generation: str,
    max_bytes: int,
    ceiling: int | None = None,
    tombstones: Tombstones = NO_TOMBSTONES,
) -> Plan:
    """Finish the plan of one source: hashes, moves, deletions, labels, ids."""
    kept_out = keep_out(part, ledger, tenant, tombstones)
    changed, touched = read_suspects(part, guards, max_bytes)
    listed = {e.key for e in part.listing.entries} | {r.key for r in part.listing.refused}
    missing = [s for key, s in part.known.items() if key not in listed]
    moved, new = find_moves(part.source, missing, part.new, max_bytes)
    moved_ids = {m.standing.document_id for m in moved}
    missing = [s for s in missing if s.document_id not in moved_ids]
    renamed, missing, new = find_renamed(missing, new)
    changed += [PlannedDocument(part.source, e, s.document_id, s, s.version) for e, s in renamed]
    known = sum(map(was_indexed, part.known.values()))
    deleted, withheld = guard_deletions(missing, known, part.listing, guards, ceiling)
    moves_inside, touches_inside = follow_moves(part, moved)
    gone = {standing.document_id for standing in deleted}
    deleted += tuple(standing for standing in part.inside if standing.container in gone)
    relabelled = find_relabelled(ledger, generation, part, withheld, renamed=renamed, moved=moved)
    ids = mint_ids(ledger, tenant, part, [e.key for e in new])
    refused, remembered = plan_refusals(ledger, tenant, part)
    listing = part.listing
    return Plan(
        enumerated=len(listing.entries) + len(listing.refused) + len(listing.skipped),
        added=tuple(
            PlannedDocument(part.source, e, ids[e.key], None, last_version(part, e.key))
            for e in new
        ),
        changed=tuple(changed),
        moved=(*moved, *moves_inside),
        deleted=deleted,
        withheld=withheld,
        touched=(*touched, *touches_inside),
        refused=(*refused, *kept_out),
        unchanged=part.unchanged - relabelled.unchanged,
        remembered=part.remembered + remembered - relabelled.remembered,
        skipped=(*listing.skipped, *part.shadowed),
        problems=listing.problems,
        listed=(part.source.name,),
        whole=(part.source.name,) if listing.complete and not withheld else (),
        incomplete={} if listing.complete else {part.source.name: first_problem(listing)},
        relabelled=tuple(PlannedMove(part.source.name, e, s) for e, s in relabelled.documents),
    )


def first_problem(listing: Listing) -> str:
    """Say why a listing is not complete."""
    return next(iter(listing.problems), "Its listing is not complete.")


def last_version(part: SourceComparison, key: str) -> int:
    """Return the version number a returning document had when it was deleted."""
    return part.gone[key].version if key in part.gone else 0


def find_moves(
    source: Source, missing: Sequence[Standing], new: Sequence[SourceEntry], max_bytes: int
) -> tuple[list[PlannedMove], list[SourceEntry]]:
    """Pair vanished documents with new keys that hold the same bytes.

    Only new entries whose size fits a vanished document are read. Where several fit, the same
    file name wins, then the order of the keys.
    """
    by_hash: dict[str, list[Standing]] = defaultdict(list)
    for standing in missing:
        if standing.state is DocumentState.INDEXED and standing.content_sha256:
            by_hash[standing.content_sha256].append(standing)
    sizes = {s.stat.size for group in by_hash.values() for s in group}
    moves: list[PlannedMove] = []
    rest: list[SourceEntry] = []
    for entry in new:
        data = source.read(entry, max_bytes) if entry.stat.size in sizes else None
        group = by_hash.get(sha256_of(data), []) if isinstance(data, bytes) else []
        if not group:
            rest.append(entry)
            continue
        name = entry.key.rpartition("/")[2]
        standing = min(group, key=lambda s: (s.key.rpartition("/")[2] != name, s.key))
        group.remove(standing)
        moves.append(PlannedMove(source.name, settled_entry(entry), standing))
    return moves, rest


def follow_moves(
    part: SourceComparison, moved: Sequence[PlannedMove]
) -> tuple[list[PlannedMove], list[PlannedTouch]]:
    """Let the parts of moved documents lie where these lie now; refused ones are only renamed."""
    moves = {move.standing.document_id: move for move in moved}
    along: list[PlannedMove] = []
    renamed: list[PlannedTouch] = []
    for standing in part.inside:
        move = moves.get(standing.container) if standing.container else None
        if move is None:
            continue
        entry = moved_along(standing, move.standing.key, move.entry)
        if standing.state is DocumentState.INDEXED:
            along.append(PlannedMove(part.source.name, entry, standing))
        else:
            renamed.append(PlannedTouch(entry, replace(standing, key=entry.key)))
    return along, renamed


def moved_along(standing: Standing, before: str, entry: SourceEntry) -> SourceEntry:
    """Return where a part lies when its container moved away from the key `before`."""
    key = key_along(standing.key, before, entry.key)
    return replace(entry, key=key, stat=replace(standing.stat, modified_ns=entry.stat.modified_ns))


def keep_out(
    part: SourceComparison, ledger: Ledger, tenant: str, tombstones: Tombstones
) -> list[PlannedRefusal]:
    """Take what was purged out of a comparison, before it could count as new, changed or moved.

    It is not read; its stat is remembered, so that it is told of once.
    """
    if not tombstones.by_id:
        return []
    ids = mint_ids(ledger, tenant, part, [e.key for e in part.new])
    ids |= {entry.key: standing.document_id for entry, standing in part.suspects}
    seen = [*part.new, *(entry for entry, _ in part.suspects)]
    barred = {e.key: t for e in seen if (t := tombstones.of_document(ids[e.key]))}
    refused = [
        PlannedRefusal(
            part.source.name,
            ids[entry.key],
            refuse(entry.key, barred[entry.key]),
            part.known[entry.key].version
            if entry.key in part.known
            else last_version(part, entry.key),
            entry.stat,
        )
        for entry in seen
        if entry.key in barred
    ]
    part.new = [entry for entry in part.new if entry.key not in barred]
    part.suspects = [pair for pair in part.suspects if pair[0].key not in barred]
    return refused


def mint_ids(
    ledger: Ledger, tenant: str, part: SourceComparison, keys: Sequence[str]
) -> dict[str, UUID]:
    """Find the id of every new key: the one it has or had, or a free one.

    A deleted document that comes back keeps its id, and so does one that another generation
    knows at this key.
    """
    ids = {key: part.gone[key].document_id for key in keys if key in part.gone}
    here = {s.document_id for s in (*part.known.values(), *part.gone.values(), *part.inside)}
    elsewhere = ids_at_keys(ledger, part.source.name, [k for k in keys if k not in ids])
    ids |= {key: found for key, found in elsewhere.items() if found not in here}
    return ids | free_ids(ledger, tenant, part.source.name, [k for k in keys if k not in ids])


def plan_refusals(
    ledger: Ledger, tenant: str, part: SourceComparison
) -> tuple[tuple[PlannedRefusal, ...], int]:
    """Sort listed refusals into new ones and those that stand already."""
    fresh = []
    remembered = 0
    for refusal in part.listing.refused:
        standing = part.known.get(refusal.key)
        if standing and standing.reason == refusal.reason:
            remembered += 1
        else:
            fresh.append(refusal)
    keys = [r.key for r in fresh if r.key not in part.known]
    ids = mint_ids(ledger, tenant, part, keys)
    ids |= {k: s.document_id for k, s in part.known.items()}
    refused = (
        PlannedRefusal(
            part.source.name,
            ids[r.key],
            r,
            part.known[r.key].version if r.key in part.known else last_version(part, r.key),
            labels=part.known[r.key].labels if r.key in part.known else "",
        )
        for r in fresh
    )
    return tuple(refused), remembered
