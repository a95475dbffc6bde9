"""What another policy would have decided about the questions in the request log.

Only the log is read: nothing is searched and no model is asked. What a policy restricts is judged
by the candidates that were brought then.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from config.policy import Policy
from query.audit import is_judged
from query.decision import ReasonCode, Verdict
from query.masking import masked_kinds
from query.policy.permission import parts_of
from query.policy.policing import Conditions, Policing, SourceLabels
from query.text.passages import read_moment

LOOKED_AT = 5
"""Candidates from the top whose loss means that the answer may change."""
_SENT_AWAY = frozenset(
    {
        ReasonCode.POLICY_QUOTA, ReasonCode.EMPTY_QUESTION, ReasonCode.QUESTION_TOO_LONG,
        ReasonCode.GARBLED_INPUT, ReasonCode.LANGUAGE,
    }
)  # fmt: skip
"""Reasons to say no before any policy is asked about the question."""


class Change(StrEnum):
    """What would have come out otherwise."""

    NONE = "none"
    REFUSED = "refused"
    """It was answered or judged, and would be refused."""
    RELEASED = "released"
    """It was refused by the policy, and would be searched for."""
    NARROWED = "narrowed"
    """Some of the evidence near the top would not count, so that the verdict may change."""
    UNDECIDED = "undecided"
    """The log does not tell: it was written before it kept what this policy asks for."""


@dataclass(frozen=True, slots=True)
class Preview:
    """One logged request under another policy."""

    request_id: str
    question: str
    verdict: str | None
    """What was decided then."""
    change: Change
    topics: tuple[str, ...] = ()
    detail: str = ""
    masked: bool = False
    """Whether personal data are not in the text that the policy was tried on."""

    def to_json(self) -> dict[str, Any]:
        """Return plain values."""
        return {
            "request_id": self.request_id,
            "question": self.question,
            "verdict": self.verdict,
            "change": self.change.value,
            "topics": list(self.topics),
            "detail": self.detail,
            "masked": self.masked,
        }


def preview(
    policy: Policy, records: Iterable[Mapping[str, Any]], encoder: Any = None
) -> list[Preview]:
    """Hold logged requests against a policy; those that asked the index nothing are left out.

    Args:
        policy: The one to be tried.
        records: Bodies of the request log.
        encoder: Compares examples by meaning; without one, only by words.
    """
    policing = Policing(policy)
    return [_preview(policing, record, encoder) for record in records if asks(record)]


def asks(record: Mapping[str, Any]) -> bool:
    """Whether a request asked the index a question: a check of given texts did not."""
    return is_judged(record) or bool(str(record.get("question") or "").strip())


def summary(previews: Sequence[Preview]) -> dict[str, int]:
    """Count the previews by change, all changes named."""
    counted = Counter(one.change for one in previews)
    return {change.value: counted[change] for change in Change}


def _preview(policing: Policing, record: Mapping[str, Any], encoder: Any) -> Preview:
    question = str(record.get("normalised_question") or "")
    verdict = record.get("verdict")
    codes = {reason.get("code") for reason in record.get("reasons") or ()}

    def shown(change: Change, asked: Conditions | None = None, detail: str = "") -> Preview:
        topics = asked.topics if asked else ()
        request_id, masked = str(record.get("request_id")), bool(masked_kinds(record))
        return Preview(request_id, question, verdict, change, topics, detail, masked)

    if codes & _SENT_AWAY or not question.strip():
        return shown(Change.NONE)
    asked = policing.consult(parts_of((question,)), "log", encoder)
    by_policy = verdict == Verdict.REFUSED_BY_POLICY
    if asked.refusal is not None:
        change = Change.NONE if by_policy else Change.REFUSED
        return shown(change, asked, asked.refusal.detail)
    if asked.unchecked is not None:
        return shown(Change.UNDECIDED, asked, asked.unchecked.detail)
    p = record.get("p_answerable")
    # Asked back without a search, nothing was found that could be too uncertain.
    searched = bool(record.get("searches", True))
    doubtful = searched and p is not None and p < asked.min_confidence
    judged = verdict not in {None, Verdict.UNANSWERABLE, Verdict.REFUSED_BY_POLICY}
    if doubtful and (judged or ReasonCode.POLICY_CONFIDENCE in codes):
        change = Change.NONE if by_policy else Change.REFUSED
        return shown(change, asked, f"p_answerable {p:.2f} lies below {asked.min_confidence}.")
    if by_policy:
        return shown(Change.RELEASED, asked)
    if not asked.restricts or not judged:
        return shown(Change.NONE, asked)
    change, detail = _evidence_change(record, asked)
    return shown(change, asked, detail)


def _evidence_change(record: Mapping[str, Any], asked: Conditions) -> tuple[Change, str]:
    top = (record.get("retrieval") or ())[:LOOKED_AT]
    if any("trust" not in entry for entry in top):
        return Change.UNDECIDED, "The log of this request has neither source nor trust."
    now = datetime.fromisoformat(str(record["received_at"]))
    kept = [asked.admits(_labels(entry), now) for entry in top]
    if all(kept):
        return Change.NONE, ""
    if not any(kept):
        return Change.REFUSED, "None of the evidence near the top would count."
    return Change.NARROWED, f"{sum(kept)} of the {len(kept)} candidates at the top would count."


def _labels(entry: Mapping[str, Any]) -> SourceLabels:
    return SourceLabels(entry["source"], entry["trust"], read_moment(entry["modified"]))
