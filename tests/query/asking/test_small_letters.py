"""Names are known by how the evidence writes them, whoever leaves the capitals out."""

import pytest

from query.asking.small_letters import names_in_small_letters
from tests.query.ambiguity.test_conflicts import titled
from tests.query.ambiguity.test_unnamed import found

FILM = titled(
    "Vancouver",
    "The city is seen in films. Most of Percy Jackson and the Olympians was filmed there in 2009.",
    0,
)
GUIDE = titled(
    "Ferries",
    "Opening Hours\n\nFrom May on the opening hours are longer. The Harbour Office sells tickets.",
    1,
)


@pytest.mark.parametrize(
    "question",
    ["where was percy jackson filmed", "who plays in percy jackson and the olympians",
     "when does the harbour office close"],
)  # fmt: skip
def test_what_the_evidence_writes_with_capitals_is_a_name(question):
    assert names_in_small_letters(question, [FILM, GUIDE])


@pytest.mark.parametrize(
    "question",
    ["what are the opening hours", "when does the office close", "where was jackson filmed",
     "is the city seen", "", "?"],
)  # fmt: skip
def test_headings_small_words_and_parts_of_names_are_none(question):
    assert not names_in_small_letters(question, [FILM, GUIDE])


def test_a_name_in_small_letters_leaves_nothing_open():
    swim = titled("Bath", "The relay of the Olympians was filmed at the baths.", 2)
    lone = "where were the olympians filmed"
    assert found(lone, passages=[FILM, swim]) is not None
    assert found("where was percy jackson and the olympians filmed", passages=[FILM, swim]) is None


def test_documents_that_name_the_same_person_leave_nothing_open():
    first = titled("Mainz", "In Mainz the printing press was invented by Johannes Gutenberg.", 3)
    other = titled(
        "Empire", "Gutenberg, a goldsmith of the empire, invented the printing press.", 4
    )
    rival = titled("Korea", "The printing press was invented by Choe Yun-ui, they say here.", 5)
    assert found("who invented the printing press", passages=[first, other]) is None
    assert found("who invented the printing press", passages=[first, rival]) is not None
