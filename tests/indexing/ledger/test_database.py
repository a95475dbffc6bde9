"""Opening ledgers: new, old, damaged, newer, foreign, locked."""

import os
import sqlite3
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from sqlalchemy import text

from config.errors import ConfigError, is_transient
from indexing.errors import (
    LedgerCorruptError,
    LedgerError,
    LedgerTooNewError,
    LedgerUnavailableError,
)
from indexing.ledger.database import Ledger, make_engine, open_ledger
from indexing.ledger.documents import list_standings, open_versions
from indexing.ledger.generations import add_generation, allocate_epoch, list_generations
from indexing.ledger.schema import HEAD, MIGRATIONS, writing
from indexing.ledger.tables import metadata
from indexing.points import OPEN_END
from ingestion.document import UNLABELLED


def test_a_new_ledger_is_in_wal_mode_and_durable(sqlite_ledger: Ledger) -> None:
    with sqlite_ledger.read() as connection:
        assert connection.exec_driver_sql("PRAGMA journal_mode").scalar() == "wal"
        assert connection.exec_driver_sql("PRAGMA synchronous").scalar() == 2


def test_the_migrations_make_exactly_the_tables_of_the_code(ledger: Ledger) -> None:
    from alembic.autogenerate import compare_metadata
    from alembic.migration import MigrationContext

    with ledger.read() as connection:
        assert compare_metadata(MigrationContext.configure(connection), metadata) == []


def test_the_head_named_in_the_code_is_the_newest_migration() -> None:
    from alembic.config import Config
    from alembic.script import ScriptDirectory

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    assert ScriptDirectory.from_config(config).get_current_head() == HEAD


def test_documents_from_before_there_were_labels_have_the_default_ones(tmp_path: Path) -> None:
    from alembic import command
    from alembic.config import Config

    engine = make_engine(None, tmp_path, 5.0)
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    with writing(engine) as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "0002")
        common = "'g', '6f0b8a4e-6c1b-5f0e-9d55-2b6a1f3c9e10'"
        connection.execute(
            text(
                "INSERT INTO standing (generation, document_id, source, key, state, version, size,"
                " modified_ns, tag, run_id, updated_at) VALUES"
                f" ({common}, 's', 'k', 'indexed', 1, 1, 1, '', 'r', '2026-01-01 00:00:00')"
            )
        )
        connection.execute(
            text(
                "INSERT INTO version VALUES"
                f" ({common}, 1, {OPEN_END}, 1, 'k', 'c', 't', 'h', 1, 1, 'text', NULL, '[]', 1)"
            )
        )
    engine.dispose()
    upgraded = open_ledger(None, tmp_path)
    (standing,) = list_standings(upgraded, "g")
    (version,) = open_versions(upgraded, "g").values()
    assert standing.labels == version.labels.digest == ""
    assert (version.labels, version.origin) == (UNLABELLED, ())
    upgraded.close()


def test_a_ledger_survives_being_opened_again(tmp_path: Path) -> None:
    first = open_ledger(None, tmp_path)
    add_generation(first, "docs", "f", {"a": 1})
    first.close()
    again = open_ledger(None, tmp_path)
    assert [(g.name, g.spec) for g in list_generations(again)] == [("docs__g1", {"a": 1})]
    again.close()


def test_epoch_numbers_are_never_handed_out_twice(sqlite_ledger: Ledger) -> None:
    name = add_generation(sqlite_ledger, "docs", "f", {}).name
    assert [allocate_epoch(sqlite_ledger, name) for _ in range(3)] == [1, 2, 3]


def test_junk_in_place_of_the_ledger_is_said_to_be_damage(tmp_path: Path) -> None:
    (tmp_path / "ledger.sqlite").write_bytes(b"this is no database at all" * 400)
    with pytest.raises(LedgerCorruptError, match="damaged"):
        open_ledger(None, tmp_path)
    assert (tmp_path / "ledger.sqlite").read_bytes().startswith(b"this is no database")


def test_a_damaged_page_is_found_at_the_latest_by_the_check(tmp_path: Path) -> None:
    first = open_ledger(None, tmp_path)
    for number in range(200):
        add_generation(first, f"docs{number}", "f" * 60, {"text": "x" * 200})
    with first.read() as connection:
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    first.close()
    path = tmp_path / "ledger.sqlite"
    data = bytearray(path.read_bytes())
    middle = len(data) // 2
    data[middle : middle + 6000] = b"\xa5" * 6000
    path.write_bytes(data)
    with pytest.raises(LedgerCorruptError):
        open_ledger(None, tmp_path).check()


def test_a_newer_ledger_is_refused_untouched(tmp_path: Path) -> None:
    first = open_ledger(None, tmp_path)
    with first.write() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    first.close()
    with pytest.raises(LedgerTooNewError, match="9999"):
        open_ledger(None, tmp_path)


def test_a_database_of_something_else_is_refused(tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "ledger.sqlite") as connection:
        connection.execute("CREATE TABLE customers (id INTEGER)")
    connection.close()
    with pytest.raises(LedgerCorruptError, match="no Holdfast ledger"):
        open_ledger(None, tmp_path)


def test_a_locked_ledger_is_a_transient_error(tmp_path: Path) -> None:
    open_ledger(None, tmp_path).close()
    holder = sqlite3.connect(tmp_path / "ledger.sqlite", isolation_level=None)
    holder.execute("BEGIN EXCLUSIVE")
    waiting = open_ledger(None, tmp_path, busy_timeout_seconds=0.2)
    with pytest.raises(LedgerUnavailableError) as caught:
        add_generation(waiting, "docs", "f", {})
    assert is_transient(caught.value)
    holder.execute("ROLLBACK")
    holder.close()
    assert add_generation(waiting, "docs", "f", {}).number == 1
    waiting.close()


def test_a_new_ledger_waits_while_another_process_has_the_empty_file(tmp_path: Path) -> None:
    """SQLite itself does not wait here: it would have to change the journal mode."""
    holder = sqlite3.connect(
        tmp_path / "ledger.sqlite", isolation_level=None, check_same_thread=False
    )
    holder.execute("BEGIN IMMEDIATE")
    end = threading.Timer(0.3, lambda: holder.execute("ROLLBACK"))
    end.start()
    opened = open_ledger(None, tmp_path)
    assert add_generation(opened, "docs", "f", {}).number == 1
    opened.close()
    end.join()
    holder.close()


def test_processes_may_create_a_ledger_at_once(tmp_path: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from indexing.ledger.database import open_ledger; "
        "print('ready', flush=True); sys.stdin.readline(); "
        "open_ledger(None, Path(sys.argv[1])).close()"
    )
    for attempt in range(3):
        command = [sys.executable, "-c", code, str(tmp_path / str(attempt))]
        opening = [
            subprocess.Popen(
                command,
                text=True,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
            )
            for _ in range(3)
        ]
        for child in opening:
            assert child.stdout is not None
            assert child.stdout.readline() == "ready\n"
        for child in opening:
            assert child.stdin is not None
            child.stdin.write("go\n")
            child.stdin.flush()
        said = [child.communicate(timeout=60)[1] for child in opening]
        assert [child.returncode for child in opening] == [0, 0, 0], said


@pytest.mark.parametrize("name", ["who?", "a?mode=memory", "x#y", "p%20q", "a::b", "[1]"])
def test_a_home_may_have_any_name(tmp_path: Path, name: str) -> None:
    """A `?` begins the options of a URL: the ledger lay beside the home, and others shared it."""
    home = tmp_path / name
    opened = open_ledger(None, home)
    add_generation(opened, "docs", "f", {})
    opened.close()
    assert [path.name for path in tmp_path.iterdir()] == [name]
    assert (home / "ledger.sqlite").exists()
    again = open_ledger(None, home)
    assert [g.name for g in list_generations(again)] == ["docs__g1"]
    again.close()


@pytest.mark.parametrize(
    "url",
    [
        "not a url",
        "postgresql://host:port/name",
        "oracle9000://host/name",
        # What Prefect brings is installed and cannot serve the ledger: these ended in tracebacks.
        "postgresql+asyncpg://host/name",
        "postgresql+psycopg_async://host/name",
        "sqlite+aiosqlite://",
    ],
)
def test_a_url_that_is_none_is_a_settings_error(tmp_path: Path, url: str) -> None:
    with pytest.raises(ConfigError, match=r"ledger\.url"):
        open_ledger(url, tmp_path)


def test_a_name_that_is_no_text_is_not_taken_for_damage(ledger: Ledger) -> None:
    """A command line can hold bytes that are no UTF-8; the ledger is sound all the same."""
    with pytest.raises(LedgerError, match="no UTF-8") as caught:
        list_standings(ledger, "docs__g1", "caf\udce9")
    assert not isinstance(caught.value, LedgerCorruptError)
    assert "damaged" not in str(caught.value)
    assert str(caught.value).isprintable()


def test_a_failed_transaction_leaves_nothing(sqlite_ledger: Ledger) -> None:
    name = add_generation(sqlite_ledger, "docs", "f", {}).name
    with pytest.raises(RuntimeError, match="stop"):
        delete_everything_then_fail(sqlite_ledger)
    assert [g.name for g in list_generations(sqlite_ledger)] == [name]


def delete_everything_then_fail(sqlite_ledger: Ledger) -> None:
    with sqlite_ledger.write() as connection:
        connection.execute(text("DELETE FROM generation"))
        raise RuntimeError("stop")


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_a_forked_child_speaks_over_a_connection_of_its_own(ledger: Ledger) -> None:
    """Over one of PostgreSQL two processes would read each other's answers."""

    def used() -> object:
        with ledger.read() as connection:
            assert connection.execute(text("SELECT 1")).scalar() == 1
            return connection.connection.driver_connection

    parents = used()
    child = os.fork()
    if child == 0:  # pragma: no cover - the child
        try:
            os._exit(0 if used() is not parents else 1)
        finally:
            os._exit(2)
    assert os.waitpid(child, 0)[1] == 0
    assert used() is parents, "the parent's is open as before"
