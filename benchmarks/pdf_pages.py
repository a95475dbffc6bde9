"""PDFs whose text is known: pairs of the shared corpora, and documents typeset on the spot."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

from benchmarks.corpora import SHARED, write_documents

PAIRS = SHARED / "corpora" / "pairs"
VARIATIONS = SHARED / "corpora" / "variations"
TYPESET = 12
"""Documents typeset per layout."""
_MARKUP = re.compile(r"<!--.*?-->|<[^>\n]{1,200}>|\]\([^)\n]*\)")


@dataclass(frozen=True)
class KnownPdf:
    """A PDF and the text that is on its pages."""

    path: Path
    text: str
    group: str


def known_pdfs(folder: Path) -> list[KnownPdf]:
    """Pairs with ground truth where the shared data is present, and typeset documents."""
    return [*_pairs(), *_variations(), *_typeset(folder)]


def _pairs() -> Iterator[KnownPdf]:
    for path in sorted(PAIRS.rglob("sources/*.pdf")):
        truth = path.parent.parent / "groundtruth" / f"{path.name.removesuffix('.pdf')}.md"
        if truth.exists():
            yield KnownPdf(path, _plain(truth.read_text(encoding="utf-8")), "pairs")


def _variations() -> Iterator[KnownPdf]:
    truth = VARIATIONS / "lorem-ipsum.txt"
    for path in sorted(VARIATIONS.glob("*.pdf")):
        yield KnownPdf(path, truth.read_text(encoding="utf-8", errors="replace"), "variations")


def _typeset(folder: Path) -> Iterator[KnownPdf]:
    texts = folder / "texts"
    write_documents(texts, 400)
    long = [p for p in sorted(texts.rglob("*.md")) if p.stat().st_size > 6000]
    for layout in ("one column", "two columns", "tables"):
        for at, source in enumerate(islice(long, TYPESET)):
            words = _plain(source.read_text(encoding="utf-8")).split()[:2500]
            path = folder / f"{layout.replace(' ', '-')}-{at}.pdf"
            path.parent.mkdir(parents=True, exist_ok=True)
            _write(path, words, layout)
            yield KnownPdf(path, " ".join(words), f"typeset, {layout}")


def _plain(markdown: str) -> str:
    return _MARKUP.sub(" ", markdown)


def _write(path: Path, words: list[str], layout: str) -> None:
    from reportlab.lib.pagesizes import A4
    from reportlab.platypus import BaseDocTemplate, Frame, PageTemplate

    columns = 2 if layout == "two columns" else 1
    width = (A4[0] - 120 - 20 * (columns - 1)) / columns
    frames = [Frame(60 + i * (width + 20), 70, width, A4[1] - 150, 0, 0, 0, 0)
              for i in range(columns)]  # fmt: skip
    template = BaseDocTemplate(str(path), pagesize=A4)
    template.addPageTemplates(PageTemplate("page", frames))
    template.build(list(_flow(words, layout, width)))


def _flow(words: list[str], layout: str, width: float) -> Iterator[Any]:
    from xml.sax.saxutils import escape

    from reportlab.lib import colors
    from reportlab.lib.styles import getSampleStyleSheet
    from reportlab.platypus import Paragraph, Spacer, Table

    style = getSampleStyleSheet()["BodyText"]
    paragraphs = [" ".join(words[i : i + 70]) for i in range(0, len(words), 70)]
    for at, paragraph in enumerate(paragraphs):
        if layout == "tables" and at % 2:
            cells = paragraph.split()
            rows = [cells[i : i + 5] for i in range(0, len(cells), 5)]
            boxes = [[Paragraph(escape(cell), style) for cell in row + [""] * (5 - len(row))]
                     for row in rows]  # fmt: skip
            yield Table(
                boxes, [width / 5] * 5, style=[("GRID", (0, 0), (-1, -1), 0.5, colors.black)]
            )
        else:
            yield Paragraph(escape(paragraph), style)
        yield Spacer(1, 6)
