"""One page of a PDF: its words and ruled lines, what of it is not seen, and what it lacks."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from ingestion.document import Cut
from ingestion.parsing.decoding import sound
from ingestion.parsing.layout.assembly import LayoutPage
from ingestion.parsing.layout.shapes import Rule, Word
from ingestion.parsing.pdf.frame import Box
from ingestion.parsing.pdf.hidden import COVERED, RENDER_MODE_3, unseen
from ingestion.parsing.pdf.ink import Ink
from ingestion.parsing.pdf.objects import Drawn, Kind, read_objects
from ingestion.parsing.pdf.rules import read_rules
from ingestion.parsing.pdf.turned import with_turned_cells
from ingestion.parsing.pdf.words import PageWords, read_words

SCAN_SHARE = 0.5
"""From this share of the page on, pictures are taken for a scan of it."""
SAMPLE_CHARS = 120
MAX_ANNOTATIONS = 2000
"""So many annotations of a page are looked at for forms, notes, stamps and files."""
_WITH_TEXT = frozenset({3, 13, 20})
"""Kinds of annotations by pdfium's numbers: notes written on the page, stamps, fields of forms."""
_FILE = 17
"""A file that is pinned to the page."""


@dataclass(frozen=True, slots=True)
class PageContent:
    """What could be read on one page."""

    number: int
    groups: tuple[tuple[Word, ...], ...] = ()
    rules: tuple[Rule, ...] = ()
    height: float = 0.0
    cuts: tuple[Cut, ...] = ()
    picture_share: float = 0.0
    """Share of the page that pictures cover."""
    is_drawn: bool = False
    """Whether there are pictures or drawings on it."""
    layered: int = 0
    """How many of its words are the invisible text layer of a scan."""
    unmapped: float = 0.0
    """Share of characters whose code the font does not map to any character."""
    failed: bool = False
    has_files: bool = False
    """Whether files are pinned to it, as notes are."""

    @property
    def text(self) -> str:
        """All its words, in the order they are drawn."""
        return " ".join(word.text for group in self.groups for word in group)

    @property
    def layout(self) -> LayoutPage:
        """Its words, ready to be laid out."""
        return LayoutPage(self.number, self.groups, self.rules, self.height)


def read_page(document: Any, index: int) -> PageContent:
    """Read one page; a page that cannot be loaded comes back as `failed`.

    Args:
        document: A document of `pypdfium2`.
        index: Of the page, from 0.

    Raises:
        PageTooLargeError: The page draws too much to be read.
    """
    import pypdfium2 as pdfium

    try:
        page, kinds = _with_annotations(document, index)
        try:
            return replace(_read(page, index + 1), has_files=_FILE in kinds)
        finally:
            page.close()
    except pdfium.PdfiumError:
        return PageContent(index + 1, failed=True)


def _with_annotations(document: Any, index: int) -> tuple[Any, frozenset[int]]:
    """Open a page with what is filled into its forms and written on it as part of its content.

    Returns:
        The page, and the kinds of all its annotations by pdfium's numbers.
    """
    from pypdfium2 import raw

    page = document[index]
    count = min(raw.FPDFPage_GetAnnotCount(page), MAX_ANNOTATIONS)
    kinds = frozenset(_kind(raw, page, at) for at in range(count))
    if kinds.isdisjoint(_WITH_TEXT):
        return page, kinds
    raw.FPDFPage_Flatten(page, raw.FLAT_NORMALDISPLAY)
    page.close()
    return document[index], kinds


def _kind(raw: Any, page: Any, at: int) -> int:
    annotation = raw.FPDFPage_GetAnnot(page, at)
    if not annotation:
        return 0
    kind = int(raw.FPDFAnnot_GetSubtype(annotation))
    raw.FPDFPage_CloseAnnot(annotation)
    return kind


def _read(page: Any, number: int) -> PageContent:
    items = read_objects(page)
    box = page.get_bbox()
    share = _picture_share(items, box)
    hidden = unseen(items, box)
    layer = _layer(hidden) if share >= SCAN_SHARE else frozenset()
    words = read_words(page, items, hidden, layer, Ink(page))
    # A text layer says nothing of the lines that are printed under it.
    is_typed = 2 * words.layered <= sum(len(group.words) for group in words.groups)
    rules = tuple(read_rules(items, words.frame)) if words.groups and is_typed else ()
    return PageContent(
        number,
        with_turned_cells(words.groups, rules, words.frame),
        rules,
        words.frame.size[1],
        _cuts(words, number),
        share,
        min(page.get_size()) > 0
        and any(item.kind in (Kind.IMAGE, Kind.PATH, Kind.SHADING) for item in items),
        words.layered,
        words.unmapped,
    )


def _layer(hidden: Mapping[int, str]) -> frozenset[int]:
    return frozenset(
        handle for handle, reason in hidden.items() if reason in {RENDER_MODE_3, COVERED}
    )


def _picture_share(items: Sequence[Drawn], page: Box) -> float:
    """How much of a page pictures cover, at most 1; strips of a sliced scan add up."""
    area = max((page[2] - page[0]) * (page[3] - page[1]), 1.0)
    covered = 0.0
    for item in items:
        if item.kind == Kind.IMAGE:
            width = min(item.box[2], page[2]) - max(item.box[0], page[0])
            height = min(item.box[3], page[3]) - max(item.box[1], page[1])
            covered += max(width, 0.0) * max(height, 0.0)
    return min(covered / area, 1.0)


def _cuts(words: PageWords, number: int) -> tuple[Cut, ...]:
    texts: dict[str, list[str]] = defaultdict(list)
    for reason, text in words.hidden:
        texts[reason].append(text)
    return tuple(
        Cut(reason, sum(map(len, found)), sound(" ".join(found)[:SAMPLE_CHARS]), number)
        for reason, found in texts.items()
    )
