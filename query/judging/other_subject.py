"""Whether what seems to answer is said of another thing of the kind: of Room Birch for Room Aspen.

Where two things stand side by side in one text, the judge takes what is said of the one for what is
asked about the other, and is certain. So the sentence that seems to answer is held against the
names of the question: where another name of the kind is what it speaks of, and the one asked about
stands nowhere in it, the question is refused, unless another sentence says as much of the right one
or of neither.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from query.asking.kinds import has_kind, kind_asked
from query.asking.question import AnswerType, Question
from query.decision import Verdict
from query.judging.seeming import HALF, LOOKED_AT, may_answer, seeming
from query.ruling import Ruling, refused_for
from query.text.passages import SHAPE_STEMS, Passage, Sentence, coverage
from query.text.words import STOP_WORDS, WORD, stem, stems

LONG: Final = 8
"""Letters of a word that does not stand in others by chance."""
_CAPITALS: Final = r"[^\W\d_a-zà-ÿ][\w’']*(?:[ -][^\W\d_a-zà-ÿ][\w’']*)*"
_NAME: Final = re.compile(
    r"[^\W\d_a-zà-ÿ][\w’']*(?:[ -][^\W\d_a-zà-ÿ][\w’']*)*(?:[ -][^\W\d_a-zà-ÿ][\w’']*| \d{1,3}\b)"
)
"""Words with capitals in a row, two or more, or one with a number: "Kestrel Pro", "Kestrel 2"."""
_PREPOSITIONS: Final = "in|at|of|for|to|from|with|on|near|by"
_OPENING: Final = re.compile(
    r"^\W*(?:(?:[Ii]n|[Ss]ince|[Ff]rom|[Uu]ntil) (?:\w+ )?\d{4},? )?(?:[Tt]he )?"
)
"""What may stand before the subject of a sentence."""
_CLAUSE: Final = re.compile(r"(?<=[.;:])\s+|\n")
_OTHERS: Final = re.compile(
    r"\b(?:all|every|each|both|any|no|other|others|same|also|too|as well)\b"
)
"""What may hold for more than the thing that a sentence names."""


def without_other_subject(
    question: Question, passages: Sequence[Passage], ruling: Ruling
) -> Ruling:
    """Return the ruling, or a refusal where what answers is said of another thing of the kind.

    Args:
        question: A simple question.
        passages: Its candidates, best first.
        ruling: The ruling on it.
    """
    if ruling.verdict not in {Verdict.ANSWERABLE, Verdict.PARTIALLY_SUPPORTED}:
        return ruling
    numbered = tuple(one.text for one in question.designators)
    heads = {one.head for one in question.designators}
    names = (*(name for name in question.names if name not in heads), *numbered)
    if not names:
        return ruling
    usable = [passage for passage in passages if not passage.blocked]
    asked = frozenset(word for name in names for word in stems(name))
    kind = kind_asked(question.own_text)
    little = asked | SHAPE_STEMS | (kind.words if kind else frozenset())
    weights = {t: w for t, w in (ruling.weights or {}).items() if t not in little}
    answering = seeming(question, usable, weights, ruling)
    above = frozenset().union(*(p.context for p in usable if set(answering) & set(p.sentences)))
    for name in names:
        if frozenset(stems(name)) <= above or not answering:
            continue  # its page is about the thing that is asked about
        if not all(_is_of_another(sentence, name, question) for sentence in answering):
            continue
        most = max(coverage(weights, sentence.stems) for sentence in answering)
        if most >= HALF and not _is_told(question, usable, weights, name, most):
            detail = f"What was found says it of something else than {name!r}."
            return refused_for(ruling, detail, (name,))
    return ruling


def _is_of_another(sentence: Sentence, name: str, question: Question) -> bool:
    """Tell whether a sentence speaks of another thing of the kind of a name, and not of that."""
    if _OTHERS.search(sentence.text):
        return False
    if _is_in_its_place(sentence.text, name, question.text):
        return True
    if _is_run_together(name, sentence.text):
        return False
    words = frozenset(stems(sentence.text))
    mine, named = stems(name), frozenset(question.terms)
    if len(mine) == 1:
        return False  # a word with a capital may be of any kind
    for subject in _subjects(sentence.text):
        theirs = stems(subject)
        telling = frozenset(mine) - frozenset(theirs)
        if not telling or telling & words or frozenset(theirs) <= named:
            continue
        if _are_of_a_kind(mine, theirs, question):
            return True
    return False


def _is_run_together(name: str, text: str) -> bool:
    """Tell whether a text has a word of a name in pieces: GroundTruth as Ground Truth."""
    letters = "".join(WORD.findall(text.lower()))
    return any(len(word) >= LONG and word.lower() in letters for word in WORD.findall(name))


def _is_in_its_place(text: str, name: str, question: str) -> bool:
    """Tell whether a text has another name where the question has one: "the factory in Visby"."""
    if not frozenset(stems(name)).isdisjoint(stems(text)):
        return False
    asked = re.search(rf"(\w+) ({_PREPOSITIONS}) (?:the )?{re.escape(name)}\b", question)
    if asked is None or asked[1].lower() in STOP_WORDS:
        return False
    for found in re.finditer(rf"(\w+) {asked[2]} (?:the )?(?P<name>{_CAPITALS})", text):
        if stem(found[1].lower()) == stem(asked[1].lower()) and found["name"] not in question:
            return True
    return False


def _subjects(text: str) -> Iterator[str]:
    """Yield the names with which the clauses of a sentence begin."""
    for clause in _CLAUSE.split(text):
        begin = _OPENING.match(clause)
        found = _NAME.match(clause, begin.end() if begin else 0)
        if found:
            yield found.group()


def _are_of_a_kind(mine: Sequence[str], theirs: Sequence[str], question: Question) -> bool:
    """Tell whether two names are of two things of one kind.

    Rooms and lodges share a word of their names. Two people share none, nor need they; but where a
    person is asked for, another name may be the answer.
    """
    if (mine[0] == theirs[0]) != (mine[-1] == theirs[-1]):
        return True
    return frozenset(mine).isdisjoint(theirs) and question.answer_type is not AnswerType.PERSON


def _is_told(
    question: Question,
    passages: Sequence[Passage],
    weights: Mapping[str, float],
    name: str,
    most: float,
) -> bool:
    """Tell whether another sentence says as much, or half as much of the right one."""
    own = stems(name)
    for passage in passages[:LOOKED_AT]:
        for sentence in passage.sentences:
            if _is_of_another(sentence, name, question):
                continue
            share = coverage(weights, sentence.stems)
            if share >= most and may_answer(question, sentence, passage):
                return True
            if share >= HALF and frozenset(own) <= sentence.stems and _may_tell(question, sentence):
                return True
    return False


def _may_tell(question: Question, sentence: Sentence) -> bool:
    """Tell whether a sentence has the kind of thing asked for, as far as that can be seen."""
    kind = kind_asked(question.own_text)
    return kind is None or has_kind(kind, sentence.text, question.text)
