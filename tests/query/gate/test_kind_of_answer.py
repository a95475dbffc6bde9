"""A page about the right thing is no answer where it has no thing of the kind that is asked for."""

import pytest

from query.decision import Verdict
from query.gate.kind_of_answer import without_kind_asked
from query.ruling import Ruling
from query.text.passages import weigh_terms
from tests.query.ambiguity.test_conflicts import ask, titled

HOTEL = (
    "Breakfast\n\nBreakfast is served in the garden from 7:00 to 10:30. Bring your card.\n\n"
    "Rooms\n\nA double room has a balcony. It costs €118 a night.\n\n"
    "The sauna is heated. Towels lie ready in the sauna. A towel costs €2.\n\n"
    "Boat trips go to the lagoon:\n\n- to the near shore\n\n- two hours for the far shore\n\n"
    "Trip | Price | Duration\nLagoon | | 40 minutes\nIsland | €20 |"
)


def ruled(question, text=HOTEL, at="", title="Hotel Alma", verdict=Verdict.ANSWERABLE):
    asked, passage = ask(question), titled(title, text, 0)
    start = text.index(at) if at else 0
    places = {passage.chunk_id: (start, start + len(at))} if at else {}
    ruling = Ruling(verdict, 0.99, weights=weigh_terms(asked.terms, [passage]), places=places)
    return without_kind_asked(asked, [passage], ruling)


@pytest.mark.parametrize(
    ("question", "missing"),
    [
        ("What does breakfast cost?", "a price"),
        ("What does the sauna heater cost?", "a price"),
        ("How long does breakfast in the garden take to be ordered?", "how long"),
        ("How many towels are in the sauna?", "a number"),
        ("What does the trip to the Lagoon cost?", "a price"),
        ("How long does the Island trip take?", "how long"),
    ],
)
def test_what_has_not_the_kind_is_refused_and_the_kind_named(question, missing):
    text = HOTEL.replace("from 7:00 to 10:30", "by our staff")
    text = text.replace("two hours for", "or").replace("A towel costs €2.", "")
    ruling = ruled(question, text)
    assert ruling.verdict is Verdict.UNANSWERABLE
    assert ruling.missing == (missing,)
    assert missing in ruling.reasons[0].detail


@pytest.mark.parametrize(
    ("question", "at"),
    [
        ("When is breakfast?", ""),
        ("What does a double room cost?", ""),
        ("How long do boat trips to the lagoon take?", ""),
        ("What does the trip to the Island cost?", ""),
        ("How long does the trip to the Lagoon take?", ""),
        ("What do I pay for drying cloths in the sauna?", "A towel costs €2"),
        ("Who serves breakfast?", ""),
    ],
    ids=["a sentence", "the next one leans on it", "a list behind a colon", "a row", "another cell",
         "in other words, where the judge points", "no kind whose signs can be looked for"],
)  # fmt: skip
def test_what_has_it_is_left_alone(question, at):
    assert ruled(question, at=at).verdict is Verdict.ANSWERABLE


def test_the_first_sentence_of_a_text_does_not_lean_on_its_last():
    text = "It opens in the morning hours of the harbour hall.\n\nThe tower is tall. It costs €9."
    assert ruled("What does the harbour hall cost?", text).verdict is Verdict.UNANSWERABLE


def test_what_is_said_of_a_numbered_sibling_does_not_count():
    text = "A battery for the Kestrel 2 costs €39. The battery of the Kestrel 1 is built in."
    assert ruled("What does a battery for the Kestrel 1 cost?", text).missing == ("a price",)


def test_a_row_answers_what_the_head_of_its_table_has_the_words_of():
    text = (
        "Country | Note from a doctor needed from | Sick pay\n"
        "Portugal | day 4 | 8 weeks\nEstonia | day 2 | 6 weeks"
    )
    question = "From which day does somebody employed in Estonia need a note from a doctor?"
    assert ruled(question, text, title="Illness").verdict is Verdict.ANSWERABLE


@pytest.mark.parametrize("verdict", [Verdict.AMBIGUOUS, Verdict.UNANSWERABLE])
def test_what_is_not_answered_anyway_stays(verdict):
    assert ruled("What does breakfast cost?", verdict=verdict).verdict is verdict
