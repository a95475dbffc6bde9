"""What a question points at without naming it."""

import pytest

from query.asking.followups import Turn, is_underspecified
from query.asking.referring import (
    Pointing,
    find_referents,
    has_pronoun,
    heads_of,
    points_at_nothing,
)
from query.text.words import stem


@pytest.mark.parametrize(
    ("question", "words", "pointing"),
    [
        ("Who founded the workshop?", "workshop", Pointing.DEFINITE),
        ("What does the workshop charge for a repair?", "workshop charge", Pointing.DEFINITE),
        ("What is the ferry company's number?", "ferry company", Pointing.DEFINITE),
        ("When was that ship launched?", "ship launched", Pointing.DEMONSTRATIVE),
        ("Who led that Arctic expedition?", "Arctic expedition", Pointing.DEMONSTRATIVE),
        ("Is this harbour deep?", "harbour deep", Pointing.DEMONSTRATIVE),
        ("Who won that regatta in the end?", "regatta", Pointing.DEMONSTRATIVE),
        ("Who wrote that song?", "song", Pointing.DEMONSTRATIVE),
        ("What is that housing made of?", "housing made", Pointing.DEMONSTRATIVE),
        ("When was the Arctic expedition?", "Arctic expedition", Pointing.DEFINITE),
        ("who visited the forest", "forest", Pointing.DEFINITE),
    ],
)
def test_a_noun_behind_an_article_is_pointed_at(question, words, pointing):
    (found,) = find_referents(question)
    assert (found.text, found.pointing) == (words, pointing)


@pytest.mark.parametrize(
    "question",
    [
        "When was the Fenwick Bridge built?",  # a name
        "When was the bridge of Fenwick built?",  # said behind it
        "Where is the workshop in Leeds?",
        "Who built the bridge that crosses the Tarn?",
        "Who won the 2019 regatta?",
        "What is the longest bridge?",
        "Who was the first captain?",
        "What is the purpose of leave?",  # no thing among several
        "Who wrote that defining the term is difficult?",  # a conjunction
        "Did they say that ships are slow?",
        "When was amnesty granted to those responsible?",
        "How many days of leave do I get?",
        "Why keep pistons if turbines are that much better?",  # a measure
        "does this affect the pumps that I have",  # a verb
    ],
)
def test_what_is_named_or_told_apart_is_not_left_open(question):
    assert find_referents(question) == ()


def test_of_two_nouns_the_one_that_places_the_other_is_left_open():
    assert [r.text for r in find_referents("Who built the bridge in the harbour?")] == ["harbour"]


def test_any_word_but_a_verb_may_be_the_noun_the_last_first():
    (found,) = find_referents("What does the ferry company charge for dogs?")
    assert heads_of(found) == (("company", frozenset({stem("ferry")})), ("ferry", frozenset()))


def test_what_belongs_to_a_thing_is_no_thing():
    (found,) = find_referents("What are the workforce types?")
    assert heads_of(found) == ()


@pytest.mark.parametrize("question", ["How deep may it go?", "What does its captain earn?"])
def test_a_pronoun_before_any_noun_points_at_nothing(question):
    assert points_at_nothing(question, ("a", "b", "c"))
    assert is_underspecified(question, ("a", "b", "c"))


@pytest.mark.parametrize(
    "question",
    [
        "When did they stop making cans?",  # somebody
        "What does it mean to fuse bones?",
        "What time is it in Alaska?",
        "Is it allowed to park?",
        "What happens to a probe when it falls?",  # the probe
        "How long did it take for fame?",
        "what is in his eyes about",  # a song
    ],
)
def test_pronouns_that_stand_for_nothing_or_for_a_word_before_them_are_no_reason(question):
    assert not points_at_nothing(question, ("a", "b", "c"))


def test_many_words_or_an_earlier_turn_say_what_a_pronoun_may_be():
    terms = ("deep", "may", "go")
    assert not points_at_nothing("How deep may it go in salt water there?", (*terms, "salt"))
    turn = Turn("user", "What is the Sea Otter?")
    assert not is_underspecified("How deep may it go?", terms, (turn,))


def test_a_pronoun_is_told_from_an_empty_one():
    assert has_pronoun("When did it come out?")
    assert not has_pronoun("Is it possible to park?")
