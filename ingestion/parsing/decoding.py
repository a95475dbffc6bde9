"""Bytes to text: byte-order marks, declared and guessed encodings; never loses a document."""

import codecs
import re
from contextvars import ContextVar

_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_CONTROLS = bytes(set(range(32)) - {7, 8, 9, 10, 12, 13, 27}) + b"\x7f"
# What pages call Latin-1 is Windows-1252 in practice (and in every browser).
_ALIASES = {"iso-8859-1": "cp1252", "latin-1": "cp1252", "latin1": "cp1252", "us-ascii": "cp1252"}
# What mails and pages name after a standard is often the larger set that a vendor made of it; the
# others are names that Python does not know.
_LARGER = {
    "gb2312": "gb18030", "gbk": "gb18030", "x-gbk": "gb18030", "big5": "big5hkscs",
    "euc-kr": "cp949", "ks_c_5601-1987": "cp949", "windows-949": "cp949", "shift_jis": "cp932",
    "shift-jis": "cp932", "x-sjis": "cp932", "x-euc-jp": "euc_jp", "iso-8859-8-i": "iso-8859-8",
    "iso-8859-8-e": "iso-8859-8", "iso-8859-9": "cp1254", "tis-620": "cp874",
    "windows-874": "cp874", "iso-8859-11": "cp874",
}  # fmt: skip
_NO_CHARSETS = frozenset({"punycode", "idna", "unicode-escape", "raw-unicode-escape"})
"""Codecs of Python that no document is written in: they make other words of what people see."""
_DECLARATION = re.compile(
    rb"<meta[^>]+charset\s*=\s*[\"']?\s*([\w.:-]+)|<\?xml[^>]+encoding=[\"']([\w.:-]+)", re.I
)

ENCODING_GUESSED = "encoding_guessed"
"""Flag of a document whose text might be read otherwise: little told which encoding it is in."""
_weak: ContextVar[bool] = ContextVar("guessed_weakly", default=False)


def marked_encoding(data: bytes) -> str | None:
    """Name of the encoding that a byte-order mark, or bare UTF-16, gives away."""
    for mark, name in _MARKS:
        if data.startswith(mark):
            return name
    sample = data[:4096]
    sample = sample[: len(sample) // 2 * 2]
    if len(sample) < 8:
        return None
    low, high = sample[0::2].count(0), sample[1::2].count(0)
    half = len(sample) // 2
    if high > 0.4 * half and low < 0.02 * half:
        return "utf-16-le"
    if low > 0.4 * half and high < 0.02 * half:
        return "utf-16-be"
    return None


def looks_like_text(data: bytes) -> bool:
    """Tell text, in whatever encoding, from binary data by its first kilobytes."""
    if marked_encoding(data) is not None:
        return True
    sample = data[:8192]
    controls = len(sample) - len(sample.translate(None, _CONTROLS))
    try:
        codecs.getincrementaldecoder("utf-8")().decode(sample)
    except UnicodeDecodeError:
        # Some 8-bit encoding: text in it has hardly any control characters, and no NUL.
        return b"\0" not in data[-4096:] and controls <= 0.01 * len(sample)
    return controls <= 0.05 * len(sample)


def decode(data: bytes, declared: str | None = None) -> str:
    """Decode text; NUL characters and lone surrogates are dropped.

    Args:
        data: The raw bytes.
        declared: Encoding that the document itself names; used when the bytes fit it.
    """
    text = _decoded(data, declared)
    if "\0" in text:
        text = text.replace("\0", "")
    return sound(text)


def sound(text: str) -> str:
    """`text` without lone surrogates: with bytes in UTF-8, which files and tokenizers want."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-8", "replace").decode()
    return text


def declared_charset(page: bytes) -> str | None:
    """The charset that HTML or XML names in its head; none if it does not."""
    declared = _DECLARATION.search(page[:4096])
    return (declared[1] or declared[2]).decode("ascii", "replace") if declared else None


def is_known(encoding: str) -> bool:
    """Whether text is read in an encoding of this name."""
    if encoding.strip().lower() in _LARGER:
        return True
    try:
        codecs.lookup(encoding.strip())
    except (LookupError, ValueError):
        return False
    return True


def lines_of(text: str) -> list[str]:
    """The lines of a file of records; unlike with `splitlines`, U+2028 and the like are text."""
    return text.replace("\r\n", "\n").replace("\r", "\n").split("\n")


def _escaped(data: bytes) -> str | None:
    if b"\x1b" not in data:
        return None
    from ingestion.parsing.encodings import escaped_encoding

    return escaped_encoding(data)


def _decoded(data: bytes, declared: str | None) -> str:
    marked = marked_encoding(data)
    if marked is not None:
        return data.decode(marked, "replace")
    # Valid UTF-8 with anything beyond ASCII is hardly ever something else, whatever is declared;
    # pure ASCII may be ISO-2022-JP, so there the declaration counts.
    if not data.isascii() or declared is None:
        escaped = _escaped(data) if data.isascii() else None
        try:
            return data.decode(escaped or "utf-8")
        except UnicodeDecodeError:
            pass
    if declared is not None:
        name = declared.strip().lower()
        for encoding in (_ALIASES.get(name, name), _LARGER.get(name)):
            try:
                if encoding is not None and codecs.lookup(encoding).name not in _NO_CHARSETS:
                    return data.decode(encoding)
            except (LookupError, ValueError):
                pass
    from ingestion.parsing.encodings import guess

    found = guess(data)
    if not found.certain:
        _weak.set(True)
    return data.decode(found.encoding, "replace")


def reset_guesses() -> None:
    """Forget about earlier guesses; called before a document is read."""
    _weak.set(False)


def guessed_weakly() -> bool:
    """Whether, since `reset_guesses`, an encoding was guessed on little evidence."""
    return _weak.get()
