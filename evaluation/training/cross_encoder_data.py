"""Questions with the passages our own retriever brings, dealt to folds by article, with licences.

| set | licence | used for |
|---|---|---|
| squad | CC BY-SA 4.0 | training, by article |
| nq_oracle | MIT, Wikipedia text CC BY-SA 3.0 | training, by article |
| clapnq | Apache-2.0, Wikipedia text CC BY-SA 3.0 | training, by article |
| awsdocs | CC BY 4.0, guides CC BY-SA 4.0 | training, by document |
| xquad_en | CC BY-SA 4.0 | training of the reader only, by article (they are articles of squad) |
| mtrag_un | Apache-2.0, passages of several origins | never trained or tuned on |
| ramdocs | MIT, texts derived from Wikipedia | never trained or tuned on |

Negatives are what our own retriever brings for a question without holding its answer: the passage
an adversarial question was written about, the nearest passages of a question whose own passage was
taken out, the best other passages of an answerable one. The passages that were taken out are the
positives of their questions, so that the reader sees the same question with and without.
"""

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from benchmarks.gate import chosen
from benchmarks.gate_bench import ENGLISH, Bench, article_of, open_set, read_lines, with_vectors
from config.settings import GateSettings, RetrievalSettings
from evaluation.training.examples import Pair
from evaluation.training.folds import deal, fold_of
from indexing.points import HybridHits, HybridQuery, PointFilter
from query.asking.question import Question, understand
from query.gate.rules import rule
from query.judging.judge import FeatureJudge, Judgement
from query.judging.ordering import in_order
from query.judging.reader import text_of
from query.search.fusion import order
from query.text.passages import Passage, make_passage

TRAINED_ON = ("squad", "nq_oracle", "clapnq", "awsdocs")
READER_ONLY = ("xquad_en",)
NEVER_TRAINED_ON = ("ramdocs", "mtrag_un")
SETS = TRAINED_ON + READER_ONLY + NEVER_TRAINED_ON
DEALT = "squad"
"""The set whose articles are dealt: most of its questions are about some twenty of them."""
AWSDOCS_OTHERS = 147
"""Documents of awsdocs that no question needs, as in the table of the baselines."""
PASSAGES = 2
"""Passages that are read per question: out of fold one to five rank alike, and two leave room for
one in second place that holds the answer."""
HARD = 3
AMONG = 6
"""So many negatives of an answerable question, from among so many of its best passages."""
NEAR = 3
"""From among so many comes the second negative of an unanswerable one."""


@dataclass(frozen=True)
class Asked:
    """A question as both gates see it."""

    name: str
    id: str
    tier: str
    label: str
    has_core: bool
    """Of a set that marks a core of its adversarial questions, because they are so many."""
    question: str
    article: str
    """Article or document that it is about."""
    features: Mapping[str, float]
    p_features: float
    """What the features say of it as they ship."""
    passages: tuple[str, ...]
    pairs: tuple[Pair, ...]
    fold: int = -1

    @property
    def key(self) -> str:
        """Names the question among those of all sets."""
        return f"{self.name}/{self.id}"

    @property
    def is_positive(self) -> bool:
        """Whether the answer is there; two answers of namesakes are there too."""
        return self.label == "answerable" or (self.name == "ramdocs" and self.label == "ambiguous")

    @property
    def is_judged(self) -> bool:
        """Whether it takes part in the comparison."""
        return self.name not in READER_ONLY and (self.is_positive or self.label == "unanswerable")


class NotingJudge(FeatureJudge):
    """Judges by features and remembers what it was shown."""

    seen: Sequence[Passage] = ()
    said: Judgement | None = None

    def judge(self, question: Question, passages: Sequence[Passage], legs: HybridHits) -> Judgement:
        """Judge, and keep passages and judgement."""
        self.seen, self.said = passages, super().judge(question, passages, legs)
        return self.said


def load(data: Path, name: str, limit: int = 0, kept: Path | None = None) -> list[Asked]:
    """Retrieve for the questions of a set."""
    removed = {d["id"]: d for d in read_lines(data / name / "removed_documents.jsonl")}
    with TemporaryDirectory() as folder:
        bench = open_set(data / name, Path(folder), kept, AWSDOCS_OTHERS)
        asked = [
            found
            for question, vector in with_vectors(bench, chosen(bench, limit))
            if (found := ask(bench, question, vector, removed)) is not None
        ]
        bench.store.close()
    return asked


def ask(bench: Bench, question: dict, vector: Any, removed: Mapping[str, dict]) -> Asked | None:
    """Retrieve for one question in the engine's order, judge it, make the pairs it teaches."""
    settings = RetrievalSettings()
    hidden = frozenset(question.get("exclude_document_ids") or ())
    where = PointFilter(visible_at=1, tenant="bench", exclude_keys=hidden)
    sparse = bench.bm25.query(question["question"])
    legs = bench.store.search("bench", HybridQuery(where, vector, sparse, 40, 40))
    understood = understand(question["question"], GateSettings(), ENGLISH)
    found = [make_passage(hit) for hit in order(legs, settings)]
    passages = in_order(understood, found, settings)
    if not passages:
        return None
    judge = NotingJudge()
    rule(understood, passages, legs, judge, GateSettings())
    if judge.said is None:
        return None
    return Asked(
        bench.name,
        question["id"],
        question.get("tier") or "",
        question["label"],
        "core" in question,
        understood.text,
        article_of(bench, question),
        dict(judge.said.features),
        judge.said.p_answerable,
        tuple(text_of(p) for p in judge.seen[:PASSAGES]),
        tuple(pairs_of(question, passages, removed, bench.titles))
        if is_trained_on(bench.name)
        else (),
    )


def is_trained_on(name: str) -> bool:
    """Tell whether a reader may learn from a set."""
    return name in TRAINED_ON + READER_ONLY


def with_folds(asked: Sequence[Asked]) -> list[Asked]:
    """Deal the questions of all sets to folds by their articles."""
    dealt = deal(Counter(a.article for a in asked if a.name == DEALT))
    return [replace(a, fold=fold_of(a.article, dealt)) for a in asked]


def pairs_of(
    question: dict,
    passages: Sequence[Passage],
    removed: Mapping[str, dict],
    titles: Mapping[str, str],
) -> Iterator[Pair]:
    """Yield training pairs: passages with the answer, and the nearest ones without.

    Args:
        question: A line of a set.
        passages: What was retrieved for it, best first.
        removed: Documents that were taken out, by their ids.
        titles: Articles of documents, by their ids.
    """
    text = question["question"]
    answers = [a for a in question.get("answers", []) if a]

    def without(passage: Passage) -> Pair:
        article = titles.get(passage.key, passage.key)
        return Pair(text, text_of(passage), answers=False, article=article)

    if question["label"] == "answerable":
        gold = set(question["gold_document_ids"])
        right = [p for p in passages if p.key in gold]
        located = [p for p in right if any(a in p.text for a in answers)] or right
        for p in located[:1]:
            yield positive(text, text_of(p), answers, titles.get(p.key, p.key))
        wrong = [p for p in passages[:AMONG] if p.key not in gold]
        # One that happens to hold the same words may answer as well: it teaches nothing.
        clear = [p for p in wrong if not any(a.lower() in p.text.lower() for a in answers)]
        yield from map(without, clear[:HARD])
        return
    near = set(question.get("near_document_ids") or ())
    about = [p for p in passages if p.key in near][:1] or list(passages[:1])
    others = [p for p in passages[:NEAR] if p not in about]
    yield from map(without, about + others[:1])
    for identity in (question.get("removed_document_ids") or ())[:1]:
        document = removed.get(identity)
        if document is not None:
            title, body = document["title"], document["text"]
            article = titles.get(identity, identity)
            yield positive(text, f"{title}. {body}" if title else body, answers, article)


def positive(question: str, passage: str, answers: Sequence[str], article: str) -> Pair:
    """Pair a question with a passage that answers it, the answer located if it stands there."""
    for answer in answers:
        start = passage.find(answer)
        if start >= 0:
            return Pair(question, passage, True, start, start + len(answer), article)
    return Pair(question, passage, answers=True, article=article)


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
        found.append(Asked(**record))
    return found
