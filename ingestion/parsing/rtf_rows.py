"""Rows of tables of RTF: cells, and which of them a merge goes on with."""

from dataclasses import dataclass, field

from ingestion.parsing.merging import MAX_ADDED

_BEGINS, _GOES_ON = "clvmgf", "clvmrg"
MERGES = frozenset({"trowd", "cellx", _BEGINS, _GOES_ON})
"""Control words that define a row."""


@dataclass(slots=True)
class Rows:
    """The table being read."""

    cells: list[str] = field(default_factory=list)
    """Of the row being read."""
    rows: list[list[str]] = field(default_factory=list)
    _merges: list[str] = field(default_factory=list)
    """How the cells of the row are merged, as it is defined."""
    _merge: str = ""
    _added: int = 0

    def define(self, word: str) -> None:
        """Take a control word that defines a row."""
        if word == "trowd":
            self._merges, self._merge = [], ""
        elif word == "cellx":
            self._merges.append(self._merge)
            self._merge = ""
        else:
            self._merge = word

    def end_row(self) -> None:
        """End a row; a cell that goes on with the one above it says the same."""
        above = self.rows[-1] if self.rows else []
        for at, merge in enumerate(self._merges[: len(self.cells)]):
            goes_on = merge == _GOES_ON and at < len(above) and not self.cells[at].strip()
            if goes_on and self._added <= MAX_ADDED:
                self.cells[at] = above[at]
                self._added += len(above[at])
        self.rows.append(self.cells)
        self.cells = []
