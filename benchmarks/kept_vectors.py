"""An encoder that keeps its vectors in a folder: a measurement is repeated in seconds."""

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from indexing.encoding.encoder import SentenceEncoder


class KeptVectors:
    """Encodes what it has not seen before; `save` writes what it has seen."""

    def __init__(self, encoder: SentenceEncoder, folder: Path, name: str) -> None:
        """Read the vectors of an earlier run, if there are any."""
        self._encoder = encoder
        self._file = folder / f"{name}.npz"
        self._known: dict[str, Any] = {}
        if self._file.exists():
            with np.load(self._file) as kept:
                self._known = dict(zip(kept["keys"].tolist(), kept["vectors"], strict=True))
        self._before = len(self._known)
        self.dimension = encoder.dimension

    def encode_query(self, text: str) -> Any:
        """Encode a question."""
        return self._encoder.encode_query(text)

    def encode_documents(self, texts: Sequence[str]) -> Any:
        """Encode texts, those not seen before in one go."""
        keys = [hashlib.sha256(text.encode()).hexdigest()[:24] for text in texts]
        new = {k: t for k, t in zip(keys, texts, strict=True) if k not in self._known}
        if new:
            vectors = self._encoder.encode_documents(list(new.values()))
            self._known |= dict(zip(new, vectors, strict=True))
        return np.stack([self._known[key] for key in keys]).astype(np.float32)

    def save(self) -> None:
        """Write all vectors, if there are new ones."""
        if len(self._known) > self._before:
            self._file.parent.mkdir(parents=True, exist_ok=True)
            keys, vectors = list(self._known), np.stack(list(self._known.values()))
            np.savez(self._file, keys=np.array(keys), vectors=vectors)
            self._before = len(self._known)
