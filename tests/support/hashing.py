"""An encoder without a model; a module of its own, which workers load in no time."""

import hashlib
from collections.abc import Sequence
from typing import Any

import numpy as np

from indexing.errors import ModelError


class HashingEncoder:
    """Stands in for the model: a unit vector per text, and a count of what was encoded."""

    dimension = 384
    window = 256

    def __init__(self) -> None:
        self.encoded: list[str] = []
        self.broken = False

    def load(self) -> None:
        """Nothing to load."""

    def encode_documents(self, texts: Sequence[str]) -> "np.ndarray[Any, Any]":
        if self.broken:
            raise ModelError("the encoder broke")
        self.encoded.extend(texts)
        return np.stack([self.vector(text) for text in texts])

    def encode_query(self, text: str) -> "np.ndarray[Any, Any]":
        return self.vector(text)

    def vector(self, text: str) -> "np.ndarray[Any, Any]":
        seed = int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big")
        made = np.random.default_rng(seed).normal(size=self.dimension).astype(np.float32)
        return made / np.linalg.norm(made)
