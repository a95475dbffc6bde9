"""One shelf per kind of source: documents can be put on it and taken off, and it can be broken.

The contract suite knows nothing else about a kind.
"""

import csv
import json
import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from unittest import mock

from config.settings import Settings
from config.sources import KINDS
from ingestion.sources.base import Source
from ingestion.sources.configured import make_source, spool_of
from ingestion.sources.spool import PushedDocument

LIMIT = 1_000_000


class Shelf:
    """A source of one kind, and what is needed to change what is in it."""

    kind = ""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.settings = Settings(home=folder / "home")
        self.texts: dict[str, str] = {}

    def start(self) -> None:
        """Bring up what the source needs."""

    def stop(self) -> None:
        """Take it down again."""

    def options(self) -> dict[str, Any]:
        """Options of the kind."""
        return {}

    def source(self, **common: Any) -> Source:
        """A source made anew out of settings."""
        section = KINDS[self.kind].model_validate({"name": "shelf", **self.options(), **common})
        return make_source(self.settings, section)

    def put(self, name: str, text: str) -> None:
        """Add or replace a document; `name` ends in .md."""
        self.texts[name] = text
        self.store()

    def drop(self, name: str) -> None:
        """Take a document away."""
        del self.texts[name]
        self.store()

    def store(self) -> None:
        """Bring the source to the state of `texts`."""
        raise NotImplementedError

    def key(self, name: str) -> str:
        """The key under which a document is listed."""
        return name

    @contextmanager
    def broken(self) -> Iterator[None]:
        """Let a part of the source be unreadable, or all of it."""
        yield


def write_all(folder: Path, texts: dict[str, str]) -> list[Path]:
    """Make a folder hold these files and no others; returns those that were written."""
    folder.mkdir(exist_ok=True)
    written = []
    for path in [p for p in folder.rglob("*.md") if str(p.relative_to(folder)) not in texts]:
        path.unlink()
    for name, text in texts.items():
        path = folder / name
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
            written.append(path)
    return written


class LocalShelf(Shelf):
    """A folder."""

    kind = "local"

    def options(self) -> dict[str, Any]:
        return {"path": self.folder / "docs"}

    def store(self) -> None:
        write_all(self.folder / "docs", self.texts)

    @contextmanager
    def broken(self) -> Iterator[None]:
        (self.folder / "docs" / "deep").mkdir()
        scan = os.scandir

        def refuse(path: Any) -> Any:
            if str(path).endswith("deep"):
                raise PermissionError(13, "Permission denied")
            return scan(path)

        with mock.patch("os.scandir", refuse):
            yield


class MemoryShelf(Shelf):
    """A folder in the memory file system of fsspec."""

    kind = "fsspec"

    def options(self) -> dict[str, Any]:
        return {"url": f"memory://{self.folder.name}/docs"}

    def files(self) -> Any:
        import fsspec

        return fsspec.filesystem("memory")

    def store(self) -> None:
        root = f"/{self.folder.name}/docs"
        files = self.files()
        files.makedirs(root, exist_ok=True)
        held = {p.removeprefix(root + "/"): files.cat_file(p) for p in files.find(root)}
        for name in set(held) - set(self.texts):
            files.rm_file(f"{root}/{name}")
        for name, text in self.texts.items():
            if held.get(name) != text.encode():
                files.pipe_file(f"{root}/{name}", text.encode())

    @contextmanager
    def broken(self) -> Iterator[None]:
        files = self.files()
        files.pipe_file(f"/{self.folder.name}/docs/deep/x.md", b"x")
        ls = type(files).ls

        def refuse(this: Any, path: str, **more: Any) -> Any:
            if path.endswith("deep"):
                raise PermissionError("Permission denied")
            return ls(this, path, **more)

        with mock.patch.object(type(files), "ls", refuse):
            yield


class GitShelf(Shelf):
    """A repository with one commit per change."""

    kind = "git"

    def options(self) -> dict[str, Any]:
        return {"url": str(self.folder / "repo"), "ref": "main"}

    def git(self, *arguments: str) -> str:
        variables = {
            "PATH": os.environ["PATH"], "HOME": str(self.folder), "GIT_CONFIG_NOSYSTEM": "1",
            "GIT_AUTHOR_NAME": "A", "GIT_AUTHOR_EMAIL": "a@example.org",
            "GIT_COMMITTER_NAME": "A", "GIT_COMMITTER_EMAIL": "a@example.org",
        }  # fmt: skip
        done = subprocess.run(
            ["git", "-C", str(self.folder / "repo"), *arguments],
            check=True, capture_output=True, text=True, env=variables,
        )  # fmt: skip
        return done.stdout.strip()

    def store(self) -> None:
        repository = self.folder / "repo"
        if not repository.exists():
            repository.mkdir()
            self.git("init", "--quiet", "--initial-branch=main")
        write_all(repository, self.texts)
        self.git("add", "--all")
        self.git("commit", "--quiet", "--allow-empty", "-m", "x")

    @contextmanager
    def broken(self) -> Iterator[None]:
        (self.folder / "repo").rename(self.folder / "away")
        yield
        (self.folder / "away").rename(self.folder / "repo")


class TableShelf(Shelf):
    """A file with one row a document."""

    kind = "table"
    suffix = ""

    def options(self) -> dict[str, Any]:
        return {"path": self.folder / f"rows{self.suffix}", "media": "md"}

    def key(self, name: str) -> str:
        return name.replace("%", "%25")

    def rows(self) -> list[dict[str, str]]:
        return [{"id": n.removesuffix(".md"), "text": t} for n, t in self.texts.items()]


class JsonLinesShelf(TableShelf):
    """One JSON object a line."""

    suffix = ".jsonl"

    def store(self) -> None:
        lines = "".join(json.dumps(row) + "\n" for row in self.rows())
        self.options()["path"].write_text(lines, encoding="utf-8")

    @contextmanager
    def broken(self) -> Iterator[None]:
        with self.options()["path"].open("a", encoding="utf-8") as file:
            file.write('{"id": "x", "te\n')
        yield


class CsvShelf(TableShelf):
    """A CSV file."""

    suffix = ".csv"

    def store(self) -> None:
        with self.options()["path"].open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, ["id", "text"])
            writer.writeheader()
            writer.writerows(self.rows())

    @contextmanager
    def broken(self) -> Iterator[None]:
        with self.options()["path"].open("a", encoding="utf-8") as file:
            file.write('x,"an open quote\n')
        yield


class ParquetShelf(TableShelf):
    """A Parquet file of small row groups."""

    suffix = ".parquet"

    def store(self) -> None:
        import pyarrow as pa
        from pyarrow import parquet

        schema = pa.schema([("id", pa.string()), ("text", pa.string())])
        table = pa.Table.from_pylist(self.rows(), schema=schema)
        parquet.write_table(table, self.options()["path"], row_group_size=2)

    @contextmanager
    def broken(self) -> Iterator[None]:
        path = self.options()["path"]
        path.write_bytes(path.read_bytes()[:-20])
        yield


class PushShelf(Shelf):
    """The spool of a push source."""

    kind = "push"

    def store(self) -> None:
        spool = spool_of(self.settings, KINDS["push"].model_validate({"name": "shelf"}))
        for document in list(spool.documents()):
            if document.key not in self.texts:
                spool.withdraw(document.key)
        for name, text in self.texts.items():
            spool.put(PushedDocument(name, text.encode()), LIMIT)

    @contextmanager
    def broken(self) -> Iterator[None]:
        path = self.settings.home / "sources" / "push" / "shelf.sqlite"
        path.write_bytes(b"this is no database, and it is long enough to be taken for one" * 99)
        yield


LIGHT = (
    LocalShelf, MemoryShelf, GitShelf, JsonLinesShelf, CsvShelf, ParquetShelf, PushShelf,
)  # fmt: skip
