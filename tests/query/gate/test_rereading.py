"""A question is judged as it was meant: with its capitals, without slips, and it says so."""

from collections.abc import Sequence

import pytest

from config.policy import Policy, Topic
from indexing.errors import ModelError
from query.decision import ReasonCode, Verdict
from query.parts import Extras
from query.search.retrieval import Retriever
from tests.query.conftest import HashingEncoder

MEANT = "How long is the probation period?"
NAMED = "At which Modbus address does the Tern 4 speak by default?"


class Cutting(HashingEncoder):
    """Has one word in one piece."""

    def pieces(self, words: Sequence[str]) -> list[int]:
        return [1 if word == "probation" else 2 for word in words]


class Broken(HashingEncoder):
    """Cannot cut any word."""

    def pieces(self, words: Sequence[str]) -> list[int]:
        raise ModelError("The model is damaged.")


def reading(decision):
    """Return what the decision says of how it read the question."""
    return [r.detail for r in decision.reasons if r.code is ReasonCode.READ_AS]


def test_a_mistyped_word_is_read_as_it_was_meant_and_told(make_engine):
    engine = make_engine(dense=Cutting())
    meant = engine.answer(MEANT)
    found = engine.answer(MEANT.replace("probation", "probatoin"))
    assert meant.verdict is Verdict.ANSWERABLE
    assert found.verdict is Verdict.ANSWERABLE
    assert found.answer == meant.answer
    assert found.p_answerable == pytest.approx(meant.p_answerable)
    assert reading(found) == ["Read 'probatoin' as 'probation'."]
    assert reading(meant) == []


def test_it_is_searched_for_once_more(make_engine, monkeypatch):
    whole, searched = Retriever.retrieve, []

    def noted(self, text, *args):
        searched.append(text)
        return whole(self, text, *args)

    monkeypatch.setattr(Retriever, "retrieve", noted)
    typed = MEANT.replace("probation", "probatoin")
    make_engine(dense=Cutting()).answer(typed)
    assert searched[:2] == [typed, MEANT]


def test_an_encoder_that_fails_leaves_the_question_as_it_is(make_engine):
    found = make_engine(dense=Broken()).answer(MEANT.replace("probation", "probatoin"))
    assert reading(found) == []
    assert found.status is not None


@pytest.mark.parametrize("careless", [str.lower, str.upper], ids=["small", "capitals"])
def test_letters_of_one_kind_are_judged_as_letters_of_both(make_engine, careless):
    engine = make_engine(dense=Cutting())
    meant, found = engine.answer(NAMED), engine.answer(careless(NAMED))
    assert meant.verdict is Verdict.ANSWERABLE
    assert (found.verdict, found.answer) == (meant.verdict, meant.answer)
    wrong = engine.answer(careless(NAMED.replace("Tern 4", "Tern 9")))
    assert wrong.verdict is Verdict.UNANSWERABLE


def test_what_the_policy_refuses_is_not_read_out_of_a_slip(make_engine):
    policy = Policy(topics=(Topic(name="terms", patterns=("probation",)),))
    engine = make_engine(dense=Cutting(), extras=Extras(policy=policy))
    found = engine.answer(MEANT.replace("probation", "probatoin"))
    assert reading(found) == []
    assert found.verdict is Verdict.UNANSWERABLE
    assert engine.answer(MEANT).verdict is Verdict.REFUSED_BY_POLICY
