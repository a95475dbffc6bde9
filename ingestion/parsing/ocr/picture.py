"""Pictures as documents: PNG, JPEG, TIFF with its pages, WebP, BMP."""

import io
import warnings
from typing import TYPE_CHECKING

from config.recognition import OcrMode
from ingestion.document import ParsedDocument, Reason, Refusal
from ingestion.parsing.formats import Format
from ingestion.parsing.layout.assembly import LayoutPage, elements_of
from ingestion.parsing.mapping import first_heading
from ingestion.parsing.ocr.answer import Recognised
from ingestion.parsing.ocr.recognition import Recogniser
from ingestion.parsing.ocr.tesseract import (
    MAX_EDGE,
    RecognitionError,
    RecognitionTimeoutError,
    find_tesseract,
)
from ingestion.reading import OcrSpec

if TYPE_CHECKING:
    from PIL.Image import Image

TEXT_RECOGNISED = "text_recognised"
"""Flag of a document whose text, or a part of it, was recognised in pictures."""
PAGES_WITHOUT_TEXT = "pages_without_text"
SMALL_EDGE, WANTED_EDGE, LARGEST_EDGE = 2200, 3300, 6000
"""Pictures with a longer edge below the first are enlarged towards the second, in pixels."""
LARGEST_AREA = LARGEST_EDGE**2 / 2**0.5
"""Pixels of a sheet with the largest edge. Not the edge tells how large letters are: a long
screenshot or receipt has many lines."""
MAX_ENLARGEMENT = 3.0
_SUBFILE_TYPE = 254
_NO_PAGE = 0b101
"""Bits of that TIFF tag: a reduced copy, a transparency mask."""
_KINDS = {
    Format.PNG: "PNG", Format.JPEG: "JPEG", Format.TIFF: "TIFF", Format.WEBP: "WEBP",
    Format.BMP: "BMP",
}  # fmt: skip


def parse_picture(
    data: bytes, key: str, format_: Format, spec: OcrSpec
) -> ParsedDocument | Refusal:
    """Recognise the text of a picture, or of each page of a TIFF.

    Flags: `text_recognised`, and `pages_without_text` where a page of several has none.

    Returns:
        The document with the score `ocr_confidence`, or the refusal.
    """
    recogniser = ready_recogniser(key, spec, f"The file is a picture ({format_.value})")
    if isinstance(recogniser, Refusal):
        return recogniser
    from PIL import Image, UnidentifiedImageError

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            # Pillow has a limit of its own, below what the setting may allow.
            Image.MAX_IMAGE_PIXELS = int(spec.max_megapixels * 1_000_000)
            with Image.open(io.BytesIO(data), formats=[_KINDS[format_]]) as picture:
                refusal = _too_large(picture, key, spec)
                return refusal or _recognised(picture, key, format_, recogniser)
    except Image.DecompressionBombError:
        detail = (
            "The picture has more than twice the pixels that ocr.max_megapixels ="
            f" {spec.max_megapixels:g} allows."
        )
        return Refusal(key, Reason.TOO_LARGE, detail)
    except RecognitionTimeoutError as error:
        return Refusal(key, Reason.TIMEOUT, f"Recognising its text was given up: {error}.")
    except RecognitionError as error:
        return Refusal(key, Reason.PARSER_ERROR, f"Its text cannot be recognised: {error}.")
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError, EOFError) as error:
        return Refusal(key, Reason.CORRUPT, f"The picture is damaged ({type(error).__name__}).")


def ready_recogniser(key: str, spec: OcrSpec, what: str) -> Recogniser | Refusal:
    """Tesseract for one document, or the refusal that says what is missing.

    Args:
        key: Key of the document.
        spec: How text is recognised.
        what: Why recognition is needed, as the beginning of a sentence.
    """
    if spec.mode is OcrMode.OFF:
        detail = f"{what}, and ocr.mode is off; set it to auto, or run OCR on it."
        return Refusal(key, Reason.NEEDS_OCR, detail)
    found = find_tesseract(spec.languages)
    if isinstance(found, str):
        return Refusal(key, Reason.NEEDS_OCR, f"{what}, and {found}.")
    return Recogniser(found, spec)


def _too_large(picture: "Image", key: str, spec: OcrSpec) -> Refusal | None:
    width, height = picture.size
    if width * height > spec.max_megapixels * 1_000_000:
        return Refusal(
            key,
            Reason.TOO_LARGE,
            f"The picture has {width} x {height} pixels, more than ocr.max_megapixels ="
            f" {spec.max_megapixels:g} allows.",
        )
    pages = getattr(picture, "n_frames", 1) if picture.format == "TIFF" else 1
    if pages > spec.max_pages:
        return Refusal(
            key,
            Reason.TOO_LARGE,
            f"The picture has {pages} pages, more than ocr.max_pages = {spec.max_pages} allows.",
        )
    return None


def _recognised(
    picture: "Image", key: str, format_: Format, recogniser: Recogniser
) -> ParsedDocument | Refusal:
    pages: list[Recognised] = []
    indices = _pages(picture)
    for number, index in enumerate(indices, start=1):
        if picture.tell() != index:
            picture.seek(index)
        refusal = _too_large(picture, key, recogniser.spec)
        if refusal is not None:
            return refusal
        upright, points = _prepared(picture)
        pages.append(recogniser.recognise(upright, points, len(indices) - number))
    if not any(page.words for page in pages):
        return Refusal(key, Reason.NO_TEXT, "No text was recognised in the picture.")
    elements, cuts = elements_of(
        [
            LayoutPage(number, (page.words,) if page.words else (), (), page.height)
            for number, page in enumerate(pages, start=1)
        ],
        {},
    )
    flags = {TEXT_RECOGNISED}
    if not all(page.words for page in pages):
        flags.add(PAGES_WITHOUT_TEXT)
    return ParsedDocument(
        format_,
        tuple(elements),
        first_heading(elements),
        tuple(sorted(flags)),
        cuts=tuple(cuts),
        scores=(("ocr_confidence", mean_confidence(pages)),),
    )


def mean_confidence(pages: list[Recognised]) -> float:
    """Confidence of all recognised characters, rounded so that equal bytes give equal scores."""
    weight = sum(page.characters for page in pages)
    total = sum(page.confidence * page.characters for page in pages)
    return round(total / weight, 4) if weight else 0.0


def _pages(picture: "Image") -> list[int]:
    """Numbers of the pictures in a file that are its pages."""
    count = getattr(picture, "n_frames", 1) if picture.format == "TIFF" else 1
    if count == 1:
        return [0]
    found: list[int] = []
    for index in range(count):
        picture.seek(index)
        if not _is_extra(picture):
            found.append(index)
    return found or list(range(count))


def _is_extra(picture: "Image") -> bool:
    """Whether a picture of a TIFF is no page: a smaller copy of the one before it, or its mask."""
    kind = getattr(picture, "tag_v2", {}).get(_SUBFILE_TYPE, 0)
    return isinstance(kind, int) and bool(kind & _NO_PAGE)


def _in_grey(picture: "Image") -> "Image":
    """A picture in 256 grey values; deeper ones are scaled, where Pillow would cut them off."""
    if picture.mode == "LAB":  # how light it is; Pillow converts no such picture
        return picture.getchannel("L")
    if picture.mode[0] not in "IF":
        return picture.convert("L")
    import numpy as np
    from PIL import Image

    values = np.asarray(picture, dtype=np.float64)
    low, high = float(values.min()), float(values.max())
    if low >= 0 and high < 256:
        return picture.convert("L")
    return Image.fromarray(np.uint8((values - low) * (255.0 / max(high - low, 1.0))))


def _prepared(frame: "Image") -> tuple["Image", float]:
    """A picture in grey values, upright, in a size Tesseract reads well; points per pixel."""
    from PIL import Image, ImageOps

    picture = ImageOps.exif_transpose(frame)
    if picture.has_transparency_data:
        ground = Image.new("RGBA", picture.size, "white")
        picture = Image.alpha_composite(ground, picture.convert("RGBA"))
    picture = _in_grey(picture)
    edge = max(picture.size)
    scale = min((LARGEST_AREA / (picture.width * picture.height)) ** 0.5, MAX_EDGE / edge, 1.0)
    if edge < SMALL_EDGE:
        scale = min(WANTED_EDGE / edge, MAX_ENLARGEMENT)
    if scale != 1.0:
        size = (max(round(picture.width * scale), 1), max(round(picture.height * scale), 1))
        picture = picture.resize(size, Image.Resampling.LANCZOS)
    # As if it were a page of usual size, so that distances mean what they do there.
    return picture, 842.0 / min(max(picture.size), LARGEST_EDGE)
