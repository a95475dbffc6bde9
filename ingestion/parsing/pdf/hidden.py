"""Which texts of a page no reader sees, and why."""

import ctypes
from collections.abc import Sequence
from typing import NamedTuple

from ingestion.parsing.pdf.frame import Box
from ingestion.parsing.pdf.native import native
from ingestion.parsing.pdf.objects import Drawn, Kind

TINY_POINTS = 1.3
MAX_COVERS = 200
CLOSE_COLOR = 12
"""Two colours are told apart from so much difference in one channel on (of 255)."""
_INVISIBLE_MODES = (3, 7)
_FILLED_MODES = (0, 4)
_FAINT = 8
_OPAQUE = 250
_MIN_COVER_AREA = 50.0
_WHITE = (255, 255, 255)

RENDER_MODE_3 = "render_mode_3"
OFF_PAGE = "off_page"
TINY = "tiny"
TRANSPARENT = "transparent"
WHITE_ON_WHITE = "white_on_white"
SAME_COLOR = "same_color"
COVERED = "covered"


class Ground(NamedTuple):
    """A surface on the page that text may stand on or lie under."""

    at: int
    """Place in the drawing order."""
    box: Box
    color: tuple[int, int, int] | None
    """None for a picture or a shading, on which any text may show."""
    solid: bool
    """Whether it fills its box and nothing shines through."""


def unseen(items: Sequence[Drawn], page_box: Box) -> dict[int, str]:
    """Find the texts that cannot be seen, with the reason for each.

    Invisible text (`render_mode_3`) is among them even where it is the text layer of a scan, and
    so is text under a picture (`covered`): what becomes of such layers is decided elsewhere.

    Args:
        items: The objects of the page in drawing order.
        page_box: What of the page is shown.

    Returns:
        Handle of the text → one of the reasons of this module.
    """
    surfaces = _Surfaces(items)
    hidden: dict[int, str] = {}
    texts = 0
    for at, item in enumerate(items):
        if item.kind == Kind.TEXT:
            texts += 1
            reason = _reason(at, item, page_box, surfaces)
            if reason is not None:
                hidden[item.handle] = reason
    if len(hidden) == texts and surfaces.covers:
        # A cover over every text is a layer of the page's design, not a way to hide some of it.
        under_picture = {
            item.handle for at, item in enumerate(items)
            if item.kind == Kind.TEXT and _is_under(at, item.box, surfaces.pictures)
        }  # fmt: skip
        return {h: r for h, r in hidden.items() if r != COVERED or h in under_picture}
    return hidden


class _Surfaces:
    """What is painted on a page, arranged so that most texts are cleared at a glance."""

    def __init__(self, items: Sequence[Drawn]) -> None:
        self.grounds = [g for at, item in enumerate(items) if (g := _ground(at, item))]
        self.covers = [ground for ground in self.grounds if ground.solid][-MAX_COVERS:]
        self.pictures = [ground for ground in self.grounds if items[ground.at].kind == Kind.IMAGE][
            -MAX_COVERS:
        ]
        self.last_cover = max((g.at for g in (*self.covers, *self.pictures)), default=-1)
        self._colors = {ground.color for ground in self.grounds if ground.color} | {_WHITE}
        self._stands_out: dict[tuple[int, ...], bool] = {}

    def stands_out(self, color: tuple[int, ...]) -> bool:
        """Whether a colour is far from every colour on the page."""
        if color not in self._stands_out:
            self._stands_out[color] = not any(_is_close(color, other) for other in self._colors)
        return self._stands_out[color]


def _reason(at: int, item: Drawn, page_box: Box, surfaces: _Surfaces) -> str | None:
    if item.mode in _INVISIBLE_MODES:
        return RENDER_MODE_3
    if not _overlap(item.box, page_box):
        return OFF_PAGE
    if item.size <= TINY_POINTS and item.box[2] > item.box[0]:
        return TINY
    # Other modes draw an outline, which has a colour of its own.
    if item.mode in _FILLED_MODES and item.color is not None:
        if item.color[3] <= _FAINT:
            return TRANSPARENT
        color = item.color[:3]
        if not surfaces.stands_out(color):
            reason = _lost_in_ground(at, item.box, color, surfaces.grounds)
            if reason is not None:
                return reason
    if at < surfaces.last_cover and (
        _is_under(at, item.box, surfaces.covers) or _is_under(at, item.box, surfaces.pictures)
    ):
        return COVERED
    return None


def _lost_in_ground(
    at: int, box: Box, color: tuple[int, ...], grounds: Sequence[Ground]
) -> str | None:
    """The reason, if everything a text stands on has its own colour."""
    for ground in reversed(grounds):
        if ground.at > at or not _overlap(ground.box, box):
            continue
        if ground.color is None or not _is_close(color, ground.color):
            return None
        if ground.solid and _contains(ground.box, box):
            return WHITE_ON_WHITE if min(color) >= 255 - CLOSE_COLOR else SAME_COLOR
    return WHITE_ON_WHITE if _is_close(color, _WHITE) else None


def _is_close(one: Sequence[int], other: Sequence[int]) -> bool:
    return all(abs(a - b) <= CLOSE_COLOR for a, b in zip(one, other, strict=True))


def _ground(at: int, item: Drawn) -> Ground | None:
    if item.kind in (Kind.IMAGE, Kind.SHADING):
        return Ground(at, item.box, None, solid=False)
    if item.kind != Kind.PATH or item.color is None or item.color[3] <= _FAINT:
        return None
    area = (item.box[2] - item.box[0]) * (item.box[3] - item.box[1])
    if area <= _MIN_COVER_AREA:
        return None
    solid = item.color[3] >= _OPAQUE and _is_rectangle(item)
    return Ground(at, item.box, item.color[:3], solid)


def _is_rectangle(item: Drawn) -> bool:
    """Whether a path is one upright rectangle: only then its box is what it covers."""
    pdfium = native()
    count = pdfium.FPDFPath_CountSegments(item.handle)
    if not 4 <= count <= 6:
        return False
    x, y = ctypes.c_float(), ctypes.c_float()
    xs: set[float] = set()
    ys: set[float] = set()
    for i in range(count):
        segment = pdfium.FPDFPath_GetPathSegment(item.handle, i)
        if pdfium.FPDFPathSegment_GetPoint(segment, ctypes.addressof(x), ctypes.addressof(y)):
            xs.add(round(x.value, 2))
            ys.add(round(y.value, 2))
    return len(xs) == 2 and len(ys) == 2


def _is_under(at: int, box: Box, covers: Sequence[Ground]) -> bool:
    return any(cover.at > at and _contains(cover.box, box) for cover in covers)


def _overlap(a: Box, b: Box) -> bool:
    return a[0] < b[2] and b[0] < a[2] and a[1] < b[3] and b[1] < a[3]


def _contains(outer: Box, inner: Box) -> bool:
    return (
        outer[0] <= inner[0] + 0.5
        and outer[1] <= inner[1] + 0.5
        and outer[2] >= inner[2] - 0.5
        and outer[3] >= inner[3] - 0.5
    )
