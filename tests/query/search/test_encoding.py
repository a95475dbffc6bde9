"""The dense encoder behind its memory, as a whole engine sees it."""

import threading
from dataclasses import replace

import pytest

from indexing.encoding.remembered import RememberedVectors
from query.decision import GroundingDecision, ReasonCode, Status

QUESTIONS = [
    "How many working days of annual leave does every employee receive?",
    "What may a hotel room in Lisbon cost per night?",
    "Who approves travel above two thousand euros?",
]


class Counted:
    """Counts what an encoder is asked for, and can break."""

    def __init__(self, encoder):
        self._encoder = encoder
        self.texts = []
        self.broken = False

    def encode_documents(self, texts):
        if self.broken:
            raise RuntimeError("no model")
        self.texts += texts
        return self._encoder.encode_documents(texts)

    def encode_query(self, text):
        if self.broken:
            raise RuntimeError("no model")
        self.texts.append(text)
        return self._encoder.encode_query(text)


@pytest.fixture
def counted(encoder):
    return Counted(encoder)


def lasting(decision: GroundingDecision) -> GroundingDecision:
    return replace(decision, request_id="", timings_ms={})


def test_a_decision_is_the_same_whatever_is_remembered(make_engine, counted):
    plain = make_engine()
    engine = make_engine(dense=RememberedVectors(lambda: counted, 10_000_000))
    expected = [lasting(plain.ground(question)) for question in QUESTIONS]
    assert any(decision.evidence for decision in expected)
    assert [lasting(engine.ground(question)) for question in QUESTIONS] == expected
    first, counted.texts = counted.texts, []
    sentences = [text for text in first if text not in QUESTIONS]
    assert len(sentences) == len(set(sentences)) > 2 * len(QUESTIONS)
    assert all(first.count(question) <= 2 for question in QUESTIONS)  # searched for, and compared
    assert [lasting(engine.ground(question)) for question in QUESTIONS] == expected
    assert counted.texts == []


def test_a_memory_too_small_for_one_request_changes_nothing(make_engine, counted):
    plain, small = make_engine(), make_engine(dense=RememberedVectors(lambda: counted, 4000))
    for question in QUESTIONS * 2:
        assert lasting(small.ground(question)) == lasting(plain.ground(question))


def test_what_is_remembered_serves_while_the_encoder_is_down(make_engine, counted):
    engine = make_engine(dense=RememberedVectors(lambda: counted, 10_000_000))
    known = engine.ground(QUESTIONS[0])
    counted.broken = True
    assert lasting(engine.ground(QUESTIONS[0])) == lasting(known)
    degraded = engine.ground(QUESTIONS[1])
    assert degraded.status is Status.DEGRADED
    assert ReasonCode.DENSE_ENCODER_DOWN in {reason.code for reason in degraded.reasons}
    assert degraded.evidence
    counted.broken = False
    assert lasting(engine.ground(QUESTIONS[1])) == lasting(make_engine().ground(QUESTIONS[1]))


def test_requests_at_the_same_time_get_what_each_gets_alone(make_engine, counted):
    expected = {question: lasting(make_engine().ground(question)) for question in QUESTIONS}
    engine = make_engine(dense=RememberedVectors(lambda: counted, 10_000_000))
    asked, found, gate = QUESTIONS * 3, [], threading.Barrier(len(QUESTIONS) * 3)

    def ask(question: str) -> None:
        gate.wait(30)
        found.append((question, lasting(engine.ground(question))))

    threads = [threading.Thread(target=ask, args=(question,)) for question in asked]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert len(found) == len(asked)
    assert all(decision == expected[question] for question, decision in found)
    sentences = [text for text in counted.texts if text not in QUESTIONS]
    assert len(sentences) == len(set(sentences))
