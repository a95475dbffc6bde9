"""What tests work out once is what every home would have worked out by itself."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import Connection, create_engine, text

from indexing.ledger import schema
from tests.support.once import digests_remembered, migrations_remembered, statements_of


@pytest.fixture
def migrate() -> Callable[[Connection, str], None]:
    """The migrations themselves, whatever the suite has put in their place."""
    from alembic import command

    def run(connection: Connection, revision: str) -> None:
        config = schema.alembic_config()
        config.attributes["connection"] = connection
        command.upgrade(config, revision)

    return run


def ledger_by(migrate: Callable[[Connection, str], None], file: Path) -> list[str]:
    """Everything in a ledger that this has made."""
    engine = create_engine(f"sqlite:///{file}")
    with engine.connect() as connection, connection.begin():
        migrate(connection, "head")
        made = statements_of(connection)
    engine.dispose()
    return made


def test_a_remembered_ledger_is_the_one_that_the_migrations_make(
    migrate: Callable[[Connection, str], None], tmp_path: Path
) -> None:
    calls: list[str] = []

    def counted(connection: Connection, revision: str) -> None:
        calls.append(revision)
        migrate(connection, revision)

    remembered = migrations_remembered(counted)
    first, second = (ledger_by(remembered, tmp_path / name) for name in ("first", "second"))
    assert calls == ["head"]
    assert first == second == ledger_by(migrate, tmp_path / "itself")
    assert any("alembic_version" in line and schema.HEAD in line for line in second)


def test_a_ledger_that_holds_something_is_migrated(tmp_path: Path) -> None:
    calls: list[str] = []
    remembered = migrations_remembered(lambda _, revision: calls.append(revision))
    engine = create_engine(f"sqlite:///{tmp_path / 'old'}")
    with engine.connect() as connection, connection.begin():
        connection.execute(text("CREATE TABLE run (id TEXT)"))
        remembered(connection, "head")
        remembered(connection, "0002")
    engine.dispose()
    assert calls == ["head", "0002"]


def test_a_file_is_hashed_again_when_it_was_written_to(tmp_path: Path) -> None:
    file = tmp_path / "weights"
    file.write_text("abc", encoding="utf-8")
    remembered = digests_remembered(lambda path: path.read_text(encoding="utf-8"))
    assert remembered(file) == remembered(file) == "abc"
    written = file.stat()
    file.write_text("abd", encoding="utf-8")
    os.utime(file, ns=(written.st_atime_ns, written.st_mtime_ns + 1))  # clocks may be coarse
    assert remembered(file) == "abd"
