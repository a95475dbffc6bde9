"""Pages of a PDF whose text has to be recognised: which they are, and what comes out."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from ingestion.document import Reason, Refusal
from ingestion.parsing.layout.shapes import Word
from ingestion.parsing.ocr.answer import Recognised
from ingestion.parsing.ocr.picture import mean_confidence, ready_recogniser
from ingestion.parsing.ocr.recognition import BudgetExceededError, Recogniser
from ingestion.parsing.ocr.tesseract import MAX_EDGE, RecognitionError, RecognitionTimeoutError
from ingestion.parsing.pdf.page import SCAN_SHARE, PageContent
from ingestion.quality import legibility
from ingestion.reading import ReadingSpec

if TYPE_CHECKING:
    from PIL.Image import Image

MAX_UNMAPPED = 0.3
"""Share of characters without a meaning from which on a text layer is not believed."""
FEW_WORDS = 15
"""A scan with no more words set in type on it (a stamp, a page number) is still a scan."""
CHECKED_CHARS = 1500
"""So much of the text layer of a page tells whether it can be read."""
MAX_PIXELS = 36_000_000
"""Of a drawn page; larger pages are drawn in a lower resolution."""


@dataclass(frozen=True, slots=True)
class Scans:
    """What recognition made of a document."""

    pages: list[PageContent]
    recognised: tuple[int, ...] = ()
    """Numbers of the pages whose text was recognised."""
    confidence: float | None = None
    refusal: Refusal | None = None
    """Why nothing of the document is taken."""
    problem: Refusal | None = None
    """Why pages were not recognised; a refusal for a document that has no other text."""
    unread: tuple[int, ...] = ()
    """Numbers of the pages that were to be recognised and, for the problem, were not."""


def with_scans(document: Any, pages: Sequence[PageContent], key: str, spec: ReadingSpec) -> Scans:
    """Recognise the text of pages that have none, or none that can be read.

    Args:
        document: A document of `pypdfium2`.
        pages: What was read from its text layers.
        key: Key of the document, for the refusal.
        spec: How pictures are read.
    """
    wanted = [page.number for page in pages if wants_recognition(page, spec)]
    made = list(pages)
    if not wanted:
        return Scans(made)
    what = f"{len(wanted)} of {len(pages)} pages hold text only as pictures or drawings"
    recogniser = ready_recogniser(key, spec.ocr, what)
    if isinstance(recogniser, Refusal):
        return Scans(made, problem=recogniser, unread=tuple(wanted))
    if len(wanted) > spec.ocr.max_pages:
        detail = f"{what}, more than ocr.max_pages = {spec.ocr.max_pages} allows."
        return Scans(made, refusal=Refusal(key, Reason.TOO_LARGE, detail))
    return _recognised(document, made, wanted, key, recogniser)


def wants_recognition(page: PageContent, spec: ReadingSpec) -> bool:
    """Whether the words of a page are missing, garbled, or only a few on a scan."""
    if page.failed:
        return False
    if not page.groups:
        return page.is_drawn
    if page.unmapped > MAX_UNMAPPED:
        return True
    typed = sum(map(len, page.groups)) - page.layered
    if page.picture_share >= SCAN_SHARE and page.layered <= typed:
        return typed <= FEW_WORDS
    score = legibility(page.text[:CHECKED_CHARS])
    return score is not None and score < spec.quality.min_legibility


def _recognised(
    document: Any, pages: list[PageContent], wanted: Sequence[int], key: str, recogniser: Recogniser
) -> Scans:
    found: dict[int, Recognised] = {}
    unread: list[int] = []
    problem: Refusal | None = None
    for at, number in enumerate(wanted):
        try:
            picture, points = _drawn(document, number - 1, recogniser.spec.dpi)
            result = recogniser.recognise(picture, points, len(wanted) - at - 1)
        except BudgetExceededError as error:
            # All or nothing: a document of which an arbitrary part is missing helps nobody.
            detail = f"{len(wanted)} of {len(pages)} pages are scans: {error}."
            return Scans(pages, refusal=Refusal(key, Reason.TIMEOUT, detail))
        except RecognitionError as error:
            is_late = isinstance(error, RecognitionTimeoutError)
            reason = Reason.TIMEOUT if is_late else Reason.PARSER_ERROR
            detail = f"The text of page {number} cannot be recognised: {error}."
            problem = problem or Refusal(key, reason, detail)
            unread.append(number)
            continue
        if _is_better(result, pages[number - 1]):
            found[number] = result
            pages[number - 1] = replace(
                pages[number - 1],
                groups=(result.words, *_not_recognised(pages[number - 1], result)),
                rules=(),
                height=result.height,
                layered=0,
                unmapped=0.0,
            )
    confidence = mean_confidence(list(found.values())) if found else None
    return Scans(pages, tuple(sorted(found)), confidence, problem=problem, unread=tuple(unread))


def _is_better(result: Recognised, page: PageContent) -> bool:
    if not result.words:
        return False
    if not page.groups or page.unmapped > MAX_UNMAPPED:
        return True
    new, old = legibility(" ".join(word.text for word in result.words)), legibility(page.text)
    if new is not None and old is not None and old < new:
        return True
    return page.picture_share >= SCAN_SHARE and result.characters > len(page.text)


def _not_recognised(page: PageContent, result: Recognised) -> list[tuple[Word, ...]]:
    """What is set in type on a scan and recognition missed or misread, such as a small number."""
    if page.picture_share < SCAN_SHARE or page.layered or page.unmapped > MAX_UNMAPPED:
        return []
    known = {word.text for word in result.words}
    return [group for group in page.groups if any(word.text not in known for word in group)]


def _drawn(document: Any, index: int, dpi: int) -> "tuple[Image, float]":
    """A page in grey values, and the width of a pixel in points."""
    page = document[index]
    try:
        width, height = page.get_size()
        most = (MAX_PIXELS / max(width * height, 1.0)) ** 0.5
        scale = min(dpi / 72, most, MAX_EDGE / max(width, height, 1.0))
        bitmap = page.render(scale=scale, grayscale=True)
        try:
            return bitmap.to_pil().convert("L"), 1 / scale
        finally:
            bitmap.close()
    finally:
        page.close()
