"""Words that change the subject end what was spoken of before."""

import pytest

from query.asking.subject_change import asked_anew


@pytest.mark.parametrize(
    ("said", "rest"),
    [
        ("ok thanks, different topic. who has to sign?", "who has to sign?"),
        ("Fine, thank you. Another matter: how far ahead?", "how far ahead?"),
        ("I would like to ask something else: what is the fee?", "what is the fee?"),
        ("unrelated, how often does the password change?", "how often does the password change?"),
        ("no more on that. new topic — how do refunds work", "how do refunds work"),
        ("Let's change the subject. How much leave do I get?", "How much leave do I get?"),
        ("Different question - when is payday?", "when is payday?"),
    ],
)
def test_what_stands_behind_a_change_of_subject_is_asked(said, rest):
    assert asked_anew(said) == rest


@pytest.mark.parametrize(
    "said",
    [
        "Something else: what does it weigh?",
        "Can I change the subject of a ticket, please?",
        "Which topics are there, and another subject, please?",
        "Is there something else: a deposit?",
        "What else is different: price or weight?",
        "How long is the warranty? Different topic: who signs?",
        "another question, what about the warranty?",
        "Something else?",
        "",
    ],
)
def test_what_points_back_or_only_speaks_of_subjects_goes_on(said):
    assert asked_anew(said) == ""


def test_a_long_text_without_an_end_is_left_alone_at_once():
    assert asked_anew("a " * 500_000) == ""
    assert asked_anew("Different topic: " + "a " * 500_000).startswith("a a")
