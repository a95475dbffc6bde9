"""The words of drawings (SVG) in a page, such as the labels of a chart."""

from typing import Any

from ingestion.parsing import styles

_KEPT = frozenset({"g", "a", "text", "tspan", "textpath", "switch", "foreignobject", "style"})
"""Whatever else is in a drawing has no words that are drawn: titles, definitions, shapes."""
DRAWN = (_KEPT | {"svg"}) - {"a", "style"}
_TEXT = ("text", "foreignobject")
_STYLING = ("display", "visibility", "opacity", "fill", "fill-opacity", "font-size")
_FAR = -400.0


def settle(root: Any) -> None:
    """Leave of every drawing the text that it shows, in place; one without any goes."""
    for drawing in list(root.iter("svg")):
        if next(drawing.iterancestors("svg"), None) is not None or drawing.getparent() is None:
            continue
        _strip(drawing)
        if next(drawing.iter(*_TEXT), None) is None:
            for sheet in list(drawing.iter("style")):
                drawing.addprevious(sheet)
            drawing.drop_tree()
        else:
            drawing.tail = f" {drawing.tail or ''}"


def _strip(drawing: Any) -> None:
    """Drop what is not drawn as text, and part the words of one text from those of the next."""
    stack = [drawing]
    while stack:
        node = stack.pop()
        node.text = node.text if node.tag in ("text", "tspan", "textpath", "a", "style") else ""
        for child in list(node):
            if child.tag == "svg":
                child.tag = "g"
            if child.tag not in _KEPT:
                child.drop_tree()
                continue
            if child.tag in _TEXT or (child.tag == "tspan" and _begins_line(child)):
                before = child.getprevious()
                if before is not None:
                    before.tail = f"{before.tail or ''} "
                else:
                    node.text = f"{node.text or ''} "
            if child.tag != "foreignobject":
                stack.append(child)


def _begins_line(span: Any) -> bool:
    return span.get("dy") not in (None, "0") or (span.get("x") is not None and "y" in span.attrib)


def style_drawn(node: Any, style: styles.Declarations) -> None:
    """Put what the attributes of a part of a drawing say into its style, in the terms of pages."""
    for name in _STYLING:
        if name in node.attrib:
            style.setdefault(name, node.attrib[name].strip().lower())
    fill = style.get("fill")
    opacity = styles.pixels(style.get("fill-opacity"))
    if fill is not None:
        style["color"] = "transparent" if fill == "none" else fill
    if opacity is not None and opacity <= 0.05:
        style["color"] = "transparent"
    if node.tag == "svg":
        # White letters may stand on anything in a drawing.
        style["background-image"] = "url()"
        if any(styles.pixels(node.get(name)) == 0 for name in ("width", "height")):
            style["display"] = "none"
    elif any((styles.pixels(node.get(name)) or 0.0) <= _FAR for name in ("x", "y")):
        style.update({"position": "absolute", "left": f"{_FAR}px"})
