"""Question → evidence → verdict → extractive answer → audit log; loads no torch, no Prefect."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from query.audit import RequestRecord
    from query.checking import check_by_question, check_many
    from query.claims.claim import AnswerCheck
    from query.claims.claims import check
    from query.decision import GroundingDecision, Reason, ReasonCode, Status, Verdict
    from query.engine import QueryEngine
    from query.feedback import Feedback, FeedbackVerdict, give_feedback
    from query.ports import AuditSink, IndexView, Pinned

__all__ = [
    "AnswerCheck",
    "AuditSink",
    "Feedback",
    "FeedbackVerdict",
    "GroundingDecision",
    "IndexView",
    "Pinned",
    "QueryEngine",
    "Reason",
    "ReasonCode",
    "RequestRecord",
    "Status",
    "Verdict",
    "check",
    "check_by_question",
    "check_many",
    "give_feedback",
]

_HOMES = {
    "AnswerCheck": "query.claims.claim",
    "AuditSink": "query.ports",
    "Feedback": "query.feedback",
    "FeedbackVerdict": "query.feedback",
    "GroundingDecision": "query.decision",
    "IndexView": "query.ports",
    "Pinned": "query.ports",
    "QueryEngine": "query.engine",
    "Reason": "query.decision",
    "ReasonCode": "query.decision",
    "RequestRecord": "query.audit",
    "Status": "query.decision",
    "Verdict": "query.decision",
    "check": "query.claims.claims",
    "check_by_question": "query.checking",
    "check_many": "query.checking",
    "give_feedback": "query.feedback",
}


def __getattr__(name: str) -> Any:
    """Load a public name when it is first used."""
    if name not in _HOMES:
        raise AttributeError(f"module 'query' has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)
