"""The calibrations of a home are in its backup, byte by byte, and nothing else gets in by them."""

import json
from pathlib import Path
from typing import Any

import pytest

from indexing.errors import BackupError
from indexing.upkeep.backup_calibrations import FOLDER, copy_calibrations
from indexing.upkeep.manifest import SEAL, seal_of
from indexing.upkeep.restore import Existing
from query.calibrating import calibrations

FILES = {
    "c0001-0123abcd.json": b'{"format": 1, "note": "kept as it is, \xe2\x82\xac"}\n',
    "c0002-89abcdef.json": b"\xff damaged \x00",
}


def put(place: Any, files: dict[str, bytes]) -> Path:
    folder = place.settings.home / FOLDER
    folder.mkdir()
    for name, content in files.items():
        (folder / name).write_bytes(content)
    return folder


def content_of(place: Any) -> dict[str, bytes]:
    folder = place.settings.home / FOLDER
    return {path.name: path.read_bytes() for path in folder.iterdir()} if folder.exists() else {}


@pytest.fixture
def calibrated(small: Any, tmp_path: Path) -> Path:
    """A backup of a home with calibrations, one of them damaged, and a file that is none."""
    put(small, FILES | {"notes.txt": b"mine"})
    assert small.backup("../with").to_json()["calibrations"] == 2
    return tmp_path / "with"


def test_they_come_back_as_they_were(calibrated: Path, copy: Any) -> None:
    assert copy.restore(calibrated).to_json()["calibrations"] == 2
    assert content_of(copy) == FILES


def test_a_flipped_bit_in_them_and_nothing_is_touched(calibrated: Path, make_place: Any) -> None:
    path = calibrated / "calibrations.jsonl.zst"
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)
    copy = make_place("copy")
    with pytest.raises(BackupError, match="calibrations"):
        copy.restore(calibrated)
    assert not copy.settings.home.exists()


def test_a_backup_of_an_earlier_version_has_none(source: Path, copy: Any) -> None:
    manifest = source / "manifest.json"
    body = json.loads(manifest.read_text())
    del body["files"]["calibrations.jsonl.zst"]
    manifest.write_text(json.dumps({**body, SEAL: seal_of(body)}))
    (source / "calibrations.jsonl.zst").unlink()
    assert copy.restore(source).to_json()["calibrations"] == 0
    assert content_of(copy) == {}


def test_those_of_a_replaced_index_are_moved_aside(calibrated: Path, small: Any) -> None:
    old = {"c0009-00000000.json": b"of the old index"}
    put_aside = small.settings.home / FOLDER
    for path in put_aside.iterdir():
        path.unlink()
    (put_aside / "c0009-00000000.json").write_bytes(old["c0009-00000000.json"])
    done = small.restore(calibrated, existing=Existing.MOVE_ASIDE)
    assert content_of(small) == FILES
    (aside,) = (path for path in done.moved_aside if path.name.startswith(FOLDER))
    assert {path.name: path.read_bytes() for path in aside.iterdir()} == old


@pytest.mark.parametrize("name", ["../settings.json", "c0001-0123abcd.json/../x", "x.json", ""])
def test_no_name_leads_outside(tmp_path: Path, name: str) -> None:
    class Forged:
        def calibrations(self) -> Any:
            return iter([{"name": name, "content": "{}"}])

    with pytest.raises(BackupError, match="is not the name of a calibration"):
        copy_calibrations(Forged(), tmp_path / "home")  # type: ignore[arg-type]
    assert not (tmp_path / "home").exists()


def test_the_query_module_keeps_them_in_the_same_folder() -> None:
    assert calibrations.FOLDER == FOLDER
