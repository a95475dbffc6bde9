"""Find typed values in a text: money, percentages, durations, dates, times, plain numbers."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import Final

from query.words import NUMBER_WORDS, stem

_MONTHS: Final = (
    "january", "february", "march", "april", "may", "june", "july", "august", "september",
    "october", "november", "december",
)  # fmt: skip
_MONTH_NUMBERS: Final = {name: i + 1 for i, name in enumerate(_MONTHS)} | {
    name[:3]: i + 1 for i, name in enumerate(_MONTHS)
}
_MONTH: Final = (
    r"(?:" + "|".join(f"{m[:3]}(?:{m[3:]})?" for m in _MONTHS if m != "may") + r"|May)\b\.?"
)
_NUMBER: Final = r"\d{1,3}(?:[,\u2009\u202f]\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?"
_WORDS: Final = "|".join(sorted((w for w in NUMBER_WORDS if w != "one"), key=len, reverse=True))
_UNITS: Final = (
    r"seconds?|minutes?|mins?|hours?|hrs?|(?:business |working |calendar )?days?|weeks?|months?"
    r"|years?|quarters?|decades?|centur(?:y|ies)"
)
_SCALE: Final = {
    "thousand": 1e3,
    "k": 1e3,
    "million": 1e6,
    "m": 1e6,
    "billion": 1e9,
    "bn": 1e9,
    "trillion": 1e12,
}

_PATTERN: Final = re.compile(
    "|".join(
        (
            r"(?P<iso>\b\d{4}-\d{2}-\d{2}\b)",
            rf"(?P<dmy>\b(?P<dmy_d>\d{{1,2}})(?:st|nd|rd|th)?\s+(?:of\s+)?(?P<dmy_m>{_MONTH}),?(?:\s+(?P<dmy_y>\d{{4}}))?\b)",
            rf"(?P<mdy>\b(?P<mdy_m>{_MONTH})\s+(?P<mdy_d>\d{{1,2}})(?:st|nd|rd|th)?\b(?:,?\s+(?P<mdy_y>\d{{4}}))?)",
            rf"(?P<my>\b(?P<my_m>{_MONTH}),?\s+(?P<my_y>\d{{4}})\b)",
            r"(?P<time>\b\d{1,2}:\d{2}(?:\s?[ap]\.?m\.?)?|\b\d{1,2}\s?(?:[ap]m\b|[ap]\.m\.))",
            rf"(?P<money>(?:(?:US|A|C)?[$€£¥]|\b(?:EUR|USD|GBP|CHF)\b)\s?(?P<money_a>{_NUMBER})\s?(?P<money_s>thousand|million|billion|trillion|bn|[km]\b)?)",
            rf"(?P<money2>(?P<money2_a>{_NUMBER})\s?(?P<money2_s>thousand|million|billion|trillion|bn)?\s?(?P<money2_u>€|£|\b(?:EUR|USD|GBP|CHF|euros?|dollars?|pounds?|cents?|francs?)\b))",
            rf"(?P<percent>(?P<percent_a>{_NUMBER})\s?(?:%|per\s?cent\b|percent\b))",
            rf"(?P<duration>(?P<duration_a>{_NUMBER}|\b(?:one|{_WORDS})\b)[\s-]+(?:full\s+|consecutive\s+)?(?P<duration_u>{_UNITS})\b)",
            r"(?P<year>\b(?:1[0-9]|20)\d{2}\b(?!\s?[a-z%])|\b(?:1[0-9]|20)\d{2}\b(?=\s(?:and|to|in|by|the|when|as|with|was|at|for|on|after)\b))",
            rf"(?P<number>(?<![\w.-])(?P<number_a>{_NUMBER}|\b(?:{_WORDS})\b)(?:\s?(?P<number_s>thousand|million|billion|trillion)\b)?(?!\w))",
        )
    ),
    re.IGNORECASE,
)  # fmt: skip


_SEPARATORS: Final = re.compile(r"[,\u2009\u202f]")
_EXACT_DIGITS: Final = 12
"""Digits of a number that are kept where it is computed with."""
_RUN: Final = re.compile(r"\w+")
_DIGITS: Final = frozenset("0123456789")
_COUNTING: Final = frozenset(NUMBER_WORDS) | {"one"}


class ValueKind(StrEnum):
    """What a value measures."""

    NUMBER = "number"
    MONEY = "money"
    PERCENT = "percent"
    DURATION = "duration"
    DATE = "date"
    TIME = "time"


@dataclass(frozen=True, slots=True)
class Value:
    """A value in a text; equal `kind`, `unit` and `amount` mean the same value."""

    kind: ValueKind
    amount: str
    """Normalised: `1500`, `2024-03-01`, `--03-01` (no year), `2024`, `9:30`."""
    unit: str
    """Stem of the unit or of the word that follows a plain number; empty where unknown."""
    text: str
    start: int
    end: int


def find_values(text: str) -> tuple[Value, ...]:
    """Return the values in `text` in order, without overlaps."""
    return tuple(_found(text)) if _may_have(text) else ()


def first_value(text: str) -> Value | None:
    """Return the first value in a text without reading on: it may be a whole question."""
    return next(_found(text), None) if _may_have(text) else None


def _may_have(text: str) -> bool:
    """Spare the patterns what has neither a digit nor the word of a number: most sentences."""
    if not text.isascii():
        return True
    runs = _RUN.findall(text.lower())
    return not _COUNTING.isdisjoint(runs) or not _DIGITS.isdisjoint(text)


def _found(text: str) -> Iterator[Value]:
    for match in _PATTERN.finditer(text):
        group = next(g for g in _KINDS if match.group(g) is not None)
        kind, amount, unit = _read(group, match, text)
        yield Value(kind, amount, unit, match.group().strip(), match.start(), match.end())


def _read(group: str, match: re.Match[str], text: str) -> tuple[ValueKind, str, str]:
    kind = _KINDS[group]
    if kind is ValueKind.DATE:
        return kind, _date(group, match), ""
    if kind is ValueKind.TIME:
        return kind, re.sub(r"[\s.]", "", match.group().lower()), ""
    written = match.group(f"{group}_a")
    scale = match.groupdict().get(f"{group}_s")
    amount = _normalised(written, _SCALE[scale.lower()] if scale else 1.0)
    if kind is ValueKind.DURATION:
        return kind, amount, stem(match.group("duration_u").lower().split()[-1].rstrip("s"))
    if kind is ValueKind.NUMBER:
        following = re.match(r"\s+([A-Za-z]{3,})", text[match.end() :])
        return kind, amount, stem(following.group(1).lower()) if following else ""
    return kind, amount, ""


def _date(group: str, match: re.Match[str]) -> str:
    if group in {"iso", "year"}:
        return match.group()
    month = _MONTH_NUMBERS[match.group(f"{group}_m").lower().rstrip(".")[:3]]
    year = match.group(f"{group}_y") or "-"
    return (
        f"{year}-{month:02d}"
        if group == "my"
        else f"{year}-{month:02d}-{int(match.group(f'{group}_d')):02d}"
    )


def _normalised(written: str, scale: float) -> str:
    amount = f"{_amount(written) * scale:.12g}"
    if scale == 1.0 and sum(map(str.isdecimal, written)) > _EXACT_DIGITS:
        # A serial or account number: rounded, it would be the same as the next ones.
        return f"{Decimal(_SEPARATORS.sub('', written)).normalize():f}"
    return amount


def _amount(written: str) -> float:
    word = written.lower()
    if word in NUMBER_WORDS:
        return float(NUMBER_WORDS[word])
    return float(_SEPARATORS.sub("", word))


_KINDS: Final = {
    "iso": ValueKind.DATE,
    "dmy": ValueKind.DATE,
    "mdy": ValueKind.DATE,
    "my": ValueKind.DATE,
    "time": ValueKind.TIME,
    "money": ValueKind.MONEY,
    "money2": ValueKind.MONEY,
    "percent": ValueKind.PERCENT,
    "duration": ValueKind.DURATION,
    "year": ValueKind.DATE,
    "number": ValueKind.NUMBER,
}


def same_value(one: Value, other: Value) -> bool:
    """Tell whether two values say the same; a date without a year matches one with it."""
    if one.kind is not other.kind:
        return one.amount == other.amount
    if one.kind is ValueKind.DATE:
        short, long = sorted((one.amount.lstrip("-"), other.amount.lstrip("-")), key=len)
        return long.startswith(short) or long.endswith(short)
    return one.amount == other.amount and (one.unit == other.unit or not (one.unit and other.unit))
