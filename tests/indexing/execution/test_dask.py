"""What only Dask does: its call of a piece that ends just between two waits."""

import pytest

pytest.importorskip("distributed", reason="Dask is not installed (the extra `dask`)")

from indexing.execution.dask import DaskCall


class Manned:
    """A runner that has workers."""

    closed = False

    def check(self) -> None:
        """Somebody is there."""


class EndsMeanwhile:
    """A future whose work fails just after a wait for it was over."""

    def __init__(self, error: Exception) -> None:
        self.status = "pending"
        self._error = error

    def result(self, timeout: float) -> None:
        if self.status == "error":
            raise self._error
        self.status = "error"
        raise TimeoutError(timeout)


@pytest.mark.parametrize("kind", [ValueError, TimeoutError])
def test_work_that_fails_between_two_waits_fails_as_itself(kind: type[Exception]) -> None:
    call: DaskCall[None] = DaskCall(Manned(), EndsMeanwhile(kind("its own")))  # type: ignore[arg-type]
    with pytest.raises(kind, match="its own"):
        call.result()
