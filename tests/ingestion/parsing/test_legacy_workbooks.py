"""Workbooks of Excel 97: merged cells say so in every row, and white ones are set apart."""

import struct

from ingestion.parsing.legacy_workbooks import parse_xls

WHITE, BLUE, INVISIBLE = 1, 2, 3
"""Styles of cells: white letters on nothing, on a fill, and a format that shows nothing."""


def record(kind: int, data: bytes = b"") -> bytes:
    return struct.pack("<HH", kind, len(data)) + data


def beginning(kind: int) -> bytes:
    return record(0x809, struct.pack("<HHHHII", 0x600, kind, 0, 1997, 0, 6))


def font(colour: int) -> bytes:
    return record(
        0x31, struct.pack("<HHHHHBBBBBB", 200, 0, colour, 400, 0, 0, 0, 0, 0, 1, 0) + b"A"
    )


def style(font_index: int = 0, format_key: int = 0, fill: int = 0) -> bytes:
    return record(0xE0, struct.pack("<HHHBBBBIIH", font_index, format_key, 0, 0, 0, 0, 0, 0,
                                    fill << 26, 0))  # fmt: skip


def label(row: int, column: int, text: str, look: int) -> bytes:
    head = struct.pack("<HHHHB", row, column, look, len(text), 0)
    return record(0x204, head + text.encode("latin-1"))


def workbook(
    rows: list[list[str]],
    merged: list[tuple[int, int, int, int]] | None = None,
    looks: dict[tuple[int, int], int] | None = None,
    more: bytes = b"",
) -> bytes:
    """A workbook of one sheet, by its records."""
    name = b"One"
    of_book = beginning(5) + font(0x7FFF) + font(9)
    of_book += record(0x41E, struct.pack("<HHB", 164, 3, 0) + b";;;")
    of_book += style() + style(1) + style(1, fill=1) + style(format_key=164)
    start = len(of_book) + len(record(0x85, bytes(8) + name)) + len(record(0x0A))
    bound = record(0x85, struct.pack("<IBBBB", start, 0, 0, len(name), 0) + name)
    cells = b"".join(
        label(at, column, text, (looks or {}).get((at, column), 0))
        for at, row in enumerate(rows)
        for column, text in enumerate(row)
        if text
    )
    spans = struct.pack("<H", len(merged or ())) + b"".join(
        struct.pack("<HHHH", *one) for one in merged or ()
    )
    sheet = beginning(0x10) + cells + record(0xE5, spans) + more + record(0x0A)
    return of_book + bound + record(0x0A) + sheet


def test_a_cell_over_several_rows_is_repeated_in_each():
    rows = [["Year", "Month", "Place"], ["2025", "May", "Lund"], ["", "June"], ["2026", "July"]]
    document = parse_xls(workbook(rows, [(1, 2, 0, 0), (1, 2, 2, 2)]), "a.xls")
    text = document.elements[1].text
    assert text == "Year | Month | Place\n2025 | May | Lund\n2025 | June | Lund\n2026 | July"


ROW = [["seen", "WHITE", "on blue", "GONE"]]
LOOKS = {(0, 1): WHITE, (0, 2): BLUE, (0, 3): INVISIBLE}


def test_cells_in_white_or_without_a_format_are_cut_and_white_on_a_fill_is_not():
    document = parse_xls(workbook(ROW, looks=LOOKS), "a.xls")
    assert document.elements[1].text == "seen |  | on blue"
    assert [(cut.reason, cut.sample, cut.page) for cut in document.cuts] == [
        ("white_on_white", "WHITE", 1), ("white_on_white", "GONE", 1),
    ]  # fmt: skip
    assert document.flags == ("hidden_text_removed",)


def test_colours_of_a_sheet_with_conditions_are_not_judged():
    area = struct.pack("<HHHH", 0, 0, 0, 3)
    conditions = record(0x1B0, struct.pack("<HH", 1, 0) + area + struct.pack("<H", 1) + area)
    document = parse_xls(workbook(ROW, looks=LOOKS, more=conditions), "a.xls")
    assert document.elements[1].text == "seen | WHITE | on blue | GONE"
    assert document.cuts == ()
