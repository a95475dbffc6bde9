"""Documents leave the rows of a ledger, and deleted rows leave no bytes in its files."""

import uuid
from contextlib import suppress
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from uuid import UUID

import psycopg
import pytest
from sqlalchemy import delete, select, text

from indexing.errors import LedgerError, LedgerUnavailableError
from indexing.ledger import erasing, tables
from indexing.ledger.commits import Settled, settle
from indexing.ledger.database import Ledger, now, open_ledger
from indexing.ledger.documents import DocumentState, list_standings
from indexing.ledger.erasing import erase_bytes
from indexing.ledger.generations import (
    GenerationState,
    add_generation,
    find_generation,
    set_state,
)
from indexing.ledger.leases import acquire, release
from indexing.ledger.purges import Tombstone, write_purges
from indexing.ledger.redaction import Traces
from indexing.ledger.requests import find_request, record_request, redact_requests
from indexing.ledger.runs import finish_run, recent_runs, start_run
from indexing.upkeep.purge_rows import count_rows, count_told, purge_rows
from indexing.upkeep.receipt import Receipt, Step
from ingestion.document import Stat
from tests.support.traces import traces_in

MINE, OTHER = "11111111-1111-4111-8111-111111111111", "22222222-2222-4222-8222-222222222222"
SECRET = "Quetzalcoatlus northropi"


def record(ledger: Ledger, number: int, document: str, answer: str = "") -> str:
    request = f"{number:032d}"
    seen = [{"document_id": document, "point_id": "p"}]
    record_request(
        ledger, request_id=request, received_at=now(), tenant=document, status="ok", verdict=None,
        generation=None, epoch=None, body={"retrieval": seen, "answer": answer},
    )  # fmt: skip
    return request


def fill(ledger: Ledger) -> None:
    """Log requests, some of them longer than a page of the database."""
    for number in range(40):
        document, word = (MINE, SECRET) if number % 2 else (OTHER, "nothing")
        record(ledger, number, document, word * (number * 40 + 1))


def forget(ledger: Ledger) -> None:
    with ledger.write() as connection:
        connection.execute(delete(tables.request).where(tables.request.c.tenant == MINE))


def test_rows_go_and_what_is_left_of_them_on_the_disk_goes_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ledger = open_ledger(None, tmp_path)
    check_rows(ledger)
    check_log(ledger, monkeypatch)
    fill(ledger)
    forget(ledger)
    assert traces_in(tmp_path, [SECRET])
    done = erase_bytes(ledger, ["request"])
    assert traces_in(tmp_path, [SECRET]) == []
    assert done.bytes_written == (tmp_path / "ledger.sqlite").stat().st_size
    assert done.bound.startswith("at once")
    with ledger.read() as connection:
        assert len(connection.execute(select(tables.request)).all()) >= 20
    ledger.close()


def test_a_refusal_goes_although_another_document_is_called_so_too(tmp_path: Path) -> None:
    ledger = open_ledger(None, tmp_path)
    home: Any = SimpleNamespace(ledger=ledger)
    receipt, _ = prepare_rows(ledger)
    purge_rows(home, [(receipt, Traces(frozenset({MINE})))], nothing)
    reports = {run.run_id: run.report for run in recent_runs(ledger)}
    assert reports == {"run0": {"refusals": []}, "run1": {"a": "1.md"}, "open": None}
    assert receipt.removed.run_reports == 1
    ledger.close()


@pytest.mark.postgres
def test_postgresql_rewrites_its_tables_and_says_what_its_log_keeps(
    pg: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    check_rows(pg)
    check_log(pg, monkeypatch)
    monkeypatch.setattr(erasing, "PATIENCE_SECONDS", 0.2)
    with pg.read() as connection:
        base = Path(connection.execute(text("SHOW data_directory")).scalar_one()) / "base"
    fill(pg)
    with pg.outside() as cursor:
        cursor.execute("ANALYZE request")  # samples what the columns hold
    with pg.read() as reading:
        reading.execute(select(tables.request)).all()
        forget(pg)
        with pytest.raises(LedgerUnavailableError, match="End that program"):
            erase_bytes(pg, ["request"])
    with pg.outside() as cursor:
        cursor.execute("CHECKPOINT")
    assert traces_in(base, [SECRET])
    done = erase_bytes(pg, ["request", "run"])
    with pg.outside() as cursor:
        cursor.execute("CHECKPOINT")
    assert traces_in(base, [SECRET]) == []
    assert done.bytes_written > 0
    assert "rewritten at once; the write-ahead log of PostgreSQL keeps" in done.bound


@pytest.mark.postgres
def test_a_table_that_is_held_is_named(pg: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(erasing, "PATIENCE_SECONDS", 0.2)
    monkeypatch.setattr(erasing, "wait_for_old_readers", lambda *_: None)
    with pg.write() as holder:
        holder.execute(text("LOCK TABLE request IN SHARE UPDATE EXCLUSIVE MODE"))
        with pytest.raises(LedgerUnavailableError):
            erase_bytes(pg, ["request"])
    with pg.write() as holder:
        holder.execute(text("LOCK TABLE request IN ROW EXCLUSIVE MODE"))
        held = erase_bytes(pg, ["run", "request"])
    assert held.held == ("request",)
    assert "but request, which others held" in held.bound


@pytest.fixture
def weak_url(url: str, pg: Ledger) -> str:
    """The ledger for a user who is neither a superuser nor the owner of its tables."""
    name = f"weak{uuid.uuid4().hex[:8]}"
    with pg.write() as connection:
        connection.execute(text(f"CREATE ROLE {name} LOGIN"))
        connection.execute(text(f"GRANT ALL ON ALL TABLES IN SCHEMA public TO {name}"))
    return url.replace("//holdfast@", f"//{name}@")


@pytest.mark.postgres
@pytest.mark.parametrize(
    "kept_by",
    [
        "SELECT 1 FROM run",
        "INSERT INTO purge VALUES ('d', now(), '[]', '{}')",
        "INSERT INTO purge VALUES ('d', now(), '[]', '{}'); PREPARE TRANSACTION 'forgotten'",
    ],
)
def test_a_transaction_of_somebody_else_is_waited_for(
    pg: Ledger, weak_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kept_by: str
) -> None:
    """PostgreSQL shows less of it, and kept the rows; they were said to be gone."""
    monkeypatch.setattr(erasing, "PATIENCE_SECONDS", 0.2)
    weak = open_ledger(weak_url, tmp_path)
    fill(pg)
    with pg.read() as other:
        other.execute(text(kept_by))
        forget(weak)
        with pytest.raises(LedgerUnavailableError, match=r"a prepared .*End that program"):
            erase_bytes(weak, ["request"])
    weak.close()
    with pg.outside() as cursor, suppress(psycopg.Error):
        cursor.execute("ROLLBACK PREPARED 'forgotten'")
    assert erase_bytes(pg, ["request"]).held == ()


@pytest.mark.postgres
def test_a_user_for_whom_nothing_is_rewritten_is_told(
    pg: Ledger, weak_url: str, tmp_path: Path
) -> None:
    """PostgreSQL only warns of it: the receipt of a purge said that the bytes were gone."""
    weak = open_ledger(weak_url, tmp_path)
    fill(weak)
    forget(weak)
    with pytest.raises(LedgerError, match="ALTER TABLE request OWNER TO"):
        erase_bytes(weak, ["request"])
    weak.close()
    assert erase_bytes(pg, ["request"]).held == ()


def nothing(_connection: Any) -> None:
    """Save no receipt."""


def prepare_rows(ledger: Ledger) -> tuple[Receipt, str]:
    """Two documents in quarantine, and what runs and gates say of them."""
    for number, document in enumerate((MINE, OTHER)):
        stands = Settled(
            UUID(document), "t", "docs", f"{number}.md", DocumentState.QUARANTINED,
            DocumentState.QUARANTINED, 0, Stat(1, 1),
        )  # fmt: skip
        lease = acquire(ledger, "g1", f"run{number}", 30.0)
        with ledger.write() as connection:
            settle(connection, lease, [stands])
        release(ledger, lease)
    gone = add_generation(ledger, "alias", "f", {})
    set_state(ledger, gone.name, GenerationState.REJECTED, [{"detail": "lacking: 0.md, 1.md"}])
    for number, report in enumerate(({"refusals": [["0.md", "corrupt", "torn"]]}, {"a": "1.md"})):
        run = f"run{number}"
        start_run(ledger, run_id=run, kind="i", runner="r", tenant="t", generation="g", epoch=0)
        finish_run(ledger, run, state="s", message="", epoch=0, seconds=0, report=report)
    start_run(ledger, run_id="open", kind="i", runner="r", tenant="t", generation="h", epoch=0)
    return Receipt(UUID(MINE), now()), gone.name


def check_rows(ledger: Ledger) -> None:
    home: Any = SimpleNamespace(ledger=ledger)
    receipt, rejected = prepare_rows(ledger)
    traces = Traces(documents=frozenset({MINE}), keys=frozenset({"0.md"}))
    purge_rows(home, [(receipt, traces)], nothing)
    removed = receipt.removed
    assert (removed.standings, removed.outcomes, removed.documents) == (1, 1, 1)
    assert (removed.run_reports, removed.gate_results) == (1, 1)
    assert not any(count_rows(home, UUID(MINE)).values())
    assert not any(count_told(home, traces).values())
    assert [s.key for s in list_standings(ledger, "g1")] == ["1.md"]
    found = find_generation(ledger, rejected)
    assert found is not None
    assert found.gates == [{"detail": "lacking: [purged], 1.md"}]
    reports = {run.run_id: run.report for run in recent_runs(ledger)}
    assert reports == {"run0": {"refusals": []}, "run1": {"a": "1.md"}, "open": None}
    with ledger.read() as connection:
        unset = connection.execute(select(tables.run.c.run_id).where(tables.run.c.report.is_(None)))
        assert unset.scalars().all() == ["open"], "none stays none, for whoever looks for it"


def check_log(ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    """A log of several pages is gone through, and what comes late is written redacted."""
    with monkeypatch.context() as patch:
        patch.setattr("indexing.ledger.requests.PAGE", 2)
        told = [record(ledger, 100 + n, OTHER if n % 3 else MINE) for n in range(7)]
        seen: list[Any] = []
        traces = Traces(frozenset({MINE}))
        redact_requests(ledger, traces, lambda _, bodies: seen.extend(bodies))
    redacted = [told.index(i) for i in told if "redacted" in (find_request(ledger, i) or {})]
    assert redacted == [0, 3, 6]
    assert len(seen) == 3
    receipt = Receipt(UUID(MINE), now())
    receipt.expect(Step.POINTS, {"points_deleted": {"g1": 4}})
    for _ in range(2):  # the second one takes the place of the first
        with ledger.write() as connection:
            write_purges(connection, [Tombstone(UUID(MINE), now(), receipt=receipt.to_row())])
    late = find_request(ledger, record(ledger, 200, MINE, "a secret"))
    assert late is not None
    assert late["redacted"]
    assert "answer" not in late
    assert "redacted" not in (find_request(ledger, record(ledger, 201, OTHER)) or {})
    with ledger.write() as connection:
        connection.execute(delete(tables.purge))
