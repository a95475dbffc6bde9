"""Opposites by table and by prefix."""

import pytest

from query.claims.opposites import OPPOSED, OTHER, denied_words, turned_words, words_of


@pytest.mark.parametrize(
    ("mine", "theirs"),
    [
        ("Prices rose", "Prices fell"),
        ("The pool opens at eight", "The pool closes at eight"),
        ("The museum lost visitors", "The museum gained visitors"),
        ("Entry is mandatory", "Entry is optional"),
    ],
)
def test_the_contrary_is_known_in_any_form(mine, theirs):
    assert turned_words(words_of(mine), words_of(theirs), OPPOSED)
    assert turned_words(words_of(theirs), words_of(mine), OPPOSED)


def test_who_has_both_words_turns_nothing():
    both = words_of("The pool opens at eight and closes at ten")
    assert not turned_words(words_of("The pool opens at eight"), both, OPPOSED)


def test_another_day_or_place_in_a_row_is_another_one():
    assert turned_words(words_of("on Monday"), words_of("on Friday"), OTHER)
    assert not turned_words(words_of("on Monday"), words_of("in May"), OTHER)


@pytest.mark.parametrize(
    ("mine", "theirs", "found"),
    [
        ("It is refundable", "It is non-refundable", True),
        ("It is non-refundable", "It is refundable", True),
        ("Paid leave", "Unpaid leave", True),
        ("A complete list", "An incomplete list", True),
        ("The less the better", "Unless it rains", False),
        ("The form is blue", "The uniform is blue", False),
        ("A cover of steel", "They discover steel", False),
    ],
)
def test_a_prefix_turns_a_word_around(mine, theirs, found):
    assert bool(denied_words(mine, theirs)) is found


def test_beginners_begin_nothing():
    assert not turned_words(words_of("The course ends"), words_of("for beginners"), OPPOSED)
