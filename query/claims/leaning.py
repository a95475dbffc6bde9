"""What a sentence of a text leans on: "It has a warranty" behind a sentence about another thing.

Each sentence is compared with the evidence by itself, but nobody reads it so. "The Heron 3 costs
€450. It has a warranty of two years." is two sentences of the evidence, the second of which says it
of the Heron 2. And what stands below a heading or behind "Sauna:" is read of that.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from query.claims.closeness import HALF, MARGIN, Grounds
from query.claims.statements import ITEM, Statement, read_statements
from query.claims.subjects import Opening, read_subject
from query.claims.turned import SMALL
from query.text.passages import coverage
from query.text.words import fold, stems

_EXPLETIVE: Final = re.compile(
    r"^\W*(?:(?:there|here)\b|it (?:is|was|takes|took|will take|seems|appears|follows)\b"
    r"[^,.;]{0,60}\b(?:to|that|if|when|whether)\b)",
    re.IGNORECASE,
)
"""Openings that stand for nothing: "It takes a week to", "There is"."""
_HELPING: Final = "do|does|did|is|are|was|were|has|have|had|can|could|may|must|will|would"
_ELLIPSIS: Final = re.compile(
    rf"^\W*(?:and |but )?(?:so|neither|nor) (?:{_HELPING})\b"
    rf"|\b(?:{_HELPING})(?: not|n['’]t)?,?"
    r" (?:so,? )?(?:too|as well|also|likewise|either)\W*$"
    r"|\b(?:the )?same (?:holds|goes|applies|is true|is the case)\b|\b(?:likewise|ditto)\W*$"
    r"|^\W*(?:not )?[^.,;]{1,60}, (?:too|either)\W*$",
    re.IGNORECASE,
)
"""Says of one thing what the sentence before says of another."""
_HEADED: Final = re.compile(r"^\s*#|:[*_ ]*$|^\s*(\*\*|__)[^*_\n]{1,80}\1\s*$")


@dataclass(frozen=True, slots=True)
class Leaning:
    """A sentence of a text, and what it leans on."""

    said: str
    """Without markers and bullets."""
    on: frozenset[str] = frozenset()
    """Stems of what it leans on; empty where it stands by itself."""
    thing: frozenset[str] = frozenset()
    """Those of them that name the thing which was spoken of."""
    is_ellipsis: bool = False
    needs_before: bool = False
    """Whether nobody knows what it is about without the sentence before."""


def read_leanings(sentences: Sequence[tuple[str, str]]) -> tuple[Leaning, ...]:
    """Return what each sentence of a text leans on.

    Args:
        sentences: Each as it was written, and without markers, bullets and courtesies.
    """
    found: list[Leaning] = []
    before = above = (frozenset[str](), frozenset[str]())
    in_list = False
    for raw, said in sentences:
        own = frozenset(stems(fold(said)))
        statements = read_statements(said)
        thing = frozenset[str]().union(*(one.subject for one in statements[:1])) or own
        if _HEADED.search(raw):
            before = above = own, thing
            in_list = True
            found.append(Leaning(said))
            continue
        opening = read_subject(said).opening
        is_item = ITEM.match(raw) is not None
        if opening is Opening.PRONOUN and not _EXPLETIVE.match(said):
            on = before
        elif in_list and opening in {Opening.GUESSED, Opening.NONE}:
            on = above
        else:
            on = frozenset[str](), frozenset[str]()
        in_list = in_list and (is_item or not said.rstrip().endswith((".", "!", "?")))
        elliptic = _ELLIPSIS.search(said) is not None
        found.append(Leaning(said, *on, elliptic, elliptic or on is before))
        before = (own | on[0], (thing - SMALL) | on[1]) if on[0] else (own, thing)
    return tuple(found)


def is_of_other(one: Leaning, grounds: Grounds) -> bool:
    """Tell whether the evidence says what a sentence says of something else than it leans on.

    Args:
        one: A sentence of a text.
        grounds: The evidence.
    """
    own = (frozenset(stems(fold(one.said))) - SMALL) & grounds.known
    if not one.on or not own or not one.on & grounds.known:
        return False
    weights = grounds.weigh(own)
    shares = [coverage(weights, statement.own) for statement in grounds.statements]
    best = max(shares, default=0.0)
    if best < HALF:
        return False
    spoken = one.on | frozenset(stems(fold(one.said)))
    head = grounds.weigh(one.thing & grounds.known)
    most = max((coverage(head, statement.full) for statement in grounds.statements), default=0.0)
    return all(
        _is_foreign(statement, spoken, most - coverage(head, statement.full))
        for statement, share in zip(grounds.statements, shares, strict=True)
        if share >= best - MARGIN
    )


def _is_foreign(statement: Statement, spoken: frozenset[str], lacking: float) -> bool:
    """Tell whether a statement is about something that was not spoken of.

    Args:
        statement: It says what a sentence says.
        spoken: Stems of that sentence and of what it leans on.
        lacking: How much less of the thing it has than another statement.
    """
    foreign = statement.subject - spoken
    named = any(word in statement.names or word[0].isdigit() for word in foreign)
    return bool(foreign) and (named or lacking > MARGIN)
