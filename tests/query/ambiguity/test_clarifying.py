"""What is asked back."""

import pytest

from query.ambiguity.clarifying import clarify
from query.ambiguity.conflicts import CASES, MOST_SIDES, NAMESAKES, REFERENTS
from query.decision import Conflict, ConflictSide, Reason, ReasonCode, SuggestedAction

BACK = SuggestedAction.ASK_BACK


def side(value: str, case: str = "", key: str = "a.md") -> ConflictSide:
    return ConflictSide("c", "d", key, 3, value, "quote", case)


def test_the_cases_are_named():
    conflict = Conflict(CASES, (side("24", "Pump A"), side("36", "Pump B")), "Product")
    assert clarify(BACK, (), [conflict]) == "Which product do you mean: Pump A or Pump B?"


@pytest.mark.parametrize(
    ("kind", "noun"),
    [("SKU", "SKU"), ("Kind of contract", "kind of contract"), ("", "one"),
     ("What you may claim here", "one")],
)  # fmt: skip
def test_the_head_of_the_column_is_the_noun_where_it_can_be(kind, noun):
    conflict = Conflict(CASES, (side("24", "Pump A"), side("36", "Pump B")), kind)
    assert clarify(BACK, (), [conflict]) == f"Which {noun} do you mean: Pump A or Pump B?"


def test_things_that_are_pointed_at_are_named():
    conflict = Conflict(REFERENTS, (side("", "North Workshop"), side("", "Mill")), "workshop")
    assert clarify(BACK, (), [conflict]) == "Which workshop do you mean: North Workshop or Mill?"


def test_a_list_that_may_go_on_says_so():
    sides = tuple(side(str(n), f"Pump {n}") for n in range(MOST_SIDES))
    said = clarify(BACK, (), [Conflict(CASES, sides)])
    assert said is not None
    assert said.startswith("Which one do you mean: Pump 0, Pump 1")
    assert said.endswith("or another?")


def test_namesakes_are_named():
    conflict = Conflict(NAMESAKES, (side("Lee (Texas)"), side("Lee (Ohio)")))
    assert clarify(BACK, (), [conflict]) == "Do you mean Lee (Texas) or Lee (Ohio)?"


def test_documents_that_differ_are_named_with_their_versions():
    conflict = Conflict("duration", (side("30 days"), side("90 days", key="b.md")))
    said = clarify(BACK, (), [conflict])
    assert said is not None
    assert "a.md (version 3) says 30 days; b.md (version 3) says 90 days" in said


@pytest.mark.parametrize(
    "code",
    [ReasonCode.EMPTY_QUESTION, ReasonCode.GARBLED_INPUT, ReasonCode.QUESTION_TOO_LONG,
     ReasonCode.UNDERSPECIFIED],
)  # fmt: skip
def test_every_reason_to_ask_back_has_a_question_of_its_own(code):
    said = clarify(BACK, (Reason(ReasonCode.LANGUAGE, ""), Reason(code, "")), ())
    assert said is not None
    assert said.endswith(("?", "."))
    assert said != clarify(BACK, (), ())


@pytest.mark.parametrize("action", [a for a in SuggestedAction if a is not BACK])
def test_nothing_is_asked_where_something_else_is_suggested(action):
    conflict = Conflict(CASES, (side("24", "Pump A"), side("36", "Pump B")))
    assert clarify(action, (), [conflict]) is None
