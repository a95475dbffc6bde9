"""Questions that a document answers, read off its definitions, facts, tables and headings."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from indexing.points import Hit, StoredPoint
from query.search.fusion import RankedHit
from query.text.passages import CELL, make_passage, table_heads
from query.text.values import Value, ValueKind, find_values
from query.text.words import table

_SUBJECT = r"(?P<the>The |Our |An? )?(?P<subject>[A-Z]?[\w’'-]+(?: [\w’'()-]+){0,5}?)"
_DEFINES = re.compile(rf"^{_SUBJECT} (?:is|means|stands for) (?P<rest>(?:an?|the) .{{12,}})$")
_ABOUT = (
    r"(?:(?:about|around|roughly|approximately|exactly|only|just|at least|at most|up to|an?) )*"
)
_WHEN = rf"{_ABOUT}(?:(?:for|on|at|in|from|between|until|the) )*{_ABOUT}"
_FACTS = tuple(
    (re.compile(rf"^{_SUBJECT} (?P<verb>{verb}) (?P<lead>{lead})(?P<rest>.{{2,}})$"), asked, kinds)
    for verb, lead, asked, kinds in (
        ("costs?", _ABOUT, "How much {does} {subject} cost?", (ValueKind.MONEY,)),
        ("weighs?", _ABOUT, "How much {does} {subject} weigh?", (ValueKind.NUMBER,)),
        ("lasts?", _WHEN, "How long {does} {subject} last?", (ValueKind.DURATION,)),
        ("takes?", _ABOUT, "How long {does} {subject} take?", (ValueKind.DURATION,)),
        ("(?:is|are) kept", _WHEN, "How long {is} {subject} kept?", (ValueKind.DURATION,)),
        (
            "begins?|starts?",
            _WHEN,
            "When {does} {subject} begin?",
            (ValueKind.DATE, ValueKind.TIME),
        ),
        ("ends?", _WHEN, "When {does} {subject} end?", (ValueKind.DATE, ValueKind.TIME)),
        (
            "is|are",
            _ABOUT,
            "What {is} {subject}?",
            (ValueKind.MONEY, ValueKind.DURATION, ValueKind.PERCENT, ValueKind.DATE),
        ),
    )
)
"""The value stands right behind the verb and what leads to it: "is due on 1 April" and "takes place
every week" say something else of their subjects than what would be asked."""
_POINTING = table(
    "it this that these those there they he she we you i here what which who if when while as all "
    "each every some any most many such both one another after before in on at from within during "
    "until by for with under over between since"
)
_UNFINISHED = table(
    "and or but which that who to be can may must will not also only never hardly rarely seldom "
    "longer"
)
"""Last words of what is no subject but the clause before: "the course lasts a day and" costs; and
of a denial: what a plan no longer costs is not its price."""
_COMPARED = re.compile(
    r"\s*(?:(?:more|less|fewer|further|extra|times|longer|shorter|higher|lower"
    r"|cheaper|dearer|lighter|heavier|older|younger|earlier|later|sooner|faster|slower|larger"
    r"|smaller|bigger|greater|late|early|old|young|off|away|apart|ahead|behind|above|below|over"
    r"|under|beyond|full|empty|short)\b(?! than \d)|\w+er than\b"
    r"|(?:or|to|–|-)\s?[^\w\s]?\d)",
    re.IGNORECASE,
)
"""Behind a value that is a difference, an age, a delay or one end of a range, and not what would be
asked for: "costs €40 less than", "is 30 years old", "is 10% to 20%"."""
_UNIT = re.compile(r"\s?[^\W\d_]{1,3}\b")
"""Behind a plain number, such as that of a weight."""
_AFAR = re.compile(r"\s*(?:from|by|on foot|walk|drive|ride|to)\b", re.IGNORECASE)
"""Behind a time that something is away: "the office is 20 minutes from the station"."""
_ATTRIBUTES = table("property attribute feature parameter specification characteristic")
"""Heads of a first column whose rows are properties and whose other columns are things."""
LONGEST_ANSWER = 300


@dataclass(frozen=True, slots=True)
class Found:
    """A question with what answers it."""

    question: str
    answer: str
    quote: str
    key: str
    kind: str
    also: tuple[str, ...] = ()
    """Keys of other documents that give the same answer, such as copies."""

    @property
    def keys(self) -> list[str]:
        """Keys of all documents that answer it."""
        return [self.key, *self.also]


def extract(points: Iterable[StoredPoint]) -> Iterator[Found]:
    """Yield what the chunks of a collection answer, chunk by chunk.

    Chunks that carry hidden text or instructions are left out: nobody should be asked to review
    what an attacker wrote.
    """
    for point in points:
        passage = make_passage(RankedHit(Hit(point.id, 1.0, point.payload), 1.0, 1.0, 1.0))
        if passage.blocked:
            continue
        heads = table_heads(passage)
        for index, sentence in enumerate(passage.sentences):
            text = " ".join(sentence.text.split())
            if index in heads:
                yield from from_row(heads[index].text, sentence.text, passage.key)
            elif len(text) <= LONGEST_ANSWER:
                yield from from_sentence(text, passage.key)
        yield from from_heading(point.payload, passage.key)


def from_sentence(text: str, key: str) -> Iterator[Found]:
    """Yield the question that a sentence with a fact or a definition answers."""
    bare = text.rstrip(" .")
    for pattern, asked, kinds in _FACTS:
        match = pattern.match(bare)
        if match and (subject := subject_of(match)):
            value = next((v for v in find_values(match["rest"]) if v.kind in kinds), None)
            if value is not None and value.start == 0 and is_told(match, value):
                verb = match["verb"].split()[0]
                does = "does" if verb.endswith("s") else "do"
                question = asked.format(subject=subject, does=does, **{"is": verb})
                yield Found(question, value.text, text, key, "fact")
                return
    match = _DEFINES.match(bare)
    if match and (subject := subject_of(match)):
        yield Found(f"What is {subject}?", match["rest"], text, key, "definition")


def is_told(match: re.Match[str], value: Value) -> bool:
    """Tell whether a value is what a subject costs, lasts or is, not by how much it differs."""
    verb, behind = match["verb"], match["rest"][value.end :]
    if value.kind is ValueKind.NUMBER and (unit := _UNIT.match(behind)):
        behind = behind[unit.end() :]
    away = verb in {"is", "are"} and value.kind is ValueKind.DURATION and _AFAR.match(behind)
    return not (away or _COMPARED.match(behind))


def subject_of(match: re.Match[str]) -> str:
    """Return the subject as a question names it; empty where it points at something else."""
    subject, article = match["subject"].strip(), (match["the"] or "").lower()
    first, last = subject.split()[0].lower(), subject.split()[-1].lower()
    if first in _POINTING or last in _UNFINISHED or len(subject) < 3:
        return ""
    if not article:
        # Without an article only a name says which one is meant.
        return subject if subject[0].isupper() and not subject.islower() else ""
    return f"{'the ' if article == 'our ' else article}{subject}"


def from_row(head: str, row: str, key: str) -> Iterator[Found]:
    """Yield one question per filled cell of a row that its first cell names."""
    if head == row:
        return
    columns = [cell.strip() for cell in head.split(CELL)]
    cells = [cell.strip() for cell in row.split(CELL)]
    if len(columns) != len(cells) or len(cells[0]) < 3:
        return
    for column, cell in zip(columns[1:], cells[1:], strict=True):
        if cell and column and cell.lower() not in {"-", "–", "—", "n/a", "yes", "no"}:
            what, of = (column, cells[0])
            if columns[0].lower() in _ATTRIBUTES:
                what, of = of, what
            question = f"What is the {lowered(what)} of {of}?"
            yield Found(question, cell, row, key, "table")


def from_heading(payload: Mapping[str, Any], key: str) -> Iterator[Found]:
    """Yield a heading that is a question, as in lists of frequent ones."""
    for heading in tuple(payload.get("headings") or ())[-1:]:
        text = " ".join(str(heading).split())
        if text.endswith("?") and len(text.split()) >= 3:
            quote = str(payload["text"])[:LONGEST_ANSWER]
            yield Found(text, quote, quote, key, "heading")


def lowered(column: str) -> str:
    """Begin in lower case, unless it is an abbreviation or a name in capitals."""
    return column if column[:2].isupper() else column[:1].lower() + column[1:]
