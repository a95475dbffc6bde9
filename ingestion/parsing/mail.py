"""E-mail: headers first, then the readable bodies; attachments are named by a flag, not read.

The structure is walked with the standard library rather than with `partition_email`, which fails
on an embedded message and reads hidden HTML; the bodies themselves go through `unstructured`.
"""

import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from email import policy
from email.header import decode_header, make_header
from email.message import Message
from email.parser import BytesParser

from ingestion.document import Element, ElementKind, ParsedDocument
from ingestion.parsing.decoding import decode, sound
from ingestion.parsing.formats import Format
from ingestion.parsing.markup import html_elements, plain_elements

HEADERS = ("Subject", "From", "To", "Cc", "Date")
MAX_DEPTH = 12
_RECURSION = 20_000
_CHARSET = re.compile(rb"<meta[^>]+charset\s*=\s*[\"']?\s*([\w.:-]+)", re.I)


@dataclass(slots=True)
class _Reading:
    """What was gathered from a mail so far."""

    elements: list[Element] = field(default_factory=list)
    flags: set[str] = field(default_factory=set)
    attached: list[Message] = field(default_factory=list)
    """Attached messages, read only if the mail itself has no text."""


def parse_mail(data: bytes) -> ParsedDocument:
    """Read a mail: Subject, From, To, Cc and Date as header lines, then its bodies.

    Flags: `attachments_not_read`, `hidden_text_removed`.
    """
    limit = sys.getrecursionlimit()
    # The parser recurses per nesting level; a hostile mail nests a few hundred levels.
    sys.setrecursionlimit(max(limit, _RECURSION))
    try:
        message = BytesParser(policy=policy.compat32).parsebytes(data)
        reading = _Reading()
        _read_message(message, reading, depth=0)
        for attached in reading.attached:
            if not _has_body(reading):
                _read_message(attached, reading, depth=1)
    finally:
        sys.setrecursionlimit(limit)
    title = header_text(message, "Subject")
    return ParsedDocument(Format.MAIL, tuple(reading.elements), title, tuple(sorted(reading.flags)))


def header_text(message: Message, name: str) -> str | None:
    """A header as readable text on one line, whatever encoding or damage it has."""
    wanted = name.lower()
    raw = next((value for key, value in message.raw_items() if key.lower() == wanted), None)
    if raw is None:
        return None
    text = str(raw)
    if any("\udc80" <= char <= "\udcff" for char in text):
        text = decode(text.encode("utf-8", "surrogateescape"))
    try:
        text = str(make_header(decode_header(text)))
    except Exception:  # noqa: BLE001 - unknown charset or broken base64: show it as it is
        return " ".join(sound(text).split()) or None
    return " ".join(sound(text).split()) or None


def _read_message(message: Message, reading: _Reading, depth: int) -> None:
    for name in HEADERS:
        value = header_text(message, name)
        if value:
            reading.elements.append(Element(ElementKind.MAIL_HEADER, f"{name}: {value}"))
    _read_part(message, reading, depth)


def _read_part(part: Message, reading: _Reading, depth: int) -> None:
    kind = part.get_content_type()
    if depth > MAX_DEPTH:
        reading.flags.add("attachments_not_read")
    elif depth and _is_attachment(part):
        reading.flags.add("attachments_not_read")
        if kind == "message/rfc822":
            reading.attached.extend(_children(part))
    elif kind == "multipart/alternative":
        _read_alternative(part, reading, depth)
    elif kind == "message/rfc822":
        for child in _children(part):
            _read_message(child, reading, depth + 1)
    elif part.is_multipart() and kind != "message/delivery-status":
        for child in _children(part):
            _read_part(child, reading, depth + 1)
    elif kind in ("text/plain", "text/html") or part.get_content_maintype() == "multipart":
        reading.elements.extend(_body(part, kind, reading))
    elif kind == "message/delivery-status":
        text = "\n\n".join(str(child).strip() for child in _children(part))
        reading.elements.extend(plain_elements(sound(text)))
    else:
        reading.flags.add("attachments_not_read")


def _read_alternative(part: Message, reading: _Reading, depth: int) -> None:
    """Take the richest alternative that has text: HTML (or what holds it), else plain text."""
    children = list(_children(part))
    ranks = {"text/plain": 1, "text/html": 3}
    ordered = sorted(children, key=lambda child: -ranks.get(child.get_content_type(), 2))
    multiparts = [child for child in ordered if child.is_multipart()]
    for child in [*multiparts, *(child for child in ordered if not child.is_multipart())]:
        attempt = _Reading()
        _read_part(child, attempt, depth + 1)
        reading.flags |= attempt.flags
        if attempt.elements:
            reading.elements.extend(attempt.elements)
            reading.attached.extend(attempt.attached)
            return


def _children(part: Message) -> Iterator[Message]:
    payload = part.get_payload()
    if isinstance(payload, list):
        yield from (child for child in payload if isinstance(child, Message))


def _is_attachment(part: Message) -> bool:
    try:
        return part.get_content_disposition() == "attachment"
    except Exception:  # noqa: BLE001 - an unreadable disposition is none
        return False


def _body(part: Message, kind: str, reading: _Reading) -> tuple[Element, ...]:
    raw = part.get_payload(decode=True)
    payload = raw if isinstance(raw, bytes) else b""
    charset = _charset(part)
    if kind == "text/html":
        declared = _CHARSET.search(payload[:4096])
        if charset is None and declared:
            charset = declared[1].decode("ascii", "replace")
        elements, visible = html_elements(decode(payload, charset))
        reading.flags.update(visible.flags)
        return elements
    return plain_elements(decode(payload, charset))


def _charset(part: Message) -> str | None:
    try:
        charset = part.get_content_charset()
    except Exception:  # noqa: BLE001 - a damaged parameter is no charset
        return None
    return charset or None


def _has_body(reading: _Reading) -> bool:
    return any(element.kind is not ElementKind.MAIL_HEADER for element in reading.elements)
