"""Writing the log: one row for every request, whether it ends in a verdict or only reads.

A verdict that left no trace is not given out as one. What only reads claims nothing that has to be
explained later: it is given out, and says that it was not logged.
"""

import time
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from query.answering import Written
from query.asking.question import normalise
from query.audit import (
    Asked,
    Purpose,
    RequestRecord,
    Search,
    Used,
    make_record,
    plain_values,
    retrieval_record,
)
from query.claims.claim import AnswerCheck
from query.decision import GroundingDecision, Reason, ReasonCode, Status, Verdict
from query.outcome import Outcome, unlogged
from query.policy.permission import is_refusal
from query.ports import AuditSink, Pinned
from query.search.fusion import RankedHit
from query.search.retrieval import Retrieval
from query.text.passages import make_passage


@dataclass(frozen=True, slots=True)
class Begun:
    """A request that is being served."""

    asked: Asked
    received_at: datetime
    """With time zone."""
    request_id: str = field(default_factory=lambda: uuid.uuid4().hex)
    started: float = field(default_factory=time.perf_counter)


@dataclass(frozen=True, slots=True, kw_only=True)
class Read:
    """What a request without a verdict read."""

    purpose: Purpose
    status: Status = Status.OK
    reasons: tuple[Reason, ...] = ()
    pinned: Pinned | None = None
    hits: tuple[RankedHit, ...] = ()
    searches: tuple[Search, ...] = ()
    about_request: str = ""
    checked: Mapping[str, Any] = field(default_factory=dict)
    timings: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Recorder:
    """Writes the rows of one engine."""

    sink: AuditSink | None
    """None writes nothing."""
    tenant: str
    used: Used
    rules: str
    """Version of the rules and the policy."""

    def decided(
        self,
        decision: GroundingDecision,
        outcome: Outcome,
        begun: Begun,
        normalised: str,
        purpose: Purpose,
        written: Written,
    ) -> GroundingDecision:
        """Write the row of a decision; an answer that could not be logged is not given out."""
        if self.sink is None:
            return decision
        features = (outcome.ruling.features if outcome.ruling else None) or {}
        try:
            self.sink.record(
                make_record(
                    decision,
                    received_at=begun.received_at,
                    tenant=self.tenant,
                    asked=begun.asked,
                    normalised=normalised,
                    features=features,
                    passages=outcome.passages,
                    searches=outcome.searches,
                    settings=self.used,
                    purpose=purpose.value,
                    generated=written.generated,
                )
            )
        except Exception as error:  # noqa: BLE001 - whatever the log raises must not lose the decision
            return unlogged(decision, not_written(error))
        return decision

    def retrieved(self, search: Search, begun: Begun) -> Retrieval:
        """Write the row of a retrieval, and name it; without a log it has no name."""
        found = search.retrieval
        if self.sink is None:
            return found
        fault = self.noted(read_by(search, Purpose.RETRIEVE), begun)
        if fault is None:
            return replace(found, request_id=begun.request_id)
        worse = Status.DEGRADED if found.status is Status.OK else found.status
        return replace(found, status=worse, reasons=(*found.reasons, fault))

    def checked(self, found: AnswerCheck, read: Read, begun: Begun) -> AnswerCheck:
        """Write the row of a check, with every claim, and name it; without a log it has no name."""
        if self.sink is None:
            return found
        fault = self.noted(read, begun)
        if fault is not None:
            return replace(found, reasons=(*found.reasons, fault))
        return replace(found, request_id=begun.request_id)

    def noted(self, read: Read, begun: Begun) -> Reason | None:
        """Write the row of a request without a verdict; the reason why it could not be written."""
        if self.sink is None:
            return None
        try:
            self.sink.record(self._record(read, begun))
        except Exception as error:  # noqa: BLE001 - what was read is given out all the same
            return not_written(error)
        return None

    def _record(self, read: Read, begun: Begun) -> RequestRecord:
        asked = begun.asked
        # Quotas leave out what a policy refused, so that nobody is kept out by his own attempts.
        refused = read.status is Status.OK and any(is_refusal(r) for r in read.reasons)
        total = (time.perf_counter() - begun.started) * 1000.0
        return RequestRecord(
            request_id=begun.request_id,
            received_at=begun.received_at,
            tenant=self.tenant,
            question=plain_values(asked.question),
            normalised_question=plain_values(normalise(asked.question)),
            status=read.status.value,
            verdict=Verdict.REFUSED_BY_POLICY.value if refused else None,
            p_answerable=None,
            reasons=tuple(reason.to_json() for reason in read.reasons),
            retrieval=tuple(retrieval_record(make_passage(hit)) for hit in read.hits),
            generation=read.pinned.generation if read.pinned else None,
            epoch=read.pinned.epoch if read.pinned else None,
            policy_version=self.rules,
            timings_ms={**read.timings, "total": round(total, 6)},
            asked=asked.to_json(),
            searches=tuple(search.to_json() for search in read.searches),
            settings=self.used.to_json(),
            purpose=read.purpose.value,
            about_request=plain_values(read.about_request),
            checked=plain_values(read.checked),
        )


def read_by(search: Search, purpose: Purpose, **more: Any) -> Read:
    """Return what a search read."""
    found = search.retrieval
    return Read(
        purpose=purpose,
        status=found.status,
        reasons=found.reasons,
        pinned=found.pinned,
        hits=found.hits,
        searches=(search,),
        timings=found.timings_ms,
        **more,
    )


def not_written(error: Exception) -> Reason:
    """Say that a request left no trace."""
    return Reason(ReasonCode.AUDIT_NOT_WRITTEN, f"{type(error).__name__}: {error}")
