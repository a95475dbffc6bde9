"""Raised figures: what stands above the line must not read as digits of the number before it.

Without its position a note mark or an exponent changes the figure: `50` with a raised `1` reads as
501, `10` with a raised `6` as 106. Raised letters and figures behind words stay as they are (`m2`).
"""

import re
from typing import Any

_FIGURES = re.compile(r"[+\-−–]?\d{1,4}(?:\s*[,;]\s*\d{1,4})*\)?")
_AFTER_FIGURE = re.compile(r"\d[.,:;]?\Z")
_TEN = re.compile(r"(?<![\d.,])10\Z")
_RAISED = str.maketrans("0123456789+-−–)", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁻⁻⁾")
_INLINE = frozenset({"a", "b", "em", "font", "i", "small", "span", "strong", "u"})
_LONGEST = 12
"""Characters before raised ones that are looked at."""


def raised(text: str, before: str, after: str = "") -> str:
    """Raised text as it is to stand in a line.

    Figures behind a figure become raised characters, a blank before them, so that the figure is
    found and read as it was written; a power of ten stays one word (`10⁶`).

    Args:
        text: What is raised.
        before: What stands directly before it on the line, or its end.
        after: What stands directly behind it.
    """
    bare = text.rstrip()
    if not _FIGURES.fullmatch(bare):
        return text
    follows = _AFTER_FIGURE.search(before[-_LONGEST:]) is not None
    precedes = bare == text and after[:1].isdecimal()
    if not (follows or precedes):
        return text
    apart = " " if follows and not _TEN.search(before[-_LONGEST:]) else ""
    return f"{apart}{bare.translate(_RAISED)}{' ' if precedes else text[len(bare) :]}"


def raise_html(root: Any) -> None:
    """Set the figures of `sup` elements apart from those beside them."""
    for node in list(root.iter("sup")):
        text = node.text_content()
        said = raised(text, _before(node), node.tail or "")
        if said != text:
            for child in list(node):
                node.remove(child)
            node.text = said


def _before(node: Any) -> str:
    """Text directly before an element in its line."""
    while True:
        previous = node.getprevious()
        if previous is not None:
            if previous.tail:
                return str(previous.tail)
            return str(previous.text_content()) if previous.tag in _INLINE else ""
        parent = node.getparent()
        if parent is None:
            return ""
        if parent.text:
            return str(parent.text)
        if parent.tag not in _INLINE:
            return ""
        node = parent


def raise_runs(paragraph: Any, namespace: str) -> bool:
    """Set raised runs of an Office paragraph apart from figures beside them; tell whether any was.

    Args:
        paragraph: A `p` of a Word document or a slide.
        namespace: That of its runs, in braces.
    """
    # Breaks, tabs and the like have no text of their own and part what stands beside them.
    inline = [f"{namespace}{name}" for name in ("t", "br", "tab", "cr", "noBreakHyphen", "sym")]
    pieces = list(paragraph.iter(*inline))
    texts = [piece.text or "" if piece.tag == inline[0] else " " for piece in pieces]
    changed = False
    for at, piece in enumerate(pieces):
        if piece.tag != inline[0] or not texts[at] or not _is_raised(piece, namespace):
            continue
        said = raised(texts[at], texts[at - 1] if at else "", "".join(texts[at + 1 : at + 2]))
        if said != texts[at]:
            piece.text, changed = said, True
            piece.set("{http://www.w3.org/XML/1998/namespace}space", "preserve")
    return changed


def _is_raised(piece: Any, namespace: str) -> bool:
    properties = piece.getparent().find(f"{namespace}rPr")
    if properties is None:
        return False
    position = properties.find(f"{namespace}vertAlign")
    if position is not None:
        return bool(position.get(f"{namespace}val") == "superscript")
    baseline = properties.get("baseline") or ""
    return baseline.rstrip("%").isdigit() and not baseline.startswith("0")
