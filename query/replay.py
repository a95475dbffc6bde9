"""Replaying a logged request: the same candidates, the same rules, the same answer, bit for bit.

The log has the ids and the exact scores of everything the store brought; the texts are read from
the points themselves, at the generation and epoch of the request, as long as history is kept. A
replay goes through the engine as the request did. Searching again at the same epoch is a check of
its own: scores are equal there too, unless an approximate index was rebuilt since.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from config.errors import ConfigError, HoldfastError
from config.policy import Policy
from config.querying import (
    ClaimsBy,
    ClaimSettings,
    DeadlineSettings,
    GenerationSettings,
    SelectionSettings,
)
from config.settings import GateSettings, RetrievalSettings
from indexing.as_of import GenerationEpoch
from indexing.corpus import Corpus
from indexing.errors import EpochNotRetainedError, ModelError, StoreCorruptError
from indexing.generations.timeline import state_at
from indexing.ledger.generations import Generation
from indexing.ledger.requests import find_request
from indexing.points import Hit, HybridHits
from query.answering import RecordedGenerator
from query.audit import Purpose, Search, is_judged, lasting, plain_values
from query.calibrating.calibrations import FixedCalibration, InForce
from query.claims.second_reading import open_checks
from query.decision import GroundingDecision, Reason, ReasonCode, Status
from query.engine import QueryEngine
from query.judging.judge import Judge
from query.judging.trained_judge import JudgeDown, open_judge
from query.judging.unspoken import NOT_COMPARED
from query.masking import mask_decision, masked_kinds
from query.opening import FixedView, pinned_state, shelf_of
from query.parts import Extras
from query.ports import Pinned
from query.search.fusion import order
from query.search.retrieval import Retrieval, Retriever
from query.search.scope import Scope, read_scope

LEGS = ("fused", "dense", "sparse")


@dataclass(frozen=True, slots=True)
class Replay:
    """How a replay compares with what was logged."""

    request_id: str
    generation: str
    epoch: int
    differences: tuple[str, ...]
    """Fields of the decision that came out otherwise; none means bit for bit the same."""
    searched_alike: bool
    """Whether searching again at that epoch brings the same candidates with the same scores."""
    decision: GroundingDecision
    masked: Mapping[str, int] = field(default_factory=dict)
    """By kind, personal data that the log does not have: with them in the question, what was asked
    again is another question than then."""
    judged_under: str = ""
    """Version of the rules and the policy it was judged under; where the decision made again has
    another one, Holdfast has other rules by now, and nothing brings those of then back."""

    @property
    def identical(self) -> bool:
        """Whether the answer is the same in every bit."""
        return not self.differences

    def to_json(self) -> dict[str, Any]:
        """Return the machine form."""
        return {
            "request_id": self.request_id,
            "generation": self.generation,
            "epoch": self.epoch,
            "identical": self.identical,
            "differences": list(self.differences),
            "searched_alike": self.searched_alike,
            "judged_under": self.judged_under,
            "masked": dict(self.masked),
            "decision": self.decision.to_json(),
        }


PATIENT: Final = DeadlineSettings(
    encoder_seconds=600.0, store_seconds=600.0, reranker_seconds=600.0, judge_seconds=600.0
)
"""What was in time then must not be late now because the machine is busy."""


@dataclass(frozen=True, slots=True)
class RecordedRetriever:
    """Brings what the log says was brought, in the order of the question's parts."""

    searches: Sequence[Mapping[str, Any]]
    payloads: Mapping[str, Mapping[str, Any]]
    settings: RetrievalSettings

    def retrieve(self, text: str, pinned: Pinned, scope: Scope) -> Retrieval:
        """Return the recorded candidates of this part of the question."""
        found = next((s for s in self.searches if s["question"] == plain_values(text)), None)
        if found is None:
            detail = f"The log has no search for {text!r}: the question is taken apart otherwise."
            return Retrieval(Status.UNAVAILABLE, reasons=(_internal(detail),))
        legs = HybridHits(*(self._hits(found[leg]) for leg in LEGS))
        reasons = tuple(Reason(ReasonCode(r["code"]), r["detail"]) for r in found["reasons"])
        status = Status(found["status"])
        hits = order(legs, self.settings) if status is not Status.UNAVAILABLE else ()
        return Retrieval(status, hits, legs, pinned, reasons)

    def unknown_source(self, pinned: Pinned, scope: Scope) -> None:
        """Find none: the request was searched for, whatever is left of its sources today."""

    def _hits(self, scores: Sequence[Sequence[Any]]) -> tuple[Hit, ...]:
        return tuple(Hit(UUID(i), float(s), self.payloads[i]) for i, s in scores)


def replay(corpus: Corpus, request_id: str) -> Replay:
    """Answer a logged request of the home's tenant again from what it was answered from.

    Raises:
        ConfigError: There is no such request, whoever else may have one, or it was logged before
            replays were possible.
        EpochNotRetainedError: The state it was read from is gone.
        StoreCorruptError: The store has lost points that it must still have.
    """
    record = replayable(corpus, request_id)
    pinned = pinned_state(corpus, state_of(corpus, record))
    settings = RetrievalSettings.model_validate(record["settings"]["retrieval"])
    engine = recorded_engine(corpus, record, pinned, settings)
    asked = record["asked"]
    answering = engine.answer if record["purpose"] == Purpose.ANSWER else engine.ground
    decision = answering(
        record["question"], frozenset(asked["exclude_keys"]), history=asked["history"]
    )  # read under the scope of the engine, which is that of the request
    made = plain_values(lasting(decision.to_batch_json(None)))
    now, then = mask_decision(made, record), record["decision"]
    differences = tuple(sorted(k for k in {*now, *then} if now.get(k) != then.get(k)))
    alike = searched_alike(corpus, record, pinned, settings)
    return Replay(
        request_id,
        pinned.generation,
        pinned.epoch,
        differences,
        alike,
        decision,
        masked_kinds(record),
        str(then.get("policy_version") or ""),
    )


def replayable(corpus: Corpus, request_id: str) -> Mapping[str, Any]:
    """Return the row of a request that ended in a verdict on a state of the index.

    Raises:
        ConfigError: There is none, or it ended otherwise.
    """
    record = find_request(corpus.ledger, request_id)
    if record is None or record.get("tenant") != corpus.settings.tenant:
        raise ConfigError(f"There is no request {request_id} in the log.")
    if not is_judged(record):
        raise ConfigError(
            f"Request {request_id} cannot be replayed: of the kind {record['purpose']} none has a "
            "verdict that could be made again."
        )
    if not record.get("decision") or record.get("generation") is None:
        why = record.get("redacted") or (
            "it was not read from any state of the index"
            if record.get("generation") is None
            else "it was logged by a version that kept no decision to compare with"
        )
        raise ConfigError(f"Request {request_id} cannot be replayed: {why}.")
    return record


def recorded_engine(
    corpus: Corpus, record: Mapping[str, Any], pinned: Pinned, settings: RetrievalSettings
) -> QueryEngine:
    """Put together the engine that answered a request, with what it was brought then."""
    gate = GateSettings.model_validate(record["settings"]["gate"])
    retriever = RecordedRetriever(
        record["searches"], recorded_payloads(corpus, record, pinned), settings
    )
    calibrations = FixedCalibration(recorded_calibration(corpus, record))
    return QueryEngine(
        FixedView(pinned),
        corpus.store,
        None,
        corpus.bm25,
        settings,
        gate,
        None,
        record["tenant"],
        lambda: datetime.fromisoformat(record["received_at"]),
        judge=recorded_judge(record, gate),
        languages=frozenset(record["settings"]["languages"]),
        retriever=retriever,
        extras=replace(recorded_extras(record, corpus.settings.claims), calibrations=calibrations),
    )


def recorded_extras(record: Mapping[str, Any], claims: ClaimSettings) -> Extras:
    """Return the policy, the choice of evidence and the model's words of a logged request.

    Quotas are not counted again, and a reranker is not asked: its order is not in the log.

    Raises:
        ConfigError: A reader of claims checked those words, and there is none now.
    """
    settings, generated = record["settings"], record.get("generated")
    policy = settings.get("policy")
    return Extras(
        policy=Policy.model_validate(policy) if policy else None,
        selection=SelectionSettings.model_validate(settings.get("selection") or {}),
        generator=recorded_generator(generated, claims) if generated else None,
        words=recorded_words(record),
        scope=read_scope(record["asked"].get("scope")),
        deadlines=PATIENT,
    )


def recorded_generator(generated: Mapping[str, Any], claims: ClaimSettings) -> RecordedGenerator:
    """Return what says again what a model wrote then, checked as it was then.

    Raises:
        ConfigError: A reader of claims checked it, and there is none now.
    """
    by = ClaimsBy.READER if generated.get("reader") else ClaimsBy.RULES
    checks = open_checks(claims.model_copy(update={"checked_by": by}), PATIENT)
    most_chars = max(GenerationSettings().max_answer_chars, len(generated["output"]))
    return RecordedGenerator(generated, most_chars, checks)


def recorded_judge(record: Mapping[str, Any], gate: GateSettings) -> Judge:
    """Return the judge of a logged request; one that was down then is down again.

    Raises:
        ConfigError: Its reader is not there any more.
    """
    judge = open_judge(gate, PATIENT)
    faults = (r["detail"] for r in record["reasons"] if r["code"] == ReasonCode.JUDGE_DOWN)
    fault = next(faults, None)
    return judge if fault is None else JudgeDown(judge.calibration_id, fault)


@dataclass(frozen=True, slots=True)
class WordsDown:
    """Compares no words, for they could not be compared when the request was made."""

    def encode_documents(self, texts: Sequence[str]) -> Any:
        """Fail as the encoder did.

        Raises:
            ModelError: Always.
        """
        raise ModelError("The encoder was down when the request was made.")


def recorded_words(record: Mapping[str, Any]) -> WordsDown | None:
    """Return what compares the words of a logged request, where that was down; else none."""
    return WordsDown() if NOT_COMPARED.to_json() in record["reasons"] else None


def state_of(corpus: Corpus, record: Mapping[str, Any]) -> Generation:
    """Return the generation that a request was read from, at the epoch it had then.

    Raises:
        EpochNotRetainedError: It cannot be read any more.
    """
    live = corpus.live()
    if live is None:
        raise EpochNotRetainedError("Nothing is indexed any more, so nothing can be replayed.")
    state = GenerationEpoch(record["generation"], record["epoch"])
    return state_at(corpus.ledger, corpus.settings.store.collection, live, state)


def recorded_calibration(corpus: Corpus, record: Mapping[str, Any]) -> InForce:
    """Return the calibration a request was judged under, with what was wrong about it then.

    Raises:
        ConfigError: The calibrations of the home cannot be read.
    """
    about = (ReasonCode.CALIBRATION_VOID, ReasonCode.CALIBRATION_STALE)
    reasons = (Reason(ReasonCode(r["code"]), r["detail"]) for r in record["reasons"])
    calibration = shelf_of(corpus).get(str(record["calibration_id"]))
    return InForce(calibration, next((r for r in reasons if r.code in about), None))


def recorded_payloads(
    corpus: Corpus, record: Mapping[str, Any], pinned: Pinned
) -> dict[str, Mapping[str, Any]]:
    """Read the recorded candidates back from the store.

    Raises:
        EpochNotRetainedError: They were collected as garbage meanwhile.
        StoreCorruptError: They are missing although their epoch is still kept.
    """
    wanted = sorted({str(i) for s in record["searches"] for leg in LEGS for i, _ in s[leg]})
    found = corpus.store.fetch(pinned.collection, [UUID(i) for i in wanted]) if wanted else []
    payloads = {str(point.id): point.payload for point in found}
    lost = len(wanted) - len(payloads)
    if lost:
        state_of(corpus, record)  # says so if the history was cut meanwhile
        raise StoreCorruptError(
            f"{lost} of the {len(wanted)} points behind request {record['request_id']} are gone "
            f"from {pinned.collection}. `holdfast verify` tells what is missing."
        )
    return payloads


def searched_alike(
    corpus: Corpus, record: Mapping[str, Any], pinned: Pinned, settings: RetrievalSettings
) -> bool:
    """Search again at the epoch of a request and compare every id and score."""
    encoders = pinned.encoders
    if encoders is None:
        return False
    retriever = Retriever(corpus.store, encoders, settings, record["tenant"])
    exclude = record["asked"]["exclude_keys"]
    for search in record["searches"]:
        scope = read_scope(search.get("scope"), exclude)
        try:
            again = retriever.retrieve(search["question"], pinned, scope)
        except HoldfastError:
            return False
        now = Search(search["question"], again, scope).to_json()
        if any(now[leg] != search[leg] for leg in LEGS):
            return False
    return True


def _internal(detail: str) -> Reason:
    return Reason(ReasonCode.INTERNAL_ERROR, detail)
