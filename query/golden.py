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
class Fared:
    """How one question fared in one generation."""

    found: bool | None
    """Whether a document that answers it is among the first five; none where it names none."""
    right: bool | None
    """Whether it was answered exactly if it is answerable; none where nobody says."""
    codes: tuple[str, ...] | None = None
    """The reasons where a part of Holdfast was not there; none where nothing was missing."""

    @property
    def is_degraded(self) -> bool:
        """Whether it was answered although a part of Holdfast was not there."""
        return self.codes is not None

    @property
    def at_best(self) -> "Fared":
        """The same with nothing wrong about it."""
        return Fared(
            None if self.found is None else True, None if self.right is None else True, self.codes
        )


@dataclass(frozen=True, slots=True)
class GoldenScore:
    """How one generation fared, question by question."""

    fared: tuple[Fared, ...]

    @property
    def found(self) -> int:
        """Questions of which a document that answers is among the first five."""
        return sum(one.found is True for one in self.fared)

    @property
    def asked_for(self) -> int:
        """Questions with gold documents."""
        return sum(one.found is not None for one in self.fared)

    @property
    def right(self) -> int:
        """Questions that were answered or refused as their label says."""
        return sum(one.right is True for one in self.fared)

    @property
    def judged(self) -> int:
        """Questions with a label."""
        return sum(one.right is not None for one in self.fared)

    @property
    def degraded(self) -> int:
        """Questions that were answered although a part of Holdfast was not there."""
        return sum(one.is_degraded for one in self.fared)

    @property
    def hit_rate(self) -> float:
        """Share of questions with a gold document among the first five; 1 where none has any."""
        return self.found / self.asked_for if self.asked_for else 1.0

    @property
    def verdict_rate(self) -> float:
        """Share of questions rightly answered or refused; 1 where none says."""
        return self.right / self.judged if self.judged else 1.0

    @property
    def codes(self) -> list[str]:
        """Reasons of the questions that were degraded."""
        return [code for one in self.fared for code in one.codes or ()]

    def at_best(self, other: "GoldenScore") -> "GoldenScore":
        """Return what might have been, had nothing been missing that was there for the other."""
        pairs = zip(self.fared, other.fared, strict=True)
        return GoldenScore(
            tuple(
                one.at_best if one.is_degraded and not beside.is_degraded else one
                for one, beside in pairs
            )
        )

    def is_worse_than(self, before: "GoldenScore", tolerance: float) -> bool:
        """Tell whether either share fell by more than is allowed."""
        return fell(before.hit_rate, self.hit_rate, tolerance) or fell(
            before.verdict_rate, self.verdict_rate, tolerance
        )


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
        PromotionError: Some could not be asked, or were degraded and the outcome hangs on them.
            That says nothing about the candidate, which a failed gate would reject for good.
    """
    live, mine = (
        score(contest.corpus, generation, golden.questions)
        for generation in (contest.live, contest.candidate)
    )
    tolerance = contest.settings.golden_tolerance
    worse = mine.is_worse_than(live, tolerance)
    # What was degraded on one side alone might have fared better there.
    if worse:
        disturbed, perhaps = mine, mine.at_best(live).is_worse_than(live, tolerance)
    else:
        disturbed, perhaps = live, mine.is_worse_than(live.at_best(mine), tolerance)
    if perhaps is not worse:
        name = (contest.candidate if worse else contest.live).name
        raise PromotionError(
            f"golden: {disturbed.degraded} of {len(golden.questions)} questions were asked of "
            f"{name} while a part was missing ({most_frequent(disturbed.codes)}), and it hangs on "
            f"them whether {contest.candidate.name} fares worse, so nothing is known of it. See "
            "`holdfast doctor`, and run the command again."
        )
    said = [
        f"gold document in the first {TOP}: {mine.found} of {mine.asked_for}, live {live.found}",
        f"rightly answered or refused: {mine.right} of {mine.judged}, live {live.right}",
        f"degraded: {mine.degraded}, live {live.degraded}" if mine.degraded + live.degraded else "",
        golden.left_out,
    ]
    outcome = GateOutcome.FAILED if worse else GateOutcome.PASSED
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
        why = most_frequent([code for decision in lost for code in codes_of(decision)])
        raise PromotionError(
            f"golden: {len(lost)} of {len(questions)} questions could not be asked of "
            f"{generation.name} ({why}), so nothing is known of it. See `holdfast doctor`, and run "
            "the command again."
        )
    return GoldenScore(tuple(fared(*one) for one in asked))


def fared(question: LabelledQuestion, decision: GroundingDecision) -> Fared:
    """Say how one question fared."""
    return Fared(
        is_found(question, decision) if question.gold else None,
        is_right(question, decision) if question.label is not None else None,
        codes_of(decision) if decision.status is Status.DEGRADED else None,
    )


def codes_of(decision: GroundingDecision) -> tuple[str, ...]:
    """Return the codes of a decision's reasons."""
    return tuple(reason.code.value for reason in decision.reasons)


def most_frequent(codes: Sequence[str]) -> str:
    """Name the reasons that were given most often."""
    return ", ".join(code for code, _ in Counter(codes).most_common(3)) or "no reason given"


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
