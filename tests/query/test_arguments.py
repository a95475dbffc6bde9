"""None stands for nothing of the kind; what is not of its type is told to the caller at once."""

import asyncio
import datetime as dt
import json

import pytest

from config.errors import HoldfastError
from indexing.as_of import GenerationEpoch
from query.arguments import WrongArgumentError, state_of
from query.asynchronous import AsyncQueryEngine
from query.decision import Status, Verdict
from query.feedback import Feedback, FeedbackVerdict

QUESTION = "How many working days of annual leave does every employee receive?"
KEY = "people/leave.md"


@pytest.mark.parametrize("way", ["ground", "answer"])
def test_none_excludes_nothing_and_is_no_history(engine, audit, way):
    ask = getattr(engine, way)
    decision = ask(QUESTION, None, None, None)
    assert (decision.status, decision.verdict) == (Status.OK, Verdict.ANSWERABLE)
    assert decision.evidence == ask(QUESTION).evidence
    assert audit.records[0].to_json()["asked"]["exclude_keys"] == []
    assert engine.retrieve(QUESTION, None).hits


@pytest.mark.parametrize("keys", [[KEY], (KEY,), {KEY}, iter([KEY])])
def test_keys_may_be_any_collection(engine, keys):
    assert KEY not in engine.ground(QUESTION, keys).retrieved_keys


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((None,), "question has to be text, not NoneType."),
        ((5,), "question has to be text, not int."),
        ((b"How long?",), "question has to be text, not bytes."),
        ((QUESTION, KEY), "exclude_keys has to be a collection of texts, not str."),
        ((QUESTION, 5), "exclude_keys has to be a collection of texts, not int."),
        ((QUESTION, [5]), "each of exclude_keys has to be text, not int."),
        ((QUESTION, None, "1"), "as_of has to be an epoch, a moment or an epoch of a generation"),
        ((QUESTION, None, True), "as_of has to be"),
        ((QUESTION, None, None, [("user", QUESTION)]), "each turn of history has to be text or an"),
        ((QUESTION, None, None, [QUESTION, None]), "each turn of history has to be text or an"),
        ((QUESTION, None, None, b"How long?"), "each turn of history has to be text or an"),
        ((QUESTION, None, None, 5), "history has to be a sequence of turns, not int."),
    ],
)
def test_what_is_not_of_its_type_is_the_fault_of_the_program(engine, audit, arguments, said):
    for way in (engine.ground, engine.answer):
        with pytest.raises(TypeError) as raised:
            way(*arguments)
        assert str(raised.value).startswith(said)
        assert isinstance(raised.value, WrongArgumentError)
        assert isinstance(raised.value, HoldfastError)  # a command says it in one paragraph
    if len(arguments) < 4:
        with pytest.raises(WrongArgumentError):
            engine.retrieve(*arguments)
    with pytest.raises(WrongArgumentError):
        asyncio.run(AsyncQueryEngine(engine).ground(*arguments))
    assert audit.records == []


def test_the_scope_and_what_is_checked_are_held_to_their_types(engine, audit):
    for wrong in (
        lambda: engine.ground(QUESTION, scope={"groups": ["staff"]}),
        lambda: engine.check(None, evidence=["a"]),
        lambda: engine.check("It is so.", evidence="a text"),
        lambda: engine.check("It is so.", evidence=[5]),
        lambda: engine.check("It is so.", evidence={"quote": "It is so."}),
        lambda: next(engine.answer_many([{"question": {"text": QUESTION}}])),
        lambda: engine.check("It is so.", question=5),
        lambda: engine.check("It is so.", request_id=5),
        lambda: engine.evidence(None),
        lambda: engine.feedback(5, Feedback(FeedbackVerdict.WRONG)),
        lambda: engine.feedback("r1", "wrong"),
        lambda: Feedback("wrong"),
        lambda: Feedback(FeedbackVerdict.WRONG, None),
        lambda: Feedback(FeedbackVerdict.WRONG, "Room thirteen.", "keys.txt"),
    ):
        with pytest.raises(WrongArgumentError):
            wrong()
    assert audit.records == []


def test_a_single_text_is_one_earlier_turn(engine, audit):
    engine.ground("How many days does it have?", history=QUESTION)
    logged = json.loads(json.dumps(audit.records[0].to_json()))
    assert logged["asked"]["history"] == [QUESTION]


def test_a_moment_without_a_zone_is_in_utc():
    assert state_of(dt.datetime.fromisoformat("2026-11-01")) == dt.datetime(
        2026, 11, 1, tzinfo=dt.UTC
    )
    for same in (None, 7, GenerationEpoch("g", 7), dt.datetime(2026, 11, 1, tzinfo=dt.UTC)):
        assert state_of(same) is same
