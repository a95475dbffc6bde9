"""The few CSS rules that can hide text: read from `style` attributes, `<style>` blocks and sheets.

Sheets that a page links to are read where they come with it, as in a book. Selectors are matched as
far as a tag, an id, classes and the elements around go; everything else and media other than
`screen` are ignored, so a rule that hides something only on a phone or in print never drops text.
"""

import colorsys
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, NamedTuple

Declarations = dict[str, str]

_RELEVANT = frozenset(
    {
        "display", "visibility", "opacity", "font-size", "font", "color", "background",
        "background-color", "background-image", "position", "left", "right", "top", "bottom",
        "text-indent", "margin-left", "margin-top", "width", "height", "max-width", "max-height",
        "overflow", "overflow-x", "overflow-y", "clip", "clip-path", "transform",
        "content-visibility", "fill", "fill-opacity",
    }
)  # fmt: skip
_IMPORTANT = re.compile(r"!\s*important\b", re.I)
_COMMENT = re.compile(r"/\*.*?(?:\*/|\Z)", re.S)
# A brace that begins no rule is passed over: looked for anew from each character on, a sheet that
# breaks off would take minutes.
_RULE = re.compile(r"([^{}]*+)(?:\{([^{}]*+)\}|[{}]|\Z)")
_SIMPLE = re.compile(r"([a-zA-Z][\w-]*|\*)?((?:[.#][\w-]+)*)\Z")
_BETWEEN = re.compile(r"\s*>\s*|\s+")
_ANY_SCREEN = re.compile(r"@media\s+(?:only\s+)?(?:screen|all)\s*\Z", re.I)
_LENGTH = re.compile(r"\s*(-?\d*\.?\d+)\s*(px|pt|em|rem|%|ex|ch|vw|vh|cm|mm|in)?\s*\Z", re.I)
_PIXELS = {"": 1.0, "px": 1.0, "pt": 4 / 3, "em": 16.0, "rem": 16.0, "%": 0.16, "ex": 8.0,
           "ch": 8.0, "vw": 12.0, "vh": 8.0, "cm": 37.8, "mm": 3.78, "in": 96.0}  # fmt: skip
_NAMED = {
    "white": (255, 255, 255), "black": (0, 0, 0), "red": (255, 0, 0), "green": (0, 128, 0),
    "blue": (0, 0, 255), "yellow": (255, 255, 0), "gray": (128, 128, 128), "snow": (255, 250, 250),
    "grey": (128, 128, 128), "silver": (192, 192, 192), "ivory": (255, 255, 240),
    "whitesmoke": (245, 245, 245), "ghostwhite": (248, 248, 255), "navy": (0, 0, 128),
}  # fmt: skip
_CHANNEL = r"(\d+(?:\.\d+)?(?:%|deg)?)"
_FUNCTION = re.compile(
    rf"(rgb|hsl)a?\(\s*{_CHANNEL}[,\s]+{_CHANNEL}[,\s]+{_CHANNEL}\s*(?:[,/]\s*(\d*\.?\d+%?))?\s*\)",
    re.I,
)
MAX_RULES = 20_000

Color = tuple[int, int, int]
TRANSPARENT: Color = (-1, -1, -1)


class Block(NamedTuple):
    """What a declaration block says; what is marked as important goes before all that is not."""

    ordinary: Declarations
    important: Declarations


def declarations(style: str) -> Block:
    """Parse a declaration block, keeping what can hide text."""
    found = Block({}, {})
    for part in style.split(";"):
        name, separator, value = part.partition(":")
        name = name.strip().lower()
        if separator and name in _RELEVANT:
            bare, marks = _IMPORTANT.subn("", value)
            (found.important if marks else found.ordinary)[name] = bare.strip().lower()
    return found


@dataclass(frozen=True, slots=True)
class Compound:
    """A selector for one element: a tag, an id and classes that it must all have."""

    tag: str | None
    ids: frozenset[str]
    classes: frozenset[str]

    def matches(self, node: Any) -> bool:
        """Whether an element of lxml is meant."""
        if self.tag is not None and self.tag != node.tag:
            return False
        if self.ids and not self.ids <= {node.get("id")}:
            return False
        return not self.classes or self.classes <= set((node.get("class") or "").split())


@dataclass(frozen=True, slots=True)
class Rule:
    """A selector and its declarations."""

    target: Compound
    around: tuple[Compound, ...]
    """What the element must lie in, innermost last."""
    style: Block
    weight: tuple[int, int]

    def matches(self, node: Any) -> bool:
        """Whether the rule applies to an element."""
        if not self.target.matches(node):
            return False
        wanted = list(self.around)
        while wanted and (node := node.getparent()) is not None:
            if wanted[-1].matches(node):
                wanted.pop()
        return not wanted


def sheets_of(root: Any, linked: Callable[[str], str] | None = None) -> Iterator[str]:
    """Yield the style sheets of a page that hold on every screen, in their order.

    Args:
        root: The page.
        linked: Returns the text of the sheet that a page names; without it only those in the page
            itself are taken.
    """
    for node in root.iter("style", "link"):
        if not _holds_on_screens(node.get("media") or ""):
            continue
        if node.tag == "style":
            text = node.text or ""
            yield from map(linked, imports(text)) if linked else ()
            yield text
        elif linked and (node.get("rel") or "").lower().split() == ["stylesheet"]:
            yield linked(node.get("href") or "")


def imports(source: str) -> list[str]:
    """Return the addresses of the sheets that a style sheet takes in on every screen."""
    found: list[str] = []
    # They stand before all rules.
    for part in _COMMENT.sub("", source).partition("{")[0].split(";"):
        name, said = part.strip()[:7], part.strip()[7:].strip()
        if name.lower() != "@import":
            continue
        end = {'"': '"', "'": "'"}.get(said[:1], ")")
        address, _, medium = said[4 if end == ")" else 1 :].partition(end)
        if _holds_on_screens(medium):
            found.append(address.strip(" \t\"'"))
    return found


def _holds_on_screens(media: str) -> bool:
    kinds = (kind.strip().lower().removeprefix("only ") for kind in media.split(","))
    return any(kind.strip() in ("", "screen", "all") for kind in kinds)


class Stylesheet:
    """The rules of a page, found by tag, id or class of an element."""

    def __init__(self, sources: Iterator[str]) -> None:
        self._by_name: dict[str, list[Rule]] = {}
        self.count = 0
        for source in sources:
            # Counted through all sources: of two rules alike in weight the later one holds.
            for rule in _rules(_without_conditions(_COMMENT.sub("", source)), self.count):
                if self.count >= MAX_RULES:
                    return
                self.count += 1
                self._by_name.setdefault(_handle(rule.target), []).append(rule)

    def style_of(self, node: Any, inline: str = "") -> Declarations:
        """Merge the declarations of all rules that match with those of the element itself.

        The more specific ones come last, those of the element after them, and what is important
        after everything else.
        """
        identifier = node.get("id")
        handles = [
            node.tag,
            *(f".{name}" for name in set((node.get("class") or "").split())),
            *([f"#{identifier}"] if identifier else []),
        ]
        matching = [
            rule
            for handle in handles
            for rule in self._by_name.get(handle, ())
            if rule.matches(node)
        ]
        blocks = [rule.style for rule in sorted(matching, key=lambda rule: rule.weight)]
        blocks.append(declarations(inline))
        merged: Declarations = {}
        for block in blocks:
            merged.update(block.ordinary)
        for block in blocks:
            merged.update(block.important)
        return merged


@lru_cache(maxsize=1)
def stylesheet(sources: tuple[str, ...]) -> Stylesheet:
    """Read the sheets of a page, once for pages in a row that have the same ones."""
    return Stylesheet(iter(sources))


def _handle(target: Compound) -> str:
    if target.ids:
        return "#" + min(target.ids)
    return "." + min(target.classes) if target.classes else target.tag or ""


def _rules(source: str, order: int) -> Iterator[Rule]:
    for selectors, block in _RULE.findall(source):
        style = declarations(block)
        if not any(style):
            continue
        for selector in selectors.split(","):
            # A child is a descendant, too; that is near enough to tell what is hidden.
            pieces = [_compound(piece) for piece in _BETWEEN.split(selector.strip())]
            compounds = [piece for piece in pieces if piece is not None]
            if len(compounds) < len(pieces) or _handle(compounds[-1]) == "":
                continue
            order += 1
            weight = sum(
                100 * len(one.ids) + 10 * len(one.classes) + bool(one.tag) for one in compounds
            )
            yield Rule(compounds[-1], tuple(compounds[:-1]), style, (weight, order))


def _compound(selector: str) -> Compound | None:
    """A selector for one element; none if it says more than is understood."""
    match = _SIMPLE.match(selector)
    if not match or not selector:
        return None
    parts = re.findall(r"[.#][\w-]+", match[2])
    ids = frozenset(part[1:] for part in parts if part[0] == "#")
    classes = frozenset(part[1:] for part in parts if part[0] == ".")
    tag = match[1].lower() if match[1] and match[1] != "*" else None
    return Compound(tag, ids, classes)


def _without_conditions(source: str) -> str:
    """Drop at-rules with a block (media, supports, keyframes): they apply only sometimes.

    What is said for every screen applies here as well.
    """
    kept, at, opening, end = list[str](), 0, source.find("{"), source.find(";")
    while (start := source.find("@", at)) >= 0:
        kept.append(source[at:start])
        # Looked for anew only once they are passed: to the end for each at-rule takes minutes.
        if 0 <= opening < start:
            opening = source.find("{", start)
        if 0 <= end < start:
            end = source.find(";", start)
        if opening < 0 or 0 <= end < opening:
            at = end + 1 if end >= 0 else len(source)
            continue
        depth, at = 1, opening + 1
        while depth and at < len(source):
            depth += {"{": 1, "}": -1}.get(source[at], 0)
            at += 1
        if _ANY_SCREEN.match(source, start, opening):
            kept.append(source[opening + 1 : at - 1])
    return "".join(kept) + source[at:]


def pixels(value: str | None) -> float | None:
    """A CSS length in pixels (relative units for a 16 px font), or none if it is no length."""
    match = _LENGTH.match(value) if value else None
    return float(match[1]) * _PIXELS[(match[2] or "").lower()] if match else None


def color(value: str | None) -> Color | None:
    """A CSS colour as red, green, blue; `TRANSPARENT`; or none when it is not understood."""
    value = (value or "").strip().lower()
    if value in _NAMED:
        return _NAMED[value]
    if value == "transparent":
        return TRANSPARENT
    if value.startswith("#"):
        digits = value[1:]
        if len(digits) in (3, 4):
            digits = "".join(digit * 2 for digit in digits)
        try:
            channels = bytes.fromhex(digits)
        except ValueError:
            return None
        if len(channels) == 4 and channels[3] < 13:
            return TRANSPARENT
        return (channels[0], channels[1], channels[2]) if len(channels) in (3, 4) else None
    if match := _FUNCTION.match(value):
        alpha = match[5]
        if alpha and float(alpha.rstrip("%") or 1) <= 0.05:
            return TRANSPARENT
        return _of_channels(match[1], (match[2], match[3], match[4]))
    return None


def _of_channels(space: str, channels: tuple[str, str, str]) -> Color:
    """The colour of an `rgb()`, in numbers or percent, or of an `hsl()`."""
    numbers = [float(channel.rstrip("%deg")) for channel in channels]
    if space == "hsl":
        hue, saturation, lightness = numbers[0] / 360, numbers[1] / 100, numbers[2] / 100
        shares = colorsys.hls_to_rgb(hue, min(lightness, 1.0), min(saturation, 1.0))
    else:
        red, green, blue = (
            number / (100 if channel.endswith("%") else 255)
            for number, channel in zip(numbers, channels, strict=True)
        )
        shares = (red, green, blue)
    red, green, blue = (round(255 * share) for share in shares)
    return red, green, blue


def hides_subtree(style: Declarations) -> str | None:
    """How the declarations take the element and everything in it out of sight; none if not."""
    if style.get("display") == "none" or style.get("visibility") in ("hidden", "collapse"):
        return "css_hidden"
    if style.get("content-visibility") == "hidden":
        return "css_hidden"
    opacity = pixels(style.get("opacity"))
    if opacity is not None and opacity <= 0.05:
        return "transparent"
    return "off_screen" if _off_screen(style) or _without_area(style) else None


def _off_screen(style: Declarations) -> bool:
    far = -400.0
    if style.get("position") in ("absolute", "fixed"):
        for side in ("left", "right", "top", "bottom"):
            if (pixels(style.get(side)) or 0.0) <= far:
                return True
        clip = re.sub(r"[\s,]+", " ", style.get("clip", ""))
        if re.match(r"rect\((0|1)(px)? (0|1)(px)? (0|1)(px)? (0|1)(px)? ?\)", clip):
            return True
    for name in ("text-indent", "margin-left", "margin-top"):
        if (pixels(style.get(name)) or 0.0) <= far:
            return True
    if re.match(r"inset\((50|100)%\)|circle\(0", style.get("clip-path", "")):
        return True
    transform = style.get("transform", "")
    return bool(re.search(r"scale[xy]?\(\s*0*\.?0*\s*[,)]|translate[xy]?\(\s*-\d{4,}", transform))


def _without_area(style: Declarations) -> bool:
    if not any(style.get(f"overflow{axis}") in ("hidden", "clip") for axis in ("", "-x", "-y")):
        return False
    sizes = [pixels(style.get(name)) for name in ("width", "height", "max-width", "max-height")]
    return any(size is not None and size <= 1 for size in sizes)
