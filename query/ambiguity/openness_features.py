"""The numbers that tell how likely a question leaves open which of several things it means.

None of them shows it alone. A question that leaves things open is short, names nothing rare, has no
name or number of its own, and is not about all of them; the evidence for it lies in several
documents or sections that are equally near; and its words are words of many of them.
"""

import math
import re
from collections.abc import Mapping, Sequence
from typing import Final

from query.asking.question import Question
from query.judging.features import TYPE_KINDS
from query.text.passages import SHAPE_STEMS, Passage, coverage
from query.text.values import Value, find_values, same_value
from query.text.words import stems

OPENNESS_NAMES: Final = (
    "own_terms",
    "new_terms",
    "has_capital",
    "has_digit",
    "says_it",
    "says_the",
    "asks_of_all",
    "asks_why",
    "borrowed_terms",
    "title_told",
    "title_lead",
    "dense_lead",
    "lead",
    "next_coverage",
    "next_sentence",
    "rarity",
    "sections",
    "amounts",
    "bm25_per_term",
    "coverage_top3",
    "same_top1",
    "p_by_features",
)
DOCUMENTS: Final = 8
"""First documents that are compared."""
RIVALS: Final = 4
"""… of which so many are held against what was said before."""
SECTIONS: Final = 6
"""First passages whose headings are counted."""
_FROM_GATE: Final = ("bm25_per_term", "coverage_top3", "same_top1", "p_by_features")
_WORD: Final = re.compile(r"[\w'’-]+")
_FORMS: Final = {
    "has_digit": re.compile(r"\d"),
    "says_it": re.compile(r"\bit\b", re.IGNORECASE),
    "says_the": re.compile(r"\bthe\b", re.IGNORECASE),
    "asks_of_all": re.compile(
        r"\b(?:both|two|each|all|every|difference|compare|versus|vs|between|list|types|kinds"
        r"|options)\b",
        re.IGNORECASE,
    ),
    "asks_why": re.compile(r"\bwhy\b", re.IGNORECASE),
}


def openness_features(
    question: Question,
    weights: Mapping[str, float],
    passages: Sequence[Passage],
    by_gate: Mapping[str, float],
) -> dict[str, float]:
    """Compute the numbers.

    Args:
        question: A simple question, with what was said before it.
        weights: Weight of its terms.
        passages: Candidates, best first; there is at least one, and a dense list they come from.
        by_gate: What the judge computed; those of its numbers that it lacks count as nothing.

    Returns:
        One finite number per name in `OPENNESS_NAMES`.
    """
    own = frozenset(stems(question.own_text))
    content = {t: w for t, w in weights.items() if t in own and t not in SHAPE_STEMS}
    first_of: dict[str, Passage] = {}
    for passage in passages:
        first_of.setdefault(passage.document_id, passage)
    documents = list(first_of.values())[:DOCUMENTS]
    values = {
        **_form(question, own, content),
        **_told(question, own, documents),
        **_nearness(content, documents),
        **_inside(question, passages),
        **{name: by_gate.get(name, 0.0) for name in _FROM_GATE},
    }
    return {name: float(values[name]) for name in OPENNESS_NAMES}


def _form(
    question: Question, own: frozenset[str], content: Mapping[str, float]
) -> dict[str, float]:
    """What the question is like."""
    told = frozenset().union(*(stems(turn.text) for turn in question.earlier))
    text = question.own_text
    words = _WORD.findall(text)
    return {
        "own_terms": math.log1p(len(content)),
        "new_terms": math.log1p(len(content.keys() - told)),
        "borrowed_terms": math.log1p(len(frozenset(question.terms) - own)),
        "rarity": sum(content.values()),
        "has_capital": float(any(word[0].isupper() and word != "I" for word in words[1:])),
        **{name: float(form.search(text) is not None) for name, form in _FORMS.items()},
    }


def _told(
    question: Question, own: frozenset[str], documents: Sequence[Passage]
) -> dict[str, float]:
    """Whether who asks has named what the first document is about, and no other one's subject."""
    asked = (turn.text for turn in question.earlier if turn.is_asked)
    told = own.union(*(stems(text) for text in asked))
    first, *rest = (_share(_subject(p), told) for p in documents[:RIVALS])
    return {"title_told": first, "title_lead": first - max(rest, default=0.0)}


def _subject(passage: Passage) -> frozenset[str]:
    return frozenset(stems(passage.title)) - SHAPE_STEMS


def _share(words: frozenset[str], known: frozenset[str]) -> float:
    return len(words & known) / len(words) if words else 0.0


def _nearness(content: Mapping[str, float], documents: Sequence[Passage]) -> dict[str, float]:
    """How far the first document lies before the next, and how much the next have of the words."""
    first, *rest = documents
    near = rest[0] if rest else None
    return {
        "dense_lead": first.ranked.dense - (near.ranked.dense if near else 0.0),
        "lead": first.ranked.score - (near.ranked.score if near else 0.0),
        "next_coverage": coverage(content, near.stems, near.context) if near else 0.0,
        "next_sentence": max(
            (coverage(content, s.stems) for p in rest for s in p.sentences), default=0.0
        ),
    }


def _inside(question: Question, passages: Sequence[Passage]) -> dict[str, float]:
    """How many sections the evidence lies in, and how many amounts the first passage gives."""
    kinds = TYPE_KINDS.get(question.answer_type)
    amounts: list[Value] = []
    for value in find_values(passages[0].text) if kinds else ():
        if kinds and value.kind in kinds and not any(same_value(value, a) for a in amounts):
            amounts.append(value)
    return {
        "sections": float(len({p.headings for p in passages[:SECTIONS]})),
        "amounts": math.log1p(len(amounts)),
    }
