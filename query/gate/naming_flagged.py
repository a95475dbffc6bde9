"""Saying that a thing which no usable evidence names is named by evidence that was flagged.

"No evidence names '4711'" would be untrue where a page does and may not be used: whoever asks
could not tell that a person only has to look at the flag.
"""

from collections.abc import Sequence
from dataclasses import replace

from query.asking.question import Question
from query.decision import Reason, ReasonCode
from query.judging.requirements import Requirement, holds, requirements
from query.ruling import Ruling
from query.text.passages import Passage


def name_flagged(question: Question, passages: Sequence[Passage], ruling: Ruling) -> Ruling:
    """Return the ruling with the true reason where only flagged passages name what is asked about.

    Args:
        question: A simple question.
        passages: Its candidates, best first.
        ruling: The ruling on it.
    """
    flagged = [passage for passage in passages if passage.blocked]
    if not flagged or not ruling.missing:
        return ruling
    absent = [one for one in requirements(question) if one.text in ruling.missing]
    reasons = tuple(_true(reason, absent, flagged) for reason in ruling.reasons)
    return replace(ruling, reasons=reasons)


def _true(reason: Reason, absent: Sequence[Requirement], flagged: Sequence[Passage]) -> Reason:
    for one in absent:
        if reason.code is one.code and repr(one.text) in reason.detail:
            keys = sorted({passage.key for passage in flagged if holds(passage, one)})
            if keys:
                detail = f"Only flagged chunks name {one.text!r}: {', '.join(keys)}."
                return Reason(ReasonCode.FLAGGED_EVIDENCE_ONLY, detail)
    return reason
