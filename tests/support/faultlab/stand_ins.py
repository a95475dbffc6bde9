"""What stands in for the two slow parts: a parser of paragraphs without children, and the model."""

import hashlib
import sys
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import numpy as np

from ingestion.chunking import ChunkSpec
from ingestion.document import Element, ElementKind, ParsedDocument, PreparedDocument, Refusal
from ingestion.parsing.pool import ParseJob, ParseOutcome
from ingestion.prepare import prepare_parsed


def unit_vector(text: str) -> Any:
    """A vector of length 1, shape (384,), that depends on the text alone."""
    seed = int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big")
    made = np.random.default_rng(seed).normal(size=384).astype(np.float32)
    return made / np.linalg.norm(made)


class CountingEncoder:
    """A unit vector per text; says on standard output how many were encoded."""

    dimension = 384
    window = 256

    def load(self) -> None:
        """Nothing to load."""

    def encode_documents(self, texts: Sequence[str]) -> Any:
        """Shape (texts, 384)."""
        say("encoded", len(texts))
        return np.stack([unit_vector(text) for text in texts])

    def encode_query(self, text: str) -> Any:
        """Shape (384,)."""
        return unit_vector(text)


class ParagraphParser:
    """One element per paragraph; cleaning and cutting are the real ones."""

    def __init__(self, spec: ChunkSpec) -> None:
        self._spec = spec

    def process_ahead(self, jobs: Iterable[ParseJob], lookahead: int) -> Iterator[ParseOutcome]:
        """Prepare the documents in order."""
        for job in jobs:
            raw = job.read()
            if isinstance(raw, Refusal):
                yield ParseOutcome(job.key, raw, None, 0.0)
                continue
            say("parsed", 1)
            yield ParseOutcome(job.key, self._prepare(raw, job.key), raw, 0.0)

    def close(self) -> None:
        """Nothing to give back."""

    def _prepare(self, raw: bytes, key: str) -> PreparedDocument | Refusal:
        text = raw.decode("utf-8", "replace")
        elements = tuple(
            Element(ElementKind.TEXT, part) for part in text.split("\n\n") if part.strip()
        )
        return prepare_parsed(ParsedDocument("text/plain", elements), key, self._spec)


def say(word: str, number: int | None = None) -> None:
    """Tell whoever started this process, at once: it may not live much longer."""
    line = word if number is None else f"{word} {number}"
    sys.stdout.write(line + "\n")
    sys.stdout.flush()
