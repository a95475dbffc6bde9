"""Drafts from feedback: which rows of feedback are about the same question."""

import pytest

from evaluation.drafting.from_feedback import asked_alike, line_of
from evaluation.usage.causes import Index
from evaluation.usage.reading import Said, read_request
from query.feedback import FeedbackVerdict

WHEN = "2026-11-01T00:00:00+00:00"


def asked(question, *history):
    return read_request(
        {
            "request_id": "r",
            "received_at": WHEN,
            "question": question,
            "asked": {"history": list(history)},
        }
    )


def test_a_follow_up_is_the_same_question_only_behind_the_same_turns():
    heron = asked("And in winter?", "What does the Heron cost in summer?")
    assert asked_alike(heron) == asked_alike(
        asked("and in  Winter?", "What does the Heron cost in summer?")
    )
    assert asked_alike(heron) != asked_alike(
        asked("And in winter?", "What does the Tern cost in summer?")
    )
    assert asked_alike(heron) != asked_alike(asked("And in winter?"))


@pytest.mark.parametrize("turn", ["I am [person:1].", {"speaker": "user", "text": "[email:1]"}])
def test_a_label_in_an_earlier_turn_is_told(turn):
    request = asked("And in winter?", turn)
    said = Said(
        feedback_id="f",
        request_id="r",
        received_at=request.received_at,
        verdict=FeedbackVerdict.WRONG,
    )
    line = line_of([(said, request)], Index({}, {}))
    assert "put made-up values" in line["note"]
    assert line["history"] == [turn]
