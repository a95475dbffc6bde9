"""PDF through pdfium: paragraphs and headings from the layout, page numbers, no hidden text."""

import itertools
import re
import statistics
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from ingestion.document import Element, ElementKind, ParsedDocument, Reason, Refusal
from ingestion.parsing.decoding import sound
from ingestion.parsing.formats import Format
from ingestion.parsing.mapping import first_heading
from ingestion.parsing.pdf_page import Line, PageText, read_page

HEADING_RATIO = 1.15
MAX_HEADING_CHARS = 200
MAX_HEADING_LEVELS = 4
_HYPHENS = ("\x02", "\xad", "\ufffe")
_HYPHEN = re.compile(r"([\x02\xad\ufffe])(?=(.?))")
_BULLETS = ("•", "◦", "▪", "‣", "●", "○", "■", "–\t")


@dataclass(frozen=True, slots=True)
class _Paragraph:
    text: str
    size: float
    page: int


def parse_pdf(data: bytes, key: str) -> ParsedDocument | Refusal:
    """Read the text layer of a PDF.

    Flags: `hidden_text_removed` (invisible, white, covered, tiny or off-page text was dropped),
    `ocr_text_layer` (the text is an invisible layer over a scan), `pages_without_text`.

    Returns:
        The document, or the refusal: damaged, encrypted, or without any text.
    """
    import pypdfium2 as pdfium

    try:
        document = pdfium.PdfDocument(data)
    except pdfium.PdfiumError as error:
        return _not_opened(key, str(error))
    try:
        pages = [read_page(document, index) for index in range(len(document))]
    finally:
        document.close()
    if not any(page.lines for page in pages):
        return _without_text(key, pages)
    elements = tuple(_elements(pages))
    flags = {flag for page in pages for flag in page.flags}
    if any(not page.lines and page.drawn for page in pages):
        flags.add("pages_without_text")
    return ParsedDocument(Format.PDF, elements, first_heading(elements), tuple(sorted(flags)))


def _not_opened(key: str, message: str) -> Refusal:
    if "assword" in message or "security" in message:
        detail = "The PDF is protected by a password; save it without one."
        return Refusal(key, Reason.ENCRYPTED, detail)
    return Refusal(key, Reason.CORRUPT, f"The PDF is damaged and cannot be opened: {message}")


def _without_text(key: str, pages: list[PageText]) -> Refusal:
    if not pages:
        return Refusal(key, Reason.CORRUPT, "The PDF has no pages that can be read.")
    if all(page.failed for page in pages):
        return Refusal(key, Reason.CORRUPT, "None of the pages of the PDF can be read.")
    if any(page.drawn for page in pages):
        return Refusal(
            key,
            Reason.NEEDS_OCR,
            f"None of the {len(pages)} pages has text, only images or drawings; run OCR on it.",
        )
    return Refusal(key, Reason.NO_TEXT, f"None of the {len(pages)} pages has any visible text.")


def _elements(pages: list[PageText]) -> Iterator[Element]:
    paragraphs = [
        paragraph
        for number, page in enumerate(pages, start=1)
        for paragraph in _paragraphs(page.lines, number)
    ]
    levels = _heading_levels(paragraphs)
    for paragraph in paragraphs:
        text = sound(paragraph.text).strip()
        if not text:
            continue
        level = levels.get(_rounded(paragraph.size), 0)
        if level and len(text) <= MAX_HEADING_CHARS and any(map(str.isalpha, text)):
            yield Element(ElementKind.HEADING, text, level=level, page=paragraph.page)
        elif text.startswith(_BULLETS):
            text = text[1:].strip()
            if text:
                yield Element(ElementKind.LIST_ITEM, text, page=paragraph.page)
        else:
            yield Element(ElementKind.TEXT, text, page=paragraph.page)


def _rounded(size: float) -> float:
    return round(size * 2) / 2


def _heading_levels(paragraphs: list[_Paragraph]) -> dict[float, int]:
    """Level by font size: sizes clearly above that of most of the text, the largest first."""
    weights: Counter[float] = Counter()
    for paragraph in paragraphs:
        weights[_rounded(paragraph.size)] += len(paragraph.text)
    if not weights:
        return {}
    body = weights.most_common(1)[0][0]
    larger = sorted((size for size in weights if size >= body * HEADING_RATIO), reverse=True)
    return {size: min(i + 1, MAX_HEADING_LEVELS) for i, size in enumerate(larger)}


def _paragraphs(lines: tuple[Line, ...], page: int) -> Iterator[_Paragraph]:
    leadings = [
        above.bottom - below.baseline
        for above, below in itertools.pairwise(lines)
        if 0 < above.bottom - below.baseline < 3 * max(above.size, 1.0)
    ]
    leading = statistics.median_low(leadings) if leadings else 0.0
    group: list[Line] = []
    for line in lines:
        if group and _starts_paragraph(group, line, leading):
            yield _joined(group, page)
            group = []
        group.append(line)
    if group:
        yield _joined(group, page)


def _starts_paragraph(group: list[Line], line: Line, leading: float) -> bool:
    above = group[-1]
    size = max(above.size, line.size, 1.0)
    if abs(above.size - line.size) > 0.12 * size or line.text.startswith(_BULLETS):
        return True
    step = above.bottom - line.baseline
    if abs(step) < 0.3 * size:
        # The same baseline: a table row or columns; a wide gap separates cells.
        return line.left - above.right > 4 * size or line.left < above.left
    if step < 0 or step > max(1.3 * leading, 1.25 * size):
        return True
    # An indented first line, where the lines before it are flush.
    flush = abs(above.left - group[0].left) < 0.3 * size
    return len(group) > 1 and flush and 0.8 * size < line.left - above.left < 4 * size


def _joined(lines: list[Line], page: int) -> _Paragraph:
    text = ""
    for line in lines:
        piece = line.text.strip()
        if text.endswith("-") and text[-2:-1].isalpha() and piece[:1].islower():
            text = text[:-1] + piece
        elif text.endswith(_HYPHENS):
            text += piece
        else:
            text = f"{text} {piece}" if text else piece
    text = _HYPHEN.sub(_unhyphenated, text)
    size = statistics.median_low([line.size for line in lines])
    return _Paragraph(text, size, page)


def _unhyphenated(match: re.Match[str]) -> str:
    """A word broken at a line end is joined; other hyphens at line ends stay."""
    return "" if match[2].islower() or match[1] != "\x02" else "-"
