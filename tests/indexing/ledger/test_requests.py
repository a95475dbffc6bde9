"""The request log: what is looked up in it, and how much of it is read for that."""

import datetime as dt

from sqlalchemy import insert

from indexing.ledger import tables
from indexing.ledger.database import Ledger, now
from indexing.ledger.requests import PAGE, latest_probabilities


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
