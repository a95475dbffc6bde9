"""Every kind of source through the commands: settings, doctor, plan, ingest, readers."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from tests.support.shelves import CsvShelf, GitShelf, JsonLinesShelf, MemoryShelf, Shelf
from tests.support.shelves_served import S3Shelf, SftpShelf, WebShelf

KINDS = {
    "far": MemoryShelf, "code": GitShelf, "rows": JsonLinesShelf, "more": CsvShelf,
    "site": WebShelf, "bucket": S3Shelf, "drive": SftpShelf,
}  # fmt: skip


def plain(options: dict[str, Any]) -> dict[str, Any]:
    """Options as they stand in a file."""
    return {k: str(v) if isinstance(v, Path) else v for k, v in options.items()}


@pytest.fixture
def shelves(empty_desk: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    if shutil.which("git") is None:
        pytest.skip("needs the git command")
    made: dict[str, Shelf] = {}
    for name, kind in KINDS.items():
        (tmp_path / f"{name}-shelf").mkdir()
        made[name] = kind(tmp_path / f"{name}-shelf")
        made[name].start()
    sources = [
        {"name": n, "kind": s.kind, "acl": [n], **plain(s.options())} for n, s in made.items()
    ]
    monkeypatch.setenv("HOLDFAST_SOURCES", json.dumps(sources))
    keys = {"bucket": {"key": "testing", "secret": "testing"}, "drive": {"password": "testing"}}
    monkeypatch.setenv("HOLDFAST_SOURCE_SECRETS", json.dumps(keys))
    yield made
    for shelf in made.values():
        shelf.stop()


def chunks(desk: Any) -> dict[str, str]:
    return {chunk["key"]: chunk["text"] for chunk in desk.chunks()}


def test_a_source_that_is_named_twice_is_one_source(
    empty_desk: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    empty_desk.write("a.md", "The harbour opens at nine.")
    sources = [{"name": "ex", "path": str(empty_desk.folder)}]
    monkeypatch.setenv("HOLDFAST_SOURCES", json.dumps(sources))
    twice = ("--source", "ex", "--source", "ex", "--json")
    assert empty_desk.on_home("plan", *twice).json["added"] == ["a.md"]
    ingested = empty_desk.on_home("ingest", *twice)
    assert (ingested.code, ingested.json["counts"]["indexed"]) == (0, 1), ingested.err
    for command in ("plan", "ingest", "approve", "verify"):
        named = empty_desk.on_home(command, empty_desk.folder, "--source", "a", "--source", "b")
        assert (named.code, "one name as a source" in named.complaint) == (2, True)


def test_a_source_is_taken_out_with_an_empty_folder_as_the_page_says(
    empty_desk: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    empty_desk.write("keys.txt", "The keys of the archive hang in room twelve.\n")
    for name in ("old", "new"):
        source = {"name": name, "path": str(empty_desk.folder)}
        monkeypatch.setenv("HOLDFAST_SOURCES", json.dumps([source]))
        assert empty_desk.on_home("ingest").code == 0

    def served() -> list[str]:
        return [one["source"] for one in empty_desk.on_home("docs", "list", "--json").lines]

    assert sorted(served()) == ["new", "old"]
    nothing = tmp_path / "nothing"
    nothing.mkdir()
    assert empty_desk.on_home("ingest", nothing, "--source", "old").code == 4
    assert empty_desk.on_home("approve", nothing, "--source", "old").code == 0
    assert served() == ["new"]


def test_what_an_incomplete_listing_lacks_cannot_be_approved_and_is_said_so(
    empty_desk: Any, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    rows = empty_desk.write("rows.jsonl", '{"id": "1", "text": "One."}\n{"id": "2", "text": "2."}')
    table = {"name": "rows", "kind": "table", "path": str(rows), "text": ["text"], "id": "id"}
    full = {"name": "full", "path": str(empty_desk.folder / "full")}
    monkeypatch.setenv("HOLDFAST_SOURCES", json.dumps([table, full]))
    kept = empty_desk.write("full/a.md", "The harbour opens at nine.")
    assert empty_desk.on_home("ingest").code == 0
    rows.write_text('{"id": "1", "text": "One."}\n{"id": \n')
    ended = empty_desk.on_home("ingest")
    assert ended.code == 3
    assert "ListingIncomplete" in ended.out
    problem = "rows.jsonl#row-2 cannot be taken"
    assert sum(problem in record.getMessage() for record in caplog.records) == 1
    assert problem not in ended.err, "the log goes there, too"
    newest = empty_desk.on_home("status", "--json").json["runs"][0]
    assert newest["message"].startswith("3 enumerated, 2 unchanged, 1 quarantined, 1 withheld. ")
    assert problem in newest["message"], "and why"
    assert "1 documents of rows are missing from its listing and stay: " in ended.out
    assert "approve`" not in ended.out
    kept.unlink()
    both = empty_desk.on_home("ingest")
    assert both.code == 4
    assert "1 deletions of full were withheld" in both.out
    assert "1 documents of rows are missing" in both.out
    assert sorted(chunks(empty_desk)) == ["1.txt", "2.txt", "a.md"]


def test_every_kind_goes_all_the_way(shelves: dict[str, Shelf], empty_desk: Any) -> None:
    desk = empty_desk
    for name, shelf in shelves.items():
        shelf.put("a.md", f"The {name} opens at nine.")
        shelf.put("b.md", f"The {name} closes at ten.")
    doctor = desk.on_home("doctor", "--json")
    told = next(p["detail"] for p in doctor.json["findings"] if p["part"] == "sources")
    assert all(f"{name} at " in told for name in shelves)
    planned = desk.on_home("plan", "--json")
    assert len(planned.json["added"]) == 2 * len(shelves)
    first = desk.on_home("ingest", "--json")
    assert (first.code, first.json["counts"]["indexed"]) == (0, 2 * len(shelves))
    again = desk.on_home("ingest", "--json")
    assert again.json["state"] == "NothingToDo"
    assert again.json["counts"]["unchanged"] == 2 * len(shelves)

    for name, shelf in shelves.items():
        shelf.put("a.md", f"The {name} opens at seven.")
        shelf.drop("b.md")
    changed = desk.on_home("ingest", "--json")
    counts = changed.json["counts"]
    assert (counts["indexed"], counts["deleted"], counts["withheld"]) == (
        len(shelves),
        len(shelves),
        0,
    )
    assert "The site opens at seven." in chunks(desk).values()
    assert not any("closes" in text for text in chunks(desk).values())


def test_a_source_that_is_broken_loses_nothing_and_holds_up_nobody(
    shelves: dict[str, Shelf], empty_desk: Any
) -> None:
    desk = empty_desk
    for name, shelf in shelves.items():
        shelf.put("a.md", f"The {name} opens at nine.")
        shelf.put("b.md", f"The {name} closes at ten.")
    desk.on_home("ingest", "--json")
    before = chunks(desk)
    shelves["far"].put("c.md", "The far side is open.")
    broken = [shelves[name] for name in ("code", "rows", "more", "site")]
    with broken[0].broken(), broken[1].broken(), broken[2].broken(), broken[3].broken():
        ended = desk.on_home("ingest", "--json")
    assert ended.code == 3
    assert ended.json["counts"]["deleted"] == 0
    after = chunks(desk)
    assert {key: after.get(key) for key in before} == before
    assert after["c.md"] == "The far side is open."
