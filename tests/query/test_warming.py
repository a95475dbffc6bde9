"""Warming loads what the first question would load, and asks nothing of anybody."""

from types import SimpleNamespace

import pytest

import query.warming
from config.querying import ClaimsBy, ClaimSettings, DeadlineSettings
from config.settings import Settings
from indexing.errors import ModelError
from query.judging.judge import FeatureJudge
from query.judging.reader import Reading
from query.judging.stacking import Stack
from query.judging.trained_judge import TrainedJudge
from query.ports import Encoders
from query.resilience import circuit
from query.warming import QUESTION, load_models


class Encoder:
    """Remembers what it was asked."""

    def __init__(self) -> None:
        self.asked = []

    def encode_query(self, text):
        self.asked.append(text)
        return (0.0,)


class Reader:
    """Remembers what it was given to read."""

    def __init__(self) -> None:
        self.asked = []

    def read(self, question, texts):
        self.asked.append((question, *texts))
        return [Reading(0.0, 0.0)]


PLAIN = Stack((0.0,) * 6, (1.0,) * 6, (1.0,) * 6, 0.0)


class ClaimReader:
    """Remembers what it was given to read."""

    def __init__(self) -> None:
        self.asked = []

    def support(self, pairs):
        self.asked += pairs


@pytest.mark.parametrize("live", [True, False])
def test_the_encoder_of_the_live_state_and_the_readers_are_loaded(monkeypatch, live):
    own, general, reader = Encoder(), Encoder(), Reader()
    pinned = SimpleNamespace(encoders=Encoders(own, None)) if live else None
    judge = TrainedJudge(reader, PLAIN, "reader-test", 2, circuit(DeadlineSettings()), 5.0)
    monkeypatch.setattr(query.warming, "CorpusView", lambda _: SimpleNamespace(pin=lambda: pinned))
    monkeypatch.setattr(query.warming, "open_judge", lambda *_, **__: judge)
    claims = ClaimReader()
    monkeypatch.setattr(query.warming, "open_claim_reader", lambda _: claims)
    load_models(SimpleNamespace(settings=Settings(), remembered=general))
    assert claims.asked == [(QUESTION, QUESTION)]
    assert (own if live else general).asked == [QUESTION]
    assert (general if live else own).asked == []
    assert reader.asked == [(QUESTION, QUESTION)]


def test_what_cannot_be_loaded_keeps_nothing_else_from_being_loaded(monkeypatch):
    def missing(_):
        raise ModelError("The encoder was not found.")

    class Broken(Reader):
        def read(self, question, texts):
            raise OSError("No tokenizer is there.")

    encoder, claims = SimpleNamespace(encode_query=missing), ClaimReader()
    judge = TrainedJudge(Broken(), PLAIN, "reader-test", 2, circuit(DeadlineSettings()), 5.0)
    monkeypatch.setattr(query.warming, "CorpusView", lambda _: SimpleNamespace(pin=lambda: None))
    monkeypatch.setattr(query.warming, "open_judge", lambda *_, **__: judge)
    monkeypatch.setattr(query.warming, "open_claim_reader", lambda _: claims)
    with pytest.raises(ModelError) as caught:
        load_models(SimpleNamespace(settings=Settings(), remembered=encoder))
    assert claims.asked == [(QUESTION, QUESTION)]
    assert str(caught.value) == "The encoder was not found. OSError: No tokenizer is there."


def test_features_and_rules_need_no_reader(monkeypatch):
    encoder = Encoder()
    monkeypatch.setattr(query.warming, "open_claim_reader", None)
    monkeypatch.setattr(query.warming, "CorpusView", lambda _: SimpleNamespace(pin=lambda: None))
    monkeypatch.setattr(query.warming, "open_judge", lambda *_, **__: FeatureJudge())
    settings = Settings(claims=ClaimSettings(checked_by=ClaimsBy.RULES))
    load_models(SimpleNamespace(settings=settings, remembered=encoder))
    assert encoder.asked == [QUESTION]
