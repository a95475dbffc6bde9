"""What to ask back, where a question cannot be answered as it is; for people, in plain words."""

from collections.abc import Sequence
from typing import Final

from query.ambiguity.conflicts import CASES, MOST_SIDES, NAMESAKES, REFERENTS
from query.decision import Conflict, Reason, ReasonCode, SuggestedAction

LONGEST_KIND: Final = 3
"""Words of a column's head that can stand for one of its cells."""
_BY_REASON: Final = {
    ReasonCode.EMPTY_QUESTION: "What would you like to know?",
    ReasonCode.GARBLED_INPUT: "That could not be read. Could you write the question again?",
    ReasonCode.QUESTION_TOO_LONG: "Could you ask that more briefly, one thing at a time?",
    ReasonCode.LEFT_OPEN: "Several things may be meant. Could you say which one it is about?",
    ReasonCode.UNDERSPECIFIED: "What is the question about? Please name the thing you mean.",
}


def clarify(
    action: SuggestedAction, reasons: Sequence[Reason], conflicts: Sequence[Conflict]
) -> str | None:
    """Return a question for the asker, or none where asking back is not what is suggested."""
    if action is not SuggestedAction.ASK_BACK:
        return None
    if conflicts:
        return _between(conflicts[0])
    asked = (_BY_REASON.get(reason.code) for reason in reasons)
    return next(filter(None, asked), "Could you put the question in other words?")


def _between(conflict: Conflict) -> str:
    names = [side.case for side in conflict.sides]
    if conflict.slot == REFERENTS and not all(names):
        titles = [f"“{side.value}”" for side in conflict.sides]
        *first, last = titles
        told = f"{', '.join(first)} and {last}" if first else last
        return f"Which {_noun(conflict.kind)} do you mean? {told} tell of different ones."
    if conflict.slot in {CASES, REFERENTS}:
        if len(names) == MOST_SIDES:  # there may be more of them
            names[-1] = "another"
        return f"Which {_noun(conflict.kind)} do you mean: {_listed(names)}?"
    if conflict.slot == NAMESAKES:
        return f"Do you mean {_listed([side.value for side in conflict.sides])}?"
    said = "; ".join(
        f"{side.key} (version {side.version}) says {side.value}" for side in conflict.sides
    )
    return f"The documents differ: {said}. Which of them applies?"


def _noun(kind: str) -> str:
    """Return the head of a column as it stands in a sentence; abbreviations stay as they are."""
    words = [word if word.isupper() and len(word) > 1 else word.lower() for word in kind.split()]
    return " ".join(words) if 1 <= len(words) <= LONGEST_KIND else "one"


def _listed(names: Sequence[str]) -> str:
    *first, last = names
    return f"{', '.join(first)} or {last}" if first else last
