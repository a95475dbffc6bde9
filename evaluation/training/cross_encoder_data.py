"""Pairs of questions and passages for the cross-encoder, split by article, with licences.

| set | licence | used for |
|---|---|---|
| squad | CC BY-SA 4.0 | training, by article |
| nq_oracle | MIT, Wikipedia text CC BY-SA 3.0 | training, by article |
| clapnq | Apache-2.0, Wikipedia text CC BY-SA 3.0 | training, by article |
| awsdocs | CC BY 4.0, guides CC BY-SA 4.0 | training, by document |
| mtrag_un | Apache-2.0, passages of several origins | never trained or tuned on |
| ramdocs | MIT, texts derived from Wikipedia | never trained or tuned on |

The articles that `benchmarks.gate figures` holds out are held out here too, so that both gates are
measured on the same questions. Negatives are what our own retriever brings for a question: the
nearest passages without the answer, which are what the gate has to tell from the right one.
"""

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from benchmarks.gate import chosen
from benchmarks.gate_bench import Bench, is_held_out, look, open_set, with_vectors
from config.settings import RetrievalSettings
from indexing.points import HybridQuery, PointFilter
from query.fusion import order

TRAINED_ON = ("squad", "nq_oracle", "clapnq", "awsdocs")
PASSAGES = 3
"""Passages that are judged per question; the best of them counts."""


@dataclass(frozen=True)
class Pair:
    """A question with a passage."""

    question: str
    passage: str
    start: int
    """Characters of the answer in the passage; both -1 where it does not answer."""
    end: int
    weight: float = 1.0


@dataclass(frozen=True)
class Asked:
    """A question as both gates see it."""

    name: str
    tier: str
    answerable: bool
    question: str
    passages: tuple[str, ...]
    features: dict[str, float]
    p: float
    group: str


def load(data: Path, name: str, limit: int, held_out: bool) -> list[Asked]:
    """Retrieve for the questions of a set, of its training or of its held-out articles."""
    with TemporaryDirectory() as folder:
        bench = open_set(data / name, Path(folder))
        wanted = [
            q
            for q in chosen(bench, 0)
            if q["label"] in ("answerable", "unanswerable") and is_held_out(bench, q) is held_out
        ][: limit or None]
        asked = [
            found
            for question, vector in with_vectors(bench, wanted)
            if (found := ask(bench, question, vector)) is not None
        ]
        bench.store.close()
    return asked


def ask(bench: Bench, question: dict, vector: Any) -> Asked | None:
    """Retrieve for one question and judge it by features."""
    from query.judge import FeatureJudge

    row = look(bench, question, FeatureJudge(), vector)
    if row is None:
        return None
    hidden = frozenset(question.get("exclude_document_ids") or ())
    where = PointFilter(visible_at=1, tenant="bench", exclude_keys=hidden)
    sparse = bench.bm25.query(question["question"])
    legs = bench.store.search("bench", HybridQuery(where, vector, sparse, 40, 40))
    hits = order(legs, RetrievalSettings())[:PASSAGES]
    article = next(iter(question["gold_document_ids"]), None) or question["id"]
    return Asked(
        bench.name,
        question.get("tier", ""),
        question["label"] == "answerable",
        question["question"],
        tuple(text_of(hit.hit.payload) for hit in hits),
        row.features,
        row.p,
        bench.titles.get(article, article),
    )


def text_of(payload: Mapping[str, Any]) -> str:
    """Return what the model reads of a chunk: its title once, then its text."""
    title = payload.get("title") or ""
    return f"{title}. {payload['text']}" if title else str(payload["text"])


def pairs_of(data: Path, name: str, asked: Sequence[Asked], seed: int) -> list[Pair]:
    """Make training pairs: the passage with the answer, and the nearest ones without.

    An answer that is not literally in any of the retrieved passages makes no positive pair: the
    model is to quote, and what it cannot quote it must not learn to claim.
    """
    from benchmarks.gate_bench import read_lines

    answers = {
        q["question"]: [a for a in q.get("answers", []) if a]
        for q in read_lines(data / name / "questions.jsonl")
    }
    chance = random.Random(seed)
    pairs: list[Pair] = []
    for one in asked:
        known = answers.get(one.question, [])
        if not one.answerable:
            pairs += [Pair(one.question, passage, -1, -1) for passage in one.passages[:1]]
            continue
        for passage in one.passages:
            spans = [(passage.find(a), len(a)) for a in known if a in passage]
            if spans:
                start, length = spans[0]
                pairs.append(Pair(one.question, passage, start, start + length))
            elif chance.random() < 0.3:
                pairs.append(Pair(one.question, passage, -1, -1))
    chance.shuffle(pairs)
    return pairs
