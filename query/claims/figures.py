"""A value with the thing it counts, and when two of them say the same or could differ.

`14 beds` and `14 visitors` are the same number and no support for each other; `18:00` is no 18, and
`15 minutes` no 15. A day has 24 hours, but two working days are no 48 hours.
"""

import functools
import math
import re
from dataclasses import dataclass, replace
from typing import Final

from query.claims.singles import with_singles
from query.text.fractions import SIGNS
from query.text.units import MONEY_BEFORE, is_same_currency, seconds_of
from query.text.values import Value, ValueKind, find_values, is_date_said, may_be_one_day
from query.text.words import stems, table

_COUNTED_WORDS: Final = re.compile(r"(?:[ -]+[A-Za-z°µ][\w-]*){0,3}")
_YEAR: Final = re.compile(r"(?:1[0-9]|20)\d{2}")
_NAMING: Final = re.compile(r"(?<![.!?]\s)\b[A-Z][A-Za-z]+[ -]$")
_NOT_NAMING: Final = table(
    "in on at by to from of the a an and or for with within after before between until since about "
    "than only over under up last first next is are was were has have may at most least aged age"
)
_LONGEST_NAME: Final = 40
"""Characters before a number that are looked at for a word which it makes a name of."""
_BEFORE: Final = re.compile(r"[\d/]+$")
_BEHIND: Final = re.compile(r"[\d/]+")
_ZEROS: Final = re.compile(r"(?<![\d.])0+(?=\d)")
_MINUS: Final = re.compile(
    rf"(?:(?<![^\s(:=|])[-\u2212]|\bminus\s)(?:{MONEY_BEFORE}\s?)?"
    rf"(?P<amount>(?:\d+(?:[.,]\d+)*)?[{SIGNS}]|\d+(?:[.,]\d+)*)",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Figure:
    """A value and what it is of."""

    value: Value
    counted: frozenset[str] = frozenset()
    """Stems of what a plain number may count: `14 hospital beds`. Empty where nothing says it."""

    @property
    def bare(self) -> "Figure":
        """The same value of anything."""
        return replace(self, counted=frozenset())


@functools.lru_cache(maxsize=1024)
def values_of(text: str) -> tuple[Value, ...]:
    """Return the values in a text; the last texts are remembered, since each is asked for often."""
    return with_singles(text, find_values(text))


def figures_in(text: str) -> tuple[Figure, ...]:
    """Return the values in a text with what they count; numbers in names are none: `Tern 4`."""
    return tuple(
        _figure(value, text)
        for value in values_of(text)
        if not naming_word(value, text) and not is_ratio(value, text)
    )


def _figure(value: Value, text: str) -> Figure:
    if value.kind is not ValueKind.NUMBER:
        return Figure(value)
    behind = _COUNTED_WORDS.match(text, value.end)
    counted: list[str] = []
    for word in behind.group().replace("-", " ").split() if behind else []:
        found = stems(word)
        if not found:
            break
        counted += found
    if not counted and _YEAR.fullmatch(value.text):  # "Since 2015 it has …"
        return Figure(replace(value, kind=ValueKind.DATE, unit=""))
    return Figure(value, frozenset(counted))


def naming_word(value: Value, text: str) -> str:
    """Return the word of which a number makes a name, `Tern` of `Tern 4`; empty where it counts."""
    if value.kind is not ValueKind.NUMBER or not value.text[0].isdigit():
        return ""
    match = _NAMING.search(text[max(0, value.start - _LONGEST_NAME) : value.start])
    word = match.group().strip(" -") if match else ""
    return "" if word.lower() in _NOT_NAMING else word


def is_ratio(value: Value, text: str) -> bool:
    """Tell whether a number is part of something like `24/7`."""
    return "/" in {text[max(0, value.start - 1) : value.start], text[value.end : value.end + 1]}


def ratio_of(value: Value, text: str) -> tuple[str, str, str]:
    """Return a number with what stands before and behind it in a ratio: 3/4/2021 is not 4/3/2021.

    Args:
        value: Part of a ratio in the text.
        text: Where it stands.
    """
    before = _BEFORE.search(text[max(0, value.start - _LONGEST_NAME) : value.start])
    behind = _BEHIND.match(text, value.end)
    sides = (side.group() if side else "" for side in (before, behind))
    left, right = (_ZEROS.sub("", side) for side in sides)
    return left, value.amount, right


def negatives_in(text: str) -> frozenset[str]:
    """Return the amounts of a text that have a minus before them, as numbers without separators."""
    return frozenset(_ZEROS.sub("", m["amount"].replace(",", "")) for m in _MINUS.finditer(text))


def is_same(one: Figure, other: Figure) -> bool:
    """Tell whether two figures say the same of the same kind of thing.

    Args:
        one: Of a claim.
        other: Of the evidence; a date must be at least as exact there, but for its year.
    """
    mine, theirs = one.value, other.value
    if mine.kind is not theirs.kind:
        # A plain number may be of any kind; 20 % are no $20.
        plain = ValueKind.NUMBER in {mine.kind, theirs.kind} and mine.amount == theirs.amount
        return plain and _may_be(one, theirs) and _may_be(other, mine)
    match mine.kind:
        case ValueKind.DATE:
            return is_date_said(mine, theirs)
        case ValueKind.TIME:
            return _minutes(mine) == _minutes(theirs)
        case ValueKind.DURATION:
            return _lasts_as_long(mine, theirs)
        case ValueKind.MONEY:
            return mine.amount == theirs.amount and is_same_currency(mine.text, theirs.text)
    return mine.amount == theirs.amount and _of_one_kind(one.counted, other.counted)


def could_differ(one: Figure, other: Figure) -> bool:
    """Tell whether two figures are of one kind and unit, so that one could stand for the other."""
    if one.value.kind is not other.value.kind:
        return False
    if one.value.kind is ValueKind.DATE:
        return not may_be_one_day(one.value, other.value)
    return one.value.kind is not ValueKind.NUMBER or _of_one_kind(one.counted, other.counted)


def _may_be(one: Figure, other: Value) -> bool:
    """Tell whether a number may be a value of another kind: "15" under "Minutes", or a year."""
    if one.value.kind is not ValueKind.NUMBER:
        return True
    if other.kind is ValueKind.TIME:
        return False
    free = other.kind is ValueKind.DATE or not one.counted
    return free or not one.counted.isdisjoint(stems(other.text))


def _of_one_kind(one: frozenset[str], other: frozenset[str]) -> bool:
    if not one or not other or one & other:
        return True
    # Metres and meters.
    return any(a[:3] == b[:3] and abs(len(a) - len(b)) == 1 for a in one for b in other)


def _lasts_as_long(one: Value, other: Value) -> bool:
    if (one.amount, one.unit) == (other.amount, other.unit):
        return True
    mine, theirs = (seconds_of(value.amount, value.unit, value.text) for value in (one, other))
    return mine is not None and theirs is not None and math.isclose(mine, theirs)


def _minutes(value: Value) -> int | str:
    match = re.match(r"(\d{1,2})(?::(\d{2}))?([ap])?", value.amount)
    if match is None:
        return value.amount
    hours = int(match[1])
    if match[3]:
        hours = hours % 12 + (12 if match[3] == "p" else 0)
    return 60 * hours + int(match[2] or 0)
