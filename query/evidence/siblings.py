"""Find the pages of Spain where Ireland is asked about, and has a page of its own.

"Car hire in Ireland" and "Car hire in Spain" are pages about two things of a kind: their titles are
the same but for the names. What only the page of Spain says, nobody has said of Ireland. So it is
with two sections of a page, and where nothing but names stand over sections with the same headings.
A page about both, or about neither, is no such page.
"""

import re
from collections.abc import Iterator, Sequence
from typing import Final

from query.asking.capitals import capitals_of
from query.asking.question import Question
from query.text.passages import Passage
from query.text.words import STOP_WORDS, WORD, stem, stems

MOST_WORDS: Final = 4
"""Words in which a title may differ from that of a sibling."""
_OF_OTHERS: Final = re.compile(
    r"\b(?:other|others|else|elsewhere|except|besides|outside|apart from|instead|unlike|than"
    r"|compare|compared|difference|versus|vs)\b",
    re.IGNORECASE,
)
"""Words of a question that may be about more than what it names."""
_Words = tuple[str, ...]
_Path = tuple[str, ...]


def of_siblings(passages: Sequence[Passage], question: Question) -> tuple[Passage, ...]:
    """Return the passages about siblings of what is asked that do not name it.

    Args:
        passages: Candidates, best first.
        question: Without a name in it there is none.
    """
    asked = frozenset(question.terms)
    named = frozenset(s for n in (*question.names, *question.acronyms) for s in stems(n))
    if not named or _OF_OTHERS.search(question.text):
        return ()
    paths = tuple(dict.fromkeys(_path(p) for p in passages if not p.blocked))
    pairs = dict.fromkeys(_pairs(paths, named))
    words = " ".join(word for pair in pairs for slot in pair for word in slot)
    capitals = capitals_of(words, passages) if words else {}

    def names(slot: _Words) -> frozenset[str]:
        return frozenset(stem(w.lower()) for w in slot if w.lower() in capitals)

    siblings = [(names(mine), names(theirs)) for mine, theirs in pairs]
    siblings = [
        (mine, theirs)
        for mine, theirs in siblings
        if mine and theirs and mine <= asked and mine & named and not theirs & asked
    ]
    return tuple(
        p for p in passages
        if any(
            theirs <= p.context and mine.isdisjoint(p.context) and mine.isdisjoint(p.stems)
            for mine, theirs in siblings
        )
    )  # fmt: skip


def _path(passage: Passage) -> _Path:
    """Return its title and headings, outermost first, each once."""
    return tuple(dict.fromkeys(text for text in (passage.title, *passage.headings) if text))


def _pairs(paths: Sequence[_Path], named: frozenset[str]) -> Iterator[tuple[_Words, _Words]]:
    """Yield the words that tell the place of what is named from places of its kind."""
    own = [path for path in paths if any(named & frozenset(stems(text)) for text in path)]
    below: dict[_Path, set[str]] = {}
    for path in paths:
        for depth in range(1, len(path)):
            below.setdefault(path[:depth], set()).add(path[depth])
    for mine in own:
        for theirs in paths:
            at = next((i for i, (a, b) in enumerate(zip(mine, theirs)) if a != b), None)  # noqa: B905
            if at is None:
                continue
            slots = _apart(mine[at], theirs[at])
            upto = at + 1
            if not slots and not below.get(mine[:upto], set()).isdisjoint(
                below.get(theirs[:upto], ())
            ):
                slots = _words(mine[at]), _words(theirs[at])
            if slots and all(len(slot) <= MOST_WORDS for slot in slots):
                yield slots


def _words(text: str) -> _Words:
    return tuple(match.group() for match in WORD.finditer(text))


def _apart(one: str, other: str) -> tuple[_Words, _Words] | None:
    """Return the words in which two titles differ; none unless they share a word that tells."""
    mine, theirs = _words(one), _words(other)
    ours = [stem(word.lower()) for word in mine], [stem(word.lower()) for word in theirs]
    most = min(len(mine), len(theirs))
    before = 0
    while before < most and ours[0][before] == ours[1][before]:
        before += 1
    after = 0
    while after < most - before and ours[0][-1 - after] == ours[1][-1 - after]:
        after += 1
    shared = (*mine[:before], *mine[len(mine) - after :])
    here, there = (words[before : len(words) - after] for words in (mine, theirs))
    if not here or not there or all(word.lower() in STOP_WORDS for word in shared):
        return None
    return here, there
