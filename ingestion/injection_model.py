"""Scores how much a sentence reads like an order to a model: a linear model over its words.

The rules of `ingestion.injection` know what attacks say; this model knows how they sound, and so
also finds plain tasks ("write your answer in Morse code") that no rule can list. It is cheap
enough for every sentence of every document, needs no torch, and counts in integers, so that a
score is the same on every machine. `evaluation/training/injections.py` makes the weights.
"""

import functools
import math
import re
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from ingestion.document import sha256_of

WEIGHTS = Path(__file__).parent / "injection_weights.npz"
BUCKETS = 1 << 16
"""Features share so many weights; two that collide share one."""
FLAGGED_FROM = 0.5
"""The score from which a sentence counts as an instruction; training places it."""
HINTED_FROM = 0.12
"""The score from which one does that a rule finds whose words also stand in forms and manuals."""

_LINE = re.compile(r"[^\n]+")
_SENTENCE_END = re.compile(r"(?<=[.!?:;])\s+(?=[\"'“(<\[*_`]*[A-Z0-9])")
_SHORTEST = 12
"""A sentence break within so many characters of the last one is an abbreviation or a number."""
_MARKUP = re.compile(r"<!--|-->|</?span[^>]*>")
_TOKEN = re.compile(r"[a-z]+(?:['’][a-z]+)?|\d+|[^\sa-z\d]")
_ADDRESS = re.compile(r"\S+@\S+|\bhttps?://\S+|\bwww\.\S+")
"""No words of a sentence: "Questions: billing@firm.example" is a line of contacts."""
_LONGEST = 400
"""Characters that are judged at once."""
_FEWEST_WORDS = 3
_SMOOTHING = 8
"""Added to the number of features, so that very short sentences do not get extreme scores."""
_MASK = 0xFFFFFFFF
_BIGRAM, _TRIGRAM, _SKIP = 0x9E3779B1, 0x85EBCA6B, 0xC2B2AE35


class Suspicion(NamedTuple):
    """How much one sentence of a text reads like an instruction to a model."""

    start: int
    end: int
    score: float
    """In [0, 1], rounded; `FLAGGED_FROM` and more is a finding. Not a probability."""


class Weights(NamedTuple):
    """The trained model."""

    of: memoryview
    """One signed byte per bucket."""
    scale: float
    bias: float


def suspicions(text: str) -> tuple[Suspicion, ...]:
    """Score every sentence of a text, in order; those of fewer than three words are left out."""
    model = load_weights()
    scored = []
    for start, end in sentences(text):
        found = features(text[start:end])
        if found:
            scored.append(Suspicion(start, end, _score(found, model)))
    return tuple(scored)


def sentences(text: str) -> Iterator[tuple[int, int]]:
    """Yield the spans that are judged one by one: the sentences of every line.

    What has no end for too long is judged in pieces, so that nothing hides at its far end.
    """
    for line in _LINE.finditer(text):
        start = last = line.start()
        for gap in _SENTENCE_END.finditer(text, line.start(), line.end()):
            if gap.start() - last >= _SHORTEST:
                yield from _pieces(text, start, gap.start())
                start = last = gap.end()
        yield from _pieces(text, start, line.end())


def _pieces(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    while end - start > _LONGEST:
        space = text.rfind(" ", start + _LONGEST // 2, start + _LONGEST)
        cut = space if space > 0 else start + _LONGEST
        yield start, cut
        start = cut
    if start < end:
        yield start, end


def features(sentence: str) -> list[int]:
    """Hash the words, word pairs, triples and gapped pairs of a sentence to buckets.

    Beginning and end count as words: an order begins with its verb. Digits are all the same. What
    occurs more than once counts once, so that repeating a word raises no score.
    """
    lower = _MARKUP.sub("", sentence.lower())
    tokens = ["0" if token.isdigit() else token for token in _TOKEN.findall(lower)]
    first = next((at for at, token in enumerate(tokens) if token.isalpha()), len(tokens))
    said = tokens if "." not in lower else _TOKEN.findall(_ADDRESS.sub(" ", lower))
    if sum(token.isalpha() for token in said) < _FEWEST_WORDS:
        return []
    hashes = [_hash(token) for token in ("^", *tokens[first:], "$")]
    found = [one % BUCKETS for one in hashes]
    for at in range(len(hashes) - 1):
        pair = (hashes[at] * _BIGRAM + hashes[at + 1]) & _MASK
        found.append((pair ^ pair >> 15) % BUCKETS)
        if at + 2 < len(hashes):
            triple = (pair * _TRIGRAM + hashes[at + 2]) & _MASK
            gapped = (hashes[at] * _SKIP + hashes[at + 2]) & _MASK
            found += ((triple ^ triple >> 15) % BUCKETS, (gapped ^ gapped >> 15) % BUCKETS)
    return list(dict.fromkeys(found))


def length_norm(count: int) -> float:
    """Return what a sum over so many features is divided by."""
    return math.sqrt(count + _SMOOTHING)


def weights_identity() -> str:
    """Name the weights for the pipeline fingerprint."""
    return sha256_of(WEIGHTS.read_bytes())[:12]


@functools.cache
def load_weights() -> Weights:
    """Read the weights; nothing in the file can be code."""
    import numpy as np

    with np.load(WEIGHTS, allow_pickle=False) as file:
        table = file["weights"].astype(np.int8)
        return Weights(
            memoryview(table.tobytes()).cast("b"), float(file["scale"]), float(file["bias"])
        )


def _score(found: list[int], model: Weights) -> float:
    table = model.of
    total = sum([table[bucket] for bucket in found])
    logit = model.scale * total / length_norm(len(found)) + model.bias
    return round(1.0 / (1.0 + math.exp(-max(-30.0, min(30.0, logit)))), 3)


@functools.lru_cache(maxsize=50_000)
def _hash(token: str) -> int:
    return zlib.crc32(token.encode("utf-8", "surrogatepass"))
