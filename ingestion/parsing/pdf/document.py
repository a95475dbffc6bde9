"""PDF through pdfium: reading order, headings, lists, tables and page numbers from the layout."""

from collections.abc import Sequence
from typing import Any

from ingestion.document import Cut, ParsedDocument, Reason, Refusal
from ingestion.parsing.formats import Format
from ingestion.parsing.layout.assembly import elements_of
from ingestion.parsing.mapping import first_heading
from ingestion.parsing.pdf.outline import read_outline
from ingestion.parsing.pdf.page import PageContent, read_page

MAX_PAGES = 10_000
HIDDEN_TEXT_REMOVED = "hidden_text_removed"
OCR_TEXT_LAYER = "ocr_text_layer"
PAGES_WITHOUT_TEXT = "pages_without_text"
PAGES_UNREADABLE = "pages_unreadable"


def parse_pdf(data: bytes, key: str) -> ParsedDocument | Refusal:
    """Read a PDF.

    Flags: `hidden_text_removed` (text that no reader sees was set apart), `ocr_text_layer` (the
    text of some page is an invisible layer over a scan), `pages_without_text`,
    `pages_unreadable`.

    Returns:
        The document, or the refusal: damaged, encrypted, too large, or without any text.
    """
    import pypdfium2 as pdfium

    try:
        document = pdfium.PdfDocument(data)
    except pdfium.PdfiumError as error:
        return _not_opened(key, str(error))
    try:
        count = len(document)
        if count > MAX_PAGES:
            detail = f"The PDF has {count} pages; at most {MAX_PAGES} are read. Split it."
            return Refusal(key, Reason.TOO_LARGE, detail)
        pages = [read_page(document, index) for index in range(count)]
        if not any(page.groups for page in pages):
            return _without_text(key, pages)
        return _laid_out(document, pages)
    finally:
        document.close()


def _laid_out(document: Any, pages: Sequence[PageContent]) -> ParsedDocument:
    elements, margins = elements_of([page.layout for page in pages], read_outline(document))
    hidden = [cut for page in pages for cut in page.cuts]
    return ParsedDocument(
        Format.PDF,
        tuple(elements),
        first_heading(elements),
        _flags(pages, hidden),
        cuts=(*hidden, *margins),
    )


def _flags(pages: Sequence[PageContent], hidden: Sequence[Cut]) -> tuple[str, ...]:
    found = {
        HIDDEN_TEXT_REMOVED: bool(hidden),
        OCR_TEXT_LAYER: any(page.has_layer for page in pages),
        PAGES_WITHOUT_TEXT: any(page.is_drawn and not page.groups for page in pages),
        PAGES_UNREADABLE: any(page.failed for page in pages),
    }
    return tuple(sorted(flag for flag, is_true in found.items() if is_true))


def _not_opened(key: str, message: str) -> Refusal:
    if "assword" in message or "security" in message:
        detail = "The PDF is protected by a password; save it without one."
        return Refusal(key, Reason.ENCRYPTED, detail)
    return Refusal(key, Reason.CORRUPT, f"The PDF is damaged and cannot be opened: {message}")


def _without_text(key: str, pages: Sequence[PageContent]) -> Refusal:
    if not pages:
        return Refusal(key, Reason.CORRUPT, "The PDF has no pages that can be read.")
    if all(page.failed for page in pages):
        return Refusal(key, Reason.CORRUPT, "None of the pages of the PDF can be read.")
    if any(page.is_drawn for page in pages):
        return Refusal(
            key,
            Reason.NEEDS_OCR,
            f"None of the {len(pages)} pages has text, only images or drawings; run OCR on it.",
        )
    return Refusal(key, Reason.NO_TEXT, f"None of the {len(pages)} pages has any visible text.")
