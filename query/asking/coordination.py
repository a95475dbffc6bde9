"""What a question asks for side by side: "the length and weight of X" asks for two things.

Each of the things joined (a conjunct, in the grammarians' word) stands for a question of its own:
what stands before the first of them, itself, and what stands behind the last. Where one ends is
told by the little words around it, without a parser: the last one runs to the next preposition,
verb or mark; those before it are taken to be as long as it, unless a little word ends them sooner.
What stands behind the last ("… and the price of a repair") may belong to all of them or to it
alone, so there are two questions for each of the others. Questions joined by question words ("…
and when was it built?") are split before (`question.py`).
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from query.asking.clauses import with_subject
from query.text.words import table

MOST: Final = 5
"""Things side by side; a longer list is left whole."""

_TOKEN: Final = re.compile(r"[^\W_](?:[\w'’+#./-]*[\w+#])?|[^\w\s]")
_JOINED: Final = re.compile(
    r",?\s+(?:and also|and|/|&(?=\s+[a-z])"
    # "the Plus package" and "a plus account" have a name, and join nothing.
    r"|(?P<wide>as well as|along with|together with|(?-i:(?<!\bthe )(?<!\ba )plus)|including))\s+",
    re.IGNORECASE,
)
_DETERMINERS: Final = table(
    "a an the my our your his her its their this that these those any some all each every no"
)
_INDEFINITE: Final = table("a an")
_REACH: Final = 7
"""Words that a first conjunct with an object of its own may have."""
_PREPOSITIONS: Final = table(
    """of for in on at to from with without by about under over per via through during into as than
    between among against across after before until since within towards toward inside outside near
    around behind beyond regarding concerning upon like"""
)
_VERBS: Final = table(
    """is are was were be been being do does did can could may might must should shall will would
    has have had cost costs mean means"""
)
_OTHERS: Final = table(
    """who whom whose what when where which why how i you he she we they it me him them us there if
    because that so then not both either and or but nor please"""
)
_BETWEEN: Final = re.compile(r"\bbetween\s(?:(?!\band\b).)*$", re.IGNORECASE)
_RESPECTIVELY: Final = re.compile(r",?\s+respectively\b", re.IGNORECASE)
_VERB: Final = re.compile(
    r"\b(?:is|are|was|were|do|does|did|can|could|may|must|should|shall|will|would|has|have|who|what"
    r"|when|where|why|which|how)\b",
    re.IGNORECASE,
)
_NOT_TWO: Final = re.compile(
    r"\b(?:together|relation\w*|each other|one another|versus|vs|in common|more and more"
    r"|again and again)\b",
    re.IGNORECASE,
)
"""What speaks of both things at once; alone each would be another question."""
_POLITE: Final = r"^\s*(?:(?:and|also|so|please|hi|hello|ok|okay)\b,?\s*)*"
_ASKED_THING: Final = re.compile(
    rf"{_POLITE}(?:what|which|who|where)(?:'s|’s|\s+(?:is|are|was|were))\s*$", re.IGNORECASE
)
"""Directly behind it stands what is asked for."""
_DEED: Final = (
    rf"{_POLITE}how\s+(?:(?:do|does|can|could|should|would|must)\s+(?:i|you|we|one|they)|to)\s+"
)
_ASKED_DEED: Final = re.compile(rf"{_DEED}(?:\w+\s+)?$", re.IGNORECASE)
_ASKED_FOR: Final = (
    r"\b(?:tell me|explain|describe|list|name|give me|show me|send me|need|want|know|find|compare"
    r"|provide|summari[sz]e|looking for|interested in|information|details|advise|differ in"
    r"|differences? in|(?:would|['’]d) like)"
    r"(?:\s+(?:about|me|us|on|of|out|to know|to find out|information|details))*\s+"
)
_REQUEST: Final = re.compile(rf"{_ASKED_FOR}$", re.IGNORECASE)
_REQUEST_HEAD: Final = re.compile(rf"^(?:(?!\?).){{0,60}}?{_ASKED_FOR}", re.IGNORECASE)
_WHAT_IS: Final = re.compile(rf"{_POLITE}what(?:'s|’s|\s+(?:is|are|was|were))\s+", re.IGNORECASE)
_DEED_HEAD: Final = re.compile(_DEED, re.IGNORECASE)
_WHOSE: Final = re.compile(rf"{_POLITE}(?:which|what)\s+$", re.IGNORECASE)
_YES_OR_NO: Final = re.compile(
    rf"{_POLITE}(?:is|are|was|were|do|does|did|can|could|may|must|should|will|would|has|have)\b",
    re.IGNORECASE,
)
_AMOUNT: Final = re.compile(
    r"\bhow (?:much|long|often|far|big|heavy|old|tall|large|high|fast)\b"
    r"|\bwhat (?:do|does|did|may|can|would|will|must|should)\b.*\b(?:cost|weigh|pay|measure)\b"
    r"|\bwhat (?:is|are|was|were) the \w+(?: \w+)? (?:of|for|on|in|at)\b|\bcompare\b",
    re.IGNORECASE,
)
_COSTS: Final = re.compile(r"^\s*(?:cost|weigh|measure)\b", re.IGNORECASE)
_WITH_OBJECT: Final = re.compile(r"\b(?:for|to|from|of|on|in|at|with)\s*$", re.IGNORECASE)
_ADJECTIVE: Final = re.compile(
    r"(?:[^aeiou]ed|[tnr]al|ive|ic|ous|ary|able|ible|ful|less|\b(?:upper|lower|inner|outer|left|right"
    r"|north|south|east|west|minor|major|first|second|big|small|old|new|weak|strong))$",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Conjunct:
    """One of the things that a question asks for side by side."""

    text: str
    alone: tuple[str, ...]
    """The question about it alone; the second, if any, is how it may be meant otherwise."""


def conjuncts(text: str) -> tuple[Conjunct, ...]:
    """Return what a question asks for side by side; nothing where it asks for one thing."""
    if _NOT_TWO.search(text):
        return ()
    text = _RESPECTIVELY.sub("", text)
    listed = _under_a_colon(text)
    if listed:
        return listed
    joined = [join for join in _JOINED.finditer(text) if not _BETWEEN.search(text[: join.start()])]
    if not joined and all(
        _is_content(m.group()) or m.group() == "," for m in _TOKEN.finditer(text)
    ):
        joined = list(re.finditer(r",\s+", text))[-1:]  # keywords: "flat 3 rent, parking"
    for join in reversed(joined):  # the last one closes a list
        found = _deeds(text, join) or _narrow(text, join.start(), join.end()) or _wide(text, join)
        if found:
            return found
    return ()


def _under_a_colon(text: str) -> tuple[Conjunct, ...]:
    """Read "Ferry to Sorrane: duration, fare, luggage": every item after the colon is asked for."""
    about, colon, items = text.partition(": ")
    things = [item.strip(" .?") for item in re.split(r",\s+(?:and\s+)?|\s+and\s+", items)]
    if not colon or not 2 <= len(things) <= MOST or _VERB.search(items):
        return ()
    return tuple(Conjunct(thing, (f"{about}: {thing}?",)) for thing in things if thing)


def _deeds(text: str, join: re.Match[str]) -> tuple[Conjunct, ...]:
    """Read "How do I share a project and stop sharing it?": two deeds, each with its object."""
    head = _DEED_HEAD.match(text)
    if head is None or head.end() >= join.start():
        return ()
    words = [m.group() for m in _TOKEN.finditer(text[head.end() : join.start()])]
    behind = [m.group() for m in _TOKEN.finditer(text[join.end() :])]
    plain = not all(map(_is_content, words)) and bool(behind) and _is_content(behind[0])
    alone = len(behind) > 1 and any(not _is_content(word) for word in behind[1:])
    return _apart(text, head.end(), join) if plain and alone and "," not in words else ()


def _wide(text: str, join: re.Match[str]) -> tuple[Conjunct, ...]:
    """Read "Tell me the year in which … along with the wording of it": all on either side."""
    head = _REQUEST_HEAD.match(text) or _WHAT_IS.match(text)
    begins = head.end() if head and head.end() < join.start() else 0
    behind = _TOKEN.search(text, join.end())
    opens = behind.group().lower() if behind else ""
    opening = _TOKEN.search(text, begins)
    named = opening is not None and opening.group().lower() in _DETERMINERS
    if join.groupdict().get("wide"):
        presupposed = begins and not _REQUEST_HEAD.match(text) and not named
        return () if presupposed else _apart(text, begins, join)
    requested = _REQUEST_HEAD.match(text) is not None
    return _apart(text, begins, join) if requested and begins and opens in _DETERMINERS else ()


def _apart(text: str, begins: int, join: re.Match[str]) -> tuple[Conjunct, ...]:
    first, last = text[begins : join.start()], text[join.end() :].rstrip(" .?!")
    says = any(_is_content(m.group()) for m in _TOKEN.finditer(first))
    if not says or not last or _VERB.search(last):
        return ()
    one = _asked(text[: join.start()])
    head = text[:begins] or "What is "
    other = _asked(with_subject(f"{head}{last}", first))
    return Conjunct(first.strip(), (one,)), Conjunct(last, (other,))


def _narrow(text: str, end: int, start: int) -> tuple[Conjunct, ...]:
    """Return the conjuncts of a join that stands at `text[end:start]`."""
    before = list(_TOKEN.finditer(text[:end]))
    after = list(_TOKEN.finditer(text, start))
    last = _last(after)
    if last is None or not before:
        return ()
    opens = after[0].group().lower()
    tail = text[after[last - 1].end() :]
    content = sum(_is_content(m.group()) for m in after[:last])
    items, rest = _listed(before)
    first = _first(rest, opens, content)
    if first is None or len(items) + 2 > MOST:
        return ()
    begins = rest[first].start()
    head = _head(text, begins)
    if not _is_asked_for(head, rest[first:], after[:last], tail):
        return ()
    whole = [(rest[first].start(), rest[-1].end()), *items, (start, after[last - 1].end())]
    found = []
    for index, (a, b) in enumerate(whole):
        thing = text[a:b]
        is_last = index == len(whole) - 1
        alone = [f"{head}{thing}{tail}"]
        if not is_last and any(_is_content(m.group()) for m in _TOKEN.finditer(tail)):
            alone.append(f"{head}{thing}?")
        found.append(Conjunct(thing, tuple(_asked(one) for one in alone)))
    return tuple(found)


def _is_asked_for(
    head: str, first: Sequence[re.Match[str]], last: Sequence[re.Match[str]], tail: str
) -> bool:
    """Tell whether the things are what is asked for, and not what the question takes for given.

    "When did Syria and Egypt attack?" asks for one thing.
    """
    plain = [m.group() for m in first if _is_content(m.group())]
    behind = [m.group() for m in last if _is_content(m.group())]
    if len(behind) > len(plain) == 1 and _ADJECTIVE.search(plain[0]):
        return False  # "the recommended and supported engines" are engines twice
    if _ASKED_THING.search(head) or _ASKED_DEED.search(head) or _REQUEST.search(head):
        return True
    if _YES_OR_NO.search(head):
        return True
    if _COSTS.search(tail) and re.search(r"\bwhat (?:do|does|did)\s+$", head, re.IGNORECASE):
        return True
    if _WHOSE.search(head) and re.match(r"\s*(?:do|does|did)\b", tail, re.IGNORECASE):
        return True
    names = all(re.search(r"\d", m[-1].group()) for m in (first, last))
    apart = names or last[0].group().lower() in _DETERMINERS | _PREPOSITIONS
    if _AMOUNT.search(f"{head}{last[0].group()} … {tail}") and (apart or _WITH_OBJECT.search(head)):
        return True
    if names and re.match(r"\s*(?:who|where|when|which|what)\b", head, re.IGNORECASE):
        return True
    words = [m.group().lower() for m in _TOKEN.finditer(f"{head} {tail}")]
    return not tail.strip(" ?.!") and all(map(_is_content, words))


def _last(after: Sequence[re.Match[str]]) -> int | None:
    """Return behind which token the last conjunct ends; none where it is no thing."""
    if not after:
        return None
    words = [m.group() for m in after]
    at = 0
    if words[0].lower() in _PREPOSITIONS:
        at = 1
    if at < len(words) and words[at].lower() in _DETERMINERS:
        at += 1
    begins = at
    while at < len(words) and _is_content(words[at]):
        at += 1
        if words[at - 1][0].isdigit() and at - begins > 1:
            break  # a name with a number ends with it: "Tern 2 and Tern 3 made"
    return at if at > begins else None


def _listed(
    before: Sequence[re.Match[str]],
) -> tuple[list[tuple[int, int]], Sequence[re.Match[str]]]:
    """Return the items between commas, in order, and what stands before the first comma of them."""
    items: list[tuple[int, int]] = []
    rest = before
    while True:
        commas = [i for i, m in enumerate(rest) if m.group() == ","]
        if not commas:
            return items, rest
        item = rest[commas[-1] + 1 :]
        words = [m.group() for m in item]
        plain = [w for w in words if w.lower() not in _DETERMINERS | _PREPOSITIONS]
        if item and item[0].group().lower() in _PREPOSITIONS:
            return items, rest
        if not 0 < len(plain) <= 4 or not all(map(_is_content, plain)) or not commas[-1]:
            return items, rest
        items.insert(0, (item[0].start(), item[-1].end()))
        rest = rest[: commas[-1]]


def _first(rest: Sequence[re.Match[str]], opens: str, content: int) -> int | None:
    """Return with which token the first conjunct begins."""
    words = [m.group().lower() for m in rest]
    if opens in _PREPOSITIONS:  # "for pumps and for sensors"
        same = [i for i, word in enumerate(words) if word == opens]
        return same[-1] if same and same[-1] < len(words) - 1 else None
    if opens in _INDEFINITE:  # "a room at the inn and a pitch"
        same = [i for i, word in enumerate(words[-_REACH:], max(0, len(words) - _REACH))
                if word in _INDEFINITE]  # fmt: skip
        if same and same[-1] < len(words) - 1:
            return same[-1]
    at = len(words)
    while at > 0 and len(words) - at < 4 and _is_content(words[at - 1]):
        at -= 1
    if at == len(words):
        return None
    if at > 0 and words[at - 1] in _DETERMINERS and len(words) - at <= content + 1:
        return at - 1
    if opens in _DETERMINERS:
        earlier = [i for i, word in enumerate(words[:at]) if word in _DETERMINERS]
        # "the fee for transfers and the limit"
        if earlier and at - earlier[-1] <= 4 and not set(words[earlier[-1] : at]) & _VERBS:
            return earlier[-1]
    at = max(at, len(words) - content)
    while at < len(words) - 1 and words[at][0].isdigit():
        at += 1
    return at


def _head(text: str, end: int) -> str:
    return re.sub(r"\b(?:both|either)\s+$", "", text[:end], flags=re.IGNORECASE)


def _is_content(word: str) -> bool:
    low = word.lower()
    return word[0].isalnum() and not (
        low in _DETERMINERS or low in _PREPOSITIONS or low in _VERBS or low in _OTHERS
    )


def _asked(text: str) -> str:
    return f"{' '.join(text.split()).rstrip(' .?!,;:')}?"
