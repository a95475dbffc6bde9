"""Word documents through `unstructured`, after what no reader sees has been set apart."""

import io
import re
from collections.abc import Iterator, Mapping
from typing import Any

from ingestion.document import ParsedDocument
from ingestion.parsing.decoding import sound
from ingestion.parsing.formats import Format
from ingestion.parsing.hiding import Cuts
from ingestion.parsing.mapping import Titles, first_heading, map_elements
from ingestion.parsing.markup import NO_LANGUAGES
from ingestion.parsing.packaging import check_package, ordinary_package
from ingestion.parsing.raised import raise_runs
from ingestion.parsing.related import Related
from ingestion.parsing.spans import unfold_word
from ingestion.parsing.word import add_notes, note_paragraphs, settle

_W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_MARGINS = ("header", "footer")
_LONGEST_CHAIN = 20
_OFF = ("0", "false", "off")
_LIGHT = re.compile(r"[Ff]{6}\Z")


def parse_docx(data: bytes) -> ParsedDocument:
    """Read a Word document; text marked hidden, white on white or 1 pt is set apart and flagged.

    Raises:
        UnsafeInputError: XML in it declares entities.
    """
    import docx
    from unstructured.partition.docx import partition_docx

    check_package(data)
    data = ordinary_package(data)
    document = docx.Document(io.BytesIO(data))
    cuts = Cuts()
    related = Related(data)
    notes = list(note_paragraphs(document))
    hidden_styles = _hidden_styles(document)
    body = document.element.body
    roots = (body, *_margins(document), *notes)
    changes = [_cut_hidden_runs(root, hidden_styles, cuts) for root in roots]
    changes.append(unfold_word(body))
    changes += [raise_runs(line, _W) for root in roots for line in root.iter(f"{_W}p")]
    changes += [settle(root) for root in roots]
    add_notes(body, notes)
    if notes or any(changes):
        buffer = io.BytesIO()
        document.save(buffer)
        data = buffer.getvalue()
    found = partition_docx(file=io.BytesIO(data), languages=NO_LANGUAGES, include_page_breaks=False)
    main = str(document.part.partname).lstrip("/")
    elements = (*map_elements(found, Titles.MARKUP), *related.elements(main))
    title = first_heading(elements) or _core_title(document)
    return ParsedDocument(Format.DOCX, elements, title, cuts.flags, cuts=cuts.all)


def _core_title(document: Any) -> str | None:
    return sound(" ".join((document.core_properties.title or "").split())) or None


def _margins(document: Any) -> Iterator[Any]:
    """The headers and footers, which are read with the body."""
    for relation in document.part.rels.values():
        if relation.reltype.rpartition("/")[2] in _MARGINS and not relation.is_external:
            element = getattr(relation.target_part, "element", None)
            if element is not None:
                yield element


def _cut_hidden_runs(root: Any, hidden_styles: frozenset[str], cuts: Cuts) -> bool:
    """Take out runs that Word does not show; tell whether any was there."""
    found = False
    for run in list(root.iter(f"{_W}r")):
        reason = _hiding(run.find(f"{_W}rPr"), hidden_styles)
        if reason is not None and not (reason == "white_on_white" and _is_shaded(run)):
            found = True
            _cut(run, reason, cuts)
    for paragraph in list(root.iter(f"{_W}p")):
        style = paragraph.find(f"{_W}pPr/{_W}pStyle")
        if style is not None and style.get(f"{_W}val") in hidden_styles:
            for run in list(paragraph.iter(f"{_W}r")):
                found = True
                _cut(run, "hidden_text", cuts)
    return found


def _cut(run: Any, reason: str, cuts: Cuts) -> None:
    cuts.add(reason, "".join(text.text or "" for text in run.iter(f"{_W}t")))
    run.getparent().remove(run)


def _hidden_styles(document: Any) -> frozenset[str]:
    """Styles of hidden text, those that are based on one of them included."""
    styles = {
        style.get(f"{_W}styleId"): style for style in document.styles.element.iter(f"{_W}style")
    }
    return frozenset(name for name in styles if _is_hidden_style(name, styles))


def _is_hidden_style(name: str, styles: Mapping[str, Any]) -> bool:
    wanted: str | None = name
    for _ in range(_LONGEST_CHAIN):
        style = styles.get(wanted or "")
        if style is None:
            return False
        properties = style.find(f"{_W}rPr")
        if properties is not None and properties.find(f"{_W}vanish") is not None:
            return _is_on(properties, "vanish")
        based = style.find(f"{_W}basedOn")
        wanted = None if based is None else based.get(f"{_W}val")
    return False


def _hiding(properties: Any, hidden_styles: frozenset[str]) -> str | None:
    """Why a run with these properties is not seen; none if it is."""
    if properties is None:
        return None
    if any(_is_on(properties, name) for name in ("vanish", "specVanish")):
        return "hidden_text"
    style = properties.find(f"{_W}rStyle")
    if style is not None and style.get(f"{_W}val") in hidden_styles:
        return None if _is_off(properties, "vanish") else "hidden_text"
    size = properties.find(f"{_W}sz")
    half_points = (size.get(f"{_W}val") or "") if size is not None else ""
    if half_points.isdigit() and int(half_points) <= 3:  # 1.5 pt and less cannot be read
        return "tiny_text"
    color = properties.find(f"{_W}color")
    white = color is not None and bool(_LIGHT.match(color.get(f"{_W}val") or ""))
    return "white_on_white" if white else None


def _is_shaded(run: Any) -> bool:
    """White text on a shaded run, paragraph, cell or in a drawing is meant to be read."""
    properties = run.find(f"{_W}rPr")
    if properties.find(f"{_W}highlight") is not None:
        return True
    node = run
    while node is not None:
        if node.tag.endswith(("}txbxContent", "}drawing", "}pict")):
            return True
        for name in ("rPr", "pPr", "tcPr", "tblPr"):
            shade = node.find(f"{_W}{name}/{_W}shd")
            if shade is not None and (shade.get(f"{_W}fill") or "auto").upper() not in (
                "AUTO",
                "FFFFFF",
            ):
                return True
        # A table style may shade its cells; white text in such a table is left alone.
        if node.tag == f"{_W}tbl" and node.find(f"{_W}tblPr/{_W}tblStyle") is not None:
            return True
        node = node.getparent()
    return False


def _is_on(properties: Any, name: str) -> bool:
    found = None if properties is None else properties.find(f"{_W}{name}")
    return found is not None and found.get(f"{_W}val", "1").lower() not in _OFF


def _is_off(properties: Any, name: str) -> bool:
    found = properties.find(f"{_W}{name}")
    return found is not None and found.get(f"{_W}val", "1").lower() in _OFF
