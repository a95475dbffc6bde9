"""From what a request came to, and what was written about it, to the decision that is given out."""

import time

from query.ambiguity.clarifying import clarify
from query.answering import Written
from query.decision import NOT_THERE, GroundingDecision, Status, SuggestedAction
from query.gate.rules import suggest
from query.outcome import Outcome
from query.recording import Begun


def action_of(outcome: Outcome) -> SuggestedAction:
    """Return what a caller should do next."""
    if outcome.ruling is None:
        lasting = any(reason.code in NOT_THERE for reason in outcome.reasons)
        return SuggestedAction.REFUSE if lasting else SuggestedAction.RETRY_LATER
    reasons = outcome.reasons + outcome.ruling.reasons
    return outcome.action or suggest(outcome.ruling.verdict, reasons)


def decide(
    outcome: Outcome, written: Written, begun: Begun, judge: str, rules: str
) -> GroundingDecision:
    """Put a decision together.

    Args:
        outcome: What the request came to.
        written: The answer, if there is one.
        begun: The request.
        judge: Calibration of the judge, where no other is in force.
        rules: Version of the rules and the policy.
    """
    ruling, passages = outcome.ruling, outcome.passages
    timings = dict(outcome.timings or {})
    if written.generated:
        timings["generate"] = written.milliseconds
    timings["total"] = (time.perf_counter() - begun.started) * 1000.0
    reasons = outcome.reasons + (ruling.reasons if ruling else ()) + written.reasons
    action, conflicts = action_of(outcome), ruling.conflicts if ruling else ()
    verdict, in_force = ruling.verdict if ruling else None, outcome.in_force
    return GroundingDecision(
        request_id=begun.request_id,
        status=Status.DEGRADED if written.fell_back else outcome.status,
        verdict=verdict,
        p_answerable=ruling.p_answerable if ruling else None,
        reasons=reasons,
        evidence=outcome.evidence,
        missing=ruling.missing if ruling else (),
        conflicts=conflicts,
        suggested_action=action,
        clarification=clarify(action, reasons, conflicts),
        answer=written.text,
        generation=outcome.pinned.generation if outcome.pinned else None,
        epoch=outcome.pinned.epoch if outcome.pinned else None,
        calibration_id=in_force.id or (ruling.calibration_id if ruling else "") or judge,
        policy_version=rules,
        risk_bound=in_force.risk_bound(outcome.status, verdict),
        timings_ms=timings,
        retrieved_document_ids=tuple(dict.fromkeys(p.document_id for p in passages)),
        retrieved_keys=tuple(dict.fromkeys(p.key for p in passages)),
    )
