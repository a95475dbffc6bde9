"""Fixtures of the command tests: the real parsers, store and ledger, and a hashing encoder."""

import json
import os
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from config.loading import load_settings
from indexing.corpus import Corpus, open_corpus
from ingestion.parsing.pool import ParserPool
from service.cli import run
from tests.support.hashing import HashingEncoder
from tests.support.traces import copy_sparse

OURS = ("HOLDFAST_", "PREFECT_API", "QDRANT_")


@dataclass(frozen=True)
class Ended:
    """How a command ended: its exit code and what it wrote."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """The one JSON value on standard output, where nothing else may stand."""
        return json.loads(self.out)

    @property
    def lines(self) -> list[Any]:
        """The JSON lines on standard output."""
        return [json.loads(line) for line in self.out.splitlines()]

    @property
    def complaint(self) -> str:
        """The one paragraph that says what is wrong."""
        assert "Traceback" not in self.err
        lines = self.err.splitlines()
        assert [line for line in lines if line.startswith("error: ")] == lines[-1:]
        return lines[-1].removeprefix("error: ")


class Desk:
    """A folder of documents, a home, and commands that run on them in this process."""

    def __init__(self, root: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.folder = root / "docs"
        self.home = root / "home"
        self.folder.mkdir(parents=True, exist_ok=True)
        self._capsys = capsys

    def write(self, key: str, content: str | bytes) -> Path:
        path = self.folder / key
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        # Long before any listing, so that no stat counts as fresh.
        os.utime(path, (1_700_000_000, 1_700_000_000))
        return path

    def call(self, *arguments: str | Path) -> Ended:
        """Run a command as it is."""
        self._capsys.readouterr()
        code = run([str(a) for a in arguments])
        seen = self._capsys.readouterr()
        return Ended(code, seen.out, seen.err)

    def on_home(self, *arguments: str | Path) -> Ended:
        """Run a command on this home."""
        return self.call(*arguments, "--home", self.home)

    def ingest(self, *options: str) -> Ended:
        """Ingest the folder as the source `docs`."""
        return self.on_home("ingest", self.folder, "--source", "docs", "--json", *options)

    def chunks(self, *options: str) -> list[Any]:
        """What readers see."""
        return self.on_home("docs", "chunks", "--json", *options).lines


@pytest.fixture(autouse=True)
def surroundings(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, parsers: ParserPool
) -> HashingEncoder:
    """No settings of this machine, the shared parsers, and no model."""
    for name in list(os.environ):
        if name.startswith(OURS):
            monkeypatch.delenv(name)
    # No test may depend on how fast the machine is.
    monkeypatch.setenv("HOLDFAST_PROMOTION__LATENCY_FLOOR_MS", "60000")
    work = tmp_path / "work"
    work.mkdir()
    monkeypatch.chdir(work)
    encoder = HashingEncoder()
    monkeypatch.setattr(Corpus, "encoder", property(lambda _: encoder))
    monkeypatch.setattr(Corpus, "parsers", property(lambda _: parsers))
    return encoder


@pytest.fixture
def empty_desk(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Desk:
    """A desk with no document and no home yet."""
    return Desk(tmp_path / "desk", capsys)


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the desk with an ingested home is kept, to be copied for each test."""
    return tmp_path_factory.mktemp("template")


@pytest.fixture
def desk(template: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Desk:
    """A desk with three documents, ingested: two indexed, one in quarantine."""
    if not (template / "home").exists():
        first = Desk(tmp_path / "first", capsys)
        first.write("rota.md", "# Rota\n\nThe night shift begins at ten in the evening.\n")
        first.write("keys.txt", "The keys of the archive hang in room twelve.\n")
        first.write("empty.txt", b"")
        assert first.ingest().code == 3
        shutil.copytree(tmp_path / "first", template, copy_function=copy_sparse, dirs_exist_ok=True)
    root = tmp_path / "desk"
    shutil.copytree(template, root, copy_function=copy_sparse)
    return Desk(root, capsys)


@pytest.fixture
def spoil() -> Callable[[Path], None]:
    """Overwrite a file with something it cannot be."""

    def overwrite(path: Path) -> None:
        path.write_bytes(b"this is no such file " * 200)
        for beside in path.parent.glob(f"{path.name}-*"):
            beside.unlink()

    return overwrite


@pytest.fixture
def corpus(desk: Desk) -> Iterator[Corpus]:
    """The home of the desk, opened."""
    opened = open_corpus(load_settings(overrides={"home": desk.home}).settings)
    yield opened
    opened.close()


@pytest.fixture
def client(corpus: Corpus) -> Any:
    """The query service on that home, for whoever shows a key of `tests.support.query_keys`."""
    from starlette.testclient import TestClient

    from service.query_api import query_app
    from tests.support.query_keys import gatekeeper

    return TestClient(query_app(corpus, gatekeeper()), raise_server_exceptions=False)
