"""Measurements on one generation: sampled points, recall, latency, text covered, known items."""

import random
import statistics
import time
from collections.abc import Sequence
from dataclasses import replace
from uuid import UUID

from indexing.corpus import Corpus
from indexing.ledger.documents import open_points, open_versions
from indexing.ledger.generations import Generation
from indexing.points import HybridQuery, PointFilter, StoredPoint, visible

TOP = 10
KNOWN_TOP = 5
SAMPLED_DOCUMENTS = 200
QUESTION_WORDS = 14
LEAST_WORDS = 6


def served(generation: Generation, documents: Sequence[str] = ()) -> PointFilter:
    """Return the filter of all that readers of this generation's committed epoch see.

    Of every tenant: a generation is built, held against another and promoted for all of them.
    """
    seen = visible(
        generation.epoch, "", aborted=generation.aborted, document_ids=frozenset(documents)
    )
    return replace(seen, tenant=None)


def sample_documents(corpus: Corpus, generation: Generation, wanted: int) -> list[UUID]:
    """Choose documents at random, the same ones for the same generation."""
    documents = sorted(open_versions(corpus.ledger, generation.name))
    chosen = random.Random(generation.fingerprint)
    return chosen.sample(documents, min(wanted, len(documents)))


def sample_points(corpus: Corpus, generation: Generation, wanted: int) -> list[StoredPoint]:
    """Read random live points with their vectors."""
    documents = sample_documents(corpus, generation, wanted)
    ids = [
        point
        for points in open_points(corpus.ledger, generation.name, documents).values()
        for point in points
    ]
    chosen = random.Random(generation.fingerprint).sample(ids, min(wanted, len(ids)))
    return corpus.store.fetch(generation.name, chosen, vectors=True) if chosen else []


def query_of(generation: Generation, point: StoredPoint, *, exact: bool = False) -> HybridQuery:
    """Build the search for what lies near a point."""
    return HybridQuery(served(generation), point.dense, point.sparse, TOP, TOP, exact=exact)


def recall(corpus: Corpus, generation: Generation, samples: int) -> float | None:
    """Return the share of exact neighbours that the index finds; none without points."""
    points = [p for p in sample_points(corpus, generation, samples) if p.dense is not None]
    found = wanted = 0
    for point in points:
        lists = [
            corpus.store.search(generation.name, query_of(generation, point, exact=exact))
            for exact in (False, True)
        ]
        near, exact_ids = ({hit.id for hit in hits.dense} for hits in lists)
        found += len(near & exact_ids)
        wanted += len(exact_ids)
    return found / wanted if wanted else None


def latencies(corpus: Corpus, generation: Generation, points: Sequence[StoredPoint]) -> list[float]:
    """Time one hybrid search per point, in milliseconds, after a first one that warms up."""
    times = []
    for point in (points[0], *points):
        started = time.perf_counter()
        corpus.store.search(generation.name, query_of(generation, point))
        times.append((time.perf_counter() - started) * 1000.0)
    return times[1:]


def upper(times: Sequence[float]) -> float:
    """Return the 95th percentile."""
    return statistics.quantiles(times, n=20)[-1] if len(times) > 1 else times[0]


def covered_characters(corpus: Corpus, generation: Generation) -> dict[str, int]:
    """Count, per sampled document, the characters of its text that lie in some chunk."""
    documents = sorted(open_versions(corpus.ledger, generation.name))
    # Chosen by document id alone, so that both generations look at the same ones.
    step = max(1, len(documents) // SAMPLED_DOCUMENTS)
    chosen = [str(d) for d in documents if d.int % step == 0]
    found: dict[str, set[tuple[int, int]]] = {}
    for start in range(0, len(chosen), SAMPLED_DOCUMENTS):
        where = served(generation, chosen[start : start + SAMPLED_DOCUMENTS])
        for point in corpus.store.scroll(generation.name, where):
            span = (int(point.payload["start"]), int(point.payload["end"]))
            found.setdefault(str(point.payload["document_id"]), set()).add(span)
    return {document: union(sorted(spans)) for document, spans in found.items()}


def union(spans: Sequence[tuple[int, int]]) -> int:
    """Return the length of the union of spans in order."""
    total = reached = 0
    for start, end in spans:
        total += max(0, end - max(start, reached))
        reached = max(reached, end)
    return total


def known_items(
    corpus: Corpus, live: Generation, candidate: Generation, wanted: int
) -> tuple[int, int, int]:
    """Ask for sampled live chunks in words of their own, each generation with its own encoder.

    Returns:
        How many documents came among the first five in the live and in the candidate
        generation, and how many were asked for.
    """
    asked = [
        (question, str(point.payload["document_id"]))
        for point in sample_points(corpus, live, wanted)
        if (question := own_words(str(point.payload["text"])))
    ]
    hits = [
        sum(is_found(corpus, generation, question, document) for question, document in asked)
        for generation in (live, candidate)
    ]
    return hits[0], hits[1], len(asked)


def own_words(text: str) -> str | None:
    """Return some words from the middle of a text; none where it has too few."""
    words = text.split()
    if len(words) < LEAST_WORDS:
        return None
    start = max(0, (len(words) - QUESTION_WORDS) // 2)
    return " ".join(words[start : start + QUESTION_WORDS])


def is_found(corpus: Corpus, generation: Generation, question: str, document: str) -> bool:
    """Whether a question brings a document among the first five."""
    encoders = corpus.reading(generation)
    query = HybridQuery(
        served(generation),
        encoders.encoder.encode_query(question),
        encoders.bm25.query(question),
        limit=KNOWN_TOP,
        prefetch=4 * KNOWN_TOP,
    )
    hits = corpus.store.search(generation.name, query).fused
    return any(str(hit.payload["document_id"]) == document for hit in hits)
