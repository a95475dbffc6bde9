"""Deciding what a document is: by magic and name, with a reason for everything refused."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingestion.document import Reason, Refusal
from ingestion.parsing.decoding import decode
from ingestion.parsing.formats import Detected, Format, detect

OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"


@pytest.mark.parametrize(
    ("data", "key", "expected"),
    [
        (b"# Hi", "a.md", Detected(Format.MARKDOWN)),
        (b"# Hi", "A.MD", Detected(Format.MARKDOWN)),
        (b"hello", "notes.log", Detected(Format.TEXT)),
        (b"hello", "README", Detected(Format.TEXT)),
        (b"<!DOCTYPE html><p>x", "page", Detected(Format.HTML)),
        (b"<html><p>x</html>", "page.txt", Detected(Format.HTML, mismatch=True)),
        (b"<html><p>x</html>", "page.docx", Detected(Format.HTML, mismatch=True)),
        (b"<!-- a -->\n<!-- b --> <html><p>x", "page.txt", Detected(Format.HTML, mismatch=True)),
        # Every comment more doubled the time; this would never end.
        (b"<!-- a -->\n" * 100 + b"# Hi", "a.md", Detected(Format.MARKDOWN)),
        (b"a,b\n1,2", "t.csv", Detected(Format.CSV)),
        (b"From: a@b\n\nhi", "m.eml", Detected(Format.MAIL)),
        (b"{\\rtf1 hello}", "a.rtf", Detected(Format.RTF)),
        (b"{\\rtf1 hello}", "a.doc", Detected(Format.RTF, mismatch=True)),
        (b"<?xml version='1.0'?><a/>", "a.doc", Detected(Format.XML, mismatch=True)),
        (b"%PDF-1.4 ...", "a.pdf", Detected(Format.PDF)),
        (b"%PDF-1.4 ...", "a.txt", Detected(Format.PDF, mismatch=True)),
        (b"\0junk %PDF-1.4 1 0 obj", "a.pdf", Detected(Format.PDF)),
        (b"\0junk %PDF-1.4 1 0 obj", "a.fuzz", Detected(Format.PDF, mismatch=True)),
        (b"It begins with %PDF-1.4 and has 1 0 obj", "a.txt", Detected(Format.TEXT)),
        ("größe".encode("utf-16"), "a.txt", Detected(Format.TEXT)),
        (b"caf\xe9 au lait", "a.txt", Detected(Format.TEXT)),
        # As signed bytes they sum up to the checksum of a TAR header that has none.
        (b"\x1f\x8b\x08\x80\xce" + bytes(507), "a.gz", Detected(Format.GZIP)),
    ],
)
def test_known_formats(data, key, expected):
    assert detect(data, key) == expected


@pytest.mark.parametrize(
    ("data", "key", "reason", "word"),
    [
        (b"", "a.md", Reason.EMPTY_FILE, "0 bytes"),
        (b"GIF89a" + bytes(50), "a.gif", Reason.UNSUPPORTED_TYPE, "image/gif"),
        (b"GIF89a" + bytes(50), "a.md", Reason.UNSUPPORTED_TYPE, "image/gif"),
        (b"BM is how this text begins", "a.bmp", Reason.CORRUPT, ".bmp"),
        (b"print()", "a.py", Reason.UNSUPPORTED_TYPE, ".py"),
        (b"%!PS-Adobe", "a.ps", Reason.UNSUPPORTED_TYPE, "PostScript"),
        (b"BZh91AY&SY" + bytes(9), "a.dat", Reason.UNSUPPORTED_TYPE, "packed"),
        (bytes(range(256)) * 8, "a.txt", Reason.CORRUPT, "binary"),
        (b"just text", "a.docx", Reason.CORRUPT, ".docx"),
        (OLE + bytes(100), "a.doc", Reason.CORRUPT, "OLE"),
        (OLE + "EncryptedPackage".encode("utf-16-le"), "a.docx", Reason.ENCRYPTED, "password"),
        (b"PK\x03\x04 truncated", "a.docx", Reason.CORRUPT, "damaged"),
        (b"PK\x05\x06" + bytes(18), "a.xlsx", Reason.CORRUPT, "nothing"),
        (b"PK\x05\x06" + bytes(18), "a.zip", Reason.NO_TEXT, "nothing"),
        (b"PK\x07\x08PK\x03\x04", "a.z01", Reason.UNSUPPORTED_TYPE, "split"),
        (b"\xf0\0\1" * 20 + b"PK\x05\x06" + bytes(18), "a.zip", Reason.UNSUPPORTED_TYPE, "split"),
        (b"\xf0\0\1" * 20, "a.zip", Reason.CORRUPT, "binary"),
        (b"\xffWPC" + bytes(40), "a.doc", Reason.UNSUPPORTED_TYPE, "WordPerfect"),
    ],
)
def test_refused_types(data, key, reason, word):
    refusal = detect(data, key)
    assert isinstance(refusal, Refusal)
    assert refusal.reason is reason
    assert word in refusal.detail


@pytest.mark.parametrize(
    ("data", "name"),
    [
        (b"\x89PNG\r\n\x1a\n" + bytes(50), "png"),
        (b"\xff\xd8\xff\xe0" + bytes(50), "jpeg"),
        (b"II*\0" + bytes(50), "tiff"),
        (b"MM\0*" + bytes(50), "tiff"),
        (b"RIFF\x20\0\0\0WEBPVP8 " + bytes(50), "webp"),
        (b"BM\x20\1\0\0\0\0\0\0\x36\0\0\0\x28\0\0\0" + bytes(50), "bmp"),
    ],
)
def test_pictures_are_known_by_their_first_bytes(data, name):
    assert detect(data, f"a.{name}") == Detected(Format[name.upper()])
    assert detect(data, "a.txt") == Detected(Format[name.upper()], mismatch=True)


def test_archives_are_told_from_documents_and_bombs_are_refused(zipped):
    plain = detect(zipped({"a.txt": "hello"}), "a.zip")
    assert plain == Detected(Format.ZIP)
    claimed = detect(zipped({"mimetype": b"A" * 64 * 2**20}), "a.odt")
    assert claimed.reason is Reason.TOO_LARGE
    bomb = detect(zipped({"word/document.xml": bytes(64 * 2**20)}), "a.docx")
    assert bomb.reason is Reason.TOO_LARGE
    many = detect(zipped({f"p{i}": b"" for i in range(20_001)}, 0), "a.docx")
    assert many.reason is Reason.TOO_LARGE


@given(st.binary(max_size=300), st.sampled_from(["a.md", "a.txt", "a.docx", "a.pdf", "a.eml", "a"]))
def test_any_bytes_get_an_answer(data, key):
    assert isinstance(detect(data, key), Detected | Refusal)


@pytest.mark.parametrize(
    "encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32"]
)
def test_unicode_encodings_are_recognised(encoding):
    text = "Zürich and Kraków: 10 € for a résumé.\n" * 4
    assert decode(text.encode(encoding)) == text


@pytest.mark.parametrize(("encoding", "text"), [
    ("cp1252", "Die Größe der Tür beträgt über zwei Meter, schätzungsweise. " * 5),
    ("koi8-r", "Съешь ещё этих мягких французских булок, да выпей чаю. " * 5),
    ("shift_jis", "吾輩は猫である。名前はまだ無い。どこで生れたかとんと見当がつかぬ。" * 5),
])  # fmt: skip
def test_legacy_encodings_are_guessed_or_taken_from_a_declaration(encoding, text):
    data = text.encode(encoding)
    assert decode(data, encoding) == text
    assert decode(data) == text


@given(st.binary(max_size=400), st.sampled_from([None, "utf-8", "no-such-charset", "iso-2022-jp"]))
def test_decoding_never_fails_and_is_storable(data, declared):
    text = decode(data, declared)
    assert "\0" not in text
    text.encode("utf-8")
