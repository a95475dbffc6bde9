"""Outlook messages (.msg): headers, the body, attachments as parts; messages in it become .eml.

Read with olefile rather than `partition_msg`, which reads no embedded message and no hidden HTML.
"""

import datetime as dt
import io
from dataclasses import dataclass
from email.message import EmailMessage
from typing import Any

from ingestion.document import Element, ElementKind, ParsedDocument, Reason, sha256_of
from ingestion.parsing.attachments import keep, refuse
from ingestion.parsing.decoding import decode, sound
from ingestion.parsing.formats import Format
from ingestion.parsing.hiding import Cuts
from ingestion.parsing.mail import mail_document
from ingestion.parsing.markup import html_elements, plain_elements
from ingestion.parsing.outlook_rtf import unpack_rtf
from ingestion.parsing.parts import PartCollector, file_name
from ingestion.parsing.rtf import parse_rtf

_SUBJECT, _BODY, _HTML, _RTF = 0x0037, 0x1000, 0x1013, 0x1009
_SENDER, _SENDER_ADDRESS, _TO, _CC = 0x0C1A, 0x5D01, 0x0E04, 0x0E03
_SENT, _RECEIVED, _CODEPAGE = 0x0039, 0x0E06, 0x3FFD
_CLASS, _CONTENT, _LONG_NAME, _SHORT_NAME, _DISPLAY = 0x001A, 0x3701, 0x3707, 0x3704, 0x3001
_STRING, _STRING8, _BINARY, _OBJECT = "001F", "001E", "0102", "000D"
_ATTACHMENT = "__attach_version1.0_"
_PROPERTIES = "__properties_version1.0"
_EPOCH = dt.datetime(1601, 1, 1, tzinfo=dt.UTC)


@dataclass(frozen=True, slots=True)
class _Storage:
    """One message or attachment inside the container."""

    ole: Any
    path: tuple[str, ...] = ()

    def text(self, identifier: int) -> str:
        """A string property; empty if there is none."""
        wide = self.stream(identifier, _STRING)
        if wide is not None:
            return sound(wide.decode("utf-16-le", "replace").rstrip("\0"))
        narrow = self.stream(identifier, _STRING8)
        if narrow is None:
            return ""
        page = self.numbers().get(_CODEPAGE)
        return decode(narrow.rstrip(b"\0"), f"cp{page}" if page else None)

    def stream(self, identifier: int, kind: str) -> bytes | None:
        """Bytes of a property; none if there is none."""
        path = [*self.path, f"__substg1.0_{identifier:04X}{kind}"]
        if self.ole.get_type(path) != 2:
            return None
        found: bytes = self.ole.openstream(path).read()
        return found

    def numbers(self) -> dict[int, int]:
        """Properties of fixed length, by identifier."""
        path = [*self.path, _PROPERTIES]
        if not self.ole.exists(path):
            return {}
        data = self.ole.openstream(path).read()
        # The header is longer in the outermost message; entries have 16 bytes either way.
        start = len(data) % 16 or (32 if not self.path else 0)
        return {
            int.from_bytes(data[at + 2 : at + 4], "little"): int.from_bytes(
                data[at + 8 : at + 16], "little"
            )
            for at in range(start, len(data) - 15, 16)
        }

    def attachments(self) -> list["_Storage"]:
        """Storages of the attachments, in order."""
        depth = len(self.path) + 1
        names = {
            entry[depth - 1]
            for entry in self.ole.listdir(streams=True, storages=True)
            if len(entry) >= depth and tuple(entry[: depth - 1]) == self.path
        }
        return [
            _Storage(self.ole, (*self.path, name))
            for name in sorted(names)
            if name.startswith(_ATTACHMENT)
        ]

    def embedded(self) -> "_Storage | None":
        """The message embedded in an attachment; none if it holds something else."""
        inner = _Storage(self.ole, (*self.path, f"__substg1.0_{_CONTENT:04X}{_OBJECT}"))
        return inner if self.ole.exists([*inner.path, _PROPERTIES]) else None


def parse_msg(data: bytes, key: str) -> ParsedDocument:
    """Read an Outlook message; see `mail.parse_mail` for how it comes out."""
    import olefile

    collector = PartCollector(key)
    cuts = Cuts()
    with olefile.OleFileIO(io.BytesIO(data)) as ole:
        message = _Storage(ole)
        headers = _headers(message)
        elements = [
            Element(ElementKind.MAIL_HEADER, f"{name}: {value}") for name, value in headers.items()
        ]
        body, flags = _body(message, cuts)
        elements.extend(body)
        for attachment in message.attachments():
            _attach(attachment, collector)
    subject = headers.get("Subject")
    return mail_document(Format.MSG, subject, elements, collector, {*flags, *cuts.flags}, cuts.all)


def _headers(message: _Storage) -> dict[str, str]:
    sender = f"{message.text(_SENDER)} <{message.text(_SENDER_ADDRESS)}>".removesuffix(" <>")
    numbers = message.numbers()
    sent = numbers.get(_SENT) or numbers.get(_RECEIVED) or 0
    found = {
        "Subject": message.text(_SUBJECT),
        "From": sender,
        "To": message.text(_TO),
        "Cc": message.text(_CC),
        "Date": _date(sent),
    }
    return {name: " ".join(value.split()) for name, value in found.items() if value.strip()}


def _date(ticks: int) -> str:
    try:
        moment = _EPOCH + dt.timedelta(microseconds=ticks // 10)
    except OverflowError:
        return ""
    return moment.strftime("%a, %d %b %Y %H:%M:%S +0000") if ticks else ""


def _body(message: _Storage, cuts: Cuts) -> tuple[tuple[Element, ...], tuple[str, ...]]:
    html = _html(message)
    if html.strip():
        elements, visible = html_elements(html)
        cuts.extend(visible.cuts)
        if elements:
            return elements, visible.flags
    plain = message.text(_BODY)
    if plain.strip():
        return plain_elements(plain), ()
    packed = message.stream(_RTF, _BINARY)
    if packed is None:
        return (), ()
    document = parse_rtf(unpack_rtf(packed))
    cuts.extend(document.cuts)
    return document.elements, document.flags


def _html(message: _Storage) -> str:
    raw = message.stream(_HTML, _BINARY)
    return decode(raw) if raw is not None else message.text(_HTML)


def _attach(attachment: _Storage, collector: PartCollector) -> None:
    raw = attachment.text(_LONG_NAME) or attachment.text(_SHORT_NAME) or attachment.text(_DISPLAY)
    name = file_name(raw, "attachment")
    try:
        inner = attachment.embedded()
        if inner is not None:
            subject = file_name(inner.text(_SUBJECT), name)
            depth = collector.limits.max_depth
            keep(collector, f"{subject}.eml", _as_mail(inner, depth).as_bytes())
            return
        data = attachment.stream(_CONTENT, _BINARY)
    except Exception as error:  # noqa: BLE001 - the reader raises anything on damaged parts
        refuse(collector, name, Reason.CORRUPT, f"It is damaged ({type(error).__name__}).")
        return
    if data is None:
        detail = "It is an object of another program, or only a link to a file."
        refuse(collector, name, Reason.UNSUPPORTED_TYPE, detail)
    elif name.lower().endswith(".p7m"):
        refuse(collector, name, Reason.ENCRYPTED, "This part of the mail is encrypted or sealed.")
    else:
        keep(collector, name, data)


def _as_mail(message: _Storage, depth: int) -> EmailMessage:
    """Write an embedded message down as a mail, which can be read like any other."""
    mail = EmailMessage()
    for name, value in _headers(message).items():
        mail[name] = value
    html, plain = _html(message), message.text(_BODY)
    mail.set_content(plain or ("" if html else "(no text)"))
    if html:
        mail.add_alternative(html, subtype="html")
    for attachment in message.attachments():
        inner = attachment.embedded()
        name = attachment.text(_LONG_NAME) or attachment.text(_SHORT_NAME) or "attachment"
        if inner is None:
            data = attachment.stream(_CONTENT, _BINARY) or b""
            mail.add_attachment(
                data, maintype="application", subtype="octet-stream", filename=file_name(name, "x")
            )
        elif depth > 0:
            mail.add_attachment(_as_mail(inner, depth - 1))
    _bound(mail, sha256_of("/".join(message.path))[:16])
    return mail


def _bound(mail: EmailMessage, mark: str) -> None:
    """Give every multipart a boundary of its own, so that equal messages have equal bytes."""
    for number, part in enumerate(mail.walk()):
        if part.get_content_maintype() == "multipart":
            part.set_boundary(f"=_holdfast_{mark}_{number}")
