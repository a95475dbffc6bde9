"""The report: what was asked, what was not answered and why, what people said, time and cost."""

import datetime as dt
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from evaluation.usage.causes import (
    LaterAnswered,
    ThumbsDown,
    count_causes,
    later_answered,
    thumbs_down,
)
from evaluation.usage.gaps import Gap, find_gaps, read_index
from evaluation.usage.reading import LoggedRequest, Usage, read_usage
from evaluation.usage.topics import Topic, find_topics
from indexing.corpus import Corpus
from indexing.ledger.database import now
from query.decision import Status

STAGES_LAST = "total"


@dataclass(frozen=True, slots=True)
class Provider:
    """What one language model did and cost."""

    name: str
    model: str
    requests: int
    tries: int
    endings: Mapping[str, int]
    cost: float
    """Upper bound, in the currency of the prices in the settings."""

    def to_json(self) -> dict[str, Any]:
        """Return plain values."""
        return {
            "provider": self.name,
            "model": self.model,
            "requests": self.requests,
            "tries": self.tries,
            "endings": dict(self.endings),
            "cost": round(self.cost, 6),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class UsageReport:
    """What the log of some time says about what should be mended."""

    made_at: dt.datetime
    since: dt.datetime | None
    requests: int
    """Those that were to have a verdict."""
    verdicts: Mapping[str, int]
    """By verdict; by status where there is none."""
    days: Mapping[str, Mapping[str, int]]
    """By day in UTC: answered, unanswered, other."""
    reasons: Mapping[str, int]
    """Reason codes of what was not answered."""
    feedback: Mapping[str, int]
    topics: tuple[Topic, ...] = ()
    topics_left_out: int = 0
    """Unanswered requests that were too many to compare."""
    later: tuple[LaterAnswered, ...] = ()
    gaps: tuple[Gap, ...] = ()
    complaints: tuple[ThumbsDown, ...] = ()
    latency_ms: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    providers: tuple[Provider, ...] = ()
    unjudged: Mapping[str, int] = field(default_factory=dict)
    """Retrievals, checks and readings of evidence; nothing else here counts them."""
    lost: int = 0
    """Rows of feedback whose request is not in the log any more."""

    @property
    def cost(self) -> float:
        """What all models cost at most."""
        return sum(provider.cost for provider in self.providers)

    @property
    def causes(self) -> dict[str, int]:
        """Complaints by cause."""
        return count_causes(self.complaints)

    def to_json(self) -> dict[str, Any]:
        """Return plain values."""
        return {
            "made_at": self.made_at.isoformat(timespec="seconds"),
            "since": self.since.isoformat(timespec="seconds") if self.since else None,
            "requests": self.requests,
            "unjudged": dict(self.unjudged),
            "verdicts": dict(self.verdicts),
            "days": {day: dict(counts) for day, counts in self.days.items()},
            "reasons": dict(self.reasons),
            "feedback": dict(self.feedback),
            "feedback_without_request": self.lost,
            "unanswered_topics": [topic.to_json() for topic in self.topics],
            "topics_left_out": self.topics_left_out,
            "later_answered": [one.to_json() for one in self.later],
            "gaps": [gap.to_json() for gap in self.gaps],
            "thumbs_down": {
                "causes": self.causes,
                "complaints": [one.to_json() for one in self.complaints],
            },
            "latency_ms": {name: dict(figures) for name, figures in self.latency_ms.items()},
            "cost": round(self.cost, 6),
            "providers": [provider.to_json() for provider in self.providers],
        }


def make_report(corpus: Corpus, since: dt.datetime | None) -> UsageReport:
    """Read the log and the feedback, and say what they say; nothing is changed.

    Args:
        corpus: The home; its tenant's requests are read.
        since: With time zone; none takes all that is kept.

    Raises:
        LedgerError: The log cannot be read.
    """
    usage = read_usage(corpus, since)
    live = corpus.live()
    index, refused = read_index(corpus, live)
    unanswered = [request for request in usage.requests if request.unanswered]
    topics, left = find_topics(unanswered)
    return UsageReport(
        made_at=now(),
        since=since,
        requests=len(usage.requests),
        verdicts=counted(request.verdict or request.status for request in usage.requests),
        days=by_day(usage.requests),
        reasons=counted(code for r in usage.requests if not r.answered for code in r.codes),
        feedback=counted(said.verdict.value for said in usage.feedback),
        topics=topics,
        topics_left_out=left,
        later=later_answered(usage.requests),
        gaps=find_gaps(corpus, live, refused, unanswered),
        complaints=thumbs_down(usage, index),
        latency_ms=latency(usage.requests),
        providers=providers_of(usage.requests),
        unjudged=usage.unjudged,
        lost=lost_feedback(usage),
    )


def counted(names: Any) -> dict[str, int]:
    """Count names, most frequent first."""
    return dict(Counter(names).most_common())


def lost_feedback(usage: Usage) -> int:
    """Count the rows of feedback whose request is gone."""
    return sum(said.request_id not in usage.about for said in usage.feedback)


def by_day(requests: Sequence[LoggedRequest]) -> dict[str, dict[str, int]]:
    """Count what was answered and what was not, by day."""
    days: dict[str, dict[str, int]] = {}
    for request in requests:
        day = request.received_at.astimezone(dt.UTC).date().isoformat()
        counts = days.setdefault(day, {"answered": 0, "unanswered": 0, "other": 0})
        kind = "unanswered" if request.unanswered else "other"
        counts["answered" if request.answered else kind] += 1
    return dict(sorted(days.items()))


def latency(requests: Sequence[LoggedRequest]) -> dict[str, dict[str, float]]:
    """Return median, 95th percentile and maximum of each stage, the slowest first."""
    stages: dict[str, list[float]] = defaultdict(list)
    for request in requests:
        if request.status != Status.UNAVAILABLE:
            for name, milliseconds in request.timings_ms.items():
                stages[name].append(float(milliseconds))
    figures = {
        name: {
            "n": len(taken),
            "p50": round(float(np.percentile(taken, 50)), 3),
            "p95": round(float(np.percentile(taken, 95)), 3),
            "max": round(max(taken), 3),
        }
        for name, taken in stages.items()
    }
    return dict(sorted(figures.items(), key=lambda one: (one[0] != STAGES_LAST, -one[1]["p95"])))


def providers_of(requests: Sequence[LoggedRequest]) -> tuple[Provider, ...]:
    """Add up what each model did, the most expensive first."""
    attempts: dict[tuple[str, str], list[Mapping[str, Any]]] = defaultdict(list)
    for request in requests:
        for attempt in request.attempts:
            named = str(attempt.get("provider") or ""), str(attempt.get("model") or "")
            attempts[named].append(attempt)
    found = [
        Provider(
            name,
            model,
            len(tried),
            sum(int(one.get("tries") or 0) for one in tried),
            counted(str(one.get("ending")) for one in tried),
            sum(float(one.get("cost") or 0.0) for one in tried),
        )
        for (name, model), tried in attempts.items()
    ]
    return tuple(sorted(found, key=lambda one: (-one.cost, one.name, one.model)))
