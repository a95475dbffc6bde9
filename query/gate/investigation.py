"""Searching for every part of a question and ruling on it, all at the same pinned state."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Final

from config.settings import RetrievalSettings
from config.tracing import SpanName, span
from query.ambiguity.conflicts import CASES
from query.ambiguity.picked import asked_of_picked, picked
from query.asking.coordination import Conjunct
from query.asking.prices import asked_for_price, speaks_of_price
from query.asking.question import Question
from query.asking.said_before import behind_last_turn, joined, scores_of
from query.asking.small_letters import with_numbered_names
from query.audit import Search
from query.decision import Reason, ReasonCode, Status, Verdict
from query.gate.completing import (
    MOST_ALONE,
    Alone,
    Standing,
    completed,
    only_seeming,
    open_things,
    standing,
    unsupported,
)
from query.gate.naming_flagged import name_flagged
from query.gate.rereading import Rereading
from query.gate.trusting import arranged
from query.judging.ordering import in_order
from query.judging.promoting import with_first
from query.outcome import Found
from query.policy.policing import Conditions
from query.ruling import Ruling
from query.search.retrieval import Retrieval
from query.text.passages import Passage, make_passage

_DOWN: Final = frozenset({ReasonCode.JUDGE_DOWN, ReasonCode.DENSE_ENCODER_DOWN})
Rules = Callable[[Question, Sequence[Passage], Retrieval], Ruling]
"""Rules on one simple question by its candidates."""


@dataclass(frozen=True, slots=True)
class Investigation:
    """What was found for the parts of a question."""

    status: Status
    """Unavailable where something could not be searched for; then the rest was not either."""
    found: tuple[Found, ...]
    """The parts, each followed by what was asked for alone beside it and found."""
    rulings: tuple[tuple[str, Ruling], ...]
    """One for each part, with its text."""
    searches: tuple[Search, ...]
    reasons: tuple[Reason, ...]
    timings: Mapping[str, float]
    not_admitted: int
    """Candidates that the policy does not let count."""

    @property
    def supported(self) -> tuple[Mapping[str, float], ...]:
        """Term weights of the parts that may be answered."""
        rulings = (one.ruling for one in self.found)
        return tuple(
            r.weights for r in rulings if r.weights and r.verdict is not Verdict.UNANSWERABLE
        )


def investigate(
    parts: Sequence[Question],
    search: Callable[[str], tuple[Search, Retrieval]],
    rules: Rules,
    alone: Callable[[Question, str], Question],
    permits: Callable[[str], bool],
    asked: Conditions,
    now: datetime,
    settings: RetrievalSettings,
    rereading: Rereading,
) -> Investigation:
    """Search for each part and rule on it.

    Args:
        parts: The simple questions.
        search: Brings the candidates of one.
        rules: Rules on one.
        alone: Makes the question for one thing of those that a part asks for side by side.
        permits: Tells whether the policy asks no more of a text than of the question.
        asked: What the policy asks of evidence.
        now: What ages count from.
        settings: Weights of the two lists.
        rereading: Reads one once more, when its candidates are there.
    """
    work = _Work(search, rules, alone, permits, asked, now, settings, rereading)
    wholes: list[Found] = []
    found: list[Found] = []
    for part in parts:
        whole = work.look(part)
        if whole is None:
            break
        whole = work.look_at_picked(work.look_in_other_words(whole))
        things = work.look_alone(whole)
        wholes.append(replace(whole, ruling=completed(whole.ruling, things)))
        beside = [one.found for one in things if one.standing is not Standing.MISSING]
        found += [wholes[-1], *beside]
        if work.status is Status.UNAVAILABLE:
            break
    seeming = only_seeming(wholes) if len(wholes) > 1 else frozenset()
    rulings = tuple(
        (one.question.text, unsupported(one.ruling) if place in seeming else one.ruling)
        for place, one in enumerate(wholes)
    )
    return Investigation(
        work.status, tuple(found), rulings, tuple(work.searches), tuple(work.reasons),
        work.timings, work.not_admitted,
    )  # fmt: skip


@dataclass
class _Work:
    """What searching and ruling need, and what came of it so far."""

    search: Callable[[str], tuple[Search, Retrieval]]
    rules: Rules
    alone: Callable[[Question, str], Question]
    permits: Callable[[str], bool]
    asked: Conditions
    now: datetime
    settings: RetrievalSettings
    rereading: Rereading
    status: Status = Status.OK
    searches: list[Search] = field(default_factory=list)
    reasons: list[Reason] = field(default_factory=list)
    timings: dict[str, float] = field(default_factory=dict)
    not_admitted: int = 0
    left: int = MOST_ALONE
    """Searches that things may still cause."""

    def look(self, part: Question) -> Found | None:
        """Search for a simple question and rule on it; none where it could not be searched for."""
        retrieval = self._searched(part.text)
        if retrieval.status is Status.UNAVAILABLE:
            self.status = Status.UNAVAILABLE
            return None
        admitted = self._admitted(retrieval)
        part, retrieval, admitted = self._reread(part, retrieval, admitted)
        behind = self._look_behind_last_turn(part)
        began = time.perf_counter()
        said = scores_of(behind)
        candidates = joined(admitted, behind)
        part = with_numbered_names(part, candidates)
        passages = in_order(part, candidates, self.settings, said)
        with span(SpanName.JUDGE, candidates=len(passages)):
            ruling = name_flagged(part, passages, self.rules(part, passages, retrieval))
        if any(reason.code in _DOWN for reason in ruling.reasons):
            self._degrade()
        seen = with_first(arranged(passages, ruling), ruling.first)
        _add(self.timings, {"judge": (time.perf_counter() - began) * 1000.0})
        return Found(part, ruling, seen)

    def _reread(
        self, part: Question, retrieval: Retrieval, admitted: list[Passage]
    ) -> tuple[Question, Retrieval, list[Passage]]:
        """Read a question without slips, with the capitals and letters that the evidence has."""
        spelt = self.rereading.spelt(part, admitted)
        if spelt is not None and self.permits(spelt.question.text):
            again = self._searched(spelt.question.text)
            found = self._admitted(again)
            if again.status is not Status.UNAVAILABLE and spelt.holds(found):
                part, retrieval, admitted = spelt.question, again, found
                if spelt.reason not in self.reasons:
                    self.reasons.append(spelt.reason)
        part = self.rereading.with_capitals(part, admitted)
        lettered = self.rereading.with_letters(part, admitted)
        if lettered.text != part.text and self.permits(lettered.text):
            part = lettered
        return part, retrieval, admitted

    def _searched(self, text: str) -> Retrieval:
        """Search for a text, and note what came of it."""
        noted, retrieval = self.search(text)
        self.searches.append(noted)
        self.reasons += [reason for reason in retrieval.reasons if reason not in self.reasons]
        _add(self.timings, retrieval.timings_ms)
        if retrieval.status is not Status.OK:
            self._degrade()
        return retrieval

    def _degrade(self) -> None:
        """Note that a part was down; what could not be searched for at all stays so."""
        if self.status is not Status.UNAVAILABLE:
            self.status = Status.DEGRADED

    def _admitted(self, retrieval: Retrieval) -> list[Passage]:
        """Return what a search brought and the policy lets count."""
        every = [make_passage(hit) for hit in retrieval.hits]
        admitted = [p for p in every if self.asked.admits(p, self.now)]
        self.not_admitted += len(every) - len(admitted)
        return admitted

    def _look_behind_last_turn(self, part: Question) -> list[Passage]:
        """Search for a follow-up behind the last turn, where the policy has nothing against it."""
        text = behind_last_turn(part)
        if not text or not self.permits(text):
            return []
        return self._admitted(self._searched(text))

    def look_alone(self, whole: Found) -> list[Alone]:
        """Ask alone for the things of a part that have to be, as far as searches are left."""
        things: list[Alone] = []
        for thing in open_things(whole.question.text, whole.ruling, whole.passages):
            one = self._first_met(whole.question, thing)
            if one is None:
                break
            things.append(Alone(thing, one, standing(thing, one)))
        return things

    def look_in_other_words(self, whole: Found) -> Found:
        """Ask for the price where what a thing costs found no answer: price lists say "price"."""
        text = asked_for_price(whole.question.text)
        settled = self._depends(whole) or (
            whole.ruling.verdict is Verdict.ANSWERABLE
            and any(speaks_of_price(p) for p in whole.passages[:1])
        )
        if not text or settled or not self.left or not self.permits(text):
            return whole
        self.left -= 1
        one = self.look(self.alone(whole.question, text))
        if one is None:
            return whole
        # Of two amounts, the other wording may bring either first; it picks none of them.
        torn = whole.ruling.verdict is Verdict.AMBIGUOUS
        found = one.ruling.verdict is Verdict.ANSWERABLE and not torn
        return one if found or self._depends(one) else whole

    @staticmethod
    def _depends(found: Found) -> bool:
        """Tell whether an answer was found that depends on the case."""
        return any(conflict.slot == CASES for conflict in found.ruling.conflicts)

    def look_at_picked(self, whole: Found) -> Found:
        """Ask about what an earlier turn picked, where the question would be given back."""
        ruling = whole.ruling
        if ruling.verdict is not Verdict.AMBIGUOUS or not self.left:
            return whole
        name = picked(whole.question, ruling, whole.passages)
        text = asked_of_picked(whole.question, name, ruling)
        if not name or not self.permits(text):
            return whole
        self.left -= 1
        one = self.look(self.alone(whole.question, text))
        settled = one is not None and one.ruling.verdict is Verdict.ANSWERABLE
        return one if one is not None and settled else whole

    def _first_met(self, part: Question, thing: Conjunct) -> Found | None:
        """Return what the first question for a thing came to that is not refused, else the last."""
        one = None
        for text in thing.alone[: self.left]:
            self.left -= 1
            one = self.look(self.alone(part, text))
            if one is None or one.ruling.verdict is not Verdict.UNANSWERABLE:
                break
        return one


def _add(total: dict[str, float], more: Mapping[str, float]) -> None:
    for name, value in more.items():
        total[name] = total.get(name, 0.0) + value
