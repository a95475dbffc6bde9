"""Questions that fit each of several things of one page, and those that do not."""

import pytest

from config.settings import GateSettings
from query.ambiguity.clarifying import clarify
from query.ambiguity.either_of import find_either_of
from query.ambiguity.leaving_open import leave_open
from query.asking.conversation import in_context
from query.asking.followups import Turn, resolve
from query.asking.question import understand
from query.decision import Reason, ReasonCode, Verdict
from query.gate.rules import suggest
from query.ruling import Ruling
from query.text.passages import weigh_terms
from tests.query.ambiguity.test_conflicts import titled

PASSAGES = [
    titled("Laboratory", "The lipid profile takes 40 minutes. Fast for 12 hours before the lipid "
           "profile. The glucose test takes 25 minutes. Fast for 8 hours before the glucose test. "
           "The rapid swab takes 5 minutes.", 0),
    titled("Prices", "The lipid profile costs 31 euro. Lipid and glucose are billed later.", 1),
]  # fmt: skip
BOTH = Turn("user", "do you do the lipid profile and the glucose test?")
DONE = Turn("agent", "Both are done here in the mornings.")
FOUND = Reason(ReasonCode.EVIDENCE_FOUND, "p_answerable 0.90.")


def read(question: str, earlier: tuple[Turn, ...]):
    own = understand(resolve(question, earlier), GateSettings(), frozenset({"en"}))
    return in_context(own, question, earlier)


def found(question: str, *earlier: Turn) -> set[str]:
    asked = read(question, earlier)
    unnamed = find_either_of(asked, weigh_terms(asked.terms, PASSAGES), PASSAGES)
    return {one.quote for one in unnamed.possible} if unnamed else set()


def test_either_of_two_has_an_answer_of_its_own():
    assert {s.split()[1] for s in found("how long does it take?", BOTH, DONE)} == {
        "lipid", "glucose",
    }  # fmt: skip
    assert found("how long do I fast before it?", BOTH, DONE) == {
        "Fast for 12 hours before the lipid profile.", "Fast for 8 hours before the glucose test.",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("question", "earlier"),
    [
        ("how long does it take?", ()),
        ("how long does the glucose test take?", (BOTH, DONE)),
        ("how long does it take?", (BOTH, Turn("agent", "The lipid profile is done here."))),
        ("how long does it take?", (BOTH, DONE, Turn("user", "only the rapid swab then"), DONE)),
        ("what does it cost?", (BOTH, DONE)),
        ("Who does it?", (BOTH, DONE)),
    ],
)  # fmt: skip
def test_what_is_settled_or_said_of_one_only_is_left_alone(question, earlier):
    assert found(question, *earlier) == set()


def test_the_question_back_names_them_in_the_words_of_whoever_asked():
    asked = read("how long do I fast before it?", (BOTH, DONE))
    weights = weigh_terms(asked.terms, PASSAGES)
    ruling = leave_open(asked, PASSAGES, Ruling(Verdict.ANSWERABLE, 0.9, (FOUND,), weights=weights))
    assert ruling.verdict is Verdict.AMBIGUOUS
    said = clarify(suggest(ruling.verdict, ruling.reasons), ruling.reasons, ruling.conflicts)
    assert said == "Which one do you mean: lipid profile or glucose test?"
