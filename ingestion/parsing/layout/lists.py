"""What begins an item of a list."""

import re

BULLETS = "•◦▪‣●○■□❑❒➢➤►▶✓✔❖◆◇⁃∙·\uf0b7\uf0a7\uf0d8\uf076\uf0fc\uf06f\uf0a8"
_SOFT_BULLETS = "–—*-o"
"""Bullets only where a blank or a gap follows and the text is no sum or dialogue."""
_BULLET = re.compile(rf"(?:[{BULLETS}]\s*|[{re.escape(_SOFT_BULLETS)}]\s+)(?=\S)")
_NUMBER = re.compile(
    r"(?:\(?(?:\d{1,3}|[a-z]|[A-Z]|[ivx]{1,5})[.)]|\((?:\d{1,3}|[a-z]|[ivx]{1,5})\))\s+(?=\S)"
)
LABEL = re.compile(
    rf"(?:[{BULLETS}{re.escape(_SOFT_BULLETS)}\uf02d]"
    r"|\(?(?:\d{1,3}|[A-Za-z]|[ivxIVX]{1,5})[.)]|\d{1,2}(?:\.\d{1,2}){1,4}\.?)"
)
"""A bullet or number that stands alone in front of the text it belongs to."""


def begins_item(text: str) -> bool:
    """Whether a line begins an item of a list."""
    return _BULLET.match(text) is not None or _NUMBER.match(text) is not None


def without_bullet(text: str) -> str:
    """The text of an item; a number stays, a bullet goes."""
    bullet = _BULLET.match(text)
    return text[bullet.end() :] if bullet else text
