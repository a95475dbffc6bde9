"""A question with several answers is settled by what an earlier turn picked, by nothing else."""

import pytest

from config.policy import Policy, Topic
from config.settings import GateSettings
from query.ambiguity.conflicts import CASES
from query.ambiguity.picked import asked_of_picked, picked
from query.asking.conversation import in_context
from query.asking.followups import Turn
from query.asking.question import understand
from query.decision import Conflict, ConflictSide, ReasonCode, Verdict
from query.parts import Extras
from query.ruling import Ruling
from tests.query.ambiguity.test_conflicts import Sure

BACKUPS = """Backups

Plan | Manual snapshots | Kept for
Starter | 2 | 7 days
Business | 20 | 30 days
Enterprise | 100 | 90 days"""
TOWNS = {
    "v.md": ("Velling", "Velling lies on the river. The town has 18,400 inhabitants."),
    "a.md": ("Ansley", "Ansley lies on the coast. The town has 3,200 inhabitants."),
    "s.md": ("Skerry", "Skerry is an island."),
}
SNAPSHOTS = "How many manual snapshots do we get?"
PEOPLE = "How many inhabitants does the town have?"


@pytest.fixture
def asked(shelve, page, make_engine, audit):
    """Ask an index of two kinds of pages, by a judge that takes everything for an answer."""
    pages = [page("backups.md", "Backups", BACKUPS)]
    pages += [page(key, title, text) for key, (title, text) in TOWNS.items()]
    store = shelve(pages)

    def ask(question, *history, **parts):
        return make_engine(store=store, judge=Sure(), **parts).answer(question, history=history)

    return ask


def agent(text: str) -> dict[str, str]:
    return {"speaker": "agent", "text": text}


@pytest.mark.parametrize(
    ("question", "history", "verdict", "said"),
    [
        (SNAPSHOTS, ("Starter will do for us.",), Verdict.ANSWERABLE, "2"),
        (SNAPSHOTS, ("Starter or Business?", agent("Take Business.")), Verdict.ANSWERABLE, "20"),
        (SNAPSHOTS, ("Starter will do.", "And no, rather Business."), Verdict.ANSWERABLE, "20"),
        (SNAPSHOTS, ("Starter or Business?", agent("Both are good.")), Verdict.AMBIGUOUS, ""),
        (SNAPSHOTS, ("Thank you.",), Verdict.AMBIGUOUS, ""),
        (SNAPSHOTS, (), Verdict.AMBIGUOUS, ""),
        (PEOPLE, ("Where does Ansley lie?", agent("On the coast.")), Verdict.ANSWERABLE, "3,200"),
        (PEOPLE, ("What is Skerry?", agent("An island.")), Verdict.AMBIGUOUS, ""),
    ],
)
def test_the_last_turn_that_names_one_only_picks_it(asked, question, history, verdict, said):
    decision = asked(question, *history)
    assert decision.verdict is verdict
    assert said in (decision.answer or "")


@pytest.mark.parametrize(
    ("question", "name", "text"),
    [
        ("And in Estonia?", "Estonia", "And in Estonia? (certificate)"),
        ("How long is it?", "Portugal", "How long is it? (Portugal certificate)"),
        ("How long is it in either?", "", ""),
    ],
)
def test_the_others_that_were_named_are_left_out_of_what_is_asked(question, name, text):
    earlier = (Turn("user", "When do I need a certificate in Portugal?"),)
    asked = understand(f"{question} (certificate Portugal)", GateSettings(), frozenset({"en"}))
    asked = in_context(asked, question, earlier)
    sides = [ConflictSide("c", "d", "k", 1, "day", "", case) for case in ("Portugal", "Estonia")]
    ruling = Ruling(Verdict.AMBIGUOUS, 0.9, conflicts=(Conflict(CASES, tuple(sides)),))
    assert picked(asked, ruling, ()) == name
    assert not name or asked_of_picked(asked, name, ruling) == text


def test_what_the_policy_refuses_is_not_asked_about(asked):
    policy = Policy(topics=(Topic(name="cheap", patterns=(r"snapshots.*starter",)),))
    decision = asked(SNAPSHOTS, "Starter will do for us.", extras=Extras(policy=policy))
    assert decision.verdict is Verdict.AMBIGUOUS
    assert decision.has(ReasonCode.SEVERAL_CASES)
