"""What a text states, one fact at a time: clauses, rows and list items, with what each leans on.

A sentence of two clauses states two things, a cell of a table one for its row and its column, and
"She retired in 2011" says it of whoever the sentence before was about. So every statement has words
of its own, words it takes from elsewhere, and a subject, as far as it can be told without a parser.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Final

from query.claims.fact_clauses import split_facts
from query.claims.figures import Figure, figures_in, values_of
from query.claims.subjects import AUXILIARIES, TITLES, Opening, Subject, names_in, read_subject
from query.text.sentences import split_sentences
from query.text.words import WORD, fold, stems

ITEM: Final = re.compile(r"^\s*(?:[-*•‣◦–]|\(?\d{1,3}[.)]|[a-z]\))\s+")
"""The mark of a list item; its number is no number of what the item says."""
_BAR: Final = "|"
_MOST_CELLS: Final = 40
"""A longer row is read as a sentence."""
_HEADING_WORDS: Final = 12
_LABELLED: Final = re.compile(r"\n(?=[^\n:]{1,40}:\s)")
"""Lines that begin with what they are about are none that a paragraph was wrapped into."""
_PERSON: Final = re.compile(r"\b(?:he|she|him|his|her|hers|who)\b", re.IGNORECASE)
_THING: Final = re.compile(
    r"\b(?:it|its|they|them|their|theirs|this|these|those|there|such)\b", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class Statement:
    """One thing that a text states."""

    source: int
    """Position of the text it stands in."""
    text: str
    own: frozenset[str]
    """Stems of its own words, those of its values included."""
    full: frozenset[str]
    """Those, and what it leans on: a heading, a lead-in, the sentence before a pronoun."""
    subject: frozenset[str]
    """Stems of what it is about; empty where that cannot be told."""
    names: frozenset[str]
    """Stems of the names in it."""
    owned: frozenset[str]
    """Stems of what it is about where that belongs to what was spoken of: `her brother`."""
    figures: tuple[Figure, ...]


@dataclass(slots=True)
class _Place:
    """What was read before a sentence."""

    base: frozenset[str] = frozenset()
    heading: frozenset[str] = frozenset()
    lead_in: frozenset[str] = frozenset()
    before: Statement | None = None
    in_headings: bool = False
    head: tuple[str, ...] = ()
    """Names of the columns of the table that is being read."""

    @property
    def above(self) -> frozenset[str]:
        return self.base | self.heading | self.lead_in

    def enter(self, heading: str) -> None:
        # Of several headings on end the last is the nearest; what is above it stays.
        if self.in_headings:
            self.base |= self.heading
        self.heading, self.in_headings = _stems(heading), True
        self.lead_in, self.before = frozenset(), None


def read_statements(text: str, source: int = 0) -> tuple[Statement, ...]:
    """Return what a text states, in order.

    Args:
        text: Evidence, or a claim.
        source: Handed on.
    """
    return tuple(_read(text, source))


def _read(text: str, source: int) -> Iterator[Statement]:
    place = _Place()
    spans = split_sentences(text)
    pieces = [p for span in spans for p in _LABELLED.split(text[span.start : span.end])]
    lines = (
        frozenset(line.strip() for line in text.splitlines()) if len(pieces) > 1 else frozenset()
    )
    for piece, follows in pairwise([*pieces, ""]):
        if 1 < len(_cells(piece)) <= _MOST_CELLS:
            place.in_headings = False
            yield from _row(piece, follows, place, source)
            continue
        place.head = ()
        if piece in lines and _is_heading(piece):
            place.enter(piece)
            continue
        place.in_headings = False
        said = tuple(_sentence(piece, place, source))
        place.before = _together(said) if said else place.before
        yield from said


def _is_heading(line: str) -> bool:
    bare = line.strip("*_# ")
    if not bare or ":" in bare or bare.endswith((".", "!", "?", ";", ",")):
        return False
    if len(bare.split()) > _HEADING_WORDS:
        return False
    marked = line.startswith("#")
    verbs = any(m.group() in AUXILIARIES for m in WORD.finditer(bare))
    return marked or not (ITEM.match(line) or verbs or values_of(bare))


def _sentence(piece: str, place: _Place, source: int) -> Iterator[Statement]:
    item = ITEM.match(piece)
    if not item and piece.endswith((".", "!", "?")):
        place.lead_in = frozenset()
    if piece.rstrip("*_ ").endswith(":"):
        place.lead_in = _stems(piece)
    before: Statement | None = None
    for clause in split_facts(piece[item.end() :] if item else piece):
        subject = read_subject(clause, before.text if before else "")
        own = _stems(clause)
        one = Statement(
            source, clause, own, own, subject.stems, names_in(clause) | subject.names,
            subject.owned, figures_in(clause),
        )  # fmt: skip
        before = _beside(one, subject, before, place) if before else _placed(one, subject, place)
        yield before


def _placed(one: Statement, subject: Subject, place: _Place) -> Statement:
    """Give the first clause of a sentence what it takes from above and from the sentence before."""
    full, about, before = one.own | place.above, one.subject, place.before
    if subject.opening is Opening.GUESSED:
        about |= place.heading  # "Opened in March 2021." under "Eastfield"
    if before is not None:
        # "The ward" behind "the day ward".
        narrower = one.text.lower().startswith("the ") and bool(about) and about < before.subject
        if narrower or (subject.opening is Opening.PRONOUN and not subject.owned):
            about |= before.subject
        if narrower or _THING.search(one.text):
            full |= _leant(one, before, has_own=bool(about - before.subject))
        if _PERSON.search(one.text):
            full |= before.subject | (frozenset() if one.names else before.names)
    return replace(one, full=full | about, subject=about)


def _beside(one: Statement, subject: Subject, before: Statement, place: _Place) -> Statement:
    """Give a further clause of a sentence what it takes from the clause before it."""
    about = one.subject if subject.is_own else before.subject | one.subject
    full = one.own | place.above | _leant(one, before, has_own=subject.is_own)
    return replace(one, full=full | about, subject=about)


def _leant(one: Statement, before: Statement, *, has_own: bool) -> frozenset[str]:
    """Return what a statement takes of the one before; names only where it has none itself."""
    taken = before.full - (before.names - before.subject) if one.names else before.full
    return taken - before.subject if has_own else taken


def _together(said: Sequence[Statement]) -> Statement:
    """Return what the next sentence may lean on: any clause of the one before."""
    return replace(
        said[-1],
        full=frozenset().union(*(s.full for s in said)),
        subject=frozenset().union(*(s.subject for s in said)),
        names=frozenset().union(*(s.names for s in said)),
    )


def _row(piece: str, follows: str, place: _Place, source: int) -> Iterator[Statement]:
    """Yield a statement for every cell behind the first: its label, its column and itself."""
    if _is_rule(piece):
        return
    own = _cells(piece)
    if not place.head:
        plain = not any(values_of(cell) for cell in own)
        if _is_rule(follows) or (_BAR in follows and plain):
            place.head, place.before = own, None
            return
        place.head = ("",) * len(own)
    names = [*place.head, *([""] * (len(own) - len(place.head)))]
    label = _stems(own[0])
    whole = _stems(piece) | _stems(names[0]) | place.above
    for name, cell in zip(names[1:], own[1:], strict=False):
        column = _stems(name)
        words = label | column | _stems(cell)
        # A bare number counts what its column is called, or its row.
        figures = tuple(
            f if f.counted or f.value.unit else replace(f, counted=column | label)
            for f in figures_in(cell)
        )
        yield Statement(
            source, f"{own[0]} | {cell}", words, words | whole, label or words,
            names_in(own[0]) | names_in(cell), frozenset(), figures,
        )  # fmt: skip


def _cells(row: str) -> tuple[str, ...]:
    if _BAR not in row:
        return ()
    bare = row.strip()
    if bare.startswith(_BAR) and bare.endswith(_BAR):
        bare = bare[1:-1]
    # One bar alone begins a row whose first cell is empty, as a head often has it.
    return tuple(cell.strip() for cell in bare.split(_BAR))


def _is_rule(row: str) -> bool:
    return "--" in row and not row.strip("|-:+ \t")


def _stems(text: str) -> frozenset[str]:
    return frozenset(stems(fold(text))) - TITLES
