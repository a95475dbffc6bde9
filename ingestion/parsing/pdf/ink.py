"""Whether anything is drawn where a word is said to stand: the page itself is asked.

What a page lists as text may be clipped away, belong to a layer that is switched off, or lie under
something; no list of such tricks is complete. A small rendering is.
"""

from collections.abc import Sequence
from typing import Any

from ingestion.parsing.pdf.frame import Box

MAX_PIXELS = 4_000_000
MIN_SCALE = 0.4
_COARSE = 0x00F8F8F8
"""Of each colour channel the upper five bits: what differs by less is one surface."""


class Ink:
    """A page as pixels, drawn when it is first looked at."""

    def __init__(self, page: Any) -> None:
        self._page = page
        self._edges: Any = None
        self._left, self._bottom, self._right, self._top = page.get_bbox()
        area = max((self._right - self._left) * (self._top - self._bottom), 1.0)
        self._scale: float = min(1.0, (MAX_PIXELS / area) ** 0.5)

    @property
    def is_reliable(self) -> bool:
        """Whether the page is small enough for its words to show in the rendering."""
        return self._scale >= MIN_SCALE

    def are_blank(self, boxes: Sequence[Box]) -> list[bool]:
        """For every box of the page, whether nothing can be told from its ground inside it."""
        if not boxes:
            return []
        edges = self._drawn()
        height, width = edges.shape
        scale, left, top = self._scale, self._left, self._top
        blank: list[bool] = []
        for box in boxes:
            x0, x1 = int((box[0] - left) * scale), int((box[2] - left) * scale) + 2
            y0, y1 = int((top - box[3]) * scale), int((top - box[1]) * scale) + 2
            part = edges[max(y0, 0) : max(min(y1, height), 0), max(x0, 0) : max(min(x1, width), 0)]
            blank.append(not part.any())
        return blank

    def _drawn(self) -> Any:
        """Where a pixel differs from the one to its left: every letter has such edges."""
        if self._edges is None:
            import numpy as np

            if not min(self._page.get_size()) > 0:  # a page without a surface shows nothing
                self._edges = np.zeros((0, 0), dtype=bool)
                return self._edges
            upright = -self._page.get_rotation() % 360
            bitmap = self._page.render(scale=self._scale, rotation=upright, prefer_bgrx=True)
            try:
                pixels = bitmap.to_numpy().view(np.uint32)[:, :, 0] & _COARSE
                self._edges = pixels[:, 1:] != pixels[:, :-1]
            finally:
                bitmap.close()
        return self._edges
