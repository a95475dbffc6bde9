"""RTF documents: paragraphs, headings, lists and tables, in the character sets of their fonts.

Read here and not by pandoc, which garbles every code page but the Western one and fails on binary
data. Text marked hidden, white or too small to be read is set apart.
"""

from dataclasses import dataclass, field, replace

from ingestion.document import Element, ElementKind, ParsedDocument
from ingestion.parsing.decoding import sound
from ingestion.parsing.formats import Format
from ingestion.parsing.hiding import Cuts
from ingestion.parsing.mapping import MAX_LEVEL, first_heading
from ingestion.parsing.raised import raised
from ingestion.parsing.rtf_groups import DEFAULT_HALF_POINTS, PROPERTIES, Group
from ingestion.parsing.rtf_rows import MERGES, Rows
from ingestion.parsing.rtf_tokens import (
    SYMBOLS,
    UNNAMED,
    Token,
    TokenKind,
    encoding_of_charset,
    encoding_of_page,
    tokens,
)
from ingestion.parsing.symbol_font import decoded, known_font, shown
from ingestion.parsing.tables import rows_to_text

_TABLES = frozenset({"fonttbl", "colortbl", "stylesheet", "title"})
"""Destinations that are read for what they say about the text."""
_SKIPPED = frozenset(
    {
        "pict", "objdata", "fldinst", "list", "listlevel", "leveltext", "levelnumbers", "listname",
        "listoverride", "lfolevel", "listtable", "listoverridetable", "revtbl", "rsidtbl",
        "generator", "info", "themedata", "datastore", "xmlnstbl", "filetbl", "tc", "xe",
        "bkmkstart", "bkmkend", "colorschememapping", "latentstyles", "nonshppict", "shppict",
        "listtext", "pntext", "pn", "template", "private", "upr", "sp", "atnid", "atnauthor",
        "htmltag", "mhtmltag", "background", "ftnsep", "ftnsepc", "aftnsep", "passwordhash",
    }
)  # fmt: skip
_READ = frozenset({"shpinst", "shptxt", "ud", "footnote", "result", "fldrslt", "annotation"})
"""Destinations that are read although they stand in one that is skipped or may be ignored."""
_NOTES = {"footnote": "", "annotation": "Comment: "}
"""Destinations in the middle of a sentence that are read after it, and what goes before them."""
_MARGINS = frozenset(
    {"header", "headerl", "headerr", "headerf", "footer", "footerl", "footerr", "footerf"}
)
_BREAKS = frozenset({"par", "page", "sect", "column"})
_TINY_HALF_POINTS = 3
_WHITE = (255, 255, 255)


@dataclass(slots=True)
class _Paragraph:
    """The paragraph being read and what it is."""

    pieces: list[str] = field(default_factory=list)
    level: int = 0
    is_item: bool = False
    in_table: bool = False


@dataclass(frozen=True, slots=True)
class _Note:
    """A note being read, and the paragraph that it interrupts."""

    word: str
    outer: _Paragraph
    depth: int


@dataclass(slots=True)
class _Tables:
    """What the tables at the beginning say."""

    default: str = "cp1252"
    fonts: dict[int, str] = field(default_factory=dict)
    colors: list[tuple[int, int, int]] = field(default_factory=list)
    levels: dict[int, int] = field(default_factory=dict)
    """Style number → heading level."""
    title: str = ""


class _Reader:
    """One pass over a document."""

    def __init__(self) -> None:
        self.elements: list[Element] = []
        self.cuts = Cuts()
        self.margins: list[str] = []
        self.tables = _Tables()
        self._group = Group()
        self._outer: list[Group] = []
        self._paragraph = _Paragraph()
        self._note: _Note | None = None
        self._notes: list[str] = []
        self._table_notes: list[str] = []
        self._table = Rows()
        self._bytes = b""
        self._units: list[int] = []
        self._skip = 0
        self._starts = False
        self._ignorable = False
        self._entry = ""
        self._number = 0
        self._rgb = [0, 0, 0]

    def read(self, data: bytes) -> None:
        for token in tokens(data):
            self._take(token)
        self._end_paragraph()
        self._end_table()
        self._say_notes(self._notes)
        margins = sound("".join(self.margins))
        if self.elements:
            self.cuts.add("repeated_header", margins)
        else:  # a letterhead is better than nothing
            lines = (line.strip() for line in margins.splitlines())
            self.elements = [Element(ElementKind.TEXT, line) for line in lines if line]

    def _take(self, token: Token) -> None:
        if token.kind is TokenKind.BYTES:
            self._text(token)
        elif token.kind is TokenKind.OPEN:
            self._flush()
            self._outer.append(self._group)
            self._starts, self._skip = True, 0
            return
        elif token.kind is TokenKind.CLOSE:
            self._flush()
            if self._outer:
                self._group = self._outer.pop()
            if self._note is not None and len(self._outer) < self._note.depth:
                self._end_note(self._note)
            self._skip = 0
        elif token.word == "*":
            self._ignorable = True
            return
        else:
            self._control(token)
        self._starts = self._ignorable = False

    def _text(self, token: Token) -> None:
        data = token.data
        if self._skip:
            # What stands in for a Unicode character for readers that know none.
            skipped = min(self._skip, len(data))
            self._skip -= skipped
            data = data[skipped:]
        if data:
            self._units_out()
            self._bytes += data

    def _flush(self) -> None:
        """Decode the bytes gathered so far and say them in the look of the group."""
        self._units_out()
        if self._bytes:
            text = decoded(self._bytes, self._group.encoding)
            self._bytes = b""
            self._say(text)

    def _units_out(self) -> None:
        if self._units:
            if self._bytes:
                text = decoded(self._bytes, self._group.encoding)
                self._bytes = b""
                self._say(text)
            raw = b"".join(unit.to_bytes(2, "little") for unit in self._units)
            self._units = []
            text = raw.decode("utf-16-le", "replace")
            self._say(shown(text, self._group.encoding))

    def _say(self, text: str) -> None:
        group = self._group
        if group.destination:
            self._entry_text(text)
        elif not group.is_dropped:
            reason = self._hiding(group) if text.strip() else None
            if reason is None:
                pieces = self._paragraph.pieces
                pieces.append(raised(text, "".join(pieces[-3:])) if group.is_raised else text)
            else:
                self.cuts.add(reason, text)

    def _hiding(self, group: Group) -> str | None:
        if group.is_hidden:
            return "hidden_text"
        if group.size <= _TINY_HALF_POINTS:
            return "tiny_text"
        colors = self.tables.colors
        white = 0 < group.color < len(colors) and colors[group.color] == _WHITE
        return "white_on_white" if white and not group.is_shaded else None

    def _control(self, token: Token) -> None:
        word, number = token.word, token.number
        if word == "u" and number is not None:
            if self._group.destination != "-":
                self._units.append(number & 0xFFFF)
            self._skip = self._group.skip_after_u
            return
        self._flush()
        self._skip = 0
        if self._starts and self._enters(word):
            return
        if self._group.destination in _TABLES:
            self._entry_word(word, number)
        elif self._group.destination == "margin" and word in _BREAKS:
            self.margins.append("\n")
        if word in SYMBOLS:
            self._say(SYMBOLS[word])
        elif word in PROPERTIES:
            self._group = PROPERTIES[word](self._group, 1 if number is None else number)
        elif word in ("f", "plain"):
            self._set_font(word, number)
        elif word in ("ansicpg", *UNNAMED):
            page = encoding_of_page(number or 1252) if word == "ansicpg" else UNNAMED[word]
            self.tables.default = page
            self._group = replace(self._group, encoding=page)
        elif not self._group.destination:
            self._structure(word, number)

    def _enters(self, word: str) -> bool:
        """Whether a control word opens a destination of its own."""
        if word in _NOTES and self._note is None and not self._group.destination:
            self._note = _Note(word, self._paragraph, len(self._outer))
            self._paragraph = _Paragraph()
        if word in _READ:
            self._group = replace(self._group, destination="")
            return True
        if self._group.destination == "-":
            return word not in _TABLES or word != "title"
        if word in _TABLES and (word != "title" or self._group.destination in ("", "info")):
            self._group = replace(self._group, destination=word)
            self._entry, self._number = "", 0
            return True
        if word == "info":
            self._group = replace(self._group, destination="info")
            return True
        if word in _MARGINS:
            self._group = replace(self._group, destination="margin")
            return True
        if word in _SKIPPED or self._ignorable:
            self._group = replace(self._group, destination="-")
            if word in ("listtext", "pntext"):
                self._paragraph.is_item = True
            return True
        return False

    def _set_font(self, word: str, number: int | None) -> None:
        if word == "f" and self._group.destination != "fonttbl":
            encoding = self.tables.fonts.get(number or 0, self.tables.default)
            self._group = replace(self._group, encoding=encoding)
        elif word == "plain":
            self._group = replace(
                self._group, encoding=self.tables.default, size=DEFAULT_HALF_POINTS, color=0,
                is_hidden=False, is_shaded=False, is_raised=False,
            )  # fmt: skip

    def _structure(self, word: str, number: int | None) -> None:
        paragraph = self._paragraph
        if word in _BREAKS:
            if paragraph.in_table or self._note is not None:
                paragraph.pieces.append("\n")
            else:
                self._end_paragraph()
        elif word == "pard":
            paragraph.level, paragraph.is_item, paragraph.in_table = 0, False, False
            self._group = replace(self._group, is_shaded=False)
        elif word == "s":
            paragraph.level = self.tables.levels.get(number or 0, 0)
        elif word == "outlinelevel" and number is not None:
            paragraph.level = number + 1 if 0 <= number < MAX_LEVEL else 0
        elif word in ("ls", "pnlvlblt", "pnlvlbody"):
            paragraph.is_item = True
        elif word in ("intbl", "itap"):
            paragraph.in_table = number != 0
        elif word in ("cell", "nestcell"):
            self._table.cells.append("".join(paragraph.pieces))
            paragraph.pieces = []
        elif word in MERGES:
            self._table.define(word)
        elif word in ("row", "nestrow"):
            self._table.end_row()
            self._table_notes, self._notes = [*self._table_notes, *self._notes], []
            paragraph.in_table = False

    def _end_paragraph(self) -> None:
        paragraph = self._paragraph
        text = sound("".join(paragraph.pieces)).strip()
        paragraph.pieces = []
        if not text:
            return
        self._end_table()
        if paragraph.level:
            heading = " ".join(text.split())
            self.elements.append(Element(ElementKind.HEADING, heading, level=paragraph.level))
        else:
            kind = ElementKind.LIST_ITEM if paragraph.is_item else ElementKind.TEXT
            self.elements.append(Element(kind, text))
        self._say_notes(self._notes)

    def _end_note(self, note: _Note) -> None:
        text = sound("".join(self._paragraph.pieces)).strip()
        self._paragraph, self._note = note.outer, None
        if text:
            self._notes.append(_NOTES[note.word] + text)

    def _say_notes(self, notes: list[str]) -> None:
        self.elements.extend(Element(ElementKind.TEXT, text) for text in notes)
        notes.clear()

    def _end_table(self) -> None:
        if self._table.cells:
            self._table.end_row()
        text = sound(rows_to_text(self._table.rows))
        if text:
            self.elements.append(Element(ElementKind.TABLE, text))
        self._table = Rows()
        self._say_notes(self._table_notes)

    # --- the tables at the beginning ---------------------------------------------------------

    def _entry_word(self, word: str, number: int | None) -> None:
        where = self._group.destination
        value = number or 0
        if where == "fonttbl":
            if word == "f":
                self._number = value
            elif word == "fcharset":
                encoding = encoding_of_charset(value, self.tables.default)
                self.tables.fonts[self._number] = encoding
            elif word == "cpg":
                self.tables.fonts[self._number] = encoding_of_page(value)
        elif where == "colortbl" and word in ("red", "green", "blue"):
            self._rgb[("red", "green", "blue").index(word)] = min(max(value, 0), 255)
        elif where == "stylesheet":
            if word == "s":
                self._number = value
            elif word == "outlinelevel" and 0 <= value < MAX_LEVEL:
                self.tables.levels[self._number] = value + 1

    def _entry_text(self, text: str) -> None:
        where = self._group.destination
        if where == "title":
            self.tables.title += text
        elif where == "fonttbl":
            font = known_font(text)
            if font is not None:
                self.tables.fonts[self._number] = font
        elif where == "margin":
            self.margins.append(text)
        elif where == "colortbl":
            for _ in range(text.count(";")):
                self.tables.colors.append((self._rgb[0], self._rgb[1], self._rgb[2]))
                self._rgb = [0, 0, 0]
        elif where == "stylesheet":
            name = text.strip().rstrip(";").lower()
            if name.startswith("heading ") and name[8:].isdecimal():
                self.tables.levels[self._number] = min(int(name[8:]), MAX_LEVEL)


def parse_rtf(data: bytes) -> ParsedDocument:
    """Read an RTF document; what no reader sees is set apart and flagged."""
    reader = _Reader()
    reader.read(data)
    elements = tuple(reader.elements)
    title = first_heading(elements) or " ".join(sound(reader.tables.title).split()) or None
    return ParsedDocument(Format.RTF, elements, title, reader.cuts.flags, cuts=reader.cuts.all)
