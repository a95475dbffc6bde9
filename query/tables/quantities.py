"""Quantities as cells of tables state them: an amount or a range, with its unit made comparable.

"10 to 49 probes", "10-49", "under 10", "50 or more" and "up to 5 kg" are ranges; "36 months", "€45"
and "1,480 g" are amounts. Durations, masses, lengths and the like are converted within their kind;
a unit that is not known is the stem of its word.
"""

import math
import re
from dataclasses import dataclass, replace
from typing import Final

from query.text.fractions import ALONE, BEHIND
from query.text.units import MONEY_BEFORE, MONEY_BEHIND, currency_of
from query.text.values import EUROS, ValueKind, first_value, read_amount
from query.text.words import STOP_WORDS, stem, table

_SECONDS: Final = {
    "second": 1.0, "sec": 1.0, "s": 1.0, "ms": 0.001, "minute": 60.0, "min": 60.0, "hour": 3600.0,
    "hr": 3600.0, "h": 3600.0, "day": 86400.0, "d": 86400.0, "week": 604800.0, "month": 2629800.0,
    "quarter": 7889400.0, "year": 31557600.0, "yr": 31557600.0, "decade": 315576000.0,
}  # fmt: skip
_SCALES: Final = {
    "duration": _SECONDS,
    "mass": {"mg": 0.001, "g": 1.0, "gram": 1.0, "kg": 1e3, "kilogram": 1e3, "t": 1e6, "ton": 1e6},
    "length": {"mm": 0.001, "cm": 0.01, "m": 1.0, "metre": 1.0, "meter": 1.0, "km": 1e3},
    "volume": {"ml": 0.001, "cl": 0.01, "l": 1.0, "litre": 1.0, "liter": 1.0},
    "data": {"kb": 1e3, "mb": 1e6, "gb": 1e9, "tb": 1e12},
    "power": {"mw": 0.001, "w": 1.0, "watt": 1.0, "kw": 1e3},
    "percent": {"%": 1.0, "percent": 1.0},
}  # fmt: skip
_UNITS: Final = {
    name: (kind, factor) for kind, names in _SCALES.items() for name, factor in names.items()
}
_LARGE: Final = {"MW": ("power", 1e6), "GW": ("power", 1e9)}
"""Told from small ones by their capitals alone."""
YEARS: Final = _UNITS["year"]
EURO: Final = "money:EUR"
_EUROS: Final = re.compile(rf"[-−]?{EUROS}", re.IGNORECASE)
_EACH: Final = re.compile(r"\b(?:per|each|every)\s+(?:\d+\s+)?\w+", re.IGNORECASE)
"""Of a rate what it is counted over: "Nights per year" are no years."""
_RATE: Final = re.compile(rf"({MONEY_BEFORE}|{MONEY_BEHIND}|[A-Za-zµ]+)/[A-Za-z]+", re.IGNORECASE)
"""`km/h`; `Mass/kg` gives a unit behind its stroke."""
_MULTIPLES: Final = {"thousand": 1e3, "k": 1e3, "million": 1e6, "bn": 1e9, "billion": 1e9}
_QUALIFIED: Final = table("working business calendar support full")
"""They make another unit of the one behind them: two working days are not 48 hours."""
_NUMBER: Final = (
    rf"[-−]?(?:{ALONE}|(?!0,)\d{{1,3}}(?:[,'’\u2009\u202f]\d{{3}})+(?:\.\d+)?(?![\d.]*\d)"
    r"|\d{1,3}(?:\.\d{3})+,\d{1,2}(?!\d)|\d+,\d{1,2}(?![\d,])|0,\d+(?![\d,])"
    rf"|\d{{1,3}}(?!\.?\d){BEHIND}|\d+(?:\.\d+)?(?!\.?\d))"
)
_SPACED: Final = r"\d{1,3}(?:[ \u00a0]\d{3})+(?:[.,]\d{1,2})?(?!\d)"
"""Thousands parted by blanks, of money only."""
_UNIT: Final = (
    rf"%|°\s?[CF]\b|{MONEY_BEHIND}|[A-Za-zµ]+(?:/[A-Za-z]+)?(?:[ -](?i:days?|hours?|weeks?)\b)?"
)
_MONEY: Final = re.compile(rf"{MONEY_BEFORE}|{MONEY_BEHIND}", re.IGNORECASE)


def _amount(name: str) -> str:
    return (
        rf"(?P<{name}_c>{MONEY_BEFORE})?\s?"
        rf"(?P<{name}>(?({name}_c){_SPACED}|{_SPACED}(?=\s?{MONEY_BEHIND}))|{_NUMBER})"
        rf"(?:\s?(?P<{name}_m>thousand|million|billion|bn|k)\b)?"
    )


_TO: Final = r"\s*(?:to|until|through|bis|[-–—]|\.{2,3}|…|à)\s*"
_LEAD: Final = r"\s*(?:(?:orders?|for|of|about|approx\.?|around|ca\.?|~|quantity)\s+){0,2}"
_FORMS: Final = tuple(
    (re.compile(_LEAD + pattern, re.IGNORECASE), low_in, high_in)
    for pattern, low_in, high_in in (
        (rf"between\s+{_amount('a')}(?:\s?(?P<u>{_UNIT}))?\s+and\s+{_amount('b')}", True, True),
        (rf"(?:from\s+)?{_amount('a')}(?:\s?(?P<u>{_UNIT}))??{_TO}{_amount('b')}", True, True),
        (
            rf"(?:up to|at most|max(?:imum|\.)?|no more than|not more than|≤|<=|bis zu|jusqu['’]à"
            rf"|hasta)\s*{_amount('b')}",
            False,
            True,
        ),
        (rf"(?:under|below|less than|fewer than|<|unter|moins de)\s*{_amount('b')}", False, False),
        (rf"(?:above|over|more than|beyond|>(?!=)|über|plus de)\s*{_amount('a')}", False, False),
        (rf"(?:at least|min(?:imum|\.)?|from|≥|>=|ab|à partir de)\s*{_amount('a')}", True, False),
    )
)  # fmt: skip
_PLAIN: Final = re.compile(_LEAD + _amount("a"), re.IGNORECASE)
_BEHIND: Final = re.compile(rf"(?:,[-–—]{{1,2}})?\s?(?P<u>{_UNIT})")
_WORD: Final = re.compile(rf"%|{MONEY_BEFORE}|{MONEY_BEHIND}|[A-Za-zµ]+", re.IGNORECASE)
_BRACKET: Final = re.compile(
    rf"[(\[/]\s*(%|{MONEY_BEFORE}|{MONEY_BEHIND}|[A-Za-zµ]{{1,8}})\s*[)\]]?\s*$", re.IGNORECASE
)
_OR_MORE: Final = re.compile(
    r"\s?\+|\s?(?:oder mehr|et plus|o más)\b"
    r"|(?:\s+[a-z]+)? (?:or|and) (?:more|above|over|up|upwards|larger|longer)\b",
    re.IGNORECASE,
)
_OR_LESS: Final = re.compile(
    r"(?:\s+[a-z]+)? (?:or|and) (?:less|fewer|below|under|smaller|shorter)\b", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class Quantity:
    """An amount, or a range of amounts, in the base unit of its kind."""

    low: float
    high: float
    unit: str
    """Kind of measure (`duration`, `money:EUR`), stem of an unknown unit, or empty."""
    low_in: bool = True
    high_in: bool = True
    rest: str = ""
    """What the text says behind it."""

    @property
    def is_range(self) -> bool:
        """Whether it is more than one amount."""
        return self.low != self.high

    @property
    def is_closed(self) -> bool:
        """Whether the range has both ends."""
        return math.isfinite(self.low) and math.isfinite(self.high)

    def holds(self, amount: float) -> bool:
        """Tell whether an amount lies within."""
        above = amount >= self.low if self.low_in else amount > self.low
        below = amount <= self.high if self.high_in else amount < self.high
        return above and below


def read_quantity(text: str) -> Quantity | None:
    """Return the quantity that a text begins with, or nothing.

    Args:
        text: A cell, or a question from a number on.
    """
    dated = _date(text)
    if dated is not None:
        return dated
    for form, low_in, high_in in _FORMS:
        match = form.match(text)
        if match:
            return _range(match, text, low_in, high_in)
    match = _PLAIN.match(text)
    if match is None:
        return None
    after = _behind(text, match.end())
    one = _made(match, "a", "a", after)
    more, less = (rule.match(text, match.end()) for rule in (_OR_MORE, _OR_LESS))
    if more:
        return replace(one, high=math.inf, high_in=False)
    if less:
        return replace(one, low=-math.inf, low_in=False)
    return one


def unit_of(name: str) -> tuple[str, float]:
    """Return the unit that the head of a column gives for bare numbers, and its factor.

    Args:
        name: Such as `List price EUR`, `Weight (kg)` or `Discount percent`.

    Returns:
        An empty unit where the head gives none, or several. What stands behind "per" is none:
        bare numbers under "Nights per year" are nights.
    """
    name = _RATE.sub(lambda m: m[1] if _known(m[1]) else m[0], _EACH.sub("", name))
    words = _WORD.findall(name)
    known = [u for w in words if len(w) > 1 or not w.isalpha() for u in [_known(w)] if u]
    bracket = _BRACKET.search(name)
    inside = _known(bracket.group(1)) if bracket else None
    return inside or (known[0] if len(known) == 1 else ("", 1.0))


def _range(match: re.Match[str], text: str, low_in: bool, high_in: bool) -> Quantity | None:
    groups = match.groupdict()
    has_low, has_high = groups.get("a") is not None, groups.get("b") is not None
    last = "b" if has_high else "a"
    after = _behind(text, match.end())
    end = _made(match, last, "a" if has_low else last, after)
    if not (has_low and has_high):
        low, high = (end.low, math.inf) if has_low else (-math.inf, end.high)
        return replace(end, low=low, high=high, low_in=low_in, high_in=high_in)
    begin = _made(match, "a", "b", groups.get("u") or after)
    multiple = _MULTIPLES.get((groups["b_m"] or "").lower(), 1.0)
    if not groups["a_m"] and begin.low * multiple <= end.high:
        begin = replace(begin, low=begin.low * multiple)  # "1 to 2 million", not "500 to 2 million"
    if begin.unit != end.unit or begin.low > end.high:
        return None
    return replace(end, low=begin.low, low_in=low_in, high_in=high_in)


def _made(match: re.Match[str], name: str, other: str, after: str) -> Quantity:
    groups = match.groupdict()
    text, written = match.string, groups[name]
    money = groups.get(f"{name}_c") or groups.get(f"{other}_c")
    unit, factor = _unit(money or after)
    if unit == EURO and _EUROS.match(text, match.start(name)):
        written = written.replace(".", "")
    number = float(read_amount(written))
    number *= _MULTIPLES.get((groups.get(f"{name}_m") or "").lower(), 1.0)
    return Quantity(number * factor, number * factor, unit, rest=text[match.end() :])


def _behind(text: str, end: int) -> str:
    match = _BEHIND.match(text, end)
    return match["u"] if match else ""


def _unit(written: str) -> tuple[str, float]:
    words = written.replace("-", " ").split()
    if not words or words[0].lower() in STOP_WORDS:
        return "", 1.0
    if len(words) > 1:
        if words[0].lower() in _QUALIFIED or _known(words[0]) is None:
            return " ".join(stem(word.lower()) for word in words), 1.0
        words = words[:1]
    return _known(words[0]) or (stem(words[0].lower()), 1.0)


def _known(word: str) -> tuple[str, float] | None:
    small = word.lower()
    money = currency_of(word) if _MONEY.fullmatch(word) else ""
    if money not in {"", "cent"}:
        return f"money:{'USD' if money == 'dollar' else money.upper()}", 1.0
    return (
        _LARGE.get(word)
        or _UNITS.get(small)
        or _UNITS.get(small.removesuffix("s") if len(small) > 2 else small)
    )


def _date(text: str) -> Quantity | None:
    """Read a cell that is a date or a time of day, so that it is no range of numbers."""
    value = first_value(text)
    if value is None or value.start > 0 or value.kind not in {ValueKind.DATE, ValueKind.TIME}:
        return None
    amount, rest = value.amount, text[value.end :]
    if value.kind is ValueKind.TIME:
        minutes = _minutes(amount)
        return Quantity(minutes, minutes, "time", rest=rest)
    if amount.startswith("-"):
        return None
    parts = [*map(int, amount.split("-"))]
    if len(parts) == 1 and re.match(r"\s*[-–—+]|\s+(?:to|[a-z]{3,})\b", rest):
        return None  # "2000 to 5000", "1500 readings": no year
    number = float(sum(part * scale for part, scale in zip(parts, (10000, 100, 1), strict=False)))
    return Quantity(number, number, f"date:{len(parts)}", rest=rest)


def _minutes(time: str) -> float:
    """Return the minutes since midnight of a time such as `9:30`, `9:30pm` or `12pm`, noon."""
    hours, _, minutes = time.rstrip("apm").partition(":")
    half_day = 12 if time.endswith("pm") else 0
    hour = int(hours) % 12 + half_day if time.endswith("m") else int(hours)
    return 60.0 * hour + int(minutes or 0)
