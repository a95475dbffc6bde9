"""Nobody looks for garbage while libraries are loaded, and afterwards it is as before."""

import gc
from collections.abc import Iterator

import pytest

from config.heap import SELDOM, collect_seldom, kept_for_good, uncollected


@pytest.fixture
def looked() -> Iterator[list[str]]:
    """Every time that somebody looks for garbage, at Python's own pace."""
    seen: list[str] = []
    before = gc.get_threshold()

    def note(phase: str, _info: dict[str, int]) -> None:
        seen.append(phase)

    gc.callbacks.append(note)
    gc.set_threshold(700, 10, 10)
    yield seen
    gc.set_threshold(*before)
    gc.callbacks.remove(note)


def load() -> list[list[int]]:
    return [[number] for number in range(5_000)]


def test_nothing_is_looked_for_within_and_all_of_it_afterwards(looked: list[str]) -> None:
    with uncollected():
        looked.clear()
        kept = load()
        assert looked == []
    kept += load()
    assert looked
    assert kept


def test_what_cannot_be_loaded_does_not_keep_it_forbidden() -> None:
    with pytest.raises(ImportError), uncollected():
        raise ImportError
    assert gc.isenabled()


def test_whoever_has_forbidden_it_keeps_it_forbidden(looked: list[str]) -> None:
    gc.disable()
    try:
        with uncollected(), uncollected():
            pass
        assert not gc.isenabled()
    finally:
        gc.enable()


def test_a_whole_process_looks_seldom(looked: list[str]) -> None:
    collect_seldom()
    assert gc.get_threshold() == SELDOM
    gc.collect()
    looked.clear()
    kept = load()
    assert looked == []
    assert kept


def test_what_is_kept_for_good_is_not_gone_through_again() -> None:
    before = gc.get_freeze_count()
    with kept_for_good():
        assert not gc.isenabled()
        kept = load()
    assert gc.isenabled()
    assert gc.get_freeze_count() >= before + len(kept)
