"""Hard negatives without an author: a question whose name is exchanged for another of its passage.

"Who did Nixon appoint?" becomes "Who did Kissinger appoint?" over the same passage: the words are
all there, the answer is not. SQuAD has such questions for some twenty articles only; made from
the answerable questions of all training sets they cover hundreds.
"""

import random
import re
from collections.abc import Iterator, Sequence

from config.settings import GateSettings
from evaluation.training.cross_encoder_data import Pair
from query.question import understand
from query.words import stems

ENGLISH = frozenset({"en"})
_NAME = re.compile(r"(?<=[a-z,;] )[A-Z][a-z]+(?: [A-Z][a-z]+)*\b")
"""Capitalised words within a sentence: what begins one may be any word."""


def swapped_names(pairs: Sequence[Pair], seed: int) -> Iterator[Pair]:
    """Yield at most one negative for every pair that answers with a place and names something."""
    rng = random.Random(seed)
    for pair in pairs:
        if not pair.answers or pair.start < 0:
            continue
        names = names_of(pair)
        if not names:
            continue
        name = rng.choice(names)
        others = other_names(pair, name)
        if others:
            other = rng.choice(others)
            question = pair.question.replace(name, other if name[0].isupper() else other.lower(), 1)
            yield Pair(question, pair.passage, answers=False)


def names_of(pair: Pair) -> Sequence[str]:
    """Return the names of a question; one in small letters names what its passage capitalises."""
    written = understand(pair.question, GateSettings(), ENGLISH).names
    if written or pair.question != pair.question.lower():
        return written
    known = dict.fromkeys(m.group().lower() for m in _NAME.finditer(pair.passage))
    return [name for name in known if re.search(rf"\b{re.escape(name)}\b", pair.question)]


def other_names(pair: Pair, name: str) -> list[str]:
    """Return names of the passage that are neither asked about nor part of the answer."""
    taken = {*stems(pair.question), *stems(pair.passage[pair.start : pair.end])}
    found = dict.fromkeys(m.group() for m in _NAME.finditer(pair.passage))
    # As many words as the name had: "Bill" in the place of "Bill Clinton" would say too little.
    alike = [n for n in found if len(n.split()) == len(name.split())]
    return [n for n in alike or found if taken.isdisjoint(stems(n))]
