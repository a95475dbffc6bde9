"""A question in the conversation it was asked in: what was said before it, and its simple parts."""

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from config.settings import GateSettings
from query.asking.clauses import as_asked, with_subject
from query.asking.followups import ASKER, Turn, resolve
from query.asking.question import Question, normalise, understand
from query.text.words import content_terms

_ADDED: Final = re.compile(r"\s\([^()]*\)(?=\??$)")
"""What `resolve` and `with_subject` put behind a question that leans on something else."""


def in_context(question: Question, asked: str, turns: Sequence[Turn]) -> Question:
    """Return a question with how it was asked and what was said before.

    Args:
        question: Understood with what earlier turns added to it.
        asked: As it came.
        turns: Earlier turns, oldest first.
    """
    own = normalise(asked)
    parts = question.parts if question.problem else _parts(own, turns) or question.parts
    return replace(question, parts=parts, asked=own, earlier=tuple(turns))


def _parts(asked: str, turns: Sequence[Turn]) -> tuple[str, ...]:
    """Return the simple questions of a compound one, each with the topic that it needs.

    The first takes it from earlier turns, the others from the first: "How long is it, and who built
    it?" asks both of what was spoken of. None where it is simple, or nothing was said before.
    """
    own, *others = as_asked(asked)
    first = resolve(own, turns)
    if not turns or not others or (first == own and not content_terms(own)[0]):
        return ()
    return (first, *(with_subject(part, first) for part in others))


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
        alone = understand(part, settings, languages)
        simple.append(replace(alone, asked=asked, earlier=earlier, is_later_part=index > 0))
    return simple
