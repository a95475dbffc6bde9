"""Outlook messages: headers, the best body, attachments, embedded messages as mails."""

import io
from pathlib import Path

import olefile
import pytest

from ingestion.document import Reason
from ingestion.parsing.outlook import parse_msg
from ingestion.parsing.outlook_rtf import unpack_rtf
from ingestion.parsing.partition import partition
from ingestion.parsing.sentences import install_local_sentences

CORPORA = Path(__file__).resolve().parents[4] / "shared" / "data" / "corpora"
# The example of the specification (MS-OXRTFCP, 3.1.1).
PACKED_RTF = bytes.fromhex(
    "2d0000002b0000004c5a4675f1c5c7a703000a007263706731323542320af3"
    "2068656c090020627705b06c647d0a800fa0"
)


class FakeOle:
    """A container made of a mapping of paths to bytes."""

    def __init__(self, streams):
        self.streams = streams

    def __enter__(self):
        return self

    def __exit__(self, *error):
        return None

    def exists(self, path):
        path = tuple([path] if isinstance(path, str) else path)
        return any(key[: len(path)] == path for key in self.streams)

    def get_type(self, path):
        return 2 if tuple(path) in self.streams else False

    def openstream(self, path):
        return io.BytesIO(self.streams[tuple([path] if isinstance(path, str) else path)])

    def listdir(self, streams, storages):
        return [list(key) for key in self.streams]


def wide(number, text):
    return {f"__substg1.0_{number:04X}001F": text.encode("utf-16-le")}


def under(folder, streams):
    return {(folder, *([k] if isinstance(k, str) else k)): v for k, v in streams.items()}


def message(**texts):
    numbers = {"subject": 0x37, "sender": 0xC1A, "to": 0xE04, "body": 0x1000}
    streams = {("__properties_version1.0",): bytes(32)}
    for name, text in texts.items():
        streams.update({(key,): value for key, value in wide(numbers[name], text).items()})
    return streams


def attachment(number, name, data):
    streams = {**wide(0x3707, name), "__substg1.0_37010102": data}
    return under(f"__attach_version1.0_#{number:08X}", streams)


@pytest.fixture
def read(monkeypatch):
    install_local_sentences()

    def parse(streams):
        monkeypatch.setattr(olefile, "OleFileIO", lambda _: FakeOle(streams))
        return parse_msg(b"", "a.msg")

    return parse


def test_headers_body_and_attachments(read):
    streams = message(subject="Plan", sender="Ann", to="Bo", body="Hello.\n\nBye.")
    streams |= attachment(0, "..\\evil/x.txt", b"one") | attachment(1, "smime.p7m", b"two")
    document = read(streams)
    assert document.title == "Plan"
    assert [element.text for element in document.elements] == [
        "Subject: Plan", "From: Ann", "To: Bo", "Attachments: x.txt; smime.p7m", "Hello.", "Bye.",
    ]  # fmt: skip
    assert [(part.name, part.data) for part in document.parts] == [
        ("x.txt", b"one"), ("smime.p7m", b""),
    ]  # fmt: skip
    assert document.parts[1].refusal.reason is Reason.ENCRYPTED


SIGNED = b"""Content-Type: multipart/signed; protocol="application/pkcs7-signature";
\tmicalg=sha-256; boundary="S"

--S
Content-Type: multipart/mixed; boundary="M"

--M
Content-Type: multipart/alternative; boundary="A"

--A
Content-Type: text/plain; charset=utf-8

The rent is 900 euros.
--A
Content-Type: text/html; charset=utf-8

<p>The rent is <b>900</b> euros.</p><p style="display:none">SECRET</p>
--A--
--M
Content-Type: text/plain; name=lease.txt
Content-Disposition: attachment; filename=lease.txt

lease
--M--
--S
Content-Type: application/pkcs7-signature; name=smime.p7s
Content-Disposition: attachment; filename=smime.p7s
Content-Transfer-Encoding: base64

AAAA
--S--
"""


def test_a_mail_that_is_signed_in_the_clear_is_read(read):
    streams = message(subject="Rent") | attachment(0, "smime.p7m", SIGNED)
    document = read(streams)
    assert [element.text for element in document.elements] == [
        "Subject: Rent", "Attachments: lease.txt", "The rent is 900 euros.",
    ]  # fmt: skip
    assert [(part.name, part.data) for part in document.parts] == [("lease.txt", b"lease")]
    assert document.flags == ("hidden_text_removed",)
    assert [cut.sample for cut in document.cuts] == ["SECRET"]


def test_a_signed_mail_in_another_one_is_read_with_it(read, parse):
    folder, inner = "__attach_version1.0_#00000000", message(subject="Rent")
    inner |= attachment(0, "smime.p7m", SIGNED)
    (part,) = read(
        message(body="See below.") | under(folder, under("__substg1.0_3701000D", inner))
    ).parts
    document = parse(part.data, part.name)
    assert document.elements[-1].text == "The rent is 900 euros."
    assert [(one.name, one.data) for one in document.parts] == [("lease.txt", b"lease")]


def test_the_visible_html_is_preferred(read):
    streams = message(subject="x", body="plain")
    streams[("__substg1.0_10130102",)] = b"<p>rich</p><p style='display:none'>SECRET</p>"
    document = read(streams)
    assert document.elements[-1].text == "rich"
    assert [cut.sample for cut in document.cuts] == ["SECRET"]


def test_an_embedded_message_becomes_a_mail_with_its_attachments(read, parse):
    inner = message(subject="Inner", body="inner body") | attachment(0, "deep.txt", b"deep")
    streams = message(subject="Outer", body="outer body")
    folder = "__attach_version1.0_#00000000"
    streams |= under(folder, under("__substg1.0_3701000D", inner))
    document = read(streams)
    assert [part.name for part in document.parts] == ["Inner.eml"]
    assert document == read(streams)
    child = parse(document.parts[0].data, "a.msg!/Inner.eml")
    assert child.title == "Inner"
    assert child.elements[-1].text == "inner body"
    assert [(part.name, part.data) for part in child.parts] == [("deep.txt", b"deep")]


def embedded(streams):
    return under("__attach_version1.0_#00000000", under("__substg1.0_3701000D", streams))


def test_an_embedded_message_keeps_its_rich_body_and_the_names_in_it(read, parse):
    inner = message(subject="Inner", sender='The 5" team (Bo', to="Bö, Ann; Team: Sales")
    inner[("__substg1.0_10090102",)] = PACKED_RTF
    inner |= under("__attach_version1.0_#00000000", wide(0x3001, "a.txt"))
    inner[("__attach_version1.0_#00000000", "__substg1.0_37010102")] = b"data"
    document = read(message(subject="Outer", body="body") | embedded(inner))
    child = parse(document.parts[0].data, "a.msg!/Inner.eml")
    assert [element.text for element in child.elements] == [
        "Subject: Inner", 'From: The 5" team (Bo', "To: Bö, Ann; Team: Sales",
        "Attachments: a.txt", "hello world",
    ]  # fmt: skip


def numbers(**values):
    known = {"texts": 0x3FFD, "html": 0x3FDE}
    entries = (
        (3).to_bytes(2, "little") + known[name].to_bytes(2, "little") + bytes(4)
        + page.to_bytes(4, "little") + b"\3\0\0\0"
        for name, page in values.items()
    )  # fmt: skip
    return {("__properties_version1.0",): bytes(32) + b"".join(entries)}


@pytest.mark.parametrize(
    ("text", "page", "encoding"),
    [
        ("Cena: č. 7", 1250, "cp1250"),
        ("見積", 932, "cp932"),
        ("報價", 950, "big5"),
        ("Šķ. 5", 1257, "cp1257"),
    ],
)
def test_texts_are_read_in_the_code_page_that_the_message_names(read, parse, text, page, encoding):
    streams = numbers(texts=page) | {("__substg1.0_1000001E",): text.encode(encoding)}
    name = {"__substg1.0_3707001E": f"{text}.txt".encode(encoding), "__substg1.0_37010102": b"x"}
    document = read(streams | under("__attach_version1.0_#00000000", name))
    assert document.elements[-1].text == text
    assert [part.name for part in document.parts] == [f"{text}.txt"]
    page_of_html = {("__substg1.0_10130102",): f"<p>{text}</p>".encode(encoding)}
    assert read(numbers(texts=1252, html=page) | page_of_html).elements[-1].text == text
    inner = message(subject="Inner") | page_of_html
    outer = read(numbers(html=page) | embedded(inner))
    assert parse(outer.parts[0].data, "a.msg!/Inner.eml").elements[-1].text == text
    page_of_html = {("__substg1.0_10130102",): f"<meta charset={encoding}>{text}".encode(encoding)}
    assert read(numbers(texts=1252) | page_of_html).elements[-1].text == text


def test_a_damaged_body_costs_neither_headers_nor_attachments(read):
    streams = message(subject="Plan") | attachment(0, "a.txt", b"data")
    streams[("__substg1.0_10090102",)] = bytes(40)
    document = read(streams)
    assert [e.text for e in document.elements] == ["Subject: Plan", "Attachments: a.txt"]
    assert document.flags == ("body_not_read",)
    assert [part.data for part in document.parts] == [b"data"]


@pytest.mark.parametrize(
    ("address", "sender"), [("ann@x.org", "Ann <ann@x.org>"), ("/O=X/OU=Y/CN=ANN", "Ann")]
)
def test_the_address_of_the_sender_is_read_unless_it_is_one_of_a_directory(read, address, sender):
    streams = message(sender="Ann", body="body")
    streams |= {(key,): value for key, value in wide(0xC1F, address).items()}
    assert read(streams).elements[0].text == f"From: {sender}"


def test_objects_of_other_programs_are_refused_parts(read):
    streams = message(subject="x", body="y")
    streams |= under("__attach_version1.0_#00000000", wide(0x3707, "thing"))
    assert read(streams).parts[0].refusal.reason is Reason.UNSUPPORTED_TYPE


def test_a_body_in_packed_rtf_is_read(read):
    assert unpack_rtf(PACKED_RTF) == b"{\\rtf1\\ansi\\ansicpg1252\\pard hello world}\r\n"
    streams = message(subject="x")
    streams[("__substg1.0_10090102",)] = PACKED_RTF
    assert read(streams).elements[-1].text == "hello world"


@pytest.mark.skipif(not CORPORA.exists(), reason="the shared corpora are not on this machine")
def test_every_message_of_the_corpora_is_read():
    files = sorted((CORPORA / "formats").rglob("*.msg"))
    documents = [partition(file.read_bytes(), file.name) for file in files]
    assert len(documents) > 10
    assert all(document.elements for document in documents)
