"""One page of a PDF as lines with their place and size, without what cannot be seen on it."""

import ctypes
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

TINY_POINTS = 1.3
MAX_OBJECTS = 200_000
MAX_COVERS = 200
_SURROGATES = range(0xD800, 0xE000)
_TEXT, _PATH, _IMAGE, _SHADING, _FORM = 1, 2, 3, 4, 5
_INVISIBLE_MODES = (3, 7)

Box = tuple[float, float, float, float]
"""Left, bottom, right, top in points."""


@dataclass(frozen=True, slots=True)
class Line:
    """One line of text as pdfium reads it."""

    text: str
    left: float
    right: float
    baseline: float
    """Bottom of its first character."""
    bottom: float
    """Bottom of its last character: pdfium joins lines at a hyphen."""
    size: float


@dataclass(frozen=True, slots=True)
class PageText:
    """What could be read on one page."""

    lines: tuple[Line, ...] = ()
    flags: frozenset[str] = frozenset()
    drawn: bool = False
    """Whether there are images or drawings on the page."""
    failed: bool = False


@dataclass(frozen=True, slots=True)
class _Item:
    """An object of the page in drawing order."""

    address: int
    kind: int
    box: Box | None
    """None inside a form, whose coordinates are its own."""
    mode: int = 0
    color: tuple[int, int, int, int] | None = None


def read_page(document: Any, index: int) -> PageText:
    """Read one page; a page that cannot be loaded comes back as `failed`."""
    import pypdfium2 as pdfium

    try:
        page = document[index]
        try:
            return _read(page)
        finally:
            page.close()
    except pdfium.PdfiumError:
        return PageText(failed=True)


def _read(page: Any) -> PageText:
    from pypdfium2 import raw

    items = list(_items(page))
    drawn = any(item.kind in (_IMAGE, _PATH, _SHADING) for item in items)
    flags = set()
    hidden = _unseen(items, page.get_bbox())
    invisible = {item.address for item in items if item.mode in _INVISIBLE_MODES}
    if invisible and _is_scan(items, page.get_bbox()):
        flags.add("ocr_text_layer")
        hidden -= invisible
    else:
        hidden |= invisible
    textpage = page.get_textpage()
    try:
        lines, dropped = _lines(raw, textpage, hidden)
    finally:
        textpage.close()
    if dropped:
        flags.add("hidden_text_removed")
    return PageText(tuple(lines), frozenset(flags), drawn)


def _items(page: Any) -> Iterator[_Item]:
    from pypdfium2 import raw

    count = raw.FPDFPage_CountObjects(page)
    stack = [(raw.FPDFPage_GetObject(page, i), False) for i in range(min(count, MAX_OBJECTS))][::-1]
    seen = 0
    while stack and seen < MAX_OBJECTS:
        handle, nested = stack.pop()
        seen += 1
        kind = raw.FPDFPageObj_GetType(handle)
        if kind == _FORM:
            children = raw.FPDFFormObj_CountObjects(handle)
            stack.extend(
                (raw.FPDFFormObj_GetObject(handle, i), True) for i in reversed(range(children))
            )
            continue
        yield _item(raw, handle, kind, nested)


def _item(raw: Any, handle: Any, kind: int, nested: bool) -> _Item:
    address = ctypes.cast(handle, ctypes.c_void_p).value or 0
    box = None
    if not nested:
        edges = [ctypes.c_float() for _ in range(4)]
        if raw.FPDFPageObj_GetBounds(handle, *edges):
            box = (edges[0].value, edges[1].value, edges[2].value, edges[3].value)
    mode = raw.FPDFTextObj_GetTextRenderMode(handle) if kind == _TEXT else 0
    color = None
    if kind == _TEXT or (kind == _PATH and _is_filled(raw, handle)):
        channels = [ctypes.c_uint() for _ in range(4)]
        if raw.FPDFPageObj_GetFillColor(handle, *channels):
            red, green, blue, alpha = (channel.value for channel in channels)
            color = (red, green, blue, alpha)
    return _Item(address, kind, box, mode, color)


def _is_filled(raw: Any, handle: Any) -> bool:
    fill, stroke = ctypes.c_int(), ctypes.c_int()
    return bool(raw.FPDFPath_GetDrawMode(handle, fill, stroke)) and fill.value != 0


def _unseen(items: list[_Item], page_box: Box) -> set[int]:
    """Addresses of text objects that are off the page, tiny, white on white, or covered."""
    hidden: set[int] = set()
    texts = [(i, item) for i, item in enumerate(items) if item.kind == _TEXT]
    covers = [(i, item) for i, item in enumerate(items) if _covers(item)][-MAX_COVERS:]
    for i, item in texts:
        if item.box is None:
            if _is_white(item) and not any(_is_dark_ground(other) for other in items):
                hidden.add(item.address)
        elif (
            not _overlap(item.box, page_box)
            or (
                item.box[3] - item.box[1] <= TINY_POINTS
                and item.box[2] - item.box[0] > 0
                and _is_tiny(item)
            )
            or (
                _is_white(item)
                and not any(
                    _is_dark_ground(other) and (other.box is None or _overlap(item.box, other.box))
                    for other in items[:i]
                )
            )
            or any(j > i and _contains(cover.box, item.box) for j, cover in covers)
        ):
            hidden.add(item.address)
    # A cover over every text is a layer of the page's design, not a way to hide some of it.
    return hidden if len(hidden) < len(texts) or len(covers) == 0 else set()


def _is_tiny(item: _Item) -> bool:
    from pypdfium2 import raw

    size = ctypes.c_float()
    handle = ctypes.cast(ctypes.c_void_p(item.address), raw.FPDF_PAGEOBJECT)
    matrix = raw.FS_MATRIX()
    if not raw.FPDFTextObj_GetFontSize(handle, size) or not raw.FPDFPageObj_GetMatrix(
        handle, matrix
    ):
        return False
    scale = max(abs(matrix.a), abs(matrix.b), abs(matrix.c), abs(matrix.d))
    return bool(size.value * scale <= TINY_POINTS)


def _is_white(item: _Item) -> bool:
    # Modes 1, 2, 5 and 6 draw an outline, which has a colour of its own.
    return item.color is not None and item.mode in (0, 4) and min(item.color[:3]) >= 243


def _is_dark_ground(item: _Item) -> bool:
    if item.kind in (_IMAGE, _SHADING):
        return True
    return item.kind == _PATH and item.color is not None and min(item.color[:3]) < 243


def _covers(item: _Item) -> bool:
    if item.kind != _PATH or item.box is None or item.color is None or item.color[3] < 250:
        return False
    return (item.box[2] - item.box[0]) * (item.box[3] - item.box[1]) > 50


def _overlap(a: Box, b: Box) -> bool:
    return a[0] < b[2] and b[0] < a[2] and a[1] < b[3] and b[1] < a[3]


def _contains(outer: Box | None, inner: Box) -> bool:
    if outer is None:
        return False
    return (
        outer[0] <= inner[0] + 0.5
        and outer[1] <= inner[1] + 0.5
        and outer[2] >= inner[2] - 0.5
        and outer[3] >= inner[3] - 0.5
    )


def _is_scan(items: list[_Item], page_box: Box) -> bool:
    """Whether images cover half of the page: invisible text is then what OCR read."""
    area = max((page_box[2] - page_box[0]) * (page_box[3] - page_box[1]), 1.0)
    boxes = [item.box for item in items if item.kind == _IMAGE and item.box is not None]
    return sum((box[2] - box[0]) * (box[3] - box[1]) for box in boxes) >= 0.5 * area


def _lines(raw: Any, textpage: Any, hidden: set[int]) -> tuple[list[Line], bool]:
    lines: list[Line] = []
    dropped = False
    text: list[str] = []
    places: list[int] = []
    high = 0
    for i in range(raw.FPDFText_CountChars(textpage)):
        code = raw.FPDFText_GetUnicode(textpage, i)
        if code in (10, 13):
            if places:
                lines.append(_line(raw, textpage, text, places))
            text, places = [], []
            continue
        if hidden and _owner(raw, textpage, i) in hidden:
            dropped = dropped or code > 32
            continue
        if code in _SURROGATES:
            if code < 0xDC00:
                high = code
                continue
            code = 0x10000 + ((high - 0xD800) << 10) + (code - 0xDC00) if high else 0xFFFD
            high = 0
        if code == 0:
            continue
        text.append(chr(code))
        if code > 32:
            places.append(i)
    if places:
        lines.append(_line(raw, textpage, text, places))
    return lines, dropped


def _owner(raw: Any, textpage: Any, index: int) -> int:
    handle = raw.FPDFText_GetTextObject(textpage, index)
    return ctypes.cast(handle, ctypes.c_void_p).value or 0


def _line(raw: Any, textpage: Any, text: list[str], places: list[int]) -> Line:
    first = _char_box(raw, textpage, places[0])
    last = _char_box(raw, textpage, places[-1])
    middle = _char_box(raw, textpage, places[len(places) // 2])
    return Line("".join(text), first[0], last[2], first[1], last[1], middle[3] - middle[1])


def _char_box(raw: Any, textpage: Any, index: int) -> Box:
    box = raw.FS_RECTF()
    if not raw.FPDFText_GetLooseCharBox(textpage, index, box):
        return (0.0, 0.0, 0.0, 0.0)
    return (box.left, box.bottom, box.right, box.top)
