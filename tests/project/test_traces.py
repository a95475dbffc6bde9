"""Looking through files for words leaves out what is empty, and nothing else."""

import os
from pathlib import Path

import pytest

from tests.support.traces import BLOCK, copy_sparse, pieces, traces_in, written

WORD = b"zymurgical"


@pytest.mark.parametrize("at", [0, 1, BLOCK - 5, BLOCK, 3 * BLOCK - 1, 5 * BLOCK + 100])
def test_a_word_is_found_wherever_it_lies_among_zeros(tmp_path: Path, at: int) -> None:
    data = bytearray(6 * BLOCK + 321)
    data[at : at + len(WORD)] = WORD
    (tmp_path / "segment").write_bytes(data)
    assert len(written(tmp_path / "segment")) <= 2 * BLOCK
    assert traces_in(tmp_path, ["Zymurgical"]) == ["segment"]
    assert traces_in(tmp_path, ["quokka"]) == []


@pytest.mark.parametrize("word", ["4711", "beef", "10:30"])
def test_a_word_that_digests_and_times_contain_by_chance_is_refused(
    tmp_path: Path, word: str
) -> None:
    with pytest.raises(ValueError, match="by chance"):
        traces_in(tmp_path, ["quokka", word])


def test_a_copy_is_equal_and_lacks_the_zeros(tmp_path: Path) -> None:
    data = b"a" + bytes(4 * BLOCK) + b"b" * (2 * BLOCK) + bytes(BLOCK // 2)
    (tmp_path / "file").write_bytes(data)
    copy_sparse(str(tmp_path / "file"), str(tmp_path / "copy"))
    assert (tmp_path / "copy").read_bytes() == data
    descriptor = os.open(tmp_path / "copy", os.O_RDONLY)
    try:
        assert sum(len(piece) for _, piece in pieces(descriptor)) == len(data) - 3 * BLOCK
    finally:
        os.close(descriptor)


@pytest.mark.parametrize("size", [0, 10, BLOCK, 2 * BLOCK + 7])
def test_a_file_of_zeros_keeps_its_length_in_the_copy(tmp_path: Path, size: int) -> None:
    (tmp_path / "file").write_bytes(bytes(size))
    assert written(tmp_path / "file") == b""
    copy_sparse(str(tmp_path / "file"), str(tmp_path / "copy"))
    assert (tmp_path / "copy").read_bytes() == bytes(size)
