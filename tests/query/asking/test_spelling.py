"""Mistyped words are read as what was meant; what may be another word stays as it is."""

from collections.abc import Sequence

import pytest

from query.asking.spelling import are_spoken_of, mistyped, with_spelling
from query.text.words import table
from tests.query.ambiguity.test_conflicts import titled

GUIDE = titled(
    "Guide",
    "The warranty of the probe is two years. A membership is for residents. The retention of"
    " recordings is thirty days. Ask Mrs Janssen, or the Castellan, about nitrate and propanol.",
    0,
)


class Knows:
    """Has these words in one piece."""

    def __init__(self, words: str = "download reliability holiday sporting sprouting") -> None:
        self.words = table(words)

    def pieces(self, words: Sequence[str]) -> list[int]:
        return [1 if word in self.words else 3 for word in words]


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("warratny", "warranty"),  # exchanged
        ("warrnty", "warranty"),  # left out
        ("warrranty", "warranty"),  # doubled
        ("warramty", "warranty"),  # beside on the keyboard
        ("recodrings", "recordings"),
        ("membershio", "membership"),
        ("porbe", "probe"),
        ("downlaod", "download"),  # a frequent word that the evidence has not
        ("relaibility", "reliability"),
    ],
)
def test_a_slip_of_the_finger_is_read_as_the_word(typed, meant):
    assert mistyped(f"what about the {typed} here", [GUIDE], Knows()) == {typed: meant}


@pytest.mark.parametrize(
    "question",
    [
        "Who is Janssne?",  # a name in the question
        "who is jansen",  # a name in the evidence: another person
        "who is the castellna",
        "is there propanal",  # another substance
        "is there nitrite",
        "what is sproting",  # sporting or sprouting
        "what is zarranty",  # nobody misses the first letter so
        "what is TRN-2045 or prob3",
        "is the warranty long",
        "what about a holiday",  # a word, if an unknown one
        "the prbe",  # short
        "the probes of probee",  # so short that only exchanged letters count
        "are there warrantys",
        "",
    ],
)
def test_whatever_else_is_left_alone(question):
    assert mistyped(question, [GUIDE], Knows()) == {}


@pytest.mark.parametrize(
    ("question", "meant"),
    [
        ("Waht is the membership?", "What is the membership?"),
        ("how logn is teh warranty", "how long is the warranty"),
        ("What form is for nay probe? Hwo?", "What form is for nay probe? Hwo?"),  # words, or two
        ("What does Teh say?", "What does Teh say?"),  # a name
    ],
)
def test_the_small_words_of_a_question_may_be_mistyped_too(question, meant):
    read = mistyped(question, [GUIDE], Knows("form nay"))
    assert with_spelling(question, read) == meant
    assert are_spoken_of(read.values(), [GUIDE])


def test_many_strange_words_are_no_slips():
    strange = "warratny recodrings membershio retnetion residnets residetns resdients"
    assert mistyped(strange, [GUIDE], Knows()) == {}


def test_a_name_in_a_cell_is_nobody_else():
    staff = titled("Staff", "| Name | Extension |\n| --- | --- |\n| Janssen | 42 |", 0)
    assert mistyped("what is the extension of jansen", [staff], Knows()) == {}
    assert not are_spoken_of(["janssen"], [staff])


def test_a_run_of_letters_is_not_looked_up():
    looked_up: list[int] = []

    class Counts(Knows):
        def pieces(self, words: Sequence[str]) -> list[int]:
            looked_up.append(len(words))
            return super().pieces(words)

    assert mistyped("what is " + "abcdefg" * 500, [GUIDE], Counts()) == {}
    assert mistyped("what is qqwwaarraanty", [GUIDE], Counts()) == {}
    assert sum(looked_up) < 2000


def test_nothing_is_mistyped_without_evidence_or_vocabulary():
    assert mistyped("the warratny", [], Knows()) == {}
    assert mistyped("the warratny", [GUIDE], object()) == {}


def test_only_whole_words_are_changed():
    read = {"warratny": "warranty"}
    assert with_spelling("the warratny, not warratnyx", read) == "the warranty, not warratnyx"


def test_what_was_meant_is_in_the_evidence():
    assert are_spoken_of(["warranty", "recording"], [GUIDE])
    assert not are_spoken_of(["warranty", "download"], [GUIDE])
