"""Choose the sentences of a passage that answer best, as a quote with exact offsets."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Final

from query.asking.question import Question
from query.decision import Evidence
from query.evidence.sections import ENDS, LONGEST_HEADING, about_what_is_asked
from query.judging.features import TYPE_KINDS
from query.quoting.meaning import POINTED, Closeness, is_conditional
from query.tables.limits import sentences_outside
from query.tables.ranges import rows_outside
from query.tables.several import LONGEST_QUOTE, fits, rows_alike
from query.text.leads import adjoin, find_leads
from query.text.passages import CELL, SHAPE_STEMS, Passage, Sentence, coverage, table_heads
from query.text.releases import sections
from query.text.values import find_values

MEANING_WEIGHT = 2.0
"""Weight of the cosine between question and sentence against the share of terms covered."""
_TYPE_BONUS = 0.2
_NOTHING_NEW = 0.35
_NO_ANSWER = 1.0
"""Head rows, headings, and questions that are answered behind them."""
_CONDITIONAL = 0.3
"""What holds only in a case stands back behind what holds; a question may name the case."""
_FIGURE: Final = re.compile(r"(?<![\w.-])(?=[\w.-]*\d)\w+(?:[.-]\w+)*")
_FIGURE_BONUS = 0.15
"""A sentence that holds what the question gives in figures, letter by letter."""
_CODE: Final = re.compile(r"(?<![\w-])(?P<kind>[A-Z]{1,6}-?)\d+[A-Za-z]{0,2}(?![\w-])")
"""`P-400`, `E02`: what has the same letters before its figures is another thing of one kind."""
_OF_ANOTHER = 1.5
"""A sentence that names another code of the kind asked about, and not the one that is asked: its
value is not the one asked for. Where no value is asked for, it may be the answer: a successor."""
_WHICH_RELEASE: Final = re.compile(
    r"\b(?:when|since|(?:what|which) (?:\w+ )?(?:version|release|date))\b", re.IGNORECASE
)
_WORTH_EXTENDING = 0.15
_AS_GOOD = 0.8
_ALL = 0.9
"""Share of a question that a sentence has which has nearly all of it."""


def quote(
    question: Question,
    weights: Mapping[str, float],
    passage: Passage,
    close: Closeness | None = None,
) -> Evidence:
    """Return the best sentence of a passage, with its neighbour where that adds what is asked."""
    kept = about_what_is_asked((passage,), question)
    if not kept or not kept[0].sentences:
        return _evidence(passage, 0, len(passage.text), 0.0)  # a near miss, shown as a whole
    passage = kept[0]
    sentences = passage.sentences
    near = _believed(question, weights, passage, close or {})
    heads, leads = table_heads(passage), find_leads(passage)
    answered = {id(lead) for lead in leads.values() if lead.text.endswith("?")}
    above = {passage.title, *passage.headings}
    asks_when = question.designators and _WHICH_RELEASE.search(question.text)
    outside = rows_outside(question, passage) | sentences_outside(question, passage)
    scores = [
        sentence_score(question, weights, passage, s, heads.get(index), leads.get(index))
        + MEANING_WEIGHT * near.get((passage.chunk_id, s.start), 0.0)
        - _NO_ANSWER * (heads.get(index) is s or id(s) in answered or s.text in above)
        - _NO_ANSWER * (not asks_when and bool(sections(s.text)))
        - _OF_ANOTHER * ((s.start, s.end) in outside)
        for index, s in enumerate(sentences)
    ]
    best = max(range(len(sentences)), key=lambda i: (scores[i], -i))
    first, last = _extended(weights, passage, best, scores, heads)
    first = _from_its_release(question, passage, first, last)
    start, end = sentences[first].start, sentences[last].end
    for _, rows in rows_alike(question, passage) if best in heads else ():
        if any(row.sentence.start == sentences[best].start for row in rows) and fits(rows):
            start, end = rows[0].sentence.start, rows[-1].sentence.end
    # The head of a row goes with it as what it is, not as a part of the quote.
    head = heads.get(best)
    said = "" if head is None or head is sentences[best] else head.text
    return _evidence(passage, start, end, max(0.0, scores[best]), said)


def widened(one: Evidence, other: Evidence, passage: Passage) -> Evidence:
    """Return one quote that holds two of a passage; the first where that would be too long."""
    start, end = min(one.start, other.start), max(one.end, other.end)
    if end - start > LONGEST_QUOTE or (start, end) == (one.start, one.end):
        return one
    begin, stop = start - passage.start, end - passage.start
    quoted, page = passage.text[begin:stop], passage.page_at(begin)
    return replace(one, start=start, end=end, quote=quoted, page=page)


def sentence_score(
    question: Question,
    weights: Mapping[str, float],
    passage: Passage,
    sentence: Sentence,
    head: Sentence | None = None,
    lead: Sentence | None = None,
) -> float:
    """Score a sentence: terms covered, a value of the asked kind, and that it says something.

    A row of a table also says what the head of its column says; what a sentence leans on counts as
    the headings above it do.
    """
    words = sentence.stems | head.stems if head is not None else sentence.stems
    around = passage.context | lead.stems if lead is not None else passage.context
    own = coverage(weights, words)
    score = own + 0.5 * (coverage(weights, words, around) - own)
    kinds = TYPE_KINDS.get(question.answer_type)
    named = {value.amount for value in question.values}
    if kinds and any(v.kind in kinds and v.amount not in named for v in find_values(sentence.text)):
        score += _TYPE_BONUS
    if is_conditional(sentence.text) and not is_conditional(question.text):
        score -= _CONDITIONAL
    asked = figures_of(question.text)
    if asked:
        score += _FIGURE_BONUS * len(asked & figures_of(sentence.text)) / len(asked)
    if kinds and _is_of_another(question.text, sentence.text):
        score -= _OF_ANOTHER
    says_nothing = len(sentence.stems - frozenset(question.terms)) < 2
    if says_nothing or sentence.stems <= passage.context or sentence.text.endswith("?"):
        score -= _NOTHING_NEW
    return score


def _is_of_another(asked: str, said: str) -> bool:
    """Tell whether a text names a sibling of a code that is asked about, and none that is."""
    wanted = {match.group(): match["kind"] for match in _CODE.finditer(asked)}
    named = {match.group(): match["kind"] for match in _CODE.finditer(said)} if wanted else {}
    if not wanted or wanted.keys() & named.keys():
        return False
    return bool(set(wanted.values()) & set(named.values()))


def figures_of(text: str) -> frozenset[str]:
    """Return the words of a text that hold a digit, in small letters: "4.2.x", "e-14", "2026"."""
    return frozenset(_FIGURE.findall(text.lower()))


def _extended(
    weights: Mapping[str, float],
    passage: Passage,
    best: int,
    scores: Sequence[float],
    heads: Mapping[int, Sentence],
) -> tuple[int, int]:
    """Take a neighbour into the quote: one that a lead-in announces, or that answers as well.

    A row takes none but a row of its own table: another text would part it from its head.
    """
    sentences = passage.sentences
    if sentences[best].text.endswith(":"):
        last = best
        while last + 1 < len(sentences) and _fits(sentences, best, last + 1):
            last += 1
        return best, last
    head = heads.get(best)
    own = head.stems if head is not None else frozenset[str]()
    alone = coverage(weights, sentences[best].stems, own)
    gains = []
    for other in (best - 1, best + 1):
        first, last = min(best, other), max(best, other)
        if not (first >= 0 and last < len(sentences)) or sentences[other] is head:
            continue
        if heads.get(other) is not head or (other > best and _opens_section(passage, other)):
            continue
        if _fits(sentences, first, last):
            joint = coverage(weights, sentences[best].stems, sentences[other].stems, own)
            as_good = scores[other] >= _AS_GOOD * scores[best] and CELL not in sentences[best].text
            gains.append((joint - alone + _WORTH_EXTENDING * as_good, first, last))
    gain, first, last = max(gains, default=(0.0, best, best))
    return (first, last) if gain >= _WORTH_EXTENDING else (best, best)


def _believed(
    question: Question, weights: Mapping[str, float], passage: Passage, close: Closeness
) -> Closeness:
    """Leave out where a judge points to a row without a word of the question, and one has them all.

    "24 hours | 110 kr" is not what a lost ticket costs where a sentence has the amount for one.
    """
    kinds, heads = TYPE_KINDS.get(question.answer_type), table_heads(passage)
    if kinds is None:
        return close
    weights = {term: weight for term, weight in weights.items() if term not in SHAPE_STEMS}
    for index, sentence in enumerate(passage.sentences):
        place, head = (passage.chunk_id, sentence.start), heads.get(index)
        pointed = head is not None and close.get(place, 0.0) >= POINTED
        if not pointed or coverage(weights, sentence.stems, head.stems if head else frozenset()):
            continue
        if any(
            coverage(weights, s.stems) >= _ALL and any(v.kind in kinds for v in find_values(s.text))
            for s in passage.sentences
        ):
            return {at: value for at, value in close.items() if at != place}
    return close


def _from_its_release(question: Question, passage: Passage, first: int, last: int) -> int:
    """Return where a quote begins that has to say of which release it is, or of when.

    "Snapshots are now incremental." does not say since when: what it stands below does.
    """
    if not _WHICH_RELEASE.search(question.text):
        return first
    sentences = passage.sentences
    own = [one for one in sections(passage.text) if one.start <= sentences[first].start < one.end]
    begins = own[0].start if own else sentences[first].start
    at = next((i for i, s in enumerate(sentences[:first]) if s.start >= begins), first)
    return at if sentences[last].end - sentences[at].start <= LONGEST_QUOTE else first


def _opens_section(passage: Passage, index: int) -> bool:
    """Tell whether a sentence is a heading of what stands behind it: "3.8.0 (2025-06-12)"."""
    line, text = passage.sentences[index], passage.text
    alone = text[: line.start].endswith("\n\n") and text[line.end :].startswith("\n\n")
    short = len(line.text) <= LONGEST_HEADING and not line.text.endswith(ENDS)
    return alone and short and CELL not in line.text


def _fits(sentences: Sequence[Sentence], first: int, last: int) -> bool:
    """Whether sentences `first` to `last` make one quote of bearable length."""
    within = sentences[last].end - sentences[first].start <= LONGEST_QUOTE
    return within and adjoin(sentences[last - 1], sentences[last])  # never across a blank


def whole(passage: Passage) -> Evidence:
    """Return a chunk as evidence that quotes all of it."""
    return _evidence(passage, 0, len(passage.text), 0.0)


def _evidence(passage: Passage, start: int, end: int, support: float, head: str = "") -> Evidence:
    return Evidence(
        chunk_id=passage.chunk_id,
        document_id=passage.document_id,
        key=passage.key,
        version=passage.version,
        page=passage.page_at(start),
        start=passage.start + start,
        end=passage.start + end,
        quote=passage.text[start:end],
        score=passage.ranked.score,
        flags=passage.flags,
        title=passage.title,
        headings=passage.headings,
        support=support,
        head=head,
        trust=passage.trust,
    )
