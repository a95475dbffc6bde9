"""What the number format of a cell adds to its number: a percent sign, a currency, a unit, zeros.

The number itself stays as exact as it is stored; nothing is rounded to the digits that are shown.
"""

import datetime as dt
import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

_PIECE = re.compile(
    r'"(?P<quoted>[^"]*)"|\\(?P<escaped>.)|\[\$(?P<currency>[^\]-]*)(?:-[^\]]*)?\]'
    r"|(?P<condition>\[[<>=][^\]]*\])|\[[^\]]*\]|_.|\*."
    r"|(?P<digits>[#0?](?:[#0?,]*[#0?])?(?:\.[#0?]*)?)(?P<scaled>,*)|(?P<end>;)|(?P<other>.)",
    re.S,
)
_EXACT_DIGITS = 15
"""So many digits a spreadsheet program shows at most; the rest is noise of binary fractions."""
_WHOLE = 1e15


@dataclass(frozen=True, slots=True)
class Shown:
    """How the numbers of a format are shown."""

    before: str = ""
    after: str = ""
    power: int = 0
    """By which power of ten they are shown: 2 for percent, -3 for thousands."""
    decimals: int = 0
    width: int = 0
    """Digits before the point; leading zeros fill them."""

    def text(self, number: float) -> str:
        """A number as it is shown."""
        value = Decimal(number_text(number)).scaleb(self.power)
        whole, _, rest = f"{abs(value):f}".partition(".")
        rest = rest.rstrip("0").ljust(self.decimals, "0")
        digits = whole.zfill(self.width) + (f".{rest}" if rest else "")
        return f"{'-' if value < 0 else ''}{self.before}{digits}{self.after}"


def number_text(number: float) -> str:
    """A number in as many digits as a spreadsheet program has."""
    if not isinstance(number, float):
        return str(number)
    if abs(number) >= _WHOLE:
        return repr(number)
    return str(int(number)) if number.is_integer() else f"{number:.{_EXACT_DIGITS}g}"


def duration_text(duration: dt.timedelta) -> str:
    """A time span in hours, as sheets show it: `26:00`."""
    seconds = round(abs(duration).total_seconds())
    sign = "-" if duration < dt.timedelta() else ""
    minutes, rest = divmod(seconds, 60)
    text = f"{sign}{minutes // 60}:{minutes % 60:02}"
    return f"{text}:{rest:02}" if rest else text


def shown_by(format_: str) -> Shown | None:
    """What a number format adds; none where it adds nothing, or is more than a number with a unit.

    Dates, fractions, exponents, formats with a condition and figures in several groups are such.
    """
    before, after, digits = "", "", ""
    power = 0
    for piece in _PIECE.finditer(format_):
        kind = piece.lastgroup
        if kind == "end":
            break
        if kind in ("digits", "scaled"):
            if digits:
                return None
            digits = piece["digits"]
            power -= 3 * len(piece["scaled"])
            continue
        if kind == "condition":
            return None
        said = piece["quoted"] or piece["escaped"] or piece["currency"] or piece["other"] or ""
        if kind == "other" and said == "%":
            power += 2
        elif kind == "other" and not _stands_for_itself(said):
            return None
        if digits:
            after += said
        else:
            before += said
    if not digits:
        return None
    before, after = _unit(before).lstrip(), _unit(after).rstrip()
    if before[-1:].isalpha():
        before += " "  # between the two a sheet has what fills the cell
    whole, _, fraction = digits.partition(".")
    width = len(whole) if len(whole) > 1 and set(whole) == {"0"} else 0
    if not (before or after or power or width):
        return None
    return Shown(before, after, power, len(fraction.rstrip("#?")), width)


def formats_shown(formats: Iterable[tuple[int, str]]) -> dict[int, Shown]:
    """What each of some styles, given with its number format, adds to numbers."""
    known: dict[str, Shown | None] = {}
    found: dict[int, Shown] = {}
    for at, format_ in formats:
        if format_ not in known:
            known[format_] = shown_by(format_)
        shown = known[format_]
        if shown is not None:
            found[at] = shown
    return found


def _stands_for_itself(char: str) -> bool:
    return char in " $-+/():!^&'~{}=<>" or unicodedata.category(char) == "Sc"


def _unit(text: str) -> str:
    """Text beside a number, if it says more than brackets and blanks."""
    telling = any(c.isalnum() or c in "%‰°" or unicodedata.category(c) == "Sc" for c in text)
    return text if telling else ""
