"""Stems: forms of one word come together, other words stay apart."""

import pytest

from query.text.words import stem, stems


@pytest.mark.parametrize(("one", "other"), [("mayer", "may"), ("offers", "off"), ("water", "wat")])
def test_short_words_in_er_keep_it(one: str, other: str) -> None:
    assert stem(one) != stem(other)
    assert stem("higher") == stem("high")


@pytest.mark.parametrize(
    ("written", "typed"),
    [
        ("Łódź", "Lodz"),
        ("Søren Kjær", "Soren Kjaer"),
        ("Weißensee", "WEISSENSEE"),
        ("Diyarbakır", "Diyarbakir"),
        ("Cœur Þór", "coeur thor"),
        ("Schrödinger", "Schrodinger"),
    ],
)
def test_a_name_is_one_with_and_without_its_special_letters(written: str, typed: str) -> None:
    assert stems(written) == stems(typed)


@pytest.mark.parametrize(
    ("past", "verb"),
    [("sent", "sends"), ("paid", "paying"), ("bought", "buy"), ("held", "holds")],
)
def test_past_forms_of_irregular_verbs_are_those_of_the_verb(past: str, verb: str) -> None:
    assert stem(past) == stem(verb)
    assert stem("found") != stem("find")
    assert stem("taken") != stem("take")
