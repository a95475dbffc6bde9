"""Notice a question that fits each of several things that a turn named side by side.

"What do lipids and glucose cost?" - "And how long must I fast before it?" Each has a row of its own
with an answer of its own; that one of them comes first does not say that it was meant.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from query.ambiguity.named_together import asks_of_all
from query.ambiguity.of_what import telling_terms
from query.ambiguity.unnamed import CLOSE, Known, Possible, Unnamed
from query.asking.followups import Turn
from query.asking.mentions import Mention, named_side_by_side
from query.asking.question import Question
from query.judging.features import TYPE_KINDS
from query.text.instances import Instance
from query.text.passages import Passage, Sentence, coverage
from query.text.values import ValueKind, find_values
from query.text.words import stems

LOOKED_AT: Final = 12
"""Candidates that are searched."""
LEAST: Final = 0.6
"""Share of what is asked that the best statement must cover."""
LEAST_BESIDE: Final = 0.3
"""The same where it gives a value of the kind that is asked for."""
LEAST_OF_NAME: Final = 0.5
"""Share of a thing's words by which it is recognised."""
MOST: Final = 6


@dataclass(frozen=True, slots=True)
class _Said:
    """The statement about a thing that says most of what is asked."""

    mention: Mention
    passage: Passage
    sentence: Sentence
    covered: float


def find_either_of(
    question: Question, weights: Mapping[str, float], passages: Sequence[Passage]
) -> Unnamed | None:
    """Return the things named side by side of which each has an answer of its own.

    Args:
        question: A simple question.
        weights: Weight of its terms.
        passages: Candidates, best first.
    """
    text = question.own_text
    own = frozenset(stems(text))
    content = telling_terms(question, weights)
    kinds = TYPE_KINDS.get(question.answer_type)
    if (not content and kinds is None) or asks_of_all(text):
        return None
    least = LEAST if kinds is None else LEAST_BESIDE
    for group in _open_groups(own, question.earlier):
        each = _each_answered(group, passages[:LOOKED_AT], content, kinds, least)
        if len(each) > 1:
            possible = tuple(
                Possible(
                    Instance(one.mention.text, one.passage, one.mention.stems, subject=False),
                    one.covered,
                    one.sentence.text,
                )
                for one in each[:MOST]
            )
            return Unnamed("", possible, Known.NAME)
    return None


def _each_answered(
    group: Sequence[Mention],
    passages: Sequence[Passage],
    content: Mapping[str, float],
    kinds: frozenset[ValueKind] | None,
    least: float,
) -> list[_Said]:
    """Return what is said of each thing that has an answer; none where one says it of several."""
    found: list[_Said] = []
    joint = 0.0
    for passage in passages:
        for sentence in passage.sentences:
            about = _about(group, sentence, passage)
            if not about or not _gives(sentence, kinds):
                continue
            covered = coverage(content, sentence.stems, passage.context) if content else 1.0
            if len(about) > 1:
                joint = max(joint, covered)
            else:
                found.append(_Said(about[0], passage, sentence, covered))
    best = max((one.covered for one in found), default=0.0)
    if best < least or joint >= best:
        return []
    each: dict[str, _Said] = {}
    for one in sorted(found, key=lambda said: -said.covered):
        if one.covered >= CLOSE * best:
            each.setdefault(one.mention.text, one)
    return list(each.values())


def _gives(sentence: Sentence, kinds: frozenset[ValueKind] | None) -> bool:
    return kinds is None or any(value.kind in kinds for value in find_values(sentence.text))


def _open_groups(own: frozenset[str], turns: Sequence[Turn]) -> Iterator[tuple[Mention, ...]]:
    """Yield what the latest turn of whoever asks named side by side and nothing since picked."""
    asked = [number for number, turn in enumerate(turns) if turn.is_asked]
    if not asked:
        return
    answer = " ".join(turn.text for turn in turns[asked[-1] + 1 :])
    for group in named_side_by_side(turns[asked[-1]].text):
        if not _is_picked(group, own, answer):
            yield group


def _is_picked(group: Sequence[Mention], own: frozenset[str], answer: str) -> bool:
    """Tell whether the question, or an answer that spoke of one of them only, says which."""
    telling = [_telling(one, group) for one in group]
    if any(words & own for words in telling):
        return True
    said = frozenset(stems(answer))
    spoken = sum(bool(words) and bool(words & said) for words in telling)
    return spoken == 1


def _telling(one: Mention, group: Sequence[Mention]) -> frozenset[str]:
    """Return the words of a thing that no other of the group has."""
    return one.stems - frozenset().union(*(o.stems for o in group if o is not one))


def _about(group: Sequence[Mention], sentence: Sentence, passage: Passage) -> list[Mention]:
    """Return what of a group a sentence is about, by its own words or else by what is above it."""
    for words in (sentence.stems, sentence.stems | passage.context):
        about = [one for one in group if _is_in(one, group, words)]
        if about:
            return about
    return []


def _is_in(one: Mention, group: Sequence[Mention], words: frozenset[str]) -> bool:
    telling = _telling(one, group)
    if not telling:  # "heron" beside "heron solar"
        others = frozenset().union(*(o.stems for o in group if o is not one)) - one.stems
        return one.stems <= words and not others & words
    return bool(telling & words) and len(one.stems & words) >= LEAST_OF_NAME * len(one.stems)
