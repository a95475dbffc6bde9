"""Notice when a question points at a thing that nothing names: "the workshop" of seven workshops.

Three things must come together. The question points at something of a kind and does not say which
(`referring.py`), no earlier turn does (`antecedents.py`), and the evidence knows several that
answer the rest of the question about equally well: things of the kind that it names
(`instances.py`), or documents about different things that each say in one sentence what is asked.
One workshop in the collection, or one that alone charges for what is asked, is what is meant.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from query.ambiguity.antecedents import Earlier
from query.asking.question import AnswerType, Question
from query.asking.referring import VERBS, Pointing, Referent, find_referents, has_pronoun, heads_of
from query.asking.small_letters import names_in_small_letters
from query.judging.features import TYPE_KINDS
from query.text.instances import Instance, find_instances, subject_of
from query.text.passages import SHAPE_STEMS, Passage, Sentence, coverage
from query.text.values import find_values, same_value
from query.text.words import WORD, stem, stems

LOOKED_AT: Final = 12
"""Candidates that are searched for things of the kind."""
CLOSE: Final = 0.8
"""Share of what the best of them covers that another must cover to be meant as well."""
LEAST: Final = 0.6
"""Share of the rest of the question that the best thing of the kind must cover."""
LEAST_SAID: Final = 0.7
"""Share of the question that one sentence must cover where nothing of the kind has a name."""
LEAST_POINTED: Final = 0.6
"""The same of a question with a demonstrative, which names nothing by itself."""
CLOSELY: Final = 4
"""First documents of which none may be named by the question."""
LEAST_BARE: Final = 0.9
"""The same of a question that points at nothing at all."""
LEAST_TERMS: Final = 2
"""Of a question that is compared by sentences; one word is in many of them."""
TOLD: Final = 4
"""Words of a message before a demonstrative from which on it points at something in them."""
_CAPITALS: Final = re.compile(r"(?<=\w)[A-Z]|(?<=\w )[A-Z]")
"""In a word that does not open the question."""
_VERB_STEMS: Final = frozenset(stem(verb) for verb in VERBS)
_NAMED: Final = frozenset({AnswerType.PERSON, AnswerType.PLACE})
"""Kinds of answers that are names: who tells the same one tells the same."""
ALIKE: Final = 0.6
"""Share of common words from which two sentences say one thing of one thing."""


@dataclass(frozen=True, slots=True)
class Possible:
    """A thing that may be meant."""

    instance: Instance
    covered: float
    """Share of the question that its document covers."""
    quote: str = ""
    """What it says of it; empty where that has to be looked for."""


class Known(StrEnum):
    """By what the things that may be meant are known."""

    NAME = "name"
    """A name of the kind: Harbour Workshop."""
    DOCUMENT = "document"
    """Only the title of what tells of it."""


@dataclass(frozen=True, slots=True)
class Unnamed:
    """What a question leaves open, and what may be meant."""

    noun: str
    possible: tuple[Possible, ...]
    """Two or more, in the order of the candidates; none where a demonstrative points at nothing."""
    known: Known = Known.NAME


@dataclass(frozen=True, slots=True)
class _Asked:
    """What a question asks, and what it is asked of."""

    question: Question
    content: Mapping[str, float]
    """Weights of its own terms."""
    earlier: Earlier
    passages: Sequence[Passage]
    names: bool
    """Whether it has a name or a number of its own."""


def find_unnamed(
    question: Question, weights: Mapping[str, float], passages: Sequence[Passage]
) -> Unnamed | None:
    """Return what a question points at without naming it, with the things it may mean.

    Args:
        question: A simple question.
        weights: Weight of its terms.
        passages: Candidates, best first.
    """
    if question.identifiers or question.designators:
        return None
    text = question.own_text
    referents = find_referents(text)
    own = frozenset(stems(text)) - SHAPE_STEMS
    looked_at = passages[:LOOKED_AT]
    known = frozenset().union(*(passage.stems for passage in looked_at))
    # What nobody "charges" may still be what each of them costs.
    own -= _VERB_STEMS - known
    content = {term: weight for term, weight in weights.items() if term in own}
    names = (
        _CAPITALS.search(text) is not None
        or bool(question.values)
        or names_in_small_letters(text, looked_at)
    )
    asked = _Asked(question, content, Earlier(question.earlier), looked_at, names)
    for among in (_of_a_kind, _said_of_several):
        for referent in referents:
            found = among(referent, asked)
            if found is not None:
                return found
    if referents:
        return _dangling(referents, asked)
    # "When did it come out?" is about what the conversation is about.
    return None if question.earlier and has_pronoun(text) else _said_of_several(None, asked)


def _of_a_kind(referent: Referent, asked: _Asked) -> Unnamed | None:
    if _is_written_out(referent, asked.passages):
        return None
    behind = ""
    for noun, modifiers in heads_of(referent):
        if behind and any(f"{noun} {behind}" in p.text.lower() for p in asked.passages):
            return None  # "the printing press" is no printing
        behind = noun
        instances = find_instances(noun, modifiers, asked.passages)
        kind = {stem(noun), *modifiers}
        rest = {term: weight for term, weight in asked.content.items() if term not in kind}
        if len(instances) < 2 or any(_is_named(one, rest) for one in instances):
            continue
        possible = _equals(instances, rest, asked.passages)
        if len(possible) > 1:
            return None if _is_settled(noun, possible, asked) else Unnamed(noun, possible)
    return None


def _is_written_out(referent: Referent, passages: Sequence[Passage]) -> bool:
    """Tell whether a noun with a capital before it is a name: "the Fenwick bridge" is one."""
    if referent.text.islower():
        return False
    phrase = re.compile(rf"(?:\b[Tt]he |(?:^|[.!?]\s+)){re.escape(referent.text)}\b", re.IGNORECASE)
    return any(phrase.search(passage.everything) for passage in passages)


def _said_of_several(referent: Referent | None, asked: _Asked) -> Unnamed | None:
    """Look for documents about different things that say in one sentence what is asked."""
    pointed = referent is not None and referent.pointing is Pointing.DEMONSTRATIVE
    heads = heads_of(referent) if referent is not None else ()
    if (referent is not None and not heads) or (asked.names and not pointed):
        return None
    if len(asked.content) < LEAST_TERMS:
        return None
    subjects = _subjects(asked.passages)
    if any(_is_named(one, asked.content) for one in list(subjects.values())[:CLOSELY]):
        return None
    said = _said(asked, subjects)
    best = max((share for _, _, share in said), default=0.0)
    least = LEAST_BARE if referent is None else LEAST_POINTED if pointed else LEAST_SAID
    if best < least:
        return None
    found: list[tuple[Possible, Sentence]] = []
    topic = _topic(asked.question)
    for one, sentence, share in said:
        if topic and topic.isdisjoint(one.passage.stems | one.passage.context | sentence.stems):
            continue
        if share >= CLOSE * best and not any(
            one.own == other.instance.own or _is_same(sentence, known, asked.question)
            for other, known in found
        ):
            found.append((Possible(one, share), sentence))
    possible = tuple(one for one, _ in found)
    noun = heads[0][0] if heads else ""
    if len(possible) < 2 or _is_settled(noun, possible, asked):
        return None
    return Unnamed(noun, possible, Known.DOCUMENT)


def _dangling(referents: Sequence[Referent], asked: _Asked) -> Unnamed | None:
    """Return a demonstrative that points at nothing in the conversation it ends.

    "How deep is this harbour?" after talk of a hospital: that only one harbour is known does not
    make it the one that was pointed at. Where nothing was said before, it does.
    """
    names = frozenset(stem for name in asked.question.names for stem in stems(name))
    if not asked.earlier.turns or asked.earlier.has_any(names & asked.content.keys()):
        return None  # what the conversation is about, the demonstrative may be part of
    for referent in referents:
        nouns = [noun for noun, _ in heads_of(referent)]
        pointed = referent.pointing is Pointing.DEMONSTRATIVE and nouns
        if (
            pointed
            and not _is_told_here(asked.question.own_text, referent)
            and asked.earlier.leaves_dangling(nouns, asked.passages)
        ):
            return Unnamed(referent.text, ())
    return None


def _topic(question: Question) -> frozenset[str]:
    """Return the words that a question borrowed from what was said before it."""
    if question.text == question.own_text:
        return frozenset()
    return frozenset(stems(question.text)) - frozenset(stems(question.own_text))


def _is_told_here(text: str, referent: Referent) -> bool:
    """Tell whether a message itself says before a demonstrative what it points at."""
    at = re.search(rf"\b{re.escape(referent.text)}\b", text)
    return at is not None and len(stems(text[: at.start()])) >= TOLD


def _subjects(passages: Sequence[Passage]) -> dict[str, Instance]:
    """Return what every document is about, by its id, in the order of the passages."""
    first: dict[str, Passage] = {}
    for passage in passages:
        if passage.ordinal == 0 or passage.document_id not in first:
            first[passage.document_id] = passage
    return {document: subject_of(passage) for document, passage in first.items()}


def _said(
    asked: _Asked, subjects: Mapping[str, Instance]
) -> list[tuple[Instance, Sentence, float]]:
    """Return of every document what it is about, and the sentence that covers the question best."""
    best: dict[str, tuple[float, Sentence]] = {}
    terms = asked.content.keys()
    for passage in asked.passages:
        if terms.isdisjoint(passage.stems):
            continue  # spares it the sentences
        for sentence in passage.sentences:
            share = coverage(asked.content, sentence.stems)
            if share > best.get(passage.document_id, (0.0, None))[0]:
                best[passage.document_id] = (share, sentence)
    return [(subjects[d], sentence, share) for d, (share, sentence) in best.items()]


def _is_same(one: Sentence, other: Sentence, question: Question) -> bool:
    """Tell whether two sentences say the same, be it in one document and its copy or summary."""
    if len(one.stems & other.stems) >= ALIKE * len(one.stems | other.stems):
        return True
    if question.answer_type in _NAMED:
        told = (_names_told(sentence, question) for sentence in (one, other))
        return not next(told).isdisjoint(next(told))
    kinds = TYPE_KINDS.get(question.answer_type)
    if kinds is None:
        return False
    mine, theirs = (
        [value for value in find_values(sentence.text) if value.kind in kinds]
        for sentence in (one, other)
    )
    return any(same_value(a, b) for a in mine for b in theirs)


def _names_told(sentence: Sentence, question: Question) -> frozenset[str]:
    """Return the words with a capital in a sentence that the question does not have."""
    capitals = (word for word in WORD.findall(sentence.text) if word[0].isupper())
    return frozenset(stems(" ".join(capitals))) - frozenset(stems(question.text))


def _is_settled(noun: str, possible: Sequence[Possible], asked: _Asked) -> bool:
    named = [one.instance for one in possible]
    documents = {one.passage.document_id for one in named}
    about = [p for p in asked.passages if p.document_id in documents]
    return asked.earlier.settles(noun, named, about)


def _is_named(one: Instance, terms: Mapping[str, float]) -> bool:
    """Tell whether the question has half of what tells a thing from others of its kind."""
    return 0 < len(one.own) <= 2 * len(one.own & terms.keys())


def _equals(
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


def _shared(names: Sequence[frozenset[str]]) -> frozenset[str]:
    """Return what more than half of several names have in common: it tells none of them apart."""
    if len(names) < 3:
        return frozenset()
    every = frozenset().union(*names)
    return frozenset(w for w in every if sum(w in name for name in names) * 2 > len(names))
