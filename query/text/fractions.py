"""Fractions as texts write them: ½, 1½, 2 1/2, 1/2 litre, half a litre, three quarters of an hour.

Two numbers with a slash may as well be a ratio, a day or two houses ("24/7", "3/4/2021"): they are
a fraction behind a whole number and before a measure only.
"""

import re
import unicodedata
from decimal import Decimal
from typing import Final

SIGNS: Final = "¼½¾⅐⅑⅒⅓⅔⅕⅖⅗⅘⅙⅚⅛⅜⅝⅞"
"""One character each."""
_SLASH: Final = "\u2044"
"""Stands in fractions alone."""
# Written short: the patterns of values hold it a dozen times, and each pair tried costs.
_PROPER: Final = (
    r"(?:1/2|[12]/3|[1-3]/4|[1-4]/5|[1-5]/6|[1-7]/8|[1-9]/10|(?:[1-9]|1[0-5])/16"
    r"|(?:[1-9]|[12][0-9]|3[01])/32)(?![\d/]|\.\d)"
)
"""Below one, of the parts in which things are measured."""
_MEASURE: Final = (
    r"(?:seconds?|minutes?|hours?|days?|weeks?|months?|years?|lit(?:re|er)s?|pints?|gallons?|cups?"
    r"|(?:tea|table)spoons?|inch(?:es)?|foot|feet|yards?|miles?|(?:centi|milli|kilo)?met(?:re|er)s?"
    r"|ounces?|pounds?|tonnes?|tons?|(?:kilo)?grams?|acres?|hectares?|pages?|per\s?cent|million"
    r"|billion|tbsp|tsp|oz|lb|kg|km|cm|mm|ml|[glm])\b"
)
_OF: Final = r"(?:\s+(?:of\s+)?an?\b)?"
_SOLIDUS: Final = rf"\d{{1,3}}\s?{_SLASH}\s?[1-9]\d{{0,2}}(?!\d)"

BEHIND: Final = rf"(?:[ \u00a0\u2009\u202f]?[{SIGNS}]|[ \u00a0-]{_PROPER}|[ \u00a0]{_SOLIDUS})?"
"""What makes a mixed number of a whole one, as a pattern."""
ALONE: Final = (
    rf"(?<![\d.,/])(?:[{SIGNS}]{_OF}|{_SOLIDUS}{_OF}"
    rf"|(?<!\d-){_PROPER}(?=[\s-](?:(?:of\s+)?an?\s+)?{_MEASURE}){_OF})"
)
"""A fraction of one thing in figures, as a pattern."""
_PARTS: Final = {
    "half": 2, "third": 3, "quarter": 4, "fifth": 5, "sixth": 6, "eighth": 8, "tenth": 10,
}  # fmt: skip
_MANY: Final = {"a": 1, "an": 1, "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "seven": 7}
_NAMED: Final = "|".join(part for part in _PARTS if part != "half")
SPELT: Final = (
    rf"\b(?:(?:(?:a|one)[\s-])?half(?:\s+(?:of\s+)?an?\b(?!\s+dozen\b)|(?=[\s-]{_MEASURE}))"
    rf"|(?:{'|'.join(_MANY)})[\s-](?:{_NAMED})s?\s+of\s+an?\b)"
)
"""A fraction of one thing in words, as a pattern."""
AND_PART: Final = (
    r"\sand\s(?:an?|one|two|three)[\s-](?:half|thirds?|quarters?)\b(?!\s+(?:of|an?)\b)"
)
"""A fraction in words behind a whole number, as a pattern."""
WORDS: Final = frozenset(_PARTS) | {f"{part}s" for part in _PARTS}

_SIGN: Final = re.compile(rf"[{SIGNS}]")
_FIGURES: Final = re.compile(r"(?<!\d)(?P<above>\d{1,3})\s?/\s?(?P<below>\d{1,3})")
_TAIL: Final = re.compile(rf"(?:(?P<many>[a-z]+)[\s-])?(?P<part>half|{_NAMED})s?\b")
_AND: Final = re.compile(r"\s+and\s*$")


def split_fraction(written: str) -> tuple[str, Decimal]:
    """Return what stands before the fraction of a number, and the fraction; 0 where it has none.

    Args:
        written: In small letters, as a pattern found it: `1½`, `two and a half`, `half a`.
    """
    figures = _SIGN.sub(lambda sign: f" {unicodedata.normalize('NFKC', sign.group())}", written)
    figures = figures.replace(_SLASH, "/")
    found = _FIGURES.search(figures)
    if found:
        return figures[: found.start()].rstrip(" \u00a0\u2009\u202f-"), _share(*found.groups())
    spelt = _TAIL.search(written)
    if spelt is None:
        return written, Decimal(0)
    above = _MANY.get(spelt["many"] or "a", 1)
    return _AND.sub("", written[: spelt.start()]), _share(above, _PARTS[spelt["part"]])


def _share(above: str | int, below: str | int) -> Decimal:
    return Decimal(above) / Decimal(below)
