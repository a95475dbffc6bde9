"""Question sets and the example handbook, indexed by the real pipeline for `benchmarks.gate`."""

import gzip
import hashlib
import json
import random
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid5

import numpy as np

from benchmarks.kept_vectors import KeptVectors
from config.settings import (
    ChunkingSettings,
    EmbeddingSettings,
    GateSettings,
    RetrievalSettings,
    SparseSettings,
)
from config.sources import RowMedia
from evaluation.questions import media_of
from indexing.as_of import AsOf
from indexing.encoding.encoder import SentenceEncoder
from indexing.encoding.model_files import find_model
from indexing.encoding.sparse import Bm25Encoder
from indexing.points import OPEN_END, CollectionSpec, HybridQuery, Point, PointFilter
from indexing.stores.edge import EdgeStore
from ingestion.chunking import ChunkSpec
from ingestion.document import (
    Element,
    ElementKind,
    ParsedDocument,
    PreparedDocument,
    Refusal,
    document_id,
)
from ingestion.prepare import prepare, prepare_parsed
from query.ambiguity.leaving_open import leave_open
from query.asking.conversation import in_context
from query.asking.followups import is_underspecified, read_history, resolve
from query.asking.question import normalise, understand
from query.engine import QueryEngine
from query.gate.rules import rule
from query.judging.features import compute
from query.judging.judge import Judge
from query.judging.ordering import in_order
from query.judging.promoting import with_first
from query.outcome import underspecified
from query.ports import Pinned
from query.search.fusion import order
from query.text.passages import make_passage

HELD_OUT_TENTHS = 3
AWSDOCS_OTHERS = 250
ENGLISH = frozenset({"en"})


@dataclass(frozen=True)
class View:
    """A committed state that never changes."""

    def pin(self, as_of: AsOf | None = None) -> Pinned:
        """Return the one state there is."""
        return Pinned("bench", "bench", 1, datetime.now(UTC))


@dataclass
class Bench:
    """One set, indexed."""

    name: str
    store: EdgeStore
    encoder: SentenceEncoder | KeptVectors
    bm25: Bm25Encoder
    questions: list[dict]
    titles: dict[str, str]
    documents: list[str]

    def engine(self) -> QueryEngine:
        """Build the engine that users have."""
        return QueryEngine(
            View(), self.store, self.encoder, self.bm25,
            RetrievalSettings(), GateSettings(), None, "bench",
        )  # fmt: skip


def read_lines(path: Path) -> list[dict]:
    for place in (path, path.with_name(path.name + ".gz")):
        if place.exists():
            raw = place.read_bytes()
            text = (gzip.decompress(raw) if place.suffix == ".gz" else raw).decode("utf-8")
            return [json.loads(line) for line in text.split("\n") if line]
    return []


def models() -> tuple[SentenceEncoder, Bm25Encoder, ChunkSpec]:
    settings, chunking = EmbeddingSettings(), ChunkingSettings()
    files = find_model(settings)
    spec = ChunkSpec(
        tokenizer_file=str(files.tokenizer_file),
        window=files.window,
        max_tokens=chunking.max_tokens,
        min_tokens=chunking.min_tokens,
        heading_tokens=chunking.heading_tokens,
    )
    return SentenceEncoder(files, settings), Bm25Encoder(SparseSettings()), spec


def index(
    store: EdgeStore,
    prepared: dict[str, PreparedDocument],
    encoder,
    bm25,
    labels: Callable[[str], dict[str, str]] = lambda key: {"source": "bench"},
) -> None:
    """Write the chunks of all documents at epoch 1; `labels` gives source and trust of a key."""
    store.create("bench", CollectionSpec(dimension=encoder.dimension, fingerprint="bench"))
    rows = [(key, doc, chunk) for key, doc in prepared.items() for chunk in doc.chunks]
    for begin in range(0, len(rows), 512):
        batch = rows[begin : begin + 512]
        vectors = encoder.encode_documents([chunk.embedding_text for _, _, chunk in batch])
        points = []
        for (key, doc, chunk), vector in zip(batch, vectors, strict=True):
            identity = document_id("bench", "bench", key)
            payload = {
                "tenant": "bench", "document_id": str(identity), "key": key,
                "version": 1, "ordinal": chunk.ordinal, "start": chunk.start, "end": chunk.end,
                "page": chunk.page, "text": chunk.text, "title": doc.title,
                "headings": list(chunk.headings), "flags": [*doc.flags, *chunk.flags],
                "content_sha256": "", "modified": None, "valid_from": 1, "valid_to": OPEN_END,
                **labels(key),
            }  # fmt: skip
            sparse = bm25.document(chunk.embedding_text)
            points.append(Point(uuid5(identity, str(chunk.ordinal)), vector, sparse, payload))
        store.upsert("bench", points)


def open_set(
    root: Path,
    folder: Path,
    kept: Path | None = None,
    others: int = AWSDOCS_OTHERS,
    labels: Callable[[str], dict[str, str]] = lambda key: {"source": "bench"},
) -> Bench:
    """Chunk, embed and index one question set.

    Args:
        root: Folder of the set.
        folder: Where the index is written.
        kept: Where vectors of earlier runs lie.
        others: Documents of awsdocs that no question needs; it has too many for a quick run.
        labels: Source and trust of a document, by its id.
    """
    plain, bm25, spec = models()
    encoder = KeptVectors(plain, kept, root.name) if kept else plain
    documents = read_lines(root / "documents.jsonl")
    questions = read_lines(root / "questions.jsonl")
    if root.name == "awsdocs":
        documents = _sample(documents, questions, others)
    prepared = {}
    for document in documents:
        made = _prepared(document, spec)
        if not isinstance(made, Refusal):
            prepared[document["id"]] = made
    removed = read_lines(root / "removed_documents.jsonl")
    titles = {d["id"]: d["title"] or d["id"] for d in [*documents, *removed]}
    store = EdgeStore(folder / root.name, 30.0)
    index(store, prepared, encoder, bm25, labels)
    if isinstance(encoder, KeptVectors):
        encoder.save()
    return Bench(root.name, store, encoder, bm25, questions, titles, sorted(prepared))


def _prepared(document: dict, spec: ChunkSpec) -> PreparedDocument | Refusal:
    """Read a document as what its `path` says, as `holdfast eval` does."""
    title, text = document["title"], document["text"]
    if media_of(document.get("path") or "") is RowMedia.MARKDOWN:
        titled = text.lstrip().startswith("# ")
        page = text if titled or not title else f"# {title}\n\n{text}"
        return prepare(page.encode(), f"{document['id']}.md", spec)
    elements = [Element(ElementKind.HEADING, title, 1)] if title else []
    elements += [Element(ElementKind.TEXT, p) for p in text.split("\n\n") if p.strip()]
    parsed = ParsedDocument("text/plain", tuple(elements), title or None)
    return prepare_parsed(parsed, document["id"], spec)


def _sample(documents: list[dict], questions: list[dict], others: int) -> list[dict]:
    needed = {
        i for q in questions for i in q["gold_document_ids"] + q.get("exclude_document_ids", [])
    }
    rest = [d for d in documents if d["id"] not in needed]
    random.Random(1).shuffle(rest)
    return [d for d in documents if d["id"] in needed] + rest[:others]


def article_of(bench: Bench, question: dict) -> str:
    """Return what a question is about; near misses go with the passage they miss."""
    ids = (
        question["gold_document_ids"]
        or question.get("near_document_ids")
        or question.get("removed_document_ids")
        or question.get("exclude_document_ids")
        or [question["id"]]
    )
    return bench.titles.get(ids[0], ids[0])


def is_held_out(bench: Bench, question: dict) -> bool:
    """Split by article, the same way for every set."""
    return (
        int(hashlib.md5(article_of(bench, question).encode()).hexdigest(), 16) % 10
        < HELD_OUT_TENTHS
    )


@dataclass
class Row:
    """One question as the gate sees it."""

    question: dict
    features: dict[str, float]
    p: float
    verdict: str
    fused: list[str]
    dense: list[str]
    sparse: list[str]
    milliseconds: float = 0.0
    """Processor time spent on order, judge and rules; of all threads, for a reader has its own."""
    pointing: float = 0.0
    """What of it went into telling whether the question points at something that nobody named."""


def look(
    bench: Bench, question: dict, judge: Judge | None, vector, keep: frozenset[str] = frozenset()
) -> Row | None:
    """Retrieve and judge one question; `vector` none means sparse only."""
    hidden = frozenset(question.get("exclude_document_ids") or ())
    settings = RetrievalSettings()
    where = PointFilter(
        visible_at=1, tenant="bench", exclude_keys=hidden,
        document_ids=frozenset(str(document_id("bench", "bench", k)) for k in keep),
    )  # fmt: skip
    query = HybridQuery(where, vector, bm25 := bench.bm25.query(question["question"]), 40, 40)
    if vector is None and not bm25.indices:
        return None
    legs = bench.store.search("bench", query)
    turns = read_history(question.get("history"))
    asked = understand(question["question"], GateSettings(), ENGLISH)
    asked = in_context(asked, question.get("asked", question["question"]), turns)
    began, pointing = time.process_time(), 0.0
    passages = in_order(asked, [make_passage(hit) for hit in order(legs, settings)], settings)
    if not passages:
        return None
    if judge is None:
        ruling = None
        features = dict(compute(asked, passages, legs).values)
    else:
        ruling = rule(asked, passages, legs, judge, GateSettings())
        ruled = time.process_time()
        ruling = leave_open(asked, passages, ruling)
        pointing = (time.process_time() - ruled) * 1000.0
        features = dict(ruling.features or {})
        passages = with_first(passages, ruling.first)
        if is_underspecified(asked.text, asked.terms, asked.earlier):
            ruling = underspecified()
    spent = (time.process_time() - began) * 1000.0
    names = [[h.payload["key"] for h in leg] for leg in (legs.dense, legs.sparse)]
    return Row(
        question, features, ruling.p_answerable if ruling else 0.0,
        ruling.verdict.value if ruling else "", [p.key for p in passages], *names, spent, pointing,
    )  # fmt: skip


def with_vectors(bench: Bench, questions: list[dict]) -> Iterator[tuple[dict, np.ndarray]]:
    """Pair questions with their vectors; encoded together, which is much faster than singly.

    The history of a conversation resolves a question first, as the engine does it.
    """
    for question in questions:
        turns = read_history(question.get("history"))
        question["asked"] = question["question"]
        question["question"] = resolve(normalise(question["question"]), turns)
    vectors = bench.encoder.encode_documents([q["question"] for q in questions])
    if isinstance(bench.encoder, KeptVectors):
        bench.encoder.save()
    yield from zip(questions, vectors, strict=True)
