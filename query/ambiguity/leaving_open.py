"""Giving a question back that points at one of several things: the verdict `ambiguous`.

The judge says whether the evidence answers; it sees neither which thing is meant nor that none is.
So this is asked after it, whatever it said: an answer about the wrong workshop is as wrong as a
refusal where three workshops would answer.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Final

from query.ambiguity.conflicts import CASES, MOST_SIDES, NAMESAKES, REFERENTS
from query.ambiguity.either_of import find_either_of
from query.ambiguity.named_together import find_named_together
from query.ambiguity.naming_somebody import naming_somebody
from query.ambiguity.of_what import asks_of_nothing, documents_that_speak_of
from query.ambiguity.one_of_several import find_one_of_several
from query.ambiguity.torn_between import find_torn_between
from query.ambiguity.unnamed import LOOKED_AT, Known, Possible, Unnamed, find_unnamed
from query.asking.question import Question
from query.asking.referring import Pointing, find_referents
from query.decision import Conflict, ConflictSide, Reason, ReasonCode, Verdict
from query.evidence.sections import about_what_is_asked
from query.ruling import Ruling
from query.text.instances import subject_of
from query.text.passages import SHAPE_STEMS, Passage, coverage
from query.text.words import stem

_KEPT: Final = frozenset({ReasonCode.FLAGGED_EVIDENCE, ReasonCode.JUDGE_DOWN})
"""Reasons that hold whatever the verdict."""
_CLOSER: Final = frozenset({CASES, NAMESAKES})
"""Slots of conflicts that say more exactly what is left open."""
_REFUSED: Final = frozenset({Verdict.UNANSWERABLE, Verdict.PARTIALLY_SUPPORTED})


def leave_open(question: Question, passages: Sequence[Passage], ruling: Ruling) -> Ruling:
    """Return the ruling, `ambiguous` where the question points at a thing that nothing names.

    Args:
        question: A simple question.
        passages: Its candidates, best first.
        ruling: The ruling on it.
    """
    if not ruling.weights or any(conflict.slot in _CLOSER for conflict in ruling.conflicts):
        return ruling
    if lacks_what_is_asked(question, ruling):
        return ruling
    usable = [passage for passage in passages if not passage.blocked]
    usable = list(about_what_is_asked(usable, question)) or usable
    found = (
        find_unnamed(question, ruling.weights, usable)
        or find_named_together(question, ruling.weights, usable)
        or find_either_of(question, ruling.weights, usable)
        or find_one_of_several(question, ruling.weights, usable)
        or find_torn_between(question, ruling.weights, usable)
        or _answered_by_several(ruling, usable)
    )
    if found is not None and found.possible:
        alike = naming_somebody(question, ruling.weights, found.possible)
        found = replace(found, possible=alike) if len(alike) > 1 else None
    if found is None and asks_of_nothing(question):
        return _asked_of_nothing(question, usable, ruling)
    if found is None:
        return _unsettled(question, ruling)
    if not found.possible:
        return given_back(ruling, _pointless(found.noun), ())
    return given_back(ruling, *between(found, ruling.weights))


def between(found: Unnamed, weights: Mapping[str, float]) -> tuple[Reason, tuple[Conflict, ...]]:
    """Return what may be meant, as a reason and as a conflict with a quote of each."""
    sides = tuple(_side(one, found, weights) for one in found.possible[:MOST_SIDES])
    one, other = (repr(side.value) for side in sides[:2])
    what = repr(found.noun) if found.noun else "What is asked about"
    may_be = f"may be {one} or {other}"
    if found.known is Known.DOCUMENT:
        may_be = f"may be what {one} or what {other} tells of"
    detail = f"{what} {may_be}; neither the question nor an earlier turn says which."
    conflict = Conflict(REFERENTS, sides, found.noun)
    return Reason(ReasonCode.UNNAMED_REFERENT, detail), (conflict,)


def _asked_of_nothing(question: Question, passages: Sequence[Passage], ruling: Ruling) -> Ruling:
    """Ask back unless one document alone speaks of what is asked, and answers."""
    speaking = documents_that_speak_of(question, passages[:LOOKED_AT])
    if len(speaking) > 1:
        found = Unnamed("", speaking, Known.DOCUMENT)
        return given_back(ruling, *between(found, ruling.weights or {}))
    if len(speaking) == 1 and ruling.verdict not in _REFUSED:
        return ruling
    words = zip(question.terms, question.surface, strict=True)
    asked = ", ".join(repr(word) for term, word in words if term not in SHAPE_STEMS)
    detail = f"The question asks for {asked} and does not say of what."
    return given_back(ruling, Reason(ReasonCode.UNDERSPECIFIED, detail), ())


def _answered_by_several(ruling: Ruling, passages: Sequence[Passage]) -> Unnamed | None:
    """Return the documents that the judge found to answer alike, each with another answer."""
    meant = [passage for passage in passages if passage.chunk_id in ruling.undecided]
    if len(meant) < 2:
        return None
    return Unnamed("", tuple(Possible(subject_of(p), 1.0) for p in meant), Known.DOCUMENT)


def lacks_what_is_asked(question: Question, ruling: Ruling) -> bool:
    """Tell whether no evidence has a name or number that the question itself holds."""
    asked = question.own_text
    codes = (ReasonCode.ENTITY_NOT_FOUND, ReasonCode.NUMBER_NOT_FOUND)
    return any(reason.code in codes for reason in ruling.reasons) and any(
        text in asked for text in ruling.missing
    )


def _unsettled(question: Question, ruling: Ruling) -> Ruling:
    """Ask back where a demonstrative points at nothing at all, and nothing was found for it."""
    if question.earlier or ruling.verdict not in _REFUSED:
        return ruling
    pointing = [
        r for r in find_referents(question.own_text)
        if r.pointing is Pointing.DEMONSTRATIVE
    ]  # fmt: skip
    if not pointing:
        return ruling
    return given_back(ruling, _pointless(pointing[0].text), ())


def _pointless(noun: str) -> Reason:
    detail = f"Nothing that was said before is {noun!r}."
    return Reason(ReasonCode.UNDERSPECIFIED, detail)


def given_back(ruling: Ruling, reason: Reason, conflicts: tuple[Conflict, ...]) -> Ruling:
    """Return the ruling with the verdict `ambiguous`, for a reason and what may be meant."""
    kept = tuple(one for one in ruling.reasons if one.code in _KEPT)
    return replace(
        ruling,
        verdict=Verdict.AMBIGUOUS,
        reasons=(*kept, reason),
        missing=(),
        conflicts=conflicts,
    )


def _side(one: Possible, found: Unnamed, weights: Mapping[str, float]) -> ConflictSide:
    """Quote the sentence of a passage that says most of what is asked of the thing."""
    instance = one.instance
    passage, kind = instance.passage, stem(found.noun)
    case = instance.name if found.known is Known.NAME else ""
    rest = {term: weight for term, weight in weights.items() if term != kind}
    said = max(passage.sentences, key=lambda sentence: coverage(rest, sentence.stems), default=None)
    return ConflictSide(
        passage.chunk_id, passage.document_id, passage.key, passage.version, instance.name,
        one.quote or (said.text if said else passage.text), case,
    )  # fmt: skip
