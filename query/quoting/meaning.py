"""How close single sentences are to a question in meaning: chooses what is quoted.

The verdict does not depend on it; a quote of the right passage but the wrong sentence is no
answer, and words alone often cannot tell ("longest paid break" against "sabbatical").
"""

import logging
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Protocol

import numpy as np
import numpy.typing as npt

from query.asking.question import Question
from query.text.leads import find_leads
from query.text.passages import Passage, cells_of, coverage, table_heads

logger = logging.getLogger(__name__)

PASSAGES_READ = 4
SENTENCES_READ = 10
"""Ten find the answer as often as forty do, six no longer: `python -m benchmarks.quoting`."""
STEP_OF_RANK = 0.2
"""Share of the question that a sentence must hold more of to be read before the next passage's."""
LONGEST_QUESTION = 250
"""Characters of a question that are compared; no text of this length has more than 256 tokens."""
SHORTEST_SENTENCE = 12
"""Characters; what is shorter says nothing by itself."""

_CONDITION: Final = re.compile(r"\b(?:if|unless|provided|except)\b", re.IGNORECASE)

POINTED: Final = 1.0
"""Closeness of a sentence in which a judge saw the answer stand."""
Closeness = Mapping[tuple[str, int], float]
"""Cosine by (chunk id, start of the sentence in the chunk)."""


class SentenceEncoder(Protocol):
    """The dense encoder as far as sentences need it."""

    def encode_documents(self, texts: Sequence[str]) -> npt.NDArray[np.float32]:
        """Return one vector per text."""
        ...


def closeness(
    question: Question,
    weights: Mapping[str, float],
    passages: Sequence[Passage],
    encoder: Any,
    most: int = SENTENCES_READ,
) -> Closeness:
    """Compare the question with the sentences of the best passages.

    Args:
        question: The question.
        weights: Weights of its terms.
        passages: Candidates, best first; only the first few are read.
        encoder: A `SentenceEncoder`; anything else, or a failure, gives an empty result, and
            quotes are then chosen by words alone.
        most: Sentences that are read at most.
    """
    if not hasattr(encoder, "encode_documents"):
        return {}
    wanted = worth_reading(weights, passages, most)
    if not wanted:
        return {}
    try:
        # A question may be longer than the encoder reads, no sentence is: its beginning will do.
        asked = question.text[:LONGEST_QUESTION]
        vectors = encoder.encode_documents([asked, *(one.text for one in wanted)])
    except Exception:
        logger.warning("Sentences could not be compared with the question.", exc_info=True)
        return {}
    cosines = vectors[1:] @ vectors[0]
    return {
        (one.chunk_id, one.start): float(cosine)
        for one, cosine in zip(wanted, cosines, strict=True)
    }


def is_conditional(text: str) -> bool:
    """Tell whether a text holds, or asks for what holds, only in a case."""
    return bool(_CONDITION.search(text))


def pointed_at(
    question: Question, places: Mapping[str, tuple[int, int]], passages: Sequence[Passage]
) -> dict[tuple[str, int], float]:
    """Return the sentences in which a judge saw the answer stand, as near as can be.

    Neither the head of a table nor a question is an answer, whoever points at it; what holds only
    in a case is compared with the rest, unless the question is about a case.
    """
    cases = is_conditional(question.text)
    found = {}
    for passage in (p for p in passages if p.chunk_id in places):
        heads = table_heads(passage)
        for index, sentence in enumerate(passage.sentences):
            if not sentence.start <= places[passage.chunk_id][0] < sentence.end:
                continue
            says_it = heads.get(index) is not sentence and not sentence.text.endswith("?")
            if says_it and (cases or not is_conditional(sentence.text)):
                found[passage.chunk_id, sentence.start] = POINTED
    return found


@dataclass(frozen=True, slots=True)
class Candidate:
    """A sentence that may be quoted, with the text that carries its meaning."""

    chunk_id: str
    start: int
    text: str
    promise: float
    """How likely it is quoted, as far as words and the rank of its passage tell."""


def worth_reading(
    weights: Mapping[str, float], passages: Sequence[Passage], most: int
) -> list[Candidate]:
    """Return the sentences that promise most, those of the best passage before their equals."""
    found = [
        one
        for rank, passage in enumerate(passages[:PASSAGES_READ])
        for one in candidates(weights, passage, rank)
        if len(one.text) >= SHORTEST_SENTENCE
    ]
    return sorted(found, key=lambda one: -one.promise)[:most]


def candidates(weights: Mapping[str, float], passage: Passage, rank: int) -> Iterator[Candidate]:
    """Yield sentences with the text that carries their meaning: with heading, or rows in words."""
    heads, leads = table_heads(passage), find_leads(passage)
    heading = f"{passage.headings[-1]}. " if passage.headings else ""
    for index, sentence in enumerate(passage.sentences):
        head = heads.get(index)
        text, words = heading + sentence.text, sentence.stems
        if head is not None and head is not sentence:
            text, words = in_words(head.text, sentence.text), words | head.stems
        lead = leads.get(index)
        if lead is not None:
            words = words | lead.stems
            # Before a row in words the line above it would outweigh the row.
            text = f"{text} ({lead.text})" if index in heads else f"{lead.text} {text}"
        covered = coverage(weights, words, passage.context)
        promise = covered - STEP_OF_RANK * rank
        yield Candidate(passage.chunk_id, sentence.start, text, promise)


def in_words(head: str, row: str) -> str:
    """Write a row as a sentence would: "Tern 4: Warranty 36 months, Starts date of delivery".

    To the question for that warranty it comes as near as a sentence (cosine 0.79); the head row
    before the row does not (0.53).
    """
    names, cells = cells_of(head), cells_of(row, head)
    if len(names) != len(cells):
        return f"{head}: {row}"
    said = [f"{name} {cell}" for name, cell in zip(names[1:], cells[1:], strict=True) if cell]
    return f"{cells[0]}: {', '.join(said)}"
