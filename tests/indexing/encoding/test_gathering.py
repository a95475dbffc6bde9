"""Calls that come together are done together, each with its own result or error."""

import threading
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest

from indexing.encoding.gathering import Gathering


class Workshop:
    """Doubles numbers; the first batch waits until it is let go."""

    def __init__(self) -> None:
        self.batches: list[list[int]] = []
        self.begun, self.go = threading.Event(), threading.Event()

    def __call__(self, items: Any) -> list[int]:
        self.batches.append(list(items))
        self.begun.set()
        assert self.go.wait(30)
        if -1 in items:
            raise ValueError("no such number")
        if -2 in items:
            raise KeyboardInterrupt
        return [2 * item for item in items]


@pytest.fixture
def workshop() -> Workshop:
    return Workshop()


def together(workshop: Workshop, gathering: Any, items: list[int]) -> dict[int, Any]:
    """Ask for 0 alone, then for the items while that is at work; return what each got."""
    got: dict[int, Any] = {}

    def ask(item: int) -> None:
        try:
            got[item] = gathering.ask(item)
        except (ValueError, KeyboardInterrupt) as error:
            got[item] = error

    def start(item: int) -> threading.Thread:
        thread = threading.Thread(target=ask, args=(item,))
        thread.start()
        return thread

    threads = [start(0)]
    assert workshop.begun.wait(30)
    for item in items:
        threads.append(start(item))
        until(partial(waits, gathering, item))
    workshop.go.set()
    for thread in threads:
        thread.join(30)
    return got


def waits(gathering: Any, item: int) -> bool:
    return item in [wish.item for wish in gathering._wishes]


def until(reached: Callable[[], bool]) -> None:
    for _ in range(3000):
        if reached():
            return
        threading.Event().wait(0.01)
    pytest.fail("never reached")


def test_what_comes_meanwhile_is_one_batch(workshop):
    got = together(workshop, Gathering(workshop, 8), [1, 2, 3])
    assert workshop.batches == [[0], [1, 2, 3]]
    assert got == {0: 0, 1: 2, 2: 4, 3: 6}


def test_a_batch_has_its_limit(workshop):
    got = together(workshop, Gathering(workshop, 2), [1, 2, 3, 4, 5])
    assert workshop.batches == [[0], [1, 2], [3, 4], [5]]
    assert got == {n: 2 * n for n in range(6)}


def test_an_error_is_only_for_whoever_asked_for_it(workshop):
    got = together(workshop, Gathering(workshop, 8), [1, -1, 3])
    assert isinstance(got.pop(-1), ValueError)
    assert got == {0: 0, 1: 2, 3: 6}


def test_nobody_gets_a_result_of_a_batch_amid_which_the_process_ended(workshop):
    got = together(workshop, Gathering(workshop, 8), [1, -2, 3])
    assert got.pop(0) == 0
    assert all(isinstance(error, KeyboardInterrupt) for error in got.values())
    assert len(got) == 3


def test_after_an_error_it_goes_on(workshop):
    workshop.go.set()
    gathering = Gathering(workshop, 8)
    with pytest.raises(ValueError, match="no such number"):
        gathering.ask(-1)
    assert gathering.ask(4) == 8


def test_several_items_of_one_caller_go_together_with_those_of_others(workshop):
    gathering, got = Gathering(workshop, 3), {}
    threads = [threading.Thread(target=lambda: got.update(a=gathering.ask_all([0])))]
    threads[0].start()
    assert workshop.begun.wait(30)
    for name, items in {"b": [1, 2], "c": [3, 4, 5, 6]}.items():
        keep = partial(lambda name, items: got.update({name: gathering.ask_all(items)}))
        threads.append(threading.Thread(target=keep, args=(name, items)))
        threads[-1].start()
        until(partial(waits, gathering, items[-1]))
    workshop.go.set()
    for thread in threads:
        thread.join(30)
    assert got == {"a": [0], "b": [2, 4], "c": [6, 8, 10, 12]}
    assert workshop.batches == [[0], [1, 2, 3], [4, 5, 6]]
    assert gathering.ask_all([]) == []


def test_who_goes_away_leaves_the_line_to_the_others(workshop):
    class EndingError(BaseException):
        """The process is ending."""

    def work(items):
        if 1 in items:
            raise EndingError
        return workshop(items)

    gathering, got = Gathering(work, 1), {}

    def give_up():
        with pytest.raises(EndingError):
            gathering.ask_all([1, 2, 3])
        got["gone"] = True

    asks = [lambda: gathering.ask(0), give_up, lambda: got.update(stays=gathering.ask(7))]
    threads = [threading.Thread(target=ask) for ask in asks]
    for thread, last in zip(threads, (None, 3, 7), strict=True):
        thread.start()
        assert workshop.begun.wait(30)
        if last is not None:
            until(partial(waits, gathering, last))
    workshop.go.set()
    for thread in threads:
        thread.join(30)
    assert got == {"gone": True, "stays": 14}
    assert workshop.batches == [[0], [7]]
