"""The words of a page with their places, from pdfium's text page; hidden ones apart."""

import ctypes
import math
import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from ingestion.parsing.layout.hyphens import MARKS
from ingestion.parsing.layout.shapes import Word
from ingestion.parsing.pdf.frame import SKEWED, Box, Frame
from ingestion.parsing.pdf.hidden import OFF_PAGE
from ingestion.parsing.pdf.ink import Ink
from ingestion.parsing.pdf.layers import with_layer
from ingestion.parsing.pdf.native import Box as NativeBox
from ingestion.parsing.pdf.native import Native, address, native
from ingestion.parsing.pdf.objects import Drawn, Kind, PageTooLargeError
from ingestion.parsing.pdf.turned import Directed
from ingestion.parsing.raised import raised

MAX_CHARS = 500_000
SAMPLED_CHARS = 100
NOT_DRAWN = "not_drawn"
"""Reason for text of which nothing shows on the page: clipped away, in a layer switched off, …"""
_TOKEN = re.compile(rf"[^\s\0{MARKS}]+[{MARKS}]?|[{MARKS}]")
_FIGURES = re.compile(r"\d[.,:;]?[+\-−–]?\d")
"""In a word: figures of which the last ones may be a note mark or an exponent."""
_SMALLER = 0.9
_HIGHER = 0.1
_BELOW = 0.2
"""A character stands below another if no more than this share of its height is beside it."""
_SURROGATES = re.compile("[\ud800-\udfff]")


class PageWords(NamedTuple):
    """The words of a page."""

    groups: tuple[Directed, ...]
    """Words in the order they are drawn, one group per direction, the main one first."""
    hidden: tuple[tuple[str, str], ...]
    """(reason, text) of what cannot be seen."""
    layered: int
    """How many of the words lie invisibly over a picture, or under one."""
    unmapped: float
    """Share of characters whose code the font does not map to any character."""
    frame: Frame
    """How the page is turned for its main text."""


class _Text(NamedTuple):
    """What a word takes over from the text object it belongs to."""

    quarter: int
    size: float
    style: int
    reason: str | None
    """Why it is not seen."""
    is_layer: bool
    is_embedded: bool = True


_UNKNOWN = _Text(0, 0.0, 0, None, False)
_Found = tuple[str, Box, float, int, bool, bool]
"""Text, box in the page's own coordinates, size, style, whether it is glued, font embedded."""


def read_words(
    page: Any,
    items: Sequence[Drawn],
    hidden: Mapping[int, str],
    layer: frozenset[int],
    ink: Ink,
) -> PageWords:
    """Read the words of a page.

    Args:
        page: A page of `pypdfium2`.
        items: Its objects.
        hidden: Texts that are not seen, with the reason.
        layer: Those of them that are the text layer of a picture, as far as one can tell.
        ink: The page as it is drawn; words where nothing is to be seen are hidden, too.
    """
    texts = {
        item.handle: _Text(
            _quarter(item.direction),
            item.size,
            item.style,
            hidden.get(item.handle),
            item.handle in layer,
            item.is_embedded,
        )
        for item in items
        if item.kind == Kind.TEXT
    }
    textpage = page.get_textpage()
    try:
        return _Reader(native(), address(textpage), texts, ink).read(page.get_bbox())
    finally:
        textpage.close()


class _Reader:
    """One pass over a text page, sorting words by direction and by whether they are seen."""

    def __init__(self, pdfium: Native, textpage: int, texts: Mapping[int, _Text], ink: Ink) -> None:
        self._pdfium = pdfium
        self._textpage = textpage
        self._texts = texts
        self._ink = ink
        self._hides = any(text.reason for text in texts.values())
        self._seen: dict[int, list[_Found]] = defaultdict(list)
        self._lost: list[tuple[str, str]] = []
        self._layer: dict[int, list[_Found]] = defaultdict(list)

    def read(self, box: Box) -> PageWords:
        self._sort_words()
        self._set_apart_unplaced()
        self._set_apart_undrawn()
        frame = Frame(box, self._main_quarter())
        seen, layer = (
            {
                quarter: tuple(_placed(found, _frame_of(quarter, frame)))
                for quarter, found in words.items() if found
            }
            for words in (self._seen, self._layer)
        )  # fmt: skip
        groups, layered = with_layer(seen, layer)
        return PageWords(groups, tuple(self._lost), layered, self._unmapped(), frame)

    def _main_quarter(self) -> int:
        """The direction of most characters, be they seen or in the text layer of a scan."""
        weights: Counter[int] = Counter()
        for words in (self._seen, self._layer):
            for quarter, found in words.items():
                weights[quarter] += sum(len(word[0]) for word in found)
        del weights[SKEWED]
        return weights.most_common(1)[0][0] if weights else 0

    def _sort_words(self) -> None:
        """The inner loop of reading a PDF: four calls into pdfium per word."""
        textpage, texts = self._textpage, self._texts
        owner = self._pdfium.FPDFText_GetTextObject
        place = self._pdfium.FPDFText_GetLooseCharBox
        memory = NativeBox()
        at = ctypes.addressof(memory)
        text = self._text()
        end = -1
        for match in _TOKEN.finditer(text):
            first, after = match.span()
            glued = first == end and text[first - 1] in MARKS
            end = after
            handle = owner(textpage, first)
            known = texts.get(handle, _UNKNOWN)
            if self._hides and after - first > 1 and owner(textpage, after - 1) != handle:
                self._sort_parts(text, first, after)
                continue
            if known.reason and not known.is_layer:
                self._lost.append((known.reason, match.group()))
                continue
            if _FIGURES.search(match.group()) and owner(textpage, after - 1) != handle:
                apart = self._raised_apart(text, first, after)
                if apart:
                    self._words_like(known).extend(apart)
                    continue
            place(textpage, first, at)
            x0, y0, x1, y1 = memory.left, memory.bottom, memory.right, memory.top
            if after - first > 1 and place(textpage, after - 1, at):
                if known.quarter == 0 and memory.top < y0 + _BELOW * (y1 - y0):
                    known = _downwards(known, x0, x1, memory)
                x0, y0 = min(x0, memory.left), min(y0, memory.bottom)
                x1, y1 = max(x1, memory.right), max(y1, memory.top)
            found = (
                match.group(),
                (x0, y0, x1, y1),
                known.size,
                known.style,
                glued,
                known.is_embedded,
            )
            self._words_like(known).append(found)

    def _words_like(self, known: _Text) -> list[_Found]:
        """The words that are seen, or not, and run in the direction of a text."""
        return (self._layer if known.is_layer else self._seen)[known.quarter]

    def _set_apart_unplaced(self) -> None:
        """Words at no place that numbers can tell, or of such a size, stand on no page."""
        for words in (*self._seen.values(), *self._layer.values()):
            if not all(map(_is_placed, words)):
                self._lost += [(OFF_PAGE, word[0]) for word in words if not _is_placed(word)]
                words[:] = [word for word in words if _is_placed(word)]

    def _set_apart_undrawn(self) -> None:
        """Words where the page shows nothing are not seen, whatever hides them."""
        if not self._ink.is_reliable:
            return
        for words in (*self._seen.values(), *self._layer.values()):
            blank = self._ink.are_blank([word[1] for word in words])
            if any(blank):
                undrawn = [gone and _is_drawable(w) for w, gone in zip(words, blank, strict=True)]
                self._lost += [
                    (NOT_DRAWN, w[0]) for w, gone in zip(words, undrawn, strict=True) if gone
                ]
                words[:] = [w for w, gone in zip(words, undrawn, strict=True) if not gone]

    def _sort_parts(self, text: str, first: int, after: int) -> None:
        """Sort a word that several text objects draw: any of them may be hidden."""
        known = self._owners(first, after)
        start = 0
        for i in range(1, len(known) + 1):
            if i < len(known) and known[i].reason == known[start].reason:
                continue
            part, fate = text[first + start : first + i], known[start]
            if fate.reason and not fate.is_layer:
                self._lost.append((fate.reason, part))
            else:
                box = self._box_of(first + start, first + i)
                found = (part, box, fate.size, fate.style, start > 0, fate.is_embedded)
                self._words_like(fate).append(found)
            start = i

    def _raised_apart(self, text: str, first: int, after: int) -> list[_Found]:
        """The words of a word in which figures stand raised behind others; empty if none do."""
        known = self._owners(first, after)
        line = known[0]
        base = self._box_of(first, first + 1)
        said = ""
        start = first
        for end in range(first + 1, after + 1):
            if end < after and known[end - first] is known[start - first]:
                continue
            part, one = text[start:end], known[start - first]
            higher = self._box_of(start, end)[1] > base[1] + _HIGHER * line.size
            if line.quarter == 0 and one.size < _SMALLER * line.size and higher:
                part = raised(part, said, text[end] if end < after else "")
            said += part
            start = end
        if said == text[first:after]:
            return []
        words: list[_Found] = []
        for word in said.split():
            box = self._box_of(first, first + len(word))
            first += len(word)
            seen = (box[0], base[1], box[2], base[3])
            words.append((word, seen, line.size, line.style, False, line.is_embedded))
        return words

    def _owners(self, first: int, after: int) -> list[_Text]:
        """What is known of the text that draws each character of a word."""
        known: list[_Text] = []
        for i in range(first, after):
            one = self._texts.get(self._pdfium.FPDFText_GetTextObject(self._textpage, i) or 0)
            # What pdfium made up, such as a hyphen, belongs to the character before it.
            known.append(one or (known[-1] if known else _UNKNOWN))
        return known

    def _box_of(self, first: int, after: int) -> Box:
        memory = NativeBox()
        boxes: list[Box] = []
        for i in (first, after - 1):
            if self._pdfium.FPDFText_GetLooseCharBox(self._textpage, i, ctypes.addressof(memory)):
                boxes.append((memory.left, memory.bottom, memory.right, memory.top))
        boxes = boxes or [(0.0, 0.0, 0.0, 0.0)]
        return (min(b[0] for b in boxes), min(b[1] for b in boxes),
                max(b[2] for b in boxes), max(b[3] for b in boxes))  # fmt: skip

    def _text(self) -> str:
        """The text of the page with one character per index of pdfium's."""
        count = self._pdfium.FPDFText_CountChars(self._textpage)
        if count > MAX_CHARS:
            raise PageTooLargeError(f"has {count} characters; at most {MAX_CHARS} are read")
        if count <= 0:
            return ""
        buffer = (ctypes.c_ushort * (count + 1))()
        written = self._pdfium.FPDFText_GetText(self._textpage, 0, count, ctypes.addressof(buffer))
        text = bytes(buffer)[: 2 * count].decode("utf-16-le", "surrogatepass")
        if written == count + 1 and len(text) == count and not _SURROGATES.search(text):
            return text
        # A character beyond the BMP takes two places, one without a code none.
        get = self._pdfium.FPDFText_GetUnicode
        codes = (get(self._textpage, i) for i in range(count))
        return "".join(
            chr(code) if 0 < code < 0x110000 and not 0xD800 <= code < 0xE000 else "\ufffd"
            for code in codes
        )

    def _unmapped(self) -> float:
        """Estimate from a sample all over the page."""
        count = self._pdfium.FPDFText_CountChars(self._textpage)
        sample = range(0, count, max(count // SAMPLED_CHARS, 1))
        check = self._pdfium.FPDFText_HasUnicodeMapError
        return sum(check(self._textpage, i) == 1 for i in sample) / len(sample) if sample else 0.0


def _downwards(known: _Text, x0: float, x1: float, last: NativeBox) -> _Text:
    """A text whose words run down the page, as Chinese and Japanese may be set.

    Its characters stand upright, but its lines follow each other like those of a text that is
    turned clockwise: from right to left.
    """
    is_below = last.left < x1 and last.right > x0
    return known._replace(quarter=3) if is_below else known


def _is_placed(word: _Found) -> bool:
    return math.isfinite(sum(word[1]) + word[2])


def _is_drawable(word: _Found) -> bool:
    """Whether a word would show: pdfium has no glyphs of its own beyond the Latin ones."""
    return word[5] or all(char < "\u0250" for char in word[0])


def _placed(words: Sequence[_Found], frame: Frame) -> Iterator[Word]:
    """Words as they lie on the page that is read."""
    left, _, _, top = frame.box
    for text, box, size, style, glued, _ in words:
        if frame.quarter == 0:  # nearly always; a call less per word
            x0, y0, x1, y1 = box[0] - left, top - box[3], box[2] - left, top - box[1]
        else:
            x0, y0, x1, y1 = frame.seen(box)
        yield Word(text, x0, y0, x1, y1, size or y1 - y0, style, glued)


def _frame_of(quarter: int, main: Frame) -> Frame:
    return main if quarter == SKEWED else Frame(main.box, quarter)


def _quarter(direction: tuple[float, float]) -> int:
    x, y = direction
    if y == 0 and x >= 0:
        return 0
    turns = math.atan2(y, x) / (math.pi / 2)
    nearest = round(turns)
    return nearest % 4 if abs(turns - nearest) < 0.12 else SKEWED
