"""A cell that is asked for and is empty gives no answer, whatever stands beside it."""

import pytest

from query.tables.blanks import Blank, find_blank
from tests.query.ambiguity.test_conflicts import ask
from tests.query.gate.test_rules import hit, legs_of, passages_of

ROOMS = """Meeting rooms

Room | Seats | Price per hour | Price per day
Ash | 12 | €30 | €180
Dogwood | 8 | | €120
Elm | 40 | €80
Fir | n/a | €20 | -"""


def blank(question: str, *texts: str) -> Blank | None:
    legs = legs_of(*(hit(f"d{n}", text, 0.8) for n, text in enumerate(texts)))
    return find_blank(ask(question), passages_of(legs))


@pytest.mark.parametrize(
    ("question", "label", "column"),
    [
        ("What does Dogwood cost per hour?", "Dogwood", "Price per hour"),
        ("What does Elm cost per day?", "Elm", "Price per day"),
        ("How many seats does Fir have?", "Fir", "Seats"),
    ],
)
def test_an_empty_cell_is_found(question, label, column):
    assert blank(question, ROOMS) == Blank(label, column, "d0.md")


@pytest.mark.parametrize(
    "question",
    [
        "What does Ash cost per hour?",
        "What does Dogwood cost per day?",
        "What does Dogwood cost?",
        "What does Fir cost per day?",
        "What does a room cost per hour?",
    ],
)
def test_what_is_filled_in_or_not_asked_for_is_not(question):
    assert blank(question, ROOMS) is None


def test_another_passage_may_give_the_value():
    assert blank("What does Dogwood cost per hour?", ROOMS, "Dogwood costs €25 an hour.") is None


def test_other_pages_may_name_the_row_and_say_nothing_of_what_is_asked():
    other = "Rooms of the house: Ash, Dogwood, Elm. Dogwood was painted green."
    assert blank("What does Dogwood cost per hour?", other, ROOMS) == Blank(
        "Dogwood", "Price per hour", "d1.md"
    )
