"""Leave out what stands under the heading of another thing of the kind that is asked about.

Small sections share a chunk: under "Branch Eastfield" and "Branch Northgate" the opening day of the
one reads like an answer to a question about the other.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final

from query.asking.question import Question
from query.evidence.validity import in_force
from query.text.designators import names_designator, without_siblings
from query.text.passages import CELL, Passage
from query.text.releases import HEADS, are_same, asks_beyond, is_release, sections
from query.text.words import WORD, stems

LONGEST_HEADING: Final = 60
_BLOCK: Final = re.compile(r"[^\n]+(?:\n(?!\n)[^\n]+)*")
"""What stands between two empty lines."""
ENDS: Final = (".", "!", "?", ":", ";", ",")


@dataclass(frozen=True, slots=True)
class _Section:
    """A heading inside a chunk and what stands below it, by its characters."""

    heading: frozenset[str]
    start: int
    end: int


def about_what_is_asked(passages: Sequence[Passage], question: Question) -> tuple[Passage, ...]:
    """Leave out what is about siblings of what is asked, or holds no longer.

    Siblings are passages, sections and sentences about another thing of the name or kind.

    What is left out within a passage is blanked, not cut, so that all offsets stay.
    """
    kept = (
        _without_other_releases(_without_other_sections(p, question), question)
        for p in in_force(passages, question)
    )
    return without_siblings(tuple(kept), question.designators)


def _without_other_sections(passage: Passage, question: Question) -> Passage:
    if not question.names:
        return passage
    sections = list(_sections(passage.text))
    asked = frozenset(question.terms)
    text = passage.text
    for name in (frozenset(stems(name)) for name in question.names):
        own = [one.heading - name for one in sections if name and name <= one.heading]
        kinds = frozenset().union(*own)
        for one in sections:
            is_other = not name <= one.heading and one.heading & kinds
            named = one.heading - kinds <= asked or name <= frozenset(
                stems(passage.text[one.start : one.end])
            )
            if is_other and not named:
                text = text[: one.start] + " " * (one.end - one.start) + text[one.end :]
    return passage if text == passage.text else replace(passage, text=text)


def _without_other_releases(passage: Passage, question: Question) -> Passage:
    """Leave out the notes of other releases than the ones that are asked about.

    "Since version 3.6" asks for what stands below other numbers, and the notes of a server are not
    about "Python 3.11"; what names the release stays.
    """
    if not any(is_release(one.number) for one in question.designators):
        return passage
    every = sections(passage.text)
    first = every[0].start if every else len(passage.text)
    around = (passage.title, *passage.headings, passage.key, passage.text[:first])
    about = HEADS | frozenset(word.lower() for text in around for word in WORD.findall(text))
    wanted = [
        one for one in question.designators if is_release(one.number) and one.head.lower() in about
    ]
    if not wanted or any(asks_beyond(question.text, one.number) for one in wanted):
        return passage
    above = sections("\n".join(passage.headings[-1:]))  # of what goes on from the chunk before
    if above and passage.text[:first].strip():
        every = (replace(above[0], start=0, end=first), *every)
    text = passage.text
    for one in every:
        said = text[one.start : one.end]
        if not any(are_same(one.number, d.number) or names_designator(said, d) for d in wanted):
            text = text[: one.start] + " " * (one.end - one.start) + text[one.end :]
    return passage if text == passage.text else replace(passage, text=text)


def _sections(text: str) -> Iterator[_Section]:
    blocks = list(_BLOCK.finditer(text))
    places = [at for at, block in enumerate(blocks) if is_heading(block.group())]
    ends = [blocks[at].start() for at in places[1:]] + [len(text)]
    for at, end in zip(places, ends, strict=False):
        block = blocks[at]
        yield _Section(frozenset(stems(block.group())), block.start(), end)


def is_heading(block: str) -> bool:
    """Tell whether a block of text, alone between empty lines, reads like a heading."""
    short = len(block) <= LONGEST_HEADING and "\n" not in block and CELL not in block
    return short and block[:1].isupper() and not block.rstrip().endswith(ENDS)
