"""Who writes, and to whom, is no part of what is asked; whom a message is about is."""

import pytest

from query.asking.letters import asked_in, asked_in_lines
from query.decision import ReasonCode, Verdict
from tests.query.privacy.test_introductions import FOUND

PLAIN = "How long is the warranty?"


@pytest.mark.parametrize(
    ("message", "asked"),
    [
        ("My name is Ana Petrovic, which discount do I get?", "which discount do I get?"),
        ("Hello, this is John Smith speaking. Are you open?", "Are you open?"),
        (f"my name is sarah miller, {PLAIN}", PLAIN),
        (f"I'm Peter O'Brien and I live in Oslo. {PLAIN}", f"I live in Oslo. {PLAIN}"),
        (f"Dear Mr Okafor, {PLAIN}", PLAIN),
        (f"{PLAIN} Kind regards, Jane Roe Head of Water Quality, Marsh Ltd.", PLAIN),
        (f"{PLAIN} Thanks, Milan Kovač", PLAIN),
        (f"{PLAIN} My name is Ana Petrovic. I need it fast.", f"{PLAIN} I need it fast."),
        (f"Guten Tag, ich bin Frau Dr. Öztürk, {PLAIN}", PLAIN),
        (f"Dear Sir or Madam, {PLAIN}", PLAIN),
        (f"Dear HR team, {PLAIN} Kind regards, Ewa Nowak", PLAIN),
        (f"Good morning! {PLAIN}", PLAIN),
        (f"Hi there, {PLAIN}", PLAIN),
        (f"Sehr geehrte Damen und Herren, {PLAIN}", PLAIN),
    ],
)
def test_the_frame_of_a_message_is_left_out(message, asked):
    assert asked_in(message) == asked
    assert asked_in(asked) == asked


@pytest.mark.parametrize(
    "message",
    [
        f"{PLAIN}\n\nKind regards\nJane Roe\nMarsh Ltd",
        f"{PLAIN}\r\n\r\nKind regards,\r\nJane Roe\r\nSupport Engineer",
        f"Hello,\n\n{PLAIN}\n\nBest\nJane Roe",
        f"Dear team\n{PLAIN}",
        f"My name is\nJane Roe. {PLAIN}",
        f"My  name  is  Jane Roe,  {PLAIN}",
        "How long is\nthe warranty?",
    ],
)
def test_a_letter_is_read_by_its_lines(message):
    assert asked_in_lines(message) == PLAIN


@pytest.mark.parametrize(
    "message",
    [
        PLAIN,
        "",
        "My name is Ana Petrovic.",
        "Kind regards, Jane Roe",
        "Dear Sir or Madam,",
        "Dear me",
        "Who sings My name is Stan?",
        'Who said "My name is Bond, James Bond"?',
        "My colleague Ingrid Halvorsen is ill. From which day is a note needed?",
        "Our customer Mr. Takahashi asks whether it can be rented.",
        "On behalf of Mr. and Mrs. Fitzgerald: what does it cost?",
        "What is the telephone number of my manager Dr. Okafor?",
    ],
)
def test_whom_a_message_is_about_stays_and_so_does_a_message_without_a_question(message):
    assert asked_in(message) == message


@pytest.mark.parametrize(("text", "name"), FOUND)
def test_nothing_but_a_frame_is_ever_left_out(text, name):
    message = text.format(name)
    asked = asked_in(message)
    assert asked in message
    assert asked.endswith("?") or asked == message or message.endswith(asked)


@pytest.mark.parametrize(
    "message",
    ["My name is Ana Petrovic, {}", "{} Kind regards, Ana Petrovic", "Dear Mr. Petrovic, {}"],
)
def test_the_name_of_whoever_asks_is_not_looked_for(engine, message):
    asked = "What may a hotel room in Lisbon cost per night?"
    plain, framed = engine.ground(asked), engine.ground(message.format(asked))
    assert plain.verdict is framed.verdict is Verdict.ANSWERABLE
    assert framed.p_answerable == plain.p_answerable
    assert not framed.has(ReasonCode.ENTITY_NOT_FOUND)


@pytest.mark.parametrize("held", ['"{}"', "“{}”", "„{}“", "«{}»", "'{}'", "**{}**", "_{}_"])
def test_marks_around_a_whole_question_are_no_part_of_it(held):
    asked = "What's the boss's limit for hotels?"
    assert asked_in_lines(held.format(asked)) == asked
    assert asked_in_lines(f"Hello,\n{held.format(asked)}") == asked


@pytest.mark.parametrize("asked", ['What is a "float"?', '"Float" or "double"?', '"To be, or not"'])
def test_marks_around_a_part_stay(asked):
    assert asked_in_lines(asked) == asked
