"""winmail.dat: the text and the attachments that Outlook packs into one file."""

import struct
from email.message import EmailMessage

import pytest

from ingestion.document import Reason
from ingestion.parsing.formats import TNEF_MAGIC

# The example of the specification (MS-OXRTFCP, 3.1.1).
PACKED_RTF = bytes.fromhex(
    "2d0000002b0000004c5a4675f1c5c7a703000a007263706731323542320af3"
    "2068656c090020627705b06c647d0a800fa0"
)
RENDERING, TITLE, DATA, ATTACHMENT, PROPERTIES, SUBJECT, BODY, CODEPAGE = (
    0x00069002, 0x00018010, 0x0006800F, 0x00069005, 0x00069003, 0x00018004, 0x0002800C, 0x00069007,
)  # fmt: skip


def attribute(number: int, value: bytes) -> bytes:
    level = 2 if number in {RENDERING, TITLE, DATA, ATTACHMENT} else 1
    return (
        struct.pack("<BII", level, number, len(value))
        + value
        + struct.pack("<H", sum(value) % 65536)
    )


def tnef(*attributes: bytes) -> bytes:
    return TNEF_MAGIC + b"\x01\x00" + b"".join(attributes)


def properties(*entries: tuple[int, int, bytes]) -> bytes:
    packed = [struct.pack("<I", len(entries))]
    for kind, number, value in entries:
        packed.append(struct.pack("<HH", kind, number))
        if number >= 0x8000:  # named by a text
            name = "x-key\0".encode("utf-16-le")
            packed.append(bytes(16) + struct.pack("<II", 1, len(name)) + name.ljust(12, b"\0"))
        if kind in {0x1E, 0x1F, 0x102, 0xD}:
            packed.append(struct.pack("<II", 1, len(value)) + value + bytes(-len(value) % 4))
        else:
            packed.append(value)
    return b"".join(packed)


def wide(number: int, text: str) -> tuple[int, int, bytes]:
    return (0x1F, number, f"{text}\0".encode("utf-16-le"))


def attached(name: str, data: bytes) -> list[bytes]:
    return [
        attribute(RENDERING, bytes(14)),
        attribute(TITLE, b"SHORT~1.TXT\0"),
        attribute(DATA, data),
        attribute(ATTACHMENT, properties((3, 0x0E20, bytes(4)), wide(0x3707, name))),
    ]


def texts(document):
    return [element.text for element in document.elements]


def test_the_best_body_and_the_attachments_are_read(parse):
    html = b"<p>The rent is <b>900</b> euros.</p><p style='display:none'>SECRET</p>"
    packed = tnef(
        attribute(CODEPAGE, struct.pack("<II", 1252, 0)),
        attribute(SUBJECT, "Prüfung\0".encode("cp1252")),
        attribute(BODY, b"plain"),
        attribute(
            PROPERTIES,
            properties(
                (0x40, 0x0039, bytes(8)), (0x1F, 0x8001, b"y\0"), (0xB, 0x10, b"\1\0\0\0"),
                (0x102, 0x1013, html),
            ),
        ),
        *attached("..\\lease 2026.txt", b"lease"),
        *attached("plan.txt", b"plan"),
    )  # fmt: skip
    document = parse(packed, "winmail.dat")
    assert document.title == "Prüfung"
    assert texts(document) == ["Attachments: lease 2026.txt; plan.txt", "The rent is 900 euros."]
    assert [(part.name, part.data) for part in document.parts] == [
        ("lease 2026.txt", b"lease"), ("plan.txt", b"plan"),
    ]  # fmt: skip
    assert document.flags == ("hidden_text_removed",)


@pytest.mark.parametrize(
    ("attributes", "read"),
    [
        ([attribute(BODY, "Größe 5".encode("cp1252"))], "Größe 5"),
        ([attribute(PROPERTIES, properties(wide(0x1000, "In Unicode.")))], "In Unicode."),
        ([attribute(PROPERTIES, properties((0x102, 0x1009, PACKED_RTF)))], "hello world"),
    ],
)
def test_a_body_of_any_kind_is_read(attributes, read, parse):
    assert texts(parse(tnef(*attributes), "winmail.dat")) == [read]


def test_a_message_in_the_message_is_a_part_that_is_read(parse):
    inner = tnef(attribute(BODY, b"Inner words."))
    entry = properties((0xD, 0x3701, bytes(16) + inner), wide(0x3001, "Re: lease"))
    packed = tnef(attribute(RENDERING, bytes(14)), attribute(ATTACHMENT, entry))
    (part,) = parse(packed, "winmail.dat").parts
    assert part.name == "Re: lease.tnef"
    assert texts(parse(part.data, part.name)) == ["Inner words."]


def test_what_breaks_off_keeps_what_was_read_and_says_so(parse):
    whole = tnef(attribute(BODY, b"Read."), *attached("a.txt", b"one"))
    document = parse(whole[:-10], "winmail.dat")
    assert [(p.name, p.refusal and p.refusal.reason) for p in document.parts] == [
        ("SHORT~1.TXT", None), ("(the rest)", Reason.CORRUPT),
    ]  # fmt: skip
    assert document.flags == ("parts_refused",)
    assert texts(document)[-1] == "Read."


def test_a_file_without_anything_is_refused(refuse):
    assert refuse(tnef(), "winmail.dat").reason is Reason.NO_TEXT


def test_the_winmail_of_a_mail_is_a_container_in_it(parse):
    mail = EmailMessage()
    mail["Subject"] = "Lease"
    mail.set_content("See attached.")
    packed = tnef(attribute(BODY, b"See attached."), *attached("lease.txt", b"lease"))
    mail.add_attachment(packed, maintype="application", subtype="ms-tnef", filename="winmail.dat")
    (part,) = parse(mail.as_bytes(), "m.eml").parts
    document = parse(part.data, f"m.eml!/{part.name}")
    assert document.media_type == "application/vnd.ms-tnef"
    assert "type_mismatch" not in document.flags
    assert [p.name for p in document.parts] == ["lease.txt"]
