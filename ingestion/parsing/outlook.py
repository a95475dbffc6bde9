"""Outlook messages (.msg): headers, the body, attachments as parts; messages in it become .eml.

Read with olefile rather than `partition_msg`, which reads no embedded message and no hidden HTML.
"""

import contextlib
import datetime as dt
import io
from dataclasses import dataclass
from email import policy
from email.headerregistry import HeaderRegistry, UnstructuredHeader
from email.message import EmailMessage
from typing import Any

from ingestion.document import Element, ElementKind, ParsedDocument, Reason, sha256_of
from ingestion.parsing.attachments import keep, refuse
from ingestion.parsing.decoding import declared_charset, decode, sound
from ingestion.parsing.formats import Format
from ingestion.parsing.hiding import Cuts
from ingestion.parsing.mail import mail_document, read_signed
from ingestion.parsing.markup import html_elements, plain_elements
from ingestion.parsing.outlook_rtf import unpack_rtf
from ingestion.parsing.parts import PartCollector, file_name
from ingestion.parsing.rtf import parse_rtf

_SUBJECT, _BODY, _HTML, _RTF = 0x0037, 0x1000, 0x1013, 0x1009
_SENDER, _SMTP_ADDRESS, _SENDER_ADDRESS, _TO, _CC = 0x0C1A, 0x5D01, 0x0C1F, 0x0E04, 0x0E03
_SENT, _RECEIVED, _CODEPAGE, _INTERNET_CODEPAGE = 0x0039, 0x0E06, 0x3FFD, 0x3FDE
_CONTENT, _LONG_NAME, _SHORT_NAME, _DISPLAY = 0x3701, 0x3707, 0x3704, 0x3001
_STRING, _STRING8, _BINARY, _OBJECT = "001F", "001E", "0102", "000D"
_SEALED = (".p7m",)
_ATTACHMENT = "__attach_version1.0_"
_PROPERTIES = "__properties_version1.0"
_EPOCH = dt.datetime(1601, 1, 1, tzinfo=dt.UTC)
PAGES = {
    936: "gbk", 10000: "mac_roman", 10007: "mac_cyrillic", 20127: "us-ascii", 20866: "koi8-r",
    21866: "koi8-u", 50220: "iso2022_jp", 50221: "iso2022_jp", 50222: "iso2022_jp",
    50225: "iso2022_kr", 51932: "euc_jp", 51949: "euc_kr", 52936: "hz", 54936: "gb18030",
    65001: "utf-8", **{28590 + part: f"iso-8859-{part}" for part in range(1, 17)},
}  # fmt: skip
"""Code pages of Windows that Python knows by another name than `cp1250`."""
BODY_NOT_READ = "body_not_read"
"""Flag of a message whose text is damaged; its headers and attachments are read."""


@dataclass(frozen=True, slots=True)
class _Storage:
    """One message or attachment inside the container."""

    ole: Any
    path: tuple[str, ...] = ()
    outside: tuple[str | None, str | None] = (None, None)
    """The encodings of what it lies in."""

    @property
    def encodings(self) -> tuple[str | None, str | None]:
        """Encoding of texts that are not in Unicode, and that of HTML; its own or from outside."""
        numbers = self.numbers()
        of_texts, of_html = (
            PAGES.get(page, f"cp{page}") if page else None
            # Numbers of four bytes stand in eight, of which writers leave the rest as it was.
            for page in (
                numbers.get(one, 0) & 0xFFFF_FFFF for one in (_CODEPAGE, _INTERNET_CODEPAGE)
            )
        )
        return (of_texts or of_html or self.outside[0], of_html or self.outside[1])

    def text(self, identifier: int) -> str:
        """A string property; empty if there is none."""
        wide = self.stream(identifier, _STRING)
        if wide is not None:
            return sound(wide.decode("utf-16-le", "replace").rstrip("\0"))
        narrow = self.stream(identifier, _STRING8)
        if narrow is None:
            return ""
        return decode(narrow.rstrip(b"\0"), self.encodings[0])

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
            _Storage(self.ole, (*self.path, name), self.encodings)
            for name in sorted(names)
            if name.startswith(_ATTACHMENT)
        ]

    def embedded(self) -> "_Storage | None":
        """The message embedded in an attachment; none if it holds something else."""
        path = (*self.path, f"__substg1.0_{_CONTENT:04X}{_OBJECT}")
        inner = _Storage(self.ole, path, self.outside)
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
            signed = _signed(attachment, collector)
            if signed is None:
                _attach(attachment, collector)
            else:
                elements.extend(signed.elements)
                cuts.extend(signed.cuts)
                flags = (*flags, *signed.flags)
    subject = headers.get("Subject")
    return mail_document(Format.MSG, subject, elements, collector, {*flags, *cuts.flags}, cuts.all)


def _signed(attachment: _Storage, collector: PartCollector) -> ParsedDocument | None:
    """Read an attachment that is the whole mail, signed in the clear; none if it is another one."""
    if not _name(attachment).lower().endswith(_SEALED):
        return None
    try:
        data = attachment.stream(_CONTENT, _BINARY)
    except Exception:  # noqa: BLE001 - damaged: who takes it as an attachment says so
        return None
    return read_signed(data, collector) if data is not None else None


def _headers(message: _Storage) -> dict[str, str]:
    address = message.text(_SMTP_ADDRESS) or message.text(_SENDER_ADDRESS)
    # Within Exchange an address is a path in a directory, which means nothing to a reader.
    said = f" <{address}>" if "@" in address and address != message.text(_SENDER) else ""
    numbers = message.numbers()
    sent = numbers.get(_SENT) or numbers.get(_RECEIVED) or 0
    found = {
        "Subject": message.text(_SUBJECT),
        "From": f"{message.text(_SENDER)}{said}",
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
    try:
        document = _rich(message)
    except ValueError:
        return (), (BODY_NOT_READ,)
    if document is None:
        return (), ()
    cuts.extend(document.cuts)
    return document.elements, document.flags


def _rich(message: _Storage) -> ParsedDocument | None:
    """The body as RTF, in which old programs leave the only one; none if there is none.

    Raises:
        ValueError: It is damaged.
    """
    packed = message.stream(_RTF, _BINARY)
    return parse_rtf(unpack_rtf(packed)) if packed is not None else None


def _html(message: _Storage) -> str:
    raw = message.stream(_HTML, _BINARY)
    if raw is None:
        return message.text(_HTML)
    of_texts, of_html = message.encodings
    return decode(raw, of_html or declared_charset(raw) or of_texts)


def _attach(attachment: _Storage, collector: PartCollector) -> None:
    name = file_name(_name(attachment), "attachment")
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
    elif name.lower().endswith(_SEALED):
        refuse(collector, name, Reason.ENCRYPTED, "This part of the mail is encrypted or sealed.")
    else:
        keep(collector, name, data)


def _name(attachment: _Storage) -> str:
    names = (attachment.text(one) for one in (_LONG_NAME, _SHORT_NAME, _DISPLAY))
    return next(filter(None, names), "")


def _unparsed_headers() -> HeaderRegistry:
    registry = HeaderRegistry()
    for name in ("from", "to", "cc", "date"):
        # The stubs do not know that the registry makes the class that is missing.
        registry.map_to_type(name, UnstructuredHeader)  # type: ignore[arg-type]
    return registry


_AS_WRITTEN = policy.default.clone(header_factory=_unparsed_headers())
"""Names of people are no addresses: read as such they come out changed, or fail at a quote."""


def _as_mail(message: _Storage, depth: int) -> EmailMessage:
    """Write an embedded message down as a mail, which can be read like any other."""
    mail = EmailMessage(_AS_WRITTEN)
    for name, value in _headers(message).items():
        mail[name] = value
    html, plain = _html(message), message.text(_BODY)
    if not html.strip() and not plain.strip():
        with contextlib.suppress(ValueError):
            document = _rich(message)
            plain = "\n\n".join(e.text for e in document.elements) if document else ""
    mail.set_content(plain or ("" if html else "(no text)"))
    if html:
        mail.add_alternative(html, subtype="html")
    for attachment in message.attachments():
        inner = attachment.embedded()
        name = _name(attachment) or "attachment"
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
