"""Freshness: when the sources were last seen completely, and whether that is too long ago."""

import datetime as dt
from pathlib import Path

import pytest

from indexing.freshness import freshness_of
from indexing.ledger.database import Ledger, open_ledger
from indexing.ledger.runs import finish_run, start_run
from indexing.report import RunState


@pytest.fixture
def ledger(tmp_path: Path):
    opened = open_ledger(None, tmp_path / "home", 5.0)
    yield opened
    opened.close()


def record(ledger: Ledger, run_id: str, state: RunState, kind: str = "ingest") -> None:
    start_run(
        ledger, run_id=run_id, kind=kind, runner="process", tenant="default",
        generation="holdfast__g1", epoch=0,
    )  # fmt: skip
    finish_run(ledger, run_id, state=state.value, message="", epoch=1, seconds=1.0, report={})


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
