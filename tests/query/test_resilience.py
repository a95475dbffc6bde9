"""A part that hangs or keeps failing costs a bounded time, and is tried again later."""

import threading

import pytest

from config.querying import DeadlineSettings
from indexing.errors import StoreUnavailableError
from query.decision import ReasonCode, Status
from query.judging.unspoken import NOT_COMPARED
from query.parts import Extras
from query.resilience import Circuit, CircuitOpenError, OverdueError, run_within
from tests.query.conftest import HashingEncoder

LEAVE = "How many working days of annual leave does every employee receive?"


class Clock:
    """A clock that is set by hand."""

    def __init__(self):
        self.time = 0.0

    def __call__(self):
        return self.time


@pytest.fixture
def release():
    """An event that whatever hangs waits for; set at the end."""
    event = threading.Event()
    yield event
    event.set()


def fail():
    raise ValueError("broken")


def test_a_call_gives_what_it_gives_or_raises_what_it_raises(release):
    assert run_within(5.0, lambda: 7) == 7
    with pytest.raises(ValueError, match="broken"):
        run_within(5.0, fail)
    with pytest.raises(OverdueError):
        run_within(0.05, release.wait)


def test_failures_in_a_row_open_a_circuit_and_a_success_closes_it():
    clock = Clock()
    circuit = Circuit(2, 10.0, clock)
    for _ in range(2):
        with pytest.raises(ValueError, match="broken"):
            circuit.call(5.0, fail)
    calls = []
    with pytest.raises(CircuitOpenError):
        circuit.call(5.0, lambda: calls.append(1))
    assert calls == []
    clock.time = 10.1
    with pytest.raises(ValueError, match="broken"):
        circuit.call(5.0, fail)  # the trial, which keeps it open
    with pytest.raises(CircuitOpenError):
        circuit.call(5.0, lambda: 1)
    clock.time = 30.0
    assert circuit.call(5.0, lambda: 1) == 1
    assert not circuit.is_open


def test_one_success_forgets_failures_before_it():
    circuit = Circuit(2, 10.0)
    for _ in range(3):
        with pytest.raises(ValueError, match="broken"):
            circuit.call(5.0, fail)
        circuit.call(5.0, lambda: 1)
    assert not circuit.is_open


class Hanging:
    """Hangs at whatever it is asked, and counts."""

    def __init__(self, release):
        self.release, self.asked = release, 0

    def encode_query(self, text):
        self.asked += 1
        self.release.wait(60)

    def search(self, collection, query):
        self.asked += 1
        self.release.wait(60)


SHORT = DeadlineSettings(encoder_seconds=0.05, store_seconds=0.05, failures=2, cooldown_seconds=60)


def test_an_encoder_that_hangs_ends_in_sparse_only(make_engine, release):
    hanging = Hanging(release)
    engine = make_engine(
        dense=hanging,
        extras=Extras(deadlines=SHORT.model_copy(update={"store_seconds": 30.0})),
    )
    for _ in range(4):
        decision = engine.answer(LEAVE)
        assert decision.status is Status.DEGRADED
        assert decision.has(ReasonCode.DENSE_ENCODER_DOWN)
        assert decision.evidence[0].key == "people/leave.md"
    assert hanging.asked == 2


class WordsHang(HashingEncoder):
    """Encodes questions, and hangs over words."""

    def __init__(self, release):
        self.release = release

    def encode_words(self, words):
        self.release.wait(60)
        return self.encode_documents(words)


def test_words_whose_comparison_hangs_are_left(make_engine, release):
    deadlines = SHORT.model_copy(update={"encoder_seconds": 2.0, "store_seconds": 30.0})
    engine = make_engine(dense=WordsHang(release), extras=Extras(deadlines=deadlines))
    decision = engine.ground("What is the warranty of the Tern 4 housing?")
    assert decision.status is Status.DEGRADED
    assert NOT_COMPARED in decision.reasons
    assert decision.evidence


def test_a_store_that_hangs_is_unavailable_and_left_alone(make_engine, audit, release):
    hanging = Hanging(release)
    engine = make_engine(
        store=hanging,
        extras=Extras(deadlines=SHORT.model_copy(update={"encoder_seconds": 30.0})),
    )
    for _ in range(4):
        decision = engine.answer(LEAVE)
        assert decision.status is Status.UNAVAILABLE
        assert decision.has(ReasonCode.STORE_UNAVAILABLE)
        assert decision.answer is None
    assert hanging.asked == 2
    assert len(audit.records) == 4


def test_a_store_that_comes_back_is_used_again(make_engine, store):
    class Failing:
        down = True

        def search(self, collection, query):
            if self.down:
                raise StoreUnavailableError("no answer")
            return store.search(collection, query)

    failing = Failing()
    brief = DeadlineSettings(failures=1, cooldown_seconds=0.001)
    engine = make_engine(store=failing, extras=Extras(deadlines=brief))
    assert engine.answer(LEAVE).status is Status.UNAVAILABLE
    failing.down = False
    threading.Event().wait(0.01)
    assert engine.answer(LEAVE).status is Status.OK


def test_only_one_call_is_admitted_after_the_cooldown():
    clock = Clock()
    circuit = Circuit(1, 10.0, clock)
    assert circuit.admits()
    circuit.failed()
    assert not circuit.admits()
    clock.time = 10.0
    assert [circuit.admits() for _ in range(3)] == [True, False, False]
    circuit.succeeded()
    assert circuit.admits()
