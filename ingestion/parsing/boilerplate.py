"""What surrounds the content of a page: navigation, link lists, cookie notices, page footers.

Conservative: only what its tag or role declares as such and what consists of links for the most
part is cut, a footer with a copyright notice, and a short notice about cookies. A page that is
nothing else keeps everything.
"""

import re
from typing import Any

from ingestion.parsing.hiding import Cuts

_TAGS = frozenset({"nav", "aside", "header", "footer"})
_ROLES = frozenset({"navigation", "banner", "contentinfo", "complementary", "search", "menu"})
_CONTENT = frozenset({"article", "main", "section", "blockquote", "td", "li", "figure", "dialog"})
"""Inside these a header, footer or aside belongs to the content."""
_LINKS_AT_LEAST = 0.5
_LEGAL = re.compile(r"©|\(c\) ?\d{4}|copyright|all rights reserved", re.I)
_FOOTER_CHARS = 400
_TRAIL_CHARS = 120
"""A navigation without links is a trail, such as `Handbook / People`."""
_SENTENCE = re.compile(r"[.!?](?:\s|$)")
_COOKIE_NAME = re.compile(r"cookie|consent|gdpr", re.I)
_COOKIE_TEXT = re.compile(r"\bcookies?\b", re.I)
_COOKIE_CHARS = 800
_LEFT_AT_LEAST = 80
"""Characters that must be left, or nothing is cut."""


def cut_boilerplate(root: Any, cuts: Cuts) -> None:
    """Take the boilerplate out of a page and record it."""
    found = _outermost(root)
    if not found:
        return
    total = len(_text(root))
    if total - sum(len(_text(node)) for node in found) < _LEFT_AT_LEAST:
        return
    for node in found:
        cuts.add("boilerplate", node.text_content())
        node.drop_tree()


def _outermost(root: Any) -> list[Any]:
    found: list[Any] = []
    stack = [(root, False)]
    while stack:
        node, in_content = stack.pop()
        if not isinstance(node.tag, str):
            continue
        if _is_boilerplate(node, in_content):
            found.append(node)
            continue
        inside = in_content or node.tag in _CONTENT
        stack.extend((child, inside) for child in reversed(node))
    return found


def _is_boilerplate(node: Any, in_content: bool) -> bool:
    tag, role = node.tag, (node.get("role") or "").lower()
    if tag in ("html", "body"):
        return False
    if _is_cookie_notice(node):
        return True
    if tag not in _TAGS and role not in _ROLES:
        return False
    if in_content and tag != "nav" and role != "navigation":
        return False
    if (
        next(node.iter("h1"), None) is not None
        or next(node.iter("article", "main"), None) is not None
    ):
        return False
    text = _text(node)
    is_footer = tag == "footer" or role == "contentinfo"
    if is_footer and len(text) <= _FOOTER_CHARS and _LEGAL.search(text):
        return True
    # Beside a `main`, a header is said not to be the content.
    has_main = node.getroottree().find(".//main") is not None
    is_trail = tag == "nav" or role == "navigation" or (tag == "header" and has_main)
    if is_trail and len(text) <= _TRAIL_CHARS and not _SENTENCE.search(text):
        return True
    linked = sum(len(_text(link)) for link in node.iter("a"))
    return linked >= _LINKS_AT_LEAST * len(text)


def _is_cookie_notice(node: Any) -> bool:
    name = f"{node.get('id') or ''} {node.get('class') or ''}"
    if node.tag not in ("div", "section", "aside", "dialog", "form", "footer"):
        return False
    if not _COOKIE_NAME.search(name):
        return False
    text = _text(node)
    return len(text) <= _COOKIE_CHARS and _COOKIE_TEXT.search(text) is not None


def _text(node: Any) -> str:
    return " ".join(node.text_content().split())
