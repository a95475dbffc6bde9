"""A ledger that says nothing costs a bounded time, whoever asks it, and is asked again later."""

import threading

import pytest

from config.querying import DeadlineSettings
from indexing.errors import EpochNotCommittedError, LedgerUnavailableError
from query.bounded_ledger import BoundedCounter, BoundedLedger, BoundedLog, BoundedView
from query.decision import ReasonCode, Status, SuggestedAction

LEAVE = "How many working days of annual leave does every employee receive?"
SHORT = DeadlineSettings(ledger_seconds=0.1, failures=2, cooldown_seconds=60)


@pytest.fixture
def release():
    """An event that whatever hangs waits for; set at the end."""
    event = threading.Event()
    yield event
    event.set()


class Mute:
    """A ledger that says nothing, and counts how often it was asked."""

    def __init__(self, release):
        self.release, self.asked = release, 0

    def pin(self, _as_of=None):
        return self._wait()

    def record(self, _request):
        self._wait()

    def admit(self, _tenant, _quotas, _at, _request_id):
        return self._wait()

    def _wait(self):
        self.asked += 1
        self.release.wait(60)


CALLS = {
    "pin": (BoundedView, ()),
    "record": (BoundedLog, (None,)),
    "admit": (BoundedCounter, ("default", (), None, None)),
}


@pytest.mark.parametrize("name", CALLS)
def test_whatever_it_is_asked_it_is_left_alone_after_some_failures(release, name):
    mute, (bounded, arguments) = Mute(release), CALLS[name]
    call = getattr(bounded(mute, BoundedLedger.within(SHORT)), name)
    for _ in range(4):
        with pytest.raises(LedgerUnavailableError, match=r"deadlines\.ledger_seconds"):
            call(*arguments)
    assert mute.asked == SHORT.failures


@pytest.mark.parametrize("error", [EpochNotCommittedError("never"), TypeError("no text")])
def test_a_missing_state_or_a_fault_of_ours_says_nothing_against_the_ledger(error):
    ledger = BoundedLedger.within(SHORT)

    def failing():
        raise error

    for _ in range(2 * SHORT.failures):
        with pytest.raises(type(error)):
            ledger.call(failing)
    assert ledger.call(lambda: 7) == 7


def test_a_ledger_that_fails_counts_as_one_that_is_late():
    ledger, asked = BoundedLedger.within(SHORT), []

    def away():
        asked.append(1)
        raise LedgerUnavailableError("locked")

    for _ in range(SHORT.failures):
        with pytest.raises(LedgerUnavailableError, match="locked"):
            ledger.call(away)
    with pytest.raises(LedgerUnavailableError, match="in a row"):
        ledger.call(away)
    assert len(asked) == SHORT.failures


def test_no_state_in_time_is_unavailable(make_engine, release):
    view = BoundedView(Mute(release), BoundedLedger.within(SHORT))
    decision = make_engine(view=view).answer(LEAVE)
    assert decision.status is Status.UNAVAILABLE
    assert decision.verdict is None
    assert decision.has(ReasonCode.LEDGER_UNAVAILABLE)


def test_no_log_in_time_withholds_the_answer(make_engine, release):
    log = BoundedLog(Mute(release), BoundedLedger.within(SHORT))
    decision = make_engine(audit=log).answer(LEAVE)
    assert decision.has(ReasonCode.AUDIT_NOT_WRITTEN)
    assert decision.answer is None
    assert decision.suggested_action is SuggestedAction.ESCALATE
