"""Workbooks of Excel 97: a merged cell says so in every row."""

import struct

from ingestion.parsing.legacy_workbooks import parse_xls


def record(kind: int, data: bytes = b"") -> bytes:
    return struct.pack("<HH", kind, len(data)) + data


def beginning(kind: int) -> bytes:
    return record(0x809, struct.pack("<HHHHII", 0x600, kind, 0, 1997, 0, 6))


def label(row: int, column: int, text: str) -> bytes:
    head = struct.pack("<HHHHB", row, column, 0, len(text), 0)
    return record(0x204, head + text.encode("latin-1"))


def workbook(rows: list[list[str]], merged: list[tuple[int, int, int, int]]) -> bytes:
    """A workbook of one sheet, by its records."""
    name = b"One"
    start = len(beginning(5)) + len(record(0x85, bytes(8) + name)) + len(record(0x0A))
    bound = record(0x85, struct.pack("<IBBBB", start, 0, 0, len(name), 0) + name)
    cells = b"".join(
        label(at, column, text)
        for at, row in enumerate(rows)
        for column, text in enumerate(row)
        if text
    )
    spans = struct.pack("<H", len(merged)) + b"".join(struct.pack("<HHHH", *m) for m in merged)
    sheet = beginning(0x10) + cells + record(0xE5, spans) + record(0x0A)
    return beginning(5) + bound + record(0x0A) + sheet


def test_a_cell_over_several_rows_is_repeated_in_each():
    rows = [["Year", "Month", "Place"], ["2025", "May", "Lund"], ["", "June"], ["2026", "July"]]
    document = parse_xls(workbook(rows, [(1, 2, 0, 0), (1, 2, 2, 2)]), "a.xls")
    text = document.elements[1].text
    assert text == "Year | Month | Place\n2025 | May | Lund\n2025 | June | Lund\n2026 | July"
