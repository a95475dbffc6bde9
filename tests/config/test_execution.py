"""Where work may be done: the address of a cluster has to be one for the runner."""

import pytest

from config.execution import ExecutionSettings


@pytest.mark.parametrize(
    ("runner", "scheduler"),
    [
        ("dask", "tcp://127.0.0.1:8786"),
        ("dask", "tls://scheduler.example:8786"),
        ("ray", "ray://127.0.0.1:10001"),
        ("ray", "head.example:6379"),
        ("ray", "[::1]:6379"),
        ("ray", "auto"),
    ],
)
def test_a_cluster_is_named_as_its_library_does(runner: str, scheduler: str) -> None:
    made = ExecutionSettings.model_validate({"runner": runner, "scheduler": scheduler})
    assert made.scheduler == scheduler


@pytest.mark.parametrize("runner", ["local", "process"])
def test_a_scheduler_needs_a_runner_that_has_one(runner: str) -> None:
    with pytest.raises(ValueError, match="runner: dask or runner: ray"):
        ExecutionSettings.model_validate({"runner": runner, "scheduler": "tcp://127.0.0.1:8786"})


@pytest.mark.parametrize(
    ("runner", "scheduler", "said"),
    [
        ("dask", "ray://127.0.0.1:10001", "it has to be tcp://"),
        ("dask", "auto", "it has to be tcp://"),
        ("ray", "tcp://127.0.0.1:8786", "it has to be ray://"),
        ("ray", "ray://127.0.0.1", "it has to be ray://"),
        ("ray", "ray://me:password@127.0.0.1:10001", "it has to be ray://"),
        ("ray", "local", "it has to be ray://"),
    ],
)
def test_an_address_of_the_other_library_is_refused(runner: str, scheduler: str, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        ExecutionSettings.model_validate({"runner": runner, "scheduler": scheduler})
