"""Read off passages which things of one kind they name: `North Workshop`, `the mayor of Marlow`.

A kind is a common noun. A thing of that kind is named by capitals before the noun, behind it or
behind "of", by the title of its document, and by the sentence that says what a document is about:
"Safe Haven is a film".
"""

import functools
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from query.text.passages import Passage
from query.text.words import STOP_WORDS, WORD, stem, stems, table

_CAPITAL: Final = r"(?:[A-Z0-9À-Þ][\w'’&-]*)"
_NAME: Final = rf"{_CAPITAL}(?: (?:(?:of|the|and|de|la|du|von|van|for) )?{_CAPITAL}){{0,4}}"
_BEFORE: Final = re.compile(rf"(?<![\w'’-])(?P<name>{_NAME})[ -](?:(?P<between>[a-z]+) )?$")
_BEHIND: Final = re.compile(
    rf"(?P<joined>,? (?:of|at|in|for|on) (?:the )?)(?P<far>{_NAME})"
    rf"|(?P<near> [\"“'‘`]{{0,2}}{_NAME})"
)
_QUOTES: Final = " \"“'‘`"
_WINDOW: Final = 70
"""Characters on either side of a noun within which its name must stand."""
_SHORT: Final = 2
"""Words of a name with a small word behind it: "Marlow fire station", no "… Museum shows ship"."""
_ABBREVIATION: Final = 3
"""Letters of a word in capitals that is more often `TV` or `UK` than a name."""
_LEAD_CHARS: Final = 260
_TITLE_ENDS: Final = re.compile(r"\s*[(,:–—|]|\s-\s|\s(?:of|in|at|for|on|by|from|to|and|with)\s|$")
"""What stands before the first of these is what a title is the name of."""
_BRACKETS: Final = re.compile(r"\s*\(")
_FIRST_NAME: Final = re.compile(rf"(?:^|(?<=\s))(?:[Tt]he )?(?P<name>{_CAPITAL}(?: {_CAPITAL})+)")
_DEFINED: Final = (
    r"\b(?:is|was|are|were)\s+(?:an?|the|one of (?:the|many|several|two|three|four|five|its|our))\s"
    r"(?:[\w,'’–-]+\s){0,6}?"
)
_NO_NAME: Final = STOP_WORDS | table(
    """january february march april may june july august september october november december monday
    tuesday wednesday thursday friday saturday sunday new old local national regional main
    international american british english french german european first second third no see
    however although since during before after when while each every both many several most all
    these this that for in on at by from to our your my his her their its today then later early
    late next last other two three four five six seven eight nine ten"""
)


@dataclass(frozen=True, slots=True)
class Instance:
    """A thing of the kind that is asked about, as a passage names it."""

    name: str
    passage: Passage
    own: frozenset[str]
    """Stems of the name but for those of the kind."""
    subject: bool
    """Whether it is what the document is about."""


def find_instances(
    noun: str, modifiers: frozenset[str], passages: Sequence[Passage]
) -> tuple[Instance, ...]:
    """Return the things of a kind that passages name, in the order of the passages.

    Args:
        noun: The common noun, in lower case.
        modifiers: Stems of the words that stand before it in the question.
        passages: Candidates, best first.
    """
    kind = stem(noun)
    found: list[Instance] = []
    for passage in passages:
        if kind not in passage.stems and kind not in passage.context:
            continue
        if modifiers - passage.stems - passage.context:
            continue
        seen: set[frozenset[str]] = set()
        for name, subject in _names(noun, passage):
            own = frozenset(stems(name)) - modifiers - {kind}
            if own and own not in seen and (subject or _is_telling(name, kind)):
                seen.add(own)
                found.append(Instance(name, passage, own, subject))
    return tuple(found)


def subject_of(passage: Passage) -> Instance:
    """Return what a document is about, by its title, or by the first name in a text without one."""
    name = _BRACKETS.split(" ".join(passage.title.split()), maxsplit=1)[0]
    if not name:
        names = (match["name"] for match in _FIRST_NAME.finditer(passage.text))
        name = next((n for n in names if _NO_NAME.isdisjoint(n.lower().split())), passage.key)
    return Instance(name, passage, frozenset(stems(name)), subject=True)


def names_in(noun: str, text: str) -> tuple[str, ...]:
    """Return the names that a text gives to things of a kind."""
    word, _, _ = _patterns(noun)
    names = (_name_around(text, match) for match in word.finditer(text))
    return tuple(name for name in names if name and _is_telling(name, stem(noun)))


def is_defined_in(noun: str, text: str) -> bool:
    """Tell whether a text says that something is a thing of the kind: "Safe Haven is a film"."""
    _, defined, _ = _patterns(noun)
    return defined.search(text) is not None


def _is_telling(name: str, kind: str) -> bool:
    """Tell whether some word is a name: no year, no `TV series`, nothing that many have."""
    return any(
        word[0].isupper()
        and not (word.isupper() and len(word) <= _ABBREVIATION)
        and word.lower() not in _NO_NAME
        and stem(word.lower()) != kind
        for word in WORD.findall(name)
    )


def _names(noun: str, passage: Passage) -> Iterator[tuple[str, bool]]:
    word, defined, bracket = _patterns(noun)
    title = " ".join(passage.title.split())
    lead = title or passage.text[:_LEAD_CHARS].split("\n", 1)[0]
    if title and (_is_titled(title, word, bracket) or _is_defined(passage, defined)):
        yield title if not bracket.search(title) else title.split(" (")[0], True
    elif not title and passage.ordinal == 0:
        match = defined.search(lead)
        if match and match.start() > 2:
            yield re.split(r"\s*[(,;]", lead[: match.start()])[0].strip()[:60], True
    for text in (*passage.headings, passage.text):
        for match in word.finditer(text):
            name = _name_around(text, match)
            if name:
                yield name, False


def _is_titled(title: str, word: re.Pattern[str], bracket: re.Pattern[str]) -> bool:
    """Tell whether a title names a thing of the kind: not `Elections in the Roman Republic`."""
    head = _TITLE_ENDS.split(title, maxsplit=1)[0]
    return bracket.search(title) is not None or any(
        match.end() == len(head) for match in word.finditer(head)
    )


def _is_defined(passage: Passage, defined: re.Pattern[str]) -> bool:
    return passage.ordinal == 0 and defined.search(passage.text[:_LEAD_CHARS]) is not None


def _name_around(text: str, noun: re.Match[str]) -> str:
    start, end = noun.span()
    before = _BEFORE.search(text[max(0, start - _WINDOW) : start])
    if before:
        words = before["name"].split(" ")
        while words and words[0].lower() in _NO_NAME:
            words = words[1:]
        if words and not before["between"]:
            return " ".join([*words, noun.group()])
        if 0 < len(words) <= _SHORT and before["between"] not in STOP_WORDS:
            return " ".join([*words, before["between"], noun.group()])
    behind = _BEHIND.match(text[end : end + _WINDOW])
    if behind and behind["far"]:
        return f"{noun.group()}{behind['joined']}{behind['far']}".replace(", ", " ")
    if behind and noun.group().islower():
        near = behind["near"].strip(_QUOTES)
        return f"{noun.group()} {near}"
    return ""


@functools.lru_cache(maxsize=512)
def _patterns(noun: str) -> tuple[re.Pattern[str], ...]:
    """Compile how a kind stands in a text, in the sentence that defines, in brackets."""
    kind = re.escape(noun)
    word = rf"(?<![\w-]){kind}(?![\w-])"
    every = (word, rf"{_DEFINED}{kind}\b", rf"\([^)]*\b{kind}\b")
    return tuple(re.compile(pattern, re.IGNORECASE) for pattern in every)
