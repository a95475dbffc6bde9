"""RTF as a sequence of tokens, and the character sets its bytes are in."""

import codecs
import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum

_TOKEN = re.compile(
    rb"\\([a-zA-Z]{1,32})(-?\d{1,10})?[ ]?|\\'([0-9a-fA-F]{2})|\\([^a-zA-Z])|([{}])|[\r\n\0]+"
    rb"|([^\\{}\r\n\0]+)",
    re.S,
)
_CHARSETS = {
    77: "mac_roman", 128: "cp932", 129: "cp949", 130: "cp1361", 134: "gbk", 136: "big5",
    161: "cp1253", 162: "cp1254", 163: "cp1258", 177: "cp1255", 178: "cp1256", 186: "cp1257",
    204: "cp1251", 222: "cp874", 238: "cp1250", 255: "cp437",
}  # fmt: skip
_PAGES = {10000: "mac_roman", 65001: "utf-8", 936: "gbk", 950: "big5", 1361: "johab"}
UNNAMED = {
    "mac": "mac_roman",
    "pc": "cp437",
    "pca": "cp850",
}
SYMBOLS = {
    "emdash": "—", "endash": "–", "lquote": "‘", "rquote": "’", "ldblquote": "“",
    "rdblquote": "”", "bullet": "•", "tab": "\t", "line": "\n", "softline": "\n", "emspace": " ",
    "enspace": " ", "qmspace": " ", "~": "\u00a0", "_": "-", "{": "{", "}": "}", "\\": "\\",
}  # fmt: skip


class TokenKind(Enum):
    """What a token is."""

    OPEN = "open"
    CLOSE = "close"
    WORD = "word"
    """A control word, with its number if it has one."""
    BYTES = "bytes"
    """Text in the character set of the font."""


@dataclass(frozen=True, slots=True)
class Token:
    """One piece of RTF."""

    kind: TokenKind
    word: str = ""
    number: int | None = None
    data: bytes = b""


def tokens(data: bytes) -> Iterator[Token]:
    """Yield the tokens of RTF; binary data in it is skipped by its length."""
    at = 0
    while at < len(data):
        match = _TOKEN.match(data, at)
        if match is None:  # a lone backslash at the end
            return
        at = match.end()
        word, number, escaped, symbol, brace, text = match.groups()
        if word is not None:
            name = word.decode("ascii")
            value = int(number) if number is not None else None
            if name == "bin":
                at += max(0, value or 0)
                continue
            yield Token(TokenKind.WORD, name, value)
        elif escaped is not None:
            yield Token(TokenKind.BYTES, data=bytes.fromhex(escaped.decode()))
        elif symbol is not None:
            name = "par" if symbol in b"\r\n" else symbol.decode("latin-1")
            yield Token(TokenKind.WORD, name)
        elif brace is not None:
            yield Token(TokenKind.OPEN if brace == b"{" else TokenKind.CLOSE)
        elif text is not None:
            yield Token(TokenKind.BYTES, data=text)


def encoding_of_page(page: int) -> str:
    """The Python name of a Windows code page; that of Western Europe if it is not known."""
    name = _PAGES.get(page, f"cp{page}")
    try:
        codecs.lookup(name)  # to decode nothing would succeed in any encoding
    except LookupError:
        return "cp1252"
    return name


def encoding_of_charset(charset: int, default: str) -> str:
    """The Python name of the character set of a font."""
    return _CHARSETS.get(charset, default)
