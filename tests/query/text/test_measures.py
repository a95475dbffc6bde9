"""A weight is what something weighs, whichever of the words a question and a document use."""

import pytest

from query.ambiguity.conflicts import find_rivals
from query.text.measures import asks_for_measure, with_kindred
from query.text.passages import weigh_terms
from query.text.words import stem
from tests.query.ambiguity.test_conflicts import ask, candidates


@pytest.mark.parametrize(
    ("word", "other"),
    [("weighs", "weight"), ("long", "length"), ("tall", "height"), ("costs", "price")],
)
def test_words_for_one_measure_stand_for_each_other(word, other):
    assert stem(other) in with_kindred({stem(word)})
    assert stem(word) in with_kindred({stem(other)})


def test_other_words_stand_for_themselves():
    assert with_kindred({"pump", "grey"}) == {"pump", "grey"}


def test_a_measure_is_asked_for_by_its_name():
    assert asks_for_measure("What is the maximum depth of the lake?")
    assert not asks_for_measure("What is the name of the lake?")


@pytest.mark.parametrize(
    ("texts", "differ"),
    [
        (("The Tern 2 weighs 2.4 kg.", "The weight of the Tern 2 is 3.1 kg."), True),
        (("The Tern 2 weighs 2.4 kg.", "The weight of the Tern 2 is 2.4 kg."), False),
        (("The Tern 2 weighs 2.4 kg.", "The Tern 2 is 31 cm long."), False),
    ],
    ids=["two weights", "one weight", "a weight and a length"],
)
def test_documents_that_say_it_with_other_words_contradict_each_other(texts, differ):
    question, found = ask("What is the weight of the Tern 2?"), candidates(*texts)
    conflicts = find_rivals(question, weigh_terms(question.terms, found), found)
    assert bool(conflicts) is differ
