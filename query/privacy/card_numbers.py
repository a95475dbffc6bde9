"""Finding numbers of payment cards: prefix and length of a brand, and the right check digit.

People write the end of validity and the security code behind a card ("4111 1111 1111 1111 12/27
123"), so a row of figures is looked through for the groups that cards are printed in.
"""

import re
from collections.abc import Iterator, Sequence
from typing import Final

SHORTEST: Final = 13
LONGEST: Final = 19
"""Digits of a card."""
_ROW: Final = re.compile(
    r"(?<![\w.,-])\d{1,19}(?!\d)(?:[ \u00a0\n-]{1,3}\d{1,19}(?!\d))*(?!\w|-\w|\.\d)"
)
_GROUP: Final = re.compile(r"\d+")
_LOOSE: Final = re.compile(r"[ \u00a0\n-]{2}|\n")
_PRINTED: Final = frozenset(
    {(4, 4, 4, 4), (4, 4, 4, 4, 3), (4, 6, 5), (4, 6, 4), (4, 4, 4, 1)}
    | {(length,) for length in range(SHORTEST, LONGEST + 1)}
)
"""Digits of each group."""
_MOST_BESIDE: Final = 1
"""Groups of four beside those of a card: a table of such numbers is full of accidents."""


def card_numbers(text: str) -> Iterator[tuple[int, int]]:
    """Yield where each number of a card begins and ends.

    Args:
        text: Any text.
    """
    for row in _ROW.finditer(text):
        groups = [match.span() for match in _GROUP.finditer(text, *row.span())]
        digits = "".join(text[a:b] for a, b in groups)
        if is_card(digits) and not _LOOSE.search(row.group()):
            yield row.span()
        else:
            yield from _within(text, groups)


def _within(text: str, groups: Sequence[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    sizes = [end - start for start, end in groups]
    fours = sizes.count(4)
    at = 0
    while at < len(groups):
        for count in (5, 4, 3, 1):
            printed = tuple(sizes[at : at + count])
            if len(printed) < count or printed not in _PRINTED:
                continue  # a row that ends sooner, or figures that no card is printed in
            crowded = fours - printed.count(4) > _MOST_BESIDE
            if not crowded and is_card("".join(text[a:b] for a, b in groups[at : at + count])):
                yield groups[at][0], groups[at + count - 1][1]
                at += count - 1
                break
        at += 1


def is_card(digits: str) -> bool:
    """Tell whether digits have prefix and length of a brand, and the right check digit."""
    plain = "".join(str(int(digit)) for digit in digits)
    return SHORTEST <= len(plain) <= LONGEST and _brand(plain) and luhn(plain)


def luhn(digits: str) -> bool:
    """Tell whether the last digit is the check digit of the others."""
    total = 0
    for place, char in enumerate(reversed(digits)):
        value = int(char) * (1 + place % 2)
        total += value - 9 if value > 9 else value
    return total % 10 == 0


def _brand(digits: str) -> bool:
    two, four, length = int(digits[:2]), int(digits[:4]), len(digits)
    return (
        (digits[0] == "4" and length in {13, 16, 19})
        or ((51 <= two <= 55 or 2221 <= four <= 2720) and length == 16)
        or (two in {34, 37} and length == 15)
        or ((two in {36, 38} or 300 <= int(digits[:3]) <= 305) and length == 14)
        or ((four == 6011 or two in {62, 64, 65} or 3528 <= four <= 3589) and 16 <= length <= 19)
        or (two in {50, 56, 57, 58, 67} and 16 <= length <= 19)
    )
