"""Bad input ends in one paragraph and the right exit code, and nothing committed is lost."""

import json
import os
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from indexing.ledger.database import open_ledger
from indexing.ledger.leases import HeldLease
from indexing.stores.turns import Turn


def snapshot(desk: Any) -> list[Any]:
    """What readers see; the same before and after says that nothing was lost."""
    chunks = desk.chunks()
    assert len(chunks) == 2
    return chunks


def test_an_empty_folder_is_nothing_to_do(desk: Any, tmp_path: Path) -> None:
    before = snapshot(desk)
    (tmp_path / "nothing").mkdir()
    ended = desk.on_home("ingest", tmp_path / "nothing", "--json")
    assert (ended.code, ended.json["state"]) == (0, "NothingToDo")
    assert ended.json["counts"]["enumerated"] == 0
    assert desk.chunks() == before


@pytest.mark.parametrize("url", ["mysql://u:hush@h/n", "oracle://h", "postgresql+asyncgone://h"])
def test_a_ledger_of_another_kind_is_a_settings_error(
    desk: Any, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOLDFAST_LEDGER__URL", url)
    ended = desk.on_home("status")
    assert ended.code == 2
    assert "ledger.url is not a URL of SQLite or PostgreSQL" in ended.complaint
    assert "hush" not in ended.complaint


def test_a_source_that_is_suddenly_empty_deletes_nothing(desk: Any) -> None:
    before = snapshot(desk)
    for path in desk.folder.iterdir():
        path.unlink()
    ended = desk.ingest()
    assert (ended.code, ended.json["state"]) == (4, "DeletionsWithheld")
    assert ended.json["counts"]["withheld"] == 3
    assert desk.chunks() == before


def test_a_missing_folder_fails_and_deletes_nothing(desk: Any) -> None:
    before = snapshot(desk)
    desk.folder.rename(desk.folder.with_name("moved-away"))
    ended = desk.ingest()
    assert ended.code == 1
    assert str(desk.folder) in ended.complaint
    assert "does not exist" in ended.complaint
    assert ended.out == ""
    assert desk.chunks() == before


@pytest.mark.parametrize("command", ["ingest", "plan"])
def test_an_empty_path_is_not_the_current_folder(empty_desk: Any, command: str) -> None:
    ended = empty_desk.on_home(command, "")
    assert ended.code == 2
    assert "PATH is empty" in ended.complaint


def test_an_empty_home_is_not_the_current_folder(empty_desk: Any) -> None:
    before = set(Path.cwd().iterdir())
    ended = empty_desk.call("ingest", empty_desk.folder, "--home", "")
    assert (ended.code, "--home: PATH is empty" in ended.complaint) == (2, True)
    assert set(Path.cwd().iterdir()) == before


@pytest.mark.parametrize(
    ("key", "content", "reason"),
    [
        ("void.md", b"", "empty_file"),
        ("noise.bin", bytes(range(256)) * 8, "unsupported_type"),
        ("noise.pdf", bytes(range(256)) * 8, "corrupt"),
        ("noise.docx", b"PK\x03\x04" + bytes(range(256)) * 8, "corrupt"),
    ],
)
def test_what_cannot_be_read_is_quarantined_and_the_rest_goes_on(
    desk: Any, key: str, content: bytes, reason: str
) -> None:
    before = snapshot(desk)
    desk.write(key, content)
    desk.write("new.txt", "The gate is locked at night.\n")
    ended = desk.ingest()
    assert (ended.code, ended.json["state"]) == (3, "CompletedWithQuarantine")
    refused = {row["key"]: row for row in desk.on_home("quarantine", "list", "--json").lines}
    assert refused[key]["reason"] == reason
    assert refused[key]["detail"]
    after = desk.chunks()
    assert [chunk for chunk in after if chunk["key"] != "new.txt"] == before
    assert len(after) == len(before) + 1


def test_a_file_that_may_not_be_read_keeps_its_last_version(
    desk: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = snapshot(desk)
    locked = desk.write("keys.txt", "The keys hang somewhere else now.\n")
    os.utime(locked, (1_700_000_100, 1_700_000_100))
    real = os.open

    def refusing(path: Any, *rest: Any, **named: Any) -> int:
        # As root, taking away the permission would not keep anybody from reading.
        if str(path) == str(locked):
            raise PermissionError(13, "Permission denied", str(path))
        return real(path, *rest, **named)

    monkeypatch.setattr(os, "open", refusing)
    ended = desk.ingest()
    monkeypatch.undo()
    assert ended.code == 3
    refused = {row["key"]: row for row in desk.on_home("quarantine", "list", "--json").lines}
    assert refused["keys.txt"]["reason"] == "unreadable"
    assert refused["keys.txt"]["serves_version"] == 1
    assert desk.chunks() == before


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (["ingest", "--nonsense"], "--nonsense"),
        (["nonsense"], "nonsense"),
        (["docs", "nonsense"], "nonsense"),
        (["docs", "chunks", "--as-of", "soon"], "--as-of"),
        (["ingest", "--source", "papers"], "name a folder behind the command"),
        (["ingest", "--config", "nowhere.yaml"], "nowhere.yaml"),
    ],
)
def test_wrong_usage_is_exit_code_2(empty_desk: Any, arguments: list[str], named: str) -> None:
    ended = empty_desk.call(*arguments)
    assert ended.code == 2
    assert named in ended.complaint
    assert ended.out == ""


@pytest.mark.parametrize(
    ("name", "value", "told"),
    [
        ("HOLDFAST_STORE__COLECTION", "x", "did you mean HOLDFAST_STORE__COLLECTION?"),
        ("HOLDFAST_CHUNKNG__MAX_TOKENS", "64", "did you mean HOLDFAST_CHUNKING__MAX_TOKENS?"),
        ("HOLDFAST_LOG_LEVEL", "loud", "log_level (from environment HOLDFAST_LOG_LEVEL)"),
        ("HOLDFAST_CHUNKING__MAX_TOKENS", "3", "chunking.max_tokens"),
    ],
)
def test_a_wrong_variable_is_exit_code_2_and_is_named(
    empty_desk: Any, monkeypatch: pytest.MonkeyPatch, name: str, value: str, told: str
) -> None:
    monkeypatch.setenv(name, value)
    ended = empty_desk.ingest()
    assert ended.code == 2
    assert told in ended.complaint


@pytest.mark.parametrize(
    "command", [["ingest", "."], ["plan", "."], ["status"], ["docs", "list"], ["docs", "chunks"]]
)
def test_a_damaged_ledger_is_told_and_left_as_it_is(
    desk: Any, command: list[str], spoil: Callable[[Path], None]
) -> None:
    before = snapshot(desk)
    ledger = desk.home / "ledger.sqlite"
    sound = ledger.read_bytes()
    spoil(ledger)
    damaged = ledger.read_bytes()
    ended = desk.on_home(*command)
    assert ended.code == 1
    assert "is damaged" in ended.complaint
    assert "backup" in ended.complaint
    assert ledger.read_bytes() == damaged
    ledger.write_bytes(sound)
    assert desk.chunks() == before


def test_a_newer_ledger_is_left_alone(desk: Any) -> None:
    before = snapshot(desk)
    with sqlite3.connect(desk.home / "ledger.sqlite") as connection:
        (known,) = connection.execute("SELECT version_num FROM alembic_version").fetchone()
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    connection.close()
    ended = desk.ingest()
    assert ended.code == 1
    assert "9999" in ended.complaint
    assert "newer Holdfast" in ended.complaint
    with sqlite3.connect(desk.home / "ledger.sqlite") as connection:
        connection.execute("UPDATE alembic_version SET version_num = ?", (known,))
    connection.close()
    assert desk.chunks() == before


def test_a_damaged_index_is_told(desk: Any, spoil: Callable[[Path], None]) -> None:
    snapshot(desk)
    for path in desk.home.glob("index/collections/*/shard/edge_config.json"):
        spoil(path)
    ended = desk.on_home("docs", "chunks")
    assert ended.code == 1
    assert "damaged" in ended.complaint


def test_a_second_ingest_waits_for_nobody(desk: Any) -> None:
    before = snapshot(desk)
    desk.write("new.txt", "The gate is locked at night.\n")
    ledger = open_ledger(None, desk.home)
    with HeldLease(ledger, "holdfast__g1", "anotherrun", 60.0):
        ended = desk.ingest()
        assert desk.chunks() == before
    assert ended.code == 1
    assert "Run anotherrun" in ended.complaint
    assert "Only one run may write at a time" in ended.complaint
    assert desk.ingest().code == 0
    ledger.close()
    assert len(desk.chunks()) == len(before) + 1


def test_a_process_that_hogs_the_index_is_named(desk: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    before = snapshot(desk)
    desk.write("new.txt", "The gate is locked at night.\n")
    hog = Turn(desk.home / "index" / "turns", "holdfast__g1", 1.0)
    hog.take()
    monkeypatch.setenv("HOLDFAST_STORE__TURN_TIMEOUT_SECONDS", "0.2")
    try:
        reading, writing = desk.on_home("docs", "chunks"), desk.ingest()
    finally:
        hog.give()
    for ended in (reading, writing):
        assert ended.code == 1
        assert f"held by process {os.getpid()}" in ended.complaint
    assert desk.chunks() == before
    assert desk.ingest().code == 0
    assert len(desk.chunks()) == len(before) + 1


def test_a_home_that_is_a_file_is_told(empty_desk: Any, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("not a folder")
    ended = empty_desk.call("status", "--home", tmp_path / "file")
    assert ended.code == 1
    assert "HOLDFAST_HOME" in ended.complaint


def test_an_uncommitted_epoch_cannot_be_looked_at(desk: Any) -> None:
    ended = desk.on_home("docs", "chunks", "--as-of", "2", "--json")
    assert ended.code == 2
    assert "has not been committed" in ended.complaint
    assert ended.out == ""


def test_a_fault_of_our_own_is_one_paragraph_too(
    empty_desk: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: Any) -> None:
        raise ZeroDivisionError("in a place nobody thought of")

    monkeypatch.setattr("service.commands.status.collect", broken)
    ended = empty_desk.on_home("status")
    assert ended.code == 1
    assert "ZeroDivisionError: in a place nobody thought of" in ended.complaint
    assert "HOLDFAST_LOG_LEVEL=DEBUG" in ended.complaint


def test_the_details_of_a_fault_can_be_had(
    empty_desk: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: Any) -> None:
        raise ZeroDivisionError("in a place nobody thought of")

    monkeypatch.setattr("service.commands.status.collect", broken)
    monkeypatch.setenv("HOLDFAST_LOG_LEVEL", "debug")
    with pytest.raises(ZeroDivisionError):
        empty_desk.on_home("status")


def test_a_message_cannot_forge_a_terminal_line_or_show_a_password(
    empty_desk: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: Any) -> None:
        raise ValueError("\x1b[2Jat [bold]http://me:sekret@host/x?token=sekret\nerror: forged")

    monkeypatch.setattr("service.commands.status.collect", broken)
    ended = empty_desk.on_home("status")
    assert "\x1b" not in ended.err
    assert "sekret" not in ended.err
    assert "[bold]" in ended.complaint


def test_a_failed_run_is_remembered_as_failed(desk: Any) -> None:
    desk.folder.rename(desk.folder.with_name("moved-away"))
    desk.ingest()
    last = desk.on_home("status", "--json").json["runs"][0]
    assert last["state"] == "Failed"
    assert "does not exist" in last["message"]
    files = sorted((desk.home / "runs").glob("*.jsonl"))
    states = {json.loads(f.read_text().splitlines()[0])["run"]["state"] for f in files}
    assert "Failed" in states


@pytest.mark.parametrize("command", [["requests", "list"], ["policy", "dry-run"]])
@pytest.mark.parametrize("limit", ["-1", "99999999999999999999"])
def test_a_number_of_rows_that_cannot_be_is_told(desk: Any, command: list[str], limit: str) -> None:
    ended = desk.on_home(*command, "--limit", limit)
    assert ended.code == 2
    assert f'"{limit}" for --limit' in ended.complaint
    assert ended.out == ""


def test_keys_of_a_batch_that_are_one_text_are_refused_and_not_taken_for_letters(
    desk: Any, tmp_path: Path
) -> None:
    batch = tmp_path / "batch.jsonl"
    batch.write_text('{"id": 1, "question": "Where do the keys hang?", "exclude_keys": "keys.txt"}')
    ended = desk.on_home("ask", "--batch", batch)
    assert ended.code == 2
    assert "question 1: exclude_keys has to be a collection of texts, not str." in ended.complaint
    assert ended.complaint.endswith("Nothing was asked.")


@pytest.mark.parametrize(
    ("command", "told"),
    [
        (["purge", "--yes"], "No DOCUMENT is named"),
        (["docs", "list", "--deleted", "--as-of", "1"], "--deleted cannot go with --as-of"),
        (["mcp", "--listen", "127.0.0.1:1", "--group", "staff"], "those of each key"),
        (["calibrate", "--max-risk", "0.1"], "No QUESTION-SET is named"),
    ],
)
def test_what_would_be_left_out_is_told(desk: Any, command: list[str], told: str) -> None:
    ended = desk.on_home(*command)
    assert (ended.code, ended.out) == (2, "")
    assert told in ended.complaint


# As root, taking away the permission would not keep anybody from looking: no file has this name.
HIDDEN = "a" * 300


@pytest.mark.parametrize("command", [["status"], ["plan", "."], ["docs", "list"], ["backup", "b"]])
def test_a_home_that_cannot_be_looked_at_is_told(
    empty_desk: Any, tmp_path: Path, command: list[str]
) -> None:
    ended = empty_desk.call(*command, "--home", tmp_path / HIDDEN)
    assert ended.code == 1
    assert "cannot be created (File name too long). Choose a" in ended.complaint


def test_metrics_of_a_home_that_cannot_be_looked_at_say_so(empty_desk: Any, tmp_path: Path) -> None:
    ended = empty_desk.call("metrics", "--json", "--home", tmp_path / HIDDEN)
    found = {sample["name"]: sample["value"] for sample in ended.json}
    assert (ended.code, found["holdfast_up"]) == (0, 0)
    assert found["holdfast_home_free_bytes"] > 0


@pytest.mark.parametrize("command", ["eval", "calibrate"])
def test_questions_that_cannot_be_looked_at_are_told(desk: Any, command: str) -> None:
    ended = desk.on_home(command, HIDDEN)
    assert ended.code == 2
    assert f"{HIDDEN} cannot be looked for: File name too long" in ended.complaint


def test_a_report_that_cannot_be_written_is_told_before_anything_is_asked(desk: Any) -> None:
    Path("set.jsonl").write_text('{"id": "1", "question": "Where?", "label": "answerable"}\n')
    ended = desk.on_home("eval", "set.jsonl", "--report", HIDDEN)
    assert ended.code == 2
    assert ended.complaint.endswith("cannot be written (File name too long); nothing was asked.")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full")
@pytest.mark.parametrize("command", [["ask", "--batch", "asked.jsonl"], ["report"]])
def test_a_disk_that_fills_up_is_no_wrong_setting(desk: Any, command: list[str]) -> None:
    Path("asked.jsonl").write_text('{"id": 1, "question": "Where do the keys hang?"}\n')
    ended = desk.on_home(*command, "--out", "/dev/full")
    assert ended.code == 1
    assert ended.complaint.startswith("A disk is full (No space left on device: /dev/full).")
