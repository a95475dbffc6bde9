"""A span of days or months speaks of all of them, inside or outside."""

import pytest

from query.decision import Verdict
from query.text.calendar_spans import spans


@pytest.mark.parametrize(
    ("name", "text", "spoken_of"),
    [
        ("Saturdays", "Open from Wednesday to Sunday.", True),
        ("Monday", "Open Wed-Sun 10-17", True),
        ("Sunday", "The hut is open daily.", True),
        ("July", "from May until the end of September", True),
        ("January", "Closed Nov. – March", True),
        ("Monday", "Open on Saturday.", False),
        ("May", "he may go to marchers", False),
        ("Porto", "Open from Wednesday to Sunday.", False),
        ("July", "Open from Wednesday to Sunday.", False),
    ],
)
def test_spans(name, text, spoken_of):
    assert spans(name, text) is spoken_of


def test_a_day_inside_a_span_need_not_be_named(make_engine, shelve, page):
    text = "The mill museum of Hallin is open from Wednesday to Sunday, from 10 to 17."
    store = shelve([page("museum.md", "Mill museum", text)])
    decision = make_engine(store=store).ground("Is the mill museum open on Saturdays?")
    assert decision.verdict is Verdict.ANSWERABLE
