"""Cleans parsed elements into one text without invisible characters, with exact offsets."""

import re
import unicodedata
from collections import Counter
from collections.abc import Iterator, Sequence

from ingestion.document import CleanElement, CleanText, Element, ElementKind

CLEANER_VERSION = "3"
"""Part of the pipeline fingerprint: raised whenever cleaning changes a text or cuts from it."""

# --- what is taken out -----------------------------------------------------------------------
# Literal ranges instead of unicodedata.category: the same result under every Python version.
# Cf characters that are drawn (Arabic number signs, U+0600–0605, U+06DD, …) are not listed.
_REMOVED = {
    "control": r"[\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f]",
    "soft_hyphen": "\u00ad",
    "zero_width": "[\u034f\u115f\u1160\u17b4\u17b5\u180e\u200b\u2060-\u2065\ufeff\uffa0\u3164]",
    "bidi": "[\u061c\u200e\u200f\u202a-\u202c\u2066-\u2069]",
    "bidi_override": "[\u202d\u202e]",
    "format": (
        "[\u206a-\u206f\ufff0-\ufffc\U00013430-\U0001345f"
        "\U0001bca0-\U0001bca3\U0001d173-\U0001d17a]"
    ),
    "variation_selector": "[\u180b-\u180d\u180f\ufe00-\ufe0d\U000e0100-\U000e01ef]",
    "noncharacter": "[\ufdd0-\ufdef"
    + "".join(f"{chr(p << 16 | 0xFFFE)}{chr(p << 16 | 0xFFFF)}" for p in range(17))
    + "]",
}
_ANSI_SEQUENCE = r"\x1b\[[0-?]*[ -/]*[@-~]|\x1b\][^\x07\x1b\n]{0,200}(?:\x07|\x1b\\)|"
_REMOVALS = {
    name: re.compile(_ANSI_SEQUENCE + pattern if name == "control" else pattern)
    for name, pattern in _REMOVED.items()
}
# A private-use character was drawn as some glyph, so it separates the words around it.
_PRIVATE_USE = re.compile("[\ue000-\uf8ff\U000f0000-\U000ffffd\U00100000-\U0010fffd]+")

# --- what stays, in its place only -----------------------------------------------------------
_EMOJI = (
    "\u00a9\u00ae\u203c\u2049\u2122\u2139\u2194-\u21aa\u231a-\u23ff\u24c2\u25aa-\u25fe"
    "\u2600-\u27bf\u2934\u2935\u2b05-\u2b55\u3030\u303d\u3297\u3299\U0001f000-\U0001faff"
)
_EMOJI_UNIT = f"[{_EMOJI}](?:[\ufe0e\ufe0f]|[\U0001f3fb-\U0001f3ff]\ufe0f?)?"
TAG_FLAG = "\U0001f3f4" + (  # the flags of England, Scotland and Wales; no other is defined
    "(?:" + "|".join("".join(chr(0xE0000 + ord(c)) for c in r) for r in ("gbeng", "gbsct", "gbwls"))
) + ")\U000e007f"  # fmt: skip
# Arabic, Syriac, N'Ko, Indic scripts, Tibetan, Myanmar, Khmer, Mongolian, presentation forms.
_JOINING = (
    "\u0620-\u08ff\u0900-\u0dff\u0f00-\u109f\u1780-\u18af\ua840-\uabff"
    "\ufb50-\ufdcf\ufdf0-\ufdff\ufe70-\ufefc"
)
_VIRAMA = "\u094d\u09cd\u0a4d\u0acd\u0b4d\u0bcd\u0c4d\u0ccd\u0d4d\u0dca"
_CONTEXTUAL = re.compile(
    f"(?P<keep>{TAG_FLAG}|[#*0-9]\ufe0f\u20e3|{_EMOJI_UNIT}(?:\u200d{_EMOJI_UNIT})*"
    f"|(?<=[{_JOINING}])[\u200c\u200d](?=[{_JOINING}])|(?<=[{_VIRAMA}])\u200d)"
    "|(?P<zero_width>[\u200c\u200d])|(?P<variation_selector>[\ufe0e\ufe0f])"
    "|(?P<tags>[\U000e0000-\U000e00ff\U000e01f0-\U000e0fff])"
)
_HAS_CONTEXTUAL = re.compile("[\u200c\u200d\ufe0e\ufe0f\U000e0000-\U000e0fff]")
# The search every text pays for: a class within the BMP is ten times as fast as one beyond.
_SUSPICIOUS = re.compile(
    "[\U00010000-\U0010ffff]|["
    + "".join(re.sub("[\U00010000-\U0010ffff]-?", "", p).strip("[]") for p in _REMOVED.values())
    + "\u200c\u200d\ufe0e\ufe0f\ue000-\uf8ff]"
)
_SUSPICIOUS_ASCII = re.compile(r"[\x00-\x08\x0e-\x1f\x7f]")
_SURROGATE = re.compile("[\ud800-\udfff]")

# --- white space -----------------------------------------------------------------------------
_LINE_BREAK = re.compile("\r\n?|[\x0b\x0c\x85\u2028\u2029]")
_ODD_SPACE = re.compile("[\u00a0\u1680\u2000-\u200a\u202f\u205f\u2800\u3000]")
_UNTIDY = ("  ", "\t", " \n", "\n ", "\n\n\n")
_SPACES = re.compile(r"[ \t]+")
_AROUND_BREAK = re.compile(r" ?\n ?")
# From the first blank of a run on, and no other: a run of 100,000 would take minutes.
_TABLE_CELL = re.compile(r"(?:(?<! ) ++)?\t *")
_TABLE_SPACES = re.compile(r" {2,}")
_TABLE_LINE_ENDS = re.compile(r"(?:(?<! ) ++)?\n *")
_CODE_LINE_END = re.compile(r"(?<![ \t])[ \t]++(?=\n)")
_MANY_BREAKS = re.compile(r"\n{3,}")

_RUNNING = frozenset({ElementKind.LIST_ITEM, ElementKind.MAIL_HEADER})
"""Kinds of which consecutive elements stand on consecutive lines."""


def clean(elements: Sequence[Element]) -> CleanText:
    """Clean elements and join them to one text.

    Characters that cannot be seen are removed and counted, except where a legitimate text
    needs them: inside emoji sequences, and as joiners in scripts that are written with them.
    Cleaning is idempotent: the cleaned elements come out unchanged when cleaned again.

    Args:
        elements: The elements of one document in reading order.

    Returns:
        The text, the place of every element that is not empty, and what was removed.
    """
    removed: Counter[str] = Counter()
    parts: list[str] = []
    placed: list[CleanElement] = []
    at = 0
    for element in elements:
        text = _tidy(_visible(element.text, removed), element.kind)
        if not text:
            continue
        if placed:
            running = element.kind in _RUNNING and placed[-1].kind is element.kind
            parts.append("\n" if running else "\n\n")
            at += len(parts[-1])
        parts.append(text)
        breaks = tuple((at + place, page) for place, page in _page_breaks(element))
        placed.append(
            CleanElement(element.kind, at, at + len(text), element.level, element.page, breaks)
        )
        at += len(text)
    trace = tuple(sorted((what, count) for what, count in removed.items() if count))
    return CleanText("".join(parts), tuple(placed), trace)


def _page_breaks(element: Element) -> Iterator[tuple[int, int]]:
    """Where in the cleaned text of an element another page begins, and its number."""
    at = last = 0
    for place, page in element.page_breaks:
        before = element.text[last:place]
        at += len(_tidy(_visible(before, Counter()), element.kind)) + before[-1:].isspace()
        last = place
        yield at, page


def visible(text: str) -> str:
    """Return any text without what cannot be seen, as the elements of documents are cleaned of it.

    Spaces become plain ones, and letters are composed (NFC).

    Args:
        text: Such as a question that is asked of the documents.
    """
    return _visible(text, Counter())


def _visible(text: str, removed: Counter[str]) -> str:
    """Normalise line breaks, spaces and composition, and take out what cannot be seen."""
    if not text.isascii():
        if _SURROGATE.search(text):
            text = _join_surrogates(text, removed)
        text = _ODD_SPACE.sub(" ", text)
        text = unicodedata.normalize("NFC", text)
        suspicious = _SUSPICIOUS.search(text)
    else:
        suspicious = _SUSPICIOUS_ASCII.search(text)
    if suspicious is None:
        return _LINE_BREAK.sub("\n", text)
    text = _LINE_BREAK.sub("\n", text)
    while True:
        # Taking something out may bring together what composes, or end an emoji sequence.
        stripped = _strip(text, removed)
        if stripped == text:
            return text
        text = unicodedata.normalize("NFC", stripped)


def _strip(text: str, removed: Counter[str]) -> str:
    for name, pattern in _REMOVALS.items():
        text, count = pattern.subn("", text)
        removed[name] += count
    text, count = _PRIVATE_USE.subn(" ", text)
    removed["private_use"] += count
    if not _HAS_CONTEXTUAL.search(text):
        return text

    def keep_or_count(match: re.Match[str]) -> str:
        if match.lastgroup is None or match.lastgroup == "keep":
            return match.group()
        removed[match.lastgroup] += 1
        return ""

    return _CONTEXTUAL.sub(keep_or_count, text)


def _join_surrogates(text: str, removed: Counter[str]) -> str:
    """Join surrogate pairs to the characters they stand for; a lone one becomes U+FFFD."""
    joined = text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    removed["surrogate"] += len(_SURROGATE.findall(text)) - 2 * (len(text) - len(joined))
    return joined


def _tidy(text: str, kind: ElementKind) -> str:
    """Collapse white space as far as the kind of element permits."""
    if kind is ElementKind.CODE:
        text = _MANY_BREAKS.sub("\n\n", _CODE_LINE_END.sub("", text.rstrip()))
        return text.lstrip("\n")
    if kind is ElementKind.TABLE:
        if "\t" in text:
            text = _TABLE_CELL.sub("\t", text)
        text = _TABLE_LINE_ENDS.sub("\n", _TABLE_SPACES.sub(" ", text))
        text = _MANY_BREAKS.sub("\n\n", text).strip("\n ")
        return text if text.strip() else ""
    if kind is ElementKind.HEADING:
        return " ".join(text.split())
    if any(mark in text for mark in _UNTIDY):
        text = _AROUND_BREAK.sub("\n", _SPACES.sub(" ", text))
        text = _MANY_BREAKS.sub("\n\n", text)
    return text.strip()
