"""The request log: what is looked up in it, and how much of it is read for that."""

import datetime as dt

import pytest
from sqlalchemy import insert

from indexing.ledger import tables
from indexing.ledger.database import Ledger, now
from indexing.ledger.requests import MOST_PAGES, PAGE, latest_probabilities


def test_the_latest_probabilities_are_found_without_reading_the_whole_log(ledger: Ledger) -> None:
    """PostgreSQL read every body there was, at the start of every process that answers."""
    before, kept = now() - dt.timedelta(days=1), 2 * PAGE + 1
    rows = [
        {
            "request_id": f"{n:032}", "received_at": before + dt.timedelta(seconds=n // 2),
            "tenant": "default", "status": "ok", "verdict": "answerable",
            "body": {"calibration_id": f"c{n % 2}", "p_answerable": n},
        }
        for n in range(kept)
    ]  # fmt: skip
    rows[0]["body"] = {"question": "what\0 is this?"}  # no part of it can be read on PostgreSQL
    with ledger.write() as connection:
        connection.execute(insert(tables.request), rows)
    asked = PAGE // 2 + 2  # more than are in a page
    latest = [float(n) for n in range(kept) if n % 2][-asked:]
    assert latest_probabilities(ledger, "c1", asked) == latest


def test_a_calibration_that_is_new_does_not_have_the_whole_log_read(
    ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("indexing.ledger.requests.PAGE", 3)
    before, kept = now() - dt.timedelta(days=1), 3 * MOST_PAGES
    rows = [
        {
            "request_id": f"{n:032}", "received_at": before + dt.timedelta(seconds=n),
            "tenant": "default", "status": "ok", "verdict": "answerable",
            "body": {"calibration_id": "old" if n < 2 else "c1", "p_answerable": n},
        }
        for n in range(kept + 1)
    ]  # fmt: skip
    with ledger.write() as connection:
        connection.execute(insert(tables.request), rows)
    # The second of the old ones is the last that is looked at.
    assert latest_probabilities(ledger, "old", 5) == [1.0]
    assert latest_probabilities(ledger, "c1", 5) == [float(n) for n in range(kept - 4, kept + 1)]
