"""Searching for every part of a question and ruling on it, all at the same pinned state."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from config.settings import RetrievalSettings
from config.tracing import SpanName, span
from query.audit import Search
from query.decision import Reason, ReasonCode, Status, Verdict
from query.gate import Ruling
from query.ordering import in_order
from query.outcome import Found
from query.passages import Passage, make_passage
from query.policing import Conditions
from query.promoting import with_first
from query.question import Question
from query.retrieval import Retrieval
from query.trusting import arranged

Rules = Callable[[Question, Sequence[Passage], Retrieval], Ruling]
"""Rules on one simple question by its candidates."""


@dataclass(frozen=True, slots=True)
class Investigation:
    """What was found for the parts of a question."""

    status: Status
    """Unavailable where a part could not be searched for; then the rest was not either."""
    found: tuple[Found, ...]
    searches: tuple[Search, ...]
    reasons: tuple[Reason, ...]
    timings: Mapping[str, float]
    not_admitted: int
    """Candidates that the policy does not let count."""

    @property
    def supported(self) -> tuple[Mapping[str, float], ...]:
        """Term weights of the parts that may be answered."""
        rulings = (one.ruling for one in self.found)
        return tuple(
            r.weights for r in rulings if r.weights and r.verdict is not Verdict.UNANSWERABLE
        )


def investigate(
    parts: Sequence[Question],
    search: Callable[[str], tuple[Search, Retrieval]],
    rules: Rules,
    asked: Conditions,
    now: datetime,
    settings: RetrievalSettings,
) -> Investigation:
    """Search for each part and rule on it.

    Args:
        parts: The simple questions.
        search: Brings the candidates of one.
        rules: Rules on one.
        asked: What the policy asks of evidence.
        now: What ages count from.
        settings: Weights of the two lists.
    """
    found: list[Found] = []
    searches: list[Search] = []
    reasons: list[Reason] = []
    timings: dict[str, float] = {}
    status, not_admitted = Status.OK, 0
    for part in parts:
        noted, retrieval = search(part.text)
        searches.append(noted)
        reasons = list(dict.fromkeys([*reasons, *retrieval.reasons]))
        _add(timings, retrieval.timings_ms)
        if retrieval.status is Status.UNAVAILABLE:
            status = Status.UNAVAILABLE
            break
        status = Status.DEGRADED if retrieval.status is Status.DEGRADED else status
        began = time.perf_counter()
        every = [make_passage(hit) for hit in retrieval.hits]
        passages = in_order(part, [p for p in every if asked.admits(p, now)], settings)
        not_admitted += len(every) - len(passages)
        with span(SpanName.JUDGE, candidates=len(passages)):
            ruling = rules(part, passages, retrieval)
        if any(reason.code is ReasonCode.JUDGE_DOWN for reason in ruling.reasons):
            status = Status.DEGRADED
        seen = with_first(arranged(passages, ruling), ruling.first)
        found.append(Found(part, ruling, seen))
        _add(timings, {"judge": (time.perf_counter() - began) * 1000.0})
    return Investigation(
        status, tuple(found), tuple(searches), tuple(reasons), timings, not_admitted
    )


def _add(total: dict[str, float], more: Mapping[str, float]) -> None:
    for name, value in more.items():
        total[name] = total.get(name, 0.0) + value
