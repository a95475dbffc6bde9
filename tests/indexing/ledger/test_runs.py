"""Runs in the ledger: when each started, how it ended, and its report."""

import datetime as dt

from indexing.ledger.database import Ledger
from indexing.ledger.runs import finish_run, recent_runs, start_run


def test_runs_come_back_in_utc_and_a_killed_one_as_interrupted(ledger: Ledger) -> None:
    for run in ("a" * 32, "b" * 32):
        start_run(
            ledger,
            run_id=run,
            kind="ingest",
            runner="process",
            tenant="default",
            generation="g",
            epoch=0,
        )
    finish_run(
        ledger, "b" * 32, state="Completed", message="", epoch=1, seconds=1.5, report={"a": ["é"]}
    )
    newest, oldest = recent_runs(ledger)
    assert (newest.state, oldest.state) == ("Completed", "Interrupted")
    assert newest.report == {"a": ["é"]}
    assert newest.started_at.utcoffset() == dt.timedelta(0)
    assert newest.finished_at is not None
    assert newest.finished_at >= newest.started_at
