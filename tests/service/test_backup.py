"""`holdfast backup` and `holdfast restore`: what programs and people get, and bad input."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from indexing.ledger.database import open_ledger
from indexing.ledger.leases import HeldLease
from indexing.upkeep.exclusive import UPKEEP
from indexing.upkeep.manifest import SEAL, seal_of

BACKED_UP = {
    *("state", "target", "generation", "epoch", "created_at", "generations"),
    *("rows", "points", "blobs", "calibrations", "bytes", "lacking", "seconds"),
}
RESTORED = {
    *("state", "source", "generation", "epoch", "created_at", "generations"),
    *("points", "blobs", "calibrations", "purged", "lacking", "moved_aside", "seconds"),
}


@pytest.fixture(scope="session")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the backup of the desk is kept, to be copied for each test."""
    return tmp_path_factory.mktemp("kept") / "backup"


@pytest.fixture
def target(kept: Path, tmp_path: Path, request: pytest.FixtureRequest) -> Path:
    """A backup of the desk."""
    if not kept.exists():
        assert request.getfixturevalue("desk").on_home("backup", kept).code == 0
    folder = tmp_path / "desk" / "backup"
    shutil.copytree(kept, folder)
    return folder


@pytest.fixture
def other(empty_desk: Any) -> Callable[..., Any]:
    """Run a command on another home."""
    home = empty_desk.home.with_name("other")
    return lambda *arguments: empty_desk.call(*arguments, "--home", home)


def test_both_commands_speak_to_programs(desk: Any, other: Callable[..., Any]) -> None:
    folder = desk.folder.parent / "backup"
    made = desk.on_home("backup", folder, "--json")
    assert (made.code, set(made.json), made.json["state"]) == (0, BACKED_UP, "BackedUp")
    assert (made.json["generation"], made.json["epoch"]) == ("holdfast__g1", 1)
    assert (made.json["points"], made.json["blobs"], made.json["target"]) == (2, 4, str(folder))
    size = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
    assert made.json["bytes"] == size - (folder / "manifest.json").stat().st_size
    back = other("restore", folder, "--json")
    assert (back.code, set(back.json), back.json["state"]) == (0, RESTORED, "Restored")
    assert back.json["purged"] == {"documents": 0, "points": 0, "blobs": 0}
    assert back.json["moved_aside"] == []
    assert "points" in back.err


def test_a_restored_home_answers_and_replays_as_the_first_one_did(
    desk: Any, other: Callable[..., Any]
) -> None:
    desk.write("keys.txt", "The keys of the archive hang in room fourteen now.\n")
    assert desk.ingest().code == 0
    asked = desk.on_home("ask", "Where do the keys of the archive hang?", "--json").json
    assert desk.on_home("backup", desk.folder.parent / "backup").code == 0
    assert other("restore", desk.folder.parent / "backup").code == 0
    for command in (["docs", "chunks"], ["docs", "chunks", "--as-of", "1"], ["docs", "list"]):
        assert other(*command, "--json").lines == desk.on_home(*command, "--json").lines
    replayed = other("replay", asked["request_id"], "--json").json
    assert (replayed["identical"], replayed["searched_alike"]) == (True, True)
    again = other("ask", "Where do the keys of the archive hang?", "--json").json
    assert again["evidence"] == asked["evidence"] != []
    nothing = other("ingest", desk.folder, "--source", "docs", "--json")
    assert (nothing.json["state"], nothing.json["epoch"]) == ("NothingToDo", 2)
    assert other("status", "--json").json["generation"] == "holdfast__g1"


def test_people_are_told_what_was_done(desk: Any, target: Path, other: Callable[..., Any]) -> None:
    made = desk.on_home("backup", target.with_name("second"))
    assert "BackedUp" in made.out
    assert "holdfast__g1 at epoch 1" in made.out
    assert "2 points, 4 blobs" in made.out
    replaced = desk.on_home("restore", target, "--replace")
    assert replaced.code == 0
    assert "Restored" in replaced.out
    kept = [line.rpartition(" ")[2] for line in replaced.out.splitlines() if "is kept as" in line]
    assert len(kept) == 2
    assert all(Path(path).exists() for path in kept)


def test_what_a_home_lacks_is_exit_code_3(desk: Any, other: Callable[..., Any]) -> None:
    next((desk.home / "blobs" / "raw").rglob("*.zst")).unlink()
    folder = desk.folder.parent / "backup"
    made = desk.on_home("backup", folder)
    assert made.code == 3
    assert "BackedUpWithErrors" in made.out
    assert "holdfast verify --repair" in made.out
    back = other("restore", folder, "--json")
    assert (back.code, back.json["state"]) == (3, "RestoredWithErrors")
    assert back.json["lacking"]["blobs"] == 1
    assert other("docs", "chunks", "--json").lines == desk.chunks()


def test_purged_documents_are_counted(desk: Any, target: Path, other: Callable[..., Any]) -> None:
    rows = {row["key"]: row for row in desk.on_home("docs", "list", "--json").lines}
    line = {
        "document_id": rows["keys.txt"]["document_id"],
        "content_sha256s": [rows["keys.txt"]["content_sha256"]],
        "purged_at": "2100-01-01T00:00:00+00:00",
    }
    home = desk.home.with_name("other")
    home.mkdir()
    (home / "purged.jsonl").write_text(json.dumps(line) + "\n")
    back = other("restore", target)
    assert back.code == 0
    assert "purged: 1 documents, 1 points, 2 blobs" in back.out
    assert [chunk["key"] for chunk in other("docs", "chunks", "--json").lines] == ["rota.md"]


def remove_all(folder: Path) -> None:
    folder.rename(folder.with_name("gone"))


def remove_manifest(folder: Path) -> None:
    (folder / "manifest.json").unlink()


def flip(folder: Path) -> None:
    path = next(folder.glob("points/*"))
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)


def cut(folder: Path) -> None:
    path = folder / "ledger" / "chunk.jsonl.zst"
    path.write_bytes(path.read_bytes()[:-1])


def forged(**fields: Any) -> Callable[[Path], None]:
    def change(folder: Path) -> None:
        body = {**json.loads((folder / "manifest.json").read_text()), **fields}
        (folder / "manifest.json").write_text(json.dumps({**body, SEAL: seal_of(body)}))

    return change


@pytest.mark.parametrize(
    ("harm", "code", "told"),
    [
        (remove_all, 2, "is no backup"),
        (remove_manifest, 2, "is no backup: it has no manifest.json"),
        (flip, 1, "points/holdfast__g1.msgpack.zst, its checksum is another one"),
        (cut, 1, "ledger/chunk.jsonl.zst, it has"),
        (forged(format=99), 1, "This backup has format 99"),
        (forged(schema="9999"), 1, "has schema 9999"),
        (forged(tenant="acme"), 2, "Set tenant: acme"),
    ],
)
def test_a_bad_source_is_told_in_one_paragraph(
    target: Path, other: Callable[..., Any], harm: Any, code: int, told: str
) -> None:
    harm(target)
    ended = other("restore", target, "--json")
    assert (ended.code, ended.out) == (code, "")
    assert told in ended.complaint
    assert not target.with_name("other").exists()


def test_a_bad_place_is_told_in_one_paragraph(desk: Any, target: Path) -> None:
    before = desk.chunks()
    cases = [
        ("backup", "", 2, "is empty"),
        ("restore", "", 2, "is empty"),
        ("backup", desk.folder, 2, "is not empty"),
        ("backup", desk.folder / "keys.txt", 2, "is a file"),
        ("backup", desk.folder / "keys.txt" / "below", 1, "cannot be written"),
        ("backup", "nowhere://x", 2, "cannot be used for a backup"),
        ("restore", desk.folder, 2, "is no backup"),
        ("restore", target, 1, "--replace"),
    ]
    for command, place, code, told in cases:
        ended = desk.on_home(command, place)
        assert (ended.code, ended.out) == (code, ""), (command, place)
        assert told in ended.complaint
    assert desk.chunks() == before


def test_no_home_is_made_to_be_backed_up(empty_desk: Any) -> None:
    ended = empty_desk.on_home("backup", empty_desk.folder.parent / "backup")
    assert ended.code == 2
    assert f"There is no home at {empty_desk.home}" in ended.complaint
    assert not empty_desk.home.exists()


def test_a_busy_home_is_told(desk: Any) -> None:
    ledger = open_ledger(None, desk.home)
    with HeldLease(ledger, UPKEEP, "purge", 60.0):
        ended = desk.on_home("backup", desk.folder.parent / "backup")
    ledger.close()
    assert ended.code == 1
    assert "Run purge" in ended.complaint
    assert "is writing to upkeep" in ended.complaint
    assert not list(desk.folder.parent.glob("*backup*"))


def test_an_interruption_is_one_paragraph_and_leaves_nothing(
    desk: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*_: Any, **__: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("indexing.upkeep.backup.write_blobs", interrupted)
    ended = desk.on_home("backup", desk.folder.parent / "backup")
    assert ended.code == 130
    assert "Interrupted" in ended.complaint
    assert not list(desk.folder.parent.glob("*backup*"))
