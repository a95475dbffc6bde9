"""A process that dies at a failpoint, played inside the test's own process."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from indexing.failpoints import Failpoint, set_hook


class DeadError(BaseException):
    """Stands for the death of the process."""


@contextmanager
def dying_at(point: Failpoint, nth: int = 1) -> Iterator[None]:
    """Expect that the block dies where a failpoint is passed for the n-th time."""
    seen: list[Failpoint] = []

    def die(reached: Failpoint) -> None:
        seen.append(reached)
        if reached is point and seen.count(point) == nth:
            raise DeadError

    set_hook(die)
    try:
        with pytest.raises(DeadError):
            yield
    finally:
        set_hook(None)


@contextmanager
def meanwhile(point: Failpoint, act: Callable[[], None]) -> Iterator[None]:
    """Let something happen when the block passes a failpoint for the first time."""
    left = [act]

    def hook(reached: Failpoint) -> None:
        if reached is point and left:
            left.pop()()

    set_hook(hook)
    try:
        yield
    finally:
        set_hook(None)
    assert not left, f"{point} was never passed"
