"""One request from the question to the logged decision; every ending is a value."""

import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from config.settings import GateSettings, RetrievalSettings
from indexing.as_of import AsOf
from indexing.stores.base import VectorStore
from query.answering import Written, write_answer
from query.audit import Asked, Search, Used, make_record
from query.calibration import bind
from query.calibrations import NONE_IN_FORCE
from query.copies import mark_copies
from query.deciding import action_of, decide
from query.decision import (
    GroundingDecision,
    Reason,
    ReasonCode,
    Status,
    SuggestedAction,
    Verdict,
)
from query.encoding import bounded_encoder
from query.followups import is_underspecified, read_history, resolve
from query.gate import Ruling, combine, rule
from query.investigation import investigate
from query.judge import Judge
from query.neighbours import surroundings
from query.outcome import Outcome, merged, quoted, refused, underspecified, unlogged
from query.parts import Extras, Retrieves
from query.passages import Passage
from query.permission import Permission, nothing, parts_of, permission, quota_reached
from query.policing import Conditions, Policing, confirm, held_to, rules_version
from query.ports import AuditSink, DenseEncoder, Encoders, IndexView, Pinned, SparseEncoder
from query.question import Question, normalise, understand
from query.retrieval import Circuits, Retrieval, Retriever, pin
from query.scope import Scope
from query.selection import choose, within_budget
from query.traced import traced
from query.trained_judge import open_judge

MOST_PARTS = 8


class Purpose(StrEnum):
    """How far a request goes."""

    GROUND = "ground"
    ANSWER = "answer"


class QueryEngine:
    """Answers questions from one index; usable from several threads."""

    def __init__(
        self,
        view: IndexView,
        store: VectorStore,
        dense: DenseEncoder | None,
        sparse: SparseEncoder,
        retrieval: RetrievalSettings,
        gate: GateSettings,
        audit: AuditSink | None,
        tenant: str,
        clock: Callable[[], datetime] | None = None,
        *,
        judge: Judge | None = None,
        languages: frozenset[str] = frozenset({"en"}),
        retriever: Retrieves | None = None,
        extras: Extras | None = None,
    ) -> None:
        """Put an engine together.

        Args:
            view: Says which state of the index is live.
            store: Holds the points.
            dense: Encodes questions where the live state brings no encoders of its own; none
                means that only the sparse list is searched.
            sparse: Encodes questions for BM25, likewise.
            retrieval: How many candidates, how they are fused.
            gate: Thresholds.
            audit: Request log; none switches it off.
            tenant: Only points of this tenant are ever read.
            clock: Current time with zone; for tests.
            judge: Replaces the judge that `gate` names.
            languages: ISO codes of the languages that the encoder serves.
            retriever: Replaces the search, as a replay does.
            extras: Policy, generator and what else a home may have.
        """
        self._extras = extras or Extras()
        self._circuits = Circuits.closed(self._extras.deadlines)
        self._view = view
        self._encoders = Encoders(dense, sparse)
        self._retriever = retriever or Retriever(
            store, self._encoders, retrieval, tenant, self._extras.deadlines, self._circuits
        )
        self._store = store
        self._policing = Policing(self._extras.policy) if self._extras.policy else None
        self._rules = rules_version(self._extras.policy)
        self._settings = retrieval
        self._gate = gate
        self._audit = audit
        self._tenant = tenant
        self._clock = clock or (lambda: datetime.now(UTC))
        self._judge = judge or open_judge(gate, self._extras.deadlines)
        self._languages = languages

    def retrieve(
        self,
        question: str,
        exclude_keys: frozenset[str] = frozenset(),
        as_of: AsOf | None = None,
        *,
        scope: Scope | None = None,
        about: Sequence[str] = (),
    ) -> Retrieval:
        """Return the candidates of a question, best first, without judging them.

        The policy holds as for `ground`, also for what the candidates are `about` besides: the
        sentences of an answer to be checked.
        """
        state = pin(self._view, as_of)
        pinned = state.pinned
        if pinned is None:
            return Retrieval(state.status, reasons=_present(state.reason))
        reads = Asked(question, exclude_keys, scope=scope or self._extras.scope).reads
        may = self.permits((question, *about), pinned, reads)
        if may.reads is None:
            return Retrieval(may.status, pinned=pinned, reasons=may.reasons)
        found = self._retriever.retrieve(normalise(question), pinned, may.reads)
        return may.held(found, self._clock())

    def permits(self, texts: Sequence[str], pinned: Pinned, scope: Scope) -> Permission:
        """Say what of a scope the policy of today lets be read for texts that are not judged."""
        if self._policing is None:
            return Permission(scope)
        policy, counter = self._policing.policy, self._extras.counter
        used_up = quota_reached(policy, self._tenant, counter, self._clock())
        if used_up:
            return nothing(used_up)
        encoder = self._encoder(pinned)
        return permission(
            scope, self._policing.consult(parts_of(texts), pinned.generation, encoder)
        )

    def ground(
        self,
        question: str,
        exclude_keys: frozenset[str] = frozenset(),
        as_of: AsOf | None = None,
        history: Sequence[Any] = (),
        *,
        scope: Scope | None = None,
    ) -> GroundingDecision:
        """Decide whether the index holds the answer; never raises.

        Args:
            question: The question as asked.
            exclude_keys: Source keys hidden for this question.
            as_of: An earlier state to read from: an epoch, or a moment with zone; none means
                the newest.
            history: Earlier turns, oldest first: texts or `{"speaker", "text"}`.
            scope: Groups of whoever asks, and the sources and trusts to read; none is the
                engine's own, by default a stranger who sees nothing that has an ACL.
        """
        reads = scope or self._extras.scope
        asked = Asked(question, exclude_keys, as_of, tuple(history), reads)
        return self._serve(asked, Purpose.GROUND)

    def answer(
        self,
        question: str,
        exclude_keys: frozenset[str] = frozenset(),
        as_of: AsOf | None = None,
        history: Sequence[Any] = (),
        *,
        scope: Scope | None = None,
    ) -> GroundingDecision:
        """Decide like `ground`, and fill `answer` where the verdict allows one; never raises."""
        reads = scope or self._extras.scope
        asked = Asked(question, exclude_keys, as_of, tuple(history), reads)
        return self._serve(asked, Purpose.ANSWER)

    def answer_many(self, lines: Iterable[Mapping[str, Any]]) -> Iterator[dict[str, Any]]:
        """Answer the lines of a batch, in order.

        Args:
            lines: `{"id", "question", "history"?, "exclude_keys"?}` each.
        """
        for line in lines:
            keys = line.get("exclude_keys") or ()
            decision = self.answer(
                str(line.get("question") or ""),
                frozenset(str(key) for key in keys),
                history=line.get("history") or (),
            )
            yield decision.to_batch_json(line.get("id"))

    @traced
    def _serve(self, request: Asked, purpose: Purpose) -> GroundingDecision:
        received, started = self._clock(), time.perf_counter()
        text = resolved = request.question
        written = Written(None)
        try:
            turns = read_history(request.history)
            resolved = resolve(normalise(text[: self._gate.max_question_chars]), turns)
            asked = text if len(text) > self._gate.max_question_chars else resolved
            question = understand(asked, self._gate, self._languages)
            outcome = self._work(question, request, received)
            if purpose is Purpose.ANSWER:
                written = self._write(resolved, outcome, request.reads)
        except Exception as error:  # noqa: BLE001 - fail closed: a caller gets a typed state, always
            detail = f"{type(error).__name__}: {error}"
            failed = Reason(ReasonCode.INTERNAL_ERROR, detail)
            outcome = Outcome(Status.UNAVAILABLE, None, (failed,))
        decision = decide(outcome, written, started, self._judge.calibration_id, self._rules)
        return self._logged(decision, outcome, received, request, resolved, purpose, written)

    def _work(self, question: Question, request: Asked, now: datetime) -> Outcome:
        if self._extras.policy is not None:
            counter = self._extras.counter
            used_up = quota_reached(self._extras.policy, self._tenant, counter, now)
            if used_up and used_up.code is not ReasonCode.POLICY_QUOTA:
                return Outcome(Status.UNAVAILABLE, None, (used_up,))
            if used_up:
                return Outcome(Status.OK, refused(used_up, Verdict.REFUSED_BY_POLICY))
        if question.problem:
            return Outcome(Status.OK, refused(question.problem))
        if len(question.parts) > MOST_PARTS:  # each costs a search: nobody may order hundreds
            detail = f"{len(question.parts)} questions at once; ask at most {MOST_PARTS}."
            return Outcome(Status.OK, refused(Reason(ReasonCode.QUESTION_TOO_LONG, detail)))
        state = pin(self._view, request.as_of)
        if state.pinned is None:
            ruling = refused(state.reason) if state.status is Status.OK and state.reason else None
            return Outcome(state.status, ruling, () if ruling else _present(state.reason))
        pinned = state.pinned
        encoder = self._encoder(pinned)
        asked = Conditions()
        if self._policing is not None:
            texts = (question.text, *question.parts)
            asked = self._policing.consult(texts, pinned.generation, encoder)
        if asked.refusal:
            ruling = refused(asked.refusal, Verdict.REFUSED_BY_POLICY)
            return Outcome(Status.OK, ruling, pinned=pinned, action=asked.action)
        if asked.unchecked:
            return Outcome(Status.UNAVAILABLE, None, (asked.unchecked,), pinned)
        if is_underspecified(question.text, question.terms):
            return Outcome(Status.OK, underspecified(), pinned=pinned)
        return self._judged(question, pinned, request.reads, asked, now)

    def _judged(
        self, question: Question, pinned: Pinned, scope: Scope, asked: Conditions, now: datetime
    ) -> Outcome:
        """Retrieve and judge every part of the question, all at the same pinned state."""
        reads = scope.narrowed(asked.sources, asked.trusts)
        if reads is None:
            return Outcome(Status.OK, held_to(asked, None), pinned=pinned)
        parts = [question]
        if len(question.parts) > 1:
            parts = [understand(p, self._gate, self._languages) for p in question.parts]

        def search(text: str) -> tuple[Search, Retrieval]:
            retrieval = self._retriever.retrieve(text, pinned, reads)
            return Search(text, retrieval, reads), retrieval

        judge = self._judge.calibration_id
        bound_to = bind(pinned, self._settings, self._gate, judge, self._rules)
        in_force = self._extras.calibrations.find(bound_to)

        def rules(part: Question, passages: Sequence[Passage], found: Retrieval) -> Ruling:
            bar = in_force.bar(self._gate, found.status)
            return rule(part, passages, found.legs, self._judge, self._gate, bar)

        seen = investigate(parts, search, rules, asked, now, self._settings)
        outcome = Outcome(
            seen.status, None, seen.reasons, pinned, timings=seen.timings, searches=seen.searches
        )
        if seen.status is Status.UNAVAILABLE:
            return outcome
        said = (*seen.reasons, *_present(in_force.reason))
        outcome = replace(outcome, reasons=said, in_force=in_force)
        ruling = combine([part.text for part in parts], [one.ruling for one in seen.found])
        if ruling.calibration_id not in {"", judge}:  # the judge was down: no calibration held
            outcome = replace(outcome, in_force=NONE_IN_FORCE)
        if ruling.features is None:
            ruling = replace(ruling, features=seen.found[0].ruling.features)
        ruling, passages = confirm(ruling, asked), merged(seen.found)
        top_k = self._settings.top_k
        if asked.restricts:
            ruling = held_to(asked, ruling, seen.not_admitted if not passages else 0)
        chosen, fault = choose(
            question.text, passages, self._extras.selection, top_k, now, self._extras.reranking
        )
        if fault is not None:
            outcome = replace(outcome, status=Status.DEGRADED, reasons=(*outcome.reasons, fault))
        evidence, quoting = quoted(seen.found, chosen, self._encoder(pinned))
        evidence = mark_copies(evidence, passages, self._settings.duplicates)
        evidence = within_budget(evidence, self._extras.selection.max_evidence_tokens)
        return replace(
            outcome,
            ruling=ruling,
            passages=passages,
            evidence=evidence,
            supported=seen.supported,
            timings={**seen.timings, "quote": quoting},
        )

    def _encoder(self, pinned: Pinned) -> Any:
        dense = (pinned.encoders or self._encoders).dense
        return bounded_encoder(dense, self._circuits.encoder, self._extras.deadlines)

    def _write(self, question: str, outcome: Outcome, scope: Scope) -> Written:
        """Write the answer where the verdict allows one."""
        ruling = outcome.ruling
        if ruling is None or action_of(outcome) is not SuggestedAction.ANSWER:
            return Written(None)
        around: Mapping[str, str] = {}
        reach = self._extras.selection.neighbours
        if self._extras.generator is not None and reach and outcome.pinned is not None:
            quoted_ids = {item.chunk_id for item in outcome.evidence}
            shown = [p for p in outcome.passages if p.chunk_id in quoted_ids]
            around = surroundings(self._store, outcome.pinned, scope, self._tenant, shown, reach)
        return write_answer(question, outcome, ruling, self._extras.generator, around)

    def _logged(
        self,
        decision: GroundingDecision,
        outcome: Outcome,
        received: datetime,
        request: Asked,
        normalised: str,
        purpose: Purpose,
        written: Written,
    ) -> GroundingDecision:
        """Write the log row; an answer that could not be logged is not given out."""
        if outcome.in_force.calibration and decision.status is Status.OK:
            self._extras.calibrations.saw(
                outcome.in_force.calibration, decision.p_answerable or 0.0
            )
        if self._audit is None:
            return decision
        features = (outcome.ruling.features if outcome.ruling else None) or {}
        extras = self._extras
        try:
            self._audit.record(
                make_record(
                    decision,
                    received_at=received,
                    tenant=self._tenant,
                    asked=request,
                    normalised=normalised,
                    features=features,
                    passages=outcome.passages,
                    searches=outcome.searches,
                    settings=Used(
                        self._settings, self._gate, self._languages, extras.selection, extras.policy
                    ),
                    purpose=purpose.value,
                    generated=written.generated,
                )
            )
        except Exception as error:  # noqa: BLE001 - whatever the log raises must not lose the decision
            reason = Reason(ReasonCode.AUDIT_NOT_WRITTEN, f"{type(error).__name__}: {error}")
            return unlogged(decision, reason)
        return decision


def _present(reason: Reason | None) -> tuple[Reason, ...]:
    return (reason,) if reason else ()
