"""Guesses the encoding of text that does not say it, by how plausible the text becomes.

Windows-1252 goes before the others: every other encoding has to be more plausible by a margin.
"""

import codecs
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cache

from ingestion.parsing.plausibility import east_asian, plausibility

FALLBACK = "cp1252"
# What each candidate has to make up for against Windows-1252, in nats: how seldom it is met.
_CANDIDATES = {
    "cp1252": 0.0, "iso8859_15": 3.0, "cp1250": 4.0, "iso8859_2": 5.0, "cp1251": 4.0,
    "koi8_r": 5.0, "koi8_u": 6.0, "iso8859_5": 7.0, "cp866": 7.0, "mac_cyrillic": 9.0,
    "cp1253": 4.0, "iso8859_7": 5.0, "cp1254": 4.0, "cp1257": 5.0, "cp1255": 5.0, "cp1256": 5.0,
    "iso8859_6": 7.0, "cp874": 5.0, "cp1258": 8.0, "cp850": 9.0, "cp852": 9.0, "cp437": 9.0,
    "mac_roman": 8.0, "cp932": 5.0, "euc_jp": 5.0, "gb18030": 5.0, "cp950": 5.0, "cp949": 5.0,
}  # fmt: skip
# Language, character set in general use, and the lead bytes of its frequent characters.
_EAST_ASIAN = {
    "cp932": ("ja", "euc_jp", (0xB0, 0xCF)),
    "euc_jp": ("ja", "euc_jp", (0xB0, 0xCF)),
    "gb18030": ("zh-cn", "gb2312", (0xB0, 0xD7)),
    "cp950": ("zh-tw", "big5", (0xA4, 0xC6)),
    "cp949": ("ko", "euc_kr", (0xB0, 0xC8)),
}
_PROPOSED = 8.0
"""What an encoding that only `charset_normalizer` proposes has to make up for."""
_SHORT_SAMPLE, _SAMPLE, _LINE = 600, 4000, 2000
"""Bytes that all candidates, and then the best, are measured by; and the most of one line."""
_BEST = 6
_CERTAIN = 6.0
"""Nats between the guess and the best other reading, from which on it is not weak."""
_IMPLAUSIBLE = -16.0
"""Nats for a byte beyond ASCII and its context, below which no candidate is believed."""
_HIGH = re.compile(rb"[\x80-\xff]")
_GAPS = re.compile(rb"[\t\n\r ,;\"]")
_ESCAPES = re.compile(rb"\x1b\$[@B]|\x1b\(J")
_GUESS_BYTES = 65536
_MANY_SOUND = 10


@dataclass(frozen=True, slots=True)
class Guess:
    """An encoding, and whether the evidence for it is strong."""

    encoding: str
    certain: bool


def escaped_encoding(data: bytes) -> str | None:
    """ISO-2022-JP, which is ASCII with escape sequences, if that is what bytes are."""
    if not _ESCAPES.search(data):
        return None
    for name in ("iso2022_jp", "iso2022_jp_2", "iso2022_jp_ext"):
        try:
            data.decode(name)
        except ValueError:
            continue
        return name
    return None


def guess(data: bytes) -> Guess:
    """Guess the encoding of text that is not UTF-8 and has bytes beyond ASCII."""
    if _is_damaged_utf8(data):
        return Guess("utf-8", certain=False)
    sample = _sample_of(data)
    short = sample if len(sample) <= _SHORT_SAMPLE else _cut(sample, _SHORT_SAMPLE)
    ranked = _ranked(short, _CANDIDATES)
    if len(sample) > len(short):
        ranked = _ranked(sample, [name for _, name, _ in ranked[:_BEST]]) or ranked
    high = len(_HIGH.findall(sample))
    if not ranked or ranked[0][0] - _plain(sample) < _IMPLAUSIBLE * high:
        ranked = _ranked(sample, {*_CANDIDATES, *_proposed(data)})
        if not ranked:
            return Guess(FALLBACK, certain=False)
        return Guess(ranked[0][1], certain=False)
    best, name, text = ranked[0]
    other = next((score for score, _, read in ranked if read != text), None)
    return Guess(name, certain=other is None or best - other >= _CERTAIN)


def _ranked(sample: bytes, names: Iterable[str]) -> list[tuple[float, str, str]]:
    """Plausibility, name and text of the candidates that the bytes fit, the best first."""
    found: list[tuple[float, str, str]] = []
    measured: dict[str, float] = {}
    for name in sorted(names, key=lambda n: (_CANDIDATES.get(n, _PROPOSED), n)):
        try:
            text = codecs.getincrementaldecoder(name)().decode(sample)
        except (ValueError, LookupError):
            continue
        if text not in measured:
            measured[text] = plausibility(text, _east(name))
            found.append((measured[text] - _CANDIDATES.get(name, _PROPOSED), name, text))
    return sorted(found, key=lambda entry: -entry[0])


@cache
def _east(name: str) -> Callable[[str], float] | None:
    return east_asian(*_EAST_ASIAN[name]) if name in _EAST_ASIAN else None


def _plain(sample: bytes) -> float:
    """Plausibility of what is ASCII in a sample, which is the same for every candidate."""
    return plausibility(_HIGH.sub(b" ", sample).decode("ascii"))


def _sample_of(data: bytes) -> bytes:
    """The lines with bytes beyond ASCII, as far as they are needed; whole lines where possible."""
    lines: list[bytes] = []
    size = 0
    for line in data.split(b"\n"):
        first = _HIGH.search(line)
        if first is None:
            continue
        lines.append(_around(line, first.start()) if len(line) > _LINE else line)
        size += len(lines[-1]) + 1
        if size >= _SAMPLE:
            break
    return b"\n".join(lines)


def _around(line: bytes, at: int) -> bytes:
    """A piece of a long line from a little before a place on."""
    gaps = (gap.end() for gap in _GAPS.finditer(line, max(at - 200, 0), at))
    return _cut(line[next(gaps, at) :], _LINE)


def _cut(data: bytes, size: int) -> bytes:
    """The beginning of bytes, ended where no character of any encoding can go on."""
    gaps = [gap.end() for gap in _GAPS.finditer(data, 0, size)]
    return data[: gaps[-1]] if gaps and 2 * gaps[-1] > size else data[:size]


def _is_damaged_utf8(data: bytes) -> bool:
    """Whether bytes are UTF-8 but for a few: broken off, or pasted together."""
    text = data.decode("utf-8", "replace")
    broken = text.count("\ufffd")
    sound = len(text) - len(_HIGH.sub(b"", data)) - broken if broken else 0
    return sound >= _MANY_SOUND * broken


def _proposed(data: bytes) -> list[str]:
    from charset_normalizer import from_bytes

    return [match.encoding for match in from_bytes(data[:_GUESS_BYTES])][:4]
