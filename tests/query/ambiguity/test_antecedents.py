"""What earlier turns say about what a question points at."""

import pytest

from query.ambiguity.antecedents import Earlier
from query.asking.followups import Turn
from query.text.instances import find_instances
from tests.query.ambiguity.test_conflicts import titled

NORTH = titled("North Workshop", "The workshop repairs bicycles. It was founded in 1984 by Ada.", 1)
HARBOUR = titled("Harbour Workshop", "The workshop looks after outboard motors and boats.", 2)
BOTH = (NORTH, HARBOUR)
NAMED = find_instances("workshop", frozenset(), BOTH)
HOSPITAL = (
    Turn("user", "How many beds does the hospital have?"),
    Turn("agent", "St Brannoc's Hospital has 220 beds."),
)


def turns(*said: str) -> tuple[Turn, ...]:
    return tuple(Turn("user" if n % 2 == 0 else "agent", text) for n, text in enumerate(said))


@pytest.mark.parametrize(
    "earlier",
    [
        turns("Tell me about the North Workshop."),
        turns("What can I do in Leeds?", "The North Workshop repairs bicycles.", "And eat?"),
        turns("Is there anything for bicycles?", "Yes, there is a workshop in the old mill."),
        (*turns("Does a workshop look after motors?", "Yes."), *HOSPITAL),
        # read out of a passage, in which the thing has its name
        turns("Who mends?", "It repairs bicycles. It was founded in 1984 by Ada."),
    ],
)
def test_a_name_the_noun_of_late_or_what_was_read_out_settles_it(earlier):
    assert Earlier(earlier).settles("workshop", NAMED, BOTH)


@pytest.mark.parametrize(
    "earlier",
    [
        (),
        HOSPITAL,
        # in passing, long ago, by the agent, of none in particular
        (*turns("What is there to see?", "Many like a workshop or the beach."), *HOSPITAL),
        turns("Which workshops are there?", "There are North Workshop and Harbour Workshop."),
    ],
)
def test_other_talk_or_several_names_in_one_turn_do_not_settle_it(earlier):
    assert not Earlier(earlier).settles("workshop", NAMED, BOTH)


def test_the_turn_that_named_one_last_counts():
    earlier = turns(
        "Which workshops are there?",
        "There are North Workshop and Harbour Workshop.",
        "What does the Harbour Workshop do?",
    )
    assert Earlier(earlier).settles("workshop", NAMED, BOTH)


def test_a_demonstrative_dangles_after_talk_of_something_else():
    assert Earlier(HOSPITAL).leaves_dangling(["workshop"], BOTH)
    assert not Earlier(turns("Is there a workshop?")).leaves_dangling(["workshop"], BOTH)
    assert not Earlier(turns("What about North Workshop?")).leaves_dangling(["motors"], BOTH[:1])
    assert not Earlier(turns("Who keeps the shed?")).leaves_dangling(["barn"], BOTH)


def test_words_are_looked_for_in_every_turn():
    assert Earlier(HOSPITAL).has_any(frozenset({"hospit"})) is Earlier(HOSPITAL).has_any(
        frozenset({"bed"})
    )
    assert not Earlier(HOSPITAL).has_any(frozenset({"ship"}))
