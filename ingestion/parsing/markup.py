"""HTML, reStructuredText and plain text, partitioned by `unstructured`."""

import re
from collections.abc import Callable, Iterable
from io import BytesIO
from typing import Any

from ingestion.document import Element, ElementKind, ParsedDocument
from ingestion.parsing.decoding import declared_charset, decode
from ingestion.parsing.formats import Format
from ingestion.parsing.mapping import Titles, first_heading, map_elements
from ingestion.parsing.visible import Extent, VisibleHtml, visible_html

NO_LANGUAGES = [""]
"""Tells `unstructured` not to detect languages, its dearest step by far."""

_PARAGRAPHS = re.compile(r"\n\s*\n")
_ITEM = re.compile(r"\s*(?:[-*+•‣▪◦●]|\d{1,3}[.)])\s+\S")
_ITEM_START = re.compile(r"\n(?=\s*(?:[-*+•‣▪◦●]|\d{1,3}[.)])\s+\S)")
_LONGEST_ITEM = 2000
PLAIN_PARAGRAPH_CHARS = 20_000


def parse_html(data: bytes) -> ParsedDocument:
    """Read a page: visible text only, title from `<title>`."""
    elements, visible = html_elements(decode(data, declared_charset(data)), Extent.PAGE)
    title = visible.title or first_heading(elements)
    return ParsedDocument(Format.HTML, elements, title, visible.flags, cuts=visible.cuts)


def html_elements(
    source: str,
    extent: Extent = Extent.FRAGMENT,
    linked: Callable[[str], str] | None = None,
) -> tuple[tuple[Element, ...], VisibleHtml]:
    """Partition HTML text; falls back to the bare text when the partitioner finds none.

    Args:
        source: The HTML.
        extent: What it is the whole of.
        linked: Returns the text of a style sheet that the HTML names, where it comes with it.
    """
    from unstructured.partition.html import partition_html

    visible = visible_html(source, extent, linked)
    if not visible.html.strip():
        return (), visible
    found = partition_html(text=visible.html, languages=NO_LANGUAGES)
    elements = tuple(map_elements(found, Titles.MARKUP))
    return elements or _bare_text(visible.html), visible


def _bare_text(source: str) -> tuple[Element, ...]:
    """Text of everything rendered, navigation included: better than a document without text."""
    from lxml import html

    root = html.document_fromstring(source, parser=html.HTMLParser(huge_tree=True))
    texts = (" ".join(text.split()) for text in root.itertext())
    return tuple(Element(ElementKind.TEXT, text) for text in texts if text)


def parse_with_pandoc(data: bytes, format_: Format) -> ParsedDocument:
    """Read reStructuredText or Org through pandoc, in its sandbox: no includes are read."""
    from unstructured.file_utils.file_conversion import convert_file_to_html_text_using_pandoc

    name = {Format.RST: "rst", Format.ORG: "org"}[format_]
    source = BytesIO(decode(data).encode())
    html = convert_file_to_html_text_using_pandoc(source_format=name, file=source)
    elements, visible = html_elements(html) if html.strip() else ((), VisibleHtml(""))
    title = first_heading(elements)
    return ParsedDocument(format_, elements, title, visible.flags, cuts=visible.cuts)


def parse_text(data: bytes) -> ParsedDocument:
    """Read plain text in paragraphs; nothing in it is taken for a heading."""
    return ParsedDocument(Format.TEXT, plain_elements(decode(data)))


def plain_elements(text: str) -> tuple[Element, ...]:
    """Partition plain text; paragraphs are separated by blank lines and keep their lines.

    This is `partition_text` without its guesses at titles, addresses and narrative text, which
    are not used and take minutes on texts without sentences.
    """
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    found: Iterable[Any] = (
        _plain_element(part)
        for paragraph in _PARAGRAPHS.split(text)
        for item in _items(paragraph.strip("\n").rstrip())
        for part in _parts(item)
        if part.strip()
    )
    return tuple(map_elements(found, Titles.GUESSED))


def _plain_element(text: str) -> Any:
    from unstructured.cleaners.core import clean_bullets
    from unstructured.documents.elements import ListItem, Text
    from unstructured.partition.text_type import is_bulleted_text, is_possible_numbered_list

    if len(text) <= _LONGEST_ITEM:
        if is_bulleted_text(text):
            # Bullets only, such as a line of dashes, are kept as they are.
            return ListItem(text=clean_bullets(text)) if clean_bullets(text) else Text(text=text)
        if is_possible_numbered_list(text):
            return ListItem(text=text)
    return Text(text=text)


def _items(paragraph: str) -> Iterable[str]:
    """Split a list written without blank lines into its items; other paragraphs stay whole."""
    if not _ITEM.match(paragraph):
        return [paragraph]
    return _ITEM_START.split(paragraph)


def _parts(paragraph: str) -> Iterable[str]:
    """Cut a paragraph that never ends (a log, a dump) at line ends or blanks."""
    while len(paragraph) > PLAIN_PARAGRAPH_CHARS:
        cut = max(paragraph.rfind("\n", 0, PLAIN_PARAGRAPH_CHARS), 0)
        cut = cut or max(paragraph.rfind(" ", 0, PLAIN_PARAGRAPH_CHARS), 0)
        cut = cut or PLAIN_PARAGRAPH_CHARS
        yield paragraph[:cut]
        paragraph = paragraph[cut:]
    yield paragraph
