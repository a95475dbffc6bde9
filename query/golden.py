"""Golden questions as a gate: a new generation must fare at least as well as the live one."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from config.errors import ConfigError
from indexing.corpus import Corpus
from indexing.generations.gates import Contest, Gate, GateOutcome, GateResult
from indexing.ledger.generations import Generation
from query.decision import Verdict
from query.engine import QueryEngine
from query.opening import open_engine_on

TOP = 5


@dataclass(frozen=True, slots=True)
class GoldenQuestion:
    """A question whose right outcome a person has written down."""

    question: str
    gold_keys: frozenset[str] = frozenset()
    """Keys of the documents that answer it; one of them must be among the first five."""
    expected: Verdict | None = None


@dataclass(frozen=True, slots=True)
class GoldenScore:
    """How one generation fared."""

    found: int
    asked_for: int
    """Questions with gold documents, and how many of them were found."""
    right: int
    judged: int
    """Questions with an expected verdict, and how many were answered or refused as expected."""

    @property
    def hit_rate(self) -> float:
        """Share of questions with a gold document among the first five; 1 where none has any."""
        return self.found / self.asked_for if self.asked_for else 1.0

    @property
    def verdict_rate(self) -> float:
        """Share of questions rightly answered or refused; 1 where none says."""
        return self.right / self.judged if self.judged else 1.0


def read_golden(path: Path) -> tuple[GoldenQuestion, ...]:
    """Read golden questions: `{"question", "gold_keys"?, "expected"?}` per line.

    Raises:
        ConfigError: The file cannot be read, or a line is no such question.
    """
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"promotion.golden: {path} cannot be read ({error}).") from error
    return tuple(
        read_question(line, f"{path}, line {number}")
        for number, line in enumerate(lines, 1)
        if line.strip()
    )


def read_question(line: str, where: str) -> GoldenQuestion:
    """Read one line.

    Raises:
        ConfigError: It is no question.
    """
    try:
        record: Mapping[str, Any] = json.loads(line)
        expected = record.get("expected")
        return GoldenQuestion(
            str(record["question"]),
            frozenset(str(key) for key in record.get("gold_keys") or ()),
            Verdict(expected) if expected is not None else None,
        )
    except (ValueError, KeyError, AttributeError, TypeError) as error:
        raise ConfigError(f"promotion.golden: {where} is no golden question ({error}).") from error


def golden_gates(corpus: Corpus) -> tuple[Gate, ...]:
    """Return the gate of the golden questions that the settings name, if they name any.

    Raises:
        ConfigError: They cannot be read; better known before a generation is built.
    """
    path = corpus.settings.promotion.golden
    if path is None:
        return (no_golden,)
    return (partial(golden_gate, read_golden(path)),)


def no_golden(_contest: Contest) -> GateResult:
    """Say that there are no golden questions."""
    return GateResult("golden", GateOutcome.SKIPPED, "promotion.golden names no questions")


def golden_gate(questions: Sequence[GoldenQuestion], contest: Contest) -> GateResult:
    """Golden questions fare at least as well as in the live generation."""
    live, mine = (
        score(contest.corpus, generation, questions)
        for generation in (contest.live, contest.candidate)
    )
    tolerance = contest.settings.golden_tolerance
    holds = (
        mine.hit_rate >= live.hit_rate - tolerance
        and mine.verdict_rate >= live.verdict_rate - tolerance
    )
    detail = (
        f"gold document in the first {TOP}: {mine.found} of {mine.asked_for}, live {live.found}; "
        f"rightly answered or refused: {mine.right} of {mine.judged}, live {live.right}"
    )
    outcome = GateOutcome.PASSED if holds else GateOutcome.FAILED
    return GateResult("golden", outcome, detail, live.verdict_rate, mine.verdict_rate)


def score(
    corpus: Corpus, generation: Generation, questions: Sequence[GoldenQuestion]
) -> GoldenScore:
    """Ask every question of one generation; nothing is logged."""
    engine = open_engine_on(corpus, generation)
    found = right = 0
    for question in questions:
        hit, correct = fared(engine, question)
        found += hit
        right += correct
    return GoldenScore(
        found,
        sum(bool(q.gold_keys) for q in questions),
        right,
        sum(q.expected is not None for q in questions),
    )


def fared(engine: QueryEngine, question: GoldenQuestion) -> tuple[bool, bool]:
    """Return whether a gold document was found, and whether the verdict was the expected one."""
    decision = engine.ground(question.question)
    hit = not question.gold_keys.isdisjoint(decision.retrieved_keys[:TOP])
    answered = decision.verdict is Verdict.ANSWERABLE
    wanted = question.expected is Verdict.ANSWERABLE
    return hit, question.expected is not None and answered == wanted
