"""Commands that only look leave everything as it was."""

import zlib
from pathlib import Path
from typing import Any

import pytest

LOOKING = [
    ["plan", "FOLDER"],
    ["plan", "FOLDER", "--json"],
    ["status"],
    ["docs", "list"],
    ["quarantine", "list"],
]


def state(root: Path) -> dict[str, tuple[int, int]]:
    """Every file with its modification time and checksum, without SQLite's scratch files.

    A reader of a WAL database makes `-wal` and `-shm` and removes them again when it closes.
    """
    return {
        str(path.relative_to(root)): (
            path.stat().st_mtime_ns,
            zlib.crc32(path.read_bytes()),
        )
        for path in sorted(root.rglob("*"))
        if path.is_file() and not path.name.endswith(("-wal", "-shm"))
    }


def filled(command: list[str], folder: Path) -> list[str]:
    return [str(folder) if part == "FOLDER" else part for part in command]


@pytest.mark.parametrize("command", LOOKING)
def test_looking_changes_no_file(desk: Any, command: list[str]) -> None:
    desk.write("new.txt", "The gate is locked at night.\n")
    home, documents = state(desk.home), state(desk.folder)
    assert len(home) > 3
    assert desk.on_home(*filled(command, desk.folder)).code == 0
    assert state(desk.home) == home
    assert state(desk.folder) == documents


@pytest.mark.parametrize("command", [*LOOKING, ["docs", "chunks"], ["doctor"]])
def test_looking_makes_no_home(empty_desk: Any, command: list[str]) -> None:
    empty_desk.write("new.txt", "The gate is locked at night.\n")
    assert empty_desk.on_home(*filled(command, empty_desk.folder)).code == 0
    assert not empty_desk.home.exists()


def test_a_plan_of_a_first_ingest_counts_everything_as_added(empty_desk: Any) -> None:
    empty_desk.write("new.txt", "The gate is locked at night.\n")
    planned = empty_desk.on_home("plan", empty_desk.folder, "--json").json
    assert planned["added"] == ["new.txt"]
    assert planned["enumerated"] == 1
    assert planned["seconds"] > 0


def test_a_plan_loads_no_model(desk: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    from indexing.corpus import Corpus

    def loaded(_: Corpus) -> None:
        raise AssertionError("the model was loaded")

    desk.write("new.txt", "The gate is locked at night.\n")
    monkeypatch.setattr(Corpus, "encoder", property(loaded))
    monkeypatch.setattr(Corpus, "parsers", property(loaded))
    assert desk.on_home("plan", desk.folder, "--json").code == 0
