"""The example questions, asked of the example handbook: retrieval, refusals, near misses.

`python -m benchmarks.questions` ingests both states of the handbook with the real encoder,
asks every question of `examples/questions.jsonl` of the state it belongs to, and prints what
came out. The gate was not tuned on these questions.
"""

import json
import shutil
import tempfile
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.corpora import ROOT
from config.settings import Settings
from examples.second_state import apply_second_state
from indexing.corpus import Corpus, open_corpus
from indexing.running.ingest import run_ingest
from indexing.running.session import IngestSession
from ingestion.sources.local import LocalFolderSource
from query.opening import open_engine

QUESTIONS = ROOT / "examples" / "questions.jsonl"


@dataclass(frozen=True)
class Asked:
    """A question with the decision it got."""

    question: dict[str, Any]
    decision: dict[str, Any]

    @property
    def hit(self) -> bool:
        """Whether a gold document is among the first five retrieved."""
        return bool(set(self.question["gold_keys"]) & set(self.decision["retrieved_keys"][:5]))

    @property
    def verdict(self) -> str:
        """The verdict, or the status where there is none."""
        return self.decision["verdict"] or self.decision["status"]


def read_questions() -> list[dict[str, Any]]:
    """Read the example questions."""
    return [json.loads(line) for line in QUESTIONS.read_text(encoding="utf-8").splitlines()]


def ingest(corpus: Corpus, folder: Path) -> None:
    """Bring the folder in."""
    source = LocalFolderSource("handbook", folder)
    with IngestSession(corpus, [source], generation=corpus.writable()) as session:
        run_ingest(session)


def ask_all(work: Path, typed: Callable[[str], str] = str) -> list[Asked]:
    """Ingest both states in turn and ask each its questions, typed in some way."""
    folder = work / "handbook"
    shutil.copytree(ROOT / "examples" / "handbook", folder)
    corpus = open_corpus(Settings(home=work / "home"))
    asked: list[Asked] = []
    try:
        for state in (1, 2):
            if state == 2:
                apply_second_state(folder)
            ingest(corpus, folder)
            engine = open_engine(corpus)
            mine = [q for q in read_questions() if q["state"] == state]
            lines = ({"id": q["id"], "question": typed(q["question"])} for q in mine)
            asked += [Asked(q, d) for q, d in zip(mine, engine.answer_many(lines), strict=True)]
    finally:
        corpus.close()
    return asked


@dataclass(frozen=True)
class Figures:
    """What the example questions show."""

    hit_at_5: float
    refused_answerable: float
    """Share of answerable questions that got `unanswerable`."""
    answered_far: int
    far: int
    answered_near_misses: int
    near_misses: int
    right_answers: float
    """Share of answerable questions whose short answer stands in the extractive answer."""
    right_in_evidence: float
    """The same, anywhere in the quoted evidence."""


def figures(asked: Iterable[Asked]) -> Figures:
    """Work out the figures."""
    asked = list(asked)
    answerable = [a for a in asked if a.question["expected"] == "answerable"]
    far = [a for a in asked if a.question["kind"] == "far"]
    near = [a for a in asked if a.question["kind"] == "near_miss"]
    return Figures(
        hit_at_5=share(a.hit for a in answerable),
        refused_answerable=share(a.verdict == "unanswerable" for a in answerable),
        answered_far=sum(a.verdict == "answerable" for a in far),
        far=len(far),
        answered_near_misses=sum(a.verdict == "answerable" for a in near),
        near_misses=len(near),
        right_answers=share(
            holds(a.decision["answer"] or "", a.question["answer"]) for a in answerable
        ),
        right_in_evidence=share(
            holds(" ".join(e["quote"] for e in a.decision["evidence"]), a.question["answer"])
            for a in answerable
        ),
    )


def share(values: Iterable[bool]) -> float:
    """Share of true values."""
    listed = list(values)
    return sum(listed) / len(listed) if listed else 0.0


def holds(text: str, answer: str | None) -> bool:
    """Whether a short answer stands in a text, by its words and its bare numbers."""
    if not answer:
        return False
    plain = text.lower().replace(",", "").replace("\N{NO-BREAK SPACE}", " ")
    wanted = answer.lower().replace(",", "").split()
    return all(word.strip(".;:()€") in plain for word in wanted)


def main() -> None:
    """Run from the command line."""
    work = Path(tempfile.mkdtemp(prefix="holdfast-questions-"))
    try:
        asked = ask_all(work)
    finally:
        shutil.rmtree(work, ignore_errors=True)
    table: dict[str, Counter[str]] = defaultdict(Counter)
    for a in asked:
        table[f"{a.question['expected']} ({a.question['kind']})"][a.verdict] += 1
    for kind in sorted(table):
        print(f"{kind:45} {dict(table[kind])}")
    print(figures(asked))
    for a in asked:
        wanted = a.question["expected"]
        if a.verdict != wanted:
            codes = ", ".join(r["code"] for r in a.decision["reasons"])
            print(
                f"{a.question['id']} wanted {wanted}, got {a.verdict} "
                f"(p {a.decision['p_answerable']}, {codes}): {a.question['question']}"
            )


if __name__ == "__main__":
    main()
