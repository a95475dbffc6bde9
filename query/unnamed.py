"""Notice when a question points at a thing that nothing names: "the workshop" of seven workshops.

Three things must come together. The question points at something of a kind and does not say which
(`referring.py`), no earlier turn does, and the evidence knows several of the kind (`instances.py`)
that answer the rest of the question about equally well. One workshop in the collection, or one
that alone charges for what is asked, is what is meant.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from query.instances import Instance, find_instances
from query.passages import SHAPE_STEMS, Passage, coverage
from query.question import Question
from query.referring import Referent, find_referents, heads_of
from query.words import stem, stems

LOOKED_AT: Final = 12
"""Candidates that are searched for things of the kind."""
CLOSE: Final = 0.8
"""Share of what the best of them covers that another must cover to be meant as well."""
LEAST: Final = 0.6
"""Share of the rest of the question that the best of them must cover."""


@dataclass(frozen=True, slots=True)
class Possible:
    """A thing that may be meant."""

    instance: Instance
    covered: float
    """Share of the rest of the question that the passages of its document cover."""


@dataclass(frozen=True, slots=True)
class Unnamed:
    """What a question leaves open, and what may be meant."""

    noun: str
    possible: tuple[Possible, ...]
    """Two or more, in the order of the candidates."""


def find_unnamed(
    question: Question, weights: Mapping[str, float], passages: Sequence[Passage]
) -> Unnamed | None:
    """Return what a question points at without naming it, with two or more things it may mean.

    Args:
        question: A simple question.
        weights: Weight of its terms.
        passages: Candidates, best first.
    """
    if question.identifiers or question.designators:
        return None
    asked = question.asked or question.text
    referents = find_referents(asked)
    if not referents:
        return None
    known = frozenset(stems(" ".join(question.earlier)))
    own = frozenset(stems(asked)) - SHAPE_STEMS
    content = {term: weight for term, weight in weights.items() if term in own}
    found = (_among(referent, content, known, passages[:LOOKED_AT]) for referent in referents)
    return next(filter(None, found), None)


def _among(
    referent: Referent,
    content: Mapping[str, float],
    known: frozenset[str],
    passages: Sequence[Passage],
) -> Unnamed | None:
    heads = heads_of(referent)
    if any(stem(noun) in known for noun, _ in heads):
        return None  # spoken of before
    behind = ""
    for noun, modifiers in heads:
        if behind and any(f"{noun} {behind}" in p.text.lower() for p in passages):
            return None  # "the printing press" is no printing
        behind = noun
        instances = find_instances(noun, modifiers, passages)
        kind = {stem(noun), *modifiers}
        rest = {term: weight for term, weight in content.items() if term not in kind}
        if len(instances) < 2 or any(_is_named(one, rest) for one in instances):
            continue
        possible = _possible(instances, rest, passages)
        if len(possible) > 1 and not any(_is_spoken_of(one, known) for one in possible):
            return Unnamed(noun, possible)
    return None


def _is_named(one: Instance, rest: Mapping[str, float]) -> bool:
    """Tell whether the question has half of what tells a thing from others of its kind."""
    return 2 * len(one.own & rest.keys()) >= len(one.own)


def _possible(
    instances: Sequence[Instance], rest: Mapping[str, float], passages: Sequence[Passage]
) -> tuple[Possible, ...]:
    """Return the things that cover the rest of the question about as well as the best of them."""
    named: dict[str, Instance] = {}
    for one in instances:
        known = named.get(one.passage.document_id)
        if known is None or (one.subject and not known.subject):
            named[one.passage.document_id] = one
    covered = {
        document: max(
            coverage(rest, p.stems, p.context) if rest else 1.0
            for p in passages
            if p.document_id == document
        )
        for document in named
    }
    best = max(covered.values())
    if best < LEAST:
        return ()
    shared = _shared([one.own for one in named.values()])
    found: list[Possible] = []
    for document, one in named.items():
        telling = one.own - shared
        known_already = any(telling & other.instance.own for other in found)
        if telling and not known_already and covered[document] >= CLOSE * best:
            found.append(Possible(one, covered[document]))
    return tuple(found)


def _is_spoken_of(one: Possible, known: frozenset[str]) -> bool:
    """Tell whether earlier turns named a thing, or what its document is about."""
    named = (frozenset(stems(text)) for text in (one.instance.name, one.instance.passage.title))
    return any(words and words <= known for words in named)


def _shared(names: Sequence[frozenset[str]]) -> frozenset[str]:
    """Return what more than half of several names have in common: it tells none of them apart."""
    if len(names) < 3:
        return frozenset()
    every = frozenset().union(*names)
    return frozenset(w for w in every if sum(w in name for name in names) * 2 > len(names))
