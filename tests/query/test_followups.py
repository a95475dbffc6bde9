"""A follow-up gets its topic from the turns before it, and a department is no pronoun."""

import pytest

from query.followups import is_underspecified, read_history, refers_back, resolve


@pytest.mark.parametrize(
    ("question", "refers"),
    [
        ("How can I reach IT on weekends?", False),
        ("How can I reach it on weekends?", True),
        ("HOW HEAVY IS IT?", True),
    ],
)
def test_a_department_is_no_pronoun(question, refers):
    assert refers_back(question) is refers


def test_a_borrowed_topic_of_one_word_is_a_topic():
    turns = read_history(["Tell me about the PulseEase"])
    resolved = resolve("How heavy is it?", turns)
    assert resolved == "How heavy is it? (PulseEase)"
    assert not is_underspecified(resolved, ["heavi", "pulseeas"], turns)
    assert is_underspecified("How heavy is it?", ["heavi"], ())
