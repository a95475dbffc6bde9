"""The verdict on a question that points at one of several things."""

from dataclasses import replace

import pytest

from config.settings import GateSettings
from query.ambiguity.clarifying import clarify
from query.ambiguity.conflicts import CASES, REFERENTS
from query.ambiguity.leaving_open import leave_open
from query.asking.conversation import in_context
from query.asking.question import understand
from query.decision import Conflict, ConflictSide, Reason, ReasonCode, Verdict
from query.gate.rules import suggest
from query.ruling import Ruling
from query.text.passages import weigh_terms
from tests.query.ambiguity.test_unnamed import PASSAGES, TALK

WORKSHOP = "What does the workshop charge for a repair?"
LOW = Reason(ReasonCode.LOW_SUPPORT, "p_answerable 0.20 lies below gate.partial_at 0.35.")
FOUND = Reason(ReasonCode.EVIDENCE_FOUND, "p_answerable 0.90.")
FLAGGED = Reason(ReasonCode.FLAGGED_EVIDENCE, "Flagged chunks were not used as evidence: a.md.")


def ruled(question: str, verdict: Verdict, *reasons: Reason, earlier=(), **changes) -> Ruling:
    asked = in_context(understand(question, GateSettings(), frozenset({"en"})), question, earlier)
    weights = weigh_terms(asked.terms, PASSAGES)
    ruling = replace(Ruling(verdict, 0.5, reasons, ("repair",), weights=weights), **changes)
    return leave_open(asked, PASSAGES, ruling)


@pytest.mark.parametrize(
    ("verdict", "reason"),
    [
        (Verdict.ANSWERABLE, FOUND),
        (Verdict.UNANSWERABLE, LOW),
        (Verdict.PARTIALLY_SUPPORTED, LOW),
    ],
)
def test_whatever_the_judge_said_the_things_that_may_be_meant_are_asked_for(verdict, reason):
    ruling = ruled(WORKSHOP, verdict, FLAGGED, reason)
    assert ruling.verdict is Verdict.AMBIGUOUS
    assert [r.code for r in ruling.reasons] == [
        ReasonCode.FLAGGED_EVIDENCE, ReasonCode.UNNAMED_REFERENT,
    ]  # fmt: skip
    assert ruling.missing == ()
    assert ruling.p_answerable == 0.5
    (conflict,) = ruling.conflicts
    assert conflict.slot == REFERENTS
    assert "A repair costs 35 euro per hour." in {side.quote for side in conflict.sides}
    said = clarify(suggest(ruling.verdict, ruling.reasons), ruling.reasons, ruling.conflicts)
    assert said == (
        "Which workshop do you mean: North Workshop, Harbour Workshop or Old Foundry Workshop?"
    )


def test_a_question_without_a_word_for_the_kind_asks_which_one():
    ruling = ruled("how much is a single ticket", Verdict.ANSWERABLE, FOUND)
    said = clarify(suggest(ruling.verdict, ruling.reasons), ruling.reasons, ruling.conflicts)
    assert said == (
        "Which one do you mean? “Tarn Ferries” and “Blue Anchor” tell of different ones."
    )


def test_a_table_that_answers_by_case_says_more_exactly_what_is_open():
    sides = tuple(ConflictSide("c", "d", "a.md", 1, v, "row", v) for v in ("24", "36"))
    conflict = Conflict(CASES, sides, "Product")
    ruling = ruled(WORKSHOP, Verdict.AMBIGUOUS, conflicts=(conflict,))
    assert ruling.conflicts == (conflict,)


def test_a_name_of_the_question_that_no_evidence_has_still_refuses():
    absent = Reason(ReasonCode.ENTITY_NOT_FOUND, "No evidence names 'Zoltan'.")
    question = "Did Zoltan found that workshop?"
    ruling = ruled(question, Verdict.UNANSWERABLE, absent, missing=("Zoltan",))
    assert ruling.verdict is Verdict.UNANSWERABLE


def test_a_name_that_only_an_earlier_turn_added_does_not():
    absent = Reason(ReasonCode.ENTITY_NOT_FOUND, "No evidence names 'Brannoc'.")
    ruling = ruled(WORKSHOP, Verdict.UNANSWERABLE, absent, missing=("Brannoc",), earlier=TALK)
    assert ruling.verdict is Verdict.AMBIGUOUS


@pytest.mark.parametrize(
    ("verdict", "left"),
    [
        (Verdict.UNANSWERABLE, Verdict.AMBIGUOUS),
        (Verdict.ANSWERABLE, Verdict.ANSWERABLE),  # the only one there is
    ],
)
def test_a_demonstrative_with_nothing_before_it_is_asked_back_where_nothing_answers(verdict, left):
    assert ruled("When was this lighthouse painted?", verdict, LOW).verdict is left


def test_after_talk_of_something_else_it_is_asked_back_even_where_something_would_answer():
    ruling = ruled("How high is this lighthouse?", Verdict.ANSWERABLE, FOUND, earlier=TALK)
    assert ruling.verdict is Verdict.AMBIGUOUS
    assert [r.code for r in ruling.reasons] == [ReasonCode.UNDERSPECIFIED]


@pytest.mark.parametrize(
    "question", ["Who is the mayor of Fenwick?", "What is the capital of Mongolia?"]
)
def test_other_rulings_stay_what_they_are(question):
    before = Ruling(Verdict.UNANSWERABLE, 0.1, (LOW,), weights={"x": 1.0})
    asked = understand(question, GateSettings(), frozenset({"en"}))
    assert leave_open(asked, PASSAGES, before) is before


def test_what_was_not_judged_is_left_alone():
    refused = Ruling(Verdict.UNANSWERABLE, 0.0, (LOW,))
    asked = understand(WORKSHOP, GateSettings(), frozenset({"en"}))
    assert leave_open(asked, PASSAGES, refused) is refused
