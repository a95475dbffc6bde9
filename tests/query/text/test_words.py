"""Stems: forms of one word come together, other words stay apart."""

import pytest

from query.text.words import stem


@pytest.mark.parametrize(("one", "other"), [("mayer", "may"), ("offers", "off"), ("water", "wat")])
def test_short_words_in_er_keep_it(one: str, other: str) -> None:
    assert stem(one) != stem(other)
    assert stem("higher") == stem("high")


@pytest.mark.parametrize(
    ("past", "verb"),
    [("sent", "sends"), ("paid", "paying"), ("bought", "buy"), ("held", "holds")],
)
def test_past_forms_of_irregular_verbs_are_those_of_the_verb(past: str, verb: str) -> None:
    assert stem(past) == stem(verb)
    assert stem("found") != stem("find")
    assert stem("taken") != stem("take")
