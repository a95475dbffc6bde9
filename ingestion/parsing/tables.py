"""Tables as text: one line per row, cells joined by ` | `, the header row first."""

from collections.abc import Iterable, Sequence

SEPARATOR = " | "


def rows_to_text(rows: Iterable[Sequence[str]]) -> str:
    """Render rows of cells; rows without any text are left out."""
    lines = []
    for row in rows:
        cells = [" ".join(cell.split()) for cell in row]
        while cells and not cells[-1]:
            cells.pop()
        if any(cells):
            lines.append(SEPARATOR.join(cells))
    return "\n".join(lines)


def html_to_text(table: str) -> str:
    """Render a `<table>` as produced by `unstructured`; a caption becomes the first line."""
    from lxml import html

    root = html.fragment_fromstring(table, create_parent="div")
    lines = [" ".join(caption.text_content().split()) for caption in root.iter("caption")]
    rows = (
        [" ".join(cell.itertext()) for cell in row if cell.tag in ("td", "th")]
        for row in root.iter("tr")
    )
    lines.append(rows_to_text(rows))
    return "\n".join(line for line in lines if line)
