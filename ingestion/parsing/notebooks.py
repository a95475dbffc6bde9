"""Jupyter notebooks: prose as Markdown, code as code, printed results as text."""

import json
import re
from typing import Any

from ingestion.document import Element, ElementKind, ParsedDocument
from ingestion.parsing.decoding import decode, sound
from ingestion.parsing.formats import Format
from ingestion.parsing.hiding import Cuts
from ingestion.parsing.mapping import MAX_LEVEL, first_heading
from ingestion.parsing.markdown import parse_markdown
from ingestion.parsing.markup import html_elements, plain_elements

_RULE = re.compile(r"\A(\s*)---(?=[ \t]*\r?\n)")
"""A line across the page at the beginning of a cell; that of a file would be front matter."""
_NAMELESS = re.compile(r"\s*<IPython\.core\.display\.\w+ object>\s*\Z")
"""What stands in place of a result that has no plain form: its formula tells more."""


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
        cells = [cell for sheet in _dicts(sheets) for cell in _dicts(sheet.get("cells"))]
    if not isinstance(cells, list):
        raise NotANotebookError("it holds no cells")
    elements: list[Element] = []
    cuts = Cuts()
    flags: set[str] = set()
    for cell in _dicts(cells):
        _read_cell(cell, elements, cuts, flags)
    title = first_heading(elements)
    return ParsedDocument(
        Format.NOTEBOOK, tuple(elements), title, tuple(sorted(flags)), cuts=cuts.all
    )


def _read_cell(cell: dict[str, Any], elements: list[Element], cuts: Cuts, flags: set[str]) -> None:
    kind = cell.get("cell_type")
    source = _joined(cell.get("source", cell.get("input", "")))
    if kind == "markdown" and source.strip():
        _read_prose(source, elements, cuts, flags)
    elif kind == "heading" and source.strip():
        text = sound(" ".join(source.split()))
        elements.append(Element(ElementKind.HEADING, text, level=_level(cell)))
    elif kind == "code":
        if source.strip():
            elements.append(Element(ElementKind.CODE, sound(source.strip("\n"))))
        for output in _dicts(cell.get("outputs")):
            _read_output(output, elements, cuts, flags)
    elif source.strip():
        elements.extend(plain_elements(sound(source)))


def _read_prose(source: str, elements: list[Element], cuts: Cuts, flags: set[str]) -> None:
    document = parse_markdown(_RULE.sub(r"\1***", source).encode("utf-8", "replace"))
    elements.extend(document.elements)
    cuts.extend(document.cuts)
    flags.update(document.flags)


def _read_output(
    output: dict[str, Any], elements: list[Element], cuts: Cuts, flags: set[str]
) -> None:
    """Take the richest form of a result that is text."""
    raw = output.get("data")
    data = raw if isinstance(raw, dict) else _of_version_3(output)
    if "text/html" in data:
        found, visible = html_elements(sound(_joined(data["text/html"])))
        cuts.extend(visible.cuts)
        flags.update(visible.flags)
        if found:
            elements.extend(found)
            return
    prose = _joined(data.get("text/markdown"))
    if prose.strip():
        _read_prose(prose, elements, cuts, flags)
        return
    told = _joined(data.get("text/plain")) or _joined(output.get("text"))
    if _NAMELESS.match(told):
        told = _joined(data.get("text/latex")) or told
    error = (_joined(output.get(name)) for name in ("ename", "evalue"))
    text = told or ": ".join(filter(None, error))
    if text.strip():
        elements.append(Element(ElementKind.CODE, sound(text.strip("\n"))))


def _of_version_3(output: dict[str, Any]) -> dict[str, Any]:
    """The forms of a result as notebooks of version 3 name them, under the names of today."""
    names = {"html": "text/html", "markdown": "text/markdown", "latex": "text/latex"}
    return {name: output[old] for old, name in names.items() if old in output}


def _level(cell: dict[str, Any]) -> int:
    level = cell.get("level")
    return min(max(level, 1), MAX_LEVEL) if isinstance(level, int) else 1


def _dicts(values: Any) -> list[dict[str, Any]]:
    """The objects in a list; whatever else stands there is no part of a notebook."""
    return [one for one in values if isinstance(one, dict)] if isinstance(values, list) else []


def _joined(value: Any) -> str:
    if isinstance(value, list):
        return "".join(str(line) for line in value)
    return value if isinstance(value, str) else ""
