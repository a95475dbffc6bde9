"""The request log: what is looked up in it, how much is read for that, and when it is forgotten."""

import datetime as dt
from typing import Any

import pytest
from sqlalchemy import insert

from indexing.ledger import tables
from indexing.ledger.database import Ledger, now
from indexing.ledger.feedback import add_feedback, feedback_on, feedback_since
from indexing.ledger.quotas import used_since
from indexing.ledger.requests import (
    MOST_PAGES,
    PAGE,
    find_request,
    forget_request,
    forget_requests,
    latest_probabilities,
    record_request,
    requests_about,
    requests_since,
)


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


def test_requests_are_kept_and_forgotten_by_age(ledger: Ledger) -> None:
    body = {"question": "what\x00 is \u4e2d \ud83d\ude00?", "scores": [0.25, None]}
    for name, age in (("new", 1), ("old", 400)):
        record_request(
            ledger,
            request_id=name,
            received_at=now() - dt.timedelta(days=age),
            tenant="default",
            status="ok",
            verdict=None,
            generation=None,
            epoch=None,
            body=body,
        )
        said = {"correct": "no", "cited": [], "by": ""}
        assert add_feedback(
            ledger, request_id=name, tenant="default", verdict="wrong", body=said
        )  # fmt: skip
    assert forget_requests(ledger, 180) == 1
    assert [row.request_id for row in feedback_since(ledger, "default")] == ["new"]
    assert list(feedback_since(ledger, "another")) == []
    assert not forget_request(ledger, "another", "new"), "a request of another tenant"
    assert find_request(ledger, "old") is None
    assert find_request(ledger, "new") is not None
    assert [one["scores"] for one in requests_since(ledger, "default")] == [[0.25, None]]
    assert list(requests_since(ledger, "default", now())) == []
    assert forget_request(ledger, "default", "new")
    assert list(feedback_since(ledger, "default")) == []


@pytest.mark.parametrize("request_id", ["a\0b", "\ud800", "a\udcffb"])
def test_there_is_no_request_of_an_id_that_no_database_holds(
    ledger: Ledger, request_id: str
) -> None:
    assert find_request(ledger, request_id) is None
    assert feedback_on(ledger, "default", request_id) == []
    assert requests_about(ledger, "default", request_id) == []
    said: dict[str, Any] = {"tenant": "default", "verdict": "wrong", "body": {}}
    assert add_feedback(ledger, request_id=request_id, **said) is None
    assert not forget_request(ledger, "default", request_id)


@pytest.mark.parametrize("hours", [-11, 0, 13])
def test_a_moment_counts_in_whatever_zone_it_is_given(ledger: Ledger, hours: int) -> None:
    asked, zone = (
        dt.datetime(2026, 11, 25, 12, tzinfo=dt.UTC),
        dt.timezone(dt.timedelta(hours=hours)),
    )
    record_request(
        ledger, request_id="one", received_at=asked, tenant="default", status="ok",
        verdict=None, generation=None, epoch=None, body={},
    )  # fmt: skip
    for minutes, found in ((-1, 1), (0, 1), (1, 0)):
        since = (asked + dt.timedelta(minutes=minutes)).astimezone(zone)
        assert len(list(requests_since(ledger, "default", since))) == found
        with ledger.read() as connection:
            assert used_since(connection, "default", since, "refused") == found
    edges = (dt.datetime.min.replace(tzinfo=zone), dt.datetime.max.replace(tzinfo=zone))
    for since in edges:
        assert len(list(requests_since(ledger, "default", since))) == (since.year == 1)
        assert list(feedback_since(ledger, "default", since)) == []


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
