"""One request from the question to the logged decision; every ending is a value."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from config.settings import GateSettings, RetrievalSettings
from indexing.as_of import AsOf
from indexing.stores.base import VectorStore
from query.answering import Written, write_answer
from query.asking.alternatives import asked_alone
from query.asking.conversation import held_to_own_words, in_context
from query.asking.courtesies import without_courtesy
from query.asking.followups import is_underspecified, read_history, resolve
from query.asking.letters import asked_in_lines
from query.asking.question import Question, normalise, understand
from query.asking.subject_change import asked_anew
from query.audit import Asked, Purpose, Used
from query.claims.claim import AnswerCheck
from query.deciding import action_of, decide
from query.decision import GroundingDecision, Reason, ReasonCode, Status, SuggestedAction, Verdict
from query.evidence.neighbours import surroundings
from query.judged import JudgedQuestions
from query.judging.judge import Judge
from query.judging.trained_judge import open_judge
from query.outcome import Outcome, faulty, refused, underspecified
from query.parts import Extras, Retrieves
from query.policy.permission import Permission, quota_reached
from query.policy.policing import Conditions, Policing, rules_version
from query.ports import AuditSink, DenseEncoder, Encoders, IndexView, Pinned, SparseEncoder
from query.recording import Begun, Recorder
from query.search.encoding import bounded_encoder
from query.search.retrieval import Circuits, Retrieval, Retriever, pin
from query.search.scope import Scope
from query.traced import traced
from query.unjudged import UnjudgedRequests

if TYPE_CHECKING:
    from query.feedback import Feedback, Given
    from query.logged_evidence import CitedEvidence

MOST_PARTS = 8


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
        self._gate = gate
        self._tenant = tenant
        self._clock = clock or (lambda: datetime.now(UTC))
        self._judge = judge or open_judge(gate, self._extras.deadlines)
        self._languages = languages
        used = Used(retrieval, gate, languages, self._extras.selection, self._extras.policy)
        self._recorder = Recorder(audit, tenant, used, self._rules)
        self._judging = JudgedQuestions(
            store=store,
            retriever=self._retriever,
            judge=self._judge,
            retrieval=retrieval,
            gate=gate,
            languages=languages,
            tenant=tenant,
            policing=self._policing,
            extras=self._extras,
            rules=self._rules,
            encoder=self._encoder,
        )
        self._reads = UnjudgedRequests(
            view, self._retriever, self._policing, self._extras, self._recorder, self._clock,
            self._encoder, gate.low_trust,
        )  # fmt: skip

    def retrieve(
        self,
        question: str,
        exclude_keys: Iterable[str] | None = frozenset(),
        as_of: AsOf | None = None,
        *,
        scope: Scope | None = None,
    ) -> Retrieval:
        """Return the candidates of a question, best first, without judging them.

        The policy holds as for `ground`. It is logged; if that fails, `reasons` say so.
        """
        reads = scope or self._extras.scope
        return self._reads.retrieve(Asked.of(question, exclude_keys, as_of, (), reads))

    def check(
        self,
        answer: str,
        *,
        question: str = "",
        evidence: Sequence[str] | None = None,
        request_id: str | None = None,
        scope: Scope | None = None,
        check_id: Any = None,
    ) -> AnswerCheck:
        """Check every sentence of a text against one kind of evidence; it is logged.

        The policy holds for the question and for every sentence, unless the evidence comes along.

        Args:
            answer: What somebody wrote.
            question: What it answers; the best chunks for it are the evidence. Without any of the
                three, those for the text itself.
            evidence: Texts to check against instead.
            request_id: A logged request whose evidence is read again instead. Where there is none,
                nothing is checked, for the reason `no_such_request`.
            scope: As for `ground`.
            check_id: Handed back as `id`.
        """
        asked = Asked.of(question, None, None, (), scope or self._extras.scope)
        return self._reads.check(asked, answer, evidence, request_id, check_id)

    def evidence(self, request_id: str, *, scope: Scope | None = None) -> "CitedEvidence | None":
        """Return the chunks behind the evidence of a logged request, as they may be read today.

        Returns:
            None where this tenant has no such request; either way it is logged.
        """
        return self._reads.evidence(Asked("", scope=scope or self._extras.scope), request_id)

    def feedback(self, request_id: str, feedback: "Feedback") -> "Given | None":
        """Write down what somebody says about an answer; nothing else changes by it.

        Returns:
            None where this tenant has no such request.

        Raises:
            ConfigError: It is longer than anybody would read, or not of its type.
            TooMuchFeedbackError: So much was said about the request that no more is taken.
            LedgerError: It could not be written.
        """
        return self._reads.feedback(request_id, feedback)

    def permits(self, texts: Sequence[str], pinned: Pinned, scope: Scope) -> Permission:
        """Say what of a scope the policy of today lets be read for texts that are not judged."""
        return self._reads.permits(texts, pinned, scope)

    def ground(
        self,
        question: str,
        exclude_keys: Iterable[str] | None = frozenset(),
        as_of: AsOf | None = None,
        history: Sequence[Any] | None = (),
        *,
        scope: Scope | None = None,
    ) -> GroundingDecision:
        """Decide whether the index holds the answer; whatever becomes of it is a value.

        Args:
            question: The question as asked.
            exclude_keys: Source keys hidden for this question.
            as_of: An earlier state to read from: an epoch, or a moment with zone; none means
                the newest.
            history: Earlier turns, oldest first: texts or `{"speaker", "text"}`.
            scope: Groups of whoever asks, and the sources and trusts to read; none is the
                engine's own, by default a stranger who sees nothing that has an ACL.

        Raises:
            WrongArgumentError: An argument is not of its type (a `TypeError`, before anything).
        """
        asked = Asked.of(question, exclude_keys, as_of, history, scope or self._extras.scope)
        return self._serve(asked, Purpose.GROUND)

    def answer(
        self,
        question: str,
        exclude_keys: Iterable[str] | None = frozenset(),
        as_of: AsOf | None = None,
        history: Sequence[Any] | None = (),
        *,
        scope: Scope | None = None,
    ) -> GroundingDecision:
        """Decide like `ground`, and fill `answer` where the verdict allows one."""
        asked = Asked.of(question, exclude_keys, as_of, history, scope or self._extras.scope)
        return self._serve(asked, Purpose.ANSWER)

    def answer_many(self, lines: Iterable[Mapping[str, Any]]) -> Iterator[dict[str, Any]]:
        """Answer the lines of a batch, in order.

        Args:
            lines: `{"id", "question", "history"?, "exclude_keys"?}` each.
        """
        for line in lines:
            decision = self.answer(
                line.get("question") or "",
                line.get("exclude_keys") or None,
                history=line.get("history") or None,
            )
            yield decision.to_batch_json(line.get("id"))

    @traced
    def _serve(self, request: Asked, purpose: Purpose) -> GroundingDecision:
        begun = Begun(request, self._clock())
        text = resolved = request.question
        written = Written(None)
        try:
            turns = read_history(request.history)
            own = normalise(asked_in_lines(text[: self._gate.max_question_chars]))
            own = without_courtesy(own)
            if anew := asked_anew(own):
                own, turns = anew, ()
            resolved = resolve(own, turns)
            if len(resolved) > self._gate.max_question_chars:  # it leaves no room for a topic
                resolved = own
            asked = text if len(text) > self._gate.max_question_chars else resolved
            question = in_context(understand(asked, self._gate, self._languages), own, turns)
            question = held_to_own_words(question, self._gate, self._languages)
            outcome = self._work(question, begun)
            if purpose is Purpose.ANSWER:
                written = self._write(resolved, outcome, request.reads)
        except Exception as error:  # noqa: BLE001 - fail closed: a caller gets a typed state, always
            outcome = faulty(error, begun.request_id, self._tenant)
        decision = decide(outcome, written, begun, self._judge.calibration_id, self._rules)
        return self._logged(decision, outcome, begun, resolved, purpose, written)

    def _work(self, question: Question, begun: Begun) -> Outcome:
        request, now = begun.asked, begun.received_at
        if self._extras.policy is not None:
            policy, counter = self._extras.policy, self._extras.counter
            used_up = quota_reached(policy, self._tenant, counter, now, begun.request_id)
            if used_up and used_up.code is not ReasonCode.POLICY_QUOTA:
                return Outcome(Status.UNAVAILABLE, None, (used_up,))
            if used_up:
                return Outcome(Status.OK, refused(used_up, Verdict.REFUSED_BY_POLICY))
        if question.problem:
            return Outcome(Status.OK, refused(question.problem))
        if len(question.parts) > MOST_PARTS:  # each costs a search: nobody may order hundreds
            detail = f"{len(question.parts)} questions at once; ask at most {MOST_PARTS}."
            return Outcome(Status.OK, refused(Reason(ReasonCode.QUESTION_TOO_LONG, detail)))
        state = pin(self._view, request.as_of, self._retriever, request.reads)
        if state.pinned is None:
            ruling = refused(state.reason) if state.status is Status.OK and state.reason else None
            return Outcome(state.status, ruling, () if ruling else _present(state.reason))
        pinned = state.pinned
        encoder = self._encoder(pinned)
        asked = Conditions()
        if self._policing is not None:
            texts = (question.text, *question.parts, *asked_alone(question.parts))
            asked = self._policing.consult(texts, pinned.generation, encoder)
        if asked.refusal:
            ruling = refused(asked.refusal, Verdict.REFUSED_BY_POLICY)
            return Outcome(Status.OK, ruling, pinned=pinned, action=asked.action)
        if asked.unchecked:
            return Outcome(Status.UNAVAILABLE, None, (asked.unchecked,), pinned)
        single = len(question.parts) == 1  # "… and who maintains them?" points at its other part
        if single and is_underspecified(question.text, question.terms, question.earlier):
            return Outcome(Status.OK, underspecified(question.own_text), pinned=pinned)
        return self._judging.outcome_of(question, pinned, request.reads, asked, now)

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
        begun: Begun,
        normalised: str,
        purpose: Purpose,
        written: Written,
    ) -> GroundingDecision:
        """Note the probability for the drift watch, and write the log row."""
        if outcome.in_force.calibration and decision.status is Status.OK:
            self._extras.calibrations.saw(
                outcome.in_force.calibration, decision.p_answerable or 0.0
            )
        return self._recorder.decided(decision, outcome, begun, normalised, purpose, written)


def _present(reason: Reason | None) -> tuple[Reason, ...]:
    return (reason,) if reason else ()
