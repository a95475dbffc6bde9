"""Cut a passage into sentences with exact offsets; table rows and list items are sentences."""

import re
from dataclasses import dataclass
from typing import Final

_ABBREVIATION: Final = re.compile(
    r"(?:\b(?:[A-Z]|Mr|Mrs|Ms|Dr|Prof|St|Jr|Sr|vs|etc|e\.g|i\.e|cf|No|Nos|Fig|Eq|Sec|Art|Vol|pp?"
    r"|approx|ca|Inc|Ltd|Co|Corp|Dept|Gov|Gen|Lt|Col|Rev|Hon|Jan|Feb|Mar|Apr|Jun|Jul|Aug|Sept?|Oct"
    r"|Nov|Dec|U\.S|U\.K|a\.m|p\.m|z\.B|bzw))\.$"
)
_END: Final = re.compile(r"[.!?…][\"'”’)\]*_]*(?=\s+[\"'“‘(\[*_]?[A-Z0-9À-Þ]|\s*$)|[。！？]")
_LONGEST_ABBREVIATION: Final = 12
"""More characters than any of them has, and one before it that may be a letter."""
_LIST_ITEM: Final = re.compile(r"\s*(?:[-*•‣◦–]|\(?\d{1,3}[.)]|[a-z]\))\s+")


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of a text: `text[start:end]`, without white space at either end."""

    start: int
    end: int


def split_sentences(text: str) -> tuple[Span, ...]:
    """Return the sentences of `text` in order; they do not overlap and are never empty."""
    spans: list[Span] = []
    for start, end in _blocks(text):
        spans.extend(_split_block(text, start, end))
    return tuple(spans)


def _blocks(text: str) -> list[tuple[int, int]]:
    """Join lines that a paragraph was wrapped into; keep rows, items and headings apart."""
    blocks: list[tuple[int, int]] = []
    position, open_start, previous = 0, None, ""
    for line in text.splitlines(keepends=True):
        begins = open_start is None or _breaks_before(previous, line)
        if begins:
            if open_start is not None:
                blocks.append((open_start, position))
            open_start = position if line.strip() else None
        position += len(line)
        previous = line
    if open_start is not None:
        blocks.append((open_start, position))
    return blocks


def _breaks_before(previous: str, line: str) -> bool:
    if not line.strip() or not previous.strip():
        return True
    if "|" in line or "\t" in line or "|" in previous or "\t" in previous:
        return True
    if _LIST_ITEM.match(line) or line.lstrip().startswith(("#", "```")):
        return True
    # A short line that the next one does not continue is a heading or a row, not wrapped prose.
    return len(previous.strip()) < 40 or previous.lstrip().startswith("#")


def _split_block(text: str, start: int, end: int) -> list[Span]:
    if "|" in text[start:end] or "\t" in text[start:end]:
        return _trimmed(text, start, end)
    spans: list[Span] = []
    begin = start
    for match in _END.finditer(text, start, end):
        # Only the end is looked at: "A. A. A. …" is one sentence.
        near = max(begin, match.start() - _LONGEST_ABBREVIATION)
        if match.group()[0] == "." and _ABBREVIATION.search(text[near : match.start() + 1]):
            continue
        if _LIST_ITEM.fullmatch(text[begin : match.end()] + " "):
            continue
        spans.extend(_trimmed(text, begin, match.end()))
        begin = match.end()
    spans.extend(_trimmed(text, begin, end))
    return spans


def _trimmed(text: str, start: int, end: int) -> list[Span]:
    piece = text[start:end]
    if not piece.strip():
        return []
    return [Span(start + len(piece) - len(piece.lstrip()), start + len(piece.rstrip()))]
