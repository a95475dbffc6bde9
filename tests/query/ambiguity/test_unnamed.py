"""Questions that point at one of several things, with controls that must stay answerable."""

from dataclasses import replace

import pytest

from config.settings import GateSettings
from query.ambiguity.unnamed import find_unnamed
from query.asking.conversation import in_context
from query.asking.followups import Turn
from query.asking.question import understand
from query.text.passages import weigh_terms
from tests.query.ambiguity.test_conflicts import titled

TEXTS = {
    "North Workshop": "The North Workshop mends bicycles. A repair costs 35 euro per hour. The "
    "workshop was founded in 1984 by Ada Renfrew.",
    "Harbour Workshop": "The Harbour Workshop looks after motors. A repair costs 52 euro per hour. "
    "The workshop was founded in 1996 by the brothers Tolland.",
    "Old Foundry Workshop": "The Old Foundry Workshop casts bells. A repair costs 64 euro. "
    "The workshop was founded in 1911 by Karl Denning.",
    "Cormorant": "The Cormorant is a research ship. She was launched in 1978. Her captain is Ruth.",
    "Grey Heron": "The Grey Heron is a ship for cables. She was launched in 1991. Her captain is "
    "Piet Vos.",
    "Skerry Lighthouse": "Skerry Lighthouse was built in 1859. The lighthouse is 41 metres high.",
    "Marlow": "Marlow is a town. The mayor of Marlow is Agnes Holt. Market day is Thursday.",
    "Fenwick": "Fenwick is a town. The mayor of Fenwick is Henry Moss. Market day is Saturday.",
    "Tarn Ferries": "A single ticket to Skerry is 14 euro. Dogs travel free on every boat.",
    "Blue Anchor": "For the outer islands a single ticket is sold at 22 euro. Dogs cost 5 euro.",
}
PASSAGES = [titled(title, text, n) for n, (title, text) in enumerate(TEXTS.items())]
TALK = (Turn("user", "Are there beds in the hospital?"), Turn("agent", "Yes, 220 beds."))
NORTH = (Turn("user", "Who runs the North Workshop?"), Turn("agent", "Ada Renfrew does."))
BELLS = (Turn("user", "Who casts bells?"), Turn("agent", "The Old Foundry Workshop casts bells."))


def found(question: str, earlier: tuple[Turn, ...] = (), passages=PASSAGES):
    asked = in_context(understand(question, GateSettings(), frozenset({"en"})), question, earlier)
    return find_unnamed(asked, weigh_terms(asked.terms, passages), passages)


@pytest.mark.parametrize("earlier", [(), TALK])
@pytest.mark.parametrize(
    ("question", "names"),
    [
        ("What does the workshop charge for a repair?",
         {"North Workshop", "Harbour Workshop", "Old Foundry Workshop"}),
        ("Who founded the workshop?",
         {"North Workshop", "Harbour Workshop", "Old Foundry Workshop"}),
        ("When was that ship launched?", {"Cormorant", "Grey Heron"}),
        ("Who is the ship's captain?", {"Cormorant", "Grey Heron"}),
        ("Who is the mayor?", {"mayor of Marlow", "mayor of Fenwick"}),
        ("when is the market day of this town", {"Marlow", "Fenwick"}),
        ("how much is a single ticket", {"Tarn Ferries", "Blue Anchor"}),
    ],
)  # fmt: skip
def test_several_that_answer_equally_well_are_left_open(question, names, earlier):
    unnamed = found(question, earlier)
    assert unnamed is not None
    assert {one.instance.name for one in unnamed.possible} == names


@pytest.mark.parametrize(
    "question",
    [
        "What does the North Workshop charge for a repair?",
        "What does the workshop that casts bells charge?",
        "Who founded the workshop of Ada Renfrew?",
        "Which workshop looks after motors?",
        "What does the workshop for motors charge?",
        "When was the Cormorant launched?",
        "Who is the captain of the research ship?",
        "When was the lighthouse built?",
        "How high is this lighthouse?",
        "Who is the mayor of Fenwick?",
        "Is the market day of Marlow on Thursday?",
        "how much is a single ticket to the outer islands",
        "Who painted the ceiling of the workshop?",
        "What is the capital of Mongolia?",
    ],
)
def test_what_is_named_alone_of_its_kind_or_told_apart_is_not(question):
    assert found(question) is None


@pytest.mark.parametrize(
    ("question", "earlier"),
    [
        ("What does the workshop charge for a repair?", NORTH),
        ("What does this workshop charge for a repair?", NORTH),
        ("Who founded the workshop?", BELLS),
        ("how much is a single ticket", (Turn("user", "Does Blue Anchor take dogs?"),)),
        ("Who is the mayor?", (Turn("user", "When is market day in Fenwick?"),)),
    ],
)
def test_what_was_spoken_of_before_is_meant(question, earlier):
    assert found(question, earlier) is None


def test_a_demonstrative_after_talk_of_something_else_means_nothing_that_is_known():
    unnamed = found("How high is this lighthouse?", TALK)
    assert unnamed is not None
    assert (unnamed.noun, unnamed.possible) == ("lighthouse", ())
    assert found("How high is the lighthouse?", TALK) is None


def test_a_demonstrative_may_point_at_what_the_message_itself_tells():
    asked = "I sailed past an old tower with red stripes on Monday. How high is this lighthouse?"
    assert found(asked, TALK) is None


def test_what_does_not_speak_of_the_borrowed_topic_is_not_meant():
    asked = understand("how much is a single ticket (Norway)", GateSettings(), frozenset({"en"}))
    own = in_context(asked, "how much is a single ticket", ())
    assert find_unnamed(own, weigh_terms(own.terms, PASSAGES), PASSAGES) is None
    there = [replace(p, text=f"{p.text} All boats go to Norway.") for p in PASSAGES]
    assert find_unnamed(own, weigh_terms(own.terms, there), there) is not None


def test_one_workshop_in_the_collection_is_the_workshop():
    rest = [p for p in PASSAGES if p.title not in {"North Workshop", "Harbour Workshop"}]
    assert found("Who founded the workshop?", passages=rest) is None


def test_two_documents_that_say_the_same_leave_nothing_open():
    copies = [
        titled("Leave policy", "Every employee gets 27 days of leave each year.", 1),
        titled("Welcome to us", "Each year there are 27 days of leave for an employee.", 2),
    ]
    assert found("How many days of leave does an employee get?", passages=copies) is None


def test_a_code_says_what_is_meant():
    assert found("Does the workshop repair TRN-204?") is None
