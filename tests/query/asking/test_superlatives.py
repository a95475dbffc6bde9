"""What a question wants the most or the least of is read from it, and from nothing else."""

import pytest

from query.asking.superlatives import read_superlative


@pytest.mark.parametrize(
    ("question", "word", "direction", "noun"),
    [
        ("Which product has the longest warranty?", "longest", 1, {"warranti"}),
        ("Which plan is the cheapest?", "cheapest", -1, set()),
        ("What is the most expensive cable?", "most expensive", 1, {"cabl"}),
        ("Which plan has the most users?", "most", 1, {"user"}),
        ("Which ship takes the fewest cars on deck?", "fewest", -1, {"car"}),
        ("Which plan has the fewest alarm rules per sensor?", "fewest", -1, {"alarm", "rul"}),
        ("Which stage takes longest?", "longest", 1, set()),
        ("Which house is closest to the station?", "closest", -1, set()),
        ("Which house is the furthest from the sea?", "furthest", 1, set()),
    ],
)
def test_word_direction_and_noun_are_read(question, word, direction, noun):
    found = read_superlative(question)
    assert found is not None
    assert (found.word, found.direction, found.noun) == (word, direction, frozenset(noun))


@pytest.mark.parametrize(
    "question",
    [
        "How long is the warranty?",
        "What is the most a senior engineer can earn?",
        "What is the most common fault?",
        "Who pays at most half?",
        "By when at the latest must it be returned?",
        "Which is the longest and which is the shortest warranty?",
        "Where do most of the people work?",
    ],
)
def test_what_compares_nothing_or_two_things_is_none(question):
    assert read_superlative(question) is None
