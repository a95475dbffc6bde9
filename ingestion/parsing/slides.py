"""PowerPoint presentations through `unstructured`, after what no one sees has been set apart."""

import io
from typing import Any

from ingestion.document import Element, ParsedDocument
from ingestion.parsing.decoding import sound
from ingestion.parsing.formats import Format
from ingestion.parsing.hiding import Cuts
from ingestion.parsing.mapping import Titles, first_heading, map_elements
from ingestion.parsing.markup import NO_LANGUAGES
from ingestion.parsing.packaging import check_package, ordinary_package
from ingestion.parsing.raised import raise_runs
from ingestion.parsing.related import Related
from ingestion.parsing.spans import unfold_slide

_A = "{http://schemas.openxmlformats.org/drawingml/2006/main}"
_OFF = ("0", "false", "off")
_ON = ("1", "true", "on")
_TINY = 150
"""Hundredths of a point."""


def parse_pptx(data: bytes) -> ParsedDocument:
    """Read a presentation; the page is the slide number.

    Hidden slides, and shapes and text that cannot be seen are set apart and flagged
    `hidden_text_removed`. Speaker notes are not part of what is shown: set apart, flagged
    `speaker_notes_not_read`.

    Raises:
        UnsafeInputError: XML in it declares entities.
    """
    import pptx
    from unstructured.partition.pptx import partition_pptx

    check_package(data)
    data = ordinary_package(data)
    presentation = pptx.Presentation(io.BytesIO(data))
    cuts = Cuts()
    changed = [unfold_slide(slide.element) for slide in presentation.slides]
    changed += [
        raise_runs(paragraph, _A)
        for slide in presentation.slides
        for paragraph in slide.element.iter(f"{_A}p")
    ]
    if _cut_unseen(presentation, cuts) or any(changed):
        buffer = io.BytesIO()
        presentation.save(buffer)
        data = buffer.getvalue()
    flags = set(cuts.flags)
    for number, slide in enumerate(presentation.slides, start=1):
        if cuts.add("speaker_notes", _notes(slide), number):
            flags.add("speaker_notes_not_read")
    found = partition_pptx(file=io.BytesIO(data), languages=NO_LANGUAGES, include_page_breaks=False)
    shown = list(map_elements(found, Titles.FIRST_DEPTH))
    related = Related(data)
    elements: list[Element] = []
    for number, slide in enumerate(presentation.slides, start=1):
        elements.extend(element for element in shown if element.page == number)
        if slide.element.get("show") not in _OFF:
            elements.extend(related.elements(str(slide.part.partname).lstrip("/"), number))
    elements.extend(element for element in shown if element.page is None)
    core = sound(" ".join((presentation.core_properties.title or "").split()))
    title = first_heading(elements) or core or None
    return ParsedDocument(Format.PPTX, tuple(elements), title, tuple(sorted(flags)), cuts=cuts.all)


def _cut_unseen(presentation: Any, cuts: Cuts) -> bool:
    """Take out shapes and runs that no one sees; tell whether any was there."""
    width, height = presentation.slide_width or 0, presentation.slide_height or 0
    found = False
    for number, slide in enumerate(presentation.slides, start=1):
        slide_hidden = slide.element.get("show") in _OFF
        for shape in list(slide.shapes):
            reason = "hidden_slide" if slide_hidden else _hiding(shape, width, height)
            if reason is None:
                found = _cut_unseen_runs(shape.element, cuts, number) or found
            elif cuts.add(reason, " ".join(_texts(shape.element)), number):
                found = True
                shape.element.getparent().remove(shape.element)
    return found


def _hiding(shape: Any, width: int, height: int) -> str | None:
    if any(node.get("hidden") in _ON for node in shape.element.iter() if _named(node, "cNvPr")):
        return "hidden_shape"
    return "off_slide" if _is_off_slide(shape, width, height) else None


def _cut_unseen_runs(element: Any, cuts: Cuts, page: int) -> bool:
    """Cut runs of at most 1.5 pt or without any opacity; colours depend on too much to judge."""
    found = False
    for run in [node for node in element.iter() if _named(node, "r")]:
        properties = next((node for node in run if _named(node, "rPr")), None)
        if properties is None:
            continue
        size = properties.get("sz") or ""
        tiny = size.isdigit() and int(size) <= _TINY
        clear = any(_named(node, "alpha") and node.get("val") == "0" for node in properties.iter())
        if tiny or clear:
            cuts.add("tiny_text" if tiny else "transparent", " ".join(_texts(run)), page)
            run.getparent().remove(run)
            found = True
    return found


def _texts(element: Any) -> list[str]:
    return [node.text or "" for node in element.iter() if _named(node, "t")]


def _named(node: Any, name: str) -> bool:
    return isinstance(node.tag, str) and bool(node.tag.endswith("}" + name))


def _is_off_slide(shape: Any, width: int, height: int) -> bool:
    left, top = shape.left, shape.top
    if left is None or top is None or not width or not height:
        return False
    right, bottom = left + (shape.width or 0), top + (shape.height or 0)
    return bool(left >= width or top >= height or right <= 0 or bottom <= 0)


def _notes(slide: Any) -> str:
    frame = slide.notes_slide.notes_text_frame if slide.has_notes_slide else None
    return frame.text if frame is not None else ""
