"""Writes the binary documents of the example handbook (docx, pptx, xlsx, pdf) from their source.

The source of `people/pay-bands.xlsx` is `handbook-sources/first/people/pay-bands.xlsx.md`: a
little Markdown (headings, paragraphs, `-` lists, tables), so that reviewers can read in a diff
what a binary file says. Run `python examples/make_handbook.py` after changing a source. Dates
inside the files are fixed, so the same source gives the same bytes with the same libraries.
"""

import io
import re
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

EXAMPLES = Path(__file__).parent
STATES = {
    EXAMPLES / "handbook-sources" / "first": EXAMPLES / "handbook",
    EXAMPLES / "handbook-sources" / "second": EXAMPLES / "handbook-second-state",
}
FIXED_DATE = datetime(2026, 6, 1, 9, 0, 0, tzinfo=UTC)
AUTHOR = "Larkspur Instruments"


class BlockKind(StrEnum):
    """What a block of the source is."""

    TITLE = "title"
    HEADING = "heading"
    TEXT = "text"
    ITEM = "item"
    TABLE = "table"


@dataclass(frozen=True, slots=True)
class Block:
    """One block of the source; a table has rows, everything else has text."""

    kind: BlockKind
    text: str = ""
    rows: tuple[tuple[str, ...], ...] = ()


def read_blocks(source: str) -> tuple[Block, ...]:
    """Read the little Markdown the sources are written in."""
    return tuple(_blocks(source.splitlines()))


def _blocks(lines: list[str]) -> Iterator[Block]:
    rows: list[tuple[str, ...]] = []
    for line in [*lines, ""]:
        if line.startswith("|"):
            cells = tuple(cell.strip() for cell in line.strip("|").split("|"))
            if not all(set(cell) <= {"-"} for cell in cells):
                rows.append(cells)
            continue
        if rows:
            yield Block(BlockKind.TABLE, rows=tuple(rows))
            rows = []
        if line.startswith("## "):
            yield Block(BlockKind.HEADING, line[3:])
        elif line.startswith("# "):
            yield Block(BlockKind.TITLE, line[2:])
        elif line.startswith("- "):
            yield Block(BlockKind.ITEM, line[2:])
        elif line.strip():
            yield Block(BlockKind.TEXT, line.strip())


def write_docx(blocks: tuple[Block, ...]) -> bytes:
    """Write a Word document with headings, lists and tables."""
    from docx import Document

    document = Document()
    styles = {
        BlockKind.TITLE: "Title",
        BlockKind.HEADING: "Heading 1",
        BlockKind.TEXT: "Normal",
        BlockKind.ITEM: "List Bullet",
    }
    for block in blocks:
        if block.kind is not BlockKind.TABLE:
            document.add_paragraph(block.text, style=styles[block.kind])
            continue
        table = document.add_table(rows=0, cols=len(block.rows[0]), style="Table Grid")
        for row in block.rows:
            for cell, text in zip(table.add_row().cells, row, strict=True):
                cell.text = text
    title = next(block.text for block in blocks if block.kind is BlockKind.TITLE)
    _stamp(document.core_properties, title)
    return _saved(document.save)


def write_pptx(blocks: tuple[Block, ...]) -> bytes:
    """Write a slide deck: a title slide, then one slide for each heading."""
    from pptx import Presentation
    from pptx.util import Cm

    deck = Presentation()
    slide = None
    for block in blocks:
        if block.kind in (BlockKind.TITLE, BlockKind.HEADING):
            has_table = block.kind is BlockKind.HEADING and _table_below(blocks, block) is not None
            layout = 0 if block.kind is BlockKind.TITLE else (5 if has_table else 1)
            slide = deck.slides.add_slide(deck.slide_layouts[layout])
            slide.shapes.title.text = block.text
            if block.kind is BlockKind.TITLE:
                slide.placeholders[1].text = AUTHOR
        elif slide is None:
            raise ValueError(f"no slide yet for {block.text!r}: begin the source with a heading")
        elif block.kind is BlockKind.TABLE:
            size = (len(block.rows), len(block.rows[0]))
            place = (Cm(1.5), Cm(4.5), Cm(22), Cm(1.2 * len(block.rows)))
            table = slide.shapes.add_table(*size, *place).table
            for row_number, row in enumerate(block.rows):
                for column, text in enumerate(row):
                    table.cell(row_number, column).text = text
        else:
            frame = slide.placeholders[1].text_frame
            paragraph = frame.paragraphs[0] if not frame.text else frame.add_paragraph()
            paragraph.text = block.text
    _stamp(deck.core_properties, blocks[0].text)
    return _saved(deck.save)


def _table_below(blocks: tuple[Block, ...], heading: Block) -> Block | None:
    following = blocks[blocks.index(heading) + 1 :]
    return following[0] if following and following[0].kind is BlockKind.TABLE else None


def write_xlsx(blocks: tuple[Block, ...]) -> bytes:
    """Write a workbook: one sheet for each heading, numbers as numbers."""
    from openpyxl import Workbook
    from openpyxl.styles import Font

    book = Workbook()
    book.remove(book.worksheets[0])
    for heading, table in zip(blocks[::2], blocks[1::2], strict=True):
        sheet = book.create_sheet(heading.text)
        for row in table.rows:
            sheet.append([_number_or_text(cell) for cell in row])
        for cell in sheet[1]:
            cell.font = Font(bold=True)
        for column in "ABCDE"[: len(table.rows[0])]:
            sheet.column_dimensions[column].width = 26
        sheet.freeze_panes = "A2"
    book.properties.creator = AUTHOR
    book.properties.created = book.properties.modified = FIXED_DATE.replace(tzinfo=None)
    return _saved(book.save)


def _number_or_text(cell: str) -> int | float | str:
    for number in (int, float):
        try:
            return number(cell)
        except ValueError:
            continue
    return cell


def write_pdf(blocks: tuple[Block, ...]) -> bytes:
    """Write a PDF with a text layer, page numbers and a footer."""
    from reportlab.lib.pagesizes import A4  # type: ignore[import-untyped]
    from reportlab.lib.styles import getSampleStyleSheet  # type: ignore[import-untyped]
    from reportlab.platypus import Paragraph, SimpleDocTemplate, Spacer  # type: ignore[import-untyped]

    styles = getSampleStyleSheet()
    names = {BlockKind.TITLE: "Title", BlockKind.HEADING: "Heading2", BlockKind.TEXT: "BodyText"}
    story: list[object] = []
    for block in blocks:
        if block.kind is BlockKind.TABLE:
            story += [_pdf_table(block, styles["BodyText"]), Spacer(1, 8)]
        elif block.kind is BlockKind.ITEM:
            story.append(Paragraph(escape(block.text), styles["Bullet"], bulletText="•"))
        else:
            story.append(Paragraph(escape(block.text), styles[names[block.kind]]))

    def footer(canvas: Any, document: Any) -> None:
        canvas.setFont("Helvetica", 8)
        canvas.drawString(56, 28, f"{AUTHOR} - page {document.page}")

    buffer = io.BytesIO()
    pdf = SimpleDocTemplate(buffer, pagesize=A4, title=blocks[0].text, author=AUTHOR, invariant=1)
    pdf.build(story, onFirstPage=footer, onLaterPages=footer)
    return buffer.getvalue()


def _pdf_table(block: Block, style: object) -> object:
    from reportlab.lib import colors  # type: ignore[import-untyped]
    from reportlab.platypus import Paragraph, Table

    rows = [[Paragraph(escape(cell), style) for cell in row] for row in block.rows]
    grid = ("GRID", (0, 0), (-1, -1), 0.5, colors.grey)
    head = ("BACKGROUND", (0, 0), (-1, 0), colors.whitesmoke)
    return Table(rows, style=[grid, head, ("VALIGN", (0, 0), (-1, -1), "TOP")], repeatRows=1)


def _stamp(properties: Any, title: str) -> None:
    properties.author = properties.last_modified_by = AUTHOR
    properties.title = title
    properties.created = properties.modified = FIXED_DATE.replace(tzinfo=None)


def _saved(save: Callable[[io.BytesIO], object]) -> bytes:
    """Save an Office file and write its zip anew, with fixed dates."""
    raw, out = io.BytesIO(), io.BytesIO()
    save(raw)
    date = FIXED_DATE.timetuple()[:6]
    with zipfile.ZipFile(raw) as before, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as after:
        for name in before.namelist():
            data = before.read(name)
            if name == "docProps/core.xml":
                data = _with_fixed_modified(data)
            entry = zipfile.ZipInfo(name, date)
            entry.compress_type = zipfile.ZIP_DEFLATED
            after.writestr(entry, data)
    return out.getvalue()


def _with_fixed_modified(core: bytes) -> bytes:
    """Replace the moment of saving, which openpyxl stamps whatever was set."""
    stamp = FIXED_DATE.strftime("%Y-%m-%dT%H:%M:%SZ").encode()
    return re.sub(rb"(<dcterms:modified[^>]*>)[^<]*", rb"\g<1>" + stamp, core)


WRITERS: dict[str, Callable[[tuple[Block, ...]], bytes]] = {
    ".docx": write_docx,
    ".pptx": write_pptx,
    ".xlsx": write_xlsx,
    ".pdf": write_pdf,
}


def write_documents(sources: Path, target: Path) -> list[Path]:
    """Write every binary document whose source lies under a folder.

    Args:
        sources: Folder with `<path>.<format>.md` files.
        target: Folder of the handbook; subfolders are made as needed.

    Returns:
        The paths written, relative to `target`, in order.
    """
    written = []
    for source in sorted(sources.rglob("*.md")):
        relative = source.relative_to(sources).with_suffix("")
        path = target / relative
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(WRITERS[path.suffix](read_blocks(source.read_text("utf-8"))))
        written.append(relative)
    return written


def main() -> None:
    """Write the binary documents of both states."""
    for sources, target in STATES.items():
        for relative in write_documents(sources, target):
            print(f"wrote {target.name}/{relative.as_posix()}")


if __name__ == "__main__":
    main()
