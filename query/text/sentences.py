"""Cut a passage into sentences with exact offsets; table rows and list items are sentences."""

import re
from dataclasses import dataclass
from typing import Final

_ABBREVIATION: Final = re.compile(
    r"(?:\b(?:[A-Z]|Mr|Mrs|Ms|Dr|Prof|St|Jr|Sr|vs|etc|e\.g|i\.e|cf|No|Nos|Fig|Eq|Sec|Art|Vol|pp?"
    r"|approx|ca|Inc|Ltd|Co|Corp|Dept|Gov|Gen|Lt|Col|Rev|Hon|Jan|Feb|Mar|Apr|Jun|Jul|Aug|Sept?|Oct"
    r"|Nov|Dec|U\.S|U\.K|a\.m|p\.m|z\.B|bzw))\.$"
)
_FIGURE_FOLLOWS: Final = re.compile(
    r"(?:\b(?:(?i:max|min)|Nr|Abs|Ziff|Tel|tel|art|núm|nº)|(?i:str))\.$"
)
"""Before a figure: "max. 5 people", "Nr. 5", "Hauptstr. 5"."""
_NOUN_FOLLOWS: Final = re.compile(
    r"\b(?:Hr|Fr|Mio|Mrd|inkl|exkl|zzgl|ggf|evtl|vgl|bspw|Std|Sra|Mme|Mlle|Sig)\.$"
)
"""Before a word with a capital, as all German nouns have."""
_LETTER: Final = re.compile(r"\b[a-zäöü]\.$")
_OTHER_LETTER: Final = re.compile(r"\s+[A-Za-zÄÖÜ]\.")
"""Of "z. B." and "i. d. R."."""
_ORDINAL: Final = re.compile(r"(?<!\d)\d{1,2}\.$")
_ORDERED: Final = re.compile(
    r"\s+(?:Januar|Jänner|Februar|März|April|Mai|Juni|Juli|August|September|Oktober|November"
    r"|Dezember|Quartal|Halbjahr|Jahrhundert|Lebensjahr|Monat|Woche|Tag|Stock|Etage"
    r"|Obergeschoss|Untergeschoss)\w{0,2}\b"
)
"""Behind an ordinal number: "am 14. August 2024"."""
_END: Final = re.compile(
    r"[.!?…؟۔।॥][\"'”’»)\]*_]*(?=\s+[\"'“„«‘(\[*_¿¡]?(?P<next>\w)|\s*$)|[。！？]"
)
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
        following = match["next"] or ""
        if following.islower() or following == "_":
            continue
        before = text[near : match.start() + 1]
        if match.group()[0] == "." and _goes_on(before, text, match.end(), following):
            continue
        if _LIST_ITEM.fullmatch(text[begin : match.end()] + " "):
            continue
        spans.extend(_trimmed(text, begin, match.end()))
        begin = match.end()
    spans.extend(_trimmed(text, begin, end))
    return spans


def _goes_on(before: str, text: str, at: int, following: str) -> bool:
    """Tell whether a point ends an abbreviation or an ordinal number, and no sentence."""
    if _ABBREVIATION.search(before) or _NOUN_FOLLOWS.search(before):
        return True
    if following.isdigit() and _FIGURE_FOLLOWS.search(before):
        return True
    if _LETTER.search(before) and _OTHER_LETTER.match(text, at):
        return True
    return bool(_ORDINAL.search(before) and _ORDERED.match(text, at))


def _trimmed(text: str, start: int, end: int) -> list[Span]:
    piece = text[start:end]
    if not piece.strip():
        return []
    return [Span(start + len(piece) - len(piece.lstrip()), start + len(piece.rstrip()))]
