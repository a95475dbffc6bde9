"""What a clause is about: the words before its verb, told by small words and capitals alone."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from query.claims.figures import values_of
from query.text.words import ENGLISH_MARKERS, STOP_WORDS, WORD, fold, stem, table

AUXILIARIES: Final = table(
    "is are was were has have had can could may might must shall should will would do does did "
    "cannot isn't aren't wasn't weren't hasn't haven't won't can't"
)
TITLES: Final = table("dr mr mrs ms prof sir dame lord lady professor")
"""Before a name; they tell nobody from anybody."""
_DETERMINERS: Final = table("the a an each every all any our no some both")
_POINTING: Final = table("this that these those such")
_OWNERS: Final = table("its his her their")
_PERSONAL: Final = table("it he she they him them hers theirs here there") | _OWNERS
_SPEAKERS: Final = table("we i you one us my your")
_JOINS: Final = table(
    "and but while whereas although or also then however moreover where which who"
)
_FRONT: Final = table(
    "in on at for since during after before by with from under until when if as because up to "
    "within upon among above over between through of about into out without once following"
)
"""They open a phrase in front of the subject."""
_IRREGULAR: Final = table("""
    fell rose became left built rebuilt went came got made took gave sold bought won lost led ran
    wrote spoke began grew kept held met paid put set sat stood told lies costs
""")
"""Verbs that do not end like one."""
_GENERIC: Final = frozenset(
    stem(word)
    for word in table("""
        device product model unit machine tool company firm organisation organization institution
        building site facility person man woman group team town city village document agreement
        policy service system project film movie book novel album song show series school club band
        ship event latter former same other
    """)
)
"""Behind "the" they stand for what was named before."""
_MOST_WORDS: Final = 9
"""Words among which the verb is looked for."""
_VERB_BEFORE: Final = re.compile(r"[a-z]s\s+(?:(?:(?:on|in|from|until)\s+)?\S?\d|the |a |at )")
"""A verb with what it takes: "costs €5", "starts on 4 May"."""
_PAUSE: Final = re.compile(r",\s")

_Words = Sequence[re.Match[str]]


class Opening(StrEnum):
    """How a clause says what it is about."""

    NAMED = "named"
    DESCRIBED = "described"
    GUESSED = "guessed"
    """By its first words, which may be something else."""
    PRONOUN = "pronoun"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Subject:
    """What a clause is about."""

    opening: Opening
    stems: frozenset[str] = frozenset()
    names: frozenset[str] = frozenset()
    """Those of them that are its name."""
    owned: frozenset[str] = frozenset()
    """Those of them that belong to what was spoken of before: `her brother`."""

    @property
    def is_own(self) -> bool:
        """Whether the clause itself says what it is about."""
        return self.opening in {Opening.NAMED, Opening.DESCRIBED, Opening.GUESSED}


def names_in(text: str) -> frozenset[str]:
    """Return the stems of words with a capital, but for the first of a text and those of dates."""
    spans = [(v.start, v.end) for v in values_of(text)]
    found, at = [], 0
    for match in list(WORD.finditer(text))[1:]:
        while at < len(spans) and spans[at][1] <= match.start():
            at += 1
        in_value = at < len(spans) and spans[at][0] <= match.start()
        if match.group()[0].isupper() and not in_value and _may_name(match.group()):
            found.append(_stem(match))
    return frozenset(found)


def read_subject(clause: str, before: str = "") -> Subject:
    """Return what a clause is about.

    Args:
        clause: A clause, or a sentence.
        before: The clause before it in its sentence. A verb right behind "and" goes on with the
            subject of that.
    """
    words = list(WORD.finditer(clause))
    while words and _low(words[0]) in _JOINS:
        words = words[1:]
    if not words:
        return Subject(Opening.NONE)
    first = words[0].group()
    small = _low(words[0]) in _FRONT | _PERSONAL | _DETERMINERS | _SPEAKERS
    if before and first[0].isupper() and not small:
        return _read(clause, words, named_first=True)
    if before and _is_verb(first, before):
        return Subject(Opening.NONE)
    return _fronted(clause, words) if _low(words[0]) in _FRONT else _read(clause, words)


def _fronted(clause: str, words: _Words) -> Subject:
    """Read the subject behind a phrase such as "In 2019," or "During the trial period"."""
    pause = _PAUSE.search(clause, words[0].end())
    behind = [w for w in words if pause and w.start() > pause.start()]
    if behind and _low(behind[0]) not in _FRONT:
        found = _read(clause, behind)
        if found.opening not in {Opening.GUESSED, Opening.NONE} or len(behind) > 2:
            return found
    verb = next((n for n, w in enumerate(words) if _low(w) in AUXILIARIES), None)
    if verb is None:
        leans = any(_low(w) in {"he", "she", "it", "they"} for w in words)
        return Subject(Opening.PRONOUN if leans else Opening.NONE)
    begins = _DETERMINERS | _POINTING | _PERSONAL | _SPEAKERS
    starts = [n for n, w in enumerate(words[:verb]) if n and _low(w) in begins]
    return _read(clause, words[starts[-1] :]) if starts else Subject(Opening.NONE)


def _read(clause: str, words: _Words, *, named_first: bool = False) -> Subject:
    first = _low(words[0])
    if first in _SPEAKERS:
        return Subject(Opening.DESCRIBED)
    if first in _PERSONAL | _POINTING:
        return _pronoun(clause, words)
    described = first in _DETERMINERS
    words = words[1:] if described else words
    phrase = frozenset(_phrase(clause, words))
    if first == "the" and phrase and phrase <= _GENERIC:
        return Subject(Opening.PRONOUN, phrase)
    name = frozenset(_name(words, named_first=described or named_first))
    if name:
        return Subject(Opening.NAMED, name | phrase, name)
    if not phrase:
        return Subject(Opening.NONE)
    verb = _verb(clause, words) is not None
    if first in {"a", "an"} and not verb and clause[:4].lower() == "and ":
        return Subject(Opening.NONE)  # "… and a deposit of €400"
    return Subject(Opening.DESCRIBED if described or verb else Opening.GUESSED, phrase)


def _pronoun(clause: str, words: _Words) -> Subject:
    first = _low(words[0])
    if first not in _OWNERS | _POINTING:
        return Subject(Opening.PRONOUN)
    phrase = frozenset(_phrase(clause, words[1:]))
    plain = frozenset(_stem(w) for w in words[1:] if w.group().islower())
    owned = phrase & plain if first in _OWNERS else frozenset[str]()
    return Subject(Opening.PRONOUN, phrase, owned=owned)


def _is_verb(word: str, before: str) -> bool:
    """Tell a verb from a noun by its end, and where that says nothing by the verb before."""
    if word in _IRREGULAR or word in AUXILIARIES or word.endswith("ed"):
        return True
    return word.endswith("s") and _VERB_BEFORE.search(before) is not None


def _name(words: _Words, *, named_first: bool) -> tuple[str, ...]:
    """Return the name that a phrase begins with; a single capital may only open a sentence."""
    run: list[re.Match[str]] = []
    for match in words:
        if not (match.group()[0].isupper() or (run and match.group().isdigit())):
            break
        run.append(match)
    if len(run) < 2 and not named_first:
        return ()
    return tuple(_stem(w) for w in run if _may_name(w.group()))


def _verb(clause: str, words: _Words) -> int | None:
    """Return which of the first words is an auxiliary, if that stands before any value."""
    start = words[0].start() if words else 0
    limit = next((v.start for v in values_of(clause) if v.start >= start), len(clause))
    for number, match in enumerate(words[:_MOST_WORDS]):
        if number and match.start() >= limit:
            break
        if _low(match) in AUXILIARIES and match.group() != "May":
            return number
    return None


def _phrase(clause: str, words: _Words) -> tuple[str, ...]:
    """Return the words of the subject: those before an auxiliary, or else the first few."""
    verb = _verb(clause, words)
    spans = [(v.start, v.end) for v in values_of(clause)]
    if verb is None:
        return tuple(map(_stem, _first_words(clause, words, spans)))
    kept = [w for w in words[:verb] if _is_plain(w) and not _is_in(w, spans)]
    return tuple(map(_stem, kept))


def _first_words(
    clause: str, words: _Words, values: Sequence[tuple[int, int]]
) -> list[re.Match[str]]:
    kept: list[re.Match[str]] = []
    for match in words[:_MOST_WORDS]:
        word = match.group()
        if kept:
            broken = re.search(r"[,:;()]", clause[kept[-1].end() : match.start()])
            if broken or (word[0].islower() and word.endswith("ed")):
                break
        numbers = word.isdigit() and kept and kept[-1].group()[0].isupper()
        if not _is_plain(match) or (_is_in(match, values) and not numbers):
            break
        kept.append(match)
    if len(kept) < 2 or kept[-1].group()[0].isupper() or kept[-1].group().isdigit():
        return kept
    # The last word is the verb, where anything stands behind it.
    return kept[:-1] if kept[-1].end() < len(clause.rstrip(" .")) else kept


def _is_in(match: re.Match[str], spans: Sequence[tuple[int, int]]) -> bool:
    return any(start <= match.start() < end for start, end in spans)


def _is_plain(match: re.Match[str]) -> bool:
    return _low(match) not in STOP_WORDS | TITLES | _FRONT | AUXILIARIES


def _may_name(word: str) -> bool:
    return word.lower() not in STOP_WORDS | ENGLISH_MARKERS | TITLES


def _low(match: re.Match[str]) -> str:
    return match.group().lower()


def _stem(match: re.Match[str]) -> str:
    return stem(fold(match.group()).lower())
