"""What repeats at the top and bottom of the pages: running heads, footers, page numbers."""

import re
import statistics
from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from ingestion.document import Cut
from ingestion.parsing.layout.grids import Grid
from ingestion.parsing.layout.rows import box_of, rows_of
from ingestion.parsing.layout.shapes import Piece, overlap

HEADER = "repeated_header"
FOOTER = "repeated_footer"
ZONE = 0.14
"""Share of the page's height at its top and bottom in which such lines stand."""
MAX_ROWS = 4
SAME_PLACE = 0.008
"""Two rows stand at one place when their heights on the page differ by no more than this."""
_NEXT_ROW = 1.5
"""Rows of a table without lines are no farther apart than so many row heights."""
MAX_CHARS = 200
SAMPLE_CHARS = 120
_NUMBER = re.compile(r"\d+")
_PAGE_NUMBER = re.compile(
    r"\b(?:page|seite|página|pagina|sida|side|strana|strona|sivu|страница"
    r"|(?:p|pp|pg|pag|pág|s|str|стр)\.)\s*#",
    re.I,
)
"""A number that a line says itself to be that of its page, in a text with its numbers alike."""
_ROMAN = re.compile(r"(?<!\w)[ivxlc]{1,7}(?!\w)", re.I)


class PagePieces(NamedTuple):
    """The pieces of one page, how high the page is, and the ruled tables on it."""

    pieces: list[Piece]
    height: float
    grids: Sequence[Grid] = ()


class _Row(NamedTuple):
    page: int
    pieces: tuple[Piece, ...]
    text: str
    place: float
    gap: float
    """Distance to the next row inwards, in row heights."""
    size: float
    heads_table: bool
    """Whether it and the next row inwards are rows of one table."""


def without_margins(pages: Sequence[PagePieces]) -> tuple[list[list[Piece]], list[Cut]]:
    """Take out what repeats at the edges of the pages.

    Returns:
        The pieces left on each page, and what was cut: once per text, with the characters of
        all its occurrences and the page of the first.
    """
    kept = [list(page.pieces) for page in pages]
    if len(pages) < 2:
        return kept, []
    cuts: list[Cut] = []
    body = _body_size(pages)
    for reason in (HEADER, FOOTER):
        rows = [list(_edge_rows(page, number, reason)) for number, page in enumerate(pages)]
        repeated = _repeated([row for page in rows for row in page], len(pages), body)
        for number, page_rows in enumerate(rows):
            gone = _outermost(page_rows, repeated)
            taken = {id(piece) for row in gone for piece in row.pieces}
            kept[number] = [piece for piece in kept[number] if id(piece) not in taken]
            cuts.extend(
                Cut(reason, len(row.text), row.text[:SAMPLE_CHARS], number + 1) for row in gone
            )
    if not any(kept):
        # Pages that hold nothing else: then this is their text.
        return [list(page.pieces) for page in pages], []
    return kept, _collected(cuts)


def _body_size(pages: Sequence[PagePieces]) -> float:
    sizes = [piece.size for page in pages for piece in page.pieces]
    return statistics.median(sizes) if sizes else 0.0


def _edge_rows(page: PagePieces, number: int, reason: str) -> Iterator[_Row]:
    """The outermost rows, from the edge inwards."""
    rows = rows_of(page.pieces)
    if reason == FOOTER:
        rows.reverse()
    for at, row in enumerate(rows[:MAX_ROWS]):
        middle = statistics.fmean(piece.middle for piece in row) / max(page.height, 1.0)
        place = middle if reason == HEADER else 1 - middle
        text = " ".join(piece.text for piece in row)
        if place > ZONE or len(text) > MAX_CHARS or any(piece.cells for piece in row):
            return
        gap, heads_table = 9.0, False
        if at + 1 < len(rows):
            upper, lower = (row, rows[at + 1]) if reason == HEADER else (rows[at + 1], row)
            distance = min(p.top for p in lower) - max(p.bottom for p in upper)
            gap = distance / max(row[0].height, 1.0)
            heads_table = _are_of_one_table(row, rows[at + 1], gap, page.grids)
        size = max(piece.size for piece in row)
        yield _Row(number, tuple(row), text, middle, gap, size, heads_table)


def _are_of_one_table(
    row: Sequence[Piece], inner: Sequence[Piece], gap: float, grids: Sequence[Grid]
) -> bool:
    """Whether two rows stand in one ruled table, or in common columns close to each other."""
    if any(_is_row_of(grid, row) and _is_row_of(grid, inner) for grid in grids):
        return True
    return (
        gap < _NEXT_ROW
        and len(row) == len(inner) > 1
        and all(overlap(a.x0, a.x1, b.x0, b.x1) > 0 for a, b in zip(row, inner, strict=True))
    )


def _is_row_of(grid: Grid, row: Sequence[Piece]) -> bool:
    """Whether a line of a grid parts the words of a row, as none does in a frame of the page."""
    x0, _, x1, _ = box_of(row)
    middle = row[0].middle
    return grid.contains(row[0].words[0]) and any(
        rule.top < middle < rule.bottom and x0 < rule.x0 < x1 for rule in grid.rules
    )


def _repeated(rows: Sequence[_Row], pages: int, body: float) -> set[tuple[int, str]]:
    """(page, text) of the rows whose like stand at the same place of other pages."""
    alike: dict[str, list[_Row]] = defaultdict(list)
    for row in rows:
        alike[_shape(row.text)].append(row)
    found: set[tuple[int, str]] = set()
    for shape, group in alike.items():
        for cluster in _by_place(group):
            if len({row.page for row in cluster}) < 2:
                continue
            if _is_number(shape):
                accepted = _counts_up(cluster)
            else:
                small = all(row.size <= 1.1 * body for row in cluster)
                # What differs by a number may as well be a heading: "Step 1", "Step 2".
                same = len({row.text for row in cluster}) == 1
                counted = _PAGE_NUMBER.search(shape) is not None and _counts_up(cluster)
                enough = 2 if (same or counted) and small and pages <= 5 else 3
                accepted = len({row.page for row in cluster}) >= enough
            if accepted:
                found.update((row.page, row.text) for row in cluster)
    return found


def _by_place(rows: Sequence[_Row]) -> Iterator[list[_Row]]:
    cluster: list[_Row] = []
    for row in sorted(rows, key=lambda r: r.place):
        if cluster and row.place - cluster[0].place > SAME_PLACE:
            yield cluster
            cluster = []
        cluster.append(row)
    if cluster:
        yield cluster


def _shape(text: str) -> str:
    """A text with its numbers made alike."""
    shape = _NUMBER.sub("#", " ".join(text.split()))
    return _ROMAN.sub("#", shape) if len(text) < 12 else shape


def _is_number(shape: str) -> bool:
    return not any(char.isalpha() for char in shape)


def _counts_up(rows: Sequence[_Row]) -> bool:
    """Whether the numbers in rows grow with the pages, as page numbers do."""
    offsets: dict[int, set[int]] = defaultdict(set)
    for row in rows:
        for number in _NUMBER.findall(row.text)[:4]:
            if len(number) < 7:
                offsets[int(number) - row.page].add(row.page)
    if not offsets:
        return len(rows) > 2  # Roman numerals, or a line of dashes
    return max(map(len, offsets.values())) >= min(3, max(2, len(rows)))


def _outermost(rows: Sequence[_Row], repeated: set[tuple[int, str]]) -> list[_Row]:
    """The repeated rows at the very edge; the innermost must be set apart from the text."""
    taken: list[_Row] = []
    for row in rows:
        if (row.page, row.text) not in repeated:
            break
        taken.append(row)
    # The head of a table repeats, too, where the table goes on; its other rows do not.
    while taken and (taken[-1].gap < 0.4 or taken[-1].heads_table):
        taken.pop()
    return taken


def _collected(cuts: Sequence[Cut]) -> list[Cut]:
    """One cut per reason and text, however many pages it stood on."""
    collected: dict[tuple[str, str], Cut] = {}
    for cut in cuts:
        key = (cut.reason, _shape(cut.sample))
        first = collected.get(key)
        collected[key] = (
            cut if first is None
            else Cut(first.reason, first.characters + cut.characters, first.sample, first.page)
        )  # fmt: skip
    return list(collected.values())
