"""From the elements of `unstructured` to Holdfast's own: kind, level, page, text."""

from collections.abc import Iterable, Iterator
from enum import Enum
from typing import Any

from ingestion.document import Element, ElementKind
from ingestion.parsing.decoding import sound
from ingestion.parsing.tables import html_to_text

MAX_LEVEL = 9


class Titles(Enum):
    """What the "Title" elements of a partitioner are worth."""

    MARKUP = "markup"
    """They come from markup or styles: headings with a depth."""
    FIRST_DEPTH = "first_depth"
    """Only depth 0 is a real title; deeper ones are guessed (slides)."""
    GUESSED = "guessed"
    """They are guessed from short lines: plain text."""


_KINDS = {
    "ListItem": ElementKind.LIST_ITEM,
    "BulletedText": ElementKind.LIST_ITEM,
    "List-item": ElementKind.LIST_ITEM,
    "Table": ElementKind.TABLE,
    "CodeSnippet": ElementKind.CODE,
}


def map_elements(elements: Iterable[Any], titles: Titles) -> Iterator[Element]:
    """Map the elements of `unstructured`; elements without text are left out."""
    for element in elements:
        category = element.category
        text = element.text or ""
        kind = _KINDS.get(category, ElementKind.TEXT)
        level = 0
        if category == "Title" and _is_heading(element, titles):
            kind = ElementKind.HEADING
            level = min((element.metadata.category_depth or 0) + 1, MAX_LEVEL)
            text = " ".join(text.split())
        elif kind is ElementKind.TABLE and element.metadata.text_as_html:
            text = html_to_text(element.metadata.text_as_html)
        text = sound(text.strip("\n") if kind is ElementKind.CODE else text.strip())
        if text.strip():
            yield Element(kind, text, level=level, page=element.metadata.page_number)


def _is_heading(element: Any, titles: Titles) -> bool:
    if titles is Titles.MARKUP:
        return True
    return titles is Titles.FIRST_DEPTH and not element.metadata.category_depth


def first_heading(elements: Iterable[Element]) -> str | None:
    """Text of the first topmost heading, which serves as the title of the document."""
    headings = [element for element in elements if element.kind is ElementKind.HEADING]
    tops = [heading for heading in headings if heading.level == 1] or headings[:1]
    return tops[0].text if tops else None
