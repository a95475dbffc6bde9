"""What it costs to parse a document, per megabyte of its text, by format.

`python -m benchmarks.parse_cost [--mb 1] [--rounds 3]`. The same made-up report (headings,
paragraphs, a list and a table per section) is written in every format that can be written here,
then parsed in this process, warm; the fastest of the rounds counts. Real documents are in
`benchmarks.fidelity`.
"""

import argparse
import html
import io
import json
import random
import sys
import time
import zipfile
from collections.abc import Callable, Iterator
from email.message import EmailMessage

from ingestion.document import ParsedDocument
from ingestion.parsing.partition import partition, preload

WORDS = [
    "policy",
    "travel",
    "desk",
    "budget",
    "review",
    "week",
    "team",
    "form",
    "pump",
    "valve",
    "flow",
    "order",
    "price",
    "grid",
]
OASIS = "urn:oasis:names:tc:opendocument:xmlns"
Section = tuple[str, list[str], list[list[str]]]


def sections(size: int) -> Iterator[Section]:
    """A heading, paragraphs and the rows of a table, until there is enough text."""
    draw = random.Random(7)
    made = 0
    while made < size:
        number = draw.randrange(10_000)
        paragraphs = [
            " ".join(draw.choices(WORDS, k=60)).capitalize() + f" {draw.randrange(999)}."
            for _ in range(6)
        ]
        rows = [[f"{draw.choice(WORDS)} {i}", str(draw.randrange(9999))] for i in range(8)]
        made += sum(map(len, paragraphs)) + sum(len("".join(row)) for row in rows)
        yield f"Section {number}", paragraphs, rows


def as_text(report: list[Section]) -> bytes:
    """Plain text."""
    return "\n\n".join("\n\n".join((head, *parts)) for head, parts, _ in report).encode()


def as_markdown(report: list[Section]) -> bytes:
    """Markdown with pipe tables."""
    blocks = []
    for head, parts, rows in report:
        table = "\n".join(
            f"| {' | '.join(row)} |" for row in (["name", "count"], ["-", "-"], *rows)
        )
        blocks.append("\n\n".join((f"# {head}", *parts, table)))
    return "\n\n".join(blocks).encode()


def as_html(report: list[Section]) -> bytes:
    """A page."""
    body = []
    for head, parts, rows in report:
        cells = ("".join(f"<td>{html.escape(cell)}</td>" for cell in row) for row in rows)
        table = "".join(f"<tr>{row}</tr>" for row in cells)
        body.append(f"<h1>{head}</h1>{''.join(f'<p>{p}</p>' for p in parts)}<table>{table}</table>")
    return f"<html><body>{''.join(body)}</body></html>".encode()


def as_mail(report: list[Section]) -> bytes:
    """A mail with an HTML body."""
    mail = EmailMessage()
    mail["Subject"] = "Report"
    mail.set_content("See the other part.")
    mail.add_alternative(as_html(report).decode(), subtype="html")
    return mail.as_bytes()


def as_csv(report: list[Section]) -> bytes:
    """One wide table."""
    lines = [",".join((head, *(p.replace(",", " ") for p in parts))) for head, parts, _ in report]
    return "\n".join(lines).encode()


def as_json(report: list[Section]) -> bytes:
    """A list of records."""
    return json.dumps([{"head": h, "parts": p, "rows": r} for h, p, r in report]).encode()


def as_xml(report: list[Section]) -> bytes:
    """Elements with text."""
    parts = ("".join(f"<p>{p}</p>" for p in (head, *parts)) for head, parts, _ in report)
    return f"<?xml version='1.0'?><doc>{''.join(parts)}</doc>".encode()


def as_rtf(report: list[Section]) -> bytes:
    """Paragraphs and tables."""
    body = []
    for head, parts, rows in report:
        body.append(rf"\pard\outlinelevel0 {head}\par\pard ")
        body.extend(rf"{p}\par " for p in parts)
        body.extend(rf"\pard\intbl {a}\cell {b}\cell\row\pard " for a, b in rows)
    return ("{\\rtf1\\ansi " + "\n".join(body) + "}").encode()


def as_docx(report: list[Section]) -> bytes:
    """A Word document."""
    import docx

    document = docx.Document()
    for head, parts, rows in report:
        document.add_heading(head, 1)
        for part in parts:
            document.add_paragraph(part)
        table = document.add_table(rows=0, cols=2)
        for row in rows:
            for cell, text in zip(table.add_row().cells, row, strict=True):
                cell.text = text
    return saved(document)


def as_pptx(report: list[Section]) -> bytes:
    """A slide per section."""
    import pptx

    deck = pptx.Presentation()
    for head, parts, _ in report:
        slide = deck.slides.add_slide(deck.slide_layouts[1])
        slide.shapes.title.text = head
        slide.placeholders[1].text = "\n".join(parts)
    return saved(deck)


def as_xlsx(report: list[Section]) -> bytes:
    """One sheet, a row per section."""
    import openpyxl

    book = openpyxl.Workbook()
    for head, parts, _ in report:
        book.active.append([head, *parts])
    return saved(book)


def as_odt(report: list[Section]) -> bytes:
    """An OpenDocument text."""
    body = "".join(
        f"<text:h>{head}</text:h>{''.join(f'<text:p>{p}</text:p>' for p in parts)}"
        for head, parts, _ in report
    )
    content = (
        f'<office:document-content xmlns:office="{OASIS}:office:1.0" xmlns:text="{OASIS}:text:1.0">'
        f"<office:body><office:text>{body}</office:text></office:body></office:document-content>"
    )
    return zipped({"mimetype": "application/vnd.oasis.opendocument.text", "content.xml": content})


def as_zip(report: list[Section]) -> bytes:
    """An archive of text files; what is measured is taking them out."""
    return zipped({f"{at}.txt": "\n".join(parts) for at, (_, parts, _) in enumerate(report)})


def saved(document: "Callable[..., object] | object") -> bytes:
    """Bytes of anything with a `save(file)`."""
    buffer = io.BytesIO()
    document.save(buffer)  # type: ignore[union-attr]
    return buffer.getvalue()


def zipped(members: dict[str, str]) -> bytes:
    """A ZIP archive."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in members.items():
            archive.writestr(name, text)
    return buffer.getvalue()


WRITERS = {
    "txt": as_text, "md": as_markdown, "html": as_html, "eml": as_mail, "csv": as_csv,
    "json": as_json, "xml": as_xml, "rtf": as_rtf, "docx": as_docx, "pptx": as_pptx,
    "xlsx": as_xlsx, "odt": as_odt, "zip": as_zip,
}  # fmt: skip


def main() -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--mb", type=float, default=1.0, help="megabytes of text")
    parser.add_argument("--rounds", type=int, default=3)
    chosen = parser.parse_args()
    preload()
    report = list(sections(int(chosen.mb * 2**20)))
    print("| format | file MB | text MB | s | s per MB of text |\n|-|-|-|-|-|")
    for name, write in WRITERS.items():
        data = write(report)
        best = float("inf")
        for _ in range(chosen.rounds):
            started = time.perf_counter()
            result = partition(data, f"report.{name}")
            best = min(best, time.perf_counter() - started)
        if not isinstance(result, ParsedDocument):
            sys.exit(f"{name} was refused: {result.detail}")
        text = sum(len(element.text) for element in result.elements)
        size = max(text, sum(len(part.data) for part in result.parts)) / 2**20
        print(f"| {name} | {len(data) / 2**20:.2f} | {size:.2f} | {best:.2f} | {best / size:.2f} |")


if __name__ == "__main__":
    main()
