"""OpenDocument texts, spreadsheets and presentations, read from their XML.

Text that is not displayed is set apart: hidden text, paragraphs and sections, text in white or
too small to be read, hidden sheets, rows, columns and slides, and what lies beside a slide.
"""

import io
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from ingestion.document import Element, ElementKind, ParsedDocument
from ingestion.parsing.decoding import sound
from ingestion.parsing.formats import Format
from ingestion.parsing.hiding import Cuts
from ingestion.parsing.mapping import MAX_LEVEL, first_heading
from ingestion.parsing.odf_styles import Ground, Looks, read_looks
from ingestion.parsing.odf_tables import table_rows
from ingestion.parsing.raised import raised
from ingestion.parsing.sheets import blocks_of
from ingestion.parsing.tables import rows_to_text
from ingestion.parsing.xml_safe import attribute, children, local, read_xml

_SKIPPED = frozenset(
    {
        "tracked-changes", "annotation-end", "sequence-decls", "variable-decls", "forms",
        "user-field-decls", "soft-page-break", "bookmark-start", "bookmark-end", "settings",
    }
)  # fmt: skip
_MARGINS = frozenset(
    f"{where}{which}" for where in ("header", "footer") for which in ("", "-left", "-first")
)
_HIDDEN_TEXT = frozenset({"hidden-text", "hidden-paragraph"})
_MAX_SPACES = 100
_RAISED = frozenset("0123456789+-−–")
"""How raised text begins that could be taken for digits of the figure before it."""


@dataclass(slots=True)
class _Reading:
    """One pass over a document."""

    looks: Looks
    cuts: Cuts = field(default_factory=Cuts)
    elements: list[Element] = field(default_factory=list)
    page: int | None = None
    ground: Ground = Ground.PAPER
    cell: str | None = None
    """Style of the cell that is read."""

    def add(self, kind: ElementKind, text: str, level: int = 0) -> None:
        if text.strip():
            self.elements.append(Element(kind, sound(text), level=level, page=self.page))


def parse_odf(data: bytes, format_: Format) -> ParsedDocument:
    """Read an OpenDocument file; the page is the number of the slide or sheet."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        names = set(archive.namelist())
        content = read_xml(archive.read("content.xml"))
        styles = read_xml(archive.read("styles.xml")) if "styles.xml" in names else None
        meta = read_xml(archive.read("meta.xml")) if "meta.xml" in names else None
    reading = _Reading(read_looks(*(root for root in (styles, content) if root is not None)))
    body = next((node for node in content.iter() if local(node) == "body"), None)
    for kind in children(body) if body is not None else ():
        if local(kind) == "spreadsheet":
            _read_sheets(kind, reading)
        elif local(kind) == "presentation":
            _read_slides(kind, reading)
            _set_apart(_masters(styles, kind, reading), reading)
        else:
            _read_blocks(kind, reading)
            _set_apart(_margins(styles, reading), reading)
    title = first_heading(reading.elements) or _title(meta)
    cuts = reading.cuts
    return ParsedDocument(format_, tuple(reading.elements), title, cuts.flags, cuts=cuts.all)


def _title(meta: Any) -> str | None:
    if meta is None:
        return None
    titles = (node.text or "" for node in meta.iter() if local(node) == "title")
    return next((sound(" ".join(title.split())) for title in titles if title.strip()), None)


def _margins(styles: Any, reading: _Reading) -> _Reading:
    """The headers and footers of a text."""
    margins = _Reading(reading.looks, reading.cuts)
    for node in styles.iter() if styles is not None else ():
        if local(node) in _MARGINS and attribute(node, "display") != "false":
            _read_blocks(node, margins)
    return margins


def _masters(styles: Any, presentation: Any, reading: _Reading) -> _Reading:
    """What the slides have from their masters: footers, names and sayings on every one."""
    margins = _Reading(reading.looks, reading.cuts, ground=Ground.PAINTED)
    slides = list(children(presentation, "page"))
    with_footer = [s for s in slides if reading.looks.shows_footer(attribute(s, "style-name"))]
    footers = {attribute(slide, "use-footer-name") for slide in with_footer} - {None}
    for node in children(presentation, "footer-decl"):
        if attribute(node, "name") in footers:
            margins.add(ElementKind.TEXT, " ".join("".join(node.itertext()).split()))
    used = {attribute(slide, "master-page-name") for slide in slides}
    for master in styles.iter() if styles is not None else ():
        if local(master) != "master-page" or attribute(master, "name") not in used:
            continue
        for shape in children(master):
            kind = attribute(shape, "class")
            if local(shape) == "notes" or attribute(shape, "placeholder") == "true":
                continue
            if kind is None or (kind == "footer" and with_footer):
                _read_blocks(shape, margins)
    return margins


def _set_apart(margins: _Reading, reading: _Reading) -> None:
    """Set apart what every page repeats; a letterhead is better than nothing."""
    if reading.elements:
        texts = dict.fromkeys(element.text for element in margins.elements)
        reading.cuts.add("repeated_header", "\n".join(texts))
    else:
        reading.elements.extend(margins.elements)


def _read_blocks(node: Any, reading: _Reading, in_list: bool = False) -> None:
    for child in children(node):
        name = local(child)
        if name in _SKIPPED:
            continue
        if name in ("h", "p"):
            _read_paragraph(child, reading, in_list)
        elif name == "table":
            _read_table(child, reading)
        elif name == "annotation":
            reading.add(ElementKind.TEXT, _comment(child, reading))
        elif name == "desc":
            reading.add(ElementKind.TEXT, " ".join("".join(child.itertext()).split()))
        elif _is_hidden_section(child):
            reading.cuts.add("hidden_text", "".join(child.itertext()), reading.page)
        else:
            _read_blocks(child, reading, in_list or name == "list-item")


def _is_hidden_section(node: Any) -> bool:
    return local(node) == "section" and attribute(node, "display") in ("none", "condition")


def _read_paragraph(node: Any, reading: _Reading, in_list: bool) -> None:
    pieces: list[str] = []
    later: list[Any] = []
    style = attribute(node, "style-name")
    if any(local(child) == "hidden-paragraph" for child in node):
        reading.cuts.add("hidden_text", "".join(node.itertext()), reading.page)
        return
    _gather(node, reading, (reading.cell, style), pieces, later)
    text = "".join(pieces)
    if local(node) == "h":
        level = attribute(node, "outline-level") or "1"
        level_number = min(int(level) if level.isdigit() else 1, MAX_LEVEL)
        reading.add(ElementKind.HEADING, " ".join(text.split()), max(1, level_number))
    elif reading.looks.is_title(style):
        reading.add(ElementKind.HEADING, " ".join(text.split()), 1)
    else:
        reading.add(ElementKind.LIST_ITEM if in_list else ElementKind.TEXT, text.strip())
    for block in later:
        if local(block) == "annotation":
            reading.add(ElementKind.TEXT, _comment(block, reading))
            continue
        outside = reading.ground
        if local(block) != "note-body":
            reading.ground = Ground.PAINTED
        _read_blocks(block, reading)
        reading.ground = outside


def _gather(
    node: Any,
    reading: _Reading,
    styles: tuple[str | None, ...],
    pieces: list[str],
    later: list[Any],
) -> None:
    """Collect the text of a paragraph; text boxes and notes in it follow as blocks of their own."""
    _say(node.text, reading, styles, pieces)
    for child in node:
        name = local(child)
        if name == "s":
            count = attribute(child, "c") or "1"
            pieces.append(" " * min(int(count) if count.isdigit() else 1, _MAX_SPACES))
        elif name == "tab":
            pieces.append("\t")
        elif name == "line-break":
            pieces.append("\n")
        elif name == "note":
            later.extend(children(child, "note-body"))
            mark = "".join("".join(c.itertext()) for c in children(child, "note-citation"))
            pieces.append(raised(mark, "".join(pieces[-3:])))
        elif name in ("frame", "custom-shape", "g", "text-box", "rect") or name == "annotation":
            later.append(child)
        elif name in _HIDDEN_TEXT:
            text = attribute(child, "string-value") or "".join(child.itertext())
            reading.cuts.add("hidden_text", text, reading.page)
        elif name and name not in _SKIPPED:
            deeper = (*styles, attribute(child, "style-name")) if name == "span" else styles
            _gather(child, reading, deeper, pieces, later)
        _say(child.tail, reading, styles, pieces)


def _comment(annotation: Any, reading: _Reading) -> str:
    author = next((n.text or "" for n in annotation.iter() if local(n) == "creator"), "")
    text = _in_one_line(annotation, reading, Ground.PAINTED)
    return f"Comment by {author}: {text}" if author else f"Comment: {text}"


def _say(
    text: str | None, reading: _Reading, styles: tuple[str | None, ...], pieces: list[str]
) -> None:
    if not text:
        return
    reason = reading.looks.hiding(styles, reading.ground) if text.strip() else None
    if reason is None:
        said = " ".join(text.split(" ")).replace("\n", " ")
        is_raised = said[:1] in _RAISED and reading.looks.is_raised(styles)
        pieces.append(raised(said, "".join(pieces[-3:])) if is_raised else said)
    else:
        reading.cuts.add(reason, text, reading.page)


def _read_table(table: Any, reading: _Reading) -> None:
    read = _reader_of(table, reading)
    rows = table_rows(table, reading.looks, reading.cuts, reading.page, read)
    reading.add(ElementKind.TABLE, rows_to_text(rows))


def _reader_of(table: Any, reading: _Reading) -> Callable[[Any, str | None], str]:
    """Return what reads a cell of a table, whatever blocks it holds, given its style."""
    # Under a condition, whatever it is, a cell may have any colour.
    conditions = next(children(table, "conditional-formats"), None)
    painted = reading.ground is Ground.PAINTED or conditions is not None

    def read(cell: Any, style: str | None) -> str:
        ground = Ground.PAINTED if painted else reading.looks.ground_of(style)
        return _in_one_line(cell, reading, ground, style)

    return read


def _in_one_line(node: Any, reading: _Reading, ground: Ground, style: str | None = None) -> str:
    """The text of whatever blocks a node holds, what no one sees set apart."""
    inner = _Reading(reading.looks, reading.cuts, page=reading.page, ground=ground, cell=style)
    _read_blocks(node, inner)
    return " ".join(element.text.replace("\n", " ") for element in inner.elements)


def _read_sheets(spreadsheet: Any, reading: _Reading) -> None:
    for number, table in enumerate(children(spreadsheet, "table"), start=1):
        reading.page = number
        if reading.looks.hides_table(attribute(table, "style-name")):
            reading.cuts.add("hidden_sheet", " ".join(table.itertext()), number)
            continue
        read = _reader_of(table, reading)
        rows = table_rows(table, reading.looks, reading.cuts, number, read)
        blocks = tuple(blocks_of(rows, number))
        if blocks:
            reading.add(ElementKind.HEADING, attribute(table, "name") or f"{number}", 1)
            reading.elements.extend(blocks)


def _read_slides(presentation: Any, reading: _Reading) -> None:
    reading.ground = Ground.PAINTED
    for number, slide in enumerate(children(presentation, "page"), start=1):
        reading.page = number
        if reading.looks.hides_slide(attribute(slide, "style-name")):
            reading.cuts.add("hidden_slide", _visible_text(slide), number)
            continue
        for notes in children(slide, "notes"):
            reading.cuts.add("speaker_notes", _visible_text(notes), number)
        shapes = [shape for shape in children(slide) if local(shape) != "notes"]
        # The title is what the slide is about, wherever it was drawn.
        for shape in sorted(shapes, key=lambda s: attribute(s, "class") != "title"):
            if reading.looks.is_off_slide(shape):
                reading.cuts.add("off_slide", "".join(shape.itertext()), number)
            elif attribute(shape, "class") == "title":
                title = _in_one_line(shape, reading, Ground.PAINTED)
                reading.add(ElementKind.HEADING, " ".join(title.split()), 1)
            elif local(shape) == "annotation":
                reading.add(ElementKind.TEXT, _comment(shape, reading))
            else:
                _read_blocks(shape, reading)


def _visible_text(node: Any) -> str:
    return " ".join(text for text in _texts(node) if text.strip())


def _texts(node: Any) -> Iterator[str]:
    for paragraph in node.iter():
        if local(paragraph) in ("p", "h"):
            yield "".join(_pieces(paragraph))


def _pieces(node: Any) -> Iterator[str]:
    """Text below a node; tabs, blanks and breaks, which are elements, as blanks."""
    yield node.text or ""
    for child in node:
        if local(child) in ("s", "tab", "line-break"):
            yield " "
        yield from _pieces(child)
        yield child.tail or ""
