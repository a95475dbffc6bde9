"""What somebody sees of a sentence: without comments and struck words, a link without its address.

"The warranty does ~~not~~ cover seals" has every word of the evidence, and shows the contrary of it
wherever Markdown is drawn, as "does <!-- not --> cover", "[does](not) cover" and "5&#48; days" do.
So claims are compared as they are shown. Where that cannot be told, they are veiled.
"""

import html
import re
import unicodedata
from collections.abc import Iterable
from typing import Final

from query.text.legible import legible
from query.text.words import fold

_LONGEST: Final = 400
"""Characters of a comment, of a struck passage or of an address; whoever writes more hides it."""
_COMMENT: Final = re.compile(rf"<!--.{{0,{_LONGEST}}}?-->", re.DOTALL)
_STRUCK: Final = re.compile(
    rf"~~(?=\S)[^~]{{1,{_LONGEST}}}~~"
    rf"|<(?P<tag>del|s|strike)>[^<]{{0,{_LONGEST}}}</(?P=tag)>"
    r"|(?:[^\W_][\u0335-\u0338]+)+",
    re.IGNORECASE,
)
"""The last are letters with a stroke of their own each."""
_ADDRESS: Final = rf"\([^()\n]{{0,{_LONGEST}}}(?:\([^()\n]{{0,80}}\))?[^()\n]{{0,80}}\)"
_IMAGE: Final = re.compile(rf"!\[[^\[\]\n]{{0,{_LONGEST}}}\]{_ADDRESS}")
_LINK: Final = re.compile(rf"\[(?P<text>[^\[\]\n]{{0,{_LONGEST}}})\]{_ADDRESS}")
_DEFINED: Final = re.compile(
    rf"^[ ]{{0,3}}\[[^\[\]\n]{{1,80}}\]:[^\n]{{0,{_LONGEST}}}$", re.MULTILINE
)
_TAG: Final = re.compile(
    r"</?(?:a|abbr|b|big|br|cite|code|em|font|i|ins|kbd|li|mark|ol|p|q|small|span|strong|sub|sup|u"
    r"|ul)\s?/?>",
    re.IGNORECASE,
)
"""Plain ones only: what has an attribute may be hidden by it."""
_BREAK: Final = re.compile(r"<(?:/?(?:p|li|ul|ol)|br)\b", re.IGNORECASE)
_STRONG: Final = (
    re.compile(r"(\*{1,3})(?=[^\s*])([^*\n]{1,400}?)(?<=[^\s*])\1"),
    re.compile(r"(`{1,2})(?=[^\s`])([^`\n]{1,400}?)(?<=[^\s`])\1"),
)
_FORMULA: Final = re.compile(r"\$(?=[^\s$])([^$\n]{1,80})(?<=[^\s$])\$(?![\w])")
_IN_FORMULA: Final = re.compile(
    r"\\(?:text|mathrm|mathbf|mathit|textbf|operatorname)\{([^{}]{0,80})\}"
)
_SPACE: Final = re.compile(r"\\[,;: ]|(?<!\\)~(?=\d)")
_ESCAPED: Final = re.compile(r"\\([%$&#_{}*\[\]().!+-])")
_APOSTROPHE: Final = re.compile(r"(?<=[^\W\d_])[\u2018\u02bc\u02b9\u2032\u00b4`\uff07](?=[^\W\d_])")
_VEIL: Final = re.compile(
    r"<!--|-->|~~|<[/a-z][^<>]{0,400}\s[a-z-]+\s?=[^<>]{0,400}>|\]\(|\\[a-z]{2,}"
    r"|</?(?:del|s|strike|template|script|style|details|summary|noscript|title|object)\b",
    re.IGNORECASE,
)
_WORD: Final = re.compile(r"[^\W\d_]+")
_LATIN: Final = re.compile(r"[A-Za-z]")
_ON_LETTER: Final = re.compile(r"(?<=[A-Za-z0-9])[\u0300-\u036f]+")
"""Marks that make no letter of their own with the one before them, as a line below it."""
_RUN_ON: Final = re.compile(r"(?<=[^\W_]{2}[.!?…])(?=[A-Z][a-z])")
"""Where a sentence begins without a blank before it."""
_MARKUP: Final = frozenset("<&~[`*$\\")


def shown(sentence: str) -> str:
    """Return what is seen of a sentence in Markdown or HTML, in plain letters.

    Args:
        sentence: As somebody wrote it.
    """
    text = _RUN_ON.sub(" ", legible(sentence))
    if not text.isascii():
        text = _STRUCK.sub("", "".join(map(_drawn, text)))
        text = _APOSTROPHE.sub("'", _ON_LETTER.sub("", text))
    if _MARKUP.isdisjoint(text):
        return text
    text = _DEFINED.sub(" ", _STRUCK.sub("", _COMMENT.sub("", text)))
    text = _LINK.sub(_said_of, _IMAGE.sub("", text))
    text = _TAG.sub(lambda tag: " " if _BREAK.match(tag.group()) else "", text)
    for pattern in _STRONG:
        text = pattern.sub(r"\2", text)
    if "$" in text:
        text = _FORMULA.sub(r"\1", text)
    if "\\" in text:
        text = _ESCAPED.sub(r"\1", _SPACE.sub(" ", _IN_FORMULA.sub(r"\1", text)))
    return legible(html.unescape(text)) if "&" in text else text


def is_veiled(sentence: str, evidence: Iterable[str]) -> bool:
    """Tell whether something in a sentence may hide or alter words, and stands in no evidence.

    A letter of another alphabet in a Latin word is such a thing: no rule reads the "not" in it.

    Args:
        sentence: As `shown` returned it.
        evidence: The texts it is held against.
    """
    pieces = [match.group() for match in _VEIL.finditer(sentence)]
    if not sentence.isascii() and _LATIN.search(sentence):
        words = (match.group() for match in _WORD.finditer(sentence))
        pieces += [word for word in words if not fold(word).isascii()]
    return bool(pieces) and not all(any(piece in text for text in evidence) for piece in pieces)


def _said_of(link: re.Match[str]) -> str:
    """Return the words of a link; a number alone is the marker of a citation."""
    return link.group().split("(")[0] if link["text"].strip().isdigit() else link["text"]


def _drawn(char: str) -> str:
    """Return the plain letter or figure that a sign is drawn like: 𝟓 is 5."""
    if char.isascii() or not unicodedata.decomposition(char).startswith(("<font>", "<wide>")):
        return char
    return unicodedata.normalize("NFKC", char)
