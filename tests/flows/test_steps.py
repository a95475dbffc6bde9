"""Steps beyond the number that is shown as tasks: carried out, and repeated, as those are."""

from typing import Any

import pytest

from flows import steps
from flows.steps import carry_out
from indexing.errors import StoreRejectedError, StoreUnavailableError

RETRIES = 3


class Step:
    """Fails as often as it is told, then succeeds."""

    def __init__(self, error: Exception, failures: int) -> None:
        self.begun = 0
        self._error = error
        self._failures = failures

    def __call__(self) -> int:
        self.begun += 1
        if self.begun <= self._failures:
            raise self._error
        return self.begun


@pytest.fixture
def pauses(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    made: list[float] = []
    monkeypatch.setattr("tenacity.nap.time.sleep", made.append)
    return made


def test_a_transient_error_is_repeated_with_growing_pauses(pauses: list[float]) -> None:
    step = Step(StoreUnavailableError("the store sleeps"), RETRIES)
    assert carry_out(step, RETRIES) == 1 + RETRIES
    assert len(pauses) == RETRIES
    assert 2 <= pauses[0] <= 3 < pauses[1] < pauses[2] <= 9


def test_however_often_a_step_is_repeated_no_pause_is_longer_than_a_minute(
    pauses: list[float],
) -> None:
    most = 20  # orchestration.task_retries takes no more
    step = Step(StoreUnavailableError("the store sleeps"), most)
    assert carry_out(step, most) == 1 + most
    assert max(pauses) <= 61
    as_task = steps.named(steps.embed, "embed batch 1", most)
    assert (as_task.retries, as_task.retry_delay_seconds) == (most, steps.pauses(most))
    for pause, of_the_task in zip(pauses, steps.pauses(most), strict=True):
        assert of_the_task <= pause <= of_the_task + 1


def test_a_transient_error_that_stays_is_raised(pauses: list[float]) -> None:
    step = Step(StoreUnavailableError("the store sleeps"), 99)
    with pytest.raises(StoreUnavailableError):
        carry_out(step, RETRIES)
    assert (step.begun, len(pauses)) == (1 + RETRIES, RETRIES)


def test_a_permanent_error_is_raised_at_once(pauses: list[float]) -> None:
    step = Step(StoreRejectedError("the store objects"), 1)
    with pytest.raises(StoreRejectedError):
        carry_out(step, RETRIES)
    assert (step.begun, pauses) == (1, [])


@pytest.mark.prefect
@pytest.mark.usefixtures("prefect_api")
def test_a_long_run_has_few_task_runs(desk: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    from tests.support.prefect_api import task_runs

    monkeypatch.setattr(steps, "AS_TASKS", 7)
    desk.fill(6)  # three batches of two
    state = desk.flow()
    assert (state.name, state.message) == ("Completed", "6 enumerated, 6 indexed")
    assert len(desk.texts()) == 6
    assert task_runs(state, 8) == {
        **dict.fromkeys(("parse", "embed", "commit"), 2),
        **dict.fromkeys(("plan", "report"), 1),
    }
