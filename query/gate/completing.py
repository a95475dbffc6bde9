"""Asking alone for every thing that a question asks for side by side, where one may be missing.

A passage that gives the length of a pump and not its weight still reads like an answer to "the
length and weight of the pump". So each thing that the first passage does not name in one sentence
with the others is asked for alone; what nothing answers then is missing, and the whole is supported
in part. What was refused, or held for two answers to one question, may hold thing by thing, too;
and a thing to which documents give two answers makes the whole ambiguous.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import Enum
from typing import Final

from query.asking.alternatives import alternatives, things_of
from query.asking.coordination import Conjunct
from query.asking.followups import ADDED
from query.asking.question import AnswerType
from query.decision import Reason, ReasonCode, Verdict
from query.outcome import Found
from query.ruling import Ruling
from query.text.designators import find_designators
from query.text.literals import names_of
from query.text.passages import Passage, coverage
from query.text.words import stems

MOST_ALONE: Final = 8
"""Searches that one request may cause beyond those for its parts."""
CERTAIN: Final = 0.95
"""Probability from which on a thing counts as answered that no passage names."""
NEARLY_CERTAIN: Final = 0.85
HALF: Final = 0.5
_LETTERS: Final = re.compile(r"\b[A-Z][A-Z0-9]+\b")
"""A name of capital letters."""
SURE: Final = 0.85
"""Probability from which on a whole holds though none of its things does alone."""
LOOKED_AT: Final = 3
LEAST_ROOT: Final = 4
"""Letters that a word must have to tell what another one is made of."""
_AMOUNTS: Final = frozenset({AnswerType.MONEY, AnswerType.NUMBER, AnswerType.DURATION})
_ALWAYS: Final = frozenset(
    {
        ReasonCode.FLAGGED_EVIDENCE,
        ReasonCode.JUDGE_DOWN,
        ReasonCode.LOW_TRUST_EVIDENCE,
        ReasonCode.OUTDATED_EVIDENCE,
        ReasonCode.SIBLING_EVIDENCE,
    }
)
_HELD: Final = frozenset({Verdict.AMBIGUOUS, Verdict.PARTIALLY_SUPPORTED})


def open_things(text: str, ruling: Ruling, passages: Sequence[Passage]) -> tuple[Conjunct, ...]:
    """Return what has to be asked for alone.

    Args:
        text: A simple question.
        ruling: On it as a whole.
        passages: What it rests on, best first.
    """
    compared = bool(alternatives(text))
    things = things_of(text)
    if not things or ruling.verdict is Verdict.REFUSED_BY_POLICY:
        return ()
    if ruling.verdict is not Verdict.ANSWERABLE:
        return things
    first = next((passage for passage in passages if not passage.blocked), None)
    if first is None or compared or all(find_designators(one.text) for one in things):
        return things
    wanted = [frozenset(stems(one.text)) for one in things]
    together = frozenset().union(*wanted)
    if any(together <= sentence.stems | first.context for sentence in first.sentences):
        return ()
    return tuple(
        one for one, words in zip(things, wanted, strict=True) if not words <= first.context
    )


class Standing(Enum):
    """How what was asked for alone stands."""

    ANSWERED = "answered"
    SEEMS = "seems"
    """It is spoken of; whether it is answered is not certain."""
    MISSING = "missing"


@dataclass(frozen=True, slots=True)
class Alone:
    """One thing that was asked for alone."""

    thing: Conjunct
    found: Found
    standing: Standing


def standing(thing: Conjunct, found: Found) -> Standing:
    """Tell whether what was asked for alone is there.

    A passage about the same subject seems to answer nearly as well as one that answers; so where
    none names the thing, more than seeming is asked for: that the judge points at the answer, or is
    as good as certain. Where the thing is a name, it is the subject itself.
    """
    ruling = found.ruling
    # What only sources of low trust say never suffices, here neither.
    untrusted = any(reason.code is ReasonCode.LOW_TRUST_ONLY for reason in ruling.reasons)
    if ruling.verdict is Verdict.UNANSWERABLE or untrusted:
        return Standing.MISSING
    is_named = _is_named(thing.text, found.passages)
    # "KNX" has no other words: however sure the judge is, what does not name it is not about it.
    may_be_other_words = is_named or not _LETTERS.search(thing.text)
    if ruling.places or (ruling.score >= CERTAIN and may_be_other_words):
        return Standing.ANSWERED
    if not is_named:
        return Standing.MISSING
    is_subject = any(c.isupper() or c.isdigit() for c in thing.text)
    if ruling.verdict is Verdict.PARTIALLY_SUPPORTED:
        return Standing.MISSING if is_subject else Standing.SEEMS
    return Standing.SEEMS if is_subject else Standing.ANSWERED


def _is_named(text: str, passages: Sequence[Passage]) -> bool:
    """Tell whether the document that comes first names all of a thing in one chunk."""
    words = frozenset(stems(text))
    usable = [passage for passage in passages if not passage.blocked][:LOOKED_AT]
    nearest = [p for p in usable if p.document_id == usable[0].document_id]
    return any(all(_has(p.stems | p.context, word) for word in words) for p in nearest)


def _has(known: frozenset[str], word: str) -> bool:
    """Tell whether a stem is among others, or what one of them is made of: weight, weighs."""
    return word in known or any(
        min(len(one), len(word)) >= LEAST_ROOT and (one.startswith(word) or word.startswith(one))
        for one in known
    )


def only_seeming(parts: Sequence[Found]) -> frozenset[int]:
    """Return the places of parts of a compound question that only seem to be answered.

    A part that leans on the subject of another ("…, and which insurer paid?") is met by all that
    speaks of the subject. So the judge has to point at the answer, to be nearly certain, or a chunk
    has to have half of the part's own words. Where that can be said of no part, it is held against
    none: then nothing speaks for one of them rather than another. The first leans on no other: of
    twenty such ones of twelve collections seventeen were answered.
    """
    found = frozenset(
        place
        for place, one in enumerate(parts)
        if one.ruling.verdict is Verdict.ANSWERABLE
        and not one.ruling.places
        and one.ruling.score < NEARLY_CERTAIN
        and _is_elsewhere(one)
    )
    return frozenset() if len(found) == len(parts) else found - {0}


def unsupported(ruling: Ruling) -> Ruling:
    """Return the ruling on a part that only seems to be answered."""
    detail = f"Its subject is spoken of; p_answerable {ruling.p_answerable:.2f} is not enough."
    return replace(
        ruling,
        verdict=Verdict.UNANSWERABLE,
        reasons=(*_kept(ruling), Reason(ReasonCode.LOW_SUPPORT, detail)),
    )


def _is_elsewhere(one: Found) -> bool:
    """Tell whether none of a part's first chunks has half of its own words.

    "… and what does it cost?" has only one, and is met by an amount.
    """
    text = ADDED.sub("", one.question.text)
    names = frozenset(word for name in names_of(text) for word in stems(name))
    own = frozenset(stems(text)) - names
    weights = {word: one.weights.get(word, 1.0) for word in own}
    usable = [passage for passage in one.passages if not passage.blocked][:LOOKED_AT]
    has_half = any(coverage(weights, p.stems, p.context) >= HALF for p in usable)
    telling = len(own) > 1 or (own and one.question.answer_type not in _AMOUNTS)
    return bool(telling) and not has_half


def completed(ruling: Ruling, alone: Sequence[Alone]) -> Ruling:
    """Put the ruling on a whole question and those on its things together.

    Args:
        ruling: On the whole.
        alone: The things that were asked for alone.
    """
    lacking = _lacking(alone)
    if not alone or (ruling.verdict in _HELD and (lacking or not _all_answered(alone))):
        return ruling
    if len(lacking) == len(alone):
        # Nothing speaks for one thing rather than another: what the whole seems to be, it is.
        sure = ruling.score >= SURE
        if sure or ruling.verdict is not Verdict.ANSWERABLE:
            return ruling
    weakest = min((one.found.ruling for one in alone), key=lambda one: one.score)
    if lacking:
        if ruling.verdict is Verdict.ANSWERABLE:
            weakest = min(weakest, ruling, key=lambda one: one.score)
        told = tuple(
            Reason(ReasonCode.PART_NOT_COVERED, f"No evidence answers: {one.alone[0]}")
            for one in lacking
        )
        kept = ruling.reasons if ruling.verdict is Verdict.ANSWERABLE else _kept(ruling)
        return replace(
            ruling, verdict=Verdict.PARTIALLY_SUPPORTED,
            p_answerable=weakest.p_answerable, scored=weakest.scored,
            missing=tuple(one.text for one in lacking), reasons=(*told, *kept),
        )  # fmt: skip
    torn = [one.found.ruling for one in alone if one.found.ruling.verdict is Verdict.AMBIGUOUS]
    if torn and ruling.verdict is Verdict.ANSWERABLE:
        return replace(
            ruling, verdict=Verdict.AMBIGUOUS,
            conflicts=tuple(side for one in torn for side in one.conflicts),
            reasons=tuple(dict.fromkeys(
                (*_kept(ruling), *(reason for one in torn for reason in one.reasons))
            )),
        )  # fmt: skip
    if ruling.verdict is Verdict.ANSWERABLE or not _all_answered(alone):
        return ruling
    found = Reason(ReasonCode.EVIDENCE_FOUND, f"p_answerable {weakest.p_answerable:.2f}.")
    return replace(
        ruling, verdict=Verdict.ANSWERABLE,
        p_answerable=weakest.p_answerable, scored=weakest.scored, missing=(), conflicts=(),
        reasons=(*_kept(ruling), found),
    )  # fmt: skip


def _kept(ruling: Ruling) -> tuple[Reason, ...]:
    """Return the reasons that hold whatever the verdict."""
    return tuple(reason for reason in ruling.reasons if reason.code in _ALWAYS)


def _lacking(alone: Sequence[Alone]) -> list[Conjunct]:
    """Return what is missing; what only seems to be there is, where something else surely is."""
    surely = any(one.standing is Standing.ANSWERED for one in alone)
    there = {Standing.ANSWERED} if surely else {Standing.ANSWERED, Standing.SEEMS}
    return [one.thing for one in alone if one.standing not in there]


def _all_answered(alone: Sequence[Alone]) -> bool:
    return all(one.found.ruling.verdict is Verdict.ANSWERABLE for one in alone)
