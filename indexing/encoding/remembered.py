"""Vectors of sentences that were encoded before, the latest asked for, in a bounded memory.

Questions about the same documents read the same sentences again and again, and a sentence costs the
encoder a hundred times what a look-up does. A text is known by its digest, so that no text stays in
memory once its document is purged. Nothing depends on whether a sentence was remembered: it is
encoded so that its vector depends on no other. Nor does anything depend on whether the same words
were a question before: those have vectors of their own, for their last bits may differ.
"""

import hashlib
import logging
import threading
from collections import OrderedDict
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from typing import Any, Protocol, TypeGuard

import numpy as np
import numpy.typing as npt

logger = logging.getLogger(__name__)

Vectors = npt.NDArray[np.float32]
_Coming = dict[bytes, "Future[Vectors]"]
ENTRY_BYTES = 256
"""What an entry takes beside its vector: digest, number of its row, their places in the table."""
_DIGEST_BYTES = 16
_SENTENCE, _QUESTION = b"sentence", b"question"


class EachAlone(Protocol):
    """An encoder whose vectors can be made independent of what they are asked together with."""

    def encode_each(self, texts: Sequence[str]) -> Vectors:
        """Return one vector per text, each one that depends on no other."""
        ...


class Encodes(Protocol):
    """Any encoder."""

    def encode_documents(self, texts: Sequence[str]) -> Vectors:
        """Return one vector per text."""
        ...

    def encode_query(self, text: str) -> Vectors:
        """Return the vector of a question."""
        ...


class RememberedVectors:
    """Encodes what it does not remember; usable from any number of threads.

    A sentence that several threads miss at the same time is encoded by one of them.
    """

    def __init__(self, encoder: Callable[[], Encodes], most_bytes: int) -> None:
        """Prepare; no memory is taken before there is something to remember.

        Args:
            encoder: Brings the encoder when it is needed.
            most_bytes: Bound of all vectors with what it takes to find them; less than one of them
                remembers nothing.
        """
        self._encoder = encoder
        self._most_bytes = most_bytes
        self._lock = threading.Lock()
        self._rows: OrderedDict[bytes, int] = OrderedDict()
        """Row by digest, the one asked for the longest ago first."""
        self._vectors: Vectors = np.empty((0, 0), dtype=np.float32)
        self._under_way: _Coming = {}

    def __len__(self) -> int:
        """Return how many sentences are remembered."""
        return len(self._rows)

    @property
    def nbytes(self) -> int:
        """What they take, never above the bound."""
        with self._lock:
            width = self._vectors.shape[1] * self._vectors.itemsize
            return int(len(self._rows) * (width + ENTRY_BYTES))

    def encode_documents(self, texts: Sequence[str]) -> Vectors:
        """Return the vectors of texts, in their order.

        Raises:
            Exception: What the encoder raises; nothing is remembered of what failed.
        """
        keys = [_digest(text, _SENTENCE) for text in texts]
        found, mine, others = self._look_up(keys)
        wanted = {key: text for key, text in zip(keys, texts, strict=True) if key in mine}
        if wanted:
            found |= self._encode(wanted, mine)
        for key, future in others.items():
            found[key] = future.result()
        if not found:
            return self._encoder().encode_documents(texts)
        return np.stack([found[key] for key in keys])

    def encode_words(self, words: Sequence[str]) -> Vectors:
        """Return the vectors of words, in their order, many times faster than alone.

        Raises:
            Exception: What the encoder raises.
        """
        encoder: Any = self._encoder()
        encode = getattr(encoder, "encode_words", self.encode_documents)
        vectors: Vectors = encode(words)
        return vectors

    def encode_query(self, text: str) -> Vectors:
        """Return the vector of a question.

        Raises:
            Exception: What the encoder raises.
        """
        key = _digest(text, _QUESTION)
        with self._lock:
            known = self._known(key)
        if known is not None:
            return known
        vector = self._encoder().encode_query(text)
        with self._lock:
            self._keep(key, vector)
        return vector

    @property
    def window(self) -> int | None:
        """Longest text in tokens; none where the encoder does not say."""
        return getattr(self._encoder(), "window", None)

    def pieces(self, words: Sequence[str]) -> list[int]:
        """Return into how many tokens each word falls; one each where the encoder does not say."""
        count = getattr(self._encoder(), "pieces", None)
        return list(count(words)) if count is not None else [1] * len(words)

    def _look_up(
        self, keys: Sequence[bytes]
    ) -> tuple[
        dict[bytes, Vectors], dict[bytes, "Future[Vectors]"], dict[bytes, "Future[Vectors]"]
    ]:
        """Return what is known, what the caller has to encode, and what others are encoding."""
        known: dict[bytes, Vectors] = {}
        mine: _Coming = {}
        others: _Coming = {}
        with self._lock:
            for key in dict.fromkeys(keys):
                vector = self._known(key)
                if vector is not None:
                    known[key] = vector
                elif key in self._under_way:
                    others[key] = self._under_way[key]
                else:
                    mine[key] = self._under_way[key] = Future()
        return known, mine, others

    def _encode(self, wanted: dict[bytes, str], mine: _Coming) -> dict[bytes, Vectors]:
        """Encode what is missing, and tell those who wait for it."""
        try:
            encoder: Any = self._encoder()
            encode = encoder.encode_each if _each_alone(encoder) else encoder.encode_documents
            vectors: Vectors = encode(list(wanted.values()))
        except BaseException as error:
            with self._lock:
                for key in mine:
                    del self._under_way[key]
            for future in mine.values():
                future.set_exception(error)
            raise
        made = dict(zip(wanted, vectors, strict=True))
        with self._lock:
            for key, vector in made.items():
                self._keep(key, vector)
                del self._under_way[key]
        for key, future in mine.items():
            future.set_result(made[key])
        return made

    def _known(self, key: bytes) -> Vectors | None:
        row = self._rows.get(key)
        if row is None:
            return None
        self._rows.move_to_end(key)
        # A row is given to another sentence as soon as this one is forgotten.
        vector: Vectors = self._vectors[row].copy()
        return vector

    def _keep(self, key: bytes, vector: Vectors) -> None:
        most = self._most_bytes // (vector.nbytes + ENTRY_BYTES)
        if most < 1 or key in self._rows or not np.isfinite(vector).all():
            return
        if not self._vectors.size:
            # Pages that are not written to take no memory: it grows with what is remembered, and
            # stays where it is once it is full.
            try:
                self._vectors = np.empty((most, len(vector)), dtype=np.float32)
            except MemoryError:  # the vector is there all the same, and others wait for it
                logger.warning(
                    "There is no memory for %.0f MB of remembered sentences, so none are "
                    "remembered. Lower quoting.remembered_mb.",
                    self._most_bytes / 1e6,
                )
                self._most_bytes = 0
                return
        row = len(self._rows)
        if row >= len(self._vectors):
            _, row = self._rows.popitem(last=False)
        self._vectors[row] = vector
        self._rows[key] = row


def _each_alone(encoder: object) -> TypeGuard[EachAlone]:
    return hasattr(encoder, "encode_each")


def _digest(text: str, kind: bytes) -> bytes:
    data = text.encode("utf-8", "surrogatepass")
    return hashlib.blake2b(data, digest_size=_DIGEST_BYTES, person=kind).digest()
