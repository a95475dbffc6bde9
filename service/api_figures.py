"""Figures of the HTTP service for Prometheus; labels are codes, never questions or tenants."""

from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_LATEST

from query.claims.claim import AnswerCheck, ClaimVerdict
from query.decision import GroundingDecision
from query.policy.permission import is_refusal
from service.places import TurnedAway

BUCKETS = (*Histogram.DEFAULT_BUCKETS[:-1], 30.0, 60.0, 120.0)
"""Seconds. Parts may take 30 to 60 by default (`deadlines`, `generation`): with nothing above the
usual 10, a service whose answers take a minute would be said to take 10 seconds."""


class Figures:
    """Counts decisions and how long their stages took."""

    media_type = CONTENT_TYPE_LATEST

    def __init__(self) -> None:
        """Start at zero, apart from other services in this process."""
        self._registry = CollectorRegistry()
        self._queries = Counter(
            "holdfast_queries",
            "Requests by way in, status and verdict",
            ("way", "status", "verdict"),
            registry=self._registry,
        )
        self._checks = Counter(
            "holdfast_checks",
            "Checks of answers by what became of them",
            ("outcome",),
            registry=self._registry,
        )
        self._problems = Counter(
            "holdfast_problems",
            "Requests that ended as a problem, by its code",
            ("code",),
            registry=self._registry,
        )
        self._reasons = Counter(
            "holdfast_reasons",
            "Reasons of decisions and checks",
            ("code",),
            registry=self._registry,
        )
        self._feedback = Counter(
            "holdfast_feedback", "Feedback by verdict", ("verdict",), registry=self._registry
        )
        self._turned_away = Counter(
            "holdfast_turned_away",
            "Requests that got no place, by why",
            ("why",),
            registry=self._registry,
        )
        self._stages = Histogram(
            "holdfast_stage_seconds",
            "Time of a stage",
            ("stage",),
            registry=self._registry,
            buckets=BUCKETS,
        )

    def decided(self, way: str, decision: GroundingDecision) -> None:
        """Count a decision."""
        verdict = decision.verdict.value if decision.verdict else "none"
        self._queries.labels(way, decision.status.value, verdict).inc()
        for reason in decision.reasons:
            self._reasons.labels(reason.code.value).inc()
        for stage, milliseconds in decision.timings_ms.items():
            self._stages.labels(stage).observe(milliseconds / 1000.0)

    def checked(self, found: AnswerCheck) -> None:
        """Count a check: whether the policy refused it, or no claim of it could be checked."""
        unread = all(claim.verdict is ClaimVerdict.NOT_CHECKED for claim in found.claims)
        outcome = "checked"
        if found.reasons and unread:
            outcome = "refused" if any(map(is_refusal, found.reasons)) else "not_checked"
        self._checks.labels(outcome).inc()
        for reason in found.reasons:
            self._reasons.labels(reason.code.value).inc()

    def ended_as(self, code: str) -> None:
        """Count a request that ended as a problem with a code."""
        self._problems.labels(code).inc()

    def said(self, verdict: str) -> None:
        """Count what somebody said about an answer."""
        self._feedback.labels(verdict).inc()

    def turned_away(self, why: TurnedAway) -> None:
        """Count a request that got no place."""
        self._turned_away.labels(why.value).inc()

    def exposed(self) -> bytes:
        """Return the figures as Prometheus reads them."""
        return generate_latest(self._registry)
