"""What the query module answers with: verdicts, reasons, evidence, and their exact JSON form."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any


class Verdict(StrEnum):
    """Whether the evidence holds the answer."""

    ANSWERABLE = "answerable"
    PARTIALLY_SUPPORTED = "partially_supported"
    AMBIGUOUS = "ambiguous"
    UNANSWERABLE = "unanswerable"
    REFUSED_BY_POLICY = "refused_by_policy"
    """Whatever the evidence says: the policy does not let it be answered."""


class Status(StrEnum):
    """Whether all that a request needs was there: parts of Holdfast, and what it names."""

    OK = "ok"
    DEGRADED = "degraded"
    UNAVAILABLE = "unavailable"


class SuggestedAction(StrEnum):
    """What a caller should do next."""

    ANSWER = "answer"
    ASK_BACK = "ask_back"
    REFUSE = "refuse"
    RETRY_LATER = "retry_later"
    ESCALATE = "escalate"


class ReasonCode(StrEnum):
    """Why a decision is what it is; stable, for machines."""

    # the question
    EMPTY_QUESTION = "empty_question"
    GARBLED_INPUT = "garbled_input"
    QUESTION_TOO_LONG = "question_too_long"
    LANGUAGE = "language"
    UNDERSPECIFIED = "underspecified_question"
    READ_AS = "read_as"
    # the index
    NOTHING_INDEXED = "nothing_indexed"
    EPOCH_NOT_COMMITTED = "epoch_not_committed"
    EPOCH_NOT_RETAINED = "epoch_not_retained"
    NO_SUCH_SOURCE = "no_such_source"
    NO_EVIDENCE = "no_evidence"
    # the evidence
    EVIDENCE_FOUND = "evidence_found"
    LOW_SUPPORT = "low_support"
    WEAK_SUPPORT = "weak_support"
    ENTITY_NOT_FOUND = "entity_not_found"
    NUMBER_NOT_FOUND = "number_not_found"
    PART_NOT_COVERED = "part_not_covered"
    CONFLICTING_EVIDENCE = "conflicting_evidence"
    SEVERAL_NAMESAKES = "several_namesakes"
    SEVERAL_CASES = "several_cases"
    UNNAMED_REFERENT = "unnamed_referent"
    LEFT_OPEN = "left_open"
    FLAGGED_EVIDENCE = "flagged_evidence"
    FLAGGED_EVIDENCE_ONLY = "flagged_evidence_only"
    OUTDATED_EVIDENCE = "outdated_evidence"
    SIBLING_EVIDENCE = "sibling_evidence"
    LOW_TRUST_EVIDENCE = "low_trust_evidence"
    LOW_TRUST_ONLY = "low_trust_only"
    # the policy
    POLICY_TOPIC = "policy_topic"
    POLICY_LANGUAGE = "policy_language"
    POLICY_QUOTA = "policy_quota"
    POLICY_CONFIDENCE = "policy_confidence"
    POLICY_FRESHNESS = "policy_freshness"
    POLICY_EVIDENCE = "policy_evidence"
    POLICY_RESTRICTED = "policy_restricted"
    POLICY_UNCHECKED = "policy_unchecked"
    # the generator
    GENERATED = "generated"
    GENERATOR_FELL_BACK = "generator_fell_back"
    SENTENCES_WITHHELD = "sentences_withheld"
    # the calibration
    CALIBRATION_VOID = "calibration_void"
    CALIBRATION_STALE = "calibration_stale"
    # the parts of Holdfast
    RERANKER_DOWN = "reranker_down"
    JUDGE_DOWN = "judge_down"
    CHECKED_BY_RULES = "checked_by_rules"
    DENSE_ENCODER_DOWN = "dense_encoder_down"
    SPARSE_ENCODER_DOWN = "sparse_encoder_down"
    STORE_UNAVAILABLE = "store_unavailable"
    LEDGER_UNAVAILABLE = "ledger_unavailable"
    MODEL_MISMATCH = "model_mismatch"
    AUDIT_NOT_WRITTEN = "audit_not_written"
    NO_SUCH_REQUEST = "no_such_request"
    INTERNAL_ERROR = "internal_error"


NOT_THERE = frozenset(
    {
        ReasonCode.EPOCH_NOT_COMMITTED,
        ReasonCode.EPOCH_NOT_RETAINED,
        ReasonCode.NO_SUCH_SOURCE,
    }
)
"""A request names what is not there: nothing was searched, and asking it again changes nothing."""


@dataclass(frozen=True, slots=True)
class Reason:
    """One reason: a stable code and a sentence for people."""

    code: ReasonCode
    detail: str

    def to_json(self) -> dict[str, str]:
        """Return `{"code", "detail"}`."""
        return {"code": self.code.value, "detail": self.detail}


@dataclass(frozen=True, slots=True)
class Evidence:
    """One passage that was considered, with the sentences of it that answer best.

    `start` and `end` are offsets in the cleaned text of this version of the document:
    `cleaned_text[start:end] == quote`.
    """

    chunk_id: str
    document_id: str
    key: str
    version: int
    page: int | None
    """Page, slide or sheet on which the quote begins."""
    start: int
    end: int
    quote: str
    score: float
    """Fused retrieval score in [0, 1], relative to the best hit of this question."""
    flags: tuple[str, ...] = ()
    title: str = ""
    headings: tuple[str, ...] = ()
    support: float = 0.0
    """How well the quote answers, in [0, 1]: terms covered, a value of the asked kind."""
    head: str = ""
    """Head row of the table, where a single row of one is quoted."""
    trust: str = ""
    """Of its source: `high`, `medium` or `low`; empty where the point does not say."""

    def to_json(self) -> dict[str, Any]:
        """Return the stable JSON form; title, headings, support, head stay inside Holdfast."""
        return {
            "chunk_id": self.chunk_id,
            "document_id": self.document_id,
            "key": self.key,
            "version": self.version,
            "page": self.page,
            "start": self.start,
            "end": self.end,
            "quote": self.quote,
            "score": round(self.score, 6),
            "flags": list(self.flags),
            "trust": self.trust,
        }


@dataclass(frozen=True, slots=True)
class ConflictSide:
    """One of several answers, and where it stands."""

    chunk_id: str
    document_id: str
    key: str
    version: int
    value: str
    quote: str
    case: str = ""
    """What it is the answer for, where the answer depends on something (`Tern 2`)."""

    def to_json(self) -> dict[str, Any]:
        """Return the JSON form."""
        return {
            "chunk_id": self.chunk_id,
            "document_id": self.document_id,
            "key": self.key,
            "version": self.version,
            "case": self.case,
            "value": self.value,
            "quote": self.quote,
        }


@dataclass(frozen=True, slots=True)
class Conflict:
    """Answers of which only one can be meant."""

    slot: str
    """Kind of value (number, money, duration, percent, date, time), or `statement` for one sentence
    in two versions, `answers` for two that the reader finds, `namesakes` for different things of
    one name, `cases` for a table that answers row by row, `referents` for things of the kind that
    a question points at without a name."""
    sides: tuple[ConflictSide, ...]
    """Two or more."""
    kind: str = ""
    """What the cases are, as the document calls it (`Product`)."""

    def to_json(self) -> dict[str, Any]:
        """Return `{"slot", "kind", "sides": [one, other, …]}`."""
        sides = [side.to_json() for side in self.sides]
        return {"slot": self.slot, "kind": self.kind, "sides": sides}


@dataclass(frozen=True, slots=True, kw_only=True)
class GroundingDecision:
    """The answer to "does the index hold the answer to this?", and how it was reached.

    `verdict` and `p_answerable` are none exactly when `status` is unavailable: nothing could
    be judged, so there is no verdict. The suggested action is to retry later then, or to refuse
    where the request names a state or a source that is not there.
    """

    request_id: str
    """Names its row in the log, if there is one: none is written where the log is off
    (`audit.enabled`) or where it could not be (`audit_not_written`)."""
    status: Status
    verdict: Verdict | None
    p_answerable: float | None
    reasons: tuple[Reason, ...] = ()
    evidence: tuple[Evidence, ...] = ()
    missing: tuple[str, ...] = ()
    conflicts: tuple[Conflict, ...] = ()
    suggested_action: SuggestedAction = SuggestedAction.REFUSE
    clarification: str | None = None
    """What to ask back, where that is the suggested action."""
    answer: str | None = None
    generation: str | None = None
    epoch: int | None = None
    calibration_id: str = ""
    policy_version: str = ""
    risk_bound: float | None = None
    """With a calibration in force and the verdict `answerable`: at most this share of such verdicts
    is wrong, with the confidence the calibration states."""
    timings_ms: Mapping[str, float] = field(default_factory=dict)
    retrieved_document_ids: tuple[str, ...] = ()
    """Documents of the retrieved chunks, best first, each once."""
    retrieved_keys: tuple[str, ...] = ()

    def has(self, code: ReasonCode) -> bool:
        """Tell whether `code` is among the reasons."""
        return any(reason.code is code for reason in self.reasons)

    def to_json(self) -> dict[str, Any]:
        """Return the stable JSON form of `holdfast ask QUESTION --json`."""
        return {
            "request_id": self.request_id,
            "status": self.status.value,
            "verdict": self.verdict.value if self.verdict else None,
            "p_answerable": None if self.p_answerable is None else round(self.p_answerable, 6),
            "reasons": [reason.to_json() for reason in self.reasons],
            "evidence": [item.to_json() for item in self.evidence],
            "missing": list(self.missing),
            "conflicts": [conflict.to_json() for conflict in self.conflicts],
            "suggested_action": self.suggested_action.value,
            "clarification": self.clarification,
            "answer": self.answer,
            "generation": self.generation,
            "epoch": self.epoch,
            "calibration_id": self.calibration_id,
            "policy_version": self.policy_version,
            "risk_bound": self.risk_bound,
            "timings_ms": {name: round(value, 3) for name, value in self.timings_ms.items()},
        }

    def to_batch_json(self, line_id: Any) -> dict[str, Any]:
        """Return the JSON form of one line of `holdfast ask --batch`."""
        return {
            "id": line_id,
            **self.to_json(),
            "retrieved_document_ids": list(self.retrieved_document_ids),
            "retrieved_keys": list(self.retrieved_keys),
        }
