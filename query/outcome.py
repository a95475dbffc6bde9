"""What a request came to before it is logged, and the rulings that need no evidence."""

import logging
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from query.asking.naming_nothing import names_nothing
from query.asking.question import Question
from query.audit import Search
from query.calibrating.calibrations import NONE_IN_FORCE, InForce
from query.decision import (
    Evidence,
    GroundingDecision,
    Reason,
    ReasonCode,
    Status,
    SuggestedAction,
    Verdict,
)
from query.ports import Pinned
from query.quoting.meaning import PASSAGES_READ, Closeness, closeness, pointed_at
from query.quoting.quotes import quote, widened
from query.ruling import Ruling
from query.text.passages import Passage

logger = logging.getLogger(__name__)


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
    passages: Sequence[Passage]

    @property
    def weights(self) -> Mapping[str, float]:
        """Weights of its terms; all alike where nothing was ruled by them."""
        return self.ruling.weights or dict.fromkeys(self.question.terms, 1.0)


def merged(found: Sequence[Found]) -> tuple[Passage, ...]:
    """Merge the parts' candidates in turn, best first, each once."""
    every: dict[str, Passage] = {}
    longest = max((len(one.passages) for one in found), default=0)
    for rank in range(longest):
        for one in found:
            if rank < len(one.passages):
                every.setdefault(one.passages[rank].chunk_id, one.passages[rank])
    return tuple(every.values())


def resting(found: Sequence[Found]) -> tuple[Passage, ...]:
    """Merge the candidates on which the rulings on the parts rest."""
    return merged(
        [
            replace(one, passages=[p for p in one.passages if p.chunk_id not in one.ruling.apart])
            for one in found
        ]
    )


def quoted(
    found: Sequence[Found], chosen: Iterable[Passage], encoder: object
) -> tuple[tuple[Evidence, ...], float]:
    """Quote each chosen passage for the part that found it first; flagged ones come last.

    Returns:
        The evidence, and the milliseconds it took: most of them are the encoder's.
    """
    began = time.perf_counter()
    owner: dict[str, Found] = {}
    longest = max((len(one.passages) for one in found), default=0)
    for rank in range(longest):
        for one in found:
            if rank < len(one.passages):
                owner.setdefault(one.passages[rank].chunk_id, one)
    near: dict[str, Closeness] = {}
    for one in found:
        usable = [p for p in one.passages if not p.blocked]
        seen = pointed_at(one.question, one.ruling.places, usable)
        # Where the judge has read the passage and points at the answer, nothing need be compared.
        read = {chunk_id for chunk_id, _ in seen}
        unread = [p for p in usable[:PASSAGES_READ] if p.chunk_id not in read]
        compared = closeness(one.question, one.weights, unread, encoder)
        near[one.question.text] = {**compared, **seen}
    shown = sorted(chosen, key=lambda p: p.blocked)
    evidence = tuple(_quoted(found, owner[p.chunk_id], p, near) for p in shown)
    return evidence, (time.perf_counter() - began) * 1000.0


def _quoted(
    found: Sequence[Found],
    owner: Found,
    passage: Passage,
    near: Mapping[str, Closeness],
) -> Evidence:
    """Quote a passage for the part that found it first, and for parts that it answers best, too."""
    made = quote(owner.question, owner.weights, passage, near.get(owner.question.text))
    for part in found:
        first = next((p for p in part.passages if not p.blocked), None)
        if part is owner or first is None or first.chunk_id != passage.chunk_id:
            continue
        other = quote(part.question, part.weights, passage, near.get(part.question.text))
        made = widened(made, other, passage)
    return made


def faulty(error: Exception, request_id: str, tenant: str) -> Outcome:
    """Return what a request came to that ended in a fault of ours, and log where that lies.

    The request's own row has its type and message only.
    """
    logger.error("Request %s of %r ended in a fault.", request_id, tenant, exc_info=error)
    detail = f"{type(error).__name__}: {error}"
    return Outcome(Status.UNAVAILABLE, None, (Reason(ReasonCode.INTERNAL_ERROR, detail),))


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


def underspecified(asked: str = "") -> Ruling:
    """Rule on a question that does not say what it is about.

    Args:
        asked: As it came.
    """
    detail = "The question does not say what it is about, and no earlier turn does."
    detail = names_nothing(asked) or detail
    return Ruling(Verdict.AMBIGUOUS, 0.0, (Reason(ReasonCode.UNDERSPECIFIED, detail),))
