"""Cells merged over several rows, repeated in each, so that no row lacks what it is about."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

LONGEST_MERGE = 1000
"""Rows; what is merged over more of them is the ground of a sheet."""
MAX_ADDED = 2_000_000
"""Characters that are added to one table; a hostile one asks for gigabytes."""


@dataclass(slots=True)
class Merging:
    """Fills the rows of one table, one after the other."""

    _running: dict[int, tuple[int, str]] = field(default_factory=dict)
    """By column: the rows that are left, and the text."""
    _added: int = 0

    def fill(self, row: list[str], spans: Mapping[int, int]) -> None:
        """Fill the covered cells of a row in place; a blank row stays blank.

        Args:
            row: Texts of its cells; those at its end may be left out.
            spans: By column, over how many rows a cell of it is merged, itself counted.
        """
        is_blank = not any(row)
        for at, (left, text) in sorted(self._running.items()):
            if at in spans or left < 1:
                del self._running[at]
                continue
            self._running[at] = (left - 1, text)
            if is_blank or (at < len(row) and row[at]) or self._added > MAX_ADDED:
                continue
            row.extend([""] * (at + 1 - len(row)))
            row[at] = text
            self._added += len(text)
        for at, down in spans.items():
            if at < len(row) and row[at]:
                self._running[at] = (down - 1, row[at])

    def pass_over(self, rows: int) -> None:
        """Count so many rows that are as the last one was filled, and stand for themselves."""
        self._running = {at: (left - rows, text) for at, (left, text) in self._running.items()}


def filled(
    rows: Iterable[list[str]], spans: Mapping[int, Mapping[int, int]]
) -> Iterator[list[str]]:
    """Pass on the rows of a sheet with their covered cells filled.

    Args:
        rows: All rows, from the first on.
        spans: By number of a row from 0 and column, over how many rows a cell is merged.
    """
    merging = Merging()
    for number, row in enumerate(rows):
        merging.fill(row, spans.get(number, {}))
        yield row
