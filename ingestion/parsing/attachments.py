"""The attachments of a mail as parts; one that cannot be taken never costs the mail."""

import base64
from email import policy
from email.header import decode_header, make_header
from email.message import Message
from email.parser import BytesParser

from ingestion.document import Reason
from ingestion.parsing.decoding import decode, is_known, sound
from ingestion.parsing.formats import SUFFIXES
from ingestion.parsing.parts import ContainerError, PartCollector, file_name

_SIGNATURES = frozenset(
    {
        "application/pgp-signature", "application/pkcs7-signature", "application/x-pkcs7-signature",
        "application/pgp-keys",
    }
)  # fmt: skip
_SEALED = frozenset({"application/pkcs7-mime", "application/x-pkcs7-mime"})
_EXTENSIONS = {
    **{format_.value: suffix for suffix, format_ in reversed(SUFFIXES.items())},
    "image/png": ".png",
    "image/jpeg": ".jpg",
    "image/gif": ".gif",
    "image/tiff": ".tiff",
    "text/calendar": ".ics",
}


def attach(part: Message, collector: PartCollector) -> None:
    """Take one attachment as a part, or record why not; never raises for the part's sake."""
    kind = part.get_content_type()
    if kind in _SIGNATURES:
        return
    if kind == "multipart/encrypted" or kind in _SEALED:
        detail = "This part of the mail is encrypted or sealed; save the mail without that."
        refuse(collector, _name(part, "encrypted"), Reason.ENCRYPTED, detail)
        return
    try:
        name, data = _message(part) if part.is_multipart() else (None, _payload(part))
    except Exception as error:  # noqa: BLE001 - the library raises anything on damaged parts
        detail = f"The attachment is damaged ({type(error).__name__}); ask for it again."
        refuse(collector, _name(part, "attachment"), Reason.CORRUPT, detail)
        return
    keep(collector, name or _name(part, _unnamed(kind, data)), data)


def keep(collector: PartCollector, name: str, data: bytes) -> None:
    """Keep the bytes of an attachment within the limits."""
    limits = collector.limits
    if collector.depth_of(name) > limits.max_depth:
        detail = f"It lies in more than {limits.max_depth} containers (ingestion.max_part_depth)."
        refuse(collector, name, Reason.TOO_DEEP, detail)
    elif not data:
        refuse(collector, name, Reason.EMPTY_FILE, "The attachment has no content (0 bytes).")
    elif len(data) > limits.max_part_bytes:
        detail = (
            f"It is larger than {limits.max_part_bytes // 2**20} MiB (ingestion.max_document_mb)."
        )
        refuse(collector, name, Reason.TOO_LARGE, detail)
    else:
        try:
            collector.count(len(data))
            collector.take(name, data)
        except ContainerError as error:
            collector.close(error.reason, error.detail)


def readable(text: str) -> str | None:
    """A header value as readable text on one line, whatever encoding or damage it has."""
    if any("\udc80" <= char <= "\udcff" for char in text):
        text = decode(text.encode("utf-8", "surrogateescape"))
    try:
        pieces = decode_header(text)
    except Exception:  # noqa: BLE001 - broken base64: show it as it is
        return " ".join(sound(text).split()) or None
    try:
        text = str(make_header(pieces))
    except Exception:  # noqa: BLE001 - a charset that Python does not know, or that does not fit
        if all(charset is None or is_known(charset) for _, charset in pieces):
            text = "".join(_word(piece, charset) for piece, charset in pieces)
    return " ".join(sound(text).split()) or None


def _word(piece: bytes | str, charset: str | None) -> str:
    """A piece of a header, as `decode_header` yields it."""
    if isinstance(piece, str):
        return piece
    return decode(piece, charset) if charset else piece.decode("raw-unicode-escape", "replace")


def refuse(collector: PartCollector, name: str, reason: Reason, detail: str) -> None:
    """Record an attachment that cannot be taken, within the limit on their number."""
    try:
        collector.refuse(name, reason, detail)
    except ContainerError as error:
        collector.close(error.reason, error.detail)


def decoded_message(part: Message, child: Message) -> Message:
    """The message in a part; one that was set in Base64, which no standard allows, decoded.

    Args:
        part: The part, of a type such as `message/rfc822`.
        child: What the parser took for the message in it.
    """
    if child.keys() or str(part.get("Content-Transfer-Encoding", "")).strip().lower() != "base64":
        return child
    try:
        data = base64.b64decode(child.as_bytes())
    except ValueError:
        return child
    return BytesParser(policy=policy.compat32).parsebytes(data)


def _payload(part: Message) -> bytes:
    raw = part.get_payload(decode=True)
    return raw if isinstance(raw, bytes) else b""


def _message(part: Message) -> tuple[str | None, bytes]:
    """An attached message, named by its subject; any other multipart as it stands."""
    payload = part.get_payload()
    child = payload[0] if isinstance(payload, list) and payload else None
    if part.get_content_maintype() != "message" or not isinstance(child, Message):
        return None, part.as_bytes()
    child = decoded_message(part, child)
    subject = readable(str(child.get("Subject", ""))) or "message"
    # The file name of a message often has no extension, and then its type would be lost.
    named = _name(part, subject)
    return named if named.lower().endswith(".eml") else f"{named}.eml", child.as_bytes()


def _name(part: Message, otherwise: str) -> str:
    try:
        raw = part.get_filename() or part.get("Content-Location") or ""
    except Exception:  # noqa: BLE001 - a damaged parameter is no name
        raw = ""
    return file_name(readable(str(raw)) or "", file_name(otherwise, "attachment"))


def _unnamed(kind: str, data: bytes) -> str:
    suffix = _EXTENSIONS.get(kind)
    if suffix is None:
        import filetype

        guessed = filetype.guess_extension(data[:8192])
        suffix = f".{guessed}" if guessed else ""
    return f"attachment{suffix}"
