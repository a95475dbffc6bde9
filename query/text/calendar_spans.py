"""Days and months that a text speaks of without naming them: "Wednesday to Sunday" has Saturdays.

Whether a day lies inside or outside of such a span, the text says what holds on it: a museum that
is open from Wednesday to Sunday is closed on Mondays.
"""

import re
from typing import Final

from query.text.values import MONTHS

_DAYS: Final = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_TO: Final = r"(?:\s*[-–—/]\s*|\s+(?:to|until|till|through|thru|up to|and)\s+)"


def _names(words: tuple[str, ...]) -> str:
    """Match one of the words, in the plural or cut to three or four letters, too."""
    every = "|".join(rf"{word[:3]}(?:{word[3:]}|{word[3:4]}\.?|\.)?s?" for word in words)
    return rf"\b(?:{every})\b\.?"


_DAY_SPAN: Final = re.compile(
    rf"{_names(_DAYS)}{_TO}{_names(_DAYS)}"
    r"|\b(?:daily|every ?day|each day|all week|seven days|weekdays?|weekends?|week-ends?)\b",
    re.IGNORECASE,
)
_MONTH_SPAN: Final = re.compile(
    rf"{_names(MONTHS)}{_TO}(?:the (?:end|middle|beginning) of )?{_names(MONTHS)}"
    r"|\b(?:all year|year-round|all the year round|every month|monthly|throughout the year)\b",
    re.IGNORECASE,
)


def spans(name: str, text: str) -> bool:
    """Tell whether `name` is a day of the week or a month, and `text` has a span of them."""
    word = name.lower().removesuffix("s")
    if word in _DAYS:
        return _DAY_SPAN.search(text) is not None
    return word in MONTHS and _MONTH_SPAN.search(text) is not None
