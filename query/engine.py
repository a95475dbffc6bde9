"""One request from the question to the logged decision; every ending is a value."""

import time
import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, Protocol

from config.settings import GateSettings, RetrievalSettings
from indexing.as_of import AsOf
from indexing.stores.base import VectorStore
from query.audit import Asked, Search, Used, make_record
from query.calibration import bind
from query.calibrations import NO_CALIBRATIONS, NONE_IN_FORCE, Calibrations, InForce
from query.copies import mark_copies
from query.decision import (
    Evidence,
    GroundingDecision,
    Reason,
    ReasonCode,
    Status,
    SuggestedAction,
    Verdict,
)
from query.extractive import compose
from query.followups import is_underspecified, read_history, resolve
from query.gate import POLICY_VERSION, Ruling, combine, rule, suggest
from query.judge import FeatureJudge, Judge
from query.meaning import closeness
from query.passages import Passage, make_passage
from query.ports import AuditSink, DenseEncoder, Encoders, IndexView, Pinned, SparseEncoder
from query.question import Question, normalise, understand
from query.quotes import quote
from query.retrieval import Retrieval, Retriever, pin


class Purpose(StrEnum):
    """How far a request goes."""

    GROUND = "ground"
    ANSWER = "answer"


@dataclass(frozen=True, slots=True)
class _Outcome:
    """What a request came to, before it is logged."""

    status: Status
    ruling: Ruling | None
    reasons: tuple[Reason, ...] = ()
    pinned: Pinned | None = None
    passages: tuple[Passage, ...] = ()
    evidence: tuple[Evidence, ...] = ()
    supported: tuple[Mapping[str, float], ...] = ()
    """Term weights of the parts of the question that may be answered."""
    timings: Mapping[str, float] | None = None
    searches: tuple[Search, ...] = ()
    in_force: InForce = NONE_IN_FORCE
    """The calibration it was judged under."""


class Retrieves(Protocol):
    """What brings candidates for a question."""

    def retrieve(
        self, text: str, pinned: Pinned, exclude_keys: frozenset[str] = frozenset()
    ) -> Retrieval:
        """Return the candidates of a question, best first, or why there are none."""
        ...


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
        calibrations: Calibrations | None = None,
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
            judge: Replaces the default judge.
            languages: ISO codes of the languages that the encoder serves.
            retriever: Replaces the search, as a replay does.
            calibrations: Says which calibration holds; none means that scores are given as they
                are, with the thresholds of the settings.
        """
        self._view = view
        self._encoders = Encoders(dense, sparse)
        self._retriever = retriever or Retriever(store, self._encoders, retrieval, tenant)
        self._settings = retrieval
        self._gate = gate
        self._audit = audit
        self._tenant = tenant
        self._clock = clock or (lambda: datetime.now(UTC))
        self._judge = judge or FeatureJudge()
        self._languages = languages
        self._calibrations = calibrations or NO_CALIBRATIONS

    def retrieve(
        self,
        question: str,
        exclude_keys: frozenset[str] = frozenset(),
        as_of: AsOf | None = None,
    ) -> Retrieval:
        """Return the candidates of a question, best first, without judging them."""
        pinned = pin(self._view, as_of)
        if pinned.pinned is None:
            return Retrieval(pinned.status, reasons=_present(pinned.reason))
        return self._retriever.retrieve(normalise(question), pinned.pinned, exclude_keys)

    def ground(
        self,
        question: str,
        exclude_keys: frozenset[str] = frozenset(),
        as_of: AsOf | None = None,
        history: Sequence[Any] = (),
    ) -> GroundingDecision:
        """Decide whether the index holds the answer; never raises.

        Args:
            question: The question as asked.
            exclude_keys: Source keys hidden for this question.
            as_of: An earlier state to read from: an epoch, or a moment with zone; none means
                the newest.
            history: Earlier turns, oldest first: texts or `{"speaker", "text"}`.
        """
        return self._serve(Asked(question, exclude_keys, as_of, tuple(history)), Purpose.GROUND)

    def answer(
        self,
        question: str,
        exclude_keys: frozenset[str] = frozenset(),
        as_of: AsOf | None = None,
        history: Sequence[Any] = (),
    ) -> GroundingDecision:
        """Decide like `ground`, and fill `answer` where the verdict allows one; never raises."""
        return self._serve(Asked(question, exclude_keys, as_of, tuple(history)), Purpose.ANSWER)

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

    def _serve(self, request: Asked, purpose: Purpose) -> GroundingDecision:
        received, started = self._clock(), time.perf_counter()
        text = resolved = request.question
        try:
            turns = read_history(request.history)
            resolved = resolve(normalise(text[: self._gate.max_question_chars]), turns)
            asked = text if len(text) > self._gate.max_question_chars else resolved
            question = understand(asked, self._gate, self._languages)
            outcome = self._work(question, request)
        except Exception as error:  # noqa: BLE001 - fail closed: a caller gets a typed state, always
            detail = f"{type(error).__name__}: {error}"
            failed = Reason(ReasonCode.INTERNAL_ERROR, detail)
            outcome = _Outcome(Status.UNAVAILABLE, None, (failed,))
        decision = self._decision(outcome, purpose, started)
        return self._logged(decision, outcome, received, request, resolved, purpose)

    def _work(self, question: Question, request: Asked) -> _Outcome:
        if question.problem:
            return _Outcome(Status.OK, _refused(question.problem))
        state = pin(self._view, request.as_of)
        if state.pinned is None:
            ruling = _refused(state.reason) if state.status is Status.OK and state.reason else None
            return _Outcome(state.status, ruling, () if ruling else _present(state.reason))
        if is_underspecified(question.text, question.terms):
            return _Outcome(Status.OK, _underspecified(), pinned=state.pinned)
        return self._judged(question, state.pinned, request.exclude_keys)

    def _judged(self, question: Question, pinned: Pinned, exclude_keys: frozenset[str]) -> _Outcome:
        """Retrieve and judge every part of the question, all at the same pinned state."""
        parts = [question]
        if len(question.parts) > 1:
            parts = [understand(p, self._gate, self._languages) for p in question.parts]
        found: list[tuple[Question, Ruling, tuple[Passage, ...]]] = []
        searches: list[Search] = []
        timings: dict[str, float] = {}
        reasons: list[Reason] = []
        status = Status.OK
        judge = self._judge.calibration_id
        bound_to = bind(pinned, self._settings, self._gate, judge, POLICY_VERSION)
        in_force = self._calibrations.find(bound_to)
        for part in parts:
            retrieval = self._retriever.retrieve(part.text, pinned, exclude_keys)
            searches.append(Search(part.text, retrieval))
            _add_timings(timings, retrieval.timings_ms)
            reasons = list(dict.fromkeys([*reasons, *retrieval.reasons]))
            if retrieval.status is Status.UNAVAILABLE:
                return _Outcome(
                    Status.UNAVAILABLE,
                    None,
                    tuple(reasons),
                    pinned,
                    timings=timings,
                    searches=tuple(searches),
                )
            status = Status.DEGRADED if retrieval.status is Status.DEGRADED else status
            began = time.perf_counter()
            passages = tuple(make_passage(hit) for hit in retrieval.hits)
            bar = in_force.bar(self._gate, retrieval.status)
            ruling = rule(part, passages, retrieval.legs, self._judge, self._gate, bar)
            found.append((part, ruling, passages))
            _add_timings(timings, {"judge": (time.perf_counter() - began) * 1000.0})
        ruling = combine([part.text for part in parts], [r for _, r, _ in found])
        encoders = pinned.encoders or self._encoders
        passages, evidence = _gather(found, self._settings.top_k, encoders.dense)
        evidence = mark_copies(evidence, passages, self._settings.duplicates)
        supported = tuple(
            r.weights for _, r, _ in found if r.weights and r.verdict is not Verdict.UNANSWERABLE
        )
        if ruling.features is None:
            ruling = replace(ruling, features=found[0][1].features)
        return _Outcome(
            status,
            ruling,
            (*reasons, *_present(in_force.reason)),
            pinned,
            passages,
            evidence,
            supported,
            timings,
            tuple(searches),
            in_force,
        )

    def _decision(self, outcome: _Outcome, purpose: Purpose, started: float) -> GroundingDecision:
        ruling, passages = outcome.ruling, outcome.passages
        timings = {**(outcome.timings or {}), "total": (time.perf_counter() - started) * 1000.0}
        reasons = outcome.reasons + (ruling.reasons if ruling else ())
        action = suggest(ruling.verdict, reasons) if ruling else SuggestedAction.RETRY_LATER
        answer = None
        if purpose is Purpose.ANSWER and ruling and action is SuggestedAction.ANSWER:
            usable = tuple(e for e in outcome.evidence if e.chunk_id not in _blocked_ids(passages))
            partly = any(r.code is ReasonCode.PART_NOT_COVERED for r in reasons)
            answer = compose(outcome.supported, usable, ruling.missing if partly else ())
        return GroundingDecision(
            request_id=uuid.uuid4().hex,
            status=outcome.status,
            verdict=ruling.verdict if ruling else None,
            p_answerable=ruling.p_answerable if ruling else None,
            reasons=reasons,
            evidence=outcome.evidence,
            missing=ruling.missing if ruling else (),
            conflicts=ruling.conflicts if ruling else (),
            suggested_action=action,
            answer=answer,
            generation=outcome.pinned.generation if outcome.pinned else None,
            epoch=outcome.pinned.epoch if outcome.pinned else None,
            calibration_id=outcome.in_force.id or self._judge.calibration_id,
            policy_version=POLICY_VERSION,
            risk_bound=outcome.in_force.risk_bound(
                outcome.status, ruling.verdict if ruling else None
            ),
            timings_ms=timings,
            retrieved_document_ids=tuple(dict.fromkeys(p.document_id for p in passages)),
            retrieved_keys=tuple(dict.fromkeys(p.key for p in passages)),
        )

    def _logged(
        self,
        decision: GroundingDecision,
        outcome: _Outcome,
        received: datetime,
        request: Asked,
        normalised: str,
        purpose: Purpose,
    ) -> GroundingDecision:
        """Write the log row; an answer that could not be logged is not given out."""
        if outcome.in_force.calibration and decision.status is Status.OK:
            self._calibrations.saw(outcome.in_force.calibration, decision.p_answerable or 0.0)
        if self._audit is None:
            return decision
        features = (outcome.ruling.features if outcome.ruling else None) or {}
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
                    settings=Used(self._settings, self._gate, self._languages),
                    purpose=purpose.value,
                )
            )
        except Exception as error:  # noqa: BLE001 - whatever the log raises must not lose the decision
            reason = Reason(ReasonCode.AUDIT_NOT_WRITTEN, f"{type(error).__name__}: {error}")
            return _unlogged(decision, reason)
        return decision


def _unlogged(decision: GroundingDecision, reason: Reason) -> GroundingDecision:
    """Withhold the answer of a request that left no trace; what was found stays visible.

    The verdict steps down from answerable: nothing may be acted upon that cannot be explained
    later. An unavailable request stays unavailable.
    """
    if decision.status is Status.UNAVAILABLE:
        return replace(decision, reasons=(*decision.reasons, reason))
    lowered = decision.verdict is Verdict.ANSWERABLE
    return replace(
        decision,
        status=Status.DEGRADED,
        verdict=Verdict.PARTIALLY_SUPPORTED if lowered else decision.verdict,
        reasons=(*decision.reasons, reason),
        suggested_action=SuggestedAction.ESCALATE,
        answer=None,
        risk_bound=None,
    )


def _gather(
    found: Sequence[tuple[Question, Ruling, tuple[Passage, ...]]], top_k: int, encoder: object
) -> tuple[tuple[Passage, ...], tuple[Evidence, ...]]:
    """Merge the parts' candidates in turn, best first; quote `top_k`, flagged ones last."""
    merged: dict[str, Passage] = {}
    owner: dict[str, tuple[Question, Mapping[str, float]]] = {}
    longest = max((len(passages) for _, _, passages in found), default=0)
    for rank in range(longest):
        for part, ruling, passages in found:
            if rank < len(passages) and passages[rank].chunk_id not in merged:
                merged[passages[rank].chunk_id] = passages[rank]
                weights = ruling.weights or dict.fromkeys(part.terms, 1.0)
                owner[passages[rank].chunk_id] = (part, weights)
    ordered = tuple(merged.values())
    shown = sorted(ordered[:top_k], key=lambda p: p.blocked)
    near: dict[tuple[str, int], float] = {}
    for part, _, passages in found:
        near |= closeness(part.text, [p for p in passages if not p.blocked], encoder)
    evidence = tuple(quote(*owner[p.chunk_id], p, near) for p in shown)
    return ordered, evidence


def _blocked_ids(passages: Iterable[Passage]) -> frozenset[str]:
    return frozenset(p.chunk_id for p in passages if p.blocked)


def _refused(reason: Reason) -> Ruling:
    return Ruling(Verdict.UNANSWERABLE, 0.0, (reason,))


def _underspecified() -> Ruling:
    detail = "The question does not say what it is about, and no earlier turn does."
    return Ruling(Verdict.AMBIGUOUS, 0.0, (Reason(ReasonCode.UNDERSPECIFIED, detail),))


def _present(reason: Reason | None) -> tuple[Reason, ...]:
    return (reason,) if reason else ()


def _add_timings(total: dict[str, float], more: Mapping[str, float]) -> None:
    for name, value in more.items():
        total[name] = total.get(name, 0.0) + value
