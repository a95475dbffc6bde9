"""What stands around a value and makes another one of it: a bound, a side in time, a rate.

"At least 10" is no "at most 10", "within 30 days" no "after 30 days", "two days before departure"
no "two days after departure" and "€50 a month" no "€50 a year", although the values are the same.
"""

import re
from enum import StrEnum
from typing import Final

from query.claims.figures import values_of
from query.text.values import Value, ValueKind

_LONGEST: Final = 60
"""Characters before or behind a value that are looked at."""
_MORE: Final = "(?:more|longer|later|higher|greater|larger|bigger|older|heavier|further|farther)"
_LESS: Final = "(?:less|fewer|shorter|earlier|sooner|lower|smaller|younger|lighter|nearer)"
_FILL: Final = (
    r"(?:\s+(?:about|around|approximately|roughly|nearly|only|the|an?|ages?|of|first|last|next))*"
    r"\s*$"
)
_NO: Final = r"\b(?:no|not)\s+(?:\w+\s+)?"
_BEFORE: Final = tuple(
    (bound, re.compile(rf"(?:{pattern}){_FILL}", re.IGNORECASE))
    for bound, pattern in (
        # Negated ones first: "no less than" ends with "less than".
        ("most", rf"{_NO}{_MORE}\s+than|{_NO}(?:over|above|after|beyond|exceed(?:ing)?)"),
        ("least", rf"{_NO}{_LESS}\s+than|{_NO}(?:under|below|before)"),
        ("most", rf"\b{_LESS}\s+than|\bat\s+(?:the\s+)?(?:most|latest)|\bup\s+to|\buntil|\btill"
                 r"|\bwithin|\bbefore|\bprior\s+to|\bunder|\bbelow|\bmax(?:imum)?\b\.?(?:\s+of)?"
                 r"|\blimited\s+to|\b(?:for|during|in)\s+the\s+first"),
        ("least", rf"\b{_MORE}\s+than|\bat\s+(?:the\s+)?(?:least|earliest)|\bfrom|\bsince|\bas\s+of"
                  r"|\bstarting|\bafter|\babove|\bbeyond|\bexceed(?:s|ed|ing)?"
                  r"|\bmin(?:imum)?\b\.?(?:\s+of)?"),
    )
)  # fmt: skip
_LEAD: Final = re.compile(
    rf"(?:(?P<late>{_NO}later\s+than|\bat\s+(?:the\s+)?latest)"
    rf"|{_NO}(?:earlier|sooner)\s+than|\bat\s+(?:the\s+)?earliest){_FILL}",
    re.IGNORECASE,
)
_BY: Final = re.compile(rf"\bby{_FILL}|\bby\s+the\s+end\s+of{_FILL}", re.IGNORECASE)
"""Behind it a date or a time is a bound; "rose by 5 %" gives none."""
_OVER: Final = re.compile(rf"\bover{_FILL}", re.IGNORECASE)
"""Behind it a span of time is none: "over three years" is in their course."""
_RANGE_OPENS: Final = re.compile(r"\bbetween\s*$", re.IGNORECASE)
_RANGE_CLOSES: Final = re.compile(r"\b(?:between|from)\b[^.;]{0,40}\b(?:and|to)\s*$", re.IGNORECASE)
_MORE_BEHIND: Final = re.compile(
    rf"\s*(?:\+|(?:\w+\s+){{0,2}}?(?:or|and)\s+(?:{_MORE}|over|above|up(?:wards?)?)\b"
    r"|(?:\w+\s+)?onwards?\b)",
    re.IGNORECASE,
)
_LESS_BEHIND: Final = re.compile(
    rf"\s*(?:\w+\s+){{0,2}}?(?:or|and)\s+(?:{_LESS}|under|below)\b", re.IGNORECASE
)
_AHEAD: Final = re.compile(
    r"\s*(?:before|prior\s+to|ahead\s+of|in\s+advance|earlier)\b", re.IGNORECASE
)
_AFTERWARDS: Final = re.compile(r"\s*(?:after|following|later)\b", re.IGNORECASE)
_PER: Final = re.compile(
    r"\s*(?:\(?[\w.]+\)?\s+){0,2}?(?:per\s+(?P<per>[a-z]{2,})|(?:(?:each|every|an?)\s+|/\s?)"
    r"(?P<of>hour|day|night|week|month|quarter|year|person|head|adult|child|guest|room|item|user"
    r"|seat|kg|km|litre|liter|unit|page|call|order)s?)\b",
    re.IGNORECASE,
)
_TIMES_A: Final = re.compile(
    r"\b(?:once|twice|times)\s+(?:an?|per|each|every)\s+(?P<of>hour|day|night|week|month|quarter|year)"
    r"\b",
    re.IGNORECASE,
)
_OFTEN: Final = {
    "hourly": "hour", "daily": "day", "nightly": "night", "weekly": "week", "monthly": "month",
    "quarterly": "quarter", "yearly": "year", "annual": "year", "annually": "year",
}  # fmt: skip
_ADVERB: Final = re.compile(rf"\b(?:{'|'.join(_OFTEN)})\b", re.IGNORECASE)
_TIMES: Final = frozenset(_OFTEN.values())
_SAME: Final = {"annum": "year", "head": "person", "liter": "litre"}
NEGATED_BOUND: Final = re.compile(
    rf"{_NO}(?:{_MORE}|{_LESS})\s+than\b"
    rf"|\b(?:no|not)\s+(?:{_MORE}|{_LESS}|over|above|under|below|beyond|(?:to\s+)?exceed(?:ing)?)\b",
    re.IGNORECASE,
)
"""A "no" or "not" that belongs to a bound and denies nothing: "no later than 5 May"."""


_BEYOND: Final = re.compile(
    rf"(?P<no>{_NO})?\b(?:(?:{_MORE}|{_LESS})\s+than|over|above|below){_FILL}", re.IGNORECASE
)
_EVERY: Final = re.compile(
    r"\b(?:every|each)\s+(?P<of>hour|day|night|week|month|quarter|year"
    r"|(?:mon|tues|wednes|thurs|fri|satur|sun)day)\b",
    re.IGNORECASE,
)


class Bound(StrEnum):
    """To which side a value is open."""

    NONE = "none"
    LEAST = "least"
    MOST = "most"


class Side(StrEnum):
    """On which side of something else a span of time lies."""

    NONE = "none"
    AHEAD = "ahead"
    AFTERWARDS = "afterwards"


def bound_of(value: Value, text: str) -> Bound:
    """Return the bound that a value is.

    Args:
        value: One in the text.
        text: Where it stands.
    """
    before = text[max(0, value.start - _LONGEST) : value.start]
    behind = text[value.end : value.end + _LONGEST]
    if _MORE_BEHIND.match(behind):
        return Bound.LEAST
    if _LESS_BEHIND.match(behind):
        return Bound.MOST
    if _RANGE_OPENS.search(before):
        return Bound.LEAST
    if _RANGE_CLOSES.search(before):
        return Bound.MOST
    if side_of(value, text) is Side.AHEAD and (turned := _LEAD.search(before)):
        # "No later than three months before" is at least three months before.
        return Bound.LEAST if turned["late"] else Bound.MOST
    moment = value.kind in {ValueKind.DATE, ValueKind.TIME}
    if moment and _BY.search(before):
        return Bound.MOST
    found = next((bound for bound, pattern in _BEFORE if pattern.search(before)), "none")
    if found == "none" and not moment and value.kind is not ValueKind.DURATION:
        return Bound.LEAST if _OVER.search(before) else Bound.NONE
    return Bound(found)


def side_of(value: Value, text: str) -> Side:
    """Return on which side of something else a duration lies: "two days before departure"."""
    if value.kind is not ValueKind.DURATION:
        return Side.NONE
    behind = text[value.end : value.end + _LONGEST]
    if _AHEAD.match(behind):
        return Side.AHEAD
    return Side.AFTERWARDS if _AFTERWARDS.match(behind) else Side.NONE


def rates_of(value: Value, text: str) -> frozenset[str]:
    """Return what a value is for each of: "month" of €50 a month, or of a monthly fee of €50."""
    at, found = value.end, set[str]()
    while match := _PER.match(text[at : at + _LONGEST]):
        name = (match["per"] or match["of"]).lower()
        found.add(_SAME.get(name, name))
        at += match.end()
    if not found and len(values_of(text)) == 1:
        found = {_OFTEN[match.group().lower()] for match in _ADVERB.finditer(text)}
    return frozenset(found)


def is_beyond(value: Value, text: str) -> bool:
    """Tell whether a text says that something is not a value, but more or less: "over 5 days"."""
    before = text[max(0, value.start - _LONGEST) : value.start]
    found = _BEYOND.search(before)
    spans = value.kind is ValueKind.DURATION and _OVER.search(before) is not None
    return found is not None and not found["no"] and not spans


def times_in(text: str) -> frozenset[str]:
    """Return in which spans something happens once, twice or more: "week" of twice a week."""
    every = (match["of"].lower() for match in _EVERY.finditer(text))
    found = {"week" if name.endswith("day") and name != "day" else name for name in every}
    return frozenset(found | {match["of"].lower() for match in _TIMES_A.finditer(text)})


def are_other_times(one: frozenset[str], other: frozenset[str]) -> bool:
    """Tell whether two rates are of different spans of time."""
    mine, theirs = one & _TIMES, other & _TIMES
    return bool(mine) and bool(theirs) and mine.isdisjoint(theirs)
