"""E-mail: headers first, then the readable bodies; attachments are parts of their own.

The structure is walked with the standard library rather than with `partition_email`, which fails
on an embedded message and reads hidden HTML; the bodies themselves go through `unstructured`.
"""

import codecs
import re
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import policy
from email.message import Message
from email.parser import BytesHeaderParser, BytesParser

from ingestion.document import Cut, Element, ElementKind, ParsedDocument, Reason, Refusal
from ingestion.parsing.attachments import attach, decoded_message, keep, readable
from ingestion.parsing.decoding import declared_charset, decode, sound
from ingestion.parsing.formats import Format
from ingestion.parsing.markup import html_elements, plain_elements
from ingestion.parsing.parts import PartCollector

HEADERS = ("Subject", "From", "To", "Cc", "Date")
MAX_DEPTH = 12
_READ = ("text/plain", "text/html", "text/rfc822-headers")
_RECURSION = 20_000
_HEAD_BYTES = 64 * 1024
_SIGNED = re.compile(rb"^Content-Type:\s*multipart/signed\b", re.I | re.M)
_DAY = rb"(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)"
_MBOX_START = re.compile(
    rb"(?:\A(?:\xef\xbb\xbf)?\s*From [^\n]*|(?:(?<=\n\n)|(?<=\n\r\n))"
    # A sender may hold blanks (`"Ann Lee"@firm.example`); then the date has to tell.
    rb"From +(?:\S+ +%s\b|[^\n]+ %s,? +[A-Z][a-z]{2} +\d{1,2} +\d\d:\d\d)[^\n]*)\n" % (_DAY, _DAY)
)


@dataclass(slots=True)
class _Reading:
    """What was gathered from a mail so far."""

    collector: PartCollector
    elements: list[Element] = field(default_factory=list)
    flags: set[str] = field(default_factory=set)
    cuts: list[Cut] = field(default_factory=list)


def parse_mail(data: bytes, key: str) -> ParsedDocument:
    """Read a mail: Subject, From, To, Cc and Date as header lines, then its bodies.

    Attachments are parts; their names are one more header line. A message that is attached is a
    part, one that is forwarded inline is read with the mail.

    Flags: `parts_refused`, `hidden_text_removed`, `deep_mail`.
    """
    with _deeply():
        # Editors of Windows put a mark in front, which would end the headers before the first.
        unmarked = data.removeprefix(codecs.BOM_UTF8)
        message = BytesParser(policy=policy.compat32).parsebytes(unmarked)
        reading = _Reading(PartCollector(key))
        _read_message(message, reading, depth=0)
    return mail_document(Format.MAIL, header_text(message, "Subject"), reading.elements,
                         reading.collector, reading.flags, reading.cuts)  # fmt: skip


@contextmanager
def _deeply() -> Iterator[None]:
    """Let the parser recurse per nesting level; a hostile mail nests a few hundred of them."""
    limit = sys.getrecursionlimit()
    sys.setrecursionlimit(max(limit, _RECURSION))
    try:
        yield
    finally:
        sys.setrecursionlimit(limit)


def read_signed(data: bytes, collector: PartCollector) -> ParsedDocument | None:
    """Read the text that a signature goes with in the clear, and take its attachments.

    Args:
        data: An entity of MIME, as Outlook keeps a signed mail in its only attachment.
        collector: Takes the attachments.

    Returns:
        Elements, flags and cuts; none if it is not signed in the clear.
    """
    with _deeply():
        message = _signed(data)
        if message is None:
            return None
        reading = _Reading(collector)
        _read_part(message, reading, depth=0)
    return ParsedDocument(
        Format.MAIL, tuple(reading.elements), flags=tuple(reading.flags), cuts=tuple(reading.cuts)
    )


def _signed(data: bytes) -> Message | None:
    """Return what is signed in the clear with its signature; none if it is something else."""
    if not _SIGNED.search(data[:_HEAD_BYTES]):
        return None
    message = BytesParser(policy=policy.compat32).parsebytes(data)
    is_signed = message.get_content_type() == "multipart/signed" and message.is_multipart()
    return message if is_signed else None


def parse_mbox(data: bytes, key: str) -> ParsedDocument | Refusal:
    """Read a mailbox: its subjects as a list, every message a part.

    Messages begin after a blank line with `From`, an address and a date. What stands before the
    first such line is a message that lost its own.
    """
    collector = PartCollector(key)
    lines = list(_MBOX_START.finditer(data))
    starts = [line.end() for line in lines]
    ends = [*(line.start() for line in lines[1:]), len(data)][: len(starts)]
    if lines and data[: lines[0].start()].strip():
        starts, ends = [0, *starts], [lines[0].start(), *ends]
    elements: list[Element] = []
    for number, (start, end) in enumerate(zip(starts, ends, strict=True), start=1):
        raw = data[start:end]
        head = BytesHeaderParser(policy=policy.compat32).parsebytes(raw[:_HEAD_BYTES])
        subject = header_text(head, "Subject")
        if collector.is_full:
            detail = f"The mailbox holds {len(starts)} messages (ingestion.max_parts)."
            collector.close(Reason.TOO_LARGE, detail)
            break
        keep(collector, f"{number:04d}.eml", raw)
        if subject:
            elements.append(Element(ElementKind.LIST_ITEM, subject))
    if not collector.parts:
        return Refusal(key, Reason.CORRUPT, "The mailbox holds no message.")
    names = tuple(Element(ElementKind.LIST_ITEM, part.name) for part in collector.parts)
    return ParsedDocument(
        Format.MBOX, tuple(elements) or names, None, collector.flags, collector.parts
    )


def mail_document(
    format_: Format,
    subject: str | None,
    elements: Sequence[Element],
    collector: PartCollector,
    flags: Iterable[str] = (),
    cuts: Iterable[Cut] = (),
) -> ParsedDocument:
    """Put a mail together, with a header line that names its attachments."""
    names = "; ".join(part.name for part in collector.parts)
    at = next(
        (i for i, e in enumerate(elements) if e.kind is not ElementKind.MAIL_HEADER), len(elements)
    )
    line = [Element(ElementKind.MAIL_HEADER, f"Attachments: {names}")] if names else []
    return ParsedDocument(
        format_,
        (*elements[:at], *line, *elements[at:]),
        subject,
        tuple(sorted({*flags, *collector.flags})),
        collector.parts,
        tuple(cuts),
    )


def header_text(message: Message, name: str) -> str | None:
    """A header as readable text on one line, whatever encoding or damage it has."""
    wanted = name.lower()
    raw = next((value for key, value in message.raw_items() if key.lower() == wanted), None)
    if raw is None:
        return None
    return readable(str(raw))


def _read_message(message: Message, reading: _Reading, depth: int) -> None:
    for name in HEADERS:
        value = header_text(message, name)
        if value:
            reading.elements.append(Element(ElementKind.MAIL_HEADER, f"{name}: {value}"))
    _read_part(message, reading, depth)


def _read_part(part: Message, reading: _Reading, depth: int) -> None:
    kind = part.get_content_type()
    if depth > MAX_DEPTH:
        reading.flags.add("deep_mail")
    elif (depth and _is_attachment(part)) or kind == "multipart/encrypted":
        _attach(part, reading, depth)
    elif kind == "multipart/alternative":
        _read_alternative(part, reading, depth)
    elif kind == "message/rfc822":
        for child in _children(part):
            _read_message(decoded_message(part, child), reading, depth + 1)
    elif part.is_multipart() and kind != "message/delivery-status":
        for child in _children(part):
            _read_part(child, reading, depth + 1)
    elif kind in _READ or part.get_content_maintype() == "multipart":
        reading.elements.extend(_body(part, kind, reading))
    elif kind == "message/delivery-status":
        text = "\n\n".join(str(child).strip() for child in _children(part))
        reading.elements.extend(plain_elements(sound(text)))
    else:
        _attach(part, reading, depth)


def _attach(part: Message, reading: _Reading, depth: int) -> None:
    """Take an attachment; Exchange hands on a mail that is signed in the clear as `smime.p7m`."""
    try:
        is_sealed = (part.get_filename() or "").lower().endswith(".p7m")
        raw = part.get_payload(decode=True) if is_sealed else None
    except Exception:  # noqa: BLE001 - damaged: who takes it as an attachment says so
        raw = None
    signed = _signed(raw) if isinstance(raw, bytes) else None
    if signed is None:
        attach(part, reading.collector)
    else:
        _read_part(signed, reading, depth + 1)


def _read_alternative(part: Message, reading: _Reading, depth: int) -> None:
    """Take the richest alternative that has text: HTML (or what holds it), else plain text."""
    children = list(_children(part))
    ranks = {"text/plain": 1, "text/html": 3}
    ordered = sorted(children, key=lambda child: -ranks.get(child.get_content_type(), 2))
    multiparts = [child for child in ordered if child.is_multipart()]
    found = False
    for child in [*multiparts, *(child for child in ordered if not child.is_multipart())]:
        is_text = child.is_multipart() or child.get_content_maintype() == "text"
        if found and is_text and not _is_own(child):
            _attach_all_in(child, reading, depth + 1)
            continue
        attempt = _Reading(reading.collector)
        _read_part(child, attempt, depth + 1)
        reading.flags |= attempt.flags
        reading.cuts.extend(attempt.cuts)
        reading.elements.extend(attempt.elements)
        found = found or bool(attempt.elements)


def _attach_all_in(part: Message, reading: _Reading, depth: int) -> None:
    """Take the attachments of an alternative whose text is not read: no other may have them."""
    for child in _children(part) if depth <= MAX_DEPTH else ():
        if child.get_content_maintype() == "multipart" and not _is_attachment(child):
            _attach_all_in(child, reading, depth + 1)
        elif child.get_content_maintype() != "text" or _is_own(child):
            attach(child, reading.collector)


def _children(part: Message) -> Iterator[Message]:
    payload = part.get_payload()
    if isinstance(payload, list):
        yield from (child for child in payload if isinstance(child, Message))


def _is_own(part: Message) -> bool:
    """Tell whether a part says something else than the text that it is an alternative of.

    An invitation names time and place in its calendar, whatever the text beside it says.
    """
    return _is_attachment(part) or part.get_content_type() == "text/calendar"


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
        elements, visible = html_elements(decode(payload, charset or declared_charset(payload)))
        reading.flags.update(visible.flags)
        reading.cuts.extend(visible.cuts)
        return elements
    return plain_elements(decode(payload, charset))


def _charset(part: Message) -> str | None:
    try:
        charset = part.get_content_charset()
    except Exception:  # noqa: BLE001 - a damaged parameter is no charset
        return None
    return charset or None
