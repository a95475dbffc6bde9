"""Complaints have the cause that their logged request tells, and later answers are found."""

import pytest

from evaluation.usage.causes import (
    Cause,
    Index,
    cause_of,
    count_causes,
    later_answered,
    thumbs_down,
)
from evaluation.usage.reading import Usage

INDEX = Index(
    {"d-leave": 1, "d-pay": 3},
    {"leave.md": "d-leave", "pay.md": "d-pay"},
    frozenset({"scan.pdf", "d-scan"}),
)
OLD = {
    "decision": {
        "suggested_action": "answer",
        "evidence": [{"document_id": "d-pay", "key": "pay.md", "version": 2}],
    }
}
GONE = {
    "decision": {
        "suggested_action": "answer",
        "evidence": [{"document_id": "d-gone", "key": "gone.md", "version": 1}],
    }
}
PHRASED = {"generated": {"text": "So it is.", "attempts": [{"provider": "p", "model": "m"}]}}


@pytest.mark.parametrize(
    ("answered", "changes", "cited", "cause"),
    [
        (False, {"status": "unavailable", "verdict": None}, (), Cause.UNAVAILABLE),
        (False, {"verdict": "refused_by_policy"}, (), Cause.POLICY),
        (False, {"reasons": [{"code": "garbled_input"}]}, (), Cause.NO_QUESTION),
        (False, {}, ("scan.pdf",), Cause.QUARANTINED),
        (False, {}, ("never-seen.md",), Cause.NOT_INDEXED),
        (False, {}, ("pay.md",), Cause.NOT_RETRIEVED),
        (False, {}, ("leave.md",), Cause.TOO_STRICT),
        (False, {}, ("d-leave",), Cause.TOO_STRICT),
        (False, {}, (), Cause.REFUSED),
        (True, OLD, (), Cause.STALE),
        (True, GONE, (), Cause.STALE),
        (True, OLD, ("leave.md",), Cause.OTHER_EVIDENCE),
        (True, {"reasons": [{"code": "part_not_covered"}]}, (), Cause.INCOMPLETE),
        (True, PHRASED, ("leave.md",), Cause.PHRASING),
        (True, {}, ("leave.md",), Cause.DISPUTED),
    ],
)
def test_a_complaint_has_a_cause(logged, said, answered, changes, cited, cause):
    request = logged("What is the fee?", answered=answered, **changes)
    assert cause_of(said(request, "wrong", cited=cited), request, INDEX) is cause


def test_only_complaints_are_counted_and_only_about_requests_that_are_there(logged, said):
    request, lost = logged("What is the fee?", answered=True), logged("gone")
    feedback = (said(request, "helpful"), said(request, "wrong", "€40"), said(lost, "wrong"))
    found = thumbs_down(Usage((request,), feedback, {request.request_id: request}), INDEX)
    assert count_causes(found) == {"answer_disputed": 1}
    assert found[0].to_json()["correct"] == "€40"


def test_a_refusal_that_is_answered_later_says_what_changed(logged):
    before = [logged("What is the parking fee?"), logged("the fee of parking, please")]
    after = logged("What is the parking fee?", answered=True, epoch=2)
    refused_again = logged("Where is the dentist?", answered=True), logged("Where is the dentist?")
    (found,) = later_answered([*before, after, *refused_again])
    assert (found.times_refused, found.changed) == (2, "index")
    assert found.to_json()["request_ids"] == [before[1].request_id, after.request_id]
    assert found.to_json()["answered_from"] == ["leave.md"]


def test_the_same_words_in_another_conversation_are_another_question(logged):
    def behind(turn):
        return {"asked": {"history": [turn]}}

    refused = logged("And the fee in winter?", **behind("How long is the pool open?"))
    other = logged("And the fee in winter?", answered=True, **behind("How long is the gym open?"))
    assert later_answered([refused, other]) == ()
    same = logged("And the fee in winter?", answered=True, **behind("How long is the pool open?"))
    (found,) = later_answered([refused, other, same])
    assert found.answered == same


@pytest.mark.parametrize(
    ("changes", "changed"), [({}, "neither"), ({"policy_version": "p2"}, "rules")]
)
def test_without_a_change_of_the_index_it_were_the_rules_or_nothing(logged, changes, changed):
    asked = [logged("What is the fee?"), logged("What is the fee?", answered=True, **changes)]
    assert later_answered(asked)[0].changed == changed
