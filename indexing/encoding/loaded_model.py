"""A sentence-transformers model in memory: tokens in, vectors out, in bf16 where that does."""

import logging
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from config.environment import quieten
from config.heap import kept_for_good
from config.settings import EmbeddingSettings, EncoderPrecision
from indexing.encoding.batching import padded
from indexing.encoding.gathering import Gathering
from indexing.encoding.model_files import ModelFiles
from indexing.encoding.processor import processor_has_bf16
from indexing.errors import ModelError
from indexing.points import Dense

if TYPE_CHECKING:
    import torch
    from sentence_transformers import SentenceTransformer
    from tokenizers import Tokenizer

_LOG = logging.getLogger(__name__)
LEAST_BF16_COSINE = 0.999
CHECK_TEXTS = (
    "The warranty covers defects in material for twenty-four months from delivery.",
    "error 0x80070005: access denied",
    "Pressure\tbar\n1.5\t2.25\n",
    "Who approves travel above 2,000 euros, and by when?",
)
"""What bf16 is compared on, when a model is loaded, before it is trusted."""

Gatherings = dict[int, Gathering[Sequence[int], Dense]]
"""Where texts gather that go through a model together, by padded width."""


class LoadedModel:
    """The model in memory, its tokenizer, and its arithmetic."""

    def __init__(self, model: "SentenceTransformer", tokenizer: "Tokenizer", window: int) -> None:
        import tokenizers

        self.model = model
        self.precision = EncoderPrecision.FP32
        self.questions: Gatherings = {}
        """Where questions gather, by padded width, that must have the vectors they have alone."""
        self.sentences: Gatherings = {}
        """Where sentences gather, whose vectors must not depend on each other."""
        self._window = window
        self._whole = tokenizer
        self._whole.no_padding()
        self._whole.no_truncation()
        self._cutting = tokenizers.Tokenizer.from_str(tokenizer.to_str())
        self._cutting.enable_truncation(window)
        own: Any = model.tokenizer
        self._inputs = frozenset(own.model_input_names)
        self._pad = int(own.pad_token_id or 0)
        self._pads_left = own.padding_side == "left"

    def tokens(self, texts: Sequence[str], *, cut: bool = False) -> list[list[int]]:
        """Tokenise with special tokens."""
        tokenizer = self._cutting if cut else self._whole
        return [encoding.ids for encoding in tokenizer.encode_batch(list(texts))]

    def forward(self, tokens: Sequence[Sequence[int]]) -> npt.NDArray[np.float32]:
        """Run one batch through the model's own modules; shape (len(tokens), dimension)."""
        import torch

        features = self._features(tokens)
        with torch.inference_mode():
            for module in self.model:
                features = module(features)
                hidden = features.get("token_embeddings")
                if hidden is not None and hidden.dtype != torch.float32:
                    # Only the transformer runs in bf16: sums over tokens need the digits.
                    features["token_embeddings"] = hidden.float()
        vectors: npt.NDArray[np.float32] = features["sentence_embedding"].float().cpu().numpy()
        return vectors

    def _features(self, tokens: Sequence[Sequence[int]]) -> "dict[str, torch.Tensor]":
        import torch

        longest = max(len(ids) for ids in tokens)
        width = max(longest, min(padded(longest), self._window))
        ids = np.full((len(tokens), width), self._pad, dtype=np.int64)
        mask = np.zeros_like(ids)
        for row, own in enumerate(tokens):
            span = slice(width - len(own), width) if self._pads_left else slice(0, len(own))
            ids[row, span] = own
            mask[row, span] = 1
        arrays = {"input_ids": ids, "attention_mask": mask}
        if "token_type_ids" in self._inputs:
            arrays["token_type_ids"] = np.zeros_like(ids)
        device = self.model.device
        return {name: torch.from_numpy(array).to(device) for name, array in arrays.items()}


def load_model(files: ModelFiles, settings: EmbeddingSettings) -> LoadedModel:
    """Load a model, in bf16 where that is wanted and loses nothing.

    Raises:
        ModelError: The files are damaged or of an unknown kind.
    """
    loaded = _read(files, settings)
    wanted = settings.precision
    on_cpu = loaded.model.device.type == "cpu"
    auto = wanted is EncoderPrecision.AUTO and on_cpu and processor_has_bf16()
    if wanted is not EncoderPrecision.BF16 and not auto:
        return loaded
    tokens = loaded.tokens(CHECK_TEXTS)
    full = loaded.forward(tokens)
    _to_bf16(loaded)
    cosine = _least_cosine(full, loaded.forward(tokens))
    if cosine >= LEAST_BF16_COSINE:  # false for NaN too
        return loaded
    _LOG.warning(
        "The encoder %r loses too much in bf16 (cosine %.4f to fp32); it runs in fp32.",
        files.name,
        cosine,
    )
    return _read(files, settings)


def _read(files: ModelFiles, settings: EmbeddingSettings) -> LoadedModel:
    quieten(offline=settings.offline)
    with kept_for_good():
        import tokenizers
        import torch
        import transformers
        from sentence_transformers import SentenceTransformer

    chatter: Any = transformers.utils.logging
    chatter.set_verbosity_error()
    chatter.disable_progress_bar()
    if settings.threads:
        torch.set_num_threads(settings.threads)
    try:
        model = SentenceTransformer(
            str(files.path),
            trust_remote_code=False,
            local_files_only=True,
            model_kwargs={"use_safetensors": True, "dtype": torch.float32},
        ).eval()
        tokenizer = tokenizers.Tokenizer.from_file(str(files.tokenizer_file))
    except Exception as error:
        raise ModelError(
            f"The encoder in {files.path} could not be loaded "
            f"({first_line(error)}). The files are "
            "damaged or of a kind that sentence-transformers does not read; copy them again."
        ) from error
    return LoadedModel(model, tokenizer, files.window)


def _to_bf16(loaded: LoadedModel) -> None:
    import torch

    # The first module is the transformer; pooling and what follows stay in fp32.
    next(iter(loaded.model)).to(torch.bfloat16)
    loaded.precision = EncoderPrecision.BF16


def _least_cosine(one: npt.NDArray[np.float32], other: npt.NDArray[np.float32]) -> float:
    lengths = np.linalg.norm(one, axis=1) * np.linalg.norm(other, axis=1)
    return float(((one * other).sum(axis=1) / lengths).min())


def first_line(error: Exception) -> str:
    """Return as much of an error's text as a message has room for."""
    return (str(error).splitlines() or [type(error).__name__])[0][:200]
