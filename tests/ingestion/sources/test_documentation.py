"""docs/sources.md holds: its sources load, its example is short and keeps the promises of all."""

import re
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
import yaml

from config.loading import load_settings
from config.sources import KINDS, SourceSettings
from ingestion.document import Reason, Refusal
from ingestion.errors import SourceUnavailableError
from ingestion.sources.pushing import read_pushed
from ingestion.sources.spool import Pushed

TEXT = (Path(__file__).resolve().parents[3] / "docs" / "sources.md").read_text(encoding="utf-8")
LIMIT = 1_000_000


def blocks(language):
    return re.findall(rf"^```{language}\n(.*?)^```", TEXT, re.MULTILINE | re.DOTALL)


def test_every_kind_is_shown_and_what_is_shown_loads(tmp_path):
    shown = [yaml.safe_load(block)["sources"][0] for block in blocks("yaml")]
    loaded = load_settings(env={}, overrides={"sources": shown}, cwd=tmp_path).settings.sources
    assert {type(source) for source in loaded} == set(KINDS.values())


def test_every_common_option_is_explained():
    for option in set(SourceSettings.model_fields) - {"name"}:
        assert f"`{option}`" in TEXT


def test_what_is_pushed_in_the_text_can_be_pushed():
    lines = [line for block in blocks("json") for line in block.splitlines()]
    assert len(lines) == 3
    for line in lines:
        assert read_pushed(line.replace("…", "QQ=="))


class Notes:
    """The example, with a database to read from."""

    def __init__(self, folder):
        self.path = folder / "notes.sqlite"
        self.run("CREATE TABLE notes (key TEXT PRIMARY KEY, text TEXT)")
        code = blocks("python")[0]
        assert len(code.splitlines()) <= 48
        assert len([line for line in code.splitlines() if line.strip()]) <= 40
        names = {}
        exec(compile(code, "docs/sources.md", "exec"), names)
        self.source = names["NotesSource"]("notes", str(self.path))

    def run(self, statement, *values):
        with closing(sqlite3.connect(self.path)) as database, database:
            database.execute(statement, values)

    def put(self, key, text):
        self.run("INSERT OR REPLACE INTO notes VALUES (?, ?)", key, text)


@pytest.fixture
def notes(tmp_path):
    return Notes(tmp_path)


def test_the_example_lists_and_reads(notes):
    notes.put("a.md", "One.")
    notes.put("../b.md", "Two.")
    notes.put("c.md", None)
    listing = notes.source.list_entries()
    assert listing.complete
    assert [e.key for e in listing.entries] == ["a.md"]
    assert {r.key: r.reason for r in listing.refused} == {
        "../b.md": Reason.OUTSIDE_SOURCE, "c.md": Reason.UNREADABLE,
    }  # fmt: skip
    assert notes.source.read(listing.entries[0], LIMIT) == b"One."
    assert notes.source.read(listing.entries[0], 2).reason is Reason.TOO_LARGE


def test_the_example_keeps_the_promises(notes):
    notes.put("a.md", "One.")
    (before,) = notes.source.list_entries().entries
    assert notes.source.list_entries().entries == (before,)
    notes.put("a.md", "Two.")
    refusal = notes.source.read(before, LIMIT)
    assert isinstance(refusal, Refusal)
    assert refusal.reason.retried
    notes.path.write_bytes(b"no database at all" * 500)
    with pytest.raises(SourceUnavailableError, match="cannot be listed"):
        notes.source.list_entries()


def test_every_outcome_and_error_of_the_push_routes_is_told():
    (outcomes,) = re.findall(r"`\{\"source\", \"key\", \"outcome\"\}`: (.*?)\. An", TEXT, re.DOTALL)
    assert set(re.findall(r"`(\w+)`", outcomes)) == {*Pushed, "withdrawn", "unknown"}
    api = TEXT[TEXT.index("An error is `") : TEXT.index("## A source of your own")]
    told = set(re.findall(r"^\| (\d+) \| `(\w+)` \|", api, re.MULTILINE))
    source = Path(__file__).resolve().parents[3] / "service" / "push_api.py"
    made = re.findall(r'\(?(\d{3}), "(\w+)"', source.read_text(encoding="utf-8"))
    assert told == set(made)
