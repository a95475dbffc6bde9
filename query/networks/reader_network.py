"""The network of the trained readers; loads torch, so whatever reads imports it late.

One encoder reads question and passage together. Two numbers per token say whether the answer
begins, or ends, there; the first position stands for "not here" (null). One number of the first
position says whether the passage answers at all: it also learns from answers that are nowhere in
the passage word for word. Three more say of a claim how far the passage supports it.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file
from tokenizers import Tokenizer
from torch import nn

LONGEST_ANSWER = 30
"""Tokens."""
MASKED = -1e4
SUPPORT = ("supported", "partially_supported", "not_supported")
"""What the support head tells apart, in its order."""


class ReaderNetwork(nn.Module):
    """The MiniLM backbone with heads for spans, for answerability and for support of claims."""

    def __init__(self, backbone: Path) -> None:
        """Load the backbone; without dropout training takes half the time."""
        from transformers import BertConfig, BertModel

        super().__init__()
        config = BertConfig.from_pretrained(
            backbone,
            attention_probs_dropout_prob=0.0,
            hidden_dropout_prob=0.0,
            local_files_only=True,
        )
        # Not `BertModel.from_pretrained`: that prints a report about the pooler, which is not used.
        self.body = BertModel(config, add_pooling_layer=False)
        missing = self.body.load_state_dict(
            load_file(backbone / "model.safetensors"), strict=False
        ).missing_keys
        if missing:
            raise ValueError(f"the backbone lacks {', '.join(missing[:3])}")
        width = self.body.config.hidden_size
        self.span = nn.Linear(width, 2)
        self.gate = nn.Linear(width, 1)
        self.support = nn.Linear(width, len(SUPPORT))

    def forward(self, batch: Mapping[str, torch.Tensor]) -> tuple[torch.Tensor, torch.Tensor]:
        """Return logits of begin and end, shape (pairs, tokens, 2), and of "answers" (pairs)."""
        hidden = self._hidden(batch)
        readable = batch["readable"].unsqueeze(-1)
        return self.span(hidden).masked_fill(~readable, MASKED), self.gate(hidden[:, 0]).squeeze(-1)

    def supports(self, batch: Mapping[str, torch.Tensor]) -> torch.Tensor:
        """Return logits in the order of `SUPPORT`, shape (pairs, 3), of claims with evidence."""
        logits: torch.Tensor = self.support(self._hidden(batch)[:, 0])
        return logits

    def _hidden(self, batch: Mapping[str, torch.Tensor]) -> torch.Tensor:
        hidden: torch.Tensor = self.body(
            input_ids=batch["input_ids"],
            attention_mask=batch["attention_mask"],
            token_type_ids=batch["token_type_ids"],
        ).last_hidden_state.float()
        return hidden

    def to_bf16(self) -> None:
        """Compute the encoder in bf16; the heads are small and need the digits."""
        self.body.bfloat16()

    def freeze(self, layers: int) -> None:
        """Leave embeddings and the lowest layers as they are in the backbone."""
        frozen = [self.body.embeddings, *self.body.encoder.layer[:layers]]
        for part in frozen:
            part.requires_grad_(requires_grad=False)

    def own_weights(self) -> dict[str, torch.Tensor]:
        """Return what training may have changed: only that is kept in a file."""
        trained = {name for name, p in self.named_parameters() if p.requires_grad}
        return {name: value for name, value in self.state_dict().items() if name in trained}


def open_tokenizer(file: Path, length: int) -> Tokenizer:
    """Open the backbone's tokenizer; a question is only cut where it is longer than the passage."""
    tokenizer = Tokenizer.from_file(str(file))
    tokenizer.enable_truncation(length, strategy="longest_first")
    tokenizer.enable_padding()
    return tokenizer


def encode(
    tokenizer: Tokenizer, pairs: Sequence[tuple[str, str]]
) -> tuple[dict[str, torch.Tensor], list[Any]]:
    """Tokenise pairs of question and passage.

    Returns:
        The network's input, and the encodings with their offsets.
    """
    encodings = tokenizer.encode_batch(list(pairs))
    readable = [
        [i == 0 or kind == 1 for i, kind in enumerate(one.sequence_ids)] for one in encodings
    ]
    batch = {
        "input_ids": torch.tensor([one.ids for one in encodings]),
        "attention_mask": torch.tensor([one.attention_mask for one in encodings]),
        "token_type_ids": torch.tensor([one.type_ids for one in encodings]),
        "readable": torch.tensor(readable),
    }
    return batch, encodings


def best_spans(logits: torch.Tensor) -> torch.Tensor:
    """Return how much the best span beats null, per pair; a span begins before it ends."""
    return best_places(logits)[0]


def best_places(logits: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Return of the best span of every pair how much it beats null, its first and last token."""
    begin, end = logits[..., 0], logits[..., 1]
    null = begin[:, 0] + end[:, 0]
    begin, end = begin[:, 1:], end[:, 1:]
    if not begin.shape[1]:
        nowhere = torch.zeros_like(null, dtype=torch.long)
        return torch.full_like(null, MASKED), nowhere, nowhere
    padded = nn.functional.pad(begin.unsqueeze(1), (LONGEST_ANSWER - 1, 0), value=4 * MASKED)
    best_begin, begins_at = nn.functional.max_pool1d(
        padded, LONGEST_ANSWER, stride=1, return_indices=True
    )
    found = (best_begin.squeeze(1) + end).max(-1)
    last = found.indices
    first = begins_at.squeeze(1).gather(1, last.unsqueeze(1)).squeeze(1) - (LONGEST_ANSWER - 1)
    return found.values - null, first + 1, last + 1
