"""What of a message is asked: the question without salutation, own introduction and signature.

"My name is Ana Petrovic, which discount do I get?" asks about a discount. That no document names
Ana Petrovic says nothing about the answer, and to look for her spoils the search.
"""

import re
from typing import Final

from query.privacy.introductions import Part, framed
from query.text.legible import legible
from query.text.words import STOP_WORDS, WORD

_BEFORE: Final = re.compile(r"[.!?;:,\s–—]*")
_BEHIND: Final = re.compile(
    r"(?:\s+(?:here|speaking|calling|writing|again|am apparat)\b)?[\s,.!;:–—]*"
    r"(?:(?:and|und|et|y)\s+)?",
    re.IGNORECASE,
)
_HELD: Final = re.compile(
    r"(?:\*{1,3}|_{1,3}|[\"“„«'‘])(?P<all>[^*_\"“”„«»]+\?)(?:\*{1,3}|_{1,3}|[\"”“»'’])"
)
_SALUTATION: Final = re.compile(
    r"\s*(?:dear\s[^,.!?:\n]{1,60}|to whom it may concern|(?:hello|hi|hey|good (?:morning|afternoon"
    r"|evening|day))(?:\s(?:there|all|everyone|team))?|sehr geehrte[rs]?\s[^,.!?:\n]{1,60}"
    r"|guten (?:tag|morgen|abend)|bonjour|madame,?\s?monsieur|estimad[oa]s?\s[^,.!?:\n]{1,60}"
    r"|buen[oa]s (?:días|tardes|noches))\s*[,.!:\n]\s*",
    re.IGNORECASE,
)
"""Of a letter to an office; one with a name is found by `introductions.py`."""
SIGNATURE: Final = 80
"""Characters behind the name of a signature, at the end: office, firm, place."""


def asked_in_lines(text: str) -> str:
    """Return a message without its frame, in one line.

    What stands in a line of its own under "Kind regards" is known for a name by that; what was
    wrapped is read once more without its lines.

    Args:
        text: As it came.
    """
    lines = (" ".join(line.split()) for line in legible(text).splitlines())
    return _bare(asked_in(" ".join(asked_in("\n".join(lines)).split())))


def asked_in(text: str) -> str:
    """Return a message without its frame; a message that is nothing else is returned as it came.

    Names that a message is about ("my colleague Jane Roe", "our customer Mr. Smith") stay: another
    person's figures would be a wrong answer.
    """
    left, at = [], 0
    for start, end, part in sorted(framed(text)):
        if start < at:
            continue
        # The mark that ends what stands before stays with it.
        kept = _BEFORE.match(text, start)
        begin = kept.end() if kept else start
        behind = _BEHIND.match(text, end)
        left.append(text[at:begin])
        at = behind.end() if behind else end
        if part is Part.SIGNATURE and len(text) - at <= SIGNATURE and "?" not in text[at:]:
            at = len(text)
    asked = "".join((*left, text[at:])).strip()
    if not left or not _says_something(asked):
        asked = text
    opening = _SALUTATION.match(asked)
    rest = asked[opening.end() :] if opening else ""
    return rest if _says_something(rest) else asked


def _bare(asked: str) -> str:
    """Take the marks off that hold all of a question: it was copied from a text or a chat."""
    held = _HELD.fullmatch(asked)
    return held["all"].strip() if held else asked


def _says_something(text: str) -> bool:
    return any(m.group().lower() not in STOP_WORDS for m in WORD.finditer(text))
