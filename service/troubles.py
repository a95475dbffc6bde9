"""What went wrong with a request and only the operator can mend: in the log, and in no answer."""

import logging
from collections.abc import Iterable

from query.decision import Reason, ReasonCode

logger = logging.getLogger(__name__)

OURS = frozenset(
    {
        ReasonCode.RERANKER_DOWN,
        ReasonCode.DENSE_ENCODER_DOWN,
        ReasonCode.SPARSE_ENCODER_DOWN,
        ReasonCode.STORE_UNAVAILABLE,
        ReasonCode.LEDGER_UNAVAILABLE,
        ReasonCode.MODEL_MISMATCH,
        ReasonCode.AUDIT_NOT_WRITTEN,
        ReasonCode.POLICY_UNCHECKED,
        ReasonCode.INTERNAL_ERROR,
    }
)
"""Their details name files, hosts and databases of the machine that serves."""
LOGGED = OURS - {ReasonCode.INTERNAL_ERROR} | {ReasonCode.JUDGE_DOWN}
"""The engine logs a fault itself, with its traceback; what is said of a judge names no place."""
DETAIL = "The service's log has what is wrong, under the id of this request."


def told(reasons: Iterable[Reason], request_id: str, tenant: str, asker: str) -> tuple[Reason, ...]:
    """Log what an operator has to mend; return the reasons as callers may see them.

    Args:
        reasons: Of one request.
        request_id: Its id; empty where it has none, because it could not be logged.
        tenant: Whose request.
        asker: The name of a key.
    """
    found = tuple(reasons)
    ours = [r for r in found if r.code in LOGGED]
    if ours:
        said = "; ".join(f"{r.code.value}: {' '.join(r.detail.split())}" for r in ours)
        named = request_id or "without an id"
        logger.warning("Request %s of %r, asked by %r: %s", named, tenant, asker, said)
    return tuple(Reason(r.code, DETAIL) if r.code in OURS else r for r in found)
