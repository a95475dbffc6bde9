"""Golden questions as a gate: a new generation must fare at least as well as the live one."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from config.errors import ConfigError
from indexing.corpus import Corpus
from indexing.errors import PromotionError
from indexing.generations.gates import Contest, Gate, GateOutcome, GateResult
from indexing.ledger.generations import Generation
from query.decision import GroundingDecision, Status, Verdict
from query.engine import QueryEngine
from query.labelled import DOCUMENTS, LabelledQuestion, existing, is_folder, read_questions
from query.labelled_keys import by_key
from query.opening import open_engine_on

TOP = 5
SAME = 1e-9
"""Shares that differ by less are the same, rounded otherwise: one question in a million is more."""


@dataclass(frozen=True, slots=True)
class GoldenSet:
    """Questions that count, and how many lines do not."""

    questions: tuple[LabelledQuestion, ...]
    drafts: int = 0
    """Lines that nobody has reviewed."""
    silent: int = 0
    """Lines that say neither what is right nor which document answers."""

    @property
    def left_out(self) -> str:
        """Say what does not count; empty where everything does."""
        said = [
            f"{self.drafts} drafts that nobody has reviewed" if self.drafts else "",
            f"{self.silent} without a label or a gold document" if self.silent else "",
        ]
        named = " and ".join(filter(None, said))
        return f"not counted: {named}" if named else ""


@dataclass(frozen=True, slots=True)
class GoldenScore:
    """How one generation fared."""

    found: int
    asked_for: int
    """Questions with gold documents, and how many of them were found."""
    right: int
    judged: int
    """Questions with a label, and how many were answered or refused as it says."""
    degraded: int = 0
    """Questions that were answered although a part of Holdfast was not there."""

    @property
    def hit_rate(self) -> float:
        """Share of questions with a gold document among the first five; 1 where none has any."""
        return self.found / self.asked_for if self.asked_for else 1.0

    @property
    def verdict_rate(self) -> float:
        """Share of questions rightly answered or refused; 1 where none says."""
        return self.right / self.judged if self.judged else 1.0


def read_golden(path: Path) -> GoldenSet:
    """Read golden questions, in the format of every question set.

    Raises:
        ConfigError: They cannot be read, are about documents of their own, or none of them counts:
            a gate that asks nothing must not pass.
    """
    try:
        questions = read_questions(path)
    except ConfigError as error:
        raise ConfigError(f"promotion.golden: {error}") from error
    if is_folder(path) and existing(path / DOCUMENTS) is not None:
        raise ConfigError(
            f"promotion.golden: {path} is about documents of its own; name its file of questions "
            "alone to ask them of the index."
        )
    reviewed = [question for question in questions if question.reviewed]
    usable = tuple(question for question in reviewed if question.says_something)
    found = GoldenSet(usable, len(questions) - len(reviewed), len(reviewed) - len(usable))
    if not usable:
        raise ConfigError(
            f"promotion.golden: no question of {path} counts ({found.left_out}). Review them and "
            'set "reviewed": true, or take the option out.'
        )
    return found


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


def golden_gate(golden: GoldenSet, contest: Contest) -> GateResult:
    """Golden questions fare at least as well as in the live generation.

    Raises:
        PromotionError: Some could not be asked. That says nothing about the candidate, which a
            failed gate would reject for good.
    """
    live, mine = (
        score(contest.corpus, generation, golden.questions)
        for generation in (contest.live, contest.candidate)
    )
    tolerance = contest.settings.golden_tolerance
    holds = not (
        fell(live.hit_rate, mine.hit_rate, tolerance)
        or fell(live.verdict_rate, mine.verdict_rate, tolerance)
    )
    said = [
        f"gold document in the first {TOP}: {mine.found} of {mine.asked_for}, live {live.found}",
        f"rightly answered or refused: {mine.right} of {mine.judged}, live {live.right}",
        f"degraded: {mine.degraded}, live {live.degraded}" if mine.degraded + live.degraded else "",
        golden.left_out,
    ]
    outcome = GateOutcome.PASSED if holds else GateOutcome.FAILED
    detail = "; ".join(filter(None, said))
    return GateResult("golden", outcome, detail, live.verdict_rate, mine.verdict_rate)


def fell(before: float, now: float, tolerance: float) -> bool:
    """Tell whether a share fell by more than is allowed.

    A fall of as much as that is none: 0.8 - 0.7 must not be more than 0.1 by its last bit.
    """
    return before - now > tolerance + SAME


def score(
    corpus: Corpus, generation: Generation, questions: Sequence[LabelledQuestion]
) -> GoldenScore:
    """Ask every question of one generation; nothing is logged.

    Raises:
        PromotionError: Some could not be asked.
    """
    engine = open_engine_on(corpus, generation)
    keyed = by_key(questions, corpus.ledger, generation.name)
    asked = [(question, ask(engine, question)) for question in keyed]
    lost = [decision for _, decision in asked if decision.status is Status.UNAVAILABLE]
    if lost:
        codes = Counter(reason.code.value for decision in lost for reason in decision.reasons)
        why = ", ".join(code for code, _ in codes.most_common(3)) or "no reason given"
        raise PromotionError(
            f"golden: {len(lost)} of {len(questions)} questions could not be asked of "
            f"{generation.name} ({why}), so nothing is known of it. See `holdfast doctor`, and run "
            "the command again."
        )
    return GoldenScore(
        sum(is_found(*one) for one in asked),
        sum(bool(q.gold) for q in questions),
        sum(is_right(*one) for one in asked),
        sum(q.label is not None for q in questions),
        sum(decision.status is Status.DEGRADED for _, decision in asked),
    )


def ask(engine: QueryEngine, question: LabelledQuestion) -> GroundingDecision:
    """Ask a question as its line says: behind its earlier turns, with its documents hidden."""
    return engine.ground(question.question, question.exclude, history=question.history)


def is_found(question: LabelledQuestion, decision: GroundingDecision) -> bool:
    """Tell whether a document that answers is among the first, by its key or its id."""
    first = (*decision.retrieved_keys[:TOP], *decision.retrieved_document_ids[:TOP])
    return not question.gold.isdisjoint(first)


def is_right(question: LabelledQuestion, decision: GroundingDecision) -> bool:
    """Tell whether a question was answered exactly if it is answerable."""
    if question.label is None:
        return False
    answered = decision.verdict is Verdict.ANSWERABLE
    return answered == (question.label is Verdict.ANSWERABLE)
