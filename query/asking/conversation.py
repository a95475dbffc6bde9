"""A question in the conversation it was asked in: what was said before it, and its simple parts."""

from collections.abc import Sequence
from dataclasses import replace

from config.settings import GateSettings
from query.asking.clauses import as_asked, with_subject
from query.asking.followups import ADDED, ASKER, Turn, resolve
from query.asking.question import Question, normalise, understand
from query.decision import ReasonCode
from query.text.language import question_problem
from query.text.words import WORD, content_terms


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


def held_to_own_words(
    question: Question, settings: GateSettings, languages: frozenset[str]
) -> Question:
    """Return a question of a conversation with what is wrong with its own words.

    What was said before makes no question of an empty message or of pressed keys, nor another
    language of this one. A number alone may be what was asked back for ("the 4").
    """
    problem = question.problem
    if not question.earlier or (problem and problem.code is ReasonCode.QUESTION_TOO_LONG):
        return question
    own = question_problem(question.asked, settings, languages)
    letters = sum(char.isalpha() for char in question.asked)
    if own and own.code is ReasonCode.GARBLED_INPUT and letters < settings.min_question_letters:
        own = None if WORD.search(question.asked) else own
    return replace(question, problem=own)


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
        added = ADDED.search(part)
        asked = part if added is None or added.group() in question.asked else ADDED.sub("", part)
        earlier = (*question.earlier, *(Turn(ASKER, one) for one in question.parts[:index]))
        alone = understand(part, settings, languages)
        problem = question_problem(asked, settings, languages)  # not of what was added to it
        alone = replace(alone, problem=problem, is_later_part=index > 0)
        simple.append(replace(alone, asked=asked, earlier=earlier))
    return simple
