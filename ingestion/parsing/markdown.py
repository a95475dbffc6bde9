"""Markdown: its front matter, and its HTML as `unstructured` partitions it.

`unstructured` itself reads Markdown by way of Python-Markdown, which follows rules of its own: a
table or list right below a line of text is no table or list to it, code in an item of a list loses
its fence, items indented by two blanks lose their level. See `commonmark.py` instead.
"""

import re

from ingestion.document import Element, ElementKind, ParsedDocument
from ingestion.parsing.commonmark import TooDeepError, markdown_to_html
from ingestion.parsing.decoding import decode
from ingestion.parsing.formats import Format
from ingestion.parsing.mapping import first_heading
from ingestion.parsing.markup import html_elements, plain_elements
from ingestion.parsing.visible import VisibleHtml

_FRONT_MATTER = re.compile(r"\A\s*---[ \t]*\n(.*?\n)(?:---|\.\.\.)[ \t]*(?:\n|\Z)", re.S)
_FIELD = re.compile(r"[\w-]+[ \t]*:")
_TITLE = re.compile(r"^title[ \t]*:[ \t]*(.+?)[ \t]*$", re.M | re.I)


def parse_markdown(data: bytes) -> ParsedDocument:
    """Read Markdown; front matter is taken out, its `title` heads the document.

    A document that is nothing but front matter (a redirect, a stub) is read as that text: it
    says something, and nothing that can be read is left out silently.
    """
    text, title, front = split_front_matter(decode(data).replace("\r\n", "\n"))
    elements, visible = markdown_elements(text)
    if not elements and front.strip():
        elements = (Element(ElementKind.TEXT, front.strip()),)
    elif title and not any(e.level == 1 for e in elements):
        elements = (Element(ElementKind.HEADING, title, level=1), *elements)
    return ParsedDocument(
        Format.MARKDOWN, elements, title or first_heading(elements), visible.flags,
        cuts=visible.cuts,
    )  # fmt: skip


def markdown_elements(text: str) -> tuple[tuple[Element, ...], VisibleHtml]:
    """Partition Markdown text without front matter; of HTML in it only the visible part."""
    try:
        return html_elements(markdown_to_html(text))
    except TooDeepError:
        return plain_elements(text), VisibleHtml("")


def split_front_matter(text: str) -> tuple[str, str | None, str]:
    """Split YAML front matter from a Markdown text; returns body, title if named, front matter."""
    match = _FRONT_MATTER.match(text)
    if match is None or not any(_FIELD.match(line) for line in match[1].splitlines()):
        return text, None, ""
    title = _TITLE.search(match[1])
    value = title[1].strip().strip("\"'").strip() if title else ""
    return text[match.end() :], value or None, match[1]
