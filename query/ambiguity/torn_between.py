"""Notice "how late is it open?" of somebody who is torn between two things, or was told of several.

"We go swimming, either to the Aquarena or to the Weiherbad." - "How late is it open?" One of them
is meant, and nobody said which. The same holds where it was asked which things there are, the
answer named several, and a question about "it" follows: that is none of them more than another.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from query.ambiguity.named_together import asks_of_all
from query.ambiguity.one_of_several import as_possible
from query.ambiguity.unnamed import Known, Unnamed
from query.asking.followups import Turn
from query.asking.mentions import Mention, named_side_by_side
from query.asking.question import Question
from query.text.passages import Passage, coverage
from query.text.words import stems, table

LOOKED_AT: Final = 12
"""Candidates that must speak of the things."""
FIRST: Final = 3
"""… and of both at once, where the question points at nothing."""
MOST: Final = 6
LEAST: Final = 0.6
"""Share of what is asked that such a candidate must have."""
_POINTS: Final = re.compile(
    r"\b(?:it|its)\b|\b(?:this|that)(?: one)?\s*(?=$|[?.!,])|(?<!\bis )\bthere\s*(?=$|[?.!,])",
    re.IGNORECASE,
)
_OF_NOTHING: Final = re.compile(
    r"\b(?:is|was|would|will|may|can|does|if) it (?:possible|allowed|permitted|necessary|ok|okay"
    r"|true|safe|legal|mandatory|required|correct|forbidden|worth|be|take|matter|rains?|snows?)\b"
    r"|\bit(?:['’]s| is)\b|\bit takes?\b",
    re.IGNORECASE,
)
_TORN: Final = re.compile(
    r"\b(?:either|or|versus|vs|between|differences?|compare|decide|deciding|torn|better)\b",
    re.IGNORECASE,
)
_NO_KIND: Final = (
    r"(?:is|was|does|has|happens|costs|means|makes|counts|needs|applies|works|belongs|this|us|if"
    r"|do|did|can|are|were|will|would|should|must|the|my|your|our)\b"
)
"""Words behind "what" with which it does not ask which things there are."""
_WHICH_ARE_THERE: Final = re.compile(
    r"^\W*(?:(?:and|so|hi|hello),? )?(?:(?:which|what)(?: (?:other|(?:kind|type|sort)s? of))?"
    rf" (?:(?!{_NO_KIND})[a-z-]+ ){{0,2}}(?!{_NO_KIND})[a-z-]+s\b"
    r"|what are (?:the|your|our|my) (?:[a-z-]+ ){0,2}[a-z-]+s\b"
    r"|(?:which|what) of (?:the|your|our)\b"
    r"|name (?:me )?(?:some|all)\b|list\b|where (?:can|could|do) (?:i|we|you)\b"
    r"|are there (?:any|other|more)?\b)",
    re.IGNORECASE,
)
_ONE_THING: Final = re.compile(
    r"\b(?:the|my|our|this|that|an?)\s+(?:[a-z-]+\s+)?[a-z-]*[a-rt-z]\b", re.IGNORECASE
)
_ASIDE: Final = re.compile(r",?\s\(?which\s[^,.;:]*,?|\([^()]*\)")
"""Says more of a thing, and would be taken for the next one."""
_ITEM: Final = re.compile(r"^[^\S\n]*(?:[-*•‣◦–]|\(?\d{1,2}[.)])\s+(?P<item>[^:\n]+)", re.MULTILINE)
"""Begins on its own line: looked for over empty ones, a page of them would take minutes."""
_DAYS: Final = table(
    """monday tuesday wednesday thursday friday saturday sunday january february march april june
    july august september october november december today tomorrow minute minutes hour hours
    day days week weeks month months year years"""
)


def find_torn_between(
    question: Question, weights: Mapping[str, float], passages: Sequence[Passage]
) -> Unnamed | None:
    """Return the things between which nothing that was said decides.

    Args:
        question: A simple question.
        weights: Weight of its terms.
        passages: Candidates, best first.
    """
    text = question.own_text
    if not question.earlier or asks_of_all(text) or question.identifiers or question.designators:
        return None
    own = frozenset(stems(text))
    points = _POINTS.search(_OF_NOTHING.sub(" ", text)) is not None
    content = {term: weight for term, weight in weights.items() if term in own}
    for group in _groups(question.earlier):
        telling = {one: _telling(one, group) for one in group}
        if any(words & own for words in telling.values()):
            continue
        among = passages[:LOOKED_AT] if points else _of_all(content, passages)
        spoken = [
            one for one, words in telling.items()
            if words and any(words <= p.stems | p.context for p in among)
        ]  # fmt: skip
        if len(spoken) > 1:
            possible = [as_possible(one, telling[one], passages) for one in spoken[:MOST]]
            return Unnamed("", tuple(possible), Known.NAME)
    return None


def _groups(turns: Sequence[Turn]) -> Iterator[Sequence[Mention]]:
    """Yield what the last exchange named side by side, and picked none of."""
    asked = [number for number, turn in enumerate(turns) if turn.is_asked]
    if not asked:
        return
    said = turns[asked[-1]].text
    answer = " ".join(turn.text for turn in turns[asked[-1] + 1 :])
    told = frozenset(stems(answer))
    if _TORN.search(said):
        for group in _things(said):
            spoken = sum(bool(_telling(one, group) & told) for one in group)
            if spoken != 1:
                yield group
    if _WHICH_ARE_THERE.search(said) and not _ONE_THING.search(said):
        yield from _things(answer)


def _things(text: str) -> Iterator[Sequence[Mention]]:
    """Yield the groups of things of a text, each of one make: names, or none."""
    items = ", ".join(m["item"] for m in _ITEM.finditer(text))
    for group in named_side_by_side(_ASIDE.sub("", items or text)):
        things = [one for one in group if one.text.lower() not in _DAYS]
        names = [one for one in things if one.text[0].isupper()]
        things = names if names else things
        if len(things) > 1 and (items or _is_listed(things[-1], text)):
            yield things


def _is_listed(last: Mention, text: str) -> bool:
    """Tell whether a thing ends a list; what stands behind a comma alone may say more of one."""
    before = rf"\b(?:and|or|nor|versus|vs\.?)\s+(?:\S+\s+){{0,3}}?\W?{re.escape(last.text)}"
    return re.search(before, text) is not None


def _telling(one: Mention, group: Sequence[Mention]) -> frozenset[str]:
    """Return the words of a thing that no other of the group has.

    Of "heron" beside "heron solar" those are all that it has.
    """
    others = frozenset().union(*(other.stems for other in group if other is not one))
    return one.stems - others or one.stems


def _of_all(content: Mapping[str, float], passages: Sequence[Passage]) -> Sequence[Passage]:
    """Return the first passage that has most of what is asked: it must speak of each thing."""
    found = [p for p in passages[:FIRST] if coverage(content, p.stems, p.context) >= LEAST]
    return found[:1]
