"""The dense encoder under its deadline and circuit, for everything but the search itself."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from config.querying import DeadlineSettings
from query.resilience import Circuit


@dataclass(frozen=True, slots=True)
class BoundedEncoder:
    """Encodes sentences within the deadline."""

    encoder: Any
    circuit: Circuit
    seconds: float

    def encode_documents(self, texts: Sequence[str]) -> npt.NDArray[np.float32]:
        """Return one vector per text.

        Raises:
            Exception: Whatever the encoder raises, `OverdueError` or `CircuitOpenError`.
        """
        vectors: npt.NDArray[np.float32] = self.circuit.call(
            self.seconds, lambda: self.encoder.encode_documents(texts)
        )
        return vectors

    def encode_words(self, words: Sequence[str]) -> npt.NDArray[np.float32]:
        """Return one vector per word.

        Raises:
            Exception: Whatever the encoder raises, `OverdueError` or `CircuitOpenError`.
        """
        encode = getattr(self.encoder, "encode_words", self.encoder.encode_documents)
        vectors: npt.NDArray[np.float32] = self.circuit.call(self.seconds, lambda: encode(words))
        return vectors

    @property
    def window(self) -> int | None:
        """Longest text in tokens; none where the encoder does not say."""
        return getattr(self.encoder, "window", None)

    def pieces(self, words: Sequence[str]) -> list[int]:
        """Return into how many tokens each word falls; one each where the encoder does not say.

        Raises:
            Exception: Whatever the encoder raises, `OverdueError` or `CircuitOpenError`.
        """
        count = getattr(self.encoder, "pieces", None)
        if count is None:
            return [1] * len(words)
        pieces: list[int] = self.circuit.call(self.seconds, lambda: count(words))
        return pieces


def bounded_encoder(encoder: Any, circuit: Circuit, deadlines: DeadlineSettings) -> Any:
    """Put the encoder under its deadline; one that encodes no sentences stays as it is."""
    if not hasattr(encoder, "encode_documents"):
        return encoder
    return BoundedEncoder(encoder, circuit, deadlines.encoder_seconds)
