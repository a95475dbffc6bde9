"""OLE objects: the file inside is found under its name; other objects are none of ours."""

import io
import struct

import olefile
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingestion.parsing.ole_objects import unwrap


class FakeOle:
    """A container made of named streams."""

    def __init__(self, streams):
        self.streams = streams

    def __enter__(self):
        return self

    def __exit__(self, *error):
        return None

    def exists(self, name):
        return name in self.streams

    def openstream(self, name):
        return io.BytesIO(self.streams[name])


@pytest.fixture
def wrapped(monkeypatch):
    def build(streams):
        monkeypatch.setattr(olefile, "OleFileIO", lambda _: FakeOle(streams))
        return unwrap(olefile.MAGIC)

    return build


def native(label, content):
    path = b"C:\\x\0"
    head = struct.pack("<IH", 0, 2) + label + b"\0" + path + struct.pack("<HH", 0, 3)
    return head + struct.pack("<I", len(path)) + path + struct.pack("<I", len(content)) + content


def test_a_packaged_file_has_its_name(wrapped):
    streams = {"\x01Ole10Native": native(b"..\\lease.pdf", b"%PDF-1.4")}
    assert wrapped(streams) == ("lease.pdf", b"%PDF-1.4")


def test_packages_and_contents_are_named_by_what_they_are(wrapped, saved):
    import docx

    document = saved(docx.Document())
    assert wrapped({"Package": document}) == ("package.docx", document)
    assert wrapped({"CONTENTS": b"%PDF-1.4"}) == ("contents.pdf", b"%PDF-1.4")


def test_objects_of_other_programs_are_none(wrapped):
    assert wrapped({"Equation Native": b"x"}) is None
    assert wrapped({"CONTENTS": b"other"}) is None
    assert unwrap(b"no container") is None


def test_data_is_never_taken_for_the_name_of_a_file(tmp_path):
    secret = tmp_path / "secret.bin"
    secret.write_bytes(olefile.MAGIC + bytes(600))
    assert unwrap(str(secret).encode()) is None


@settings(deadline=None)
@given(st.binary(max_size=60))
def test_any_native_stream_gets_an_answer(data):
    from ingestion.parsing.ole_objects import _native

    found = _native(data)
    assert found is None or (found[1] in data and "/" not in found[0])
