"""Leave out what says of itself that it holds no longer, or only for another year or month.

"Price list 2025" does not contradict "Price list 2026" where the question names the year, and what
is headed "no longer in force" does not answer what holds today.
"""

import re
from collections.abc import Sequence
from typing import Final

from query.asking.question import Question
from query.text.passages import Passage
from query.text.values import Value, ValueKind, find_values
from query.text.words import stems

OPENING: Final = 160
"""Characters at the beginning of a chunk in which it says whether it holds."""
CLOSE: Final = 0.8
"""Share of what an outdated passage covers that one which holds must cover to replace it."""
_YEAR: Final = re.compile(r"(?<![\d.,/-])(?:19|20)\d\d(?![\d,]|\.\d)")
_YEAR_MONTH: Final = re.compile(r"\d{4}-\d{2}")
_SINCE: Final = re.compile(
    r"\b(?:from|since|starting|effective|valid|in force|as of|until)\b", re.IGNORECASE
)
_BEGUN: Final = re.compile(
    r"\b(?:from|since|starting|effective|valid|in force|as of)\s+(?:\S+\s+){0,3}?"
    r"(?P<year>(?:19|20)\d\d)\b",
    re.IGNORECASE,
)
"""The year since which something holds: "valid from 1 March 2024"."""
_WORDS: Final = (
    r"(?:no longer (?:in force|valid|applicable|current)|superseded|obsolete|outdated|withdrawn"
    r"|repealed|rescinded|expired|not valid any ?more|replaced by)"
)
_OUTDATED: Final = re.compile(rf"\b{_WORDS}\b", re.IGNORECASE)
"""In a title or heading."""
_SAYS_SO: Final = re.compile(
    rf"(?:^|[.!(\n]\s*|\bnote: )(?:{_WORDS})\b"
    rf"|\bth(?:is|ese) (?:\w+ ){{0,2}}(?:is|are|was|were|has|have)(?: been)? {_WORDS}\b",
    re.IGNORECASE,
)
"""In a text, of the text itself: what was replaced may also be a pump."""
_REPLACED: Final = re.compile(r"\b(?:superseded|replaced|repealed) by\b[^.\n]*", re.IGNORECASE)
_ABOUT_THEN: Final = re.compile(
    r"\b(?:old|older|former|formerly|previous|previously|earlier|before|until|used to|then|past"
    r"|superseded|obsolete|outdated|withdrawn|repealed|no longer|still|was|were|did|had|history)\b",
    re.IGNORECASE,
)
"""Words of a question that may be about what held once."""


def in_force(passages: Sequence[Passage], question: Question) -> tuple[Passage, ...]:
    """Leave out passages of other years than the one asked about, and outdated ones.

    Of another year is what names it in its title, headings or key and names the year asked about
    nowhere, where another passage has that one there; so it is with a month and its year, and with
    what began to hold in an earlier year, where that passage covers nearly as much of the question.
    What opens by saying that it holds no longer
    is left out where another passage covers nearly as much of the question, unless it asks about
    what was, or names a year.
    """
    asked = question.own_text
    years = frozenset(_YEAR.findall(question.text))
    if years and not _YEAR.search(asked) and _ABOUT_THEN.search(asked):
        return tuple(passages)  # "And in the old list?": the year is that of an earlier turn
    if years:
        return _of_months(_of_years(passages, years, question), question)
    if _ABOUT_THEN.search(question.text):
        return tuple(passages)
    outdated = [p for p in passages if _says_outdated(p)]
    if not outdated:
        return tuple(passages)
    terms = frozenset(question.terms)
    valid = [p for p in passages if p not in outdated]
    best = max((_share(p, terms) for p in valid), default=0)
    return tuple(p for p in passages if p in valid or best < CLOSE * _share(p, terms))


def _of_years(
    passages: Sequence[Passage], years: frozenset[str], question: Question
) -> tuple[Passage, ...]:
    """Leave out the list of 2025 where one of 2026 is asked about and there is one.

    A policy "valid from 2024" holds in 2026, too, unless what is of 2026 says as much.
    """
    named = [frozenset(_YEAR.findall("\n".join((p.title, *p.headings, p.key)))) for p in passages]
    if not any(mine & years for mine in named):
        return tuple(passages)
    terms = frozenset(question.terms) - years
    pairs = tuple(zip(passages, named, strict=True))
    best = max(_share(passage, terms) for passage, mine in pairs if mine & years)
    return tuple(
        p
        for p, mine in pairs
        if not mine
        or mine & years
        or _speaks_of(p, years)
        or (_has_begun(p, mine, max(years)) and best < CLOSE * _share(p, terms))
    )


def _has_begun(passage: Passage, named: frozenset[str], asked: str) -> bool:
    """Tell whether all years of a title are those since which it holds, and not yet to come."""
    above = "\n".join((passage.title, *passage.headings))
    begun = frozenset(match["year"] for match in _BEGUN.finditer(above))
    return named <= begun and max(begun) <= asked


def _of_months(passages: Sequence[Passage], question: Question) -> tuple[Passage, ...]:
    """Leave out the report of June where March is asked about and its report says as much.

    What a title gives as its beginning ("valid from March 2026") holds in the months after it, too.
    """
    dates = [value for value in find_values(question.text) if _month(value)]
    asked = frozenset(map(_month, dates))
    named = [_months("\n".join((p.title, *p.headings))) for p in passages]
    if not any(mine & asked for mine in named):
        return tuple(passages)
    terms = frozenset(question.terms) - frozenset(stems(" ".join(value.text for value in dates)))
    pairs = tuple(zip(passages, named, strict=True))
    best = max(_share(passage, terms) for passage, mine in pairs if mine & asked)
    return tuple(
        p
        for p, mine in pairs
        if not mine
        or mine & asked
        or _SINCE.search("\n".join((p.title, *p.headings)))
        or asked & _months(p.text)
        or best < CLOSE * _share(p, terms)
    )


def _months(text: str) -> frozenset[str]:
    return frozenset(map(_month, find_values(text))) - {""}


def _month(value: Value) -> str:
    """Return the year and month of a date, `2026-03`; empty where it does not give both."""
    is_whole = value.kind is ValueKind.DATE and _YEAR_MONTH.match(value.amount)
    return value.amount[:7] if is_whole else ""


def _speaks_of(passage: Passage, years: frozenset[str]) -> bool:
    """Tell whether a text has a year elsewhere than in the name of what replaced it."""
    text = _REPLACED.sub(" ", passage.text)
    return any(year in text for year in years)


def _says_outdated(passage: Passage) -> bool:
    """Tell whether a title, a heading or the opening says so, of the text and not of a thing."""
    above = "\n".join((passage.title, *passage.headings))
    return bool(_OUTDATED.search(above) or _SAYS_SO.search(passage.text[:OPENING]))


def _share(passage: Passage, terms: frozenset[str]) -> int:
    return len(terms & (passage.stems | passage.context))
