"""The document inside an OLE object, as Office wraps what other programs made."""

import io
from typing import Any

from ingestion.parsing.decoding import decode
from ingestion.parsing.formats import SUFFIXES
from ingestion.parsing.packages import zip_format
from ingestion.parsing.parts import file_name

_NATIVE, _CONTENTS, _PACKAGE = "\x01Ole10Native", "CONTENTS", "Package"
_PDF = b"%PDF-"


def unwrap(data: bytes) -> tuple[str, bytes] | None:
    """Name and bytes of the wrapped document; none if it is another program's own object."""
    import olefile

    # Not `isOleFile`, which takes short data for the name of a file and opens that.
    if not data.startswith(olefile.MAGIC):
        return None
    try:
        with olefile.OleFileIO(io.BytesIO(data)) as ole:
            return _found(ole)
    except Exception:  # noqa: BLE001 - the reader raises anything on damaged input
        return None


def _found(ole: Any) -> tuple[str, bytes] | None:
    content: bytes
    if ole.exists(_NATIVE):
        return _native(ole.openstream(_NATIVE).read())
    if ole.exists(_PACKAGE):
        content = ole.openstream(_PACKAGE).read()
        kind = zip_format(content, "package", "")
        suffix = next((s for s, known in SUFFIXES.items() if known == kind), "")
        return f"package{suffix}", content
    if ole.exists(_CONTENTS):
        content = ole.openstream(_CONTENTS).read()
        return ("contents.pdf", content) if content.startswith(_PDF) else None
    return None


def _native(data: bytes) -> tuple[str, bytes] | None:
    """Read a packaged file: a label, two paths, and its bytes behind their number."""
    at = 6
    label, at = _text(data, at)
    _, at = _text(data, at)
    at += 4
    at += 4 + int.from_bytes(data[at : at + 4], "little")
    size = int.from_bytes(data[at : at + 4], "little")
    content = data[at + 4 : at + 4 + size]
    return (file_name(decode(label), "object"), content) if content else None


def _text(data: bytes, at: int) -> tuple[bytes, int]:
    end = data.find(b"\0", at)
    return (data[at:end], end + 1) if end >= 0 else (data[at:], len(data))
