"""Requests and feedback as the log has them, made by hand."""

import datetime as dt
import itertools

import pytest

from evaluation.usage.reading import Said, read_request
from query.feedback import FeedbackVerdict

BEGINNING = dt.datetime(2026, 11, 1, tzinfo=dt.UTC)


@pytest.fixture
def logged():
    """Make a request: unanswered, unless `answered`; an hour after the one before."""
    numbers = itertools.count()

    def make(question, *, answered=False, codes=("low_support",), **changes):
        number = next(numbers)
        body = {
            "request_id": f"r{number:03d}",
            "received_at": (BEGINNING + dt.timedelta(hours=number)).isoformat(),
            "question": question,
            "status": "ok",
            "verdict": "answerable" if answered else "unanswerable",
            "reasons": [{"code": code, "detail": "<b>"} for code in codes],
            "retrieval": [{"document_id": "d-leave", "key": "leave.md"}],
            "decision": {
                "suggested_action": "answer" if answered else "refuse",
                "evidence": [{"document_id": "d-leave", "key": "leave.md", "version": 1}],
            },
            "generation": "g1",
            "epoch": 1,
            "timings_ms": {"total": 10.0 + number, "dense": 5.0},
        }
        return read_request(body | changes)

    return make


@pytest.fixture
def said():
    """Make feedback on a request."""
    numbers = itertools.count()

    def make(request, verdict, correct="", cited=()):
        return Said(
            feedback_id=f"f{next(numbers)}",
            request_id=request.request_id,
            received_at=request.received_at,
            verdict=FeedbackVerdict(verdict),
            correct=correct,
            cited=tuple(cited),
        )

    return make
