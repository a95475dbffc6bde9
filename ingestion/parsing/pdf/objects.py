"""What is drawn on a page, in drawing order: texts, paths, images, with place and colour."""

import ctypes
import re
from collections.abc import Iterator
from enum import IntEnum
from typing import Any, NamedTuple

from ingestion.parsing.layout.shapes import Style
from ingestion.parsing.pdf.frame import Box
from ingestion.parsing.pdf.native import Matrix, Native, address, native

MAX_OBJECTS = 300_000
MAX_TEXTS = 30_000
"""Pieces of text on one page: what pdfium needs for them grows with their square."""
MAX_DEPTH = 32
_FIXED_PITCH, _FORCE_BOLD = 1, 1 << 18
_BOLD = re.compile(r"bold|black|heavy|demi(?!c)")
_MONO = re.compile(r"mono|courier|consol|typewriter|cmtt|lucon|menlo")

Affine = tuple[float, float, float, float, float, float]


class PageTooLargeError(Exception):
    """A page holds more than is read; the message says what."""


class Kind(IntEnum):
    """Kinds of page objects, by pdfium's numbers."""

    TEXT = 1
    PATH = 2
    IMAGE = 3
    SHADING = 4
    FORM = 5


class Drawn(NamedTuple):
    """One object of the page."""

    handle: int
    kind: int
    box: Box
    color: tuple[int, int, int, int] | None = None
    """Fill as red, green, blue, alpha; none where it is not filled."""
    mode: int = 0
    """Render mode of a text."""
    size: float = 0.0
    """Font size of a text on the page, in points."""
    style: int = 0
    direction: tuple[float, float] = (1.0, 0.0)
    """Where the baseline of a text runs to."""
    matrix: Affine = (1.0, 0.0, 0.0, 1.0, 0.0, 0.0)
    """From the coordinates of the form it lies in to those of the page."""
    is_embedded: bool = True
    """Whether the font of a text comes with the document."""


_IDENTITY: Affine = (1.0, 0.0, 0.0, 1.0, 0.0, 0.0)


def read_objects(page: Any) -> list[Drawn]:
    """List the objects of a page and of the forms on it.

    Raises:
        PageTooLargeError: There are too many. Reading only some of them is no way out: what
            covers or hides a text might be among the others.
    """
    items = list(_Reader(native()).walk(address(page)))
    texts = sum(item.kind == Kind.TEXT for item in items)
    if texts > MAX_TEXTS:
        raise PageTooLargeError(f"draws {texts} pieces of text; at most {MAX_TEXTS} are read")
    return items


class _Reader:
    """One walk over a page, with memory that is used for every object again."""

    def __init__(self, pdfium: Native) -> None:
        self._pdfium = pdfium
        self._edges = (ctypes.c_float * 4)()
        self._edge = [ctypes.addressof(self._edges) + 4 * i for i in range(4)]
        self._channels = (ctypes.c_uint * 4)()
        self._channel = [ctypes.addressof(self._channels) + 4 * i for i in range(4)]
        self._matrix = Matrix()
        self._size = ctypes.c_float()
        self._fill = ctypes.c_int()
        self._stroke = ctypes.c_int()
        self._faces: dict[int, tuple[int, bool]] = {}

    def walk(self, page: int) -> Iterator[Drawn]:
        pdfium = self._pdfium
        count = pdfium.FPDFPage_CountObjects(page)
        if count > MAX_OBJECTS:
            raise _too_many()
        stack = [
            (pdfium.FPDFPage_GetObject(page, i), _IDENTITY, 0) for i in range(count - 1, -1, -1)
        ]
        seen = 0
        while stack:
            if seen > MAX_OBJECTS:
                raise _too_many()
            handle, matrix, depth = stack.pop()
            seen += 1
            kind = pdfium.FPDFPageObj_GetType(handle)
            if kind != Kind.FORM:
                yield self._drawn(handle, kind, matrix)
            elif depth < MAX_DEPTH:
                inner = combined(self._matrix_of(handle), matrix)
                children = pdfium.FPDFFormObj_CountObjects(handle)
                if children > MAX_OBJECTS:
                    raise _too_many()
                stack.extend(
                    (pdfium.FPDFFormObj_GetObject(handle, i), inner, depth + 1)
                    for i in range(children - 1, -1, -1)
                )

    def _drawn(self, handle: int, kind: int, matrix: Affine) -> Drawn:
        pdfium = self._pdfium
        box: Box = (0.0, 0.0, 0.0, 0.0)
        if pdfium.FPDFPageObj_GetBounds(handle, *self._edge):
            left, bottom, right, top = self._edges
            box = (left, bottom, right, top)
            if matrix is not _IDENTITY:
                box = transformed(box, matrix)
        if kind == Kind.TEXT:
            return self._text(handle, box, matrix)
        color = self._color(handle) if kind == Kind.PATH and self._is_filled(handle) else None
        return Drawn(handle, kind, box, color, matrix=matrix)

    def _text(self, handle: int, box: Box, matrix: Affine) -> Drawn:
        pdfium = self._pdfium
        a, b, c, d, _, _ = combined(self._matrix_of(handle), matrix)
        pdfium.FPDFTextObj_GetFontSize(handle, ctypes.addressof(self._size))
        mode = pdfium.FPDFTextObj_GetTextRenderMode(handle)
        style, is_embedded = self._face(pdfium.FPDFTextObj_GetFont(handle))
        if mode == 2:  # filled and outlined: how bold is made where there is no bold face
            style |= Style.BOLD
        return Drawn(
            handle,
            Kind.TEXT,
            box,
            self._color(handle),
            mode,
            abs(self._size.value) * (abs(a * d - b * c) ** 0.5),
            style,
            (a, b),
            matrix,
            is_embedded,
        )

    def _matrix_of(self, handle: int) -> Affine:
        if not self._pdfium.FPDFPageObj_GetMatrix(handle, ctypes.addressof(self._matrix)):
            return _IDENTITY
        m = self._matrix
        return (m.a, m.b, m.c, m.d, m.e, m.f)

    def _color(self, handle: int) -> tuple[int, int, int, int] | None:
        if not self._pdfium.FPDFPageObj_GetFillColor(handle, *self._channel):
            return None
        red, green, blue, alpha = self._channels
        return (red, green, blue, alpha)

    def _is_filled(self, handle: int) -> bool:
        fill, stroke = ctypes.addressof(self._fill), ctypes.addressof(self._stroke)
        return bool(self._pdfium.FPDFPath_GetDrawMode(handle, fill, stroke)) and bool(
            self._fill.value
        )

    def _face(self, font: int | None) -> tuple[int, bool]:
        """Style, and whether the font is embedded."""
        if not font:
            return 0, False
        if font not in self._faces:
            self._faces[font] = self._read_face(font)
        return self._faces[font]

    def _read_face(self, font: int) -> tuple[int, bool]:
        pdfium = self._pdfium
        buffer = ctypes.create_string_buffer(256)
        pdfium.FPDFFont_GetBaseFontName(font, ctypes.addressof(buffer), len(buffer))
        name = buffer.value.decode("utf-8", "replace").lower()
        flags = ctypes.c_int()
        pdfium.FPDFFont_GetFlags(font, ctypes.addressof(flags))
        weight = pdfium.FPDFFont_GetWeight(font)
        bold = _BOLD.search(name) or weight >= 600 or flags.value & _FORCE_BOLD
        mono = _MONO.search(name) or flags.value & _FIXED_PITCH
        style = (Style.BOLD if bold else 0) | (Style.MONO if mono else 0)
        return style, pdfium.FPDFFont_GetIsEmbedded(font) == 1


def _too_many() -> PageTooLargeError:
    return PageTooLargeError(f"draws more than {MAX_OBJECTS} objects")


def combined(inner: Affine, outer: Affine) -> Affine:
    """First one transformation, then the other."""
    if outer is _IDENTITY:
        return inner
    a, b, c, d, e, f = inner
    p, q, r, s, t, u = outer
    return (a * p + b * r, a * q + b * s, c * p + d * r, c * q + d * s,
            e * p + f * r + t, e * q + f * s + u)  # fmt: skip


def transformed(box: Box, matrix: Affine) -> Box:
    """The box around a box that is turned and scaled."""
    a, b, c, d, e, f = matrix
    corners = [(x, y) for x in (box[0], box[2]) for y in (box[1], box[3])]
    xs = [a * x + c * y + e for x, y in corners]
    ys = [b * x + d * y + f for x, y in corners]
    return (min(xs), min(ys), max(xs), max(ys))
