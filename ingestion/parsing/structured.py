"""Data files as text: JSON and JSON lines as `name: value` lines, any XML as its paragraphs."""

import json
import re
from collections.abc import Iterator
from typing import Any

from ingestion.document import Element, ElementKind, ParsedDocument
from ingestion.parsing.decoding import decode, lines_of, sound
from ingestion.parsing.formats import Format
from ingestion.parsing.hiding import EMBEDDED_DATA, Cuts
from ingestion.parsing.mapping import first_heading
from ingestion.parsing.markup import plain_elements
from ingestion.parsing.xml_safe import local, read_xml

MAX_DEPTH = 100
_LONGEST = 4000
"""A record of more characters is divided at its lines."""
_TITLES = ("title", "name", "subject")
_MIXED_CHARS = 2000
_DATA_URI = re.compile(r"(data:[\w.+-]+/[\w.+-]+)(?:;[\w=.+-]+)*;base64,[A-Za-z0-9+/=_-]{32,}")


def parse_json(data: bytes) -> ParsedDocument:
    """Read JSON: every record of a list, and every large object, is a paragraph of its own.

    What is no valid JSON is read as plain text and flagged `not_json`: people name logs so.
    """
    text, cuts = decode(data), Cuts()
    try:
        value = _loaded(text)
    except ValueError:
        records = _lines(text)
        if records is None:
            return ParsedDocument(Format.JSON, plain_elements(text), flags=("not_json",))
        elements = tuple(_records(records, cuts))
        return ParsedDocument(Format.JSON, elements, cuts=cuts.all)
    elements = tuple(_records([value], cuts))
    return ParsedDocument(Format.JSON, elements, _title(value), cuts=cuts.all)


def parse_json_lines(data: bytes) -> ParsedDocument:
    """Read JSON lines: one paragraph per record.

    A line that is broken or nested too deeply stays as it is, flagged.
    """
    elements: list[Element] = []
    flags: set[str] = set()
    cuts = Cuts()
    for line in lines_of(decode(data)):
        if not line.strip():
            continue
        try:
            value = _loaded(line)
            elements.extend(tuple(_records([value], cuts)))
        except (ValueError, RecursionError):
            flags.add("not_json")
            elements.append(Element(ElementKind.TEXT, line.strip()))
    return ParsedDocument(Format.JSON_LINES, tuple(elements), flags=tuple(flags), cuts=cuts.all)


def _loaded(text: str) -> Any:
    """A JSON value, its numbers as they are written; a name that is given again loses nothing."""
    return json.loads(
        text, parse_constant=str, parse_float=str, parse_int=str, object_pairs_hook=_named
    )


def _named(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) == len(pairs):
        return found
    several: dict[str, list[Any]] = {}
    for name, value in pairs:
        several.setdefault(name, []).append(value)
    return {name: values if len(values) > 1 else values[0] for name, values in several.items()}


def _lines(text: str) -> list[Any] | None:
    """The records of JSON lines that are named like one JSON value; none if they are not."""
    try:
        return [_loaded(line) for line in lines_of(text) if line.strip()] or None
    except ValueError:
        return None


def _title(value: Any) -> str | None:
    if not isinstance(value, dict):
        return None
    titles = (value.get(name) for name in _TITLES)
    return next((sound(t) for t in titles if isinstance(t, str) and 0 < len(t) <= 200), None)


def _records(values: list[Any], cuts: Cuts) -> Iterator[Element]:
    for value in values:
        if isinstance(value, list) and any(isinstance(one, dict | list) for one in value):
            yield from _records(value, cuts)
            continue
        lines = list(_said(value, "", 0, cuts))
        block: list[str] = []
        for line in lines:
            if block and sum(map(len, block)) + len(line) > _LONGEST:
                yield Element(ElementKind.TEXT, sound("\n".join(block)))
                block = []
            block.append(line)
        if block:
            yield Element(ElementKind.TEXT, sound("\n".join(block)))


def _said(value: Any, path: str, depth: int, cuts: Cuts) -> Iterator[str]:
    """Lines `path.to.name: value`; what is nested too deeply is said in one line."""
    if depth > MAX_DEPTH:
        raise RecursionError("JSON is nested too deeply")
    if isinstance(value, dict):
        for name, one in value.items():
            yield from _said(one, f"{path}.{name}" if path else str(name), depth + 1, cuts)
    elif isinstance(value, list):
        if any(isinstance(one, dict | list) for one in value):
            for at, one in enumerate(value, start=1):
                yield from _said(one, f"{path}.{at}" if path else str(at), depth + 1, cuts)
        elif value:
            yield _pair(path, ", ".join(_scalar(one, cuts) for one in value))
    elif value is not None and value != "":
        yield _pair(path, _scalar(value, cuts))


def _pair(path: str, text: str) -> str:
    return f"{path}: {text}" if path else text


def _scalar(value: Any, cuts: Cuts) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str) and ";base64," in value:
        for embedded in _DATA_URI.finditer(value):
            cuts.add(EMBEDDED_DATA, embedded.group())
        return _DATA_URI.sub(r"\1", value)
    return "" if value is None else str(value)


def parse_xml(data: bytes) -> ParsedDocument:
    """Read XML: every element with text of its own is a paragraph, in document order.

    Names of elements are markup, not text. XHTML and other pages with an `html` root are read as
    pages, with all that is hidden in them.

    Raises:
        UnsafeInputError: It declares entities.
    """
    root = read_xml(data)
    if local(root) == "html":
        from ingestion.parsing.markup import parse_html

        return parse_html(data)
    elements = tuple(_paragraphs(root))
    titles = (node.text for node in root.iter() if local(node) == "title" and node.text)
    title = next((" ".join(text.split()) for text in titles if text.strip()), None)
    return ParsedDocument(Format.XML, elements, title or first_heading(elements))


def _paragraphs(root: Any) -> Iterator[Element]:
    stack = [root]
    while stack:
        node = stack.pop()
        if not local(node):
            continue
        own = [node.text or "", *(child.tail or "" for child in node)]
        if not any(text.strip() for text in own):
            stack.extend(reversed(node))
            continue
        # Text beside elements is a sentence with marked-up words; they belong together.
        text = " ".join("".join(node.itertext()).split())
        if len(text) > _MIXED_CHARS and len(node):
            yield from _divided(node)
        elif text:
            yield Element(ElementKind.TEXT, sound(text))


def _divided(node: Any) -> Iterator[Element]:
    for text in node.itertext():
        bare = " ".join(text.split())
        if bare:
            yield Element(ElementKind.TEXT, sound(bare))
