"""Word and PowerPoint through `unstructured`, after hidden text has been taken out."""

import io
import re
from typing import Any

from ingestion.document import ParsedDocument
from ingestion.parsing.decoding import sound
from ingestion.parsing.formats import Format
from ingestion.parsing.mapping import Titles, first_heading, map_elements
from ingestion.parsing.markup import NO_LANGUAGES
from ingestion.parsing.word import settle

_W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_SUSPECT = re.compile(
    rb"<w:(vanish|webHidden|specVanish)\b|w:val=\"(FFFFFF|ffffff)\"|<w:sz w:val=\"[0-3]\""
)
_OFF = ("0", "false", "off")
_LIGHT = re.compile(r"[Ff]{6}\Z")


def parse_docx(data: bytes) -> ParsedDocument:
    """Read a Word document; text marked hidden, white on white or 1 pt is dropped and flagged."""
    import docx
    from unstructured.partition.docx import partition_docx

    document = docx.Document(io.BytesIO(data))
    flags: tuple[str, ...] = ()
    hidden = _drop_hidden_runs(document)
    if hidden:
        flags = ("hidden_text_removed",)
    if settle(document) or hidden:
        buffer = io.BytesIO()
        document.save(buffer)
        data = buffer.getvalue()
    found = partition_docx(file=io.BytesIO(data), languages=NO_LANGUAGES, include_page_breaks=False)
    elements = tuple(map_elements(found, Titles.MARKUP))
    title = first_heading(elements) or _core_title(document)
    return ParsedDocument(Format.DOCX, elements, title, flags)


def _core_title(document: Any) -> str | None:
    return sound(" ".join((document.core_properties.title or "").split())) or None


def _drop_hidden_runs(document: Any) -> bool:
    """Remove runs that Word does not show; tell whether any of them had text."""
    body = document.element.body
    hidden_styles = _hidden_styles(document)
    if not hidden_styles and not _SUSPECT.search(document.part.blob):
        return False
    dropped = False
    for run in list(body.iter(f"{_W}r")):
        if _is_hidden(run.find(f"{_W}rPr"), hidden_styles) and not _is_shaded(run):
            dropped = dropped or any((text.text or "").strip() for text in run.iter(f"{_W}t"))
            run.getparent().remove(run)
    for paragraph in list(body.iter(f"{_W}p")):
        style = paragraph.find(f"{_W}pPr/{_W}pStyle")
        if style is not None and style.get(f"{_W}val") in hidden_styles:
            dropped = dropped or any((t.text or "").strip() for t in paragraph.iter(f"{_W}t"))
            for run in list(paragraph.iter(f"{_W}r")):
                run.getparent().remove(run)
    return dropped


def _hidden_styles(document: Any) -> frozenset[str]:
    return frozenset(
        style.get(f"{_W}styleId")
        for style in document.styles.element.iter(f"{_W}style")
        if _is_on(style.find(f"{_W}rPr"), "vanish")
    )


def _is_hidden(properties: Any, hidden_styles: frozenset[str]) -> bool:
    if properties is None:
        return False
    if any(_is_on(properties, name) for name in ("vanish", "specVanish")):
        return True
    style = properties.find(f"{_W}rStyle")
    if style is not None and style.get(f"{_W}val") in hidden_styles:
        return not _is_off(properties, "vanish")
    size = properties.find(f"{_W}sz")
    half_points = (size.get(f"{_W}val") or "") if size is not None else ""
    if half_points.isdigit() and int(half_points) <= 3:  # 1.5 pt and less cannot be read
        return True
    color = properties.find(f"{_W}color")
    return color is not None and bool(_LIGHT.match(color.get(f"{_W}val") or ""))


def _is_shaded(run: Any) -> bool:
    """White text on a shaded run, paragraph, cell or in a drawing is meant to be read."""
    properties = run.find(f"{_W}rPr")
    if any(_is_on(properties, name) for name in ("vanish", "specVanish")):
        return False
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


def parse_pptx(data: bytes) -> ParsedDocument:
    """Read a presentation; the page is the slide number.

    Hidden slides and shapes outside the slide are dropped and flagged `hidden_text_removed`.
    Speaker notes are not part of what is shown: not read, flagged `speaker_notes_not_read`.
    """
    import pptx
    from unstructured.partition.pptx import partition_pptx

    presentation = pptx.Presentation(io.BytesIO(data))
    flags: set[str] = set()
    if _drop_unseen_shapes(presentation):
        flags.add("hidden_text_removed")
        buffer = io.BytesIO()
        presentation.save(buffer)
        data = buffer.getvalue()
    if any(_has_notes(slide) for slide in presentation.slides):
        flags.add("speaker_notes_not_read")
    found = partition_pptx(file=io.BytesIO(data), languages=NO_LANGUAGES, include_page_breaks=False)
    elements = tuple(map_elements(found, Titles.FIRST_DEPTH))
    core = sound(" ".join((presentation.core_properties.title or "").split()))
    title = first_heading(elements) or core or None
    return ParsedDocument(Format.PPTX, elements, title, tuple(sorted(flags)))


def _drop_unseen_shapes(presentation: Any) -> bool:
    width, height = presentation.slide_width or 0, presentation.slide_height or 0
    dropped = False
    for slide in presentation.slides:
        hidden = slide.element.get("show") in _OFF
        for shape in list(slide.shapes):
            if not hidden and not _is_off_slide(shape, width, height):
                continue
            texts = (node.text or "" for node in shape.element.iter() if _is_text(node))
            if any(text.strip() for text in texts):
                dropped = True
                shape.element.getparent().remove(shape.element)
    return dropped


def _is_text(node: Any) -> bool:
    return isinstance(node.tag, str) and node.tag.endswith("}t")


def _is_off_slide(shape: Any, width: int, height: int) -> bool:
    left, top = shape.left, shape.top
    if left is None or top is None or not width or not height:
        return False
    right, bottom = left + (shape.width or 0), top + (shape.height or 0)
    return bool(left >= width or top >= height or right <= 0 or bottom <= 0)


def _has_notes(slide: Any) -> bool:
    if not slide.has_notes_slide:
        return False
    frame = slide.notes_slide.notes_text_frame
    return frame is not None and bool(frame.text.strip())
