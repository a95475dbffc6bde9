"""What a follow-up is searched for behind, and how the two lists are put together."""

from dataclasses import replace

import pytest

from config.policy import Policy, Topic, TopicAction
from config.settings import RetrievalSettings
from query.asking.followups import Turn
from query.asking.said_before import (
    COUNTS,
    LONGEST_TURN,
    MOST,
    behind_last_turn,
    counted,
    joined,
    scores_of,
)
from query.decision import Reason, ReasonCode, Status, Verdict
from query.judging.ordering import in_order
from query.parts import Extras
from query.search.retrieval import Retrieval, Retriever
from query.text.passages import Passage
from tests.query.ambiguity.test_conflicts import ask, titled

TALK = (
    Turn("user", "Do you sell pumps?"),
    Turn("assistant", "Yes, the Tern 2."),
    Turn("user", "And cranes?"),
    Turn("assistant", "Yes, the Heron, for harbours."),
)


def placed(text: str, number: int, score: float, dense: float = 0.5, sparse: float = 3.0):
    passage: Passage = titled("Page", text, number)
    ranked = replace(passage.ranked, score=score, dense=dense, sparse=sparse)
    return replace(passage, ranked=ranked)


def test_a_follow_up_is_searched_for_behind_the_last_turn_and_its_answer():
    question = replace(ask("How much does it lift?"), earlier=TALK)
    assert behind_last_turn(question) == (
        "And cranes? Yes, the Heron, for harbours. How much does it lift?"
    )


def test_without_an_answer_there_is_no_talk():
    question = ask("How much does it lift?")
    assert behind_last_turn(question) == ""
    assert behind_last_turn(replace(question, earlier=TALK[:1])) == ""
    assert behind_last_turn(replace(question, earlier=TALK[1:2])) == ""
    assert behind_last_turn(replace(question, earlier=(TALK[1], TALK[0]))) == ""


def test_what_was_not_answered_yet_is_no_talk():
    """A part of a compound question stands before the next one; it has no answer of its own."""
    part = Turn("user", "How high is it")
    assert behind_last_turn(replace(ask("how much does it lift?"), earlier=(*TALK, part))) == (
        "And cranes? Yes, the Heron, for harbours. how much does it lift?"
    )


def test_of_a_pasted_page_its_beginning_is_searched_for_up_to_a_whole_word():
    page = Turn("assistant", "word " * 5000)
    question = replace(ask("How much does it lift?"), earlier=(TALK[0], page))
    text = behind_last_turn(question)
    assert len(text) <= 2 * LONGEST_TURN + 50
    assert "wor " not in text


def test_what_only_the_second_list_has_joins_the_first_as_unseen_by_it():
    own = [placed("one", 1, 0.9), placed("two", 2, 0.4, dense=0.2)]
    behind = [placed("three", 3, 1.0), placed("two", 2, 0.8)]
    both = joined(own, behind)
    assert [p.text for p in both] == ["one", "two", "three"]  # .9, .4 + .4, 0 + .5
    assert (both[2].ranked.score, both[2].ranked.dense, both[2].ranked.sparse) == (0.0, 0.2, 0.0)


def test_only_the_first_of_the_second_list_join():
    behind = [placed(str(n), n, 1.0 - n / 100) for n in range(40)]
    assert len(joined([placed("own", 99, 0.9)], behind)) == 1 + MOST
    assert joined([placed("one", 1, 0.9)], []) == [placed("one", 1, 0.9)]


def test_the_second_list_decides_nothing_alone():
    assert joined([], [placed("one", 1, 0.9)]) == []


def test_what_the_second_list_says_counts_beside_the_words():
    assert counted(0.5, "x", {}) == 0.5
    assert counted(0.5, "x", {"y": 1.0}) == pytest.approx(0.5 / (1 + COUNTS))
    assert counted(1.0, "x", {"x": 1.0}) == pytest.approx(1.0)


def test_of_two_pages_alike_the_one_that_the_talk_is_about_comes_first():
    pages = [placed("It lifts two tons.", 1, 0.5), placed("It lifts nine tons.", 2, 0.5)]
    question = ask("How much does it lift?")
    assert in_order(question, pages, RetrievalSettings())[0].text == "It lifts two tons."
    said = scores_of([replace(pages[1], ranked=replace(pages[1].ranked, score=0.9))])
    assert in_order(question, pages, RetrievalSettings(), said)[0].text == "It lifts nine tons."
    assert all(
        0.0 <= p.ranked.score <= 1.0 for p in in_order(question, pages, RetrievalSettings(), said)
    )


CRANES = "The Heron lifts nine tons at twenty metres and needs a permit in every harbour."
PUMPS = "The Tern 2 lifts four litres a second and needs no permit."
HISTORY = [
    {"role": "user", "text": "Which of your machines work at the quay?"},
    {"role": "assistant", "text": "The Heron, a crane for harbours."},
]


@pytest.fixture
def machines(shelve, page, make_engine, audit):
    """An engine on two pages, and the texts that it searched for."""
    store = shelve([page("cranes.md", "Heron", CRANES), page("pumps.md", "Tern 2", PUMPS)])

    def guarded_by(policy: Policy):
        return make_engine(store=store, extras=Extras(policy=policy))

    engine = make_engine(store=store)
    return engine, guarded_by, lambda: [search["question"] for search in audit.records[-1].searches]


def test_the_second_search_is_in_the_log(machines):
    engine, _, searched = machines
    engine.ground("What does it lift?", history=HISTORY)
    assert len(searched()) == 2
    assert searched()[1].startswith("Which of your machines work at the quay? The Heron")
    engine.ground("What does the Heron lift?")
    assert len(searched()) == 1


def test_a_second_search_that_fails_leaves_the_first(machines, monkeypatch):
    engine, *_ = machines
    whole = Retriever.retrieve

    def fails(self, text, *args):
        if "a crane for" not in text:
            return whole(self, text, *args)
        down = Reason(ReasonCode.STORE_UNAVAILABLE, "The store does not answer.")
        return Retrieval(Status.UNAVAILABLE, reasons=(down,))

    monkeypatch.setattr(Retriever, "retrieve", fails)
    decision = engine.ground("What does it lift?", history=HISTORY)
    assert decision.status is Status.DEGRADED
    assert decision.has(ReasonCode.STORE_UNAVAILABLE)
    assert decision.evidence


def test_what_the_policy_refuses_is_not_searched_for_by_way_of_an_answer(machines):
    engine, guarded_by, searched = machines
    topic = Topic(name="cranes", action=TopicAction.REFUSE, patterns=("crane",))
    guarded = guarded_by(Policy(topics=(topic,)))
    decision = guarded.ground("What does the Tern lift?", history=HISTORY)
    assert decision.verdict is not Verdict.REFUSED_BY_POLICY
    assert len(searched()) == 1
    engine.ground("What does the Tern lift?", history=HISTORY)
    assert len(searched()) == 2


@pytest.mark.parametrize(
    "said", ["", " \n", "\x00", "🦀" * 3000, "x" * 100_000, "\ud800", "[](){}*"]
)
def test_whatever_was_answered_before_a_question_is_answered(machines, said):
    engine, *_ = machines
    history = [HISTORY[0], {"role": "assistant", "text": said}]
    decision = engine.ground("What does the Heron lift?", history=history)
    assert decision.status is Status.OK
    assert decision.evidence
