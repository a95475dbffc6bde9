"""The dense encoder: whole texts in, unit vectors out, nothing cut in silence.

A text is tokenised once without truncation, texts of like length share a batch, and a batch is
bounded by its padded tokens instead of its count. That, with bf16 where the processor multiplies
in it, makes the encoder several times faster than `SentenceTransformer.encode` at a cosine of
0.9999 to it (`python -m benchmarks.encoder`).
"""

import logging
import threading
from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol

import numpy as np
import numpy.typing as npt

from config.settings import EmbeddingSettings, EncoderPrecision
from indexing.encoding.batching import WIDTH_STEP, batches, padded
from indexing.encoding.gathering import Gathering
from indexing.encoding.loaded_model import CHECK_TEXTS, LoadedModel, first_line, load_model
from indexing.encoding.model_files import ModelFiles
from indexing.encoding.steady import (
    FILLED,
    MOST_TOGETHER,
    alike_in_any_batch,
    alike_in_any_place,
    filled,
)
from indexing.errors import ModelError
from indexing.points import Dense
from ingestion.parsing.decoding import sound

if TYPE_CHECKING:
    pass

_LOG = logging.getLogger(__name__)
WORDS_TOGETHER = 32
"""Words of a batch that is always of this size."""


class Encoder(Protocol):
    """What turns texts into dense vectors."""

    @property
    def dimension(self) -> int:
        """Length of a vector."""
        ...

    @property
    def window(self) -> int:
        """Longest input in tokens, special tokens included."""
        ...

    def load(self) -> None:
        """Load what the first text needs, ahead of it."""
        ...

    def encode_documents(self, texts: Sequence[str]) -> npt.NDArray[np.float32]:
        """Return an array of shape (len(texts), dimension)."""
        ...

    def encode_query(self, text: str) -> Dense:
        """Return the vector of a question."""
        ...


class SentenceEncoder:
    """A sentence-transformers model; loaded by the first text, usable from several threads."""

    def __init__(self, files: ModelFiles, settings: EmbeddingSettings) -> None:
        self._files = files
        self._settings = settings
        self._lock = threading.Lock()
        self._loaded: LoadedModel | None = None

    @property
    def dimension(self) -> int:
        """Length of a vector."""
        return self._files.dimension

    @property
    def window(self) -> int:
        """Longest input in tokens, special tokens included."""
        return self._files.window

    @property
    def precision(self) -> EncoderPrecision:
        """The arithmetic in use (never `auto`); loads the model."""
        return self._model().precision

    def load(self) -> None:
        """Load the model now instead of with the first text; does nothing the second time.

        Raises:
            ModelError: The files are damaged or of an unknown kind.
        """
        self._model()

    def encode_documents(self, texts: Sequence[str]) -> npt.NDArray[np.float32]:
        """Embed texts as they are (the document prefix is already part of a chunk's text).

        Args:
            texts: None longer than `window` tokens.

        Returns:
            Shape (len(texts), dimension), in the order of `texts`.

        Raises:
            ModelError: A text is too long, or the model gave NaN or a zero vector.
        """
        if not texts:
            return np.empty((0, self.dimension), dtype=np.float32)
        return self._vectors(self._document_tokens(texts))

    def encode_each(self, texts: Sequence[str]) -> npt.NDArray[np.float32]:
        """Embed texts like `encode_documents`, each with a vector that depends on no other.

        What several threads want at the same time goes through the model together. Against
        `encode_query` the last bits may differ.

        Raises:
            ModelError: A text is too long, or the model gave NaN or a zero vector.
        """
        vectors = np.empty((len(texts), self.dimension), dtype=np.float32)
        alike: dict[int, list[int]] = {}
        tokens = self._document_tokens(texts) if texts else []
        for position, ids in enumerate(tokens):
            alike.setdefault(padded(len(ids)), []).append(position)
        for width, members in sorted(alike.items()):
            wanted = [tokens[member] for member in members]
            vectors[members] = self._model().sentences[width].ask_all(wanted)
        return vectors

    def encode_words(self, words: Sequence[str]) -> npt.NDArray[np.float32]:
        """Embed words, each with the vector it has among any others, many times faster than alone.

        All batches have one shape, so that the arithmetic on a word does not depend on the others.

        Args:
            words: Short texts; those of many tokens are embedded as sentences are.

        Raises:
            ModelError: A text is too long, or the model gave NaN or a zero vector.
        """
        vectors = np.empty((len(words), self.dimension), dtype=np.float32)
        tokens = self._document_tokens(words) if words else []
        short = [place for place, ids in enumerate(tokens) if len(ids) <= WIDTH_STEP]
        for start in range(0, len(short), WORDS_TOGETHER):
            places = short[start : start + WORDS_TOGETHER]
            own = [tokens[place] for place in places]
            whole = [*own, *own[:1] * (WORDS_TOGETHER - len(own))]
            vectors[places] = self._together(whole)[: len(own)]
        long = [place for place, ids in enumerate(tokens) if len(ids) > WIDTH_STEP]
        vectors[long] = self.encode_each([words[place] for place in long])
        return vectors

    def encode_query(self, text: str) -> Dense:
        """Embed a question behind the query prefix; one that is too long is cut, and logged.

        Questions that several threads ask at the same time go through the model together, where
        that changes no bit of any vector: a replay has to find the very same scores.

        Raises:
            ModelError: The model gave NaN or a zero vector.
        """
        tokens = self._question_tokens(text)
        return self._model().questions[padded(len(tokens))].ask(tokens)

    def pieces(self, words: Sequence[str]) -> list[int]:
        """Return into how many tokens each word falls; frequent ones are one."""
        tokenised = self._model().tokens([sound(word) for word in ("", *words)])
        around, *counts = (len(ids) for ids in tokenised)
        return [count - around for count in counts]

    def _document_tokens(self, texts: Sequence[str]) -> list[list[int]]:
        tokens = self._model().tokens([sound(text) for text in texts])
        for position, ids in enumerate(tokens):
            if len(ids) > self.window:
                raise ModelError(
                    f"Text {position} of {len(texts)} is {len(ids)} tokens long, the encoder "
                    f"{self._files.name!r} reads {self.window}; nothing is cut in silence. Lower "
                    f"chunking.max_tokens. The text begins: {texts[position][:80]!r}"
                )
        return tokens

    def _question_tokens(self, text: str) -> list[int]:
        model = self._model()
        question = sound(self._settings.query_prefix + text)
        tokens = model.tokens([question])
        if len(tokens[0]) > self.window:
            _LOG.warning(
                "A question of %d tokens was cut to the %d that the encoder reads.",
                len(tokens[0]),
                self.window,
            )
            tokens = model.tokens([question], cut=True)
        return tokens[0]

    def _model(self) -> LoadedModel:
        with self._lock:
            if self._loaded is None:
                loaded = load_model(self._files, self._settings)
                self._gather(loaded)
                self._loaded = loaded
            return self._loaded

    def _gather(self, loaded: LoadedModel) -> None:
        """Let questions and sentences go through the model together as far as that is harmless."""
        rows = [ids[:WIDTH_STEP] for ids in loaded.tokens(CHECK_TEXTS * 4)]
        alike = alike_in_any_batch(loaded.forward, rows)
        in_place = not alike and alike_in_any_place(loaded.forward, rows)
        for width in range(WIDTH_STEP, padded(self.window) + 1, WIDTH_STEP):
            alone = Gathering(self._each, MOST_TOGETHER if alike else 1)
            loaded.questions[width] = alone
            loaded.sentences[width] = Gathering(self._filled, FILLED) if in_place else alone

    def _each(self, tokens: Sequence[Sequence[int]]) -> list[Dense]:
        return list(self._vectors(tokens))

    def _filled(self, tokens: Sequence[Sequence[int]]) -> list[Dense]:
        return list(self._together(filled(tokens))[: len(tokens)])

    def _vectors(self, tokens: Sequence[Sequence[int]]) -> npt.NDArray[np.float32]:
        vectors = np.empty((len(tokens), self.dimension), dtype=np.float32)
        for members in batches([len(ids) for ids in tokens], self._settings.batch_tokens):
            vectors[members] = self._together([tokens[member] for member in members])
        return vectors

    def _together(self, tokens: Sequence[Sequence[int]]) -> npt.NDArray[np.float32]:
        """Embed one batch, whatever its size."""
        try:
            vectors = self._model().forward(tokens)
        except (RuntimeError, IndexError, MemoryError) as error:
            raise ModelError(
                f"The encoder {self._files.name!r} in {self._files.path} could not embed "
                f"({first_line(error)}). Its tokenizer and its weights do not belong together, or "
                "the memory is full: copy the model again, or lower embedding.batch_tokens."
            ) from error
        if vectors.shape[1] != self.dimension:
            raise ModelError(
                f"The encoder {self._files.name!r} gives vectors of dimension "
                f"{vectors.shape[1]}, its configuration says {self.dimension}; the files in "
                f"{self._files.path} do not belong together."
            )
        lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
        if not np.isfinite(lengths).all() or not lengths.all():
            raise ModelError(
                f"The encoder {self._files.name!r} in {self._files.path} gave NaN or a zero "
                "vector. Its weights are damaged, or embedding.precision does not suit it; try "
                "fp32."
            )
        return vectors / lengths if self._settings.normalize else vectors
