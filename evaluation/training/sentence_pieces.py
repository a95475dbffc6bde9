"""Sentences of a text, and the pieces of a sentence that a question may ask for."""

import re
from collections.abc import Collection, Iterator, Sequence
from enum import StrEnum
from typing import NamedTuple

_SMALL = """a an the of in on at to for by with from as is are was were be been being and or but not
    no that this these those it its his her their our your my he she they we you i which who whom
    whose what when where why how do does did has have had will would can could may might shall
    should must than then there here also such so if into over under about after before between
    during through more most other some any all each both only very s t"""
STOP = frozenset(_SMALL.split())
"""Words that say nothing about what a sentence is about."""
WORD = re.compile(r"[A-Za-z][A-Za-z'’-]*|\d[\d,.]*\d|\d")
YEAR = re.compile(r"1[0-9]{3}|20[0-9]{2}")
SENTENCE_END = re.compile(r"(?<=[.!?])[\"')]* (?=[A-Z\"'(])")
JOINS = (" ", "-", ". ")
"""What may stand between the words of a name; "Mr. Hume" is one."""
LONGEST_NAME = 6
SHORTEST_NOUN = 4


class PieceKind(StrEnum):
    """What a piece of a sentence is."""

    NAME = "name"
    YEAR = "year"
    NUMBER = "number"
    NOUN = "noun"


class Stretch(NamedTuple):
    """Characters of a text."""

    start: int
    end: int


class Word(NamedTuple):
    """A word and its characters in the text."""

    text: str
    start: int
    end: int

    @property
    def is_content(self) -> bool:
        """Whether it says what the sentence is about."""
        return self.text.lower() not in STOP


class Piece(NamedTuple):
    """A name, year, number or noun and its characters in the text."""

    kind: PieceKind
    start: int
    end: int


def sentences_of(text: str) -> Iterator[Stretch]:
    """Yield the sentences of a text."""
    start = 0
    for end in SENTENCE_END.finditer(text):
        yield Stretch(start, end.start())
        start = end.end()
    yield Stretch(start, len(text))


def words_of(text: str, sentence: Stretch) -> list[Word]:
    """Return the words and numbers of a sentence."""
    found = WORD.finditer(text, sentence.start, sentence.end)
    return [Word(m.group(), m.start(), m.end()) for m in found]


def pieces_of(text: str, words: Sequence[Word], nouns: Collection[str]) -> Iterator[Piece]:
    """Yield the pieces of a sentence in their order."""
    at = 0
    while at < len(words):
        word = words[at]
        behind = at + 1
        if word.text[0].isdigit():
            kind = PieceKind.YEAR if YEAR.fullmatch(word.text) else PieceKind.NUMBER
            yield Piece(kind, word.start, word.end)
        elif _begins_name(words, at):
            behind = _end_of_name(text, words, at)
            if behind - at <= LONGEST_NAME:
                yield Piece(PieceKind.NAME, word.start, words[behind - 1].end)
        elif (
            word.text.islower()
            and len(word.text) >= SHORTEST_NOUN
            and word.is_content
            and (word.text in nouns or word.text.rstrip("s") in nouns)
        ):
            yield Piece(PieceKind.NOUN, word.start, word.end)
        at = behind


def _begins_name(words: Sequence[Word], at: int) -> bool:
    """The first word of a sentence is a name only if another capitalised one follows."""
    word = words[at]
    if not word.text[0].isupper() or not word.is_content:
        return False
    return at > 0 or (len(words) > 1 and words[1].text[0].isupper())


def _end_of_name(text: str, words: Sequence[Word], at: int) -> int:
    """Return the place behind the last word of a name; "of" may stand within."""
    end = at + 1
    while end < len(words) and text[words[end - 1].end : words[end].start] in JOINS:
        within = (
            words[end].text == "of" and end + 1 < len(words) and words[end + 1].text[0].isupper()
        )
        if not words[end].text[0].isupper() and not within:
            break
        end += 1
    return end
