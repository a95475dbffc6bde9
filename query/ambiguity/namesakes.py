"""Notice when what a question names is the name of several things: two towns, two albums.

A document says what it is about in its title, or in the first words of its text: a name, and
often what tells it from its namesakes, behind a comma or in brackets. Two documents whose names
are the one that is asked about, and whose additions differ, are about different things.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from query.asking.question import Question
from query.text.passages import Passage
from query.text.words import stems

LOOKED_AT: Final = 12
_LEAD_CHARS: Final = 160
_DEFINES: Final = re.compile(r"\s(?:is|was|are|were)\s+(?:an?|the|one|two)\b|\s\((?:born|\))|;")
_NAME_ENDS: Final = re.compile(r"\s*[(,:–—|]|\s-\s")
_ASPECT: Final = re.compile(r"\s*(?:[:–—|]|-\s)")
_TWICE: Final = re.compile(r"^(?P<name>[^(,]{3,80}?)(?P<rest>\s*[(,].{1,80}?)?\s+(?P=name)\b")
_MOST_EXTRA: Final = 2
"""Words beside those of the question that a name read off the text may have; a title has none."""


@dataclass(frozen=True, slots=True)
class Subject:
    """What a document says it is about."""

    passage: Passage
    text: str
    """As it is written, with what tells it apart."""
    name: frozenset[str]
    addition: frozenset[str]
    """Stems of what tells it from its namesakes."""
    is_aspect: bool = False
    """Whether the addition says which side of the thing it tells of: "The Opera: Your Visit"."""


def find_namesakes(
    question: Question, passages: Sequence[Passage]
) -> tuple[Subject, Subject] | None:
    """Return two different things that a question may mean by one name, or nothing.

    Args:
        question: The question; without a name in it there is nothing to confuse.
        passages: Candidates, best first.
    """
    asked = frozenset(
        word for name in (*question.names, *question.acronyms) for word in stems(name)
    )
    terms = frozenset(question.terms)
    if not asked:
        return None
    subjects: dict[str, Subject] = {}
    for passage in passages[:LOOKED_AT]:
        subject = _subject(passage)
        if subject is not None and passage.document_id not in subjects:
            subjects[passage.document_id] = subject
    named = [s for s in subjects.values() if _is_named(s, asked, terms)]
    for one, other in _pairs(named):
        mine, theirs = (_telling(s, terms) for s in (one, other))
        if not mine and not theirs:
            continue
        if one.is_aspect or other.is_aspect:  # two documents about one thing
            continue
        said = one.addition | one.name, other.addition | other.name
        # "the school in Missouri": the question itself tells them apart.
        if (said[0] & asked) != (said[1] & asked) or mine == theirs:
            continue
        if mine <= theirs or theirs <= mine:
            # One addition within the other: the same thing said at two lengths, unless it is a
            # bare name against one in brackets.
            bare = one if not mine else other if not theirs else None
            if bare is None or "(" not in (other if bare is one else one).text:
                continue
        return one, other
    return None


def _pairs(subjects: Sequence[Subject]) -> Iterator[tuple[Subject, Subject]]:
    for index, one in enumerate(subjects):
        for other in subjects[index + 1 :]:
            yield one, other


def _is_named(subject: Subject, asked: frozenset[str], terms: frozenset[str]) -> bool:
    most = 0 if subject.passage.title else _MOST_EXTRA
    return (
        asked <= subject.name | subject.addition
        and bool(asked & subject.name)
        and len(subject.name - terms) <= most
    )


def _telling(subject: Subject, terms: frozenset[str]) -> frozenset[str]:
    return (subject.addition | subject.name) - terms


def _subject(passage: Passage) -> Subject | None:
    """Read what a document is about off its title, or off the beginning of its text."""
    lead = passage.title or (_lead(passage.text) if passage.ordinal == 0 else "")
    if not lead:
        return None
    end = _NAME_ENDS.search(lead)
    name = lead[: end.start()] if end else lead
    addition = lead[end.start() :] if end else ""
    aspect = _ASPECT.match(addition) is not None
    return Subject(passage, lead, frozenset(stems(name)), frozenset(stems(addition)), aspect)


def _lead(text: str) -> str:
    """Return the first words of a text, up to where it says what the thing is."""
    line = text[:_LEAD_CHARS].split("\n", 1)[0]
    twice = _TWICE.match(line)  # "Van Horn High School (Texas) Van Horn High School is …"
    if twice:
        return f"{twice['name']}{twice['rest'] or ''}"
    defines = _DEFINES.search(line)
    return line[: defines.start()] if defines else ""
