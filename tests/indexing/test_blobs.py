"""Blobs: named by content, whole or not there, and never another's text."""

from pathlib import Path
from typing import Any

import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from indexing.blobs import BlobKind, BlobStore, blob_name, raw_path, text_path
from indexing.errors import StoreCorruptError, StoreUnavailableError
from ingestion.document import (
    Chunk,
    CleanElement,
    ElementKind,
    PreparedDocument,
    sha256_of,
)
from ingestion.identity import parse_fingerprint, suffix_of

PARSER = "0123456789abcdef"
DOCUMENT = PreparedDocument(
    "text/plain",
    "Heading\n\nBody – ☃",
    (Chunk(0, 0, 7, "Heading", tokens=3, embedding_text="Heading"),),
    title="Heading",
    flags=("hidden_text_removed",),
    removed=(("zero_width", 3),),
    elements=(
        CleanElement(ElementKind.HEADING, 0, 7, level=1),
        CleanElement(ElementKind.TEXT, 9, 17, page=2),
    ),
)


@pytest.fixture(params=["folder", "memory"])
def blobs(request: pytest.FixtureRequest, tmp_path: Path) -> BlobStore:
    """A local folder, and an fsspec URL of another kind."""
    if request.param == "folder":
        return BlobStore(str(tmp_path / "blobs"))
    return BlobStore(f"memory://{tmp_path.name}/blobs")


def test_bytes_come_back_and_what_is_not_there_is_none(blobs: BlobStore) -> None:
    data = b"\x00\xff" * 5000
    content = sha256_of(data)
    assert blobs.raw(content) is None
    assert list(blobs.names()) == []
    blobs.put_raw(content, data)
    blobs.put_raw(content, data)
    blobs.sync()
    assert blobs.raw(content) == data
    assert [n.kind for n in blobs.names()] == [BlobKind.RAW]


@pytest.mark.parametrize("name", ["papers [2026]", "a::b", "who?", "st*r", "{x}", "x#y"])
def test_a_folder_may_have_any_name(tmp_path: Path, name: str) -> None:
    """The file system behind URLs has a meaning of its own for some characters."""
    blobs = BlobStore(str(tmp_path / name / "blobs"))
    content, other = sha256_of(b"x"), sha256_of(b"y")
    blobs.put_raw(content, b"x")
    for suffix in ("md", "txt"):
        blobs.put_text(content, suffix, PARSER, DOCUMENT)
    blobs.put_text(other, "md", PARSER, DOCUMENT)
    blobs.sync()
    assert sorted(n.suffix for n in blobs.texts(content, PARSER)) == ["md", "txt"]
    assert len(list(blobs.names())) == 4
    assert [path.name for path in tmp_path.iterdir()] == [name]


def test_a_text_comes_back_with_its_elements_and_without_chunks(blobs: BlobStore) -> None:
    content = sha256_of(b"x")
    blobs.put_text(content, "md", PARSER, DOCUMENT)
    read = blobs.text(content, "md", PARSER)
    assert read is not None
    assert read.chunks == ()
    assert (read.text, read.title, read.elements) == (
        DOCUMENT.text, DOCUMENT.title, DOCUMENT.elements,
    )  # fmt: skip
    assert (read.flags, read.removed) == (DOCUMENT.flags, DOCUMENT.removed)


def test_the_same_bytes_read_under_another_suffix_or_parser_are_another_text(
    blobs: BlobStore,
) -> None:
    content = sha256_of(b"x")
    blobs.put_text(content, "md", PARSER, DOCUMENT)
    assert blobs.text(content, "txt", PARSER) is None
    assert blobs.text(content, "md", "f" * 16) is None
    blobs.put_text(content, "_none", PARSER, DOCUMENT)
    assert {n.suffix for n in blobs.texts(content, PARSER)} == {"md", "_none"}


def test_a_deleted_blob_is_gone_and_may_be_deleted_again(blobs: BlobStore) -> None:
    content = sha256_of(b"data")
    blobs.put_raw(content, b"data")
    (name,) = blobs.names()
    blobs.delete(name)
    blobs.delete(name)
    assert blobs.raw(content) is None


def test_damage_is_found(tmp_path: Path) -> None:
    blobs = BlobStore(str(tmp_path))
    content = sha256_of(b"data")
    blobs.put_raw(content, b"data")
    blobs.put_text(content, "md", PARSER, DOCUMENT)
    other = BlobStore(str(tmp_path / "other"))
    other.put_raw(sha256_of(b"other"), b"other")
    (stranger,) = (tmp_path / "other").rglob("*.zst")
    (tmp_path / raw_path(content)).write_bytes(stranger.read_bytes())
    with pytest.raises(StoreCorruptError, match="another hash"):
        blobs.raw(content)
    (tmp_path / text_path(content, "md", PARSER)).write_bytes(b"no zstd")
    with pytest.raises(StoreCorruptError, match="holdfast verify --repair"):
        blobs.text(content, "md", PARSER)
    (tmp_path / text_path(content, "md", PARSER)).write_bytes(stranger.read_bytes())
    with pytest.raises(StoreCorruptError):
        blobs.text(content, "md", PARSER)


def test_no_flipped_bit_makes_another_text_or_ends_in_anything_but_damage(tmp_path: Path) -> None:
    blobs = BlobStore(str(tmp_path))
    content = sha256_of(b"data")
    blobs.put_text(content, "md", PARSER, DOCUMENT)
    place, read = tmp_path / text_path(content, "md", PARSER), blobs.text(content, "md", PARSER)
    whole, found = place.read_bytes(), 0
    for bit in range(8 * len(whole)):
        place.write_bytes(flipped(whole, bit))
        try:
            assert blobs.text(content, "md", PARSER) == read
        except StoreCorruptError:
            found += 1
    assert found > 0.9 * 8 * len(whole)


def flipped(data: bytes, bit: int) -> bytes:
    changed = bytearray(data)
    changed[bit // 8] ^= 1 << bit % 8
    return bytes(changed)


def test_a_text_kept_without_a_checksum_by_an_earlier_version_is_read_or_damaged(
    tmp_path: Path,
) -> None:
    blobs = BlobStore(str(tmp_path))
    content = sha256_of(b"data")
    blobs.put_text(content, "md", PARSER, DOCUMENT)
    place, read = tmp_path / text_path(content, "md", PARSER), blobs.text(content, "md", PARSER)
    plain = zstandard.ZstdDecompressor().decompress(place.read_bytes())
    place.write_bytes(zstandard.ZstdCompressor().compress(plain))
    assert blobs.text(content, "md", PARSER) == read
    place.write_bytes(zstandard.ZstdCompressor().compress(plain.replace("☃".encode(), b"\xe2!")))
    with pytest.raises(StoreCorruptError, match="holdfast verify --repair"):
        blobs.text(content, "md", PARSER)


def test_half_of_a_blob_is_damage(tmp_path: Path) -> None:
    blobs = BlobStore(str(tmp_path))
    content = sha256_of(b"data")
    blobs.put_raw(content, b"data")
    place = tmp_path / raw_path(content)
    whole = place.read_bytes()
    for length in range(len(whole)):
        place.write_bytes(whole[:length])
        with pytest.raises(StoreCorruptError, match="is damaged"):
            blobs.packed(raw_path(content))


def test_files_that_are_no_blobs_are_left_out(tmp_path: Path) -> None:
    blobs = BlobStore(str(tmp_path))
    content = sha256_of(b"data")
    blobs.put_raw(content, b"data")
    half = tmp_path / f"{raw_path(content)}.123-ab.tmp"
    half.write_bytes(b"half of a blob")
    (tmp_path / "raw" / "README").write_text("notes")
    assert [n.content_sha256 for n in blobs.names()] == [content]


def test_a_place_that_cannot_be_written_is_a_passing_failure(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    blobs = BlobStore(str(tmp_path / "file"))
    with pytest.raises(StoreUnavailableError, match="disk space"):
        blobs.put_raw(sha256_of(b"x"), b"x")


def test_a_blob_can_be_copied_as_it_is_kept_in_place_of_a_damaged_one(blobs: BlobStore) -> None:
    content = sha256_of(b"x")
    blobs.put_raw(content, b"x")
    blobs.put_text(content, "md", PARSER, DOCUMENT)
    paths = (raw_path(content), text_path(content, "md", PARSER))
    kept = {path: blobs.packed(path) for path in paths}
    for path in paths:
        blobs.put_packed(path, b"damaged")
        with pytest.raises(StoreCorruptError, match="is damaged"):
            blobs.packed(path)
    for path, packed in kept.items():
        assert packed is not None
        blobs.put_packed(path, packed)
    assert blobs.raw(content) == b"x"
    assert blobs.text(content, "md", PARSER) is not None


def test_what_is_copied_holds_what_its_name_says(blobs: BlobStore) -> None:
    one, other = sha256_of(b"one"), sha256_of(b"other")
    blobs.put_raw(other, b"other")
    packed = blobs.packed(raw_path(other))
    assert packed is not None
    blobs.put_packed(raw_path(one), packed)
    blobs.put_packed(text_path(one, "md", PARSER), packed)
    for path in (raw_path(one), text_path(one, "md", PARSER)):
        with pytest.raises(StoreCorruptError):
            blobs.packed(path)
    assert blobs.packed(raw_path(sha256_of(b"nothing"))) is None
    assert blobs.packed("no/blob") is None


@given(st.text(max_size=30))
def test_any_key_has_a_suffix_that_makes_a_name_and_back(key: str) -> None:
    content = sha256_of(key)
    suffix = suffix_of(f"folder/{key}")
    path = text_path(content, suffix, PARSER)
    found = blob_name(path)
    assert found is not None, path
    assert (found.content_sha256, found.suffix, found.parser) == (content, suffix, PARSER)


@pytest.mark.parametrize(
    ("key", "suffix"),
    [("a/b.MD", "md"), ("a.tar.gz", "gz"), ("README", "_none"), ("x.md ", "md"), (".h", "_none")],
)
def test_the_suffix_is_the_one_that_decides_the_type(key: str, suffix: str) -> None:
    assert suffix_of(key) == suffix


def test_only_parser_and_cleaner_decide_which_text_is_read() -> None:
    identity = {"parser": "p", "cleaner": "c", "splitter": "s"}
    same: dict[str, Any] = identity | {"splitter": "other"}
    assert parse_fingerprint(identity) == parse_fingerprint(same)
    assert parse_fingerprint(identity) != parse_fingerprint(identity | {"cleaner": "other"})
