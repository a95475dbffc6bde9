"""HTML reduced to what a reader sees, in a shape that `unstructured` reads without loss.

Scripts, comments and hidden text go. Containers that `unstructured` drops although they hold
content (`details`, `figure`, `form`, everything beside a `main`) become plain ones, images become
their alternative text, tables used for layout become divisions, and very deep markup is flattened.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from html.parser import HTMLParser as MarkupReader
from typing import Any

from ingestion.document import Cut
from ingestion.parsing import drawings, styles
from ingestion.parsing.boilerplate import cut_boilerplate
from ingestion.parsing.fields import FIELDS, fill_in
from ingestion.parsing.hiding import Cuts
from ingestion.parsing.raised import raise_html
from ingestion.parsing.spans import unfold_html

MAX_DEPTH = 80
_LXML_DEPTH = 2000
_LONG_TAG = re.compile(r"<([a-zA-Z][\w:-]*)\s[^<>]{8000,}>")
_BREAKS = re.compile(r"[\x0b\x0c]|&#(?:0*1[12]|x0*[bc])(?![\da-f]);?", re.I)
_CONTROLS = re.compile(
    r"\x1b\[[0-?]*[ -/]*[@-~]|[\x00-\x08\x0e-\x1f\ufffe\uffff]"
    r"|&#(?:0*(?:[0-8]|1[4-9]|2\d|3[01])|x0*(?:[0-8ef]|1[\da-f]))(?![\da-f]);?",
    re.I,
)
"""What lxml reads but refuses to write, which cleaning would take out later on."""
_SILENT = ("script", "style", "noscript", "meta", "link", "iframe", "canvas", "head")
_HIDDEN = ("template",)
_RENAMED = {
    "details": "div", "summary": "p", "figure": "div", "figcaption": "p", "form": "div",
    "fieldset": "div", "legend": "p", "label": "span", "button": "span",
    "del": "span", "object": "div",
    "nav": "div", "main": "div", "article": "div", "header": "div", "footer": "div",
    "aside": "div", "dialog": "div",
}  # fmt: skip
_VOID = frozenset(
    {
        "area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source",
        "track", "wbr",
    }
)  # fmt: skip
_BESIDE_DRAWN = re.compile(r"katex-mathml|mjx-assistive|MJX_Assistive", re.I)
"""Classes of formulas that stand beside their drawn form, for readers who hear the page."""
_NO_NAME = re.compile(r"[&<>/\"'\s]")
"""What the reader of libxml2 lets into a name (`<h2"class=x>`) and its writer does not; browsers
show such an element as one that they do not know."""
_KEPT_ATTRIBUTES = frozenset({"colspan", "rowspan"})
_WHITE: styles.Color = (255, 255, 255)
_BLACK: styles.Color = (0, 0, 0)


class Extent(Enum):
    """What HTML is the whole of."""

    PAGE = "page"
    """A page of a site, with navigation around its content."""
    FRAGMENT = "fragment"
    """A mail, a chapter, a piece within another document: nothing in it is boilerplate."""


@dataclass(frozen=True, slots=True)
class VisibleHtml:
    """The visible part of a page."""

    html: str
    title: str | None = None
    flags: tuple[str, ...] = ()
    cuts: tuple[Cut, ...] = ()


@dataclass(frozen=True, slots=True)
class _Look:
    """What decides whether text can be seen, inherited from the parent."""

    color: styles.Color = _BLACK
    background: styles.Color | None = _WHITE
    """None where an image or gradient makes it unknown."""
    font_pixels: float = 16.0

    @property
    def hiding(self) -> str | None:
        """Why text that looks like this cannot be seen; none if it can."""
        if self.font_pixels <= 2.0:
            return "tiny_text"
        if self.color == styles.TRANSPARENT:
            return "transparent"
        if self.background is None:
            return None
        alike = all(abs(a - b) <= 12 for a, b in zip(self.color, self.background, strict=True))
        return "white_on_white" if alike else None


def visible_html(
    source: str,
    extent: Extent = Extent.FRAGMENT,
    linked: Callable[[str], str] | None = None,
) -> VisibleHtml:
    """Reduce a page or fragment to its visible text and structure.

    Args:
        source: The HTML.
        extent: Whether it is a whole page, from which navigation and the like are cut as well.
        linked: Returns the text of a style sheet that the HTML names, where it comes with it.

    Flags: `hidden_text_removed` when text was dropped that no reader would see, and
    `deep_markup` when nesting had to be flattened before it could be read.
    """
    source = _CONTROLS.sub("", _BREAKS.sub("\n", source))
    source = _LONG_TAG.sub(r"<\1>", source)
    flags = set()
    root, depth = _parse(source)
    if depth >= _LXML_DEPTH:
        # libxml2 drops the text below its depth limit, so flatten before parsing.
        flags.add("deep_markup")
        root, depth = _parse(_flatten(source))
    if root is None:
        return VisibleHtml("")
    drawings.settle(root)
    titles = [node.text_content() for node in root.iter("title")]
    title = " ".join(titles[0].split()) if titles else ""
    cuts = Cuts()
    fill_in(root)
    _remove_hidden(root, styles.stylesheet(tuple(styles.sheets_of(root, linked))), cuts)
    if extent is Extent.PAGE:
        cut_boilerplate(root, cuts)
    flags.update(cuts.flags)
    _reshape(root)
    html = _serialise(root)
    if depth > MAX_DEPTH:
        html = _flatten(html)
    return VisibleHtml(html, title or None, tuple(sorted(flags)), cuts.all)


def _parse(source: str) -> tuple[Any, int]:
    from lxml import etree, html

    parser = html.HTMLParser(
        encoding="utf-8", huge_tree=True, remove_comments=True, remove_pis=True
    )
    try:
        root = html.document_fromstring(source.encode("utf-8", "replace"), parser=parser)
    except etree.ParserError:  # nothing but comments or white space
        return None, 0
    depth = deepest = 0
    for event, _ in etree.iterwalk(root, events=("start", "end")):
        depth += 1 if event == "start" else -1
        deepest = max(deepest, depth)
    return root, deepest


def _serialise(root: Any) -> str:
    from lxml import etree

    return str(etree.tostring(root, encoding="unicode", method="html"))


def _remove_hidden(root: Any, sheet: styles.Stylesheet, cuts: Cuts) -> None:
    """Drop what is not rendered, and cut what cannot be seen."""
    # (element, look of its parent); a tail belongs to the parent's look.
    stack: list[tuple[Any, _Look]] = [(root, _Look())]
    while stack:
        node, inherited = stack.pop()
        if not isinstance(node.tag, str):
            node.drop_tree()
            continue
        verdict = _verdict(node, sheet)
        if verdict is None:
            node.drop_tree()
            continue
        if "" in verdict:
            cuts.add(verdict[""], node.text_content())
            node.drop_tree()
            continue
        look = _look(verdict, inherited) if verdict else inherited
        reason = look.hiding
        if reason is not None:
            cuts.add(reason, _blank(node))
        stack.extend((child, look) for child in node)


def _verdict(node: Any, sheet: styles.Stylesheet) -> styles.Declarations | None:
    """None for what is never rendered, `{"": reason}` for hidden, else its declarations."""
    tag = node.tag
    if tag in _SILENT:
        return None
    attributes = node.attrib
    is_drawn = tag in drawings.DRAWN
    if not attributes and not sheet.count and not is_drawn:
        return {"": "css_hidden"} if tag in _HIDDEN else {}
    if tag in _HIDDEN or "hidden" in attributes:
        return {"": "css_hidden"}
    style = sheet.style_of(node, attributes.get("style", ""))
    for attribute, name in (("bgcolor", "background-color"), ("color", "color")):
        if attribute in attributes:
            style.setdefault(name, attributes[attribute].lower())
    if is_drawn:
        drawings.style_drawn(node, style)
    reason = styles.hides_subtree(style) if style and tag not in ("html", "body") else None
    return style if reason is None else {"": reason}


def _look(style: styles.Declarations, inherited: _Look) -> _Look:
    background = inherited.background
    for name in ("background", "background-color", "background-image"):
        value = style.get(name)
        if not value or value in ("none", "inherit", "initial"):
            continue
        if "url(" in value or "gradient" in value or "var(" in value:
            background = None
            break
        seen = next((c for c in map(styles.color, [value, *value.split()]) if c), None)
        if seen != styles.TRANSPARENT:
            background = seen
    foreground = styles.color(style.get("color")) or inherited.color
    size = style.get("font-size")
    if size is None and "font" in style:
        size = next((part.partition("/")[0] for part in style["font"].split()
                     if styles.pixels(part.partition("/")[0]) is not None), None)  # fmt: skip
    return _Look(foreground, background, _font_pixels(size, inherited.font_pixels))


def _font_pixels(size: str | None, inherited: float) -> float:
    length = styles.pixels(size)
    if size is None or length is None:
        return inherited
    if size.strip().endswith("em") and not size.strip().endswith("rem"):
        return length / 16.0 * inherited
    if size.strip().endswith("%"):
        return length / 16.0 * inherited
    return length


def _blank(node: Any) -> str:
    """Remove the node's own text (its and its children's tails) and return it."""
    texts = [node.text or ""]
    node.text = None
    for child in node:
        texts.append(child.tail or "")
        child.tail = None
    return " ".join(texts)


def _reshape(root: Any) -> None:
    """Rename what `unstructured` would drop, inline images as text, unfold layout tables."""
    for table in list(root.iter("table")):
        if _is_layout(table):
            _unfold(table)
        else:
            unfold_html(table)
    for formula in list(root.iter("math")):
        _spell(formula)
    raise_html(root)
    for node in list(root.iter()):
        if node.tag == "img":
            alternative = " ".join((node.get("alt") or "").split())
            node.tail = f"{alternative}{node.tail or ''}"
            node.drop_tree()
            continue
        if node.tag in _RENAMED:
            node.tag = _RENAMED[node.tag]
        elif node.tag in FIELDS or node.tag in drawings.DRAWN or _NO_NAME.search(node.tag):
            node.tag = "span"
        kept = {name: node.get(name) for name in _KEPT_ATTRIBUTES if name in node.attrib}
        node.attrib.clear()
        node.attrib.update(kept)


def _spell(formula: Any) -> None:
    """Set a formula as its characters, as those of Word are; `unstructured` knows TeX only."""
    if any(_BESIDE_DRAWN.search(node.get("class") or "") for node in formula.iterancestors()):
        return  # the page shows it once more, as ordinary characters
    for note in list(formula.iter("annotation", "annotation-xml")):
        note.drop_tree()
    for fraction in formula.iter("mfrac"):
        if len(fraction) == 2:
            fraction[0].tail = "/"
    text = " ".join(word for text in formula.itertext() for word in text.split())
    for child in list(formula):
        formula.remove(child)
    formula.tag, formula.text = "span", text


def _is_layout(table: Any) -> bool:
    """A table around other tables, or around headings and code in a single column."""
    if next(table.iterdescendants("table"), None) is not None:
        return True
    if next(table.iterdescendants("h1", "h2", "h3", "h4", "pre"), None) is None:
        return False
    return all(len(row) <= 1 for row in table.iter("tr"))


def _unfold(table: Any) -> None:
    """Turn a table used for layout into divisions, leaving tables inside its cells alone."""
    stack = [table]
    while stack:
        node = stack.pop()
        if node.tag in ("table", "thead", "tbody", "tfoot", "tr", "td", "th", "caption"):
            if node.tag not in ("td", "th", "caption"):
                stack.extend(node)
            node.tag = "div"


class _Flattener(MarkupReader):
    """Copies markup but leaves out tags nested deeper than `MAX_DEPTH`, keeping their text."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=False)
        self.parts: list[str] = []
        self._open: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        del attrs
        if tag in _VOID or len(self._open) < MAX_DEPTH:
            self.parts.append(self.get_starttag_text() or "")
        else:
            self.parts.append(" ")
        if tag not in _VOID:
            self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag not in self._open[-50:]:
            return
        while self._open:
            closed = self._open.pop()
            self.parts.append(f"</{closed}>" if len(self._open) < MAX_DEPTH else " ")
            if closed == tag:
                return

    def handle_data(self, data: str) -> None:
        self.parts.append(data)

    def handle_entityref(self, name: str) -> None:
        self.parts.append(f"&{name};")

    def handle_charref(self, name: str) -> None:
        self.parts.append(f"&#{name};")


def _flatten(source: str) -> str:
    flattener = _Flattener()
    flattener.feed(source)
    flattener.close()
    return "".join(flattener.parts)
