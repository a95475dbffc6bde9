"""Ledgers of every kind there is: SQLite always, PostgreSQL where it is installed."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from indexing.ledger.database import Ledger, open_ledger


@pytest.fixture
def sqlite_ledger(tmp_path: Path) -> Iterator[Ledger]:
    opened = open_ledger(None, tmp_path / "home")
    yield opened
    opened.close()


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def ledger(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Ledger]:
    """A new ledger of every kind."""
    url = request.getfixturevalue("url") if request.param == "postgres" else None
    opened = open_ledger(url, tmp_path / "home")
    yield opened
    opened.close()


@pytest.fixture
def pg(url: str, tmp_path: Path) -> Iterator[Ledger]:
    opened = open_ledger(url, tmp_path)
    yield opened
    opened.close()
