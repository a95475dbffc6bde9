"""Unpacking what servers send: every member, whatever the pieces, and no more than is allowed."""

import gzip
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingestion.sources.web_unpacking import unpacked


def cut(data, size):
    return [data[at : at + size] for at in range(0, len(data), size)]


@given(st.lists(st.binary(max_size=200), min_size=1, max_size=4), st.integers(1, 50))
def test_all_members_are_unpacked_whatever_the_pieces(members, size):
    packed = b"".join(map(gzip.compress, members))
    whole = b"".join(members)
    assert unpacked(cut(packed, size), len(whole)) == whole
    assert unpacked(cut(zlib.compress(whole), size), len(whole)) == whole
    if whole:
        assert unpacked(cut(packed, size), len(whole) - 1) is None


@pytest.mark.parametrize("padding", [b"\0", b"\0" * 512, b"\n"])
def test_padding_is_passed_over(padding):
    assert unpacked(cut(gzip.compress(b"text") + padding, 3), 100) == b"text"


@given(st.integers(1, 60))
def test_an_early_end_is_an_error(missing):
    packed = gzip.compress(b"one") + gzip.compress(bytes(range(100)))
    with pytest.raises(zlib.error, match="too early"):
        unpacked([packed[:-missing]], 1000)


def test_nothing_unpacks_to_nothing():
    assert unpacked([], 10) == b""
