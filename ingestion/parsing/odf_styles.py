"""What OpenDocument styles hide: display none, white, tiny, hidden sheets, rows and slides."""

from dataclasses import dataclass, field
from enum import Enum
from typing import Any

from ingestion.parsing.styles import color, pixels
from ingestion.parsing.xml_safe import attribute, local

TINY_PIXELS = 2.0
_WHITE = (255, 255, 255)
_LONGEST_CHAIN = 20
_TITLES = ("Title",)


class Ground(Enum):
    """What text stands on, as far as white letters can be judged."""

    PAPER = "paper"
    PAINTED = "painted"
    """A cell, shape or slide that may have any colour."""


@dataclass(frozen=True, slots=True)
class _Style:
    """The properties of one style that bear on visibility."""

    parent: str | None
    properties: dict[str, str]


@dataclass(slots=True)
class Looks:
    """All styles of a document, and the size of its slides."""

    styles: dict[str, _Style] = field(default_factory=dict)
    width: float = 0.0
    height: float = 0.0

    def hiding(self, names: tuple[str | None, ...], ground: Ground) -> str | None:
        """Why text in these styles, outermost first, cannot be seen; none if it can."""
        found: dict[str, str] = {}
        for name in names:
            found.update(self._resolved(name))
        if found.get("display") == "none":
            return "hidden_text"
        size = found.get("font-size", "")
        length = pixels(size)
        if length is not None and not size.endswith("%") and length <= TINY_PIXELS:
            return "tiny_text"
        grounds = ("background-color", "text-background-color")
        shaded = any(color(found.get(name)) not in (None, _WHITE, (-1, -1, -1)) for name in grounds)
        if ground is Ground.PAINTED or shaded or color(found.get("color")) != _WHITE:
            return None
        return "white_on_white"

    def is_raised(self, names: tuple[str | None, ...]) -> bool:
        """Whether text in these styles, outermost first, stands above the line."""
        found: dict[str, str] = {}
        for name in names:
            found.update(self._resolved(name))
        where = found.get("text-position", "").partition(" ")[0]
        return where == "super" or (where.endswith("%") and where.strip("0%")[:1].isdigit())

    def ground_of(self, cell: str | None) -> Ground:
        """What the text of a cell in this style stands on."""
        found = self._resolved(cell)
        painted = color(found.get("background-color"))
        if "condition" in found:
            return Ground.PAINTED
        return Ground.PAPER if painted in (None, _WHITE, (-1, -1, -1)) else Ground.PAINTED

    def is_title(self, name: str | None) -> bool:
        """Whether a paragraph style is that of the title of a document."""
        for _ in range(_LONGEST_CHAIN):
            if name is None or name in _TITLES:
                return name is not None
            style = self.styles.get(name)
            name = style.parent if style is not None else None
        return False

    def hides_table(self, name: str | None) -> bool:
        """Whether a sheet is hidden."""
        return self._resolved(name).get("table-display") == "false"

    def hides_row(self, name: str | None) -> bool:
        """Whether a row has no height."""
        height = pixels(self._resolved(name).get("row-height"))
        return height is not None and height <= 0

    def hides_slide(self, name: str | None) -> bool:
        """Whether a slide is not shown."""
        return self._resolved(name).get("visibility") == "hidden"

    def shows_footer(self, name: str | None) -> bool:
        """Whether a slide shows the footer of its master."""
        shown = self._resolved(name)
        return shown.get("visibility") != "hidden" and shown.get("display-footer") != "false"

    def is_off_slide(self, shape: Any) -> bool:
        """Whether a shape lies wholly beside its slide."""
        left, top = pixels(attribute(shape, "x")), pixels(attribute(shape, "y"))
        if left is None or top is None or not self.width or not self.height:
            return False
        right = left + (pixels(attribute(shape, "width")) or 0.0)
        bottom = top + (pixels(attribute(shape, "height")) or 0.0)
        return left >= self.width or top >= self.height or right <= 0 or bottom <= 0

    def _resolved(self, name: str | None) -> dict[str, str]:
        chain: list[_Style] = []
        while name is not None and name in self.styles and len(chain) < _LONGEST_CHAIN:
            chain.append(self.styles[name])
            name = chain[-1].parent
        merged: dict[str, str] = {}
        for style in reversed(chain):
            merged.update(style.properties)
        return merged


_RELEVANT = {
    ("text-properties", "display"): "display",
    ("text-properties", "color"): "color",
    ("text-properties", "font-size"): "font-size",
    ("text-properties", "background-color"): "text-background-color",
    ("text-properties", "text-position"): "text-position",
    ("paragraph-properties", "background-color"): "background-color",
    ("table-cell-properties", "background-color"): "background-color",
    ("table-properties", "display"): "table-display",
    ("table-row-properties", "row-height"): "row-height",
    ("drawing-page-properties", "visibility"): "visibility",
    ("drawing-page-properties", "display-footer"): "display-footer",
}


def read_looks(*roots: Any) -> Looks:
    """Read the styles of a document, those of its content last."""
    looks = Looks()
    for root in roots:
        for node in root.iter():
            name = local(node)
            if name == "style":
                looks.styles[attribute(node, "name") or ""] = _style(node)
            elif name == "page-layout-properties":
                # There are others for notes and handouts; what is beside the largest is outside.
                looks.width = max(looks.width, pixels(attribute(node, "page-width")) or 0.0)
                looks.height = max(looks.height, pixels(attribute(node, "page-height")) or 0.0)
    return looks


def _style(node: Any) -> _Style:
    found = {}
    for properties in node:
        for (kind, name), meaning in _RELEVANT.items():
            if local(properties) == kind:
                value = attribute(properties, name)
                if value is not None:
                    found[meaning] = value
        if local(properties) == "map":
            found["condition"] = attribute(properties, "condition") or ""
    return _Style(attribute(node, "parent-style-name"), found)
