"""What a document is, decided from its bytes and its name; anything unknown is refused."""

import re
import zipfile
import zlib
from dataclasses import dataclass
from enum import StrEnum
from io import BytesIO
from pathlib import PurePosixPath

from ingestion.document import Reason, Refusal
from ingestion.parsing.decoding import looks_like_text

_OFFICE = "application/vnd.openxmlformats-officedocument"


class Format(StrEnum):
    """A format that is read; the value is its media type."""

    MARKDOWN = "text/markdown"
    HTML = "text/html"
    TEXT = "text/plain"
    RST = "text/x-rst"
    CSV = "text/csv"
    MAIL = "message/rfc822"
    PDF = "application/pdf"
    DOCX = f"{_OFFICE}.wordprocessingml.document"
    PPTX = f"{_OFFICE}.presentationml.presentation"
    XLSX = f"{_OFFICE}.spreadsheetml.sheet"
    PNG = "image/png"
    JPEG = "image/jpeg"
    TIFF = "image/tiff"
    WEBP = "image/webp"
    BMP = "image/bmp"


SUFFIXES = {
    ".md": Format.MARKDOWN,
    ".markdown": Format.MARKDOWN,
    ".html": Format.HTML,
    ".htm": Format.HTML,
    ".xhtml": Format.HTML,
    ".txt": Format.TEXT,
    ".text": Format.TEXT,
    ".log": Format.TEXT,
    ".rst": Format.RST,
    ".csv": Format.CSV,
    ".eml": Format.MAIL,
    ".pdf": Format.PDF,
    ".docx": Format.DOCX,
    ".pptx": Format.PPTX,
    ".xlsx": Format.XLSX,
    ".png": Format.PNG,
    ".jpg": Format.JPEG,
    ".jpeg": Format.JPEG,
    ".tif": Format.TIFF,
    ".tiff": Format.TIFF,
    ".webp": Format.WEBP,
    ".bmp": Format.BMP,
}
PICTURES = frozenset({Format.PNG, Format.JPEG, Format.TIFF, Format.WEBP, Format.BMP})
"""Formats whose text has to be recognised."""
_BINARY = {Format.PDF, Format.DOCX, Format.PPTX, Format.XLSX, *PICTURES}
_PICTURE_MAGIC = re.compile(
    rb"(?P<PNG>\x89PNG\r\n\x1a\n)|(?P<JPEG>\xff\xd8\xff)"
    rb"|(?P<TIFF>II[*+]\0|MM\0[*+])|(?P<WEBP>RIFF....WEBP)"
    # Two letters are little: the reserved zeros and the size of the next header, too.
    rb"|(?P<BMP>BM....\0\0\0\0....[\x0c\x28\x34\x38\x40\x6c\x7c]\0\0\0)",
    re.S,
)
_MAIN_PARTS = {
    b"wordprocessingml.document.main+xml": Format.DOCX,
    b"presentationml.presentation.main+xml": Format.PPTX,
    b"spreadsheetml.sheet.main+xml": Format.XLSX,
}
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_HTML_START = re.compile(
    rb"\s*(<\?xml[^>]*>\s*)?(<!--.*?-->\s*)*<(!doctype\s+html|html[\s>])", re.I | re.S
)
_MAIL_START = re.compile(rb"(From [^\n]*\n)?\s*[!-9;-~]+:")
_STRICT = b"purl.oclc.org/ooxml"
MAX_UNPACKED_BYTES = 512 * 1024 * 1024
MAX_PART_RATIO = 250
MAX_PARTS = 20_000


@dataclass(frozen=True, slots=True)
class Detected:
    """The format of a document, and whether its name says something else."""

    format: Format
    mismatch: bool = False


def detect(data: bytes, key: str) -> Detected | Refusal:
    """Decide the format of a document from its bytes and the extension of its key.

    Returns:
        The format, or the refusal: empty, encrypted, damaged, a bomb, or not a type that is read.
    """
    if not data:
        return Refusal(key, Reason.EMPTY_FILE, "The file has no content (0 bytes).")
    suffix = PurePosixPath(key.rstrip()).suffix.lower()
    named = SUFFIXES.get(suffix)
    found = _by_magic(data, key, named)
    if isinstance(found, Refusal):
        return found
    if found is not None:
        return Detected(found, mismatch=found is not named)
    if named is Format.MAIL and _MAIL_START.match(data):
        return Detected(Format.MAIL)
    if not looks_like_text(data):
        return _unknown_binary(data, key, named)
    return _by_text(data, key, suffix, named)


def _by_magic(data: bytes, key: str, named: Format | None) -> Format | Refusal | None:
    if data.startswith(_OLE):
        return _ole(data, key)
    if data.startswith(b"PK\x03\x04"):
        return _zip(data, key)
    if data.startswith((b"PK\x05\x06", b"PK\x07\x08")):
        return Refusal(key, Reason.UNSUPPORTED_TYPE, "The file is an empty or split ZIP archive.")
    picture = _PICTURE_MAGIC.match(data[:32])
    if picture is not None and picture.lastgroup is not None:
        return Format[picture.lastgroup]
    at = data[:1024].find(b"%PDF-")
    # Some writers put junk before the header; only a file named .pdf gets that benefit.
    if at == 0 or (at > 0 and named is Format.PDF):
        return Format.PDF
    for magic, seen in ((b"{\\rtf", "an RTF document"), (b"%!PS", "a PostScript document")):
        if data.startswith(magic):
            return _unsupported(key, seen)
    return None


def _by_text(data: bytes, key: str, suffix: str, named: Format | None) -> Detected | Refusal:
    is_html = _HTML_START.match(data[:4096].lstrip(b"\xef\xbb\xbf")) is not None
    if named in _BINARY:
        if is_html:
            return Detected(Format.HTML, mismatch=True)
        return Refusal(
            key,
            Reason.CORRUPT,
            f"The file is named {suffix} but holds plain text; it is damaged or misnamed.",
        )
    if is_html and named in {None, Format.TEXT} and suffix in {"", *SUFFIXES}:
        return Detected(Format.HTML, mismatch=named is not None)
    if named is not None:
        return Detected(named)
    if suffix == "":
        return Detected(Format.TEXT)
    return _unsupported(key, f"a text file of type {suffix}")


def _unknown_binary(data: bytes, key: str, named: Format | None) -> Refusal:
    import filetype

    kind = filetype.guess(data[:8192])
    if kind is not None:
        return _unsupported(key, f"a file of type {kind.mime}")
    if named is not None:
        return Refusal(
            key,
            Reason.CORRUPT,
            f"The file is named like {named.value} but holds binary data that is no such document.",
        )
    return _unsupported(key, "binary data of no known type")


def _unsupported(key: str, seen: str) -> Refusal:
    known = " ".join(sorted(suffix[1:] for suffix in SUFFIXES))
    return Refusal(
        key,
        Reason.UNSUPPORTED_TYPE,
        f"The file is {seen}, which is not read; convert it to one of: {known}.",
    )


def _ole(data: bytes, key: str) -> Refusal:
    if "EncryptedPackage".encode("utf-16-le") in data:
        return Refusal(
            key,
            Reason.ENCRYPTED,
            "The Office document is protected by a password; save it without one.",
        )
    return _unsupported(key, "a legacy Office (OLE) document")


def _zip(data: bytes, key: str) -> Format | Refusal:
    try:
        with zipfile.ZipFile(BytesIO(data)) as archive:
            bomb = _bomb(archive)
            if bomb is not None:
                return Refusal(key, Reason.TOO_LARGE, bomb)
            parts = {part.filename: part for part in archive.infolist()}
            if any(part.flag_bits & 1 for part in parts.values()):
                return Refusal(key, Reason.ENCRYPTED, "The ZIP container is encrypted.")
            if "[Content_Types].xml" not in parts:
                return _unsupported(key, "a ZIP archive that is no Office document")
            types = archive.read("[Content_Types].xml")
            if "_rels/.rels" in parts and _STRICT in archive.read("_rels/.rels"):
                return _unsupported(key, "an Office document in the Strict Open XML variant")
    except (zipfile.BadZipFile, NotImplementedError, EOFError, OSError, ValueError) as error:
        return Refusal(key, Reason.CORRUPT, f"The ZIP container is damaged: {error}.")
    except zlib.error as error:
        return Refusal(key, Reason.CORRUPT, f"The ZIP container is damaged: {error}.")
    for main, format_ in _MAIN_PARTS.items():
        if main in types:
            return format_
    return _unsupported(key, "an Office document with macros, a template, or of another kind")


def _bomb(archive: zipfile.ZipFile) -> str | None:
    parts = archive.infolist()
    if len(parts) > MAX_PARTS:
        return f"The document holds {len(parts)} parts; at most {MAX_PARTS} are read."
    unpacked = sum(part.file_size for part in parts)
    if unpacked > MAX_UNPACKED_BYTES:
        return (
            f"The document unpacks to {unpacked // 2**20} MiB;"
            f" at most {MAX_UNPACKED_BYTES // 2**20} MiB are read."
        )
    for part in parts:
        if part.file_size > 16 * 2**20 and part.file_size > MAX_PART_RATIO * part.compress_size:
            return f"A part of the document is packed more than {MAX_PART_RATIO} to 1 (a bomb)."
    return None
