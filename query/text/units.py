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
_CURRENCIES: Final = {
    written: group.split()[0]
    for group in (
        "eur € euro euros", "gbp £ pound pounds", "chf franc francs", "cent cents",
        "dollar $ dollars", "usd us$", "aud a$ au$", "cad c$ ca$", "nzd nz$", "hkd hk$", "sgd s$",
        "twd nt$", "brl r$ reais", "mxn mx$", "yen ¥", "jpy", "cny rmb yuan",
        "crown kr krona kronor krone kroner", "sek", "nok", "dkk", "isk",
        "pln zł zloty zlotys złoty złotych", "czk kč koruna", "huf forint forints",
        "rupee rs rupees", "inr ₹", "pkr", "aed dirham dirhams", "qar", "ils ₪ shekel shekels",
        "try ₺ lira", "rub ₽ rouble roubles ruble rubles", "uah ₴", "krw ₩", "thb ฿ baht",
        "vnd ₫", "idr", "myr ringgit", "ngn ₦", "kes", "egp", "zar rand",
    )
    for written in group.split()
}  # fmt: skip
"""By sign, code or word; a code that is also a word or a program ("PHP 8") is none."""
_OF_SEVERAL: Final = {
    "dollar": frozenset({"usd", "aud", "cad", "nzd", "hkd", "sgd", "twd"}),
    "crown": frozenset({"sek", "nok", "dkk", "isk"}),
    "yen": frozenset({"jpy", "cny"}),
    "rupee": frozenset({"inr", "pkr"}),
}
"""What money of several countries is called; of which it is, the text does not say."""
_SIGNS: Final = "$€£¥₹₪₺₽₴₩฿₫₦"
_DOLLARS: Final = "US|AU|CA|NZ|HK|NT|MX|[ACRS]"
_CODES: Final = (
    r"(?-i:AED|AUD|BRL|CNY|RMB|CZK|DKK|EGP|HKD|HUF|IDR|ILS|INR|ISK|JPY|KES|KRW|MXN|MYR|NGN|NOK|NZD"
    r"|PKR|PLN|QAR|RUB|SEK|SGD|THB|TWD|UAH|VND|ZAR)|EUR|USD|GBP|CHF"
)
_WORDS: Final = (
    r"euros?|dollars?|pounds?|cents?|francs?|kr|kron(?:or|er|a|e)|zł|zlotys?|złoty(?:ch)?|Kč|koruna"
    r"|forints?|rupees?|reais|dirhams?|yen|yuan|shekels?|lira|rou?bles?|baht|ringgit|rand"
)
MONEY_BEFORE: Final = (
    rf"(?:(?<![^\W\d_])(?:{_DOLLARS})\$|[{_SIGNS}]|\b(?:{_CODES})\b|\b(?:kr|Rs)\b\.?(?=\s?\d))"
)
"""What stands before an amount of money; a pattern for texts in whatever case."""
MONEY_BEHIND: Final = rf"(?:[{_SIGNS}]|\b(?:{_CODES}|{_WORDS})\b)"
"""What stands behind one."""
MONEY_BEGINS: Final = rf"[{_SIGNS}]|(?<![^\W\d_])(?:{_DOLLARS})\$"
MONEY_LETTERS: Final = rf"{_CODES}|kr|Rs"
_NAME: Final = re.compile(rf"(?<![^\W\d_])(?:{_DOLLARS})\$|[{_SIGNS}]|[^\W\d_]+", re.IGNORECASE)


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
    names = {currency_of(one), currency_of(other)} - {""}
    return len(names) < 2 or any(
        name in names and names <= those | {name} for name, those in _OF_SEVERAL.items()
    )


def currency_of(text: str) -> str:
    """Return the currency that a text names first, such as `sek`; empty where it names none."""
    found = (_CURRENCIES.get(name.lower()) for name in _NAME.findall(text))
    return next((name for name in found if name), "")
