"""What a follow-up asks anew are the nouns that no earlier turn had."""

import pytest

from config.settings import GateSettings
from query.asking.conversation import in_context
from query.asking.followups import Turn
from query.asking.new_words import nouns_asked_anew
from query.asking.question import understand

EARLIER = (
    Turn("user", "How many beds does the day ward have?"),
    Turn("agent", "The day ward on the second floor has 14 beds."),
)


def new(asked: str, earlier=EARLIER):
    question = understand(f"{asked} (beds day ward)", GateSettings(), frozenset({"en"}))
    return nouns_asked_anew(in_context(question, asked, earlier))


@pytest.mark.parametrize(
    ("asked", "nouns"),
    [
        ("And do the beds have a television?", ["television"]),
        ("and acupuncture?", ["acupuncture"]),
        ("which certification body has the ward?", ["certification", "body"]),
        ("What does it weigh?", ["weigh"]),
        ("Is breakfast served on the balcony?", []),
        ("For how long are we bound to it?", []),
        ("Do they have those, thanks?", []),
        ("How many beds are on the second floor?", []),
    ],
)
def test_nouns_that_nobody_said_before(asked, nouns):
    assert new(asked) == nouns


def test_without_an_earlier_turn_nothing_is_new():
    assert new("And do the beds have a television?", ()) == []
