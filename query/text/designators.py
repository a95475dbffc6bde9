"""Tell `Tern 2` from `Tern 4`: a passage about a sibling of what is asked is no evidence."""

import functools
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from string import ascii_uppercase
from typing import Final

from query.text.passages import Passage
from query.text.releases import HEADS, is_in_span, is_release, names_release, sections
from query.text.words import table

_NUMBERED: Final = (
    r"version|release|level|band|class|phase|chapter|section|model|generation|tier|priority|grade"
    r"|stage|article|annex|appendix|figure"
)
_DESIGNATOR: Final = re.compile(
    rf"\b(?P<head>(?:[A-Z]|[a-z](?=[A-Z]))[a-z]*(?:[A-Z][a-z]+)*[a-z]|(?i:{_NUMBERED}))"
    r"\s(?P<number>\d{1,3}(?:\.\d+)*[A-Z]?)\b(?![%,]\d|\.\d|\s?%)"
)
"""`Tern 2`, `KneeGuard 3`, `iPhone 15`, `Veridian 1.5T`, `version 3`."""
_ANY_CASE: Final = re.compile(
    r"\b(?P<head>[^\W\d_]{2,})\s(?P<number>\d{1,3}(?:\.\d+)*[A-Z]?)\b(?![%,]\d|\.\d|\s?%)"
)
_LETTER: Final = re.compile(r"(?<=\d)(?=[A-Z])")
_NOT_HEADS: Final = table(
    """in on at by to from of the a an and or for with within after before between until since about
    than only over under up last first next is are was were has have which what how january february
    march april may june july august september october november december jan feb mar apr jun jul aug
    sep sept oct nov dec monday tuesday wednesday thursday friday saturday sunday page step room
    no"""
)


@dataclass(frozen=True, slots=True)
class Designator:
    """A name with a number that sets it apart from its siblings."""

    head: str
    number: str

    @property
    def text(self) -> str:
        """As people write it."""
        return f"{self.head} {self.number}"


def find_designators(text: str) -> tuple[Designator, ...]:
    """Return the designators in `text`, each once; months and ordinary words are no heads."""
    found = (
        Designator(m["head"], m["number"])
        for m in _DESIGNATOR.finditer(text)
        if m["head"].lower() not in _NOT_HEADS
    )
    return tuple(dict.fromkeys(found))


def numbered_words(text: str) -> tuple[tuple[str, str, int], ...]:
    """Return words with a number behind them, however they are written, and where it begins."""
    return tuple(
        (m["head"], m["number"], m.start("number"))
        for m in _ANY_CASE.finditer(text)
        if m["head"].lower() not in _NOT_HEADS
    )


def names_designator(text: str, wanted: Designator) -> bool:
    """Tell whether `text` names exactly this designator: `version 3` also as `v3`.

    A release is named by what its notes are headed with, and by "versions before 4.0" as well.
    """
    # The number alone spares nearly all texts the patterns.
    if wanted.number.rstrip(ascii_uppercase) in text and any(
        pattern.search(text) for pattern in _patterns(wanted)
    ):
        return True
    head, number = wanted.head, wanted.number
    return names_release(text, head, number) or is_in_span(text, head, number)


@functools.lru_cache(maxsize=1024)
def _patterns(wanted: Designator) -> tuple[re.Pattern[str], ...]:
    """Compile how a designator is written; `re` itself remembers too few for a long question."""
    number = _LETTER.sub(r"\\s?", re.escape(wanted.number))
    head = re.escape(wanted.head)
    alone = rf"\b{head}s?[\s-]?{number}(?!\d|\.\d)"
    if wanted.head.lower() in {"version", "release"}:
        others = rf"\bv\s?{number}(?!\d|\.\d)"
    else:
        # "Tern 2 and 4", "bands 3 to 5": siblings may share one head.
        others = rf"\b{head}s?\s[\d.]+(?:(?:,|\s?(?:and|or|to|/|–|-))\s?[\d.]+)*(?:,|\s?(?:and|or|to|/|–|-))\s?{number}(?!\d|\.\d)"  # noqa: E501 - one pattern
    return re.compile(alone, re.IGNORECASE), re.compile(others, re.IGNORECASE)


def about_siblings_only(text: str, wanted: Sequence[Designator]) -> bool:
    """Tell whether a text names a sibling of what is asked, and none that is asked."""
    if not wanted or any(names_designator(text, d) for d in wanted):
        return False
    heads = {d.head.lower() for d in wanted}
    if any(d.head.lower() in heads for d in find_designators(text)):
        return True
    return not HEADS.isdisjoint(heads) and wants_release(wanted) and bool(sections(text))


def wants_release(wanted: Sequence[Designator]) -> bool:
    """Tell whether one of several designators is a release, `version 3.8`."""
    return any(is_release(one.number) for one in wanted)


def without_siblings(
    passages: Sequence[Passage], wanted: Sequence[Designator]
) -> tuple[Passage, ...]:
    """Leave out what is about siblings only: whole passages, and sentences within a passage.

    Sentences are blanked, not cut, so that all offsets stay.
    """
    if not wanted:
        return tuple(passages)
    kept = [p for p in passages if not about_siblings_only(p.everything, wanted)]
    return tuple(_blanked(p, wanted) for p in kept)


def _blanked(passage: Passage, wanted: Sequence[Designator]) -> Passage:
    text = passage.text
    for sentence in passage.sentences:
        if about_siblings_only(sentence.text, wanted):
            blank = " " * (sentence.end - sentence.start)
            text = text[: sentence.start] + blank + text[sentence.end :]
    return passage if text == passage.text else replace(passage, text=text)
