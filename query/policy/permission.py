"""What the policy lets be read for a question that is not judged, as in a retrieval or a check."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from config.policy import Policy
from indexing.errors import LedgerError
from indexing.points import Hit, HybridHits
from query.asking.alternatives import asked_alone
from query.asking.clauses import split_parts
from query.asking.question import normalise
from query.decision import Reason, ReasonCode, Status
from query.policy.policing import (
    Conditions,
    RequestCounter,
    SourceLabels,
    held_to,
    over_quota,
    restriction,
)
from query.search.retrieval import Retrieval
from query.search.scope import Scope
from query.text.passages import Passage, read_moment


@dataclass(frozen=True, slots=True)
class Permission:
    """What may be read; nothing where `reads` is none, and then `reasons` say why."""

    reads: Scope | None
    conditions: Conditions = field(default_factory=Conditions)
    status: Status = Status.OK
    """Unavailable where it could not be told what the policy says."""
    reasons: tuple[Reason, ...] = ()

    def held(self, found: Retrieval, now: datetime) -> Retrieval:
        """Leave out of a retrieval what does not count, and say that some does not."""
        asked = self.conditions
        if not asked.restricts:
            return found

        def admitted(hits: Sequence[Hit]) -> tuple[Hit, ...]:
            return tuple(hit for hit in hits if asked.admits(labels_of(hit), now))

        legs = found.legs
        return replace(
            found,
            hits=tuple(ranked for ranked in found.hits if admitted((ranked.hit,))),
            legs=HybridHits(admitted(legs.fused), admitted(legs.dense), admitted(legs.sparse)),
            reasons=(*found.reasons, restriction(asked)),
        )

    def admits(self, passage: Passage, now: datetime) -> bool:
        """Tell whether a passage may be read."""
        return self.reads is not None and self.conditions.admits(passage, now)


def permission(scope: Scope, asked: Conditions) -> Permission:
    """Say what may be read of a scope under what the policy asks.

    Args:
        scope: What whoever asks may read.
        asked: What the policy says about the question.
    """
    stops = asked.refusal or asked.unchecked
    if stops is not None:
        return nothing(stops)
    reads = scope.narrowed(asked.sources, asked.trusts)
    if reads is None:
        return nothing(held_to(asked, None).reasons[0])
    return Permission(reads, asked)


def nothing(reason: Reason) -> Permission:
    """Let nothing be read, for a reason; what could not be told is an outage."""
    status = Status.OK if is_refusal(reason) else Status.UNAVAILABLE
    return Permission(None, status=status, reasons=(reason,))


def is_refusal(reason: Reason) -> bool:
    """Whether a reason says that the policy lets nothing be read."""
    others = {ReasonCode.POLICY_UNCHECKED, ReasonCode.POLICY_RESTRICTED}
    return reason.code.value.startswith("policy_") and reason.code not in others


def quota_reached(
    policy: Policy,
    tenant: str,
    counter: RequestCounter | None,
    now: datetime,
    request_id: str | None,
) -> Reason | None:
    """Count a request, or say which quota is used up, or that the ledger cannot tell."""
    try:
        return over_quota(policy, tenant, counter, now, request_id)
    except LedgerError as error:
        return Reason(ReasonCode.LEDGER_UNAVAILABLE, str(error))


def parts_of(texts: Sequence[str]) -> tuple[str, ...]:
    """Return texts with all that is asked in them, each once, the first one first."""
    plain = [normalise(text) for text in texts]
    parts = [part for text in plain for part in split_parts(text)]
    return tuple(dict.fromkeys((*plain, *parts, *asked_alone(parts))))


def labels_of(hit: Hit) -> SourceLabels:
    """Return what a policy looks at in a hit; what is not known never counts."""
    payload = hit.payload
    return SourceLabels(
        str(payload.get("source") or ""),
        str(payload.get("trust") or ""),
        read_moment(payload.get("modified")),
    )
