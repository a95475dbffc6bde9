"""What neither asks nor names anything is not answered with what was talked of before."""

import pytest

from query.asking.followups import Turn, is_underspecified, resolve
from query.asking.naming_nothing import names_nothing
from query.decision import ReasonCode, SuggestedAction, Verdict

LEAVE = "How many working days of annual leave does every employee receive?"
OFFERED = "Which do you mean: the first year, the second year?"


@pytest.mark.parametrize(
    "said",
    ["thanks", "ok 👍", "Great, thank you so much", "That helps a lot, cheers", "Vielen Dank!",
     "merci beaucoup", "ok gracias"],
)  # fmt: skip
def test_manners_ask_nothing(said):
    assert "asks nothing" in names_nothing(said)


@pytest.mark.parametrize(
    "said",
    ["yes", "No.", "Yes, please", "the second one", "how about the last one?", "the latter", "both",
     "and the others?", "all of them", "I mean the first"],
)  # fmt: skip
def test_what_agrees_or_points_at_a_list_names_nothing(said):
    assert said in names_nothing(said)


@pytest.mark.parametrize(
    "said",
    ["", "why?", "how much?", "and them?", "Yes, the Tern 4", "no, the Heron", "the 4",
     "All of it?", "Are there any others for rent?", "hm so what do I do with mine"],
)  # fmt: skip
def test_what_asks_or_names_something_stays(said):
    assert names_nothing(said) == ""


def test_a_word_that_was_offered_is_an_answer():
    assert names_nothing("the second", OFFERED) == ""
    assert names_nothing("the third", OFFERED)


@pytest.mark.parametrize("said", ["yes", "Yes, please", "Right"])
def test_who_agrees_to_what_was_asked_back_asks_about_that(said):
    turns = [Turn("user", "How long is the warranty?"), Turn("agent", "Do you mean the Heron?")]
    assert "Heron" in resolve(said, turns)
    assert not is_underspecified(resolve(said, turns), ["ye"], turns)
    assert is_underspecified(f"{said} (warranty)", ["ye"], [*turns[:1], Turn("agent", OFFERED)])


@pytest.mark.parametrize("said", ["Thanks!", "the second one", "yes"])
def test_it_is_asked_back_whatever_was_spoken_of(engine, said):
    decision = engine.answer(said, history=[LEAVE])
    assert (decision.verdict, decision.answer) == (Verdict.AMBIGUOUS, None)
    assert decision.suggested_action is SuggestedAction.ASK_BACK
    assert decision.has(ReasonCode.UNDERSPECIFIED)


@pytest.mark.parametrize(
    ("said", "code"),
    [
        ("", ReasonCode.EMPTY_QUESTION),
        ("\u200b \n", ReasonCode.EMPTY_QUESTION),
        ("?!", ReasonCode.GARBLED_INPUT),
        ("🤷", ReasonCode.GARBLED_INPUT),
        ("sdfghjkl", ReasonCode.GARBLED_INPUT),
        ("Und wie lange ist das?", ReasonCode.LANGUAGE),
    ],
)
def test_what_was_said_before_makes_no_question_of_none(engine, said, code):
    decision = engine.answer(said, history=[LEAVE])
    assert (decision.verdict, decision.answer) == (Verdict.UNANSWERABLE, None)
    assert [reason.code for reason in decision.reasons] == [code]


def test_a_question_is_not_held_to_the_language_of_what_was_said_before(engine):
    decision = engine.answer(LEAVE, history=["Wie lange ist der Urlaub und wer hat ihn?"])
    assert not decision.has(ReasonCode.LANGUAGE)
    assert decision.verdict is Verdict.ANSWERABLE
