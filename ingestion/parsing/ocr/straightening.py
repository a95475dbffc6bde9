"""Scans that lie a little askew, set straight before they are recognised.

Tesseract reads lines that climb by a degree or three, but says where each stands on the slanted
page: the cells of one row of a table then lie at different heights, and its rows get mixed up.
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from PIL.Image import Image

LARGEST_TILT = 8.0
"""Degrees; what seems to lie more askew than this is left as it is."""
SMALLEST_TILT = 0.3
CLEARER = 1.4
"""A picture is turned if its lines of print stand out so many times more clearly then."""
_COARSE, _FINE = 0.5, 0.1
_EDGE = 1000
"""Longer edge of the copy that is measured, in pixels."""
_MIN_MARKS, _MAX_MARKS = 200, 50_000
_FAINT = 12
_SHARP = 0.35
"""Changes of grey of this share of the sharpest ones belong to letters."""


def straightened(picture: "Image") -> "Image":
    """A picture in grey values with its lines of print level."""
    degrees = tilt(picture)
    if not degrees:
        return picture
    from PIL import Image

    paper = max(range(256), key=picture.histogram().__getitem__)
    return picture.rotate(degrees, Image.Resampling.BICUBIC, expand=True, fillcolor=paper)


def tilt(picture: "Image") -> float:
    """Degrees by which a picture has to be turned against the clock; 0 if not sure.

    Looked for is the angle at which the sides of letters, which is where the grey changes along a
    line, gather in rows. Ruled lines and long strokes have few of those.
    """
    import numpy as np
    from PIL import Image

    shrunk = max(max(picture.size) / _EDGE, 1.0)
    size = (max(round(picture.width / shrunk), 2), max(round(picture.height / shrunk), 2))
    grey = np.asarray(picture.resize(size, Image.Resampling.BOX), dtype=np.float32)
    change = np.abs(np.diff(grey, axis=1))
    ys, xs = np.nonzero(change > max(_SHARP * float(np.percentile(change, 99.8)), _FAINT))
    if len(xs) < _MIN_MARKS:
        return 0.0
    every = len(xs) // _MAX_MARKS + 1
    ys, xs = ys[::every], xs[::every]

    def clearness(degrees: float) -> float:
        rows = np.round(ys - xs * np.tan(np.radians(degrees))).astype(np.int64)
        marks = np.bincount(rows - rows.min()).astype(np.float64)
        return float((np.diff(marks, prepend=0.0, append=0.0) ** 2).sum())

    steps = round(LARGEST_TILT / _COARSE)
    best = max((at * _COARSE for at in range(-steps, steps + 1)), key=clearness)
    if abs(best) >= LARGEST_TILT:
        return 0.0
    near = round(_COARSE / _FINE)
    best = max((best + at * _FINE for at in range(-near, near + 1)), key=clearness)
    if abs(best) < SMALLEST_TILT or clearness(best) < CLEARER * clearness(0.0):
        return 0.0
    return round(best, 1)
