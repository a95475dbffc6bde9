"""The dense encoder of the workers: texts go out in groups of like length, vectors come back."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from indexing.encoding.encoder import Encoder
from indexing.encoding.model_files import ModelFiles
from indexing.execution.runner import Runner, Urgency
from indexing.execution.work import EmbedWork, Pipeline, embed_texts
from indexing.points import Dense

GROUP_TEXTS = 64
"""Texts of one piece of work; a worker pads within it, so fewer would waste its time."""


class RemoteEncoder:
    """Embeds documents on workers."""

    def __init__(self, runner: Runner, pipeline: Pipeline, files: ModelFiles, own: Encoder) -> None:
        """Use the workers of `runner`.

        Args:
            runner: Has the workers.
            pipeline: What they are to stand for.
            files: The model.
            own: Encodes questions, in this process.
        """
        self._runner = runner
        self._pipeline = pipeline
        self._files = files
        self._own = own

    @property
    def dimension(self) -> int:
        """Length of a vector."""
        return self._files.dimension

    @property
    def window(self) -> int:
        """Longest input in tokens, special tokens included."""
        return self._files.window

    def load(self) -> None:
        """Bring the workers up; each loads the model with its first texts."""
        self._runner.start()

    def encode_documents(self, texts: Sequence[str]) -> npt.NDArray[np.float32]:
        """Embed texts, in the order of `texts`.

        Raises:
            ModelError: A text is too long, or the model gave NaN or a zero vector.
            ModelMismatchError: A worker has another model or other libraries.
            RunnerError: The workers are gone.
        """
        vectors = np.empty((len(texts), self.dimension), dtype=np.float32)
        # The longest first: what is begun last should be over soon.
        order = sorted(range(len(texts)), key=lambda position: (-len(texts[position]), position))
        groups = [order[at : at + GROUP_TEXTS] for at in range(0, len(order), GROUP_TEXTS)]
        calls = [
            self._runner.submit(
                embed_texts,
                EmbedWork(self._pipeline, tuple(texts[position] for position in group)),
                Urgency.NOW,
            )
            for group in groups
        ]
        try:
            for group, call in zip(groups, calls, strict=True):
                vectors[group] = call.result()
        except BaseException:
            for call in calls:
                call.cancel()
            raise
        return vectors

    def encode_query(self, text: str) -> Dense:
        """Embed a question in this process."""
        return self._own.encode_query(text)
