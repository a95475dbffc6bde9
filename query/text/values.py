"""Find typed values in a text: money, percentages, durations, dates, times, plain numbers."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import MAX_PREC, Context, Decimal
from enum import StrEnum
from typing import Final

from query.text.fractions import ALONE, AND_PART, BEHIND, SIGNS, SPELT, WORDS, split_fraction
from query.text.units import (
    MONEY_BEFORE,
    MONEY_BEGINS,
    MONEY_BEHIND,
    MONEY_LETTERS,
    is_same_currency,
    may_last_as_long,
    seconds_of,
)
from query.text.words import NUMBER_WORDS, ONES, TENS, stem

MONTHS: Final = (
    "january", "february", "march", "april", "may", "june", "july", "august", "september",
    "october", "november", "december",
)  # fmt: skip
_MONTH_NUMBERS: Final = {name: i + 1 for i, name in enumerate(MONTHS)} | {
    name[:3]: i + 1 for i, name in enumerate(MONTHS)
}
_MONTH: Final = (
    r"(?:" + "|".join(f"{m[:3]}(?:{m[3:]})?" for m in MONTHS if m != "may") + r"|May)\b\.?"
)
_NUMBER: Final = (
    # Never from the middle of a number on: "5 %" is no part of "3,5 %", nor of a thousand digits.
    rf"(?:{ALONE}|(?<!\d)(?<!\d\.)(?:"
    r"(?<!\d[,'’])(?!0,)\d{1,3}(?:[,'’\u2009\u202f]\d{3})+(?:\.\d+)?"
    r"|\d{1,3}(?:\.\d{3})+,\d{1,2}(?!\d)"
    r"|(?<!\d,)\d+,\d{1,2}(?![\d,])|(?<![\d,])0,\d+(?![\d,])"
    rf"|\d{{1,3}}(?!\d|\.\d){BEHIND}|\d+(?:\.\d+)?))"
)
_SPACED: Final = r"(?<![\w.,])(?<!\d )\d{1,3}(?:[ \u00a0]\d{3})+(?:[.,]\d{1,2})?(?!\d)"
"""Thousands parted by blanks, which is read before or behind a currency only."""
PER_MEASURE: Final = r"(?:/|(?:per|an?|pro|je)\s)\s?(?:l\b|lit|gal|kwh|pound|dollar)"
"""What prices with three decimals are counted by, as a pattern."""
EUROS: Final = (
    r"(?!0)\d{1,3}(?:\.\d{3})+(?![.,]?\d)(?!\s?(?:thousand|[mb]illion|trillion|bn|mio|mrd|[km]\b))"
    rf"(?!\s?(?:€|eur\b|euros?\b)?\s?{PER_MEASURE})"
)
"""Thousands parted by points, as a pattern: of euros nobody writes three decimals but at pumps.
Without the currency `1.500` is one and a half."""
_ENDS: Final = (
    r"(?:(?!\w)(?!(?:[.,]\d+)+[^\W\d_])"
    r"|(?:(?<=[.,]\d)|(?<=[.,]\d\d)|(?<=\.\d\d\d))(?=[A-Za-zµ]{1,3}\b))"
)
"""Behind a plain number: of `4.5kg` the decimals belong to it, of `3,000円` nothing is read."""
_SIGN: Final = rf"(?:(?<![\w.,)\]%°'’-])(?<!\d )[-−–](?=[\d{SIGNS}]))?"
_LOSS: Final = r"(?<![\w.,)\]%°'’-])(?<!\d )[-−]"
"""A minus before the sign of a currency."""
_BELOW_ZERO: Final = (
    rf"{_SIGN}(?={_NUMBER}\s?(?:°|degrees?\b))|(?<![\w)\]])(?<!\d )−(?=[\d{SIGNS}])|(?<![\w.-])"
)
"""Of a plain number only a real minus, or one before degrees: `-9` is an option as well."""
_BELOW_100: Final = "|".join(
    (
        rf"(?:{'|'.join(TENS.split())})(?:-(?:{ONES})|\s(?:{ONES})\b(?!-))?",
        *sorted({*NUMBER_WORDS} - {"one", *TENS.split()}, key=lambda w: (-len(w), w)),
    )
)
_HUNDREDS: Final = (
    rf"(?:an?|one|{_BELOW_100})\shundred(?:\s(?:and\s)?(?:{_BELOW_100}|one)\b)?|{_BELOW_100}"
)
_WORDS: Final = rf"(?:one|{_HUNDREDS})\sthousand\s(?:and\s)?(?:{_HUNDREDS})|{_HUNDREDS}"
_HALF: Final = rf"(?:{AND_PART})?"
_UNITS: Final = (
    r"seconds?|minutes?|mins?|hours?|hrs?|(?:business |working |calendar )?days?|weeks?|months?"
    r"|years?|quarters?|decades?|centur(?:y|ies)"
)
_SCALE: Final = {
    "thousand": Decimal(10**3),
    "k": Decimal(10**3),
    "million": Decimal(10**6),
    "m": Decimal(10**6),
    "billion": Decimal(10**9),
    "bn": Decimal(10**9),
    "trillion": Decimal(10**12),
}
_EXACT: Final = Context(prec=MAX_PREC)
"""An article number of 13 digits is another one where the last differs."""
_BLANK: Final = re.compile(r"[\s'’\u2009\u202f]")
_COMMA: Final = re.compile(r",\d{1,2}$|^[-–]?0,\d+$")
"""A comma before the last one or two figures, or behind a zero, parts no thousands."""

_FIRST_WORDS: Final = "|".join(
    (r"an?\b|half", MONEY_LETTERS, *(m[:3] for m in MONTHS), *sorted(NUMBER_WORDS))
)
_INITIALS: Final = "".join(sorted({w.lstrip("(?-i:")[0].lower() for w in _FIRST_WORDS.split("|")}))
_BEGINS: Final = rf"(?=[\d{SIGNS}−–-]|{MONEY_BEGINS}|\b(?=[{_INITIALS}])(?:{_FIRST_WORDS}))"
"""How each of the values begins: elsewhere none of the patterns, long as they are, is tried."""

_PATTERN: Final = re.compile(
    _BEGINS + "(?:" + "|".join(
        (
            r"(?P<iso>\b\d{4}-\d{2}-\d{2}\b)",
            r"(?P<dots>(?<![\w.-])(?P<dots_d>0?[1-9]|[12]\d|3[01])\.\s?(?P<dots_m>0?[1-9]|1[0-2])\.\s?(?P<dots_y>[12]\d{3})(?![\w-]|\.\d))",
            rf"(?P<dmy>\b(?P<dmy_d>\d{{1,2}})(?:st|nd|rd|th|\.(?=\s{_MONTH}\s\d{{4}}))?\s+(?:of\s+)?(?P<dmy_m>{_MONTH}),?(?:\s+(?P<dmy_y>\d{{4}}))?\b)",
            rf"(?P<mdy>\b(?P<mdy_m>{_MONTH})\s+(?P<mdy_d>\d{{1,2}})(?:st|nd|rd|th)?\b(?:,?\s+(?P<mdy_y>\d{{4}}))?)",
            rf"(?P<my>\b(?P<my_m>{_MONTH}),?\s+(?P<my_y>\d{{4}})\b)",
            r"(?P<time>\b\d{1,2}:\d{2}(?:\s?[ap]\.?m\.?)?|\b\d{1,2}\s?(?:[ap]m\b|[ap]\.m\.))",
            rf"(?P<euro>(?P<euro_n>{_LOSS})?(?:€|\bEUR\b)\s?(?P<euro_a>{EUROS}))",
            rf"(?P<euro2>(?P<euro2_a>{_SIGN}(?<![\w.,]){EUROS})(?:,[-–—]{{1,2}})?\s?(?:€|\b(?:EUR|euros?)\b))",
            rf"(?P<money>(?P<money_n>{_LOSS})?{MONEY_BEFORE}\s?(?P<money_a>{_SPACED}|{_SIGN}{_NUMBER})\s?(?P<money_s>thousand|million|billion|trillion|bn|[km]\b)?)",
            rf"(?P<money2>(?P<money2_a>{_SPACED}|{_SIGN}{_NUMBER})\s?(?P<money2_s>thousand|million|billion|trillion|bn)?\s?(?P<money2_u>{MONEY_BEHIND}))",
            rf"(?P<percent>(?P<percent_a>{_SIGN}{_NUMBER})\s?(?:%|per\s?cent\b|percent\b))",
            rf"(?P<over>\b(?P<over_a>an?|one|{_NUMBER}|{_WORDS})\s+(?P<over_u>{_UNITS})(?P<over_p>{AND_PART}))",
            rf"(?P<duration>(?P<duration_a>(?:{_NUMBER}|{SPELT}|\b(?:{_WORDS}|one)\b){_HALF})[\s-]+(?:full\s+|consecutive\s+)?(?P<duration_u>{_UNITS})\b)",
            r"(?P<year>\b(?:1[0-9]|20)\d{2}\b(?!\s?[a-z%])|\b(?:1[0-9]|20)\d{2}\b(?=\s(?:and|to|in|by|the|when|as|with|was|at|for|on|after)\b))",
            rf"(?P<number>(?P<number_a>(?:{_BELOW_ZERO})(?:{_NUMBER}|{SPELT}|\b(?:{_WORDS})\b){_HALF}|\bone{AND_PART})(?:\s?(?P<number_s>thousand|million|billion|trillion)\b)?{_ENDS})",
        )
    ) + ")",
    re.IGNORECASE,
)  # fmt: skip


_RUN: Final = re.compile(r"\w+")
_DIGITS: Final = frozenset("0123456789")
_COUNTING: Final = frozenset(NUMBER_WORDS) | WORDS | {"one", "hundred"}


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
    if group.startswith("euro"):
        written = written.replace(".", "")
    number = read_amount(written + (match.groupdict().get(f"{group}_p") or ""))
    scale = match.groupdict().get(f"{group}_s")
    if scale:
        number = _EXACT.multiply(number, _SCALE[scale.lower()])
    amount = _plain(-number if match.groupdict().get(f"{group}_n") else number)
    if kind is ValueKind.DURATION:
        return kind, amount, stem(match.group(f"{group}_u").lower().split()[-1].rstrip("s"))
    if kind is ValueKind.NUMBER:
        following = re.match(r"\s+([A-Za-z]{3,})", text[match.end() :])
        return kind, amount, stem(following.group(1).lower()) if following else ""
    return kind, amount, ""


def _date(group: str, match: re.Match[str]) -> str:
    if group in {"iso", "year"}:
        return match.group()
    named = match.group(f"{group}_m").lower().rstrip(".")
    month = int(named) if group == "dots" else _MONTH_NUMBERS[named[:3]]
    year = match.group(f"{group}_y") or "-"
    return (
        f"{year}-{month:02d}"
        if group == "my"
        else f"{year}-{month:02d}-{int(match.group(f'{group}_d')):02d}"
    )


def read_amount(written: str) -> Decimal:
    """Return what a number says, in figures with any separators or in words.

    Args:
        written: As a pattern found it, such as `1,500`, `3,5`, `1.200,50`, `2½` or `twenty-five`.
    """
    text = written.lower().replace("−", "-").replace("–", "-")
    is_below = text.startswith("-")
    text, part = split_fraction(text)
    number = _in_figures(text) if any(char.isdecimal() for char in text) else _in_words(text)
    if not part:
        return number
    return number - part if is_below else number + part


def _in_figures(text: str) -> Decimal:
    bare = _BLANK.sub("", text)
    if _COMMA.search(bare):
        bare = bare.replace(".", "").replace(",", ".")
    return Decimal(bare.replace(",", ""))


def _in_words(text: str) -> Decimal:
    total = part = 0
    for word in re.findall(r"[a-z]+", text):
        if word == "thousand":
            total, part = part * 1000, 0
        elif word == "hundred":
            part *= 100
        else:
            part += 1 if word in {"a", "an"} else NUMBER_WORDS.get(word, 0)
    return Decimal(total + part)


def _plain(number: Decimal) -> str:
    text = f"{number:f}"
    text = text.rstrip("0").rstrip(".") if "." in text else text
    return "0" if text in {"", "-0"} else text


_KINDS: Final = {
    "iso": ValueKind.DATE,
    "dots": ValueKind.DATE,
    "dmy": ValueKind.DATE,
    "mdy": ValueKind.DATE,
    "my": ValueKind.DATE,
    "time": ValueKind.TIME,
    "euro": ValueKind.MONEY,
    "euro2": ValueKind.MONEY,
    "money": ValueKind.MONEY,
    "money2": ValueKind.MONEY,
    "percent": ValueKind.PERCENT,
    "over": ValueKind.DURATION,
    "duration": ValueKind.DURATION,
    "year": ValueKind.DATE,
    "number": ValueKind.NUMBER,
}


def same_value(one: Value, other: Value) -> bool:
    """Tell whether two values say the same; a date matches one with less detail of the same day.

    Two days are 48 hours, and one month may be 30 days; £500 are not €500.
    """
    if one.kind is not other.kind:
        return one.amount == other.amount
    if one.kind is ValueKind.DATE:
        both = any(a and b for a, b in zip(_fields(one), _fields(other), strict=True))
        return both and may_be_one_day(one, other)
    if one.kind is ValueKind.DURATION and one.unit != other.unit:
        return last_as_long(one, other) is True
    if one.kind is ValueKind.MONEY and not is_same_currency(one.text, other.text):
        return False
    return one.amount == other.amount and (one.unit == other.unit or not (one.unit and other.unit))


def last_as_long(one: Value, other: Value) -> bool | None:
    """Tell whether durations in two units may be one; none where the units can't be compared."""
    mine, theirs = (seconds_of(value.amount, value.unit, value.text) for value in (one, other))
    if mine is None or theirs is None:
        return None
    return may_last_as_long((mine, one.unit), (theirs, other.unit))


def may_be_one_day(one: Value, other: Value) -> bool:
    """Tell whether two dates name no different year, month or day: 2018 and the fifth of March."""
    pairs = zip(_fields(one), _fields(other), strict=True)
    return all(a == b for a, b in pairs if a and b)


def is_date_said(wanted: Value, found: Value) -> bool:
    """Tell whether a date is met as precisely as it is asked for; `14 August` meets any year."""
    if not year_of(found):
        return bool(_fields(wanted)[2]) and may_be_one_day(wanted, found)
    pairs = zip(_fields(wanted), _fields(found), strict=True)
    return all(asked == there for asked, there in pairs if asked)


def year_of(date: Value) -> str:
    """Return the year of a date; empty where it has none."""
    return _fields(date)[0]


def _fields(date: Value) -> tuple[str, str, str]:
    """Return year, month and day, empty where the text does not say them."""
    year, month, day = (*date.amount.replace("--", "-", 1).split("-"), "", "")[:3]
    return year, month, day
