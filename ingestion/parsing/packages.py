"""What a ZIP or OLE container is: an Office document, an OpenDocument, a book, or an archive."""

import zipfile
import zlib
from io import BytesIO
from typing import Any

from ingestion.document import Reason, Refusal
from ingestion.parsing.formats import SUFFIXES, Format, unsupported

MAX_UNPACKED_BYTES = 512 * 1024 * 1024
MAX_PART_RATIO = 250
MAX_PARTS = 20_000
_MAIN_PARTS = {
    b"wordprocessingml.document.main+xml": Format.DOCX,
    b"wordprocessingml.template.main+xml": Format.DOCX,
    b"ms-word.document.macroEnabled.main+xml": Format.DOCX,
    b"ms-word.template.macroEnabledTemplate.main+xml": Format.DOCX,
    b"presentationml.presentation.main+xml": Format.PPTX,
    b"presentationml.slideshow.main+xml": Format.PPTX,
    b"presentationml.template.main+xml": Format.PPTX,
    b"ms-powerpoint.presentation.macroEnabled.main+xml": Format.PPTX,
    b"ms-powerpoint.slideshow.macroEnabled.main+xml": Format.PPTX,
    b"spreadsheetml.sheet.main+xml": Format.XLSX,
    b"spreadsheetml.template.main+xml": Format.XLSX,
    b"ms-excel.sheet.macroEnabled.main+xml": Format.XLSX,
    b"ms-excel.template.macroEnabled.main+xml": Format.XLSX,
}
_MIMETYPES = {
    b"application/epub+zip": Format.EPUB,
    b"application/vnd.oasis.opendocument.text": Format.ODT,
    b"application/vnd.oasis.opendocument.spreadsheet": Format.ODS,
    b"application/vnd.oasis.opendocument.presentation": Format.ODP,
}
_NAMED_BY = {".epub": Format.EPUB, ".odt": Format.ODT, ".ods": Format.ODS, ".odp": Format.ODP}
_PACKAGES = {*_MAIN_PARTS.values(), *_MIMETYPES.values()}
_LONGEST_MIMETYPE = 100
_PASSWORD = "The Office document is protected by a password; save it without one."
_SEALS = ("EncryptedPackage", "\x09DRMContent")
_OLE_STREAMS = (
    ("WordDocument", Format.DOC),
    ("PowerPoint Document", Format.PPT),
    ("Workbook", Format.XLS),
    ("Book", Format.XLS),
    ("__properties_version1.0", Format.MSG),
)


def zip_format(data: bytes, key: str, suffix: str) -> Format | Refusal:
    """Tell what a ZIP container holds; documents are checked against bombs before they are read.

    Args:
        data: The container.
        key: Its key, for the refusal.
        suffix: Its extension; it decides between the names of OpenDocument formats only where
            the container does not say.
    """
    try:
        with zipfile.ZipFile(BytesIO(data)) as archive:
            names = {part.filename for part in archive.infolist()}
            found = _of_zip(archive, names, key, suffix)
            if found is Format.ZIP:
                return found
            bomb = _bomb(archive)
            if bomb is not None:
                return Refusal(key, Reason.TOO_LARGE, bomb)
            if isinstance(found, Refusal):
                return found
            if any(part.flag_bits & 1 for part in archive.infolist()):
                return Refusal(key, Reason.ENCRYPTED, "The ZIP container is encrypted.")
            if _is_encrypted_odf(archive, names):
                return Refusal(key, Reason.ENCRYPTED, _PASSWORD)
            return found
    except (zipfile.BadZipFile, NotImplementedError, EOFError, OSError, ValueError) as error:
        return Refusal(key, Reason.CORRUPT, f"The ZIP container is damaged: {error}.")
    except (zlib.error, RuntimeError) as error:
        return Refusal(key, Reason.CORRUPT, f"The ZIP container is damaged: {error}.")


def _of_zip(archive: zipfile.ZipFile, names: set[str], key: str, suffix: str) -> Format | Refusal:
    if "[Content_Types].xml" in names:
        types = _head(archive, "[Content_Types].xml", 4 * 2**20)
        for main, format_ in _MAIN_PARTS.items():
            if main in types:
                return format_
        if b"officedocument" in types or b"ms-" in types:
            return unsupported(key, "an Office document of another kind")
    if "mimetype" in names:
        told = _head(archive, "mimetype", _LONGEST_MIMETYPE + 1).strip()
        for prefix, format_ in _MIMETYPES.items():
            if told.startswith(prefix):
                return format_
        if len(told) > _LONGEST_MIMETYPE or told.startswith(b"application/vnd.oasis"):
            return unsupported(key, "an OpenDocument file of another kind")
    # Some writers leave the type out; what must be inside such a document tells as much.
    if suffix == ".epub" and "META-INF/container.xml" in names:
        return Format.EPUB
    if suffix in _NAMED_BY and {"content.xml", "META-INF/manifest.xml"} <= names:
        return _NAMED_BY[suffix]
    if SUFFIXES.get(suffix) in _PACKAGES:
        return Refusal(
            key,
            Reason.CORRUPT,
            f"The file is named {suffix} but its ZIP container holds no such document.",
        )
    return Format.ZIP


def _head(archive: zipfile.ZipFile, name: str, size: int) -> bytes:
    """The beginning of a part, never more, whatever size it claims."""
    try:
        with archive.open(name) as stream:
            return stream.read(size)
    except (RuntimeError, NotImplementedError):  # encrypted, or packed in an unknown way
        return b""


def _is_encrypted_odf(archive: zipfile.ZipFile, names: set[str]) -> bool:
    if "META-INF/manifest.xml" not in names:
        return False
    return b"encryption-data" in _head(archive, "META-INF/manifest.xml", 2**20)


def _bomb(archive: zipfile.ZipFile) -> str | None:
    """Why a document is too large to be opened.

    What a part claims to hold bounds what is read of it: the reader stops there.
    """
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


def ole_format(data: bytes, key: str) -> Format | Refusal:
    """Tell what a legacy Office (OLE) container holds."""
    import olefile

    try:
        with olefile.OleFileIO(BytesIO(data)) as ole:
            if any(ole.exists(name) for name in _SEALS):
                return Refusal(key, Reason.ENCRYPTED, _PASSWORD)
            for name, format_ in _OLE_STREAMS:
                if ole.exists(name):
                    encrypted = format_ in _LOCKS and _LOCKS[format_](ole)
                    return Refusal(key, Reason.ENCRYPTED, _PASSWORD) if encrypted else format_
    except Exception as error:  # noqa: BLE001 - the reader raises anything on damaged input
        if any(name.encode("utf-16-le") in data for name in _SEALS):
            return Refusal(key, Reason.ENCRYPTED, _PASSWORD)
        return Refusal(key, Reason.CORRUPT, f"The OLE container is damaged: {error}.")
    return unsupported(key, "an OLE document of another kind")


def _word_is_locked(ole: Any) -> bool:
    head = ole.openstream("WordDocument").read(12)
    return len(head) == 12 and bool(head[11] & 1)


def _slides_are_locked(ole: Any) -> bool:
    if not ole.exists("Current User"):
        return False
    head: bytes = ole.openstream("Current User").read(16)
    return head[12:16] == b"\xdf\xc4\xd1\xf3"


_LOCKS = {Format.DOC: _word_is_locked, Format.PPT: _slides_are_locked}
