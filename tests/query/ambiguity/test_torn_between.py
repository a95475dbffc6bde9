"""Who is torn between two things, or was told of several, and asks about "it", is asked back."""

import pytest

from config.settings import GateSettings
from query.ambiguity.torn_between import find_torn_between
from query.asking.conversation import in_context
from query.asking.followups import Turn
from query.asking.question import understand
from query.text.passages import weigh_terms
from tests.query.ambiguity.test_conflicts import titled

PASSAGES = [
    titled("Pools", "The Aquarena is open until 18:00. The Weiherbad is open until 20:00.", 0),
    titled("Plans", "Starter allows 60 connections at a time. Business allows 400.", 1),
    titled("Permits", "A resident permit takes five days, a trade permit ten.", 2),
]
POOLS = ["We go swimming on Saturday, either to the Aquarena or to the Weiherbad.",
         "Both are municipal pools."]  # fmt: skip
PLANS = ["we can't decide between Starter and Business", "Starter costs 29 $, Business 189 $."]
PERMITS = ["Which parking permits do you have?",
           "Three:\n- the resident permit\n- the visitor permit\n- the trade permit"]  # fmt: skip
DOCUMENTS = ["Which papers do I need for the resident permit?", "A photo and a trade permit."]


def found(question: str, said: list[str]) -> list[str]:
    turns = tuple(Turn(("user", "agent")[n % 2], text) for n, text in enumerate(said))
    asked = in_context(understand(question, GateSettings(), frozenset({"en"})), question, turns)
    unnamed = find_torn_between(asked, weigh_terms(asked.terms, PASSAGES), PASSAGES)
    return [one.instance.name for one in unnamed.possible] if unnamed else []


@pytest.mark.parametrize(
    ("question", "said", "things"),
    [
        ("How late is it open?", POOLS, ["Aquarena", "Weiherbad"]),
        ("Until when may we stay there?", POOLS, ["Aquarena", "Weiherbad"]),
        ("How many connections at a time?", PLANS, ["Starter", "Business"]),
        ("How soon do I get it?", PERMITS, ["resident permit", "trade permit"]),
        ("How long does it take?", [*PERMITS[:1], "The resident permit and the trade permit."],
         ["resident permit", "trade permit"]),
        ("How soon do I get it?", [*PERMITS[:1], "The resident permit and the trade permit."],
         ["resident permit", "trade permit"]),
    ],
    ids=["either or", "there", "a table of both", "a list", "both in one sentence", "a sentence"],
)  # fmt: skip
def test_nothing_decides_between_what_was_named(question, said, things):
    assert found(question, said) == things


@pytest.mark.parametrize(
    ("question", "said"),
    [
        ("How late is it open?", []),
        ("How late is the Weiherbad open?", POOLS),
        ("How late are they open?", POOLS),
        ("How late is it open?", [*POOLS[:1], "The Aquarena is closed on Saturday."]),
        ("Do you have a phone number?", PLANS),
        ("Is it possible to pay by card?", POOLS),
        ("How soon do I get it?", DOCUMENTS),
        ("How soon do I get it?", ["What does parking need?", DOCUMENTS[1], ]),
        ("How soon do I get it?", ["What is included?", "A resident permit and a trade permit."]),
        ("How soon do I get it?", [*PERMITS, "Tell me of the trade permit.", "It is for firms."]),
    ],
    ids=["nothing was said", "one is named", "all are meant", "the answer took one",
         "no document tells it of both", "it of nothing", "about one thing",
         "what something does", "what something is", "picked since"],
)  # fmt: skip
def test_where_something_decides_nothing_is_left_open(question, said):
    assert found(question, said) == []


def test_an_answer_of_empty_lines_is_read_at_once():
    # Without a bound in seconds: a rule that looks over empty lines for an item needs an hour.
    assert found("How soon do I get it?", [PERMITS[0], "One." + "\n" * 300_000]) == []
    spaced = PERMITS[1].replace("\n", "\n\n   ")
    assert found("How soon do I get it?", [PERMITS[0], spaced]) == [
        "resident permit", "trade permit",
    ]  # fmt: skip
