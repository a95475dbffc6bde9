"""A question in the conversation it was asked in: what was said before it, and its simple parts."""

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from config.settings import GateSettings
from query.followups import ASKER, Turn
from query.question import Question, normalise, understand

_ADDED: Final = re.compile(r"\s\([^()]*\)(?=\??$)")
"""What `resolve` and `split_parts` put behind a question that leans on something else."""


def in_context(question: Question, asked: str, turns: Sequence[Turn]) -> Question:
    """Return a question with how it was asked and what was said before.

    Args:
        question: Understood with what earlier turns added to it.
        asked: As it came.
        turns: Earlier turns, oldest first.
    """
    return replace(question, asked=normalise(asked), earlier=tuple(turns))


def simple_questions(
    question: Question, settings: GateSettings, languages: frozenset[str]
) -> list[Question]:
    """Return the simple questions of a compound one; to each, those before it were said before."""
    if len(question.parts) == 1:
        return [question]
    simple = []
    for index, part in enumerate(question.parts):
        added = _ADDED.search(part)
        asked = part if added is None or added.group() in question.asked else _ADDED.sub("", part)
        earlier = (*question.earlier, *(Turn(ASKER, one) for one in question.parts[:index]))
        simple.append(replace(understand(part, settings, languages), asked=asked, earlier=earlier))
    return simple
