"""What a model wrote is checked by the reader of a home, and a replay checks it the same way."""

import json

import pytest

from config.loading import load_settings
from indexing.corpus import open_corpus
from indexing.ledger.requests import find_request
from query.claims.claim_reader import open_claim_reader
from query.decision import ReasonCode
from query.opening import open_engine
from query.replay import replay
from tests.support.model_endpoint import ModelEndpoint, says

KEYS = "In which room do the keys of the archive hang?"
SAID = "The keys of the archive hang in room twelve."
OTHERWISE = (
    "Go and look in room twelve: that is the place where the keys of the archive can be found "
    "hanging."
)
"""The rules find it in part."""


@pytest.fixture
def writing(desk):
    """A home whose answers a model phrases, as the given text."""
    with ModelEndpoint() as endpoint:
        opened = []

        def open_home(text, **claims):
            endpoint.script(says(text))
            provider = {"name": "p", "url": endpoint.url, "model": "m"}
            chosen = {f"claims.{name}": value for name, value in claims.items()}
            settings = load_settings(
                overrides={"home": desk.home, "generation.providers": [provider], **chosen}
            ).settings
            opened.append(open_corpus(settings))
            return opened[-1]

        yield open_home
        for corpus in opened:
            corpus.close()


def checked(corpus, decision):
    return find_request(corpus.ledger, decision.request_id)["generated"]


def test_what_is_said_in_other_words_is_given_out(writing):
    corpus = writing(OTHERWISE)
    decision = open_engine(corpus).answer(KEYS)
    assert decision.answer == f"{OTHERWISE} [1]"
    assert checked(corpus, decision)["reader"] == open_claim_reader().name
    assert replay(corpus, decision.request_id).differences == ()
    by_rules = open_engine(writing(OTHERWISE, checked_by="rules")).answer(KEYS)
    assert by_rules.has(ReasonCode.GENERATOR_FELL_BACK)


def test_rules_alone_check_where_the_settings_say_so(writing):
    corpus = writing(SAID, checked_by="rules")
    decision = open_engine(corpus).answer(KEYS)
    assert decision.answer == f"{SAID} [1]"
    assert checked(corpus, decision)["reader"] == ""
    assert replay(corpus, decision.request_id).differences == ()


def test_a_reader_that_fails_is_told_of_then_and_in_the_replay(writing, desk, monkeypatch):
    folder = desk.home / "reader"
    folder.mkdir()
    record = open_claim_reader().folder / "claims.json"
    (folder / "claims.json").write_text(record.read_text(encoding="utf-8"), encoding="utf-8")
    corpus = writing(f"{SAID} The keys are made of gold.", reader=folder)
    decision = open_engine(corpus).answer(KEYS)
    assert decision.answer == f"{SAID} [1]"
    codes = [reason.code for reason in decision.reasons]
    assert codes.count(ReasonCode.CHECKED_BY_RULES) == 1
    kept = checked(corpus, decision)
    assert kept["reader"] == ""
    assert [reason["code"] for reason in json.loads(json.dumps(kept["reasons"]))] == [
        "checked_by_rules"
    ]
    assert replay(corpus, decision.request_id).differences == ()
