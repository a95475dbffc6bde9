"""Recognising scans: token recall, order, confidence and seconds per page, by kind of scan.

Run with `python -m benchmarks.ocr`. Typeset documents with known text are printed at 200 dpi, made
worse in the named way, and put into PDFs without any text layer; Holdfast reads them whole.
"""

import io
import random
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from benchmarks.pdf import order, recall, tokens
from benchmarks.pdf_pages import KnownPdf, known_pdfs
from config.environment import quieten
from ingestion.document import ParsedDocument
from ingestion.parsing.partition import partition, preload

DPI = 200
DOCUMENTS = 2
"""Documents per layout."""
MAX_PAGES = 3


def clean(page: Any) -> Any:
    """As printed."""
    return page


def skewed(page: Any) -> Any:
    """Laid on the glass a little askew."""
    return page.rotate(1.2, fillcolor=255, expand=False)


def upside_down(page: Any) -> Any:
    """The wrong way round."""
    return page.rotate(180)


def noisy(page: Any) -> Any:
    """Copied often: blurred, grainy, pale, and compressed as a JPEG."""
    from PIL import Image, ImageFilter

    rng = random.Random(3)
    grain = Image.frombytes("L", page.size, rng.randbytes(page.width * page.height))
    worse = Image.blend(page.filter(ImageFilter.GaussianBlur(1.1)), grain, 0.22)
    buffer = io.BytesIO()
    worse.save(buffer, "JPEG", quality=35)
    return Image.open(buffer).convert("L")


KINDS: tuple[Callable[[Any], Any], ...] = (clean, skewed, upside_down, noisy)


def scan(known: KnownPdf, worsen: Callable[[Any], Any]) -> tuple[bytes, int, str]:
    """The first pages of a document as a scan, how many, and their text."""
    import pypdfium2 as pdfium

    with pdfium.PdfDocument(known.path) as document:
        count = min(len(document), MAX_PAGES)
        pages = [
            worsen(document[i].render(scale=DPI / 72, grayscale=True).to_pil().convert("L"))
            for i in range(count)
        ]
    buffer = io.BytesIO()
    pages[0].save(buffer, "PDF", resolution=DPI, save_all=True, append_images=pages[1:])
    layer = partition(known.path.read_bytes(), known.path.name)
    elements = layer.elements if isinstance(layer, ParsedDocument) else ()
    return buffer.getvalue(), count, "\n".join(e.text for e in elements if (e.page or 0) <= count)


def main() -> None:
    """Measure and print one row per kind of scan and layout."""
    quieten()
    preload()
    print("Truth is what `benchmarks.pdf` reads from the text layers of the same pages\n")
    print("| scan | layout | pages | recall | order | confidence | s/page |")
    print("|---|---|---|---|---|---|---|")
    with tempfile.TemporaryDirectory(prefix="holdfast-ocr-") as folder:
        known = [one for one in known_pdfs(Path(folder)) if one.group.startswith("typeset")]
        for worsen in KINDS:
            for group in sorted({one.group for one in known}):
                members = [one for one in known if one.group == group][:DOCUMENTS]
                print(_row(worsen, group, members), flush=True)


def _row(worsen: Callable[[Any], Any], group: str, members: list[KnownPdf]) -> str:
    pages = 0
    seconds = found_tokens = recalled = ordered = confidence = 0.0
    for one in members:
        data, count, truth = scan(one, worsen)
        started = time.perf_counter()
        document = partition(data, one.path.name)
        seconds += time.perf_counter() - started
        pages += count
        expected = tokens(truth)
        found_tokens += len(expected)
        if isinstance(document, ParsedDocument):
            found = tokens("\n".join(element.text for element in document.elements))
            recalled += len(expected) * recall(expected, found)
            ordered += len(expected) * order(expected, found)
            confidence += len(expected) * dict(document.scores).get("ocr_confidence", 0.0)
    shares = [f"{value / max(found_tokens, 1):.4f}" for value in (recalled, ordered, confidence)]
    name = worsen.__name__.replace("_", " ")
    layout = group.removeprefix("typeset, ")
    return f"| {name} | {layout} | {pages} | {' | '.join(shares)} | {seconds / pages:.2f} |"


if __name__ == "__main__":
    main()
