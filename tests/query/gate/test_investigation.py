"""What could not be searched for ends a request, whatever else is down."""

import pytest

from query.decision import Reason, ReasonCode, Status, Verdict
from query.search.retrieval import Retrieval, Retriever

QUESTION = (
    "What are the housing and the warranty of the Tern 4, and how long are camera recordings kept?"
)
DOWN = Reason(ReasonCode.STORE_UNAVAILABLE, "The store does not answer.")


class Broken:
    """An encoder that is down."""

    def encode_query(self, text):
        raise RuntimeError("no model")


@pytest.mark.parametrize("parts", [{}, {"dense": Broken()}], ids=["all else up", "encoder down"])
def test_a_thing_that_could_not_be_searched_for_makes_the_whole_unavailable(
    make_engine, monkeypatch, parts
):
    whole, failed, after = Retriever.retrieve, [], []

    def fails(self, text, *args):
        if text.startswith("What are the warranty"):
            failed.append(text)
            return Retrieval(Status.UNAVAILABLE, reasons=(DOWN,))
        if failed:
            after.append(text)
        return whole(self, text, *args)

    monkeypatch.setattr(Retriever, "retrieve", fails)
    decision = make_engine(**parts).ground(QUESTION)
    assert failed
    assert not after
    assert decision.status is Status.UNAVAILABLE
    assert decision.has(ReasonCode.STORE_UNAVAILABLE)
    assert not decision.evidence


def test_a_part_in_another_language_is_not_taken_for_answered(make_engine):
    first = "At which Modbus address does the Tern 4 speak by default?"
    decision = make_engine().answer(f"{first} Was kostet der Tern 4?")
    assert make_engine().answer(first).verdict is Verdict.ANSWERABLE
    assert decision.verdict is Verdict.PARTIALLY_SUPPORTED
    assert decision.missing == ("Was kostet der Tern 4?",)
    assert decision.has(ReasonCode.LANGUAGE)
