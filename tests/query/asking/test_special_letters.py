"""A word of a question is written in the letters of the evidence, and no other word is changed."""

import pytest

from query.asking.special_letters import written_otherwise
from tests.query.ambiguity.test_conflicts import titled


@pytest.mark.parametrize(
    ("question", "text", "read"),
    [
        ("Where is the Lodz office?", "The Łódź office moved.", {"Lodz": "Łódź"}),
        ("who is soren kjaer", "Ask Søren Kjær.", {"soren": "Søren", "kjaer": "Kjær"}),
        ("Where is Søren?", "Ask Soren.", {"Søren": "Soren"}),
        ("Strasse closed?", "Die straße.", {"Strasse": "Straße"}),
        ("Where is the Lodz office?", "Lodz, in Polish Łódź.", {}),
        ("Where is Cafe Zoe?", "Café Zoë.", {}),
        ("Where is the office?", "The Łódź office moved.", {}),
    ],
)
def test_a_word_is_written_as_the_evidence_writes_it(question, text, read):
    assert written_otherwise(question, [titled("Page", text, 0)]) == read
