"""PDF through pdfium: reading order, headings, lists, tables and page numbers from the layout."""

import contextlib
from collections.abc import Sequence
from typing import Any

from ingestion.document import Cut, ParsedDocument, Reason, Refusal
from ingestion.parsing.embedded import NOT_READ
from ingestion.parsing.formats import Format
from ingestion.parsing.hiding import HIDDEN_TEXT_REMOVED
from ingestion.parsing.layout.assembly import elements_of
from ingestion.parsing.mapping import first_heading
from ingestion.parsing.ocr.picture import PAGES_WITHOUT_TEXT, TEXT_RECOGNISED
from ingestion.parsing.pdf.objects import PageTooLargeError
from ingestion.parsing.pdf.outline import read_outline
from ingestion.parsing.pdf.page import PageContent, read_page
from ingestion.parsing.pdf.scans import Scans, with_scans
from ingestion.quality import OCR_CONFIDENCE
from ingestion.reading import ReadingSpec

MAX_PAGES = 10_000
OCR_TEXT_LAYER = "ocr_text_layer"
PAGES_UNREADABLE = "pages_unreadable"
PLACEHOLDER_CHARS = 2000
"""So much text, at most, has the page that stands for a form which only Adobe's programs draw."""


def parse_pdf(data: bytes, key: str, reading: ReadingSpec) -> ParsedDocument | Refusal:
    """Read a PDF: text layers where there are good ones, recognised text elsewhere.

    Flags: `hidden_text_removed` (text that no reader sees was set apart), `ocr_text_layer` (the
    text of some page is an invisible layer over a scan), `text_recognised` (of some page, here),
    `pages_without_text`, `pages_unreadable`, `embedded_objects_not_read` (of files attached to it).

    Returns:
        The document, or the refusal: damaged, encrypted, too large, without any text, or with
        nothing but a request to wait for the form that it holds (XFA).
    """
    import pypdfium2 as pdfium

    try:
        document = pdfium.PdfDocument(data)
    except pdfium.PdfiumError as error:
        return _not_opened(key, str(error))
    try:
        # Fields that were filled in without drawing them are drawn by whoever shows the page.
        with contextlib.suppress(pdfium.PdfiumError):
            document.init_forms()
        count = len(document)
        if count > MAX_PAGES:
            detail = f"The PDF has {count} pages; at most {MAX_PAGES} are read. Split it."
            return Refusal(key, Reason.TOO_LARGE, detail)
        pages: list[PageContent] = []
        for index in range(count):
            try:
                pages.append(read_page(document, index))
            except PageTooLargeError as error:
                return Refusal(key, Reason.TOO_LARGE, f"Page {index + 1} of the PDF {error}.")
        if _is_placeholder(document, pages):
            return Refusal(key, Reason.UNSUPPORTED_TYPE, _XFA)
        scans = with_scans(document, pages, key, reading)
        if scans.refusal is not None:
            return scans.refusal
        if not any(page.groups for page in scans.pages):
            return scans.problem or _without_text(key, scans.pages)
        return _laid_out(document, scans)
    finally:
        document.close()


def _laid_out(document: Any, scans: Scans) -> ParsedDocument:
    pages = scans.pages
    elements, margins = elements_of([page.layout for page in pages], read_outline(document))
    hidden = [cut for page in pages for cut in page.cuts]
    scores = () if scans.confidence is None else ((OCR_CONFIDENCE, scans.confidence),)
    return ParsedDocument(
        Format.PDF,
        tuple(elements),
        first_heading(elements),
        _flags(document, scans, hidden),
        cuts=(*hidden, *margins),
        scores=scores,
    )


_XFA = (
    "The PDF is a form of the kind XFA, which only Adobe's programs can show: its one page asks to "
    "wait for it. Open it there, print it to a PDF and take that instead."
)


def _is_placeholder(document: Any, pages: Sequence[PageContent]) -> bool:
    """Whether all that can be read is the page that others show in place of a form."""
    from pypdfium2 import raw

    if len(pages) != 1 or document.get_formtype() != raw.FORMTYPE_XFA_FULL:
        return False
    return len(pages[0].text) <= PLACEHOLDER_CHARS


def _attached(document: Any) -> int:
    """How many files are attached to the document."""
    from pypdfium2 import raw

    return int(raw.FPDFDoc_GetAttachmentCount(document))


def _flags(document: Any, scans: Scans, hidden: Sequence[Cut]) -> tuple[str, ...]:
    pages = scans.pages
    found = {
        HIDDEN_TEXT_REMOVED: bool(hidden),
        OCR_TEXT_LAYER: any(page.layered for page in pages),
        TEXT_RECOGNISED: bool(scans.recognised),
        # A stamp in type on a scan that nothing recognised is not the text of its page.
        PAGES_WITHOUT_TEXT: bool(scans.unread)
        or any(page.is_drawn and not page.groups for page in pages),
        PAGES_UNREADABLE: any(page.failed for page in pages),
        NOT_READ: _attached(document) > 0 or any(page.has_files for page in pages),
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
    hidden = any(page.cuts for page in pages)
    drawn = any(page.is_drawn for page in pages)
    what = (
        "visible text; what it holds is hidden"
        if hidden
        else ("any text, and none was recognised in what is drawn" if drawn else "any text")
    )
    failed = sum(page.failed for page in pages)
    unread = f" {failed} of them cannot be read." if failed else ""
    return Refusal(key, Reason.NO_TEXT, f"None of the {len(pages)} pages has {what}.{unread}")
