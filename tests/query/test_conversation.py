"""A question in its conversation."""

from config.settings import GateSettings
from query.conversation import in_context, simple_questions
from query.followups import Turn, read_history, resolve
from query.question import understand

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
    assert "Fenwick" in second.text
    assert "Fenwick" not in second.asked


def test_brackets_of_the_question_itself_stay():
    question = asked("Who runs the mill, and what does it cost (per day)?")
    *_, last = simple_questions(question, GateSettings(), ENGLISH)
    assert last.asked.endswith("(per day)?")
