"""A question in its conversation."""

from config.settings import GateSettings
from query.asking.conversation import in_context, simple_questions
from query.asking.followups import Turn, read_history, resolve
from query.asking.question import understand

ENGLISH = frozenset({"en"})
HISTORY = ({"speaker": "user", "text": "Tell me about Skerry Lighthouse"},)


def asked(text: str, history=()):
    turns = read_history(history)
    return in_context(understand(resolve(text, turns), GateSettings(), ENGLISH), text, turns)


def test_a_question_keeps_how_it_was_asked_beside_what_completes_it():
    question = asked("How tall  is it?", HISTORY)
    assert question.asked == "How tall is it?"
    assert "Skerry" in question.text
    assert question.earlier == (Turn("user", "Tell me about Skerry Lighthouse"),)


def test_a_simple_question_is_its_only_part():
    question = asked("How tall is the lighthouse of Skerry?")
    assert simple_questions(question, GateSettings(), ENGLISH) == [question]


def test_to_a_later_part_the_earlier_ones_were_said_before():
    question = asked("When was the Fenwick Bridge built, and who designed it?")
    first, second = simple_questions(question, GateSettings(), ENGLISH)
    assert [turn.text for turn in second.earlier] == [first.text]
    assert first.earlier == ()
    assert (first.is_later_part, second.is_later_part) == (False, True)
    assert "Fenwick" in second.text
    assert "Fenwick" not in second.asked


def test_brackets_of_the_question_itself_stay():
    question = asked("Who runs the mill, and what does it cost (per day)?")
    *_, last = simple_questions(question, GateSettings(), ENGLISH)
    assert last.asked.endswith("(per day)?")


def parts_of(text: str, history=HISTORY) -> list[str]:
    return [one.text for one in simple_questions(asked(text, history), GateSettings(), ENGLISH)]


def test_every_part_of_a_follow_up_is_about_what_was_spoken_of():
    assert parts_of("How tall is it, and who built it?") == [
        "How tall is it (Skerry Lighthouse)",
        "who built it (Skerry Lighthouse)?",
    ]
    assert parts_of("What is it? Who pays for it?") == [
        "What is it? (Skerry Lighthouse)",
        "Who pays for it (Skerry Lighthouse)?",
    ]


def test_parts_that_name_what_they_are_about_take_nothing_from_earlier_turns():
    assert parts_of("Who runs Marlow Hall, and when was it built?") == [
        "Who runs Marlow Hall",
        "when was it built (Marlow Hall)?",
    ]


def test_parts_of_which_nothing_says_what_they_are_about_stay_together():
    assert parts_of("What is it and what does it cost?", ()) == [
        "What is it and what does it cost?"
    ]
