"""Ruled lines of a page: drawn lines, thin filled bars, and the edges of boxes."""

import ctypes
import math
from collections.abc import Iterator, Sequence

from ingestion.parsing.layout.shapes import Rule
from ingestion.parsing.pdf.frame import Frame
from ingestion.parsing.pdf.native import Matrix, native
from ingestion.parsing.pdf.objects import Affine, Drawn, Kind, combined

THIN = 2.5
MIN_LENGTH = 6.0
MAX_PATHS = 5000
MAX_SEGMENTS = 400
_LINE_TO, _MOVE_TO = 0, 2
_STRAIGHT = 0.8


def read_rules(items: Sequence[Drawn], frame: Frame) -> list[Rule]:
    """List the horizontal and vertical lines of a page."""
    paths = [item for item in items if item.kind == Kind.PATH][:MAX_PATHS]
    if len(paths) < 2 and not any(_is_complex(path) for path in paths):
        return []
    rules = (rule for path in paths for rule in _rules(path, frame))
    return [rule for rule in rules if math.isfinite(sum(rule))]


def _is_complex(path: Drawn) -> bool:
    return bool(native().FPDFPath_CountSegments(path.handle) > 6)


def _rules(path: Drawn, frame: Frame) -> Iterator[Rule]:
    x0, top, x1, bottom = frame.seen(path.box)
    width, height = x1 - x0, bottom - top
    if height <= THIN:
        if width >= MIN_LENGTH:
            middle = (top + bottom) / 2
            yield Rule(x0, middle, x1, middle)
    elif width <= THIN:
        if height >= MIN_LENGTH:
            middle = (x0 + x1) / 2
            yield Rule(middle, top, middle, bottom)
    else:
        for one, other in _lines(path):
            x0, top, x1, bottom = frame.seen(
                (min(one[0], other[0]), min(one[1], other[1]),
                 max(one[0], other[0]), max(one[1], other[1]))
            )  # fmt: skip
            if bottom - top <= _STRAIGHT and x1 - x0 >= MIN_LENGTH:
                yield Rule(x0, top, x1, top)
            elif x1 - x0 <= _STRAIGHT and bottom - top >= MIN_LENGTH:
                yield Rule(x0, top, x0, bottom)


def _lines(path: Drawn) -> Iterator[tuple[tuple[float, float], tuple[float, float]]]:
    """The straight lines of a path in the coordinates of the page."""
    pdfium = native()
    count = pdfium.FPDFPath_CountSegments(path.handle)
    if count > MAX_SEGMENTS:
        return
    matrix = Matrix()
    own: Affine = (1.0, 0.0, 0.0, 1.0, 0.0, 0.0)
    if pdfium.FPDFPageObj_GetMatrix(path.handle, ctypes.addressof(matrix)):
        own = (matrix.a, matrix.b, matrix.c, matrix.d, matrix.e, matrix.f)
    a, b, c, d, e, f = combined(own, path.matrix)
    x, y = ctypes.c_float(), ctypes.c_float()
    start = last = (0.0, 0.0)
    for i in range(count):
        segment = pdfium.FPDFPath_GetPathSegment(path.handle, i)
        if not pdfium.FPDFPathSegment_GetPoint(segment, ctypes.addressof(x), ctypes.addressof(y)):
            continue
        point = (a * x.value + c * y.value + e, b * x.value + d * y.value + f)
        kind = pdfium.FPDFPathSegment_GetType(segment)
        if kind == _MOVE_TO:
            start = point
        elif kind == _LINE_TO:
            yield last, point
        last = point
        if pdfium.FPDFPathSegment_GetClose(segment):
            yield last, start
            last = start
