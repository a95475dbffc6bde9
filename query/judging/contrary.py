"""Whether what seems to answer is about the counterpart: when it opens, asked is when it closes.

For an encoder and for the judge "minimum depth" is as near to "maximum depth" as can be, so each
reads like an answer to a question about the other. Here the sentence that the judge points at is
held against the question by tables of plain words: a quality of the same noun ("the oldest lock",
asked is the newest), or what is done with the thing ("begins", asked is when it ends). Where no
sentence says as much with the word that is asked for, or without either, the question is refused
and the word named.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from query.asking.question import AnswerType, Question
from query.claims.certainty import has_proviso, is_negated
from query.decision import Verdict
from query.judging.seeming import HALF, LOOKED_AT, may_answer, seeming
from query.ruling import Ruling, refused_for
from query.text.passages import Passage, Sentence, coverage
from query.text.values import ValueKind, find_values
from query.text.words import STOP_WORDS, WORD, counterparts, stem, table

_QUALITIES: Final = """
    maximum/minimum max/min highest/lowest upper/lower largest/smallest biggest/smallest
    large/small big/small longest/shortest long/short oldest/newest oldest/youngest old/new
    existing/new earliest/latest cheapest/dearest heaviest/lightest fastest/slowest
    hottest/coldest first/last first/second/third/fourth/fifth/sixth/seventh/eighth/ninth/tenth
    temporary/permanent indoor/outdoor indoors/outdoors internal/external domestic/foreign
    domestic/international inbound/outbound incoming/outgoing gross/net credit/debit
    public/private upload/download import/export entrance/exit entry/exit north/south/east/west
    northern/southern/eastern/western day/night summer/winter
    hourly/daily/weekly/monthly/quarterly/yearly hourly/daily/weekly/monthly/quarterly/annual
    inside/outside upstairs/downstairs front/rear left/right lower/higher single/double
"""
_DOINGS: Final = """
    open/close open/shut opening/closing begin/end start/end start/finish begin/finish
    start/stop rise/fall increase/decrease raise/lower lock/unlock arrive/depart
    arrival/departure arrivals/departures enter/leave buy/sell supplier/customer buyer/seller
    landlord/tenant employer/employee sender/recipient
"""
_PEOPLE: Final = """
    adult/child/junior/senior/student member/guest
"""
_MOST: Final = frozenset({"maximum", "max", "highest", "upper", "largest", "longest", "biggest"})
_LEAST: Final = frozenset({"minimum", "min", "lowest", "lower", "smallest", "shortest"})
_AT_LEAST: Final = re.compile(r"\b(?:at least|not less than|no less than)\b", re.IGNORECASE)
_AT_MOST: Final = re.compile(
    r"\b(?:at most|up to|not more than|no more than|maximum|max)\b", re.IGNORECASE
)
_ARTICLES: Final = table("the a an our your my their its his her")
_SPAN: Final = re.compile(
    r"\b(?:to|until|till|through|between|from|for)\b|\d\s?[-–—]\s?\d|[-–—]\s?\d", re.IGNORECASE
)
"""What gives both ends at once, or how long it lasts."""
_FORMS: Final = {
    "began": "begin", "begun": "begin", "rose": "rise", "risen": "rise", "fell": "fall",
    "fallen": "fall", "shut": "shut", "left": "leave", "bought": "buy", "sold": "sell",
    "children": "child", "kid": "child", "kids": "child", "pupil": "student", "pupils": "student",
    "pensioner": "senior", "pensioners": "senior", "elderly": "senior", "youth": "junior",
    "teenagers": "junior", "visitor": "guest", "visitors": "guest", "members": "member",
}  # fmt: skip


def _form(word: str) -> str:
    """Return a word as the tables have it: weekly is no week, the newest not new."""
    word = _FORMS.get(word.lower(), word.lower())
    return word if word.endswith(("ly", "est", "er", "ers")) else stem(word)


QUALITIES: Final = counterparts(_QUALITIES, _form)
DOINGS: Final = counterparts(_DOINGS, _form)
PEOPLE: Final = counterparts(_PEOPLE, _form)


@dataclass(frozen=True, slots=True)
class _Asked:
    """A word of a question that has counterparts."""

    word: str
    noun: str
    """Stem of what it is a quality of; empty for what is done."""
    others: frozenset[str]
    """Its counterparts, as the tables have them; without those that the question has, too."""
    may_span: bool = True
    """Whether a sentence that gives both ends is about the counterpart all the same."""

    def stands_in(self, text: str) -> bool:
        """Tell whether a text has the word itself."""
        return _form(self.word) in {_form(match.group()) for match in WORD.finditer(text)}


def without_contrary(question: Question, passages: Sequence[Passage], ruling: Ruling) -> Ruling:
    """Return the ruling, or a refusal where what answers speaks of the counterpart only.

    Args:
        question: A simple question.
        passages: Its candidates, best first.
        ruling: The ruling on it.
    """
    if ruling.verdict not in {Verdict.ANSWERABLE, Verdict.PARTIALLY_SUPPORTED}:
        return ruling
    usable = [passage for passage in passages if not passage.blocked]
    for asked in _asked(question):
        weights = {t: w for t, w in (ruling.weights or {}).items() if t != stem(asked.word)}
        answering = seeming(question, usable, weights, ruling)
        if not answering or not all(_is_contrary(s, asked) for s in answering):
            continue
        most = max(coverage(weights, sentence.stems) for sentence in answering)
        if not _is_told(question, usable, weights, asked, most):
            detail = f"What was found says it of the counterpart of {asked.word!r}."
            return refused_for(ruling, detail, (asked.word,))
    return ruling


def _asked(question: Question) -> Iterator[_Asked]:
    """Yield the words that have a counterpart."""
    words = [match.group().lower() for match in WORD.finditer(question.text)]
    known = frozenset(map(_form, words))
    is_yes_no = question.answer_type is AnswerType.YES_NO
    for place, word in enumerate(words):
        form = _form(word)
        behind = [one for one in words[place + 1 : place + 3] if one not in _ARTICLES][:1]
        if form in QUALITIES and behind and behind[0] not in STOP_WORDS:
            yield _Asked(word, stem(behind[0]), QUALITIES[form] - known)
        elif form in PEOPLE:
            yield _Asked(word, "", PEOPLE[form] - known)
        elif form in DOINGS and not is_yes_no:
            yield _Asked(word, "", DOINGS[form] - known, may_span=False)


def _is_contrary(sentence: Sentence, asked: _Asked) -> bool:
    """Tell whether a sentence has a counterpart of a word in its place, and not the word."""
    words = [match.group().lower() for match in WORD.finditer(sentence.text)]
    forms = [_form(one) for one in words]
    if _form(asked.word) in forms:
        return False
    bound = _AT_LEAST if asked.word in _MOST else _AT_MOST if asked.word in _LEAST else None
    if bound is not None and bound.search(sentence.text):
        return True
    if is_negated(sentence.text) or has_proviso(sentence.text):
        return False
    if asked.noun:
        return any(
            form in asked.others
            and asked.noun in {stem(one) for one in words[place + 1 : place + 4]}
            for place, form in enumerate(forms)
        )
    if asked.may_span:
        return not asked.others.isdisjoint(forms)
    times = [v for v in find_values(sentence.text) if v.kind in {ValueKind.TIME, ValueKind.DATE}]
    return not asked.others.isdisjoint(forms) and len(times) < 2 and not _SPAN.search(sentence.text)


def _is_told(
    question: Question,
    passages: Sequence[Passage],
    weights: Mapping[str, float],
    asked: _Asked,
    most: float,
) -> bool:
    """Tell whether another sentence has the word, or says as much and not of the counterpart."""
    for passage in passages[:LOOKED_AT]:
        for sentence in passage.sentences:
            if asked.stands_in(sentence.text):
                if coverage(weights, sentence.stems, passage.context) >= HALF:
                    return True
            elif (
                not _is_contrary(sentence, asked)
                and coverage(weights, sentence.stems) >= most
                and may_answer(question, sentence, passage)
            ):
                return True
    return False
