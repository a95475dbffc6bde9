"""Two documents that fill one cell of a table differently contradict each other."""

import pytest

from query.ambiguity.differing_cells import find_differing_cells
from tests.query.ambiguity.test_conflicts import ask, titled

QUESTION = "What does a double room at Harbour House cost in high season?"
RATES = """House | Single, low | Double, low | Double, high
Harbour House | 68 | 92 | {}
Mill House | 62 | 84 | 121"""


def differing(question: str, *pages: tuple[str, str]):
    passages = [titled(title, text, number) for number, (title, text) in enumerate(pages)]
    found = find_differing_cells(ask(question), passages)
    return found and tuple(cell.text for cell in found)


def test_the_price_lists_of_two_years_differ():
    pages = ("Room rates 2027", RATES.format(171)), ("Room rates 2026", RATES.format(163))
    assert differing(QUESTION, *pages) == ("171", "163")


@pytest.mark.parametrize(
    ("question", "one", "other"),
    [
        (QUESTION, ("Rates 2027", RATES.format(171)), ("Copy", RATES.format("£171"))),
        (QUESTION, ("Rates 2027", RATES.format(171)), ("Rates 2026", RATES.format("–"))),
        (
            "What does a double room at Harbour House cost for members in high season?",
            ("Rates for members", RATES.format(150)),
            ("Rates for guests", RATES.format(171)),
        ),
        (
            QUESTION,
            ("Rates", RATES.format(171)),
            ("Heights", RATES.format(3).replace("Double, high", "Ceiling, high")),
        ),
    ],
    ids=["the same", "nothing", "a word of one title", "another column"],
)
def test_what_is_the_same_or_something_else_does_not_differ(question, one, other):
    assert differing(question, one, other) is None
