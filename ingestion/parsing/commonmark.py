"""Markdown to HTML as GitHub reads it: CommonMark with tables and struck-out text.

Written by markdown-it-py after https://spec.commonmark.org and https://github.github.com/gfm/.
Where these drop words (what a row of a table has beyond its header, a footnote of one word), the
words stay, and addresses may hold the templates of site generators.
"""

import functools
import re
from dataclasses import dataclass
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

from ingestion.parsing.admonitions import add_admonitions

if TYPE_CHECKING:
    from markdown_it import MarkdownIt
    from markdown_it.rules_block import StateBlock
    from markdown_it.token import Token

DEEPEST = 100
"""Levels of quotes and lists inside one another that are read as such."""
_DROPPED = DEEPEST + 10
"""Levels from which on markdown-it-py drops what it finds; a text must never get there."""
_FOOTNOTE = re.compile(r"\[\^[^\]\s]+\]:")
_TEMPLATED = re.compile(r"(?=[^\s()]*\{[{%])(?:\{\{.{0,200}?\}\}|\{%.{0,200}?%\}|[^\s(){<>])+")
"""An address with a template in it, as site generators have them: `{{ site.baseurl }}/leave`."""
_BAR = re.compile(r"\\.|(?<!`)(`++).{0,300}?(?<!`)\1(?!`)|(?P<bar>\|)")
"""What a bar between cells is told apart from: `\\|` and bars in code."""


class TooDeepError(ValueError):
    """Quotes and lists stand more than `DEEPEST` deep in one another."""


def markdown_to_html(text: str) -> str:
    """Write the HTML of a Markdown text; raw HTML in it comes through as it is.

    Raises:
        TooDeepError: Words would be lost, as it nests deeper than anybody writes.
    """
    reader = _reader()
    links: dict[str, Any] = {}
    tokens = reader.parse(text, links)
    if any(token.level >= DEEPEST for token in tokens):
        raise TooDeepError(f"quotes and lists nest more than {DEEPEST} deep")
    for opening, first, _, closing in zip(tokens, tokens[1:], tokens[2:], tokens[3:], strict=False):
        if opening.type == "list_item_open" and first.type == "paragraph_open":
            # What an item begins with is the item, whatever stands below it.
            first.hidden = closing.hidden = True
    html: str = reader.renderer.render(tokens, reader.options, links)
    return html


@functools.cache
def _reader() -> "MarkdownIt":
    from markdown_it import MarkdownIt, helpers

    reader = MarkdownIt("commonmark", {"html": True, "maxNesting": _DROPPED})
    reader.enable(["table", "strikethrough"])
    reader.block.ruler.at("reference", _link_reference)
    reader.block.ruler.at("table", _table, {"alt": ["paragraph", "reference"]})
    add_admonitions(reader)
    reading: Any = reader
    reading.helpers = SimpleNamespace(**vars(helpers) | {"parseLinkDestination": _link_address})
    return reader


def _link_reference(state: "StateBlock", start: int, end: int, silent: bool) -> bool:
    """Take a definition of a link's address, but leave footnotes (`[^1]: Weekdays`) as text."""
    from markdown_it.rules_block import reference

    if _FOOTNOTE.match(state.src, state.bMarks[start] + state.tShift[start]):
        return False
    return reference(state, start, end, silent)


@dataclass(frozen=True, slots=True)
class _Address:
    """A link's address, in the shape that markdown-it-py hands it on."""

    ok: bool
    pos: int
    str: str


def _link_address(source: str, begin: int, end: int) -> Any:
    """Take a link's address; one with a template may hold blanks, which CommonMark forbids."""
    from markdown_it.helpers import parseLinkDestination

    templated = _TEMPLATED.match(source, begin, end)
    if templated is None:
        return parseLinkDestination(source, begin, end)
    return _Address(ok=True, pos=templated.end(), str=templated[0])


def _table(state: "StateBlock", start: int, end: int, silent: bool) -> bool:
    """Take a table; rows with more cells than the header keep them all."""
    from markdown_it.rules_block import table

    before = len(state.tokens)
    found = table(state, start, end, silent)
    row: list[Token] = []
    for token in state.tokens[before:]:
        if token.type == "tr_open":
            row = []
        elif token.type == "inline":
            row.append(token)
        elif token.type == "tr_close" and row and row[0].map:
            _fill(row, state, row[0].map[0])
    return found


def _fill(row: "list[Token]", state: "StateBlock", line: int) -> None:
    """Give the cells of a row their text anew where the line has more cells than the table."""
    from markdown_it.rules_block.table import escapedSplit

    source = state.src[state.bMarks[line] + state.tShift[line] : state.eMarks[line]].strip()
    source = source.removeprefix("|")
    if len(escapedSplit(source.removesuffix("|"))) <= len(row):
        return
    bars = [match.start() for match in _BAR.finditer(source) if match["bar"]]
    begins, ends = [0, *(bar + 1 for bar in bars)], [*bars, len(source)]
    cells = [source[begin:end].strip() for begin, end in zip(begins, ends, strict=True)]
    for at, cell in enumerate(row):
        rest = cells[at:] if at == len(row) - 1 else cells[at : at + 1]
        cell.content = " | ".join(text.replace("\\|", "|") for text in rest if text)
