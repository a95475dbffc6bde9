"""Retrieved chunks made comparable with a question: stems, sentences, term weights, coverage."""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import TYPE_CHECKING

from query.search.fusion import RankedHit
from query.text.sentences import split_sentences
from query.text.values import Value, find_values
from query.text.words import QUESTION_SHAPE, stem, stems

if TYPE_CHECKING:
    from query.tables.ranges import ScaleColumn

BLOCKING_FLAGS = ("injection", "hidden")
"""A chunk whose flags begin with one of these is shown, but never carries an answer.

Flags that end in `_removed` only say that hidden text is gone: what is left is ordinary.
"""

_WEIGHTED_CANDIDATES = 30
SHAPE_STEMS = frozenset(stem(word) for word in QUESTION_SHAPE)
_SHAPE_WEIGHT = 0.3


@dataclass(frozen=True, slots=True)
class Sentence:
    """A sentence of a passage; offsets count from the beginning of the chunk."""

    start: int
    end: int
    text: str
    stems: frozenset[str]


@dataclass(frozen=True)
class Passage:
    """One retrieved chunk."""

    ranked: RankedHit
    chunk_id: str
    document_id: str
    key: str
    version: int
    page: int | None
    """The first one."""
    start: int
    """Offset of the chunk in the document's cleaned text."""
    text: str
    title: str
    headings: tuple[str, ...]
    flags: tuple[str, ...]
    source: str = ""
    trust: str = ""
    """Empty where the point does not say; that is never enough where trust is asked for."""
    modified: datetime | None = None
    """When the document was changed, as its source says."""
    ordinal: int = 0
    table_head: str = ""
    """Header row of the table that the chunk goes on with, and its caption if it has one."""
    page_breaks: tuple[tuple[int, int], ...] = ()
    """Where in the text another page begins, and its number; slides and sheets are pages, too."""

    @cached_property
    def words(self) -> tuple[str, ...]:
        """Stems of the chunk's own words, in order."""
        return tuple(stems(self.text))

    @cached_property
    def stems(self) -> frozenset[str]:
        """Stems of the chunk's own words."""
        return frozenset(self.words)

    @cached_property
    def context(self) -> frozenset[str]:
        """Stems of title, headings, key, head of its table: what it is about without saying it."""
        around = (self.title, *self.headings, _words_of_key(self.key), self.table_head)
        return frozenset(stems(" ".join(around)))

    @cached_property
    def everything(self) -> str:
        """Text, title, headings, key and head of its table, for literal look-ups."""
        return "\n".join((self.title, *self.headings, self.key, self.table_head, self.text))

    @cached_property
    def small_letters(self) -> str:
        """The same in small letters."""
        return self.everything.lower()

    @cached_property
    def values(self) -> tuple[Value, ...]:
        """Numbers, dates and amounts in all of that; a question may ask for hundreds of them."""
        return find_values(self.everything)

    @cached_property
    def scales(self) -> "tuple[ScaleColumn, ...]":
        """The columns of its tables that hold ranges."""
        from query.tables.ranges import scales_of  # which reads passages

        return scales_of(self)

    @cached_property
    def sentences(self) -> tuple[Sentence, ...]:
        """The sentences of the chunk in order."""
        spans = split_sentences(self.text)
        pieces = ((span, self.text[span.start : span.end]) for span in spans)
        return tuple(Sentence(s.start, s.end, text, frozenset(stems(text))) for s, text in pieces)

    @property
    def readable(self) -> str:
        """Headings and text, for whoever reads the chunk alone; a table has its head there."""
        head = (self.table_head,) if self.table_head else ()
        return "\n\n".join((*self.headings, "\n".join((*head, self.text))))

    def page_at(self, offset: int) -> int | None:
        """Return the page on which a place of the text stands; none where there are no pages."""
        begun = [page for start, page in self.page_breaks if start <= offset]
        return begun[-1] if begun else self.page

    @property
    def blocked(self) -> bool:
        """Whether the chunk was flagged as carrying instructions or hidden text."""
        return blocks(self.flags)


def blocks(flags: Iterable[str]) -> bool:
    """Tell whether a chunk with these flags never carries an answer."""
    return any(f.startswith(BLOCKING_FLAGS) and not f.endswith("_removed") for f in flags)


def make_passage(ranked: RankedHit) -> Passage:
    """Read a passage from a hit's payload."""
    payload = ranked.hit.payload
    page = payload.get("page")
    return Passage(
        ranked=ranked,
        chunk_id=str(ranked.hit.id),
        document_id=str(payload["document_id"]),
        key=str(payload.get("key", "")),
        version=int(payload.get("version", 0)),
        page=None if page is None else int(page),
        start=int(payload.get("start", 0)),
        text=str(payload["text"]),
        title=str(payload.get("title") or ""),
        headings=tuple(payload.get("headings") or ()),
        flags=tuple(payload.get("flags") or ()),
        source=str(payload.get("source") or ""),
        trust=str(payload.get("trust") or ""),
        modified=read_moment(payload.get("modified")),
        ordinal=int(payload.get("ordinal") or 0),
        table_head=str(payload.get("table_head") or ""),
        page_breaks=tuple((int(at), int(to)) for at, to in payload.get("page_breaks") or ()),
    )


def read_moment(text: object) -> datetime | None:
    """Read a time with zone; one that is none, or has no zone, counts as unknown."""
    try:
        moment = datetime.fromisoformat(text) if isinstance(text, str) else None
    except ValueError:
        return None
    return moment if moment is not None and moment.tzinfo is not None else None


def weigh_terms(terms: Iterable[str], passages: Sequence[Passage]) -> dict[str, float]:
    """Weigh question terms by how rare they are among the candidates.

    A term that no candidate holds weighs most: it is what the index does not know. Words that
    only shape a question ("many", "type") weigh less. The weights are all positive.
    """
    candidates = [(p.stems, p.context) for p in passages[:_WEIGHTED_CANDIDATES]]
    total = len(candidates)
    weights = {}
    for term in terms:
        having = sum(term in own or term in context for own, context in candidates)
        rarity = math.log(1.0 + (total - having + 0.5) / (having + 0.5))
        weights[term] = max(rarity, 0.1) * (_SHAPE_WEIGHT if term in SHAPE_STEMS else 1.0)
    return weights


def coverage(weights: Mapping[str, float], *known: frozenset[str]) -> float:
    """Return the weighted share in [0, 1] of the terms that one of `known` holds."""
    total = sum(weights.values())
    if total <= 0:
        return 0.0
    # Asked some six hundred times per question, and nearly always of one set or two.
    if len(known) == 1:
        (one,) = known
        return sum([w for term, w in weights.items() if term in one]) / total
    if len(known) == 2:
        one, other = known
        return sum([w for term, w in weights.items() if term in one or term in other]) / total
    return sum(w for term, w in weights.items() if any(term in k for k in known)) / total


def _words_of_key(key: str) -> str:
    return key.rsplit(".", 1)[0].replace("_", " ").replace("-", " ").replace("/", " ")


CELL = " | "
"""Between the cells of a table row."""
_EMPTY = "\n\n"
_LONGEST_PART_NAME = 60
"""Characters of a line between rows that names the ones below it."""


def cells_of(row: str, head: str = "") -> tuple[str, ...]:
    """Return the cells of a row, without white space around them.

    A row is kept without the empty cells at its end: where its head has more, they are there again.

    Args:
        row: The row.
        head: Head of its table, if it has one.
    """
    own = tuple(cell.strip() for cell in row.split(CELL.strip()))
    return own + ("",) * (len(head.split(CELL.strip())) - len(own))


def table_heads(passage: Passage) -> dict[int, Sentence]:
    """Return the head row of every table row, by position; a head row is its own head.

    The head of a table that began in an earlier chunk is no sentence of this one; it has no place.
    """
    heads: dict[int, Sentence] = {}
    sentences = passage.sentences
    doubled: dict[int, Sentence] = {}
    for index, sentence in enumerate(sentences):
        if index - 1 in doubled:
            heads[index] = sentence  # the second of two head rows
            continue
        if CELL not in sentence.text:
            continue
        follows = index + 1 < len(sentences) and CELL in sentences[index + 1].text
        before = heads.get(index - 1) if stands_below(passage, index) else None
        if index == 0:
            before = head_before(passage)
        elif names_part(passage, index - 1):
            before = heads.get(index - 2)
        if index - 2 in doubled and stands_below(passage, index):
            heads[index] = doubled[index - 2]
        elif before is not None:
            heads[index] = before
        elif follows or names_part(passage, index + 1):
            heads[index] = sentence
            both = double_head(passage, index)
            if both is not None:
                doubled[index] = both
    return heads


def double_head(passage: Passage, index: int) -> Sentence | None:
    """Return two head rows as one, if the second names what the cells of the first are parted in.

    Under "Test | Result | " and " | Ordinary | Urgent" a column is called "Result Urgent".

    Args:
        passage: Any passage.
        index: Place of the first of them among its sentences.
    """
    rows = passage.sentences[index : index + 3]
    if len(rows) < 3 or not all(stands_below(passage, index + n) for n in (1, 2)):
        return None
    first, second, below = (cells_of(row.text) for row in rows)
    is_head = second[0] in {"", first[0]} and not any(cell[:1].isdecimal() for cell in second)
    parted = len(first) < len(second) or not all(first[1:])
    filled = len(second) > 2 and all(second[1:]) and below[0] not in {"", second[0]}
    if not (is_head and parted and filled and _has_figure(below) and len(first) <= len(second)):
        return None
    names = [first[0] or second[0]]
    above = [cell for cell in first[1:] if cell]
    # Where joined cells are given once, nothing tells how far each of them reaches.
    reach = len(above) == 1 or not all(first[1:])
    for place, name in enumerate(second[1:], start=1):
        over = next((cell for cell in first[min(place, len(first) - 1) : 0 : -1] if cell), "")
        names.append(f"{over} {name}" if reach and over else name)
    text = CELL.join(names)
    return Sentence(rows[0].start, rows[1].end, text, frozenset(stems(text)))


def stands_below(passage: Passage, index: int) -> bool:
    """Tell whether a sentence stands right below the one before: an empty line ends a table."""
    if index < 1:
        return False
    above, below = passage.sentences[index - 1 : index + 1]
    return _EMPTY not in passage.text[above.end : below.start]


def names_part(passage: Passage, index: int) -> bool:
    """Tell whether a sentence stands between two rows of one table: "Series B".

    Where the row behind it has no figures and the one before it does, that is another table's head.
    """
    sentences = passage.sentences
    if not 0 < index < len(sentences) - 1:
        return False
    above, line, below = sentences[index - 1 : index + 2]
    if CELL in line.text or CELL not in above.text or CELL not in below.text:
        return False
    if len(line.text) > _LONGEST_PART_NAME or _EMPTY in passage.text[above.end : below.start]:
        return False
    before, behind = cells_of(above.text), cells_of(below.text)
    return len(behind) <= len(before) and (_has_figure(behind) or not _has_figure(before))


def _has_figure(cells: Sequence[str]) -> bool:
    return any(char.isdecimal() for cell in cells[1:] for char in cell)


def head_before(passage: Passage) -> Sentence | None:
    """Return the head row of the table that the passage goes on with, if it does."""
    row = passage.table_head.rsplit("\n", 1)[-1]
    return Sentence(0, 0, row, frozenset(stems(row))) if CELL in row else None
