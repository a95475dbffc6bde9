"""Ruling on a question without the pages of siblings, and saying so.

"What does parking at the Robinson Lodge cost?" has no answer where only the page of another lodge
speaks of parking. The judge, which reads for the lodge, would take the price of a breakfast there
for one; so what only the pages left out speak of is missed, however sure it is.
"""

import logging
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, Final

from query.asking.question import Question
from query.decision import Reason, ReasonCode, Verdict
from query.evidence.siblings import of_siblings
from query.judging.unspoken import NOT_COMPARED, unspoken_of
from query.ruling import Ruling, refused_for
from query.text.measures import names_measure
from query.text.missed import is_missed
from query.text.passages import Passage
from query.text.words import stem, stems, table

LEADING: Final = 5
"""First candidates of which it is said that they were left out, and in which words are missed."""
NEAR: Final = 0.65
"""Cosine of two words from which on one may stand for the other: pages of a kind speak alike."""
_DOING: Final = frozenset(
    stem(word)
    for word in table("""
        accept add allow allowed apply arrive ask attend available bear before best book borrow
        bought bring build buy cancel carry change charge check choose claim clear close collect
        complete contact cost cover day days deliver different drive drop easy eat enter evening
        exchange expect fly follow forbidden free good hand handle hard hire hold idea inform
        install join large last leave lend long look lose lost mail manage meet miss morning
        move necessary night notify now offer open operate order pack paid pass pay pick please
        possible prepare provide publish quick reach read ready receive refund register remove
        repair replace report request require required reserve return right run safe save send
        share short sign sit small spend stop submit suitable suited supply support sure today
        tomorrow tonight travel treat usual visit wait walk want wear week weekend welcome write
        yesterday
    """)
)
"""What is done with a thing, and what it is like, is said in many ways: who may bring a dog reads
that dogs are welcome."""
logger = logging.getLogger(__name__)


def without_siblings(
    question: Question,
    passages: Sequence[Passage],
    rules: Callable[[Sequence[Passage]], Ruling],
    encoder: Any,
) -> Ruling:
    """Rule on a question without pages about another thing of the kind that is asked about.

    Args:
        question: A simple question.
        passages: Candidates, best first.
        rules: Rules by such candidates.
        encoder: Compares words.
    """
    left_out = of_siblings(passages, question)
    if not left_out:
        return rules(passages)
    ids = frozenset(passage.chunk_id for passage in left_out)
    rest = [passage for passage in passages if passage.chunk_id not in ids]
    ruling = rules(rest)
    ruling = replace(ruling, apart=ids | ruling.apart)
    leading = sorted({p.key for p in passages[:LEADING] if p.chunk_id in ids})
    if not leading:
        return ruling
    ruling = _missing(question, left_out, rest, ruling, encoder)
    detail = f"Pages about something else of the kind were not used: {', '.join(leading)}."
    said = Reason(ReasonCode.SIBLING_EVIDENCE, detail)
    return replace(ruling, reasons=(*ruling.reasons, said))


def _missing(
    question: Question,
    left_out: Sequence[Passage],
    rest: Sequence[Passage],
    ruling: Ruling,
    encoder: Any,
) -> Ruling:
    """Refuse what only the pages left out speak of."""
    if ruling.verdict is Verdict.UNANSWERABLE or not hasattr(encoder, "encode_documents"):
        return ruling
    names = frozenset(word for name in question.names for word in stems(name))
    told = frozenset().union(*(p.stems for p in left_out))
    words = [
        word.lower()
        for term, word in zip(question.terms, question.surface, strict=True)
        if term in told - names - _DOING and is_missed(word) and not names_measure(word)
    ]
    read = [passage for passage in rest if not passage.blocked][:LEADING]
    try:
        lost = unspoken_of(words, read, encoder, NEAR)
    except Exception:
        logger.warning("Words could not be compared.", exc_info=True)
        return replace(ruling, reasons=(*ruling.reasons, NOT_COMPARED))
    if not lost:
        return ruling
    detail = f"Only pages about something else of the kind speak of it: {', '.join(lost)}."
    return refused_for(ruling, detail, tuple(lost))
