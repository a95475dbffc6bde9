"""Undoes what hides an instruction from readers and rules, but not from a model.

Visible disguises (base64, hex, rot13, digits for letters, look-alike letters, reversed words) stand
in the cleaned text. Smuggled text (tag characters, variation selectors, zero-width bits) is taken
out by the cleaner, so it is read from the text before cleaning.
"""

import base64
import binascii
import codecs
import re
import unicodedata
from collections.abc import Iterator
from typing import NamedTuple

from ingestion.cleaning import TAG_FLAG


class Disguised(NamedTuple):
    """A place in a text, and what it says once the disguise is off."""

    way: str
    """`base64`, `hex`, `rot13`, `leetspeak`, `homoglyphs`, `reversed`; `tags`,
    `variation_selectors` or `zero_width` for text that cannot be seen."""
    start: int
    end: int
    plain: str


RESPELT = frozenset({"leetspeak", "homoglyphs"})
"""Ways that change single characters: the rest of the line is as it was, in the same places."""
SHORTEST = 4
"""Decoded text shorter than this is noise."""

_BASE64 = re.compile(r"(?<![\w+/=-])[A-Za-z0-9+/_-]{24,}+={0,2}(?![\w+/=])")
_HEX = re.compile(
    r"(?<!\w)(?:0x)?[0-9a-fA-F]{32,8000}(?!\w)"
    r"|(?<!\w)(?:(?:\\x|0x|%)?[0-9a-fA-F]{2},?[ :\n]?){16,2000}"
)
_HEX_MARKS = re.compile(r"\\x|0x|[% ,:\n]")
# Encoders break their output into lines of one width; a page shows the breaks as blanks.
_BROKEN = re.compile(
    r"(?<![\w+/=-])[\w+/-]{16,}+(?:[ \n][\w+/-]{16,}+)*(?:[ \n][\w+/-]++)={0,2}", re.ASCII
)
_PIECE = re.compile(r"[^ \n]+")
# Words that rot13 makes of the commonest English ones; two in a line are no accident.
_ROT13 = re.compile(
    r"\b(?:gur|naq|lbhe?|nyy|guvf|jvgu|vtaber|cerivbhf|vafgehpgvbaf?|cebzcg|flfgrz|nafjre|erfcbafr|"
    r"erirny|cevag|fraq|qvfertneq|sbetrg|nobir|cyrnfr|hfre|bhgchg|jevgr|nqq|pbqr|sbyybjvat|"
    r"vapyhqr|sbe|bs|jung|ubj|rirel)\b",
    re.IGNORECASE,
)
_LEET_WORD = re.compile(
    r"(?<![\w@$])(?=[\w@$!|]{0,19}[A-Za-z])(?=[\w@$!|]{0,19}[013457@$!|])[\w@$!|]{3,20}(?![\w@$])"
)
_LEET = str.maketrans("013457@$!|", "oieastasil")
# The same with words spelt backwards.
_REVERSED = re.compile(
    r"\b(?:eht|ruoy|siht|htiw|morf|uoy|lla|erongi|suoiverp|snoitcurtsni?|tpmorp|metsys|rewsna|"
    r"esnopser|etirw|dnes|dda|edoc|gniwollof|edulcni|laever|tnirp|drager?sid|tegrof|evoba|esaelp|"
    r"resu|tuptuo|tahw|woh)\b",
    re.IGNORECASE,
)
_LINE = re.compile(r"[^\n]+")
_WORD = re.compile("[\\w\u24b6-\u24e9\U0001f130-\U0001f149]+")
"""Circled and squared letters are symbols to `re`."""
# Letters of other scripts that look like Latin ones, the common part of Unicode's confusables.
_PAIRS = (
    "аa АA вb ВB сc СC ԁd еe ЕE ёe нh НH һh іi ІI јj ЈJ кk КK ӏl мm МM оo ОO "
    "пn рp РP ԛq ѕs ЅS тt ТT уy УY ԝw хx ХX гr ѵv "
    "ΑA αa ΒB ΕE εe ΖZ ΗH ΙI ιi ΚK κk ΜM ΝN νv ΟO οo ΡP ρp ΤT τt ΥY υu ΧX χx ɡg ɩi ıi օo ոn սu"
)
_LOOKALIKES = {pair[0]: pair[1] for pair in _PAIRS.split()}

# A flag ends with a tag of its own; what else follows the sign of a flag is text like any other.
_TAGS = re.compile(f"{TAG_FLAG}|(?P<text>[\U000e0020-\U000e007f]{{{SHORTEST},}})")
_SELECTORS = re.compile(f"[\ufe00-\ufe0f\U000e0100-\U000e01ef]{{{SHORTEST},}}")
_ZERO_WIDTH = re.compile(f"[\u200b-\u200d\u2060\u2062\u2063\u180e\ufeff]{{{8 * SHORTEST},}}")


def undisguise(text: str) -> Iterator[Disguised]:
    """Find the visible disguises of a text and take them off; it may mean nothing then."""
    for way, pattern, decode in (("base64", _BASE64, _from_base64), ("hex", _HEX, _from_hex)):
        for match in pattern.finditer(text):
            if (plain := decode(match.group())) is not None:
                yield Disguised(way, match.start(), match.end(), plain)
        for start, end in _broken(text):
            if (plain := decode("".join(text[start:end].split()))) is not None:
                yield Disguised(way, start, end, plain)
    for line in _LINE.finditer(text):
        yield from (
            Disguised(way, line.start(), line.end(), plain)
            for way, plain in _plain_lines(line.group())
        )


def _broken(text: str) -> Iterator[tuple[int, int]]:
    """Find runs of pieces of one width, each alone and with a shorter piece behind it."""
    for run in _BROKEN.finditer(text):
        spans = [piece.span() for piece in _PIECE.finditer(text, *run.span())]
        widths = [end - start for start, end in spans]
        at = 0
        while at < len(spans):
            behind = at + 1
            while behind < len(spans) and widths[behind] == widths[at]:
                behind += 1
            if behind - at > 1:
                yield spans[at][0], spans[behind - 1][1]
            if behind < len(spans) and widths[behind] < widths[at]:
                yield spans[at][0], spans[behind][1]
            at = behind


def _plain_lines(line: str) -> Iterator[tuple[str, str]]:
    if len(_ROT13.findall(line)) >= 2:
        yield "rot13", codecs.encode(line, "rot13")
    if sum(map(_is_leet, _LEET_WORD.findall(line))) >= 2:
        yield "leetspeak", _LEET_WORD.sub(lambda m: m.group().translate(_LEET), line)
    if len(_REVERSED.findall(line)) >= 2:
        yield "reversed", line[::-1]
    if not line.isascii():
        latin = _in_latin_letters(line)
        if latin != line:
            yield "homoglyphs", latin


def _is_leet(word: str) -> bool:
    """Whether a word is more letters than digits, as part numbers and hashes are not."""
    return 2 * sum(char.isalpha() for char in word) > len(word)


def _in_latin_letters(line: str) -> str:
    """Spell words in Latin letters that mix them with look-alikes, or are drawn in fancy ones.

    A whole word of look-alikes is Greek or Russian, unless it stands in an English line.
    """
    letters = [char for char in line if char.isalpha()]
    english = 2 * sum(map(str.isascii, letters)) > len(letters)

    def spell(match: re.Match[str]) -> str:
        word = match.group()
        if word.isascii() or (len(word) == 1 and word in _LOOKALIKES):
            return word  # a letter alone is a symbol, such as the ν of a formula
        plain = "".join(_letter(char) for char in word)
        mixed = english or any(char.isascii() or char not in _LOOKALIKES for char in word)
        return plain if mixed and plain.isascii() else word

    return _WORD.sub(spell, line)


def smuggled(text: str) -> Iterator[Disguised]:
    """Find text in characters that cannot be seen, in a text that was not cleaned."""
    if text.isascii():
        return
    for match in _TAGS.finditer(text):
        if match["text"] is None:
            continue
        plain = "".join(chr(ord(char) - 0xE0000) for char in match.group())
        yield Disguised("tags", match.start(), match.end(), plain.strip("\x7f"))
    for match in _SELECTORS.finditer(text):
        values = bytes(
            code - 0xFE00 if code < 0x10000 else code - 0xE0100 + 16
            for code in map(ord, match.group())
        )
        if (hidden := _readable(values)) is not None:
            yield Disguised("variation_selectors", match.start(), match.end(), hidden)
    for match in _ZERO_WIDTH.finditer(text):
        if (hidden := _from_bits(match.group())) is not None:
            yield Disguised("zero_width", match.start(), match.end(), hidden)


def _from_base64(blob: str) -> str | None:
    bare = blob.rstrip("=").replace("-", "+").replace("_", "/")
    try:
        return _readable(base64.b64decode(bare + "=" * (-len(bare) % 4), validate=True))
    except (binascii.Error, ValueError):
        return None


def _from_hex(blob: str) -> str | None:
    digits = _HEX_MARKS.sub("", blob)
    try:
        return _readable(bytes.fromhex(digits))
    except ValueError:
        return None


def _from_bits(run: str) -> str | None:
    """Read a run of two or more invisible characters as bits, whichever of them means one."""
    kinds = sorted(set(run), key=run.count, reverse=True)[:2]
    if len(kinds) < 2:
        return None
    for one in kinds:
        bits = "".join("1" if char == one else "0" for char in run if char in kinds)
        whole = len(bits) // 8 * 8
        values = bytes(int(bits[at : at + 8], 2) for at in range(0, whole, 8))
        if (plain := _readable(values)) is not None:
            return plain
    return None


def _readable(values: bytes) -> str | None:
    """Return the text that bytes are, unless they are no text."""
    try:
        plain = values.decode("utf-8").strip("\0 \r\n\t")
    except UnicodeDecodeError:
        return None
    fine = sum(char.isprintable() or char in "\n\t" for char in plain)
    return plain if len(plain) >= SHORTEST and fine == len(plain) else None


def _letter(char: str) -> str:
    if char.isascii():
        return char
    if char in _LOOKALIKES:
        return _LOOKALIKES[char]
    # Full-width, mathematical, circled and squared letters; an umlaut stays what it is, and so does
    # a raised or lowered sign, as in m².
    folded = unicodedata.normalize("NFKC", char)
    raised = unicodedata.decomposition(char).startswith(("<super>", "<sub>"))
    return folded if len(folded) == 1 and not raised else char
