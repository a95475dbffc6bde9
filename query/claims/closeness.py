"""How close the statements of the evidence are to a clause of a claim, and which could deny it."""

import heapq
import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Final

from query.claims.figures import Figure, is_ratio, is_same, naming_word, ratio_of, values_of
from query.claims.singles import may_say
from query.claims.statements import Statement, read_statements
from query.text.passages import coverage
from query.text.values import Value, ValueKind, year_of
from query.text.words import fold

NAME_WEIGHT: Final = 1.5
"""Of a name beside another word that is as rare."""
MARGIN: Final = 0.1
"""Share of a claim's words by which one statement must be closer to it than another."""
MOSTLY: Final = 0.6
"""Share of a claim's known words from which a statement may be about the same."""
PARTLY: Final = 0.35
"""The same, of all its words: where hardly any is known, nothing can be told."""
WHOLLY: Final = 0.75
"""Share of a claim's known words from which another value denies it."""
MIXED: Final = 0.85
"""Share from which a statement holds a claim, whatever a rival has besides."""
HALF: Final = 0.5
"""Share of what a claim says of its subject from which a statement says it, of whatever."""


_JOINED_LEFT: Final = re.compile(r"\w[\w.]*[-–/:]$")
_JOINED_RIGHT: Final = re.compile(r"[-–/:][\w.]*\w")
_WORD_LEFT: Final = re.compile(r"([^\W\d_]+)[ -]$")


@dataclass(frozen=True)
class Grounds:
    """Evidence, read into statements."""

    statements: tuple[Statement, ...]

    @cached_property
    def known(self) -> frozenset[str]:
        """Stems of all of it."""
        return frozenset().union(*(s.full for s in self.statements))

    @cached_property
    def _rarity(self) -> Mapping[str, float]:
        total, counts = len(self.statements), dict[str, int]()
        for one in self.statements:
            for word in one.own:
                counts[word] = counts.get(word, 0) + 1
        return {word: 1.0 + math.log((1 + total) / (1 + n)) for word, n in counts.items()}

    @cached_property
    def _named(self) -> frozenset[tuple[str, str]]:
        """Values as they are written, each with the word that it names something with."""
        return frozenset(
            (value.text, naming_word(value, one.text).lower())
            for one in self.statements
            for value in values_of(one.text)
        )

    def weigh(self, words: Iterable[str], names: frozenset[str] = frozenset()) -> dict[str, float]:
        """Weigh stems: the fewer statements hold one, the more it tells."""
        nowhere = 1.0 + math.log(1 + len(self.statements))
        return {
            w: self._rarity.get(w, nowhere) * (NAME_WEIGHT if w in names else 1.0) for w in words
        }

    def has(self, value: Value, claim: str) -> bool:
        """Tell whether a value of a claim stands anywhere, as a value of the same kind.

        A number in a name must stand behind the same word, as in `Tern 4`.
        """
        if self._has_written(value, claim):
            return True
        named = naming_word(value, claim)
        if named:
            pattern = rf"\b{re.escape(fold(named))}\W{{0,3}}{re.escape(fold(value.text))}(?!\w)"
            written = re.compile(pattern, re.IGNORECASE)
            return any(written.search(fold(s.text)) for s in self.statements)
        if is_ratio(value, claim):
            ratio = ratio_of(value, claim)
            return any(
                is_ratio(v, s.text) and ratio_of(v, s.text) == ratio
                for s in self.statements
                for v in values_of(s.text)
            )
        return bool(self._same(value)) or any(
            may_say(value, s.text) and not any(f.value.unit == value.unit for f in s.figures)
            for s in self.statements
        )

    def _has_written(self, value: Value, claim: str) -> bool:
        """Tell whether a number stands as it is written: "lane 1" for Lane 1, or in "3-2"."""
        if value.kind is not ValueKind.NUMBER:
            return False
        before, behind = claim[: value.start], claim[value.end :]
        left, right = (found.group() if found else "" for found in (
            _JOINED_LEFT.search(before), _JOINED_RIGHT.match(behind),
        ))  # fmt: skip
        if left or right:
            run = re.compile(rf"(?<!\w){re.escape(left + value.text + right)}(?!\w)", re.IGNORECASE)
            return any(run.search(one.text) for one in self.statements)
        word = _WORD_LEFT.search(before)
        return word is not None and (value.text, word[1].lower()) in self._named

    def has_year(self, value: Value) -> bool:
        """Tell whether the year of a date that stands there does, too: by it or over a calendar.

        Args:
            value: For which `has` holds.
        """
        year = year_of(value) if value.kind is ValueKind.DATE else ""
        return not year or year in self.known or any(map(year_of, self._same(value)))

    def _same(self, value: Value) -> list[Value]:
        wanted = Figure(value)
        return [f.value for s in self.statements for f in s.figures if is_same(wanted, f)]


def read_grounds(evidence: Sequence[str]) -> Grounds:
    """Read the texts that a claim is held against."""
    return Grounds(tuple(s for n, text in enumerate(evidence) for s in read_statements(text, n)))


@dataclass(frozen=True)
class Wanted:
    """A clause of a claim, and the words by which statements about the same are known."""

    clause: Statement
    words: frozenset[str]
    """Stems of what is looked for: the clause without the value or name whose owner is sought."""
    said: frozenset[str]
    """Stems of the whole claim."""
    grounds: Grounds
    _fits: dict[int, tuple[float, float]] = field(default_factory=dict)

    @cached_property
    def every(self) -> dict[str, float]:
        """Weights of all words."""
        return self.grounds.weigh(self.words)

    @cached_property
    def rest(self) -> dict[str, float]:
        """Weights of what is said of the subject."""
        return self.grounds.weigh(self.words - self.clause.subject)

    @cached_property
    def known_rest(self) -> dict[str, float]:
        """Weights of what is said of the subject, as far as the evidence knows the words."""
        known = (self.words - self.clause.subject) & self.grounds.known
        return self.grounds.weigh(known, self.clause.names)

    @cached_property
    def _known(self) -> dict[str, float]:
        return self.grounds.weigh(self.words & self.grounds.known, self.clause.names)

    @cached_property
    def _head(self) -> dict[str, float]:
        words = (self.clause.subject & self.words) or self.words
        return self.grounds.weigh(words & self.grounds.known, self.clause.names)

    @cached_property
    def _best_head(self) -> float:
        return max((coverage(self._head, s.full) for s in self.grounds.statements), default=0.0)

    def fit(self, one: Statement) -> tuple[float, float]:
        """Return how much of the known words a statement holds, and how much by itself."""
        # Statements live as long as the grounds, so their ids do not come again.
        found = self._fits.get(id(one))
        if found is None:
            full = coverage(self._known, one.full)
            found = self._fits[id(one)] = full, coverage(self._known, one.own | one.subject)
        return found

    def closest(self, some: Iterable[Statement], most: int) -> list[Statement]:
        """Return the statements that hold most of the words, best first."""
        return heapq.nlargest(most, some, key=self.fit)

    def is_other(self, one: Statement) -> bool:
        """Tell whether a statement is about something else than the claim."""
        if not self.clause.subject & self.words or not (one.subject | one.names) - self.said:
            return False
        # "Her brother is a plumber" says nothing of her.
        foreign = bool(one.owned) and not one.owned & self.said
        covered = coverage(self._head, one.own if foreign else one.full)
        return covered < self._best_head - MARGIN

    def says_of_other(self, one: Statement) -> bool:
        """Tell whether a statement says what the claim says, but of something else."""
        return self.is_other(one) and (not self.rest or coverage(self.rest, one.own) >= HALF)

    def could_deny(self, one: Statement) -> bool:
        """Tell whether a statement says so much of the same that another value in it counts."""
        alike = self.fit(one)[0] >= MOSTLY and coverage(self.every, one.full) >= PARTLY
        return alike and not self.is_other(one)

    def is_whole(self, one: Statement) -> bool:
        """Tell whether a statement says all of the same, so that another value in it denies."""
        subject = self.clause.subject & self.words
        return bool(self._known) and subject <= self.grounds.known and self.fit(one)[0] >= WHOLLY

    def is_mostly(self, one: Statement) -> bool:
        """Tell whether a statement has most of the words itself."""
        return coverage(self._known, one.own) >= MOSTLY

    def is_closer(self, one: Statement, other: Statement) -> bool:
        """Tell whether a statement is closer to the claim than another."""
        (mine, my_own), (theirs, their_own) = self.fit(one), self.fit(other)
        return mine > theirs if abs(mine - theirs) > MARGIN else my_own > their_own + MARGIN

    def is_mixed(self, one: Statement, other: Statement) -> bool:
        """Tell whether the claim takes of either statement something that the other lacks."""
        mine, theirs = (self._known.keys() & s.full for s in (one, other))
        fits = self.fit(one)[0], self.fit(other)[0]
        apart = bool(mine - theirs) and bool(theirs - mine)
        return apart and fits[0] < MIXED and fits[0] - fits[1] < MARGIN

    def fit_of_rest(self, one: Statement) -> tuple[float, float]:
        """Return how much of what is said of the subject a statement holds, and by itself."""
        return coverage(self.known_rest, one.full), coverage(self.known_rest, one.own)

    def is_said_better(self, one: Statement, full: float, own: float) -> bool:
        """Tell whether a statement says more of the same than the best about the subject.

        Args:
            one: A statement about something else.
            full: What the best statement about the subject holds.
            own: What that holds by itself.
        """
        mine, by_itself = self.fit_of_rest(one)
        more = mine > full + MARGIN or (mine >= full and by_itself > own + MARGIN)
        return by_itself >= MOSTLY and more
