"""Tokenised pairs in flat arrays: a million of them in half a gigabyte, and the batches of them."""

import functools
from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import Any

import numpy as np
import torch
from tokenizers import Tokenizer

from config.settings import EmbeddingSettings
from evaluation.training.examples import Claim, Pair
from indexing.encoding.model_files import ModelFiles, find_model
from query.networks.reader_network import SUPPORT, open_tokenizer

LENGTH = 208
"""Tokens of a question with its passage; the passage is cut."""
IGNORED = -100
"""Target of an answer that cannot be pointed at: it teaches no span."""
STEP = 16
"""Batches are padded to a multiple: fewer shapes."""
PER_CALL = 4096


class Kind(IntEnum):
    """Which head a row is for."""

    QUESTION = 0
    CLAIM = 1


@dataclass(frozen=True)
class Rows:
    """Tokenised pairs of two texts, first the question or claim, then what it is held against."""

    tokens: np.ndarray
    """Of all rows, one after the other."""
    bounds: np.ndarray
    """Where every row begins in `tokens`, and where the last one ends."""
    begins: np.ndarray
    """Place of the first token of the second text in its row."""
    kinds: np.ndarray
    labels: np.ndarray
    """Whether it answers, or the place of its support in `SUPPORT`."""
    targets: np.ndarray
    """First and last token of the answer; 0 is null, `IGNORED` teaches no span."""

    def __len__(self) -> int:
        return len(self.begins)

    @property
    def lengths(self) -> np.ndarray:
        """Tokens per row."""
        return np.diff(self.bounds)


@functools.cache
def backbone() -> ModelFiles:
    """Return the files of the backbone; their digests take a while."""
    return find_model(EmbeddingSettings())


def open_rows_tokenizer() -> Tokenizer:
    """Open the backbone's tokenizer; rows are not padded before they are in a batch."""
    tokenizer = open_tokenizer(backbone().tokenizer_file, LENGTH)
    tokenizer.no_padding()
    return tokenizer


def texts_of(one: Pair | Claim) -> tuple[str, str]:
    """Return what is read together."""
    return (one.question, one.passage) if isinstance(one, Pair) else (one.claim, one.evidence)


def tokenise(tokenizer: Tokenizer, examples: Sequence[Pair | Claim]) -> Rows:
    """Tokenise examples."""
    tokens, lengths, begins, targets = [], [0], [], []
    for at in range(0, len(examples), PER_CALL):
        part = examples[at : at + PER_CALL]
        encodings = tokenizer.encode_batch([texts_of(one) for one in part])
        for one, encoding in zip(part, encodings, strict=True):
            tokens.append(np.array(encoding.ids, np.uint16))
            lengths.append(len(encoding.ids))
            begins.append(encoding.sequence_ids.index(None, 1) + 1)
            targets.append(target_of(one, encoding))
    return Rows(
        np.concatenate(tokens) if tokens else np.zeros(0, np.uint16),
        np.cumsum(lengths),
        np.array(begins, np.int64),
        np.array([Kind(isinstance(one, Claim)) for one in examples], np.int8),
        np.array([label_of(one) for one in examples], np.int64),
        np.array(targets, np.int64).reshape(-1, 2),
    )


def label_of(one: Pair | Claim) -> int:
    """Return what the head should say."""
    return int(one.answers) if isinstance(one, Pair) else SUPPORT.index(one.support)


def target_of(one: Pair | Claim, encoding: Any) -> tuple[int, int]:
    """Return first and last token of the answer."""
    if isinstance(one, Claim) or not one.answers:
        return 0, 0
    return tokens_between(encoding, one.start, one.end)


def tokens_between(encoding: Any, start: int, end: int) -> tuple[int, int]:
    """Return first and last token of some characters of the second text; a start below 0 is none.

    Args:
        encoding: Of both texts.
        start: First character.
        end: The one behind the last.
    """
    inside = [
        place
        for place, ((first, last), text) in enumerate(
            zip(encoding.offsets, encoding.sequence_ids, strict=True)
        )
        if text == 1 and start >= 0 and first < end and last > start
    ]
    return (inside[0], inside[-1]) if inside else (IGNORED, IGNORED)


def join(parts: Sequence[Rows]) -> Rows:
    """Put rows together."""
    lengths = np.concatenate([part.lengths for part in parts])
    return Rows(
        np.concatenate([part.tokens for part in parts]),
        np.concatenate([[0], np.cumsum(lengths)]),
        *(
            np.concatenate([getattr(part, name) for part in parts])
            for name in ("begins", "kinds", "labels", "targets")
        ),
    )


def batch_of(rows: Rows, positions: np.ndarray, device: torch.device) -> dict[str, torch.Tensor]:
    """Return the network's input for some rows, as `reader_network.encode` makes it."""
    bounds = rows.bounds  # `lengths` would compute those of all rows
    lengths = (bounds[positions + 1] - bounds[positions])[:, None]
    places = np.arange(-(-int(lengths.max()) // STEP) * STEP)
    inside = places < lengths
    second = (places >= rows.begins[positions][:, None]) & inside
    readable = second & (places < lengths - 1)  # the last separator is no part of the passage
    readable[:, 0] = True
    ids = np.zeros(inside.shape, np.int64)
    ids[inside] = np.concatenate([rows.tokens[bounds[p] : bounds[p + 1]] for p in positions])
    arrays = {
        "input_ids": ids,
        "attention_mask": inside.astype(np.int64),
        "token_type_ids": second.astype(np.int64),
        "readable": readable,
    }
    return {name: torch.from_numpy(array).to(device) for name, array in arrays.items()}
