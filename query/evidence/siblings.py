"""Find the pages of Spain where Ireland is asked about, and has a page of its own.

"Car hire in Ireland" and "Car hire in Spain" are pages about two things of a kind. What only the
page of Spain says, nobody has said of Ireland. Of a kind are two names if the titles with them are
the same otherwise, if the same headings stand below both, if they are headings side by side that
say nothing else, or if a list or a table has both of them. A page about both, or about neither, is
left alone.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from query.asking.question import Question
from query.text.passages import Passage
from query.text.words import STOP_WORDS, WORD, stem, stems

MOST_WORDS: Final = 4
"""Words in which a title may differ from that of a sibling."""
LEAST_NAMES: Final = 3
"""Headings that are names, from which on they are those of things of a kind."""
_OF_OTHERS: Final = re.compile(
    r"\b(?:other|others|else|elsewhere|except|besides|outside|apart from|instead|unlike|than"
    r"|compare|compared|difference|versus|vs)\b",
    re.IGNORECASE,
)
"""Words of a question that may be about more than what it names."""
_LISTED: Final = re.compile(
    r"(?P<one>[^\W\d_a-z][\w’']*(?: [^\W\d_a-z][\w’']*)*)"
    r"(?:,? (?:and|or|&) (?:the |in |at |on )?|, (?:the |in |at |on )?| ?/ ?)"
    r"(?=(?P<other>[^\W\d_a-z][\w’']*(?: [^\W\d_a-z][\w’']*)*))"
)
"""Two names side by side in a list."""
_LINE: Final = re.compile(
    r"^[\s>#*|•–-]*(?P<name>[^\W\d_a-z][\w’']*(?: [^\W\d_a-z][\w’']*)*)"
    r"(?=[\s*]*(?:[^\w\s]|\d|$))",
    re.M,
)
"""The name that a line begins with and that is all it says before a cell, a mark or a figure: a
row, an item, a heading. "Acme pays" and "Travel must be approved" are sentences."""
_Path = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Place:
    """A title or heading that has a name in it, and where it stands."""

    path: _Path
    names: frozenset[str]
    """Stems of its words that are names."""
    words: tuple[str, ...]

    @property
    def is_name_only(self) -> bool:
        """Whether it says nothing but a name."""
        return self.said == self.names

    @property
    def said(self) -> frozenset[str]:
        """Stems of all its words but the small ones."""
        return frozenset(stem(w.lower()) for w in self.words if w.lower() not in STOP_WORDS)


def of_siblings(passages: Sequence[Passage], question: Question) -> tuple[Passage, ...]:
    """Return the passages about siblings of what is asked that do not name it.

    Args:
        passages: Candidates, best first.
        question: Where it has no name that a title or heading has, there is none.
    """
    if _OF_OTHERS.search(question.text):
        return ()
    asked = frozenset(question.terms)
    words = WORD.findall(question.text)
    capital = frozenset(stem(word.lower()) for word in words if word[0].isupper())
    usable = [passage for passage in passages if not passage.blocked]
    if not any(asked & capital & frozenset(stems(" ".join(_path(p)))) for p in usable):
        return ()
    places = _places(usable)
    own = [
        place
        for place in places
        if place.names & asked & capital and 2 * len(place.names & asked) >= len(place.names)
    ]
    if not own:
        return ()
    below, listed = _below(usable), _listed(usable)
    known = {place.path[-1]: place for place in places}
    siblings = []
    for mine in own:
        for other in places:
            # Lodges share a word of their names.
            told, theirs = (mine.names - other.names) & asked, other.names - mine.names
            is_asked = not told & capital or not theirs or bool(theirs & asked)
            if not is_asked and _are_of_a_kind(mine, other, asked, below, listed, known):
                siblings.append((told, other))
    return tuple(
        p for p in passages
        if any(
            _path(p)[: len(other.path)] == other.path
            and mine.isdisjoint(p.context) and mine.isdisjoint(p.stems)
            for mine, other in siblings
        )
    )  # fmt: skip


def _places(passages: Sequence[Passage]) -> list[_Place]:
    """Return the titles and headings that have names: words that nobody writes small."""
    small = {stem(w) for p in passages for w in WORD.findall(p.text) if w.islower()}
    found: dict[_Path, _Place] = {}
    for path in dict.fromkeys(map(_path, passages)):
        for depth in range(1, len(path) + 1):
            words = tuple(WORD.findall(path[depth - 1]))
            names = frozenset(
                stem(word.lower())
                for word in words
                if word[0].isupper()
                and len(word) > 2
                and word.lower() not in STOP_WORDS
                and stem(word.lower()) not in small
            )
            if names:
                found.setdefault(path[:depth], _Place(path[:depth], names, words))
    return list(found.values())


def _path(passage: Passage) -> _Path:
    """Return its title and headings, outermost first, each once."""
    return tuple(dict.fromkeys(text for text in (passage.title, *passage.headings) if text))


def _below(passages: Sequence[Passage]) -> Mapping[_Path, frozenset[str]]:
    """Return the headings that stand right below each."""
    found: dict[_Path, frozenset[str]] = {}
    for path in map(_path, passages):
        for depth in range(1, len(path)):
            found[path[:depth]] = found.get(path[:depth], frozenset()) | {path[depth]}
    return found


def _listed(passages: Sequence[Passage]) -> list[frozenset[str]]:
    """Return the stems of names that stand side by side in a list, or begin lines of one text."""
    found = []
    for passage in passages:
        for match in _LISTED.finditer(passage.text):
            found.append(frozenset(stems(f"{match['one']} {match['other']}")))
        lines = [frozenset(stems(match["name"])) for match in _LINE.finditer(passage.text)]
        found += [one | other for n, one in enumerate(lines) for other in lines[n + 1 :]]
    return found


def _are_of_a_kind(
    mine: _Place,
    other: _Place,
    asked: frozenset[str],
    below: Mapping[_Path, frozenset[str]],
    listed: Sequence[frozenset[str]],
    known: Mapping[str, _Place],
) -> bool:
    """Tell whether two names are of things of one kind.

    Args:
        mine: Where the one that is asked about stands.
        other: Where the other one stands.
        asked: Terms of the question.
        below: Headings below each title or heading.
        listed: Names side by side.
        known: The places, by their text.
    """
    told, theirs = (mine.names - other.names) & asked, other.names - mine.names
    if any(told & pair and theirs <= pair for pair in listed):
        return True
    if not mine.said - other.said <= asked:
        return False  # "Acme Security Policy" is one side of Acme, and "Leave Policy" another
    above = mine.path[:-1]
    if above == other.path[:-1] and (
        _differ_in_names(mine, other) or (above and _are_names(below[above], known))
    ):
        return True
    return not below.get(mine.path, frozenset()).isdisjoint(below.get(other.path, ()))


def _are_names(headings: frozenset[str], known: Mapping[str, _Place]) -> bool:
    """Tell whether most headings side by side say nothing but names, as those of things do."""
    names = sum(text in known and known[text].is_name_only for text in headings)
    return names >= LEAST_NAMES and 2 * names > len(headings)


def _differ_in_names(one: _Place, other: _Place) -> bool:
    """Tell whether two titles are the same but for some words, and share one that tells."""
    mine, theirs = ([stem(w.lower()) for w in place.words] for place in (one, other))
    most = min(len(mine), len(theirs))
    before = 0
    while before < most and mine[before] == theirs[before]:
        before += 1
    after = 0
    while after < most - before and mine[-1 - after] == theirs[-1 - after]:
        after += 1
    shared = (*one.words[:before], *one.words[len(mine) - after :])
    slots = len(mine) - before - after, len(theirs) - before - after
    tells = any(word.lower() not in STOP_WORDS for word in shared)
    return tells and min(slots) > 0 and max(slots) <= MOST_WORDS
