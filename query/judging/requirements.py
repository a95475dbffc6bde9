"""What the evidence must name before it can answer: identifiers, acronyms, names, numbers."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from query.asking.question import Question
from query.decision import ReasonCode
from query.tables.limits import limit_holds
from query.tables.quantities import read_quantity
from query.tables.ranges import AROUND, scale_holds
from query.text.calendar_spans import spans
from query.text.designators import find_designators, names_designator
from query.text.passages import CELL, Passage, table_heads
from query.text.values import Value, ValueKind, find_values, is_date_said, same_value
from query.text.words import WORD, stem

_LETTERED: Final = re.compile(r"\b(?P<head>[A-Z][a-z]+) (?P<letter>[A-HJ-Z])(?![\w'’.]| [A-Z])")
"""`Pump B`; in "Is Ann I …" and "John F. Kennedy" the letter is none that counts."""
_DECIMAL: Final = re.compile(
    r"\b(?:(?P<word>with|in|on|under)\s(?P<number>\d+\.\d+)(?=\s*[?.,]?\s*$|\s(?:and|or|with|on|in|as)\b)"
    r"|(?P<verb>does|did|do|is|was|can|will)\s(?P<subject>\d+\.\d+)(?=\s[a-z]))",
    re.IGNORECASE,
)
"""A number that a thing is called by, such as a release: no amount of anything."""
_CALLED: Final = re.compile(r"(?<=\| )\d+\.\d+(?=\s|$)")
"""A number at the beginning of a cell."""
_SIBLINGS: Final = 2
"""Letters behind one word in the evidence that make them a series."""


@dataclass(frozen=True, slots=True)
class Requirement:
    """Something literal that a question names."""

    text: str
    code: ReasonCode
    """Reason to give when no evidence holds it."""
    strict: bool
    """Whether its absence alone refuses the question."""
    measure: str = ""
    """A number with what it counts, to be looked up in ranges."""
    values: tuple[Value, ...] = ()
    """What the text of a number says; hundreds of them are held against every passage."""


def requirements(question: Question) -> tuple[Requirement, ...]:
    """Return what the evidence of `question` must name, the most telling first."""
    entity = ReasonCode.ENTITY_NOT_FOUND
    found = [Requirement(text, entity, True) for text in question.identifiers]
    found += [Requirement(text, entity, True) for text in question.names]
    found += [Requirement(d.text, entity, True) for d in question.designators]
    found += [Requirement(text, entity, False) for text in question.acronyms]
    found += [
        Requirement(
            value.text,
            ReasonCode.NUMBER_NOT_FOUND,
            _is_strict(value),
            question.text[value.start : value.start + max(AROUND, len(value.text))],
            find_values(value.text),
        )
        for value in question.values
    ]
    return tuple(found)


def holds(passage: Passage, requirement: Requirement) -> bool:
    """Tell whether `passage` names what is required."""
    if requirement.code is ReasonCode.NUMBER_NOT_FOUND:
        return _holds_number(passage, requirement)
    text = requirement.text
    designators = find_designators(text)
    if designators:
        return names_designator(passage.everything, designators[0])
    if _literal(text, passage):
        return True
    if text.isupper() and not any(c.isdigit() for c in text):
        return _spelled_out(text, passage.everything)
    if any(c.isdigit() for c in text):
        return _holds_code(passage, text)
    return _holds_name(passage, text) or spans(text, passage.everything)


def absent(question: Question, passages: Sequence[Passage]) -> tuple[Requirement, ...]:
    """Return the requirements that no passage meets."""
    lacking = [r for r in requirements(question) if not any(holds(p, r) for p in passages)]
    return (*lacking, *_lettered(question, passages), *_among_numbers(question, passages))


def _lettered(question: Question, passages: Sequence[Passage]) -> Iterator[Requirement]:
    """Yield what a letter tells from the siblings that the evidence names: "Pump C" of A and B.

    Elsewhere a letter may be an initial or a mark, whose absence says nothing.
    """
    for found in _LETTERED.finditer(question.text):
        known = re.compile(rf"\b{re.escape(found['head'])}s? (?P<letter>[A-Z])(?![\w'’])")
        letters = {m["letter"] for p in passages for m in known.finditer(p.everything)}
        if len(letters) >= _SIBLINGS and found["letter"] not in letters:
            yield Requirement(found.group(), ReasonCode.ENTITY_NOT_FOUND, True)


def _among_numbers(question: Question, passages: Sequence[Passage]) -> Iterator[Requirement]:
    """Yield a number that has siblings in the evidence and is none of them: "with 3.7" of 3.8, 4.0.

    Siblings stand behind the same word, or are what the columns of a table are called by.
    """
    asked = dict.fromkeys(
        (m["number"] or m["subject"], m["word"] or m["verb"])
        for m in _DECIMAL.finditer(question.text)
    )
    called = _called_by_numbers(passages) if asked else frozenset()
    series = {word: called | _behind(word, passages) for word in {word for _, word in asked}}
    for number, word in asked:
        known = series[word]
        itself = re.compile(rf"(?<![\d.]){re.escape(number)}(?!\.?\d)")
        if len(known) >= _SIBLINGS and not any(itself.search(p.everything) for p in passages):
            yield Requirement(number, ReasonCode.NUMBER_NOT_FOUND, True)


def _called_by_numbers(passages: Sequence[Passage]) -> frozenset[str]:
    """Return the numbers that columns are called by, where several of one table are."""
    found = set[str]()
    for passage in passages:
        for head in {id(h): h for h in table_heads(passage).values()}.values():
            of_row = {m.group() for m in _CALLED.finditer(head.text)}
            found |= of_row if len(of_row) >= _SIBLINGS else set()
    return frozenset(found)


def _behind(word: str, passages: Sequence[Passage]) -> frozenset[str]:
    """Return the numbers with decimals that stand behind a word."""
    behind = re.compile(rf"\b{word} (\d+\.\d+)(?![\w%]| ?[%°€$£])")
    return frozenset(m[1] for p in passages for m in behind.finditer(p.everything))


def _is_strict(value: Value) -> bool:
    # Years and long numbers are rarely incidental; "two ways" and "5 days" often are.
    return len(re.sub(r"\D", "", value.text)) >= 4


def _holds_code(passage: Passage, code: str) -> bool:
    """Find a code however it is separated: `TRN-204`, `TRN 204`, `TRN204`."""
    runs = re.findall(r"[A-Za-z]+|\d+", code)
    pattern = r"(?<![^\W_])" + r"[-_./\s\\]{0,2}".join(map(re.escape, runs)) + r"(?![^\W_])"
    return re.search(pattern, passage.everything, re.IGNORECASE) is not None


def _literal(needle: str, passage: Passage) -> bool:
    wanted, text = needle.lower(), passage.small_letters
    if wanted not in text:  # spares nearly all of them the pattern, which is made for each
        return False
    return re.search(rf"(?<!\w){re.escape(wanted)}(?!\w)", text) is not None


def _spelled_out(acronym: str, text: str) -> bool:
    """Look for consecutive words with these initials: SLA → service level agreement."""
    initials = "".join(match.group()[0] for match in WORD.finditer(text)).lower()
    return acronym.lower() in initials


def _holds_name(passage: Passage, name: str) -> bool:
    """A name is there when most of its words are; a single one may be inflected."""
    words = [stem(m.group().lower()) for m in WORD.finditer(name) if len(m.group()) > 2]
    known = [w in passage.stems or w in passage.context for w in words]
    return not words or sum(known) * 2 > len(words)


def _holds_number(passage: Passage, requirement: Requirement) -> bool:
    text = requirement.text
    wanted = requirement.values
    if _literal(text, passage) or not wanted:
        return True
    said = any(_is_said_by(wanted[0], value) for value in passage.values)
    measure = requirement.measure or text
    return said or scale_holds(passage, measure) or _is_within(passage, measure)


def _is_within(passage: Passage, measure: str) -> bool:
    """Tell whether a sentence gives a limit that a figure lies within: "below £25,000"."""
    asked = read_quantity(measure)
    if asked is None or asked.is_range:
        return False
    return any(limit_holds(s.text, asked) for s in passage.sentences if CELL not in s.text)


def _is_said_by(wanted: Value, found: Value) -> bool:
    """A date must be met at least as precisely as it is asked; `14 August` meets any year."""
    if wanted.kind is not ValueKind.DATE or found.kind is not ValueKind.DATE:
        return same_value(wanted, found)
    return is_date_said(wanted, found)
