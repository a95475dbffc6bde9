"""Whether the evidence says of the same thing the contrary of a claim, or less than it.

A statement may have every word of a claim and say something else. So each clause of a claim is held
against the statements of the evidence (`statements.py`) that have most of its words, and what they
turn around is looked for: bounds and rates of values (`bounds.py`), opposites (`opposites.py`), how
surely and of how many it is said (`certainty.py`), who does it to whom. A statement that says as
much and turns nothing around settles it.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import IntEnum
from typing import Final

from query.claims.bounds import (
    Bound,
    Side,
    are_other_times,
    bound_of,
    is_beyond,
    rates_of,
    side_of,
    times_in,
)
from query.claims.certainty import (
    denied_in,
    has_if,
    has_proviso,
    has_unless,
    is_denied,
    is_excepted,
    is_less_sure,
    is_negated,
    said_in,
)
from query.claims.closeness import HALF, MARGIN, WHOLLY, Grounds
from query.claims.figures import Figure, could_differ, is_same, values_of
from query.claims.opposites import OPPOSED, OTHER, denied_words, turned_words, words_of
from query.claims.roles import SAME_WORDS, are_swapped, goes_other_way, holds_both_ways, is_passive
from query.claims.statements import Statement, read_statements
from query.text.passages import coverage
from query.text.words import fold, stem, stems, table

LOOKED_AT: Final = 24
"""Statements, the closest, that are compared."""
SMALL: Final = frozenset(
    stem(word)
    for word in table("""
        after before within until till since under below above beyond most least max maximum min
        minimum more less fewer than longer shorter later earlier older younger higher lower all
        every each everyone everybody always entire whole some many few several must need has
        required only solely exclusively per no not never cannot without
    """)
)
"""Stems of words that are compared by what they do, not by whether they are there."""


class Turn(IntEnum):
    """How a statement stands to a claim that it has the words of."""

    NONE = 0
    LESS = 1
    """It says less, or it of something else."""
    OPPOSED = 2
    """It says the contrary."""


@dataclass(frozen=True, slots=True)
class Turned:
    """What came of looking for a statement that turns a claim around."""

    turn: Turn
    sources: tuple[int, ...] = ()
    """Texts that do."""
    settled: bool = False
    """Whether a statement says the same as each clause, and turns nothing around."""


@dataclass(frozen=True, slots=True)
class _Share:
    """How much of a clause a statement says."""

    full: float = 0.0
    own: float = 0.0
    """By itself, without what it leans on."""

    def is_more(self, other: "_Share") -> bool:
        if abs(self.full - other.full) > MARGIN:
            return self.full > other.full
        return self.own > other.own + MARGIN


def find_turn(claim: str, grounds: Grounds) -> Turned:
    """Tell whether the evidence that says most of a claim turns it around.

    Args:
        claim: One sentence.
        grounds: The evidence.
    """
    found = [_of_clause(clause, claim, grounds) for clause in read_statements(claim)]
    turn = max((one.turn for one in found), default=Turn.NONE)
    if turn is Turn.NONE:
        return Turned(turn, (), all(one.settled for one in found))
    sources = {source for one in found if one.turn is turn for source in one.sources}
    return Turned(turn, tuple(sorted(sources)))


def denies(claim: str, sentence: str) -> bool:
    """Tell whether one of two sentences that say much the same denies what the other says.

    "Not open" is "closed", and what holds "except on Sundays" does not hold on Sundays.
    """
    return _polarity(claim, sentence) is Turn.OPPOSED and not (
        _opposed(claim, sentence) or is_excepted(claim, sentence)
    )


def lacks_denial(claim: str, text: str) -> bool:
    """Tell whether a claim denies something, and a text denies nothing."""
    return is_denied(claim) and not is_denied(text)


def _polarity(mine: str, theirs: str) -> Turn:
    """Return how two texts stand by what they deny."""
    denial, denial_there = is_denied(mine), is_denied(theirs)
    if has_unless(mine) != has_unless(theirs) and denial == denial_there:
        return Turn.OPPOSED if has_if(mine) or has_if(theirs) else Turn.NONE
    narrow = has_proviso(mine), has_proviso(theirs)
    if denial == denial_there or (narrow[0] != narrow[1] and narrow[int(denial)]):
        return Turn.NONE  # "not in other regions" is "only in this one"
    if denial_there:
        return Turn.OPPOSED if denied_in(theirs) & said_in(mine) else Turn.NONE
    return Turn.OPPOSED if denied_in(mine) & said_in(theirs) else Turn.LESS


def _of_clause(clause: Statement, claim: str, grounds: Grounds) -> Turned:
    about = (clause.own | clause.subject) - SMALL
    known = about & grounds.known
    weights = grounds.weigh(about)
    if coverage(weights, known) < HALF:
        return Turned(Turn.NONE)  # where hardly any word is known, nothing can be told
    most = dict.fromkeys(Turn, _Share())
    sources: dict[Turn, set[int]] = {turn: set() for turn in Turn}
    close = sorted(grounds.statements, key=lambda one: -coverage(weights, one.full))
    for one in close[:LOOKED_AT]:
        if _is_of_other_value(clause, one):
            continue
        turn, words = _compare(clause, claim, one)
        left = grounds.weigh(known - words)
        share = _Share(coverage(left, one.full), coverage(left, one.own | one.subject))
        if share.is_more(most[turn]):
            most[turn] = share
        if share.full >= WHOLLY:
            sources[turn].add(one.source)
    for turn in (Turn.OPPOSED, Turn.LESS):
        if most[turn].full >= WHOLLY and most[turn].is_more(most[Turn.NONE]):
            return Turned(turn, tuple(sources[turn]))
    return Turned(Turn.NONE, (), most[Turn.NONE].full >= WHOLLY)


def _is_of_other_value(clause: Statement, one: Statement) -> bool:
    """Tell whether a statement gives other values than a clause: "closes at 17:00" for 9:00."""
    pairs = [(mine, theirs) for mine in clause.figures for theirs in one.figures]
    return not any(is_same(*pair) for pair in pairs) and any(could_differ(*pair) for pair in pairs)


def _compare(clause: Statement, claim: str, one: Statement) -> tuple[Turn, frozenset[str]]:
    """Return how a statement stands to a clause, and the words of the clause that it turns."""
    mine, theirs, nothing = clause.text, one.text, frozenset[str]()
    if mine.rstrip(" .") in theirs:
        return Turn.NONE, nothing
    if opposed := _opposed(mine, theirs):
        differ = is_negated(mine) != is_negated(theirs)
        return Turn.NONE if differ else Turn.OPPOSED, opposed | frozenset(map(stem, opposed))
    if is_excepted(mine, theirs):  # "pay no fees except for copies"
        differ = is_negated(mine) != bool(denied_in(theirs) & said_in(mine))
        return Turn.NONE if differ else Turn.OPPOSED, nothing
    if (polarity := _polarity(mine, theirs)) is not Turn.NONE:
        return polarity, nothing
    turn = max(_turns_of_values(mine, one), default=Turn.NONE)
    if turn is Turn.OPPOSED and is_denied(mine) != is_denied(theirs):
        return Turn.NONE, nothing  # "not at 50 or younger" is "only over 50"
    if turn is not Turn.NONE:
        rates = (rates_of(value, mine) for value in values_of(mine))
        return turn, frozenset(map(stem, times_in(mine).union(*rates)))
    other = turned_words(words_of(mine), words_of(theirs), OTHER)
    if other or is_less_sure(mine, claim, theirs) or _is_swapped(clause, one):
        return Turn.LESS, other | frozenset(map(stem, other))
    return Turn.NONE, nothing


def _opposed(mine: str, theirs: str) -> frozenset[str]:
    """Return the words of one text of which the other has the contrary."""
    turned = turned_words(words_of(mine), words_of(theirs), OPPOSED)
    return turned | denied_words(mine, theirs)


def _turns_of_values(mine: str, one: Statement) -> Iterator[Turn]:
    """Yield how each value stands that both texts have; of several twins the nearest counts."""
    theirs = one.text
    there = values_of(theirs)
    for value in values_of(mine):
        bound, side, rates = bound_of(value, mine), side_of(value, mine), rates_of(value, mine)
        found = []
        for twin in there:
            if not is_same(Figure(value), Figure(twin)):
                continue
            known = rates_of(twin, theirs)
            apart = (
                {bound, bound_of(twin, theirs)} == {Bound.LEAST, Bound.MOST}
                or {side, side_of(twin, theirs)} == {Side.AHEAD, Side.AFTERWARDS}
                or are_other_times(rates, known)
            )
            less = any(stem(rate) not in one.full for rate in rates - known)
            less = less or (is_beyond(value, mine) and bound_of(twin, theirs) is Bound.NONE)
            found.append(Turn.OPPOSED if apart else Turn.LESS if less else Turn.NONE)
        if found:
            yield min(found)
    if are_other_times(times_in(mine), times_in(theirs)):
        yield Turn.OPPOSED


def _is_swapped(clause: Statement, one: Statement) -> bool:
    """Tell whether a statement has all the words of a clause in other roles."""
    if len(clause.own & one.own) < SAME_WORDS * len(clause.own):
        return False
    if are_swapped(clause.text, one.text) or goes_other_way(clause.text, one.text):
        return True
    # "The mayor, Lena Ortiz, defeated Mark Osei": the order of the names tells.
    named = [word for word in stems(fold(clause.text)) if word in clause.names]
    subject = clause.subject & clause.names
    if not subject or not named or named[-1] in subject or holds_both_ways(clause.text, one.text):
        return False
    order = stems(fold(one.text))
    first = next((word for word in named if word in subject), "")
    if not {first, named[-1]} <= set(order):
        return False  # one of them is only leant on
    same_order = order.index(first) < order.index(named[-1])
    return same_order != (is_passive(clause.text) == is_passive(one.text))
