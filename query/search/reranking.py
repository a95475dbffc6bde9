"""An optional second reading of the candidates by a cross-encoder, named in the settings."""

import functools
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from config.heap import kept_for_good


class Reranker(Protocol):
    """Anything that scores how well texts answer a question; higher is better."""

    def scores(self, question: str, texts: Sequence[str]) -> Sequence[float]:
        """Return one score per text."""
        ...


@dataclass(frozen=True)
class CrossEncoderReranker:
    """A CrossEncoder of sentence-transformers; nothing of it is loaded before the first text."""

    model: str
    """A folder, or a name looked up in the hub cache."""
    offline: bool = True
    """False permits a download from the hub."""

    @functools.cached_property
    def _encoder(self) -> Any:
        with kept_for_good():
            from sentence_transformers import CrossEncoder

        return CrossEncoder(
            self.model, local_files_only=self.offline, trust_remote_code=False, device="cpu"
        )

    def scores(self, question: str, texts: Sequence[str]) -> Sequence[float]:
        """Return one score per text.

        Raises:
            Exception: Whatever the library raises; the caller keeps its order then.
        """
        if not texts:
            return []
        found = self._encoder.predict([(question, t) for t in texts], show_progress_bar=False)
        scores = [float(score) for score in found]
        if len(scores) != len(texts) or any(math.isnan(score) for score in scores):
            raise ValueError(f"{self.model} gave no usable scores")
        return scores
