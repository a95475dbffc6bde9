"""Questions that end in a verdict: searched at one state, ruled on, their evidence chosen."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from typing import Any

from config.settings import GateSettings, RetrievalSettings
from indexing.stores.base import VectorStore
from query.ambiguity.openness import default_openness
from query.asking.conversation import simple_questions
from query.asking.question import Question, understand
from query.audit import Search
from query.calibrating.calibration import bind
from query.calibrating.calibrations import NONE_IN_FORCE, InForce
from query.decision import Status
from query.evidence.copies import mark_copies
from query.evidence.neighbours import beside
from query.evidence.selection import choose, within_budget
from query.gate.investigation import Investigation, investigate
from query.gate.rereading import Rereading
from query.gate.rules import combine
from query.gate.simple_question import rules_with
from query.judging.judge import Judge
from query.outcome import Outcome, merged, quoted, resting
from query.parts import Extras, Retrieves
from query.policy.policing import Conditions, Policing, confirm, held_to
from query.ports import Pinned
from query.search.retrieval import Retrieval
from query.search.scope import Scope
from query.text.passages import Passage


@dataclass(frozen=True, slots=True)
class JudgedQuestions:
    """Judges them for one engine, each held to the policy; logging is left to the engine."""

    store: VectorStore
    retriever: Retrieves
    judge: Judge
    retrieval: RetrievalSettings
    gate: GateSettings
    languages: frozenset[str]
    tenant: str
    policing: Policing | None
    extras: Extras
    rules: str
    """Version of the rules and the policy."""
    encoder: Callable[[Pinned], Any]
    """Gives the bounded encoder of a state."""

    def outcome_of(
        self, question: Question, pinned: Pinned, scope: Scope, asked: Conditions, now: datetime
    ) -> Outcome:
        """Retrieve and judge every part of a question, all at the same pinned state.

        Args:
            question: As it was understood.
            pinned: The state that is read.
            scope: What the request may read.
            asked: What the policy asks of evidence.
            now: What ages count from.
        """
        reads = scope.narrowed(asked.sources, asked.trusts)
        if reads is None:
            return Outcome(Status.OK, held_to(asked, None), pinned=pinned)
        judge = self.judge.calibration_id
        bound_to = bind(pinned, self.retrieval, self.gate, judge, self.rules)
        in_force = self.extras.calibrations.find(bound_to)
        seen = self._investigated(question, pinned, reads, asked, now, in_force)
        outcome = Outcome(
            seen.status, None, seen.reasons, pinned, timings=seen.timings, searches=seen.searches
        )
        if seen.status is Status.UNAVAILABLE:
            return outcome
        said = (*seen.reasons, in_force.reason) if in_force.reason else seen.reasons
        outcome = replace(outcome, reasons=said, in_force=in_force)
        ruling = combine([text for text, _ in seen.rulings], [ruled for _, ruled in seen.rulings])
        if ruling.calibration_id not in {"", judge}:  # the judge was down: no calibration held
            outcome = replace(outcome, in_force=NONE_IN_FORCE)
        if ruling.features is None:
            ruling = replace(ruling, features=seen.found[0].ruling.features)
        ruling, passages = confirm(ruling, asked), merged(seen.found)
        if asked.restricts:
            ruling = held_to(asked, ruling, seen.not_admitted if not passages else 0)
        outcome = replace(outcome, ruling=ruling, passages=passages, supported=seen.supported)
        return self._with_evidence(outcome, question, pinned, seen, passages, now)

    def _investigated(
        self,
        question: Question,
        pinned: Pinned,
        reads: Scope,
        asked: Conditions,
        now: datetime,
        in_force: InForce,
    ) -> Investigation:
        """Search for every part and rule on it."""

        def search(text: str) -> tuple[Search, Retrieval]:
            retrieval = self.retriever.retrieve(text, pinned, reads)
            return Search(text, retrieval, reads), retrieval

        def alone(part: Question, text: str) -> Question:
            simple = understand(text, self.gate, self.languages)
            return replace(simple, asked=text, earlier=part.earlier)

        def permits(text: str) -> bool:
            return self.policing is None or asked == self.policing.consult(
                (text,), pinned.generation, self.encoder(pinned)
            )

        near = partial(beside, self.store, pinned, reads, self.tenant)
        words = self.extras.words or self.encoder(pinned)
        opens = self.extras.opens or default_openness()
        rules = rules_with(self.judge, self.gate, in_force, near, words, opens)
        parts = simple_questions(question, self.gate, self.languages)
        rereading = Rereading(self.gate, self.languages, words)
        return investigate(
            parts, search, rules, alone, permits, asked, now, self.retrieval, rereading
        )

    def _with_evidence(
        self,
        outcome: Outcome,
        question: Question,
        pinned: Pinned,
        seen: Investigation,
        passages: tuple[Passage, ...],
        now: datetime,
    ) -> Outcome:
        """Choose the evidence and quote it, within the budget."""
        chosen, fault = choose(
            question.text, resting(seen.found), self.extras.selection, self.retrieval.top_k, now,
            self.extras.reranking,
        )  # fmt: skip
        if fault is not None:
            outcome = replace(outcome, status=Status.DEGRADED, reasons=(*outcome.reasons, fault))
        evidence, quoting = quoted(seen.found, chosen, self.encoder(pinned))
        evidence = mark_copies(evidence, passages, self.retrieval.duplicates)
        evidence = within_budget(evidence, self.extras.selection.max_evidence_tokens)
        return replace(outcome, evidence=evidence, timings={**seen.timings, "quote": quoting})
