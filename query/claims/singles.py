"""Values that a text writes with "a": "lasts an hour", "a dozen eggs", "a million euros".

Most of what follows an "a" counts nothing: "€500 a month", "twice a day", "a day to remember". So a
time is a value behind a word that asks for one only, as behind "lasts" or "at least". What such a
time is looked for in, however, may say it in any place: "an hour's break".
"""

import re
from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import Final

from query.text.values import Value, ValueKind
from query.text.words import NUMBER_WORDS, stem

_UNITS: Final = r"minute|hour|day|week|fortnight|month|year|decade|century"
_KINDS: Final = r"(?:(?:full|whole|entire|single|business|working|calendar)\s+)?"
_LASTING: Final = (
    r"(?:last(?:s|ed|ing)?|tak(?:es?|en|ing)|took|waits?|waited|spends?|spent|needs?|needed"
    r"|requires?|required|allows?|gives?|for|within|after|than|least|most|about|around|nearly"
    r"|almost|roughly|approximately|exactly|only|just|over|under|up\s+to"
    r"|(?:limit|period|term|break|notice|duration|maximum|minimum|wait|delay|average)\s+of)"
)
_NO_TIME: Final = (
    r"(?![-\w]|\s+(?:and\s+an?\s+(?:half|quarter|third)|off|out|trip|pass|ticket|job|care|time|of"
    r"|when|that|which|to|or)\b)"
)
_TIME: Final = re.compile(
    rf"\b(?:{_LASTING}\s+(?P<time>an?\s+{_KINDS}(?P<unit>{_UNITS})){_NO_TIME}"
    rf"|(?:is|are|was|were|be)\s+(?P<time2>an?\s+{_KINDS}(?P<unit2>{_UNITS}))(?=\s*(?:[.,;:!?)]|\Z)))",
    re.IGNORECASE,
)
_ONE_TIME: Final = re.compile(rf"an?\s+{_KINDS}(?P<unit>{_UNITS})", re.IGNORECASE)
_NEAR: Final = 30
"""Characters before a time that say whether it is one of its own."""
_RATED: Final = re.compile(r"\d[^\s.]*(?:\s[A-Za-z]+)?\s\Z")
_OF_ANOTHER: Final = re.compile(
    r"(?:\b(?:half|quarters?|thirds?|once|twice|thrice|times)\s(?:of\s)?|\d[^\s.]*(?:\s[A-Za-z]+)?\s)\Z",
    re.IGNORECASE,
)
"""Before the time of a rate, or of a part of it: "€500 a month", "half an hour"."""
_COUNTED: Final = re.compile(
    rf"\b(?:(?P<many>half\s+a|an?|\d{{1,3}}|one|{'|'.join(NUMBER_WORDS)})\s+dozen"
    r"|(?:a|one)\s+(?P<scale>thousand|million|billion|trillion))\b"
    r"(?!\s+(?:and|hundred|thousand|million|billion|one)\b)"
    r"(?:\s+(?:of\s+)?(?P<what>[A-Za-z]{3,}))?",
    re.IGNORECASE,
)
_SCALES: Final = {
    "thousand": 10**3, "million": 10**6, "billion": 10**9, "trillion": 10**12,
}  # fmt: skip
_MONEY: Final = re.compile(r"(?:euro|dollar|pound|franc|cent)s?|EUR|USD|GBP|CHF", re.IGNORECASE)


def with_singles(text: str, values: Sequence[Value]) -> tuple[Value, ...]:
    """Return the values of a text with those that it writes with "a", in order.

    Args:
        text: Where they stand.
        values: Those that patterns of figures and words found; `two` of `two dozen` is none.
    """
    found = [*_times(text), *_counts(text)]
    if not found:
        return tuple(values)
    kept = [v for v in values if not any(v.start < one.end and one.start < v.end for one in found)]
    return tuple(sorted([*kept, *found], key=lambda value: value.start))


def may_say(value: Value, text: str) -> bool:
    """Tell whether a text says a time of one unit in whatever place: "an hour's break"."""
    written = _ONE_TIME.fullmatch(value.text)
    if written is None:
        return False
    unit = written["unit"]
    said = (
        rf"\b(?:an?|one)[\s-]+{_KINDS}{unit}(?!s\b|\s+and\s+an?\s+half)\b"
        rf"|\b{unit}[\s-]long\b"
    )
    return any(
        not _OF_ANOTHER.search(text[max(0, match.start() - _NEAR) : match.start()])
        for match in re.finditer(said, text, re.IGNORECASE)
    )


def _times(text: str) -> Iterator[Value]:
    for match in _TIME.finditer(text):
        before = text[max(0, match.start() - _NEAR) : match.start()]
        if match[0].lower().startswith("for") and _RATED.search(before):
            continue  # "€5 for a day"
        group = "time" if match["time"] else "time2"
        unit = stem(match[group.replace("time", "unit")].lower())
        yield Value(
            ValueKind.DURATION, "1", unit, match[group], match.start(group), match.end(group)
        )


def _counts(text: str) -> Iterator[Value]:
    for match in _COUNTED.finditer(text):
        what = match["what"] or ""
        if match["scale"]:
            amount = Decimal(_SCALES[match["scale"].lower()])
        else:
            amount = 12 * _many(" ".join(match["many"].lower().split()))
        is_money = _MONEY.fullmatch(what) is not None
        end = match.end() if is_money or not what else match.start("what")
        written = text[match.start() : end].rstrip()
        if not is_money:
            written = re.sub(r"\s+of\Z", "", written)
        kind = ValueKind.MONEY if is_money else ValueKind.NUMBER
        unit = "" if is_money else stem(what.lower())
        yield Value(
            kind, f"{amount.normalize():f}", unit, written, match.start(),
            match.start() + len(written),
        )  # fmt: skip


def _many(written: str) -> Decimal:
    if written == "half a":
        return Decimal("0.5")
    if written.isdecimal():
        return Decimal(written)
    return Decimal(1 if written in {"a", "an", "one"} else NUMBER_WORDS[written])
