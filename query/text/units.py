"""Units that differ in name and not in kind: how long a duration lasts, of which currency money is.

A day has 24 hours, but two working days are no 48 hours. No month has a certain number of days, so
30 days, four weeks and one month may well be the same; six weeks are not.
"""

import math
import re
from typing import Final

SECONDS: Final = {
    "second": 1, "minut": 60, "min": 60, "hour": 3600, "hr": 3600, "day": 86400, "week": 604800,
    "month": 2629800, "quart": 7889400, "quarter": 7889400, "year": 31557600, "decad": 315576000,
}  # fmt: skip
"""By the stem of the unit."""
_OF_THE_CALENDAR: Final = frozenset({"month", "quart", "quarter", "year", "decad"})
_LOOSELY: Final = 0.1
"""Share by which days and weeks may differ from the months and years that are meant."""
_OTHER_UNIT: Final = re.compile(
    r"\b(?:business|working|calendar|full|consecutive)\b", re.IGNORECASE
)
"""Before the unit of a duration; it makes another one of it."""
_DOLLAR: Final = "dollar"
"""Of whatever country: the text does not say."""
_CURRENCIES: Final = {
    "€": "eur", "eur": "eur", "euro": "eur", "euros": "eur", "$": _DOLLAR, "dollar": _DOLLAR,
    "dollars": _DOLLAR, "usd": "usd", "us$": "usd", "a$": "aud", "c$": "cad", "£": "gbp",
    "gbp": "gbp", "pound": "gbp", "pounds": "gbp", "chf": "chf", "franc": "chf", "francs": "chf",
    "¥": "jpy", "yen": "jpy", "jpy": "jpy", "cent": "cent", "cents": "cent",
}  # fmt: skip
_DOLLARS: Final = frozenset({_DOLLAR, "usd", "aud", "cad"})
_SIGN: Final = re.compile(r"(?:US|A|C)?\$|[€£¥]|[A-Za-z]+", re.IGNORECASE)


def seconds_of(amount: str, unit: str, text: str) -> float | None:
    """Return how long a duration lasts; nothing where its unit is another one or not known.

    Args:
        amount: As a number without separators.
        unit: Stem of its unit.
        text: The duration as it is written: two working days are no 48 hours.
    """
    scale = SECONDS.get(unit)
    return None if scale is None or _OTHER_UNIT.search(text) else float(amount) * scale


def may_last_as_long(one: tuple[float, str], other: tuple[float, str]) -> bool:
    """Tell whether two durations may be one, given in seconds with the stems of their units.

    Between days and months the difference may be that between months.
    """
    units = [unit in _OF_THE_CALENDAR for _, unit in (one, other)]
    return math.isclose(one[0], other[0], rel_tol=1e-9 if units[0] == units[1] else _LOOSELY)


def is_same_currency(one: str, other: str) -> bool:
    """Tell whether two amounts, as they are written, may be of one currency."""
    signs = {_currency(one), _currency(other)} - {""}
    return len(signs) < 2 or (_DOLLAR in signs and signs <= _DOLLARS)


def _currency(text: str) -> str:
    found = (_CURRENCIES.get(sign.lower()) for sign in _SIGN.findall(text))
    return next((name for name in found if name), "")
