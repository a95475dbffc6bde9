"""What of a question must be met letter by letter: names, codes with digits, acronyms."""

import re
from typing import Final

from query.text.values import Value, ValueKind
from query.text.words import ENGLISH_MARKERS, STOP_WORDS, WORD, table

_HONORIFICS: Final = table("mr mrs ms dr prof st sir madam")
_HONORIFIC: Final = re.compile(r"\b(?:Mr|Mrs|Ms|Dr|Prof|St)\.$")
_IDENTIFIER: Final = re.compile(
    r"(?<![\w.-])(?=[\w./-]*\d)(?=[\w./-]*[A-Za-z])[A-Za-z0-9]+(?:[-_./][A-Za-z0-9]+)*(?![\w-])"
)
_ORDINARY: Final = re.compile(
    r"\d+(?:st|nd|rd|th|s|k|m|x|am|pm|h|d|kg|km|gb|mb|tb|ms|cm|mm|bn)|\d{1,4}-(?:[a-z]+)(?:-[a-z]+)*"
    r"|[a-z]+-\d{4}|\d+(?:\.\d+)?[a-z]{1,2}",
    re.IGNORECASE,
)
_ACRONYM: Final = re.compile(r"(?<![\w-])[A-Z]{2,6}(?:s)?(?![\w-])")
_NO_NAMES: Final = STOP_WORDS | ENGLISH_MARKERS | _HONORIFICS


def names_of(text: str) -> tuple[str, ...]:
    """Return capitalised words and sequences of them that do not open a sentence."""
    words = list(WORD.finditer(text))
    capitals = [w for w in words if w.group()[0].isupper()]
    if len(words) > 3 and len(capitals) > 0.6 * len(words):
        return ()  # a title or shouting: capitals say nothing
    names: list[list[re.Match[str]]] = []
    for index, word in enumerate(words):
        before = text[: word.start()].rstrip()
        opens = index == 0 or (
            before[-1:] in {".", "?", "!", ":"} and not _HONORIFIC.search(before)
        )
        ordinary = word.group().lower().replace("’", "'") in _NO_NAMES
        if not word.group()[0].isupper() or ordinary or opens or _is_code(word, text):
            continue
        joined = names and text[names[-1][-1].end() : word.start()] in {" ", "-", " of ", " de "}
        names[-1].append(word) if joined else names.append([word])
    found = (text[group[0].start() : group[-1].end()] for group in names)
    return tuple(dict.fromkeys(re.sub(r"['’]s$", "", name) for name in found))


def _is_code(word: re.Match[str], text: str) -> bool:
    around = (m for m in _IDENTIFIER.finditer(text) if m.start() <= word.start() < m.end())
    return len(word.group()) < 2 or any(True for _ in around) or word.group().isupper()


def identifiers_of(text: str) -> tuple[str, ...]:
    """Return codes with digits, such as `TRN-204`."""
    found = (m.group().rstrip(".") for m in _IDENTIFIER.finditer(text))
    return tuple(dict.fromkeys(code for code in found if not _ORDINARY.fullmatch(code)))


def acronyms_of(text: str) -> tuple[str, ...]:
    """Return words in capitals, in the singular; none where everything is."""
    if text.isupper():
        return ()
    return tuple(dict.fromkeys(m.group().removesuffix("s") for m in _ACRONYM.finditer(text)))


def is_inside_identifier(value: Value, text: str) -> bool:
    """Tell whether a value is only part of a code, or a short word for a number."""
    codes = (m for m in _IDENTIFIER.finditer(text) if not _ORDINARY.fullmatch(m.group()))
    return any(m.start() <= value.start < m.end() for m in codes) or (
        value.kind is ValueKind.NUMBER and value.text.isalpha() and len(value.text) < 4
    )
