"""Whether what is asked for is spoken of at all: a page on the right thing is not yet an answer.

"What is the salary of Joana Prata?" finds the row of Joana Prata, and "What is the warranty of the
crutches?" what they cost. The judge, which reads for the thing, takes both for answers. So where
the word for what is asked stands nowhere in the passage that answers, and no other word there
comes near it by the encoder, the question is refused and the word named. Measured with
`python -m benchmarks.unspoken DATA` on questions of the public sets.
"""

import logging
import re
from collections.abc import Sequence
from dataclasses import replace
from difflib import get_close_matches
from typing import Any, Final

from query.asking.new_words import nouns_asked_anew
from query.asking.question import Question
from query.decision import Reason, ReasonCode, Verdict
from query.ruling import NOT_TOGETHER, Ruling, refused_for
from query.text.measures import with_kindred
from query.text.missed import is_missed
from query.text.passages import Passage, coverage
from query.text.words import STOP_WORDS, WORD, stem, stems

NEAR: Final = 0.48
"""Cosine of two words from which on one may stand for the other where the judge sees an answer."""
NEAR_IN_PART: Final = 0.45
"""… where no passage had enough of so short a question anyway."""
SURE: Final = 0.9
"""Probability from which on the judge is believed whatever the words."""
NOT_COMPARED: Final = Reason(
    ReasonCode.DENSE_ENCODER_DOWN,
    "Whether the evidence speaks of what is asked could not be compared word by word.",
)
LOOKED_AT: Final = 3
MOST: Final = 0.8
"""Share of what passages have of the other words of a question from which on one is about it."""
SHORTEST_SPELT: Final = 4
SPELT_ALIKE: Final = 0.87
"""Likeness of letters from which on a word is another one misspelt; of short words none is."""
_NOUN: Final = r"(?P<noun>(?:[a-z'’-]+ ){0,3}?[a-z'’-]+)"
_OF: Final = r"(?:of|for|in|at|on|to|from)\b"
_ASKS: Final = (
    re.compile(
        rf"\b(?:what|who)(?:['’]s| is| was| are| were)(?: the| an?| my| our| your)? {_NOUN} {_OF}",
        re.IGNORECASE,
    ),
    re.compile(
        rf"\bhow many {_NOUN}(?= (?:are|is|do|does|did|were|was|has|have|can|may|must|will|{_OF})\b"
        r"|\?|$)",
        re.IGNORECASE,
    ),
    re.compile(
        rf"^(?:what|which) {_NOUN} (?:is|are|was|were|does|do|did|has|have|can|may|must|will)\b",
        re.IGNORECASE,
    ),
    re.compile(
        rf"\bhow (?:high|much|large|big|long) (?:is|was|are) the {_NOUN} {_OF}", re.IGNORECASE
    ),
    re.compile(
        r"\bwho (?:first )?(?P<noun>[a-z]+(?:ed|uilt|ote|ade|old|ound|on))\b", re.IGNORECASE
    ),
)
UNSPOKEN: Final = "What was found does not speak of it"
"""How the reason of such a refusal begins."""
logger = logging.getLogger(__name__)


def asked_word(text: str) -> str:
    """Return the word for what is asked: "What is the home address of …" asks for an address.

    "Who founded …?" asks who founded it. Empty where the question is put in another way, or the
    word says too little to be missed.
    """
    for pattern in _ASKS:
        found = pattern.search(text)
        if found:
            # "How many reads per second …?" asks for reads.
            word: str = found["noun"].lower().split(" per ")[0].split()[-1]
            return word if is_missed(word) else ""
    return ""


def without_unspoken(
    question: Question, passages: Sequence[Passage], ruling: Ruling, encoder: Any
) -> Ruling:
    """Return the ruling, or a refusal where nothing speaks of what is asked.

    Args:
        question: A simple question.
        passages: Its candidates, best first.
        ruling: The ruling on it.
        encoder: Compares words; with none the ruling stays, with one that fails, too, and says so.
    """
    usable = [passage for passage in passages if not passage.blocked]
    if not usable or not hasattr(encoder, "encode_documents"):
        return ruling
    try:
        return _compared(question, usable, ruling, encoder)
    except Exception:
        logger.warning("Words could not be compared.", exc_info=True)
        return replace(ruling, reasons=(*ruling.reasons, NOT_COMPARED))


def _compared(
    question: Question, usable: Sequence[Passage], ruling: Ruling, encoder: Any
) -> Ruling:
    """Do what `without_unspoken` does; passes on what the encoder raises."""
    names = frozenset(word for name in question.names for word in stems(name))
    if ruling.verdict is Verdict.ANSWERABLE and ruling.score < SURE:
        asked = asked_word(question.text)
        wanted = [asked] if asked and stem(asked) not in names else []
        read, near = _answering(usable, ruling, frozenset({stem(asked)})), NEAR
        fresh = nouns_asked_anew(question)
        if not wanted and fresh and len(unspoken_of(fresh, read, encoder, near)) == len(fresh):
            wanted = fresh
    elif any(reason.detail == NOT_TOGETHER for reason in ruling.reasons):
        pairs = zip(question.terms, question.surface, strict=True)
        wanted = [word.lower() for term, word in pairs if is_missed(word) and term not in names]
        read, near = usable[:LOOKED_AT], NEAR_IN_PART
    else:
        return ruling
    unspoken = unspoken_of(wanted, read, encoder, near)
    if not unspoken:
        return ruling
    named = ", ".join(unspoken)
    return refused_for(ruling, f"{UNSPOKEN}: {named}.", tuple(unspoken))


def _answering(
    passages: Sequence[Passage], ruling: Ruling, asked: frozenset[str]
) -> Sequence[Passage]:
    """Return what the judge took for answers, and what has most of the rest of the question."""
    looked_at = passages[:LOOKED_AT]
    spoken = frozenset().union(*(p.stems | p.context for p in looked_at))
    rest = {t: w for t, w in (ruling.weights or {}).items() if t in spoken - asked}
    pointed_at = [p for p in passages if p.chunk_id in ruling.places] or passages[:1]
    others = [p for p in looked_at if coverage(rest, p.stems, p.context) >= MOST]
    return [*pointed_at, *(p for p in others if p not in pointed_at)]


def unspoken_of(
    wanted: Sequence[str], passages: Sequence[Passage], encoder: Any, near: float
) -> list[str]:
    """Return the words that neither stand in the passages nor come near one that does.

    Args:
        wanted: Words in small letters.
        passages: In which they are looked for, with titles and headings.
        encoder: Compares words.
        near: Cosine from which on one word may stand for another.
    """
    known = with_kindred(frozenset().union(*(p.stems | p.context for p in passages)))
    unmet = [word for word in dict.fromkeys(wanted) if stem(word) not in known]
    if not unmet:
        return []
    every = (m.group().lower() for p in passages for m in WORD.finditer(p.everything))
    there = [word for word in dict.fromkeys(every) if word not in STOP_WORDS and len(word) > 1]
    unmet = [word for word in unmet if not _is_misspelt(word, there)]
    encode = getattr(encoder, "encode_words", encoder.encode_documents)
    vectors = encode([*unmet, *there])
    cosines = vectors[: len(unmet)] @ vectors[len(unmet) :].T
    return [word for word, row in zip(unmet, cosines, strict=True) if row.max(initial=0.0) < near]


def _is_misspelt(word: str, there: Sequence[str]) -> bool:
    return len(word) > SHORTEST_SPELT and bool(get_close_matches(word, there, 1, SPELT_ALIKE))
