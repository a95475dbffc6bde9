"""What keeps a sentence from being supported whatever words it has, and whoever reads it.

The rules compare words and the reader a sentence with a text, and neither sees that something is
hidden in it, that it leans on another sentence, or that the evidence tells it as a myth.
"""

import re
from collections.abc import Iterator, Sequence, Set
from itertools import pairwise
from typing import Final

from query.claims.believed import Telling
from query.claims.certainty import is_negated
from query.claims.closeness import Grounds
from query.claims.figures import values_of
from query.claims.leaning import is_of_other, read_leanings
from query.claims.shown import is_veiled
from query.claims.turned import SMALL
from query.claims.wording import stands_word_for_word
from query.text.values import ValueKind
from query.text.words import WORD, fold, stems

_REWRITTEN: Final = re.compile(
    r"\d\s?(?:[x×*^·⋅÷]|\*\*)\s?\d|\b(?:dozens|hundreds|thousands|millions|billions) of\b"
    r"|\b(?:half of|twice|thrice|double|triple)\s(?=\d)|\b(?:business|working|calendar) days?\b",
    re.IGNORECASE,
)
"""Numbers that no rule reads: "5 x 10 days", "hundreds of days", "twice 5 days"."""
_COMPARED: Final = re.compile(r"\d(?:\s\w+)?\s(?:more|less|fewer|longer|shorter)\b", re.IGNORECASE)
"""A number that says by how much something differs: "€450 more"."""
_NUMBER: Final = re.compile(r"\bNo[.:,]")
"""The sign of a number, or a reply."""
_DENYING: Final = re.compile(
    r"\b(?:exclud|exempt|refus|reject|forbid|prohibit|ban|lack|without|free of|fail)\w*", re.I
)
"""Denies without a "not": "is excluded from the cover"."""
_PARTLY_DENIED: Final = re.compile(
    r"\b(?:except|excluding|apart|other than|unless|only|if|when|until|but|without|yet|before"
    r"|after|longer)\b",
    re.IGNORECASE,
)
_PAIR: Final = re.compile(r"\s(?:out\s)?of\s(?:the\s|its\s|their\s|all\s)?", re.IGNORECASE)
"""Between two numbers of which neither says anything by itself: "62 of 80 patients"."""
_NAMED: Final = (
    r"(?P<unit>‰|°\s?[CFK]\b|mph\b|km/h\b|[kKMGTP]i?B\b|[kcmµ]?m\b|[kmµ]?g\b|ml\b"
    r"|per\s+mille\b|(?:percentage|basis)\s+points?\b"
    r"|(?:kilo|centi|milli|micro)?(?:met(?:re|er)|gram|lit(?:re|er)|watt|volt)s?\b"
    r"|(?:kilo|mega|giga|tera)bytes?\b|feet\b|foot\b|miles?\b|inch(?:es)?\b|yards?\b|tons?\b"
    r"|tonnes?\b|pounds?\b|ounces?\b|gallons?\b|light[ -]?years?\b)"
)
_UNIT: Final = re.compile(rf"(?<=\d)\s?{_NAMED}")
_UNIT_ANYWHERE: Final = re.compile(rf"(?:(?<=\d)|(?<!\w)){_NAMED}")
_SHORT: Final = {
    "metre": "m", "gram": "g", "kilometre": "km", "centimetre": "cm", "millimetre": "mm",
    "kilogram": "kg", "milligram": "mg", "microgram": "µg", "millilitre": "ml", "foot": "feet",
    "kilobyte": "kb", "megabyte": "mb", "gigabyte": "gb", "terabyte": "tb", "permille": "‰",
    "inche": "inch", "ton": "t", "tonne": "t",
}  # fmt: skip
_APART: Final = re.compile(r"(?<=\d)[\s-](?=[A-Za-zµ°%])")
_ORDINALS: Final = {
    "1st": "first", "2nd": "second", "3rd": "third", "4th": "fourth", "5th": "fifth",
    "6th": "sixth", "7th": "seventh", "8th": "eighth", "9th": "ninth", "10th": "tenth",
}  # fmt: skip


def held_back(
    sentences: Sequence[tuple[str, str]],
    wanted: Set[int],
    evidence: Sequence[str],
    grounds: Grounds,
) -> frozenset[int]:
    """Return the positions of the sentences that nothing may call supported.

    Args:
        sentences: All of a text, each as it was written and as it is compared (`claims.plain`).
        wanted: Positions of those of which it is asked.
        evidence: The texts.
        grounds: What they state.
    """
    everything = "\n".join(evidence)
    if not everything.strip():
        return frozenset()
    telling = Telling(evidence)
    known = _known_figures(everything)
    found, before = set(), ""
    for number, one in enumerate(read_leanings(sentences)):
        last, before = before, one.said
        if number not in wanted:
            continue
        elliptic = one.is_ellipsis and not stands_word_for_word(f"{last} {one.said}", evidence)
        if (
            elliptic
            or is_veiled(one.said, evidence)
            or has_unread_figure(one.said, known, everything)
            or is_of_other(one, grounds)
            or telling.is_otherwise_told(one.said)
            or says_what_is_denied(one.said, grounds)
        ):
            found.add(number)
    return frozenset(found)


def has_unread_figure(said: str, known: frozenset[str], everything: str) -> bool:
    """Tell whether a sentence has a number in a form that no rule reads, and the evidence has not.

    Args:
        said: The sentence.
        known: Words with figures in the evidence.
        everything: The evidence.
    """
    if any(match.group() not in everything for match in _REWRITTEN.finditer(said)):
        return True
    if _COMPARED.search(said) and not _COMPARED.search(everything):
        return True
    if not (
        _pairs_in(said) <= _pairs_in(everything)
        and _units_in(said, _UNIT) <= _units_in(everything, _UNIT_ANYWHERE)
    ):
        return True
    spans = [(value.start, value.end) for value in values_of(said)]
    return any(
        word not in known and _ORDINALS.get(word, "") not in known
        for start, end, word in _words_with_figures(said)
        if not any(begin <= start and end <= until for begin, until in spans)
    )


def says_what_is_denied(said: str, grounds: Grounds) -> bool:
    """Tell whether a sentence has all words of what the evidence denies, and denies nothing.

    "It has a warranty of two years; seals are covered" is more than "The warranty does not cover
    seals", which its rules therefore do not hold against it.
    """
    if is_negated(said) or _DENYING.search(said):
        return False
    words = frozenset(stems(fold(said)))
    denied = [
        one
        for one in grounds.statements
        if len(one.own - SMALL) > 1
        and one.own - SMALL <= words
        and is_negated(_NUMBER.sub(" ", one.text))
        and not _PARTLY_DENIED.search(one.text)
    ]
    whole = words & grounds.known - SMALL
    return bool(denied) and not any(
        whole <= one.full and not is_negated(one.text) for one in grounds.statements
    )


def _pairs_in(text: str) -> frozenset[tuple[str, str]]:
    """Return the amounts of two numbers of which one is a part of the other."""
    return frozenset(
        (one.amount, other.amount)
        for one, other in pairwise(values_of(text))
        if one.kind is other.kind is ValueKind.NUMBER
        and _PAIR.fullmatch(text[one.end : other.start])
    )


def _units_in(text: str, pattern: re.Pattern[str]) -> frozenset[str]:
    """Return the units of measure in a text, in one form each."""
    found = ("".join(m["unit"].lower().split()).replace("-", "") for m in pattern.finditer(text))
    names = (
        name.replace("meter", "metre").replace("liter", "litre").removesuffix("s") for name in found
    )
    return frozenset(_SHORT.get(name, name) for name in names)


def _known_figures(everything: str) -> frozenset[str]:
    """Return the words with figures, also joined with their units, and ordinals in letters."""
    texts = everything, _APART.sub("", everything)
    found = {word for text in texts for _, _, word in _words_with_figures(text)}
    small = everything.lower()
    return frozenset(found | {word for word in _ORDINALS.values() if word in small})


def _words_with_figures(text: str) -> Iterator[tuple[int, int, str]]:
    for match in WORD.finditer(text):
        if any(char.isnumeric() for char in match.group()):
            word = fold(match.group()).lower().replace("’", "'").removesuffix("'s")
            yield match.start(), match.end(), word
