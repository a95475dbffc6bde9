"""Rows lean on the line above their table, answers on the question before them."""

import pytest

from query.text.leads import find_leads
from tests.query.quoting.test_meaning import passage

ROWS = "Probe | Firmware\nTern 2 | 3.8.x\nTern 4 | 4.2.x"


def leads(text: str) -> dict[str, str]:
    read = passage(text)
    return {read.sentences[at].text: lead.text for at, lead in find_leads(read).items()}


@pytest.mark.parametrize("line", ["Lowest firmware of a gateway", "These hold for gateways:"])
def test_every_row_of_a_table_leans_on_the_line_above_it(line: str) -> None:
    assert leads(f"{line}\n\n{ROWS}") == dict.fromkeys(ROWS.splitlines(), line)


@pytest.mark.parametrize("line", ["Batteries are sold apart.", "Are they sold apart?"])
def test_a_whole_sentence_above_a_table_is_about_something_else(line: str) -> None:
    found = leads(f"{line} {ROWS}")
    assert "Tern 4 | 4.2.x" not in found or line.endswith("?")


def test_a_table_without_a_line_above_it_leans_on_nothing() -> None:
    assert leads(ROWS) == {}
    assert leads("") == {}


def test_two_sentences_behind_a_question_are_its_answer() -> None:
    text = "When is the party? On 4 July. Buses leave at three. Bring a hat. Who pays? The firm."
    assert leads(text) == {
        "On 4 July.": "When is the party?",
        "Buses leave at three.": "When is the party?",
        "The firm.": "Who pays?",
    }


def test_a_question_behind_a_question_is_no_answer() -> None:
    assert leads("May we? And why? Because.") == {"Because.": "And why?"}
