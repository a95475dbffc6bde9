"""How a page is looked at: from its top left corner, turned so that its text is upright."""

from typing import NamedTuple

SKEWED = -1
"""Instead of the number of quarter turns, for text at any other angle."""
Box = tuple[float, float, float, float]
"""x0, y0, x1, y1; with pdfium y grows upwards, in layout downwards."""


class Frame(NamedTuple):
    """What of a page is shown, and how it is turned to be read."""

    box: Box
    quarter: int = 0
    """Direction of its text in quarter turns against the clock."""

    def seen(self, box: Box) -> Box:
        """A box in the page's own coordinates as it lies on the page that is read."""
        left, bottom, right, top = self.box
        x0, y0, x1, y1 = box
        if self.quarter == 1:
            return (y0 - bottom, x0 - left, y1 - bottom, x1 - left)
        if self.quarter == 2:
            return (right - x1, y0 - bottom, right - x0, y1 - bottom)
        if self.quarter == 3:
            return (top - y1, right - x1, top - y0, right - x0)
        return (x0 - left, top - y1, x1 - left, top - y0)

    def unseen(self, box: Box) -> Box:
        """A box on the page that is read in the page's own coordinates: `seen` turned around."""
        left, bottom, right, top = self.box
        x0, y0, x1, y1 = box
        if self.quarter == 1:
            return (left + y0, bottom + x0, left + y1, bottom + x1)
        if self.quarter == 2:
            return (right - x1, bottom + y0, right - x0, bottom + y1)
        if self.quarter == 3:
            return (right - y1, top - x1, right - y0, top - x0)
        return (left + x0, top - y1, left + x1, top - y0)

    @property
    def size(self) -> tuple[float, float]:
        """Width and height as read."""
        left, bottom, right, top = self.box
        size = (right - left, top - bottom)
        return size if self.quarter in (0, 2) else (size[1], size[0])
