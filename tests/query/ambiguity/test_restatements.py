"""Two documents that say the same, one of them of less and with another value."""

import pytest

from config.settings import GateSettings
from query.ambiguity.conflicts import find_conflicts, find_rivals
from query.asking.question import understand
from query.text.passages import weigh_terms
from tests.query.ambiguity.test_conflicts import candidates

GUIDE = (
    "Recordings of a former member are kept for 90 days after the end of the membership and then "
    "deleted."
)
SCHEDULE = (
    "Retention of members\n\nData | Kept for | Why\n"
    "Recordings after the end of a membership | 30 days, then deleted | disputes\n"
    "Door logs | 10 days | safety"
)
ASKED = "How long are the recordings of a member kept after the membership has ended?"


def told(question: str, *texts: str) -> list[str]:
    """Values that contradict each other."""
    asked = understand(question, GateSettings(), frozenset({"en"}))
    passages = candidates(*texts)
    found = find_conflicts(asked, weigh_terms(asked.terms, passages), passages)
    return sorted(side.value for conflict in found for side in conflict.sides)


def test_a_row_that_says_the_same_of_less_contradicts_a_sentence() -> None:
    asked = understand(ASKED, GateSettings(), frozenset({"en"}))
    passages = candidates(GUIDE, SCHEDULE)
    assert find_rivals(asked, weigh_terms(asked.terms, passages), passages) == ()
    assert told(ASKED, GUIDE, SCHEDULE) == ["30 days", "90 days"]
    assert told(ASKED, SCHEDULE, GUIDE) == ["30 days", "90 days"]


@pytest.mark.parametrize(
    "other",
    [
        SCHEDULE.replace("30 days", "90 days"),
        SCHEDULE.replace("Recordings after", "Invoices after"),
        SCHEDULE.replace("Recordings after the end of a membership", "Recordings"),
        "Recordings of minors after the end of a membership are deleted after 30 days.",
    ],
    ids=["the same value", "something else", "too little to be the same", "says something more"],
)
def test_what_does_not_say_the_same_is_no_contradiction(other: str) -> None:
    assert told(ASKED, GUIDE, other) == []


def test_an_exception_that_is_asked_for_does_not_contradict_the_rule() -> None:
    exception = GUIDE.replace("a former member", "apprentices")
    rule = SCHEDULE.replace("Retention of members", "Retention")
    asked = "How long are the recordings of apprentices kept after the end of the membership?"
    assert told(asked, exception, rule) == []
