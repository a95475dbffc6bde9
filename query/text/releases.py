"""Release numbers as texts write them: notes headed "3.8.0 (2025-06-12)", "versions before 3.6".

Who asks for version 3.8.0 finds no "version 3.8.0" in such notes, and the numbers of the others set
the sections below them apart. A final zero says nothing: 4.0 is 4.0.0.
"""

import functools
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

HEADS: Final = frozenset({"version", "release"})
_PART: Final = r"(?:0|[1-9]\d{0,2})"
_TRIPLE: Final = rf"{_PART}\.(?:0|[1-9]\d?)\.{_PART}"
"""No date (05.03.24), and no thousands (1.200.500)."""
_BARE: Final = re.compile(
    rf"(?<![\w.,/-])(?<!\b(?i:section) )v?(?P<number>{_TRIPLE})(?![\w/-]|[.,]\d)"
)
_DATED: Final = (
    r"[(\[]|(?:[:–—-][ ]*)?(?:\d{1,4}\b|(?:un)?released\b"
    r"|(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*\b)"
)
_LINE: Final = re.compile(
    rf"^[ \t#*]*(?:(?:version|release)[ ]+)?v?(?P<number>{_PART}(?:\.{_PART}){{1,3}})(?![\d.])"
    rf"(?=[ \t*]*(?:$|[ ]?(?:{_DATED})))[^\n|]{{0,50}}$",
    re.MULTILINE | re.IGNORECASE,
)
"""A line that begins with a number and a date, or has nothing behind it."""
_AWAY: Final = (
    r"\b(?:since|from|after|before|until|than|between|up to|prior to|to|and)\s+(?:\S+\s+){0,2}?"
)


@dataclass(frozen=True, slots=True)
class Section:
    """What stands below the number of a release in a text, by its characters."""

    number: str
    start: int
    end: int


def bare_releases(question: str) -> tuple[str, ...]:
    """Return the releases that a question names by a number alone: "What's new in 3.8.0?"."""
    return tuple(dict.fromkeys(match["number"] for match in _BARE.finditer(question)))


def is_release(number: str) -> bool:
    """Tell whether a number has the form of a release, `3.8`."""
    return "." in number and number.replace(".", "").isdigit()


def are_same(one: str, other: str) -> bool:
    """Tell whether two numbers are of one release: 4.0 and 4.0.0."""
    return _key(one) == _key(other)


def sections(text: str) -> tuple[Section, ...]:
    """Return the sections of a text that are headed by the number of a release."""
    found = list(_LINE.finditer(text))
    ends = [*(match.start() for match in found), len(text)][1:]
    return tuple(
        Section(match["number"], match.start(), end) for match, end in zip(found, ends, strict=True)
    )


def names_release(text: str, head: str, number: str) -> bool:
    """Tell whether a text names a release by its number alone, or with another final zero.

    Args:
        text: Any text.
        head: What the number is of; a version is of whatever the text is about.
        number: Such as `3.8`.
    """
    if not is_release(number) or number.split(".", 1)[0] not in text:
        return False
    if head.lower() not in HEADS and head.lower() not in text.lower():
        return False
    written = (*_LINE.finditer(text), *_BARE.finditer(text), *_with_head(head).finditer(text))
    return any(are_same(match["number"], number) for match in written)


def is_in_span(text: str, head: str, number: str) -> bool:
    """Tell whether a text speaks of several numbers of which this is one: "versions before 3.6".

    "Since version 3.6" is none: what came then is not about a later one.
    """
    if head.lower() not in text.lower() or not number.replace(".", "").isdigit():
        return False
    asked = _key(number)
    return any(
        low <= asked and (asked < high or (closed and asked == high))
        for low, high, closed in _spans(text, head)
    )


def asks_beyond(question: str, number: str) -> bool:
    """Tell whether a question asks for what lies on one side of a release: "since version 3.6"."""
    return (
        re.search(rf"{_AWAY}v?{re.escape(number)}(?![\w.]*\d)", question, re.IGNORECASE) is not None
    )


_END: Final = (10**9,)


def _spans(text: str, head: str) -> Iterator[tuple[tuple[int, ...], tuple[int, ...], bool]]:
    for pattern, kind in _patterns(head):
        for match in pattern.finditer(text):
            one = _key(match["one"])
            if kind == "between":
                yield one, _key(match["other"]), True
            elif kind == "from":
                yield one, _END, True
            else:
                yield (), one, kind == "to"


@functools.lru_cache(maxsize=256)
def _patterns(head: str) -> tuple[tuple[re.Pattern[str], str], ...]:
    kind, one = re.escape(head), r"v?(?P<one>\d+(?:\.\d+)*)"
    ends, other = r"(?![\w%]|[.,]\d)", r"v?(?P<other>\d+(?:\.\d+)*)"
    less = r"(?:before|older than|earlier than|prior to|below)"
    every = (
        (rf"\b{kind}s\s+{one}\s*(?:to|through|until|[-–])\s*{other}{ends}", "between"),
        (rf"\b{kind}s?\s+{less}\s+{one}{ends}", "below"),
        (rf"\b{less}\s+{kind}\s+{one}{ends}", "below"),
        (rf"\b{kind}s?\s+(?:up to|until|through)\s+{one}{ends}", "to"),
        (rf"\b{kind}s?\s+{one}\s+(?:and|or)\s+(?:earlier|older|lower|below)\b", "to"),
        (
            rf"\b{kind}s?\s+{one}\s+(?:(?:and|or)\s+(?:later|newer|higher|above|up(?:wards)?)"
            rf"|onwards?)\b",
            "from",
        ),
    )
    return tuple((re.compile(pattern, re.IGNORECASE), name) for pattern, name in every)


@functools.lru_cache(maxsize=256)
def _with_head(head: str) -> re.Pattern[str]:
    return re.compile(
        rf"\b{re.escape(head)}s?\s+v?(?P<number>\d+(?:\.\d+)+)(?![\w])", re.IGNORECASE
    )


def _key(number: str) -> tuple[int, ...]:
    parts = [int(part[:9]) for part in number.split(".")]
    while len(parts) > 1 and not parts[-1]:
        parts.pop()
    return tuple(parts)
