"""What is ruled on one simple question: the value that every rule takes and hands on."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from query.decision import Conflict, Reason, ReasonCode, Verdict

POLICY_VERSION = "2026-12-b"
"""Names these rules; it changes whenever a rule does."""

NOT_TOGETHER = "No single passage has all that so short a question asks about."
"""Why a short question is supported in part only; comparing the rows of a table may mend it."""


@dataclass(frozen=True, slots=True)
class Ruling:
    """Verdict on one simple question."""

    verdict: Verdict
    p_answerable: float
    reasons: tuple[Reason, ...] = ()
    missing: tuple[str, ...] = ()
    conflicts: tuple[Conflict, ...] = ()
    features: Mapping[str, float] | None = None
    weights: Mapping[str, float] | None = None
    calibration_id: str = ""
    """Names the judge; empty where nothing was judged."""
    places: Mapping[str, tuple[int, int]] = field(default_factory=dict)
    """Characters of a chunk, by its id, where the judge saw the answer stand."""
    first: str = ""
    """The chunk that the judge would place first, by its id; empty where the order may stay."""
    apart: frozenset[str] = frozenset()
    """Chunks of low trust (`trusting.py`), that hold no longer (`validity.py`) or are about a
    sibling of what is asked about (`siblings.py`), by their ids: the ruling does not rest on
    them."""
    undecided: tuple[str, ...] = ()
    """Chunks of documents that answer differently, by their ids, where nothing picks one."""
    scored: float | None = None
    """What the judge said, where a calibration made another number of it."""

    @property
    def score(self) -> float:
        """What rules compare with their own numbers, which were found without any calibration.

        A calibration is measured by rules that know of none. If its map moved them, another gate
        would be in force than the one of which something was proven.
        """
        return self.p_answerable if self.scored is None else self.scored


def refused_for(ruling: Ruling, detail: str, missing: tuple[str, ...]) -> Ruling:
    """Return a ruling as a refusal for want of support.

    Args:
        ruling: That seemed to support an answer.
        detail: Why it does not.
        missing: Words of the question that nothing answers.
    """
    supporting = {ReasonCode.EVIDENCE_FOUND, ReasonCode.WEAK_SUPPORT}
    kept = tuple(reason for reason in ruling.reasons if reason.code not in supporting)
    return replace(
        ruling,
        verdict=Verdict.UNANSWERABLE,
        reasons=(Reason(ReasonCode.LOW_SUPPORT, detail), *kept),
        missing=missing,
        conflicts=(),
    )
