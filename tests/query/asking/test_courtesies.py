"""Thanks and manners are no part of what is asked, and nothing else of a message is left out."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from query.asking.courtesies import without_courtesy
from query.asking.followups import Turn, resolve

ASKED = "how long is the warranty?"


@pytest.mark.parametrize(
    ("message", "asked"),
    [
        (f"Thanks! {ASKED}", ASKED),
        (f"Alright, and {ASKED}", f"and {ASKED}"),
        (f"By the way, {ASKED}", ASKED),
        (f"btw {ASKED}", ASKED),
        (f"Got it. That makes sense. One more question: {ASKED}", ASKED),
        (f"That is very kind, thank you. {ASKED}", ASKED),
        (f"Ok thanks a lot so {ASKED}", f"so {ASKED}"),
        (f"I see, thank you so much for explaining. {ASKED}", ASKED),
        (f"Interesting – {ASKED}", ASKED),
        (f"{ASKED} Thanks in advance!", ASKED),
        ("tell me the fee, please", "tell me the fee"),
        (f"Hi there, could you please tell me: {ASKED} Thanks!", ASKED),
        (f"Could you tell me {ASKED}", ASKED),
        (f"do you happen to know {ASKED}", ASKED),
        (f"Hello! I was just wondering {ASKED}", ASKED),
        (f"Please let me know, {ASKED}", ASKED),
        (f"We'd like to know {ASKED}", ASKED),
        ("any idea who wrote it?", "who wrote it?"),
    ],
)
def test_manners_are_left_out(message, asked):
    assert without_courtesy(message) == asked
    assert without_courtesy(asked) == asked


@pytest.mark.parametrize(
    "message",
    [
        "",
        "Thanks!",
        "Okay.",
        "Nice, France: what is its population?",
        "No, the other one. How big is it?",
        "Yes, the larger one.",
        "Is it good?",
        "So, what is it then?",
        "Do you know the way to the office?",
        "Tell me about the warranty.",
        "Can you tell me if dogs are allowed?",
        "I need to know the fee.",
        "Let me know.",
        "Thank you for the music: who wrote it?",
        "We want to rent the Old Mill. What do you charge?",
        "Sorry to hear that the pool is closed. Until when?",
    ],
)
def test_whatever_says_something_stays(message):
    assert without_courtesy(message) == message


@given(st.text(alphabet="okthanks ,.!?-and whoABC", max_size=60))
def test_what_is_left_is_a_piece_of_the_message(message):
    message = " ".join(message.split())
    left = without_courtesy(message)
    assert left in message
    assert without_courtesy(left) == left


def test_a_follow_up_behind_thanks_is_known_as_one():
    turns = [Turn("user", "Thank you, what does the simplified procedure need?")]
    asked = without_courtesy("Thank you. And what is the fee for that?")
    assert resolve(asked, turns) == "And what is the fee for that? (simplified procedure)"


def test_a_message_of_nothing_but_thanks_behind_a_question_comes_to_an_end():
    assert without_courtesy(ASKED + " ty" * 1300) == ASKED
    assert without_courtesy("ok. " * 1000 + ASKED) == ASKED
    assert without_courtesy("x" + ", thanks" * 400) == "x"


@pytest.mark.parametrize("unit", [" ", ", ", "\n", "- "])
def test_blanks_and_marks_without_an_end_are_read_at_once(unit):
    # Without a bound in seconds: a rule that begins at every blank needs an hour.
    message = f"{ASKED}{unit * 150_000}x"
    assert without_courtesy(message) == message
    assert without_courtesy(f"{ASKED}{unit * 2}thanks") == ASKED
