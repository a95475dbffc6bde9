"""What only PostgreSQL has: a server that can be away, a time zone, a schema made by several."""

import datetime as dt
import socket
import subprocess
import sys
import threading
import uuid
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import insert, text

from config.errors import ConfigError, is_transient
from indexing.errors import (
    LedgerCorruptError,
    LedgerError,
    LedgerUnavailableError,
    WriterBusyError,
)
from indexing.ledger import tables
from indexing.ledger.database import Ledger, make_engine, now, open_ledger
from indexing.ledger.documents import taken_keys
from indexing.ledger.generations import add_generation, allocate_epoch, list_generations
from indexing.ledger.leases import acquire
from indexing.ledger.runs import recent_runs, start_run
from ingestion.document import LONGEST_KEY
from tests.support.postgres import cluster, empty_database, frozen

pytestmark = pytest.mark.postgres


def test_processes_may_create_the_schema_at_once(url: str, tmp_path: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from indexing.ledger.database import open_ledger; "
        "print('ready', flush=True); sys.stdin.readline(); "
        "open_ledger(sys.argv[1], Path(sys.argv[2])).close()"
    )
    command = [sys.executable, "-c", code, url, str(tmp_path)]
    pipes: dict[str, Any] = {
        "stdin": subprocess.PIPE,
        "stdout": subprocess.PIPE,
        "stderr": subprocess.PIPE,
    }
    opening = [subprocess.Popen(command, text=True, **pipes) for _ in range(3)]
    for child in opening:
        assert child.stdout is not None
        assert child.stdout.readline() == "ready\n"
    for child in opening:
        assert child.stdin is not None
        child.stdin.write("go\n")
        child.stdin.flush()
    said = [child.communicate(timeout=60)[1] for child in opening]
    assert [child.returncode for child in opening] == [0, 0, 0], said


def test_a_second_writer_is_told_who_writes_and_until_when_in_utc(pg: Ledger) -> None:
    before = now()
    acquire(pg, "g", "first", 3600.0)
    with pytest.raises(WriterBusyError, match="Run first") as caught:
        acquire(pg, "g", "second", 30.0)
    until = before + dt.timedelta(hours=1)
    expected = {f"until {until + dt.timedelta(seconds=s):%H:%M:%S} UTC" for s in range(3)}
    assert any(some in str(caught.value) for some in expected), str(caught.value)


def test_a_table_that_somebody_holds_is_waited_for_no_longer_than_set(
    url: str, tmp_path: Path
) -> None:
    """By itself PostgreSQL waits for ever: a run, and every question, stood still."""
    opened = open_ledger(url, tmp_path, busy_timeout_seconds=0.2)
    name = add_generation(opened, "docs", "f", {}).name
    engine = make_engine(url, tmp_path, 30.0)
    with engine.connect() as other:
        other.execute(text("LOCK TABLE generation IN ACCESS EXCLUSIVE MODE"))
        for _ in ("a new connection", "one that was rolled back"):
            with pytest.raises(LedgerUnavailableError, match="lock timeout"):
                allocate_epoch(opened, name)
            with pytest.raises(LedgerUnavailableError, match="lock timeout"):
                list_generations(opened)
    assert allocate_epoch(opened, name) == 1
    engine.dispose()
    opened.close()


def test_a_server_that_takes_calls_and_says_nothing_is_given_up(tmp_path: Path) -> None:
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        mute = f"postgresql://holdfast@127.0.0.1:{silent.getsockname()[1]}/none"
        with pytest.raises(LedgerUnavailableError, match="timeout"):
            open_ledger(mute, tmp_path, busy_timeout_seconds=0.5)


@pytest.fixture
def own_url() -> Iterator[str]:
    """A cluster that may be frozen: no other test is on it."""
    with cluster() as server:
        yield empty_database(server)


def test_a_server_that_is_stopped_is_given_up_and_found_again(own_url: str, tmp_path: Path) -> None:
    """Its connections stay open: a run waited for ever, whatever it was about to do."""
    opened = open_ledger(own_url, tmp_path, busy_timeout_seconds=0.3)
    name = add_generation(opened, "docs", "f", {}).name
    ended: dict[str, str] = {}

    def noting(what: str, call: Callable[[], object]) -> None:
        try:
            call()
        except LedgerUnavailableError as error:
            ended[what] = str(error)

    def in_the_middle() -> None:
        with opened.write() as connection:
            connection.execute(text("SELECT 1"))
            begun.set()
            stopped.wait(60)
            connection.execute(text("SELECT 2"))

    begun, stopped = threading.Event(), threading.Event()
    calls = {"middle": in_the_middle, "read": lambda: list_generations(opened)}
    threads = {
        what: threading.Thread(target=noting, args=(what, call), daemon=True)
        for what, call in calls.items()
    }
    threads["middle"].start()
    assert begun.wait(60)
    with frozen(own_url):
        stopped.set()
        threads["read"].start()
        for thread in threads.values():
            thread.join(60)
        assert set(ended) == set(calls)
    assert "said nothing" in ended["middle"]
    assert all("Check that the database runs" in said for said in ended.values())
    assert allocate_epoch(opened, name) == 1
    opened.close()


def test_a_server_at_work_is_waited_for(url: str, tmp_path: Path) -> None:
    opened = open_ledger(url, tmp_path, busy_timeout_seconds=0.1)
    with opened.read() as connection:
        assert connection.execute(text("SELECT 7 FROM pg_sleep(1)")).scalar() == 7
    opened.close()


def test_what_the_url_says_of_timeouts_stands(url: str, tmp_path: Path) -> None:
    engine = make_engine(f"{url}?connect_timeout=7&keepalives_idle=11", tmp_path, 30.0)
    with engine.connect() as connection:
        given = connection.connection.driver_connection.info.get_parameters()
    engine.dispose()
    kept = {"connect_timeout": "7", "keepalives_idle": "11", "tcp_user_timeout": "30000"}
    assert {name: given[name] for name in kept} == kept


def test_a_server_that_is_away_is_a_transient_error_without_the_password(tmp_path: Path) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    limits = "connect_timeout=3&password=secret&sslpassword=secret"
    away = f"postgresql://holdfast:secret@127.0.0.1:{port}/none?{limits}"
    with pytest.raises(LedgerUnavailableError) as caught:
        open_ledger(away, tmp_path)
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize("encoding", ["SQL_ASCII", "LATIN1"])
def test_a_database_that_cannot_hold_every_text_is_refused(
    postgres: str, tmp_path: Path, encoding: str
) -> None:
    """The one ended in a traceback, the other at the first document with a letter it lacks."""
    options = f"TEMPLATE template0 ENCODING '{encoding}' LOCALE 'C'"
    with pytest.raises(ConfigError, match=f"encoding {encoding}.*ENCODING 'UTF8'"):
        open_ledger(empty_database(postgres, options), tmp_path)


def test_texts_are_unicode_whatever_the_url_says(url: str, tmp_path: Path) -> None:
    opened = open_ledger(f"{url}?client_encoding=latin1", tmp_path)
    start_run(opened, run_id="r", kind="ingest", runner="日本", tenant="t", generation="g", epoch=0)
    assert recent_runs(opened)[0].runner == "日本"
    opened.close()


def test_a_server_that_takes_no_writes_says_so(url: str, tmp_path: Path) -> None:
    """A standby looked like a fault of the program."""
    open_ledger(url, tmp_path).close()
    opened = open_ledger(f"{url}?options=-cdefault_transaction_read_only%3Don", tmp_path)
    assert list_generations(opened) == []
    with pytest.raises(LedgerUnavailableError, match=r"takes no writes .*standby"):
        add_generation(opened, "docs", "f", {})
    opened.close()


def test_a_user_without_rights_is_told_what_to_grant(url: str, tmp_path: Path) -> None:
    engine, name = make_engine(url, tmp_path, 30.0), f"weak{uuid.uuid4().hex[:8]}"
    with engine.begin() as connection:
        connection.execute(text(f"CREATE ROLE {name} LOGIN"))
    engine.dispose()
    with pytest.raises(LedgerError, match=r"permission denied.*ALTER SCHEMA") as caught:
        open_ledger(url.replace("//holdfast@", f"//{name}@"), tmp_path)
    assert not is_transient(caught.value)


def test_a_table_that_is_gone_is_damage(pg: Ledger) -> None:
    with pg.write() as connection:
        connection.execute(text("DROP TABLE generation"))
    with pytest.raises(LedgerCorruptError, match="into an empty one"):
        list_generations(pg)


def test_what_no_index_can_hold_is_not_tried_again(pg: Ledger) -> None:
    """It was said that the server did not answer, and to try again."""
    row = {"run_id": "r", "source": "s", "state": "indexed", "chunks": 0, "seconds": 0.0}
    long = "".join(map(chr, range(0x4E00, 0x4E00 + 4000)))
    with pytest.raises(LedgerError, match="cannot hold this: index row") as caught, pg.write() as c:
        c.execute(insert(tables.outcome).values(**row, key=long))
    assert not is_transient(caught.value)


def test_the_longest_key_of_the_longest_names_has_room_in_every_index(pg: Ledger) -> None:
    key = "".join(map(chr, range(0x4E00, 0x4E00 + LONGEST_KEY // 3)))
    assert LONGEST_KEY - len(key.encode()) < 3
    source, generation = "s" + uuid.uuid4().hex * 6, "g" + uuid.uuid4().hex * 2
    stat = {"version": 1, "size": 1, "modified_ns": 1, "tag": "", "updated_at": now()}
    row = {"run_id": "r" * 32, "source": source, "key": key, "document_id": "d", "state": "indexed"}
    with pg.write() as connection:
        connection.execute(insert(tables.outcome).values(**row, chunks=0, seconds=0.0))
        connection.execute(insert(tables.standing).values(**row, **stat, generation=generation))
    assert taken_keys(pg, generation, source, [key]) == {key: None}


def test_more_at_once_than_there_are_connections_may_try_again(url: str, tmp_path: Path) -> None:
    opened = open_ledger(url, tmp_path, busy_timeout_seconds=0.1)
    with ExitStack() as held:
        for _ in range(15):
            held.enter_context(opened.read())
        with pytest.raises(LedgerUnavailableError, match="all connections"):
            list_generations(opened)
    assert list_generations(opened) == []
    opened.close()
