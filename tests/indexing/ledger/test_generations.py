"""Generations in the ledger: what is said of one is said of that one only."""

import threading

import pytest
from sqlalchemy import insert
from sqlalchemy.exc import IntegrityError

from indexing.errors import LeaseLostError, LedgerError
from indexing.ledger import tables
from indexing.ledger.database import Ledger, now
from indexing.ledger.generations import (
    Generation,
    GenerationState,
    add_generation,
    allocate_epoch,
    find_generation,
    is_batch_in_flight,
    list_generations,
    raise_horizon,
    set_state,
)
from indexing.ledger.leases import acquire, seize
from indexing.ledger.promotions import PromotionKind, record_promotion


@pytest.fixture
def two(ledger: Ledger) -> tuple[Generation, Generation]:
    first = add_generation(ledger, "docs", "f" * 16, {})
    options = {"chunking.max_tokens": 100}
    return first, add_generation(
        ledger, "docs", "e" * 16, {}, overrides=options, built_from=first.name
    )


def again(ledger: Ledger, generation: Generation) -> Generation:
    found = find_generation(ledger, generation.name)
    assert found is not None
    return found


def test_a_generation_remembers_what_it_was_built_from_and_with(
    ledger: Ledger, two: tuple[Generation, Generation]
) -> None:
    first, second = two
    assert [(g.name, g.number) for g in list_generations(ledger)] == [
        ("docs__g1", 1),
        ("docs__g2", 2),
    ]
    assert (first.built_from, first.overrides) == (None, {})
    found = again(ledger, second)
    assert (found.built_from, found.overrides) == ("docs__g1", {"chunking.max_tokens": 100})


def test_a_state_is_set_of_one_and_keeps_what_its_gates_said(
    ledger: Ledger, two: tuple[Generation, Generation]
) -> None:
    first, second = two
    gates = [{"name": "documents", "passed": True}]
    set_state(ledger, second.name, GenerationState.READY, gates)
    set_state(ledger, second.name, GenerationState.RETIRED)
    assert (again(ledger, second).state, again(ledger, second).gates) == ("retired", gates)
    assert (again(ledger, first).state, again(ledger, first).gates) == ("building", None)


def test_a_build_that_was_replaced_says_nothing_more(
    ledger: Ledger, two: tuple[Generation, Generation]
) -> None:
    first, _ = two
    lease = acquire(ledger, first.name, "slow", 30.0)
    set_state(ledger, first.name, GenerationState.READY, lease=lease)
    seize(ledger, first.name)
    with pytest.raises(LeaseLostError):
        set_state(ledger, first.name, GenerationState.REJECTED, lease=lease)
    assert again(ledger, first).state == "ready"


def test_a_horizon_is_of_one_generation_and_never_falls(
    ledger: Ledger, two: tuple[Generation, Generation]
) -> None:
    first, second = two
    raise_horizon(ledger, first.name, 3)
    raise_horizon(ledger, first.name, 2)
    assert (again(ledger, first).horizon, again(ledger, second).horizon) == (3, 0)


def test_a_number_that_was_handed_out_is_in_flight_there_only(
    ledger: Ledger, two: tuple[Generation, Generation]
) -> None:
    first, second = two
    assert not is_batch_in_flight(ledger, second.name)
    assert allocate_epoch(ledger, second.name) == 1
    assert is_batch_in_flight(ledger, second.name)
    assert allocate_epoch(ledger, second.name) == 2
    assert not is_batch_in_flight(ledger, first.name)
    assert not is_batch_in_flight(ledger, "docs__g9")
    assert allocate_epoch(ledger, first.name) == 1


def test_a_constraint_that_is_broken_is_an_error_of_the_ledger(ledger: Ledger) -> None:
    add_generation(ledger, "docs", "f", {})
    row = {"name": "x", "number": 1, "fingerprint": "f", "spec": {}, "state": "live"}
    with (
        pytest.raises(LedgerError, match=r"duplicate key|UNIQUE constraint") as caught,
        ledger.write() as connection,
    ):
        connection.execute(
            insert(tables.generation).values(**row, epoch=0, next_epoch=1, created_at=now())
        )
    assert isinstance(caught.value.__cause__, IntegrityError)


@pytest.mark.parametrize("name", ["docs__g1\0", "\ud800"])
def test_a_name_that_no_database_takes_is_the_name_of_none(ledger: Ledger, name: str) -> None:
    add_generation(ledger, "docs", "f" * 16, {})
    assert find_generation(ledger, name) is None


def test_epoch_numbers_are_never_handed_out_twice(ledger: Ledger) -> None:
    name = add_generation(ledger, "docs", "f", {}).name
    taken: list[int] = []
    threads = [
        threading.Thread(
            target=lambda: taken.extend(allocate_epoch(ledger, name) for _ in range(10))
        )
        for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(taken) == list(range(1, 41))


def test_a_generation_comes_back_as_it_was_written(ledger: Ledger) -> None:
    spec = {"model": "m", "nested": {"a": [1, None, 0.5]}, "text": "\u00e9\u4e2d"}
    name = add_generation(ledger, "docs", "f" * 16, spec).name
    record_promotion(ledger, "docs", name, None, PromotionKind.FIRST)
    found = find_generation(ledger, name)
    assert found is not None
    assert (found.spec, found.state, found.epoch, found.committed_at) == (spec, "live", 0, None)
