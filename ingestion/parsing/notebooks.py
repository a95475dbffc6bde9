"""Jupyter notebooks: prose as Markdown, code as code, printed results as text."""

import json
from typing import Any

from ingestion.document import Element, ElementKind, ParsedDocument
from ingestion.parsing.decoding import decode, sound
from ingestion.parsing.formats import Format
from ingestion.parsing.hiding import Cuts
from ingestion.parsing.mapping import first_heading
from ingestion.parsing.markdown import parse_markdown
from ingestion.parsing.markup import html_elements, plain_elements


class NotANotebookError(ValueError):
    """The file is JSON but holds no cells, or no JSON at all."""


def parse_notebook(data: bytes) -> ParsedDocument:
    """Read a notebook; pictures and other binary results are left out.

    Raises:
        NotANotebookError: It holds no cells.
    """
    try:
        content = json.loads(decode(data))
    except ValueError as error:
        raise NotANotebookError(f"it is no valid JSON ({error})") from error
    cells = content.get("cells") if isinstance(content, dict) else None
    sheets = content.get("worksheets") if isinstance(content, dict) else None
    if cells is None and isinstance(sheets, list):  # notebooks of version 3
        cells = [cell for sheet in sheets for cell in sheet.get("cells", ())]
    if not isinstance(cells, list):
        raise NotANotebookError("it holds no cells")
    elements: list[Element] = []
    cuts = Cuts()
    flags: set[str] = set()
    for cell in cells:
        if isinstance(cell, dict):
            _read_cell(cell, elements, cuts, flags)
    title = first_heading(elements)
    return ParsedDocument(
        Format.NOTEBOOK, tuple(elements), title, tuple(sorted(flags)), cuts=cuts.all
    )


def _read_cell(cell: dict[str, Any], elements: list[Element], cuts: Cuts, flags: set[str]) -> None:
    kind = cell.get("cell_type")
    source = _joined(cell.get("source", cell.get("input", "")))
    if kind == "markdown" and source.strip():
        document = parse_markdown(source.encode("utf-8", "replace"))
        elements.extend(document.elements)
        cuts.extend(document.cuts)
        flags.update(document.flags)
    elif kind == "heading" and source.strip():
        elements.append(Element(ElementKind.HEADING, " ".join(source.split()), level=1))
    elif kind == "code":
        if source.strip():
            elements.append(Element(ElementKind.CODE, sound(source.strip("\n"))))
        for output in cell.get("outputs") or ():
            if isinstance(output, dict):
                _read_output(output, elements, cuts, flags)
    elif source.strip():
        elements.extend(plain_elements(sound(source)))


def _read_output(
    output: dict[str, Any], elements: list[Element], cuts: Cuts, flags: set[str]
) -> None:
    """Take the richest form of a result that is text."""
    raw = output.get("data")
    data: dict[str, Any] = raw if isinstance(raw, dict) else {}
    if "text/html" in data:
        found, visible = html_elements(sound(_joined(data["text/html"])))
        cuts.extend(visible.cuts)
        flags.update(visible.flags)
        if found:
            elements.extend(found)
            return
    told = data.get("text/markdown") or data.get("text/plain") or output.get("text") or ""
    text = _joined(told) or _joined(output.get("evalue", ""))
    if text.strip():
        elements.append(Element(ElementKind.CODE, sound(text.strip("\n"))))


def _joined(value: Any) -> str:
    if isinstance(value, list):
        return "".join(str(line) for line in value)
    return value if isinstance(value, str) else ""
