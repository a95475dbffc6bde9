"""What a request came to before it is logged, and the rulings that need no evidence."""

import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from query.audit import Search
from query.calibrations import NONE_IN_FORCE, InForce
from query.decision import (
    Evidence,
    GroundingDecision,
    Reason,
    ReasonCode,
    Status,
    SuggestedAction,
    Verdict,
)
from query.gate import Ruling
from query.meaning import PASSAGES_READ, closeness, pointed_at
from query.passages import Passage
from query.ports import Pinned
from query.question import Question
from query.quotes import quote


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a request came to, before it is logged."""

    status: Status
    ruling: Ruling | None
    reasons: tuple[Reason, ...] = ()
    pinned: Pinned | None = None
    passages: tuple[Passage, ...] = ()
    evidence: tuple[Evidence, ...] = ()
    supported: tuple[Mapping[str, float], ...] = ()
    """Term weights of the parts of the question that may be answered."""
    timings: Mapping[str, float] | None = None
    searches: tuple[Search, ...] = ()
    action: SuggestedAction | None = None
    """What the policy suggests; none leaves it to the verdict."""
    in_force: InForce = NONE_IN_FORCE
    """The calibration it was judged under."""


@dataclass(frozen=True, slots=True)
class Found:
    """One part of a question with its candidates and the ruling on it."""

    question: Question
    ruling: Ruling
    passages: tuple[Passage, ...]


def merged(found: Sequence[Found]) -> tuple[Passage, ...]:
    """Merge the parts' candidates in turn, best first, each once."""
    every: dict[str, Passage] = {}
    longest = max((len(one.passages) for one in found), default=0)
    for rank in range(longest):
        for one in found:
            if rank < len(one.passages):
                every.setdefault(one.passages[rank].chunk_id, one.passages[rank])
    return tuple(every.values())


def quoted(
    found: Sequence[Found], chosen: Iterable[Passage], encoder: object
) -> tuple[tuple[Evidence, ...], float]:
    """Quote each chosen passage for the part that found it first; flagged ones come last.

    Returns:
        The evidence, and the milliseconds it took: most of them are the encoder's.
    """
    began = time.perf_counter()
    owner: dict[str, tuple[Question, Mapping[str, float]]] = {}
    longest = max((len(one.passages) for one in found), default=0)
    for rank in range(longest):
        for one in found:
            if rank < len(one.passages):
                weights = one.ruling.weights or dict.fromkeys(one.question.terms, 1.0)
                owner.setdefault(one.passages[rank].chunk_id, (one.question, weights))
    near: dict[tuple[str, int], float] = {}
    for one in found:
        usable = [p for p in one.passages if not p.blocked]
        weights = one.ruling.weights or dict.fromkeys(one.question.terms, 1.0)
        places = one.ruling.places
        # Where the judge has read the passage and points at the answer, nothing need be compared.
        unread = [p for p in usable[:PASSAGES_READ] if p.chunk_id not in places]
        near |= closeness(one.question, weights, unread, encoder)
        near |= pointed_at(places, usable)
    shown = sorted(chosen, key=lambda p: p.blocked)
    evidence = tuple(quote(*owner[p.chunk_id], p, near) for p in shown)
    return evidence, (time.perf_counter() - began) * 1000.0


def unlogged(decision: GroundingDecision, reason: Reason) -> GroundingDecision:
    """Withhold the answer of a request that left no trace; what was found stays visible.

    The verdict steps down from answerable: nothing may be acted upon that cannot be explained
    later. An unavailable request stays unavailable.
    """
    if decision.status is Status.UNAVAILABLE:
        return replace(decision, reasons=(*decision.reasons, reason))
    lowered = decision.verdict is Verdict.ANSWERABLE
    return replace(
        decision,
        status=Status.DEGRADED,
        verdict=Verdict.PARTIALLY_SUPPORTED if lowered else decision.verdict,
        reasons=(*decision.reasons, reason),
        suggested_action=SuggestedAction.ESCALATE,
        answer=None,
        risk_bound=None,
    )


def refused(reason: Reason, verdict: Verdict = Verdict.UNANSWERABLE) -> Ruling:
    """Rule without evidence."""
    return Ruling(verdict, 0.0, (reason,))


def underspecified() -> Ruling:
    """Rule on a question that does not say what it is about."""
    detail = "The question does not say what it is about, and no earlier turn does."
    return Ruling(Verdict.AMBIGUOUS, 0.0, (Reason(ReasonCode.UNDERSPECIFIED, detail),))
