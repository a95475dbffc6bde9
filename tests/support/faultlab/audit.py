"""The audit of a home, judged without the code that wrote it: every point held against every row.

Points are read once, all of them, and who sees what is worked out here from `valid_from` and
`valid_to`; the engine's own filter is asked as well and has to agree. The product's `verify` is a
second opinion.
"""

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import UUID, uuid5

import numpy as np
from sqlalchemy import func, select

from indexing.corpus import Corpus, open_corpus
from indexing.ledger import tables
from indexing.ledger.documents import list_standings
from indexing.ledger.generations import Generation, GenerationState, list_generations
from indexing.points import OPEN_END, PointFilter, StoredPoint, visible
from indexing.upkeep.verify import verify
from tests.support.faultlab.deeds import lab_settings
from tests.support.faultlab.scene import Scene
from tests.support.faultlab.state import State, shown

ALIAS = "holdfast"
"""What the alias is called unless the settings say otherwise."""


@dataclass
class Audit:
    """What a home holds."""

    state: State = field(default_factory=lambda: State({}, {}))
    missing: int = 0
    """Points of open versions in the ledger that no reader sees."""
    phantom: int = 0
    """Points a reader sees that belong to no open version."""
    duplicate: int = 0
    """Chunks that are seen more than once."""
    malformed: int = 0
    """Points a reader sees without a vector, or with one that is none."""
    mixed: int = 0
    """Documents of which a reader sees two versions, or a part of one."""
    staged: int = 0
    """Points above the committed epoch."""
    closed: int = 0
    """Closings above the committed epoch."""
    live: str | None = None
    epoch: int = 0
    history: dict[tuple[str, int], Any] = field(default_factory=dict)
    """By generation and epoch: what a reader of that epoch sees, ids included."""
    stored: dict[str, tuple[int, int]] = field(default_factory=dict)
    """By collection: points in the store, rows in the ledger."""
    litter: list[str] = field(default_factory=list)
    """Files that an interrupted write left and nobody reads."""
    verified: Mapping[str, int] = field(default_factory=dict)
    """Faults by kind that `verify` finds."""
    runs: Counter[str] = field(default_factory=Counter)
    complaints: list[str] = field(default_factory=list)
    """Whatever else does not agree."""

    @property
    def faults(self) -> tuple[int, int, int, int]:
        """Missing, phantom, duplicate and mixed; all 0 at any moment."""
        return self.missing, self.phantom, self.duplicate, self.mixed

    @property
    def leftovers(self) -> tuple[int, int]:
        """Staged and closed points; 0 after a finished run."""
        return self.staged, self.closed


def look(scene: Scene, settings: Mapping[str, Any] | None = None) -> Audit:
    """Audit a home; nothing may be writing to it."""
    corpus = open_corpus(lab_settings(scene.home, settings))
    try:
        return audit_of(corpus)
    finally:
        corpus.close()


def audit_of(corpus: Corpus) -> Audit:
    """Audit an open home."""
    audit = Audit(litter=litter_of(corpus.settings.home))
    name = corpus.store.alias(corpus.settings.store.collection)
    audit.live = name
    generations = {g.name: g for g in list_generations(corpus.ledger)}
    check_runs(corpus, audit)
    if name is None:
        return audit
    if name not in generations:
        audit.complaints.append(f"the alias names {name}, which the ledger does not know")
        return audit
    for generation in generations.values():
        points: list[StoredPoint] = []
        if corpus.store.spec(generation.name) is not None:
            points = list(corpus.store.scroll(generation.name, PointFilter(), vectors=True))
        audit.stored[generation.name] = (len(points), count_rows(corpus, generation))
        if generation.name not in corpus.store.collections():
            continue
        look_back(audit, generation, points)
        if generation.name == name:
            audit.epoch = generation.epoch
            check_live(corpus, audit, generation, points)
    audit.verified = verify(corpus).counts
    check_generations(audit, list(generations.values()))
    return audit


def count_rows(corpus: Corpus, generation: Generation) -> int:
    """How many chunk rows the ledger has of a generation."""
    table = tables.chunk
    query = select(func.count()).where(table.c.generation == generation.name)
    with corpus.ledger.read() as connection:
        return int(connection.execute(query).scalar() or 0)


def litter_of(home: Path) -> list[str]:
    """Files and folders under names that only a write in progress uses."""
    unfinished = list((home / "blobs").rglob("*.tmp"))
    for folder in ("aliases", "collections"):
        unfinished += (home / "index" / folder).glob(".*")
    return sorted(str(p.relative_to(home)) for p in unfinished)


def sees(generation: Generation, epoch: int, point: StoredPoint) -> bool:
    """Whether a reader at an epoch sees a point."""
    start, end = point.payload["valid_from"], point.payload["valid_to"]
    aborted = {number for number in generation.aborted if number <= epoch}
    return start <= epoch and start not in aborted and (end > epoch or end in aborted)


def check_live(
    corpus: Corpus, audit: Audit, generation: Generation, points: Sequence[StoredPoint]
) -> None:
    """Hold what a reader sees now against the ledger."""
    epoch, name = generation.epoch, generation.name
    live = [p for p in points if sees(generation, epoch, p)]
    where = visible(epoch, "default", aborted=generation.aborted)
    asked = Counter(p.id for p in corpus.store.scroll(name, where))
    if asked != Counter(p.id for p in live):
        audit.complaints.append("the engine's filter shows other points than it should")
    if corpus.store.count(name, where) != sum(asked.values()):
        audit.complaints.append("the engine counts other points than it shows")
    standings = list_standings(corpus.ledger, name)
    audit.state = State(
        shown(live),
        {
            str(s.document_id): (s.key, s.state.value, s.reason, s.version, s.content_sha256)
            for s in standings
        },
    )
    chunk, version = tables.chunk, tables.version
    with corpus.ledger.read() as connection:
        rows = connection.execute(
            select(chunk).where(chunk.c.generation == name, chunk.c.valid_to == OPEN_END)
        ).all()
        versions = connection.execute(
            select(version).where(version.c.generation == name, version.c.valid_to == OPEN_END)
        ).all()
    known = {UUID(r.point_id) for r in rows}
    derived = {uuid5(UUID(r.document_id), f"{name}\0{r.valid_from}\0{r.ordinal}"): r for r in rows}
    if known != set(derived):
        audit.complaints.append("ids in the ledger are not those that can be derived")
    audit.missing = len(known - set(asked))
    audit.phantom = sum(count for point, count in asked.items() if point not in known)
    places = Counter((p.payload["document_id"], p.payload["ordinal"]) for p in live)
    audit.duplicate = sum(count - 1 for count in places.values())
    audit.malformed = sum(not is_sound(p) for p in live)
    audit.mixed = len(mixed(live, {v.document_id: v.chunk_count for v in versions}))
    audit.staged = sum(p.payload["valid_from"] > epoch for p in points)
    audit.closed = sum(epoch < p.payload["valid_to"] < OPEN_END for p in points)
    served = {v.document_id for v in versions}
    indexed = {str(s.document_id) for s in standings if s.state == "indexed"}
    if not indexed <= served:
        audit.complaints.append(f"{len(indexed - served)} indexed documents have no open version")
    at_key = Counter(s.key for s in standings if s.state != "deleted")
    if any(count > 1 for count in at_key.values()):
        audit.complaints.append("two documents stand at one key")


def is_sound(point: StoredPoint) -> bool:
    """Whether a point has both vectors, and a dense one of length 1."""
    if point.dense is None or point.sparse is None:
        return False
    return bool(abs(float(np.linalg.norm(point.dense)) - 1.0) < 1e-3)


def mixed(live: Sequence[StoredPoint], counts: Mapping[str, int]) -> set[str]:
    """Documents that show chunks of two versions, or not exactly all chunks of one."""
    versions: dict[str, set[tuple[Any, ...]]] = {}
    ordinals: dict[str, list[int]] = {}
    for point in live:
        payload = point.payload
        document = str(payload["document_id"])
        identity = (payload["version"], payload["content_sha256"], payload["key"])
        versions.setdefault(document, set()).add(identity)
        ordinals.setdefault(document, []).append(payload["ordinal"])
    return {
        document
        for document in versions
        if len(versions[document]) > 1
        or sorted(ordinals[document]) != list(range(counts.get(document, -1)))
    }


def look_back(audit: Audit, generation: Generation, points: Sequence[StoredPoint]) -> None:
    """Write down what a reader sees at every epoch that can still be read."""
    for epoch in range(generation.horizon, generation.epoch + 1):
        seen = {
            p.id: json.dumps(
                {k: v for k, v in p.payload.items() if k != "valid_to"}, sort_keys=True
            )
            for p in points
            if sees(generation, epoch, p)
        }
        audit.history[generation.name, epoch] = seen


def check_runs(corpus: Corpus, audit: Audit) -> None:
    """Check that the accounts of every run close."""
    with corpus.ledger.read() as connection:
        runs = connection.execute(select(tables.run)).all()
        outcomes = connection.execute(select(tables.outcome)).all()
        purged = int(
            connection.execute(select(func.count()).select_from(tables.purge)).scalar_one()
        )
    audit.runs = Counter(run.state for run in runs)
    rows: dict[str, Counter[str]] = {}
    for outcome in outcomes:
        rows.setdefault(outcome.run_id, Counter())[outcome.state] += 1
    for run in runs:
        counts = (run.report or {}).get("counts")
        if not counts or run.state in {"Failed", "Interrupted", "Running"}:
            continue
        ended = sum(counts[n] for n in ("indexed", "unchanged", "moved", "quarantined", "skipped"))
        if run.kind == "ingest" and counts["enumerated"] != ended:
            audit.complaints.append(f"the accounts of run {run.run_id} do not close: {counts}")
        mine = rows.get(run.run_id, Counter())
        for state in ("indexed", "moved", "deleted"):
            # A purge takes a document out of the rows; a number tells nothing of it, and stays.
            if run.kind == "ingest" and not 0 <= counts[state] - mine[state] <= purged:
                audit.complaints.append(
                    f"run {run.run_id} reports {counts[state]} {state}, its rows say {mine[state]}"
                )


def check_generations(audit: Audit, generations: Sequence[Generation]) -> None:
    """Check that ledger and alias name the same generation as the live one."""
    live = [g.name for g in generations if g.state is GenerationState.LIVE]
    if len(live) > 1:
        audit.complaints.append(f"several generations are live: {live}")
    if live and live != [audit.live]:
        audit.complaints.append(f"the alias names {audit.live}, the ledger {live[0]}")
