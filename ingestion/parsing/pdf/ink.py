"""Whether anything is drawn where a word is said to stand: the page itself is asked.

What a page lists as text may be clipped away, belong to a layer that is switched off, or lie under
something; no list of such tricks is complete. A small rendering is.
"""

from collections.abc import Iterable
from typing import Any

from ingestion.parsing.pdf.frame import Box

MAX_PIXELS = 4_000_000
MIN_SCALE = 0.4
_FLAT = 5
"""Values of a colour channel this near each other (of 255) are one surface."""


class Ink:
    """A page as pixels, drawn when it is first looked at."""

    def __init__(self, page: Any) -> None:
        self._page = page
        self._pixels: Any = None
        self._left, self._bottom, self._right, self._top = page.get_bbox()
        area = max((self._right - self._left) * (self._top - self._bottom), 1.0)
        self._scale: float = min(1.0, (MAX_PIXELS / area) ** 0.5)

    @property
    def is_reliable(self) -> bool:
        """Whether the page is small enough for its words to show in the rendering."""
        return self._scale >= MIN_SCALE

    def is_blank(self, box: Box) -> bool:
        """Whether nothing can be told from its surroundings inside a box of the page."""
        pixels = self._drawn()
        height, width, _ = pixels.shape
        x0 = max(int((box[0] - self._left) * self._scale), 0)
        x1 = min(int((box[2] - self._left) * self._scale) + 2, width)
        y0 = max(int((self._top - box[3]) * self._scale), 0)
        y1 = min(int((self._top - box[1]) * self._scale) + 2, height)
        if x0 >= x1 or y0 >= y1:
            return True
        part = pixels[y0:y1, x0:x1].reshape(-1, pixels.shape[2])
        spread = (part.max(axis=0) - part.min(axis=0)).max()
        return int(spread) <= _FLAT

    def are_blank(self, boxes: Iterable[Box]) -> list[bool]:
        """`is_blank` for many boxes."""
        return [self.is_blank(box) for box in boxes]

    def _drawn(self) -> Any:
        if self._pixels is None:
            upright = -self._page.get_rotation() % 360
            bitmap = self._page.render(scale=self._scale, rotation=upright)
            try:
                self._pixels = bitmap.to_numpy().copy()
            finally:
                bitmap.close()
        return self._pixels
