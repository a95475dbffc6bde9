"""Questions with the passages our own retriever brings, split by article, with licences.

| set | licence | used for |
|---|---|---|
| squad | CC BY-SA 4.0 | training, by article |
| nq_oracle | MIT, Wikipedia text CC BY-SA 3.0 | training, by article |
| clapnq | Apache-2.0, Wikipedia text CC BY-SA 3.0 | training, by article |
| awsdocs | CC BY 4.0, guides CC BY-SA 4.0 | training, by document |
| mtrag_un | Apache-2.0, passages of several origins | never trained or tuned on |
| ramdocs | MIT, texts derived from Wikipedia | never trained or tuned on |

Negatives are what our own retriever brings for a question without holding its answer: the passage
an adversarial question was written about, the nearest passages of a question whose own passage was
taken out, the best other passages of an answerable one. The passages that were taken out are the
positives of their questions, so that the reader sees the same question with and without.
"""

import hashlib
import json
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from benchmarks.gate import chosen
from benchmarks.gate_bench import (
    ENGLISH,
    HELD_OUT_TENTHS,
    Bench,
    open_set,
    read_lines,
    with_vectors,
)
from config.settings import GateSettings, RetrievalSettings
from indexing.points import HybridHits, HybridQuery, PointFilter
from query.fusion import order
from query.gate import rule
from query.judge import FeatureJudge, Judgement
from query.passages import Passage, make_passage
from query.question import Question, understand
from query.reader import text_of

TRAINED_ON = ("squad", "nq_oracle", "clapnq", "awsdocs")
NEVER_TRAINED_ON = ("ramdocs", "mtrag_un")
PASSAGES = 3
"""Passages that are read per question."""
STACK_FIFTH = 5
"""One in so many training articles teaches the stack and not the reader."""


class Part(StrEnum):
    """What the questions of an article are used for."""

    READER = "reader"
    STACK = "stack"
    """A reader is surer of what it was trained on; the stack must not learn to trust that."""
    HELD_OUT = "held out"


@dataclass(frozen=True)
class Pair:
    """A question with a passage."""

    question: str
    passage: str
    answers: bool
    start: int = -1
    """Characters of the answer in the passage; both -1 where it stands nowhere word for word."""
    end: int = -1


@dataclass(frozen=True)
class Asked:
    """A question as both gates see it."""

    name: str
    tier: str
    label: str
    question: str
    part: Part
    group: str
    """Article or document that it is about."""
    p_features: float
    """Of the feature judge, before the rules."""
    lacks_name: bool
    """Whether the rules cut the probability because a name or number is nowhere."""
    passages: tuple[str, ...]
    pairs: tuple[Pair, ...]


class NotingJudge(FeatureJudge):
    """Judges by features and remembers what it was shown."""

    seen: Sequence[Passage] = ()
    said: Judgement | None = None

    def judge(self, question: Question, passages: Sequence[Passage], legs: HybridHits) -> Judgement:
        """Judge, and keep passages and judgement."""
        self.seen, self.said = passages, super().judge(question, passages, legs)
        return self.said


def load(data: Path, name: str, limit: int = 0) -> list[Asked]:
    """Retrieve for the questions of a set."""
    removed = {d["id"]: d for d in read_lines(data / name / "removed_documents.jsonl")}
    with TemporaryDirectory() as folder:
        bench = open_set(data / name, Path(folder))
        asked = [
            found
            for question, vector in with_vectors(bench, chosen(bench, limit))
            if (found := ask(bench, question, vector, removed)) is not None
        ]
        bench.store.close()
    return asked


def ask(bench: Bench, question: dict, vector: Any, removed: Mapping[str, dict]) -> Asked | None:
    """Retrieve for one question, judge it by features, and make the pairs it teaches."""
    hidden = frozenset(question.get("exclude_document_ids") or ())
    where = PointFilter(visible_at=1, tenant="bench", exclude_keys=hidden)
    sparse = bench.bm25.query(question["question"])
    legs = bench.store.search("bench", HybridQuery(where, vector, sparse, 40, 40))
    passages = [make_passage(hit) for hit in order(legs, RetrievalSettings())]
    if not passages:
        return None
    judge = NotingJudge()
    understood = understand(question["question"], GateSettings(), ENGLISH)
    ruling = rule(understood, passages, legs, judge, GateSettings())
    if judge.said is None:
        return None
    group = article_of(bench.titles, question)
    part = part_of(group, bench.name)
    return Asked(
        bench.name,
        question.get("tier", ""),
        question["label"],
        question["question"],
        part,
        group,
        judge.said.p_answerable,
        ruling.p_answerable < judge.said.p_answerable,
        tuple(text_of(p) for p in judge.seen[:PASSAGES]),
        tuple(pairs_of(question, passages, removed)) if part is Part.READER else (),
    )


def article_of(titles: Mapping[str, str], question: dict) -> str:
    """Return the article a question was written about; off-topic questions are their own."""
    ids = (
        question["gold_document_ids"]
        or question.get("removed_document_ids")
        or question.get("near_document_ids")
        or question.get("exclude_document_ids")
        or [question["id"]]
    )
    return titles.get(ids[0], ids[0])


def part_of(group: str, name: str) -> Part:
    """Split by article, the same way for every set.

    The articles that `benchmarks.gate figures` holds out are held out here too. There the
    adversarial questions are split one by one; here they go with their article, because a reader
    remembers texts. So the features may know some held-out questions that the reader does not.
    """
    if name not in TRAINED_ON:
        return Part.HELD_OUT
    if int(hashlib.md5(group.encode()).hexdigest(), 16) % 10 < HELD_OUT_TENTHS:
        return Part.HELD_OUT
    return Part.STACK if zlib.crc32(group.encode()) % STACK_FIFTH == 0 else Part.READER


def pairs_of(
    question: dict, passages: Sequence[Passage], removed: Mapping[str, dict]
) -> list[Pair]:
    """Make training pairs: passages with the answer, and the nearest ones without."""
    text = question["question"]
    answers = [a for a in question.get("answers", []) if a]
    if question["label"] == "answerable":
        gold = set(question["gold_document_ids"])
        right = [p for p in passages if p.key in gold]
        located = [p for p in right if any(a in p.text for a in answers)] or right[:1]
        pairs = [positive(text, text_of(p), answers) for p in located[:1]]
        wrong = [p for p in passages[:PASSAGES] if p.key not in gold]
        # One that happens to hold the same words may answer as well: it teaches nothing.
        clear = [p for p in wrong if not any(a.lower() in p.text.lower() for a in answers)]
        return pairs + [Pair(text, text_of(p), answers=False) for p in clear[:1]]
    near = set(question.get("near_document_ids") or ())
    about = [p for p in passages if p.key in near][:1] or list(passages[:1])
    pairs = [Pair(text, text_of(p), answers=False) for p in about]
    for identity in (question.get("removed_document_ids") or ())[:1]:
        document = removed.get(identity)
        if document is not None:
            title, body = document["title"], document["text"]
            pairs.append(positive(text, f"{title}. {body}" if title else body, answers))
    return pairs


def positive(question: str, passage: str, answers: Sequence[str]) -> Pair:
    """Pair a question with a passage that answers it, the answer located if it stands there."""
    for answer in answers:
        start = passage.find(answer)
        if start >= 0:
            return Pair(question, passage, True, start, start + len(answer))
    return Pair(question, passage, answers=True)


def keep(asked: Sequence[Asked], file: Path) -> None:
    """Write questions with everything that was retrieved, one a line."""
    file.write_text("".join(json.dumps(asdict(a)) + "\n" for a in asked), encoding="utf-8")


def read_kept(file: Path) -> list[Asked]:
    """Read what `keep` wrote."""
    found = []
    for line in file.read_text(encoding="utf-8").splitlines():
        record = json.loads(line)
        record["pairs"] = tuple(Pair(**pair) for pair in record["pairs"])
        record["passages"] = tuple(record["passages"])
        record["part"] = Part(record["part"])
        found.append(Asked(**record))
    return found
