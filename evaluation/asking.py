"""Asking the questions of a set and keeping what came out, one outcome per question."""

import logging
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from config.errors import HoldfastError
from indexing.as_of import AsOf
from indexing.corpus import Corpus
from query.decision import GroundingDecision, Status, Verdict
from query.engine import QueryEngine
from query.labelled import LabelledQuestion, is_document_id
from query.warming import load_models

logger = logging.getLogger(__name__)

KeyOf = Callable[[str], str]
"""Turns the name a set gives a document into the key it has in the index."""


@dataclass(frozen=True, slots=True)
class Quoted:
    """A piece of evidence as a report shows it."""

    key: str
    quote: str
    flags: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Outcome:
    """One question with what became of it."""

    question: LabelledQuestion
    status: str
    verdict: str
    """The verdict, or the status where there is none."""
    p: float
    """`p_answerable`; 0 where nothing could be judged."""
    ranked: tuple[str, ...]
    gold: frozenset[str]
    """Gold documents, named like `ranked`."""
    codes: tuple[str, ...]
    evidence: tuple[Quoted, ...]
    answer: str | None
    milliseconds: float
    calibration_id: str = ""

    @property
    def answered(self) -> bool:
        """Whether a caller would have been given an answer as certain."""
        return self.verdict == Verdict.ANSWERABLE.value

    @property
    def is_lost(self) -> bool:
        """Whether it could not be asked: nothing about it is right, wrong, found or missed."""
        return self.status == Status.UNAVAILABLE.value

    @property
    def is_degraded(self) -> bool:
        """Whether it was answered although a part of Holdfast was not there."""
        return self.status == Status.DEGRADED.value

    def to_json(self) -> dict[str, Any]:
        """Return plain values."""
        return {
            "id": self.question.id,
            "question": self.question.question,
            "label": self.question.label.value if self.question.label else None,
            "tier": self.question.tier,
            "lang": self.question.lang,
            "status": self.status,
            "verdict": self.verdict,
            "p_answerable": round(self.p, 6),
            "reasons": list(self.codes),
            "gold": sorted(self.gold),
            "retrieved": list(self.ranked[:10]),
            "evidence": [{"key": e.key, "quote": e.quote} for e in self.evidence[:3]],
            "answer": self.answer,
            "milliseconds": round(self.milliseconds, 2),
        }


def load_ahead(corpus: Corpus) -> None:
    """Load the models before anything is asked.

    Loading takes seconds: it is no time that a question takes, and it can be longer than the
    deadline of the encoder, so that the first question would be answered without it. Where they
    cannot be loaded, every question says so.
    """
    try:
        load_models(corpus)
    except (HoldfastError, ValueError) as error:
        logger.warning("Models could not be loaded ahead of the first question: %s", error)


def ask_all(
    engine: QueryEngine,
    questions: Sequence[LabelledQuestion],
    key_of: KeyOf = str,
    as_of: AsOf | None = None,
) -> Iterator[Outcome]:
    """Ask every question, in order.

    Args:
        engine: Answers; nothing should be logged for an evaluation.
        questions: What is asked.
        key_of: From the names of the set to keys of the index.
        as_of: An earlier state to ask.
    """
    for question in questions:
        decision = engine.answer(
            question.question,
            frozenset(key_of(name) for name in question.exclude),
            as_of,
            question.history,
        )
        yield outcome_of(question, decision, key_of)


def outcome_of(
    question: LabelledQuestion, decision: GroundingDecision, key_of: KeyOf = str
) -> Outcome:
    """Describe one decision."""
    keys = decision.retrieved_keys
    gold = frozenset(map(key_of, question.gold))
    # A key may look like an id, as of a document that another program pushed under its own.
    by_id = bool(gold) and all(map(is_document_id, gold)) and gold.isdisjoint(keys)
    return Outcome(
        question=question,
        status=decision.status.value,
        verdict=decision.verdict.value if decision.verdict else decision.status.value,
        p=decision.p_answerable or 0.0,
        ranked=decision.retrieved_document_ids if by_id else keys,
        gold=gold,
        codes=tuple(reason.code.value for reason in decision.reasons),
        evidence=tuple(Quoted(e.key, e.quote, e.flags) for e in decision.evidence),
        answer=decision.answer,
        milliseconds=float(decision.timings_ms.get("total", 0.0)),
        calibration_id=decision.calibration_id,
    )
