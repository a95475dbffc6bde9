"""Freshness: when the sources were last seen completely, and whether that is too long ago."""

import datetime as dt
from pathlib import Path
from typing import Any

import pytest

from indexing.freshness import freshness_of
from indexing.ledger.database import Ledger, open_ledger
from indexing.ledger.runs import finish_run, start_run
from indexing.running.report import RunState


@pytest.fixture
def ledger(tmp_path: Path):
    opened = open_ledger(None, tmp_path / "home", 5.0)
    yield opened
    opened.close()


def record(
    ledger: Ledger, run_id: str, state: RunState, kind: str = "ingest", **report: Any
) -> None:
    start_run(
        ledger, run_id=run_id, kind=kind, runner="process", tenant="default",
        generation="holdfast__g1", epoch=0,
    )  # fmt: skip
    finish_run(ledger, run_id, state=state.value, message="", epoch=1, seconds=1.0, report=report)


def test_nothing_ingested_is_stale(ledger: Ledger) -> None:
    fresh = freshness_of(ledger, 24)
    assert fresh.is_stale
    assert fresh.to_json()["checked_at"] is None
    assert fresh.described == "no ingest went through yet"


@pytest.mark.parametrize(
    ("state", "counts"),
    [
        (RunState.COMPLETED, True),
        (RunState.NOTHING_TO_DO, True),
        (RunState.COMPLETED_WITH_QUARANTINE, True),
        (RunState.LISTING_INCOMPLETE, False),
        (RunState.DELETIONS_WITHHELD, False),
        (RunState.FAILED, False),
        (RunState.INTERRUPTED, False),
    ],
)
def test_only_an_ingest_that_went_through_counts(
    ledger: Ledger, state: RunState, counts: bool
) -> None:
    record(ledger, "one", state)
    assert freshness_of(ledger, 24).is_stale is not counts


def test_a_reindex_reads_no_source(ledger: Ledger) -> None:
    record(ledger, "one", RunState.COMPLETED, kind="reindex")
    assert freshness_of(ledger, 24).is_stale


def test_age_is_held_against_the_limit_and_is_never_negative(
    ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    record(ledger, "one", RunState.COMPLETED)
    base = dt.datetime.now(dt.UTC)
    for hours, expected in ((25, True), (23, False), (-100, False)):
        moved = base + dt.timedelta(hours=hours)
        monkeypatch.setattr("indexing.freshness.now", lambda moved=moved: moved)
        fresh = freshness_of(ledger, 24)
        assert fresh.is_stale is expected
        assert fresh.hours is not None
        assert fresh.hours >= 0


LIMITS = {"wiki": 24.0, "docs": 24.0}


def test_the_index_is_as_fresh_as_its_stalest_source(
    ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An ingest of one source says nothing about another."""
    base = dt.datetime.now(dt.UTC)
    for name, hours in (("wiki", -30), ("docs", -1)):
        moved = base + dt.timedelta(hours=hours)
        monkeypatch.setattr("indexing.ledger.runs.now", lambda moved=moved: moved)
        record(ledger, name, RunState.COMPLETED, checked=[name])
    fresh = freshness_of(ledger, 24, LIMITS)
    assert fresh.is_stale
    assert (fresh.source, fresh.stale_sources) == ("wiki", ("wiki",))
    assert fresh.described == (
        "the last ingest of wiki went through 30.0 hours ago (24 hours are allowed)"
    )
    # What is scheduled more rarely is given more time; the other one is the stalest then.
    rarer = freshness_of(ledger, 24, {"wiki": 200.0, "docs": 24.0})
    assert not rarer.is_stale
    assert rarer.source == "docs"
    assert freshness_of(ledger, 24, LIMITS | {"new": 24.0}).described == (
        "no ingest of new went through yet; stale as well: wiki"
    )


def test_what_a_run_brought_in_counts_although_another_source_failed(ledger: Ledger) -> None:
    record(ledger, "one", RunState.LISTING_INCOMPLETE, checked=["docs"])
    assert freshness_of(ledger, 24, LIMITS).stale_sources == ("wiki",)


def test_runs_of_before_count_for_every_source_that_they_listed(ledger: Ledger) -> None:
    listed = {"wiki": 0, "docs": 0}
    record(ledger, "one", RunState.LISTING_INCOMPLETE, withheld_by_source=listed)
    assert freshness_of(ledger, 24, LIMITS).is_stale
    record(ledger, "two", RunState.COMPLETED, withheld_by_source=listed)
    assert not freshness_of(ledger, 24, LIMITS).is_stale


def test_many_runs_of_one_source_do_not_hide_the_others(
    ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("indexing.freshness.PAGE", 2)
    record(ledger, "first", RunState.COMPLETED, checked=["wiki", "docs"])
    for number in range(5):
        record(ledger, f"run-{number}", RunState.NOTHING_TO_DO, checked=["docs"])
    assert not freshness_of(ledger, 24, LIMITS).is_stale
