"""A home with a document full of marks, ingested once and copied for each test."""

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from indexing.failpoints import set_hook
from indexing.stores.base import Erasure
from indexing.stores.edge import EdgeStore
from ingestion.parsing.pool import ParserPool
from tests.support.homes import Home
from tests.support.marked import KEY, OTHER, TEXT
from tests.support.traces import copy_sparse


@pytest.fixture(autouse=True)
def no_failpoints() -> Iterator[None]:
    yield
    set_hook(None)


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory, parsers: ParserPool) -> Path:
    """A document with two versions and its neighbour, ingested once and copied for each test."""
    first = tmp_path_factory.mktemp("first") / "main"
    home = Home(first, parsers)
    home.write("ferry.md", OTHER)
    for number in (40, 4711):
        home.write(KEY, TEXT.format(number))
        home.ingest()
    home.close()
    root = tmp_path_factory.mktemp("template") / "main"
    shutil.copytree(first, root, copy_function=copy_sparse)
    return root


@pytest.fixture
def copied(template: Path, tmp_path: Path, make_rig: Any) -> Any:
    def copy(name: str) -> Any:
        shutil.copytree(template, tmp_path / name, copy_function=copy_sparse)
        return make_rig(name)

    return copy


@pytest.fixture
def bytes_stay(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave the files of the index as they are: writing them anew takes the most time."""
    kept = Erasure(0, "not now")
    monkeypatch.setattr(EdgeStore, "erase", lambda *_, **__: kept)


@pytest.fixture
def two(copied: Any) -> Any:
    """A document with two versions, and a neighbour."""
    return copied("main")
