"""Stems: forms of one word come together, other words stay apart."""

import pytest

from query.text.words import stem


@pytest.mark.parametrize(("one", "other"), [("mayer", "may"), ("offers", "off"), ("water", "wat")])
def test_short_words_in_er_keep_it(one: str, other: str) -> None:
    assert stem(one) != stem(other)
    assert stem("higher") == stem("high")
