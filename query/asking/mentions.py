"""Read off a turn what it names side by side: "the Tern 2 and the Tern 4", "tetanus or flu".

No grammar is parsed. What stands on either side of a comma, "and" or "or" is cut down to the words
next to it, up to a small word or a mark. Whether it is a thing, the evidence says.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from query.text.words import ENGLISH_MARKERS, STOP_WORDS, WORD, only_asks, stems, table

LONGEST: Final = 4
"""Words of a thing that is named."""
MOST_CHARS: Final = 2000
"""Of a text that is read; nobody names things side by side for longer."""
MOST: Final = 8
"""Things of a group; a longer list is none of which one is meant."""
_JOINT: Final = re.compile(r",\s*(?:and|or|nor|besides|plus)\b|\b(?:and|or|nor|versus|vs)\b|[,;/&]")
_SENTENCE: Final = re.compile(r"(?<=[.!?])\s+|\n+")
_SMALL: Final = (STOP_WORDS | ENGLISH_MARKERS | table(
    """during after before since until against within without per via among across behind beside
    along around above below near if not no only also each every both either neither one two three
    four five six seven eight nine ten there yes half besides always never often now then"""
)) - table("may")  # fmt: skip
_LEFT_OUT: Final = re.compile(
    r"\b(?:besides|except|excluding|apart from|other than|rather than|instead of|not)\b",
    re.IGNORECASE,
)
_TOKEN: Final = re.compile(rf"{WORD.pattern}|[^\w\s]")
_INNER: Final = table("- ' ’ . %")
"""Marks that may stand in a name."""


@dataclass(frozen=True, slots=True)
class Mention:
    """A thing that a turn names beside others."""

    text: str
    stems: frozenset[str]


def named_side_by_side(text: str) -> Iterator[tuple[Mention, ...]]:
    """Yield the groups of things that a text names side by side, two or more in each.

    What stands behind "besides" or "except" is named to be left out.

    Args:
        text: A turn of a conversation.
    """
    for sentence in _SENTENCE.split(text[:MOST_CHARS]):
        if _LEFT_OUT.search(sentence):
            continue
        yield from (group for group in map(_different, _groups(sentence)) if 1 < len(group) <= MOST)


def _groups(sentence: str) -> Iterator[list[Mention]]:
    """Yield what stands next to the joints of a sentence; a piece of several runs ends a group."""
    group: list[Mention] = []
    for number, piece in enumerate(_JOINT.split(sentence)):
        runs = _runs([m.group() for m in _TOKEN.finditer(piece)])
        if not runs:
            continue
        if number:
            group += _mention(runs[0])
        if not number or len(runs) > 1:
            yield group
            group = _mention(runs[-1])
    yield group


def _runs(words: Sequence[str]) -> list[list[str]]:
    """Return the runs of words without a small word or a mark between them."""
    runs: list[list[str]] = [[]]
    for word in words:
        if word.lower() in _SMALL or (len(word) == 1 and not word.isalnum() and word not in _INNER):
            runs.append([])
        elif word not in _INNER:
            runs[-1].append(word)
    return [run for run in runs if run]


def _mention(words: Sequence[str]) -> list[Mention]:
    words = words[-LONGEST:]
    while len(words) > 1 and only_asks(words[-1]):
        words = words[:-1]
    said = frozenset(stems(" ".join(words)))
    if not said or all(only_asks(word) or word.isdigit() for word in words):
        return []
    return [Mention(" ".join(words), said)]


def _different(found: Sequence[Mention]) -> tuple[Mention, ...]:
    group: list[Mention] = []
    for one in found:
        if not any(one.stems == other.stems for other in group):
            group.append(one)
    return tuple(group)
