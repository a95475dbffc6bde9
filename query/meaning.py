"""How close single sentences are to a question in meaning: chooses what is quoted.

The verdict does not depend on it; a quote of the right passage but the wrong sentence is no
answer, and words alone often cannot tell ("longest paid break" against "sabbatical").
"""

import logging
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from query.passages import Passage, Sentence, table_heads

logger = logging.getLogger(__name__)

PASSAGES_READ = 4
SENTENCES_READ = 40
LONGEST_QUESTION = 250
"""Characters of a question that are compared; no text of this length has more than 256 tokens."""
SHORTEST_SENTENCE = 12
"""Characters; what is shorter says nothing by itself."""

Closeness = Mapping[tuple[str, int], float]
"""Cosine by (chunk id, start of the sentence in the chunk)."""


class SentenceEncoder(Protocol):
    """The dense encoder as far as sentences need it."""

    def encode_documents(self, texts: Sequence[str]) -> npt.NDArray[np.float32]:
        """Return one vector per text."""
        ...


def closeness(question: str, passages: Sequence[Passage], encoder: Any) -> Closeness:
    """Compare the question with the sentences of the best passages.

    Args:
        question: The question.
        passages: Candidates, best first; only the first few are read.
        encoder: A `SentenceEncoder`; anything else, or a failure, gives an empty result, and
            quotes are then chosen by words alone.
    """
    if not hasattr(encoder, "encode_documents"):
        return {}
    wanted = [
        (passage.chunk_id, sentence.start, text)
        for passage in passages[:PASSAGES_READ]
        for sentence, text in readable(passage)
        if len(text) >= SHORTEST_SENTENCE
    ][:SENTENCES_READ]
    if not wanted:
        return {}
    try:
        # A question may be longer than the encoder reads, no sentence is: its beginning will do.
        asked = question[:LONGEST_QUESTION]
        vectors = encoder.encode_documents([asked, *(text for _, _, text in wanted)])
    except Exception:
        logger.warning("Sentences could not be compared with the question.", exc_info=True)
        return {}
    cosines = vectors[1:] @ vectors[0]
    return {
        (chunk, start): float(cosine)
        for (chunk, start, _), cosine in zip(wanted, cosines, strict=True)
    }


def readable(passage: Passage) -> Iterator[tuple[Sentence, str]]:
    """Yield sentences with the text that carries their meaning: last heading, table head, row."""
    heads = table_heads(passage.sentences)
    heading = f"{passage.headings[-1]}. " if passage.headings else ""
    for index, sentence in enumerate(passage.sentences):
        head = heads.get(index)
        if head is not None and head is not sentence:
            yield sentence, f"{heading}{head.text}: {sentence.text}"
        else:
            yield sentence, f"{heading}{sentence.text}"
