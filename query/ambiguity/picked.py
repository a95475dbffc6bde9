"""Which of several answers an earlier turn picked: "Starter will do." - "How many snapshots?".

A question that is given back, because its answer depends on the plan or because documents on
different things answer it, is settled where the last turn that names any of them names one only.
"""

from collections.abc import Mapping, Sequence

from query.ambiguity.named_together import LATELY, Subjects, asks_of_all
from query.asking.followups import BORROWED
from query.asking.question import Question
from query.ruling import Ruling
from query.text.passages import Passage
from query.text.words import WORD, stem, stems


def picked(question: Question, ruling: Ruling, passages: Sequence[Passage]) -> str:
    """Return the name of what an earlier turn picked; empty where none did.

    Args:
        question: A simple question, with what was said before it.
        ruling: One that gives it back.
        passages: Its candidates, best first.
    """
    if not question.earlier or not ruling.conflicts:
        return ""
    asked = question.own_text
    if asks_of_all(asked):
        return ""
    cases = telling_words([side.case for one in ruling.conflicts for side in one.sides])
    subjects = Subjects(passages)
    sides = {side.document_id for one in ruling.conflicts for side in one.sides}
    possible = {*cases, *(s.name for d, s in subjects.by_document.items() if d in sides)}
    turns = [turn.text for turn in reversed(question.earlier[-LATELY:])]
    for said in (asked, *turns) if cases else turns:
        words = stems(said)
        named = [name for name, telling in cases.items() if telling and telling <= set(words)]
        if not cases:
            named = [subjects.by_document[one].name for one in subjects.named(words)]
        if named:
            return named[0] if len(named) == 1 and named[0] in possible else ""
    return ""


def asked_of_picked(question: Question, name: str, ruling: Ruling) -> str:
    """Return a question with what was picked in place of the others that earlier turns named.

    Args:
        question: A simple question.
        name: What was picked.
        ruling: The one that gave the question back.
    """
    cases = telling_words([side.case for one in ruling.conflicts for side in one.sides])
    others = frozenset().union(*(words for case, words in cases.items() if case != name))
    found = BORROWED.search(question.text)
    topic = found.group().strip("()") if found else ""
    kept = [word for word in topic.split() if stem(word.lower()) not in others]
    known = frozenset(stems(question.own_text))
    new = [m.group() for m in WORD.finditer(name) if stem(m.group().lower()) not in known]
    words = dict.fromkeys((*new, *kept))
    text = question.own_text.rstrip()
    return f"{text} ({' '.join(words)})" if words else text


def telling_words(names: Sequence[str]) -> Mapping[str, frozenset[str]]:
    """Return, for each of several names, the stems that no other one has."""
    every = {name: frozenset(stems(name)) for name in names if name}
    return {
        name: words - frozenset().union(*(w for other, w in every.items() if other != name))
        for name, words in every.items()
    }
