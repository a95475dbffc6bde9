"""Merged cells of tables unfolded, so that every row says by itself what it is about.

`unstructured` drops the fact that a cell spans rows or columns: the rows below a merged cell
would lack it, and their other cells would stand under the wrong header. A cell over several rows
is repeated in each; one over several columns is followed by empty cells.
"""

import copy
from typing import Any

_W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_A = "{http://schemas.openxmlformats.org/drawingml/2006/main}"
MAX_SPAN = 1000
MAX_ADDED = 20_000
"""Cells added to one table; a hostile one asks for millions."""


def unfold_html(table: Any) -> None:
    """Unfold an HTML table in place."""
    added = 0
    waiting: dict[int, tuple[int, Any]] = {}  # column → (rows left, cell)
    for row in list(table.iter("tr")):
        cells = [cell for cell in row if cell.tag in ("td", "th")]
        at = 0
        for cell in [*cells, None]:
            while at in waiting:
                left, above = waiting.pop(at)
                repeated = copy.deepcopy(above)
                repeated.tail = None
                if cell is None:
                    row.append(repeated)
                else:
                    cell.addprevious(repeated)
                if left > 1:
                    waiting[at] = (left - 1, above)
                at, added = at + 1, added + 1
            if cell is None or added > MAX_ADDED:
                break
            down, across = _span(cell, "rowspan"), _span(cell, "colspan")
            for place in range(across):
                content = cell if place == 0 else cell.makeelement(cell.tag)
                if place:
                    previous = row[row.index(cell) + place - 1]
                    previous.addnext(content)
                    added += 1
                if down > 1:
                    waiting[at + place] = (down - 1, content)
            at += across


def _span(cell: Any, name: str) -> int:
    value = cell.attrib.pop(name, "1").strip()
    return min(max(1, int(value)), MAX_SPAN) if value.isdecimal() else 1


def unfold_word(body: Any) -> bool:
    """Unfold the tables of a Word document in place; tell whether anything changed."""
    changed = False
    for table in list(body.iter(f"{_W}tbl")):
        above: dict[int, Any] = {}  # grid column → the cell that a merge began with
        for row in table.iterchildren(f"{_W}tr"):
            at = 0
            for cell in list(row.iterchildren(f"{_W}tc")):
                properties = cell.find(f"{_W}tcPr")
                merge = None if properties is None else properties.find(f"{_W}vMerge")
                if merge is not None:
                    changed = True
                    _continue_word(cell, merge, at, above)
                else:
                    above.pop(at, None)
                at += _grid_span(properties)
    return changed


def _continue_word(cell: Any, merge: Any, at: int, above: dict[int, Any]) -> None:
    """Give a cell that continues a merge the content of the one it began with."""
    begins = merge.get(f"{_W}val") == "restart"
    merge.getparent().remove(merge)
    if begins:
        above[at] = cell
    elif at in above and not "".join(cell.itertext()).strip():
        for block in list(cell):
            if block.tag != f"{_W}tcPr":
                cell.remove(block)
        for block in above[at]:
            if block.tag != f"{_W}tcPr":
                cell.append(copy.deepcopy(block))


def _grid_span(properties: Any) -> int:
    span = None if properties is None else properties.find(f"{_W}gridSpan")
    value = "1" if span is None else span.get(f"{_W}val") or "1"
    return int(value) if value.isdecimal() else 1


def unfold_slide(slide: Any) -> bool:
    """Unfold the tables of a slide in place; tell whether anything changed."""
    changed = False
    for table in slide.iter(f"{_A}tbl"):
        above: dict[int, Any] = {}
        for row in table.iterchildren(f"{_A}tr"):
            for at, cell in enumerate(row.iterchildren(f"{_A}tc")):
                if cell.get("vMerge") in ("1", "true") and at in above:
                    text = above[at].find(f"{_A}txBody")
                    own = cell.find(f"{_A}txBody")
                    if text is not None and own is not None:
                        cell.replace(own, copy.deepcopy(text))
                        del cell.attrib["vMerge"]
                        changed = True
                else:
                    above[at] = cell
    return changed
