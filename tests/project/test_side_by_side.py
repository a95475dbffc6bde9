"""How the suite is spread over workers, and where it writes."""

import gc
import os
import tempfile
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from config.heap import SELDOM
from tests.support import scratch
from tests.support.scheduling import FLOWS, LONGEST_FIRST, MODELS, ByFile, order


def items(*names: str) -> list[Any]:
    return [SimpleNamespace(nodeid=name) for name in names]


def test_long_folders_come_first_and_files_stay_as_they_are() -> None:
    mixed = items("tests/query/a.py::z", "tests/config/a.py::b", "tests/flows/a.py::c",
                  "tests/service/b.py::d", "tests/flows/a.py::b")  # fmt: skip
    order(mixed)
    assert [item.nodeid for item in mixed] == [
        "tests/flows/a.py::c", "tests/flows/a.py::b", "tests/service/b.py::d",
        "tests/query/a.py::z", "tests/config/a.py::b",
    ]  # fmt: skip


def test_one_worker_has_all_flows_and_every_other_file_goes_by_itself() -> None:
    split = ByFile._split_scope
    nobody: Any = object.__new__(ByFile)
    assert split(nobody, "tests/flows/test_a.py::b") == split(nobody, "tests/flows/test_c.py::d")
    assert split(nobody, "tests/query/test_a.py::b") == "tests/query/test_a.py"
    assert FLOWS in LONGEST_FIRST


def test_one_worker_loads_the_libraries_of_the_models(repository: Path) -> None:
    nobody: Any = object.__new__(ByFile)
    split = {ByFile._split_scope(nobody, f"{file}::test_a") for file in MODELS}
    assert len(split) == 1
    assert [file for file in MODELS if not (repository / file).is_file()] == []


def test_workers_look_for_garbage_seldom_and_not_in_what_was_collected() -> None:
    assert gc.get_threshold() == SELDOM
    assert gc.get_freeze_count() > 100_000


def test_every_folder_that_goes_first_is_there(repository: Path) -> None:
    assert [folder for folder in LONGEST_FIRST if not (repository / folder).is_dir()] == []


@pytest.fixture
def nowhere(monkeypatch: pytest.MonkeyPatch) -> None:
    """No folder for temporary files was chosen yet, and none is afterwards."""
    monkeypatch.setattr(tempfile, "tempdir", None)
    monkeypatch.setenv("TMPDIR", "chosen")  # so that it is put back
    monkeypatch.delenv("TMPDIR")
    monkeypatch.setattr(scratch, "ROOM_BYTES", 0)


def test_tests_write_into_memory_where_there_is_plenty(nowhere: None, tmp_path: Path) -> None:
    scratch.write_into_memory(tmp_path)
    assert tempfile.gettempdir() == str(tmp_path) == os.environ["TMPDIR"]


@pytest.mark.parametrize("why", ["chosen", "missing", "short"])
def test_and_else_where_they_would(
    why: str, nowhere: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = tmp_path / "memory"
    if why != "missing":
        place.mkdir()
    if why == "chosen":
        monkeypatch.setenv("TMPDIR", str(tmp_path))
    if why == "short":
        monkeypatch.setattr(scratch, "ROOM_BYTES", 2**60)
    scratch.write_into_memory(place)
    assert os.environ.get("TMPDIR") != str(place)
    assert tempfile.gettempdir() != str(place)
