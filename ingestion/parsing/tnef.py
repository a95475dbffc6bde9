"""What Outlook packs into `winmail.dat` (MS-OXTNEF): the text of a mail, and its attachments."""

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field

from ingestion.document import Element, ParsedDocument, Reason
from ingestion.parsing.attachments import keep, refuse
from ingestion.parsing.decoding import declared_charset, decode, sound
from ingestion.parsing.formats import TNEF_MAGIC, Format
from ingestion.parsing.hiding import Cuts
from ingestion.parsing.mail import mail_document
from ingestion.parsing.markup import html_elements, plain_elements
from ingestion.parsing.outlook import BODY_NOT_READ, PAGES
from ingestion.parsing.outlook_rtf import unpack_rtf
from ingestion.parsing.parts import PartCollector, file_name
from ingestion.parsing.rtf import parse_rtf

_SUBJECT, _BODY, _PROPERTIES, _CODEPAGE = 0x8004, 0x800C, 0x9003, 0x9007
_BEGINS, _TITLE, _DATA, _ATTACHMENT = 0x9002, 0x8010, 0x800F, 0x9005
_HTML, _RTF, _PLAIN = 0x1013, 0x1009, 0x1000
_LONG_NAME, _SHORT_NAME, _DISPLAY, _OBJECT = 0x3707, 0x3704, 0x3001, 0x3701
_SIZES = {
    0x2: 4, 0x3: 4, 0x4: 4, 0x5: 8, 0x6: 8, 0x7: 8, 0xA: 4, 0xB: 4, 0x14: 8, 0x40: 8, 0x48: 16,
}  # fmt: skip
"""Bytes of a property of fixed length, by its type."""
_STRING8, _STRING, _BINARY, _EMBEDDED = 0x1E, 0x1F, 0x102, 0xD
_SEVERAL, _NAMED = 0x1000, 0x8000
_INTERFACE = 16
"""Bytes that say of an embedded object what it is, before the object itself."""


class NotTnefError(ValueError):
    """The properties break off, or are of a type that nobody writes."""


@dataclass(slots=True)
class _Attachment:
    """One attachment, as far as it was read."""

    title: bytes = b""
    data: bytes = b""
    properties: dict[int, bytes | str] = field(default_factory=dict)


@dataclass(slots=True)
class _Message:
    """What was gathered so far."""

    encoding: str | None = None
    subject: bytes = b""
    body: bytes = b""
    properties: dict[int, bytes | str] = field(default_factory=dict)
    attachments: list[_Attachment] = field(default_factory=list)
    is_whole: bool = True


def parse_tnef(data: bytes, key: str) -> ParsedDocument:
    """Read the text of the mail, and take its attachments as parts."""
    message = _gathered(data)
    collector, cuts = PartCollector(key), Cuts()
    elements, flags = _text(message, cuts)
    for attachment in message.attachments:
        _take(attachment, message.encoding, collector)
    if not message.is_whole:
        detail = "The file breaks off or is damaged; what stands behind that is lost."
        refuse(collector, "(the rest)", Reason.CORRUPT, detail)
    subject = decode(message.subject.rstrip(b"\0"), message.encoding).strip() or None
    return mail_document(Format.TNEF, subject, elements, collector, {*flags, *cuts.flags}, cuts.all)


def _gathered(data: bytes) -> _Message:
    """Read one attribute after the other, for as long as they are whole."""
    message = _Message()
    at = len(TNEF_MAGIC) + 2  # behind a number that means nothing
    while at + 9 <= len(data):
        number, _type, size = struct.unpack_from("<HHI", data, at + 1)
        value = data[at + 9 : at + 9 + size]
        at += 9 + size + 2  # with a checksum, which says no more than that nothing is damaged
        try:
            _note(message, number, value)
        except NotTnefError:
            message.is_whole = False
        if len(value) < size:
            message.is_whole = False
    return message


def _note(message: _Message, number: int, value: bytes) -> None:
    if number == _CODEPAGE and len(value) >= 4:
        page = int.from_bytes(value[:4], "little")
        message.encoding = PAGES.get(page, f"cp{page}")
    elif number == _SUBJECT:
        message.subject = value
    elif number == _BODY:
        message.body = value
    elif number == _PROPERTIES:
        message.properties.update(_properties(value, message.encoding))
    elif number == _BEGINS:
        message.attachments.append(_Attachment())
    elif message.attachments:
        attachment = message.attachments[-1]
        if number == _TITLE:
            attachment.title = value
        elif number == _DATA:
            attachment.data = value
        elif number == _ATTACHMENT:
            attachment.properties.update(_properties(value, message.encoding))


def _properties(data: bytes, encoding: str | None) -> Iterator[tuple[int, bytes | str]]:
    """Yield the properties of variable length by their number, texts decoded.

    Raises:
        NotTnefError: They break off.
    """
    reader = _Reader(data)
    for _ in range(reader.number()):
        kind, identifier = reader.number(2), reader.number(2)
        if identifier >= _NAMED:
            reader.take(16)
            named_by_text = reader.number() != 0
            reader.take(_padded(reader.number())) if named_by_text else reader.take(4)
        plain = kind & ~_SEVERAL
        is_long = plain in {_STRING8, _STRING, _BINARY, _EMBEDDED}
        count = reader.number() if kind & _SEVERAL or is_long else 1
        for number in range(count):
            if not is_long:
                if plain not in _SIZES:
                    raise NotTnefError(f"a property is of the type {kind:#x}")
                reader.take(_SIZES[plain])
                continue
            size = reader.number()
            value = reader.take(_padded(size))[:size]
            if number == 0:
                yield identifier, _read(plain, value, encoding)


def _read(kind: int, value: bytes, encoding: str | None) -> bytes | str:
    if kind == _STRING:
        return sound(value.decode("utf-16-le", "replace").rstrip("\0"))
    return decode(value.rstrip(b"\0"), encoding) if kind == _STRING8 else value


class _Reader:
    """Takes bytes one after the other, and never beyond the end."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    def take(self, size: int) -> bytes:
        """Return the next bytes.

        Raises:
            NotTnefError: There are not as many.
        """
        taken = self._data[self._at : self._at + size]
        if len(taken) < size:
            raise NotTnefError("the properties break off")
        self._at += size
        return taken

    def number(self, size: int = 4) -> int:
        """Return the next number."""
        return int.from_bytes(self.take(size), "little")


def _padded(size: int) -> int:
    return -(-size // 4) * 4


def _text(message: _Message, cuts: Cuts) -> tuple[tuple[Element, ...], tuple[str, ...]]:
    """Read the best body: HTML, else plain text, else RTF."""
    html = message.properties.get(_HTML)
    if isinstance(html, bytes):
        html = decode(html, declared_charset(html) or message.encoding)
    if html and html.strip():
        elements, visible = html_elements(html)
        cuts.extend(visible.cuts)
        if elements:
            return elements, visible.flags
    plain = message.properties.get(_PLAIN) or message.body
    text = plain if isinstance(plain, str) else decode(plain.rstrip(b"\0"), message.encoding)
    if text.strip():
        return plain_elements(text), ()
    packed = message.properties.get(_RTF)
    if not isinstance(packed, bytes):
        return (), ()
    try:
        document = parse_rtf(unpack_rtf(packed))
    except ValueError:
        return (), (BODY_NOT_READ,)
    cuts.extend(document.cuts)
    return document.elements, document.flags


def _take(attachment: _Attachment, encoding: str | None, collector: PartCollector) -> None:
    names = (attachment.properties.get(one) for one in (_LONG_NAME, _SHORT_NAME, _DISPLAY))
    titles = (*names, decode(attachment.title.rstrip(b"\0"), encoding))
    given = next((name for name in titles if isinstance(name, str) and name.strip()), "")
    name, data = file_name(given, "attachment"), attachment.data
    inner = attachment.properties.get(_OBJECT)
    if not data and isinstance(inner, bytes) and inner:
        data = inner[_INTERFACE:]
        if data.startswith(TNEF_MAGIC) and not name.lower().endswith(".tnef"):
            name = f"{name}.tnef"  # a message in the message
    keep(collector, name, data)
