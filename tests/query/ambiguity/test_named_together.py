"""Questions about one of several things that were named together, and those that pick one."""

import pytest

from config.settings import GateSettings
from query.ambiguity.leaving_open import leave_open
from query.ambiguity.named_together import find_named_together
from query.asking.conversation import in_context
from query.asking.followups import Turn, resolve
from query.asking.question import understand
from query.decision import Reason, ReasonCode, Verdict
from query.ruling import Ruling
from query.text.passages import weigh_terms
from tests.query.ambiguity.test_conflicts import titled

TEXTS = {
    "Calder Office: Heating Grant": "Students get half of it. It is paid in November.",
    "Calder Office: Carer Allowance": "Students may get it, too. It is paid every fortnight.",
    "Calder Office: Van Tax": "The tax is due in March. Electric vans pay nothing.",
    "Ridge otter": "The ridge otter lives for nine years. It eats fish.",
    "Lantern moth": "The lantern moth lives for three weeks. It drinks nectar.",
}
PASSAGES = [titled(title, text, n) for n, (title, text) in enumerate(TEXTS.items())]
BOTH = Turn("user", "Tell me about the heating grant and the carer allowance.")
DONE = Turn("agent", "Both are for people who live in Calder.")
FOUND = Reason(ReasonCode.EVIDENCE_FOUND, "p_answerable 0.90.")


def read(question: str, earlier: tuple[Turn, ...]):
    own = understand(resolve(question, earlier), GateSettings(), frozenset({"en"}))
    return in_context(own, question, earlier)


def found(question: str, *earlier: Turn) -> list[str]:
    asked = read(question, earlier)
    unnamed = find_named_together(asked, weigh_terms(asked.terms, PASSAGES), PASSAGES)
    return [one.instance.name for one in unnamed.possible] if unnamed else []


@pytest.mark.parametrize(
    ("question", "earlier"),
    [
        ("What about students?", (BOTH, DONE)),
        ("when is it paid", (BOTH, DONE)),
        ("One of them is for me. When is it paid?", (BOTH, DONE)),
        ("When is it paid?", (Turn("user", "What do you have?"),
                              Turn("agent", "The Heating Grant and the Carer Allowance."))),
        ("and what does it cost?", (BOTH, DONE, Turn("user", "ok thanks"), DONE)),
    ],
)  # fmt: skip
def test_a_question_that_fits_either_of_two_that_were_named_is_left_open(question, earlier):
    assert found(question, *earlier) == [
        "Calder Office: Heating Grant", "Calder Office: Carer Allowance",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("question", "earlier"),
    [
        ("What about students?", ()),
        ("When is the heating grant paid?", (BOTH, DONE)),
        ("When are they paid?", (BOTH, DONE)),
        ("Are both paid in May?", (BOTH, DONE)),
        ("And the other one?", (BOTH, DONE)),
        ("When is it paid?", (BOTH, Turn("agent", "The heating grant is for households."))),
        ("When is it paid?", (BOTH, DONE, Turn("user", "I'd take the carer allowance."), DONE)),
        ("When is it due?", (Turn("user", "How much is the van tax?"),
                             Turn("agent", "60 euro; the carer allowance does not count."))),
        ("How many teeth does it have?", (BOTH, DONE)),
        ("What does it eat?", (Turn("user", "ridge otters and lantern moths?"), DONE)),
        ("When is it paid?", (Turn("user", "What is there for families?"), Turn(
            "agent",
            "For the cold months there is the Heating Grant, which households with a low income "
            "that have lived in town for long may ask for until the end of October. People who "
            "look after somebody else may like the Carer Allowance."))),
    ],
)  # fmt: skip
def test_what_picks_one_or_means_all_is_left_alone(question, earlier):
    assert found(question, *earlier) == []


def test_the_verdict_names_what_may_be_meant():
    asked = read("What about students?", (BOTH, DONE))
    weights = weigh_terms(asked.terms, PASSAGES)
    ruling = Ruling(Verdict.ANSWERABLE, 0.9, (FOUND,), weights=weights)
    left = leave_open(asked, PASSAGES, ruling)
    assert left.verdict is Verdict.AMBIGUOUS
    assert [side.quote for side in left.conflicts[0].sides] == [
        "Students get half of it.", "Students may get it, too.",
    ]  # fmt: skip
