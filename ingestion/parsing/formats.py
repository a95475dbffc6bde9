"""What a document is, decided from its bytes and its name; anything unknown is refused."""

import re
import tarfile
from dataclasses import dataclass
from enum import StrEnum
from pathlib import PurePosixPath

from ingestion.document import Reason, Refusal
from ingestion.parsing.decoding import looks_like_text

_OFFICE = "application/vnd.openxmlformats-officedocument"
_OASIS = "application/vnd.oasis.opendocument"


class Format(StrEnum):
    """A format that is read; the value is its media type."""

    MARKDOWN = "text/markdown"
    HTML = "text/html"
    TEXT = "text/plain"
    RST = "text/x-rst"
    ORG = "text/org"
    RTF = "application/rtf"
    CSV = "text/csv"
    TSV = "text/tab-separated-values"
    JSON = "application/json"
    JSON_LINES = "application/x-ndjson"
    NOTEBOOK = "application/x-ipynb+json"
    XML = "application/xml"
    MAIL = "message/rfc822"
    MSG = "application/vnd.ms-outlook"
    TNEF = "application/vnd.ms-tnef"
    MBOX = "application/mbox"
    CALENDAR = "text/calendar"
    PDF = "application/pdf"
    DOCX = f"{_OFFICE}.wordprocessingml.document"
    PPTX = f"{_OFFICE}.presentationml.presentation"
    XLSX = f"{_OFFICE}.spreadsheetml.sheet"
    DOC = "application/msword"
    PPT = "application/vnd.ms-powerpoint"
    XLS = "application/vnd.ms-excel"
    ODT = f"{_OASIS}.text"
    ODS = f"{_OASIS}.spreadsheet"
    ODP = f"{_OASIS}.presentation"
    EPUB = "application/epub+zip"
    ZIP = "application/zip"
    TAR = "application/x-tar"
    GZIP = "application/gzip"
    BZIP2 = "application/x-bzip2"
    XZ = "application/x-xz"
    ZSTD = "application/zstd"
    PNG = "image/png"
    JPEG = "image/jpeg"
    TIFF = "image/tiff"
    WEBP = "image/webp"
    BMP = "image/bmp"


_SUFFIXES = {
    Format.MARKDOWN: ".md .markdown",
    Format.HTML: ".html .htm .xhtml",
    Format.TEXT: ".txt .text .log",
    Format.RST: ".rst",
    Format.ORG: ".org",
    Format.RTF: ".rtf",
    Format.CSV: ".csv",
    Format.TSV: ".tsv .tab",
    Format.JSON: ".json",
    Format.JSON_LINES: ".ndjson .jsonl",
    Format.NOTEBOOK: ".ipynb",
    Format.XML: ".xml",
    Format.MAIL: ".eml .mht .mhtml",
    Format.MSG: ".msg",
    Format.TNEF: ".tnef",
    Format.MBOX: ".mbox",
    Format.CALENDAR: ".ics",
    Format.PDF: ".pdf",
    Format.DOCX: ".docx .docm .dotx .dotm",
    Format.PPTX: ".pptx .pptm .ppsx .ppsm .potx",
    Format.XLSX: ".xlsx .xlsm .xltx .xltm",
    Format.DOC: ".doc .dot",
    Format.PPT: ".ppt .pps .pot",
    Format.XLS: ".xls .xlt",
    Format.ODT: ".odt .ott",
    Format.ODS: ".ods .ots",
    Format.ODP: ".odp .otp",
    Format.EPUB: ".epub",
    Format.ZIP: ".zip",
    Format.TAR: ".tar",
    Format.GZIP: ".gz .tgz",
    Format.BZIP2: ".bz2 .tbz2",
    Format.XZ: ".xz .txz",
    Format.ZSTD: ".zst",
    Format.PNG: ".png",
    Format.JPEG: ".jpg .jpeg",
    Format.TIFF: ".tif .tiff",
    Format.WEBP: ".webp",
    Format.BMP: ".bmp",
}
SUFFIXES = {suffix: format_ for format_, names in _SUFFIXES.items() for suffix in names.split()}
USUAL_SUFFIX = {format_.value: names.split()[0][1:] for format_, names in _SUFFIXES.items()}
"""What people call a format, by media type: `docx`, `md`."""
ARCHIVES = frozenset({Format.ZIP, Format.TAR, Format.GZIP, Format.BZIP2, Format.XZ, Format.ZSTD})
PICTURES = frozenset({Format.PNG, Format.JPEG, Format.TIFF, Format.WEBP, Format.BMP})
"""Formats whose text has to be recognised."""
_BINARY = ARCHIVES | PICTURES | {
    Format.PDF, Format.DOCX, Format.PPTX, Format.XLSX, Format.DOC, Format.PPT, Format.XLS,
    Format.ODT, Format.ODS, Format.ODP, Format.EPUB, Format.MSG, Format.TNEF,
}  # fmt: skip
TNEF_MAGIC = b"\x78\x9f\x3e\x22"
_MAGIC = (
    (TNEF_MAGIC, Format.TNEF),
    (b"{\\rtf", Format.RTF),
    (b"\x1f\x8b\x08", Format.GZIP),
    (b"BZh", Format.BZIP2),
    (b"\xfd7zXZ\x00", Format.XZ),
    (b"\x28\xb5\x2f\xfd", Format.ZSTD),
)
_PICTURE_MAGIC = re.compile(
    rb"(?P<PNG>\x89PNG\r\n\x1a\n)|(?P<JPEG>\xff\xd8\xff)"
    rb"|(?P<TIFF>II[*+]\0|MM\0[*+])|(?P<WEBP>RIFF....WEBP)"
    # Two letters are little: the reserved zeros and the size of the next header, too.
    rb"|(?P<BMP>BM....\0\0\0\0....[\x0c\x28\x34\x38\x40\x6c\x7c]\0\0\0)",
    re.S,
)
_TAR_CHECKSUM = re.compile(rb" *[0-7]+[ \0]*")
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
# A comment ends at its first mark and nowhere else: to try the later ones as well doubles the time
# with every comment.
_HTML_START = re.compile(
    rb"\s*+(<\?xml[^>]*+>\s*+)?+(?:(?><!--.*?-->)\s*+)*+<(!doctype\s+html|html[\s>])", re.I | re.S
)
_MAIL_START = re.compile(rb"(From [^\n]*\n)?\s*[!-9;-~]+:")
_XML_START = re.compile(rb"(\xef\xbb\xbf)?\s*<\?xml\s")


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
    found = _by_magic(data, key, named, suffix)
    if isinstance(found, Refusal):
        return found
    if found in ARCHIVES and named is None and suffix:
        # Programs and pictures are packed like archives; taken apart they make no documents.
        return unsupported(key, f"packed data ({found.value}) of type {suffix}")
    if found is not None:
        # `winmail.dat` says nothing of what it is.
        is_other = found is not named and (found is not Format.TNEF or named is not None)
        return Detected(found, mismatch=is_other)
    if named is Format.MAIL and _MAIL_START.match(data):
        return Detected(Format.MAIL)
    if not looks_like_text(data):
        return _unknown_binary(data, key, named)
    return _by_text(data, key, suffix, named)


def archive_format(data: bytes, key: str) -> Format | Refusal | None:
    """Which kind of archive something is; none for every document."""
    named = SUFFIXES.get(PurePosixPath(key.rstrip()).suffix.lower())
    if not data.startswith((b"PK", *(magic for magic, _ in _MAGIC))) and not is_tar(data):
        return None
    found = detect(data, key)
    if isinstance(found, Refusal):
        return found if named in ARCHIVES else None
    return found.format if found.format in ARCHIVES else None


def is_tar(data: bytes) -> bool:
    """Whether bytes start with a TAR header, which carries a checksum of itself.

    `tarfile` takes an empty field for the checksum 0, and by signed bytes other packed data sum
    up to that.
    """
    if not _TAR_CHECKSUM.match(data[148:156]):
        return False
    try:
        tarfile.TarInfo.frombuf(data[: tarfile.BLOCKSIZE], "utf-8", "surrogateescape")
    except (tarfile.TarError, ValueError):
        return False
    return True


def _by_magic(data: bytes, key: str, named: Format | None, suffix: str) -> Format | Refusal | None:
    # Late: both ask this module what formats there are.
    from ingestion.parsing import packages

    if data.startswith(_OLE):
        return packages.ole_format(data, key)
    if data.startswith((b"PK\x03\x04", b"PK00PK\x03\x04")):
        return packages.zip_format(data, key, suffix)
    if data.startswith(b"PK\x05\x06"):
        return _empty_zip(key, named, suffix)
    if data.startswith(b"PK\x07\x08"):
        return _split_zip(key)
    picture = _PICTURE_MAGIC.match(data[:32])
    if picture is not None and picture.lastgroup is not None:
        return Format[picture.lastgroup]
    at = data[:1024].find(b"%PDF-")
    # Some writers put junk before the header; a file named otherwise must not get that benefit,
    # since text may speak of PDF.
    if at == 0 or (at > 0 and (named is Format.PDF or (named is None and b" obj" in data))):
        return Format.PDF
    if data.startswith(b"\xffWPC"):
        return unsupported(key, "a WordPerfect document")
    if data.startswith(b"%!PS"):
        return unsupported(key, "a PostScript document")
    if is_tar(data):
        return Format.TAR
    return next((format_ for magic, format_ in _MAGIC if data.startswith(magic)), None)


def _split_zip(key: str) -> Refusal:
    detail = "The file is part of a split ZIP archive; join its parts."
    return Refusal(key, Reason.UNSUPPORTED_TYPE, detail)


def _empty_zip(key: str, named: Format | None, suffix: str) -> Refusal:
    if named is None or named in ARCHIVES:
        return Refusal(key, Reason.NO_TEXT, "The file is a ZIP archive that holds nothing.")
    return Refusal(
        key,
        Reason.CORRUPT,
        f"The file is named {suffix} but is a ZIP archive that holds nothing; export it again.",
    )


def _by_text(data: bytes, key: str, suffix: str, named: Format | None) -> Detected | Refusal:
    is_html = _HTML_START.match(data[:4096].lstrip(b"\xef\xbb\xbf")) is not None
    if named in _BINARY:
        if is_html:
            return Detected(Format.HTML, mismatch=True)
        if _XML_START.match(data):
            return Detected(Format.XML, mismatch=True)
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
    return unsupported(key, f"a text file of type {suffix}")


def _unknown_binary(data: bytes, key: str, named: Format | None) -> Refusal:
    import filetype

    if named is Format.ZIP and b"PK\x05\x06" in data[-(2**16 + 22) :]:
        return _split_zip(key)  # its last part: the directory, but not the beginning
    kind = filetype.guess(data[:8192])
    if kind is not None:
        return unsupported(key, f"a file of type {kind.mime}")
    if named is not None:
        return Refusal(
            key,
            Reason.CORRUPT,
            f"The file is named like {named.value} but holds binary data that is no such document.",
        )
    return unsupported(key, "binary data of no known type")


def unsupported(key: str, seen: str) -> Refusal:
    """The refusal of a type that is not read."""
    known = " ".join(sorted(suffix[1:] for suffix in SUFFIXES))
    return Refusal(
        key,
        Reason.UNSUPPORTED_TYPE,
        f"The file is {seen}, which is not read; convert it to one of: {known}.",
    )
