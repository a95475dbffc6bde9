"""Counts tokens with the encoder's own tokenizer, without loading the encoder or torch."""

import math
import re
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path

from tokenizers import Encoding, Tokenizer

from config.errors import ConfigError
from ingestion.parsing.decoding import sound

CHARACTERS_PER_UNKNOWN = 4
"""A long stretch the vocabulary does not know counts one token per so many characters."""

# WordPiece turns a word of more than 100 characters into a single [UNK]. Hangul may triple
# when it is decomposed, so from about a third of that on, a run has to be looked at.
_LONG = 30
_LONG_RUN = re.compile(rf"[^\s!-/:-@\[-`{{-~]{{{_LONG},}}")

_WORTH_A_BATCH = 65_536
"""From so many characters on, waking the tokenizer's threads costs less than it saves."""


class TokenCounter:
    """Counts what the encoder would see of a text, special tokens not included.

    A long word the tokenizer swallows as unknown counts `ceil(length / 4)`, so that a base64 blob
    or a script without spaces is split instead of vanishing behind a single token. The count
    is therefore never below the real one.

    Args:
        tokenizer_file: Path of the encoder's `tokenizer.json`.
        special_tokens: How many tokens the encoder adds around a text.

    Raises:
        ConfigError: The file is missing or is no tokenizer.
    """

    __slots__ = ("_tokenizer", "_unknown_id", "special_tokens")

    def __init__(self, tokenizer_file: str, special_tokens: int = 2) -> None:
        self._tokenizer = _load_tokenizer(tokenizer_file)
        self._unknown_id = _unknown_id(self._tokenizer)
        self.special_tokens = special_tokens

    @property
    def additive(self) -> bool:
        """Whether the counts of parts divided at white space add up to the count of the whole."""
        parts = (self._tokenizer.pre_tokenizer, self._tokenizer.model)
        return [type(part).__name__ for part in parts] == ["BertPreTokenizer", "WordPiece"]

    def count(self, text: str) -> int:
        """Number of tokens of one text, untruncated."""
        return self.count_many((text,))[0]

    def count_many(self, texts: Sequence[str]) -> list[int]:
        """Number of tokens of each text, in the order given; one call for many is faster."""
        if sum(map(len, texts)) < _WORTH_A_BATCH:
            return [self._count_one(sound(text)) for text in texts]
        readable = [sound(text) for text in texts]
        encodings = self._tokenizer.encode_batch_fast(readable, add_special_tokens=False)
        return [
            self._count_one(text) if _LONG_RUN.search(text) else len(encoding)
            for text, encoding in zip(readable, encodings, strict=True)
        ]

    def _count_one(self, text: str) -> int:
        encoding: Encoding = self._tokenizer.encode(text, add_special_tokens=False)
        if self._unknown_id is None or not _LONG_RUN.search(text):
            return len(encoding)
        swallowed = (
            math.ceil((end - start) / CHARACTERS_PER_UNKNOWN) - 1
            for token, (start, end) in zip(encoding.ids, encoding.offsets, strict=True)
            if token == self._unknown_id and end - start >= _LONG
        )
        return len(encoding) + sum(swallowed)


@lru_cache(maxsize=8)
def load_counter(tokenizer_file: str) -> TokenCounter:
    """The counter of a tokenizer file, with the number of special tokens the file itself says.

    Raises:
        ConfigError: The file is missing or is no tokenizer.
    """
    special = _load_tokenizer(tokenizer_file).num_special_tokens_to_add(is_pair=False)
    return TokenCounter(tokenizer_file, special)


@lru_cache(maxsize=8)
def _load_tokenizer(tokenizer_file: str) -> Tokenizer:
    if not Path(tokenizer_file).is_file():
        raise ConfigError(
            f"The tokenizer file {tokenizer_file!r} does not exist: set embedding.model to a "
            "folder or model that has a tokenizer.json."
        )
    try:
        tokenizer = Tokenizer.from_file(tokenizer_file)
    except Exception as error:  # the bindings raise nothing narrower
        raise ConfigError(
            f"The tokenizer file {tokenizer_file!r} cannot be read ({error}): "
            "restore the model's tokenizer.json."
        ) from error
    # The file often carries the truncation and padding of its training run.
    tokenizer.no_truncation()
    tokenizer.no_padding()
    return tokenizer


def _unknown_id(tokenizer: Tokenizer) -> int | None:
    unknown = getattr(tokenizer.model, "unk_token", None)
    return tokenizer.token_to_id(unknown) if isinstance(unknown, str) else None
