"""Small words of a question are not missed in an answer; what says what is asked is."""

import pytest

from query.text.missed import is_missed


@pytest.mark.parametrize("word", ["may", "per", "must", "have", "about", "that", "ten2", "ox"])
def test_small_words_and_codes_are_not_missed(word):
    assert not is_missed(word)


@pytest.mark.parametrize("word", ["parking", "May", "sauna"])
def test_what_says_what_is_asked_is_missed(word):
    assert is_missed(word)
