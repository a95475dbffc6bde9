"""Opening a query engine on a home: the live generation, its encoder, the request log."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from config.errors import ConfigError
from config.policy import Quota, load_policy
from indexing.as_of import AsOf
from indexing.corpus import Corpus
from indexing.errors import LedgerError
from indexing.generations.timeline import state_at
from indexing.ledger.generations import Generation
from indexing.ledger.quotas import take_place
from indexing.ledger.requests import latest_probabilities, record_request
from query.audit import RequestRecord
from query.bounded_ledger import BoundedCounter, BoundedLedger, BoundedLog, BoundedView
from query.calibrating.calibrations import FOLDER, NO_CALIBRATIONS, CalibrationShelf
from query.calibrating.drift import WINDOW
from query.claims.second_reading import open_checks
from query.decision import Verdict
from query.engine import QueryEngine
from query.evidence.selection import Reranking
from query.feedback import Feedback, Given, give_feedback
from query.generation.chain import open_chain
from query.judging.judge import Judge
from query.judging.trained_judge import open_judge
from query.masking import mask_record
from query.parts import Extras, Permits
from query.ports import AuditSink, Encoders, IndexView, Pinned
from query.resilience import circuit
from query.search.reranking import CrossEncoderReranker
from query.search.scope import Scope

if TYPE_CHECKING:
    from query.logged_evidence import CitedEvidence

BEGINNING = dt.datetime.fromtimestamp(0, dt.UTC)
"""Commit time shown for a generation that has none yet."""


@dataclass(frozen=True, slots=True)
class CorpusView:
    """Tells which state of a corpus is live."""

    corpus: Corpus

    def pin(self, as_of: AsOf | None = None) -> Pinned | None:
        """Return the live generation, its committed epoch, and the encoders it was built with.

        Raises:
            ModelMismatchError: The generation's encoder is not on this machine.
            LedgerError: The ledger cannot be read.
            EpochNotCommittedError: There was no such state.
            EpochNotRetainedError: It is too long ago.
        """
        live = self.corpus.live()
        if live is None:
            return None
        alias = self.corpus.settings.store.collection
        return pinned_state(self.corpus, state_at(self.corpus.ledger, alias, live, as_of))


def pinned_state(corpus: Corpus, state: Generation) -> Pinned:
    """Pin a generation at the epoch it is given with.

    Raises:
        ModelMismatchError: Its encoder is not on this machine.
    """
    reading = corpus.reading(state)
    return Pinned(
        state.name,
        state.name,
        state.epoch,
        state.committed_at or BEGINNING,
        state.aborted,
        Encoders(reading.remembered, reading.bm25),
        state.spec,
    )


@dataclass(frozen=True, slots=True)
class LedgerLog:
    """Keeps the request log in the ledger."""

    corpus: Corpus

    def record(self, request: RequestRecord) -> None:
        """Write one request durably, personal data masked as the settings say.

        Raises:
            LedgerError: It could not be written.
        """
        record_request(
            self.corpus.ledger,
            request_id=request.request_id,
            received_at=request.received_at,
            tenant=request.tenant,
            status=request.status,
            verdict=request.verdict,
            generation=request.generation,
            epoch=request.epoch,
            body=mask_record(request.to_json(), self.corpus.settings.audit.personal_data),
        )


@dataclass(frozen=True, slots=True)
class KeptRequests:
    """The requests in the ledger of a corpus."""

    corpus: Corpus
    ledger: BoundedLedger

    def cited(
        self,
        may: Permits,
        tenant: str,
        scope: Scope,
        request_id: str,
        about: tuple[str, ...],
    ) -> "CitedEvidence | None":
        """Read the evidence of a request again, as it may be read today."""
        from query.logged_evidence import cited_evidence  # which opens states with this module

        limits = self.corpus.settings.deadlines
        return self.ledger.call(
            lambda: cited_evidence(self.corpus, may, tenant, scope, request_id, about),
            limits.store_seconds + limits.encoder_seconds,  # it reads the chunks, and may compare
        )

    def said(self, tenant: str, request_id: str, feedback: Feedback) -> Given | None:
        """Write down what somebody says about a request.

        Raises:
            ConfigError: It is longer than anybody would read.
            TooMuchFeedbackError: So much was said about the request that no more is taken.
            LedgerError: It could not be written.
        """
        return self.ledger.call(lambda: give_feedback(self.corpus, tenant, request_id, feedback))


@dataclass(frozen=True, slots=True)
class FixedView:
    """Always pins the same state, whatever is live."""

    pinned: Pinned

    def pin(self, as_of: AsOf | None = None) -> Pinned:
        """Return that state."""
        return self.pinned


@dataclass(frozen=True, slots=True)
class LedgerCounter:
    """Counts requests for quotas in the ledger."""

    corpus: Corpus

    def admit(
        self, tenant: str, quotas: Sequence[Quota], at: dt.datetime, request_id: str | None
    ) -> Quota | None:
        """Take a place for a request; what a policy refused holds none.

        Raises:
            LedgerError: It cannot be told.
        """
        refused = Verdict.REFUSED_BY_POLICY.value
        return take_place(self.corpus.ledger, tenant, quotas, at, refused, request_id)


def open_engine(
    corpus: Corpus, tenant: str | None = None, scope: Scope | None = None
) -> QueryEngine:
    """Put together the engine of a corpus; the encoder loads with the first question.

    Args:
        corpus: The home.
        tenant: Whose documents are read; none is the tenant of the settings.
        scope: What requests may read that bring no scope; none sees nothing that has an ACL.

    Raises:
        ConfigError: The policy or the keys of the generators are not what they must be.
    """
    settings = corpus.settings
    ledger = BoundedLedger.within(settings.deadlines)
    log = BoundedLog(LedgerLog(corpus), ledger) if settings.audit.enabled else None
    extras = open_extras(corpus, scope or Scope(), ledger)
    if (tenant or settings.tenant) != settings.tenant:
        # A calibration was measured on the documents of the tenant of the settings, on no others.
        extras = replace(extras, calibrations=NO_CALIBRATIONS)
    view = BoundedView(CorpusView(corpus), ledger)
    return make_engine(corpus, view, log, extras, tenant)


def open_extras(corpus: Corpus, scope: Scope, ledger: BoundedLedger) -> Extras:
    """Put together policy, generators, reranker and calibrations as the settings name them.

    Raises:
        ConfigError: The policy or the keys of the generators are not what they must be.
    """
    settings, extras = corpus.settings, judging_extras(corpus, scope)
    if extras.policy is not None and extras.policy.quotas and not settings.audit.enabled:
        raise ConfigError(
            f"The policy {extras.policy.version} has quotas, which are counted in the request "
            "log; set audit.enabled, or take the quotas out."
        )
    checks = open_checks(settings.claims, settings.deadlines)
    return replace(
        extras,
        counter=BoundedCounter(LedgerCounter(corpus), ledger) if settings.audit.enabled else None,
        kept=KeptRequests(corpus, ledger),
        checks=checks,
        generator=open_chain(settings.generation, settings.deadlines, checks),
        calibrations=shelf_of(corpus, ledger),
    )


def judging_extras(corpus: Corpus, scope: Scope) -> Extras:
    """Put together what verdict and evidence depend on: nothing is counted, no model writes.

    Raises:
        ConfigError: The policy is not what it must be.
    """
    settings = corpus.settings
    reranking = None
    if settings.selection.reranker is not None:
        reranker = CrossEncoderReranker(settings.selection.reranker, settings.embedding.offline)
        trips = circuit(settings.deadlines)
        reranking = Reranking(reranker, settings.selection.rerank, settings.deadlines, trips)
    return Extras(
        policy=load_policy(settings.policy.file),
        selection=settings.selection,
        reranking=reranking,
        deadlines=settings.deadlines,
        scope=scope,
    )


def shelf_of(corpus: Corpus, ledger: BoundedLedger | None = None) -> CalibrationShelf:
    """Return the calibrations of a home; what is logged is watched for drift."""
    bounded = ledger or BoundedLedger.within(corpus.settings.deadlines)

    def latest(calibration_id: str) -> Sequence[float]:
        try:
            return bounded.call(lambda: latest_probabilities(corpus.ledger, calibration_id, WINDOW))
        except LedgerError:  # the request that asks says so itself, with its own reason
            return ()

    return CalibrationShelf(corpus.settings.home / FOLDER, latest)


def open_engine_on(corpus: Corpus, generation: Generation) -> QueryEngine:
    """Put together an engine that reads one generation and logs nothing.

    Raises:
        ModelMismatchError: Its encoder is not on this machine.
    """
    everything = Extras(scope=Scope(groups=None))
    return make_engine(corpus, FixedView(pinned_state(corpus, generation)), None, everything)


def make_engine(
    corpus: Corpus,
    view: IndexView,
    log: AuditSink | None,
    extras: Extras,
    tenant: str | None = None,
    judge: Judge | None = None,
) -> QueryEngine:
    """Put together an engine over the store of a corpus; none is the judge of the settings."""
    settings = corpus.settings
    return QueryEngine(
        view,
        corpus.store,
        corpus.remembered,
        corpus.bm25,
        settings.retrieval,
        settings.gate,
        log,
        tenant or settings.tenant,
        judge=judge or open_judge(settings.gate, extras.deadlines, settings.embedding.offline),
        extras=extras,
    )
