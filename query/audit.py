"""The request log: one record for every request, whatever became of it."""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from typing import Any

from config.policy import Policy
from config.querying import SelectionSettings
from config.settings import GateSettings, RetrievalSettings
from indexing.as_of import AsOf, as_of_text
from indexing.points import Hit
from query.arguments import WrongArgumentError, state_of, text_of, texts_of, turns_of
from query.asking.followups import read_history
from query.decision import GroundingDecision
from query.search.retrieval import Retrieval
from query.search.scope import Scope
from query.text.passages import Passage

FORMAT = 5
"""Version of the record's JSON form; from 2 on a record can be replayed, from 3 on it has a scope,
a policy and what models wrote, from 4 on `question_hash` and, if there were any, the `masked`, from
5 on there are records of requests that are not judged, with `about_request` and `checked`."""


class Purpose(StrEnum):
    """What was asked for."""

    GROUND = "ground"
    ANSWER = "answer"
    RETRIEVE = "retrieve"
    """Candidates, without a verdict."""
    CHECK = "check"
    """What evidence says about a text that somebody wrote."""
    EVIDENCE = "evidence"
    """The chunks behind the evidence of an earlier request."""


JUDGED = frozenset({Purpose.GROUND, Purpose.ANSWER})
"""Purposes that end in a verdict; rows of the others have none, unless the policy refused them."""


def is_judged(record: Mapping[str, Any]) -> bool:
    """Whether a record of the log is of a request that was to have a verdict.

    The first versions of the log did not say what was asked for, and had nothing else.
    """
    return not record.get("purpose") or record["purpose"] in JUDGED


@dataclass(frozen=True, slots=True)
class Asked:
    """A request as it came in."""

    question: str
    exclude_keys: frozenset[str] = frozenset()
    as_of: AsOf | None = None
    history: tuple[Any, ...] = ()
    scope: Scope = field(default_factory=Scope)
    """Groups, sources and trusts of whoever asks; `exclude_keys` stand above."""

    @classmethod
    def of(
        cls,
        question: str,
        exclude_keys: Iterable[str] | None,
        as_of: AsOf | None,
        history: Sequence[Any] | None,
        scope: Scope,
    ) -> "Asked":
        """Read a request as callers hand it over; none stands for nothing of the kind.

        Raises:
            WrongArgumentError: An argument is not of its type.
        """
        if not isinstance(scope, Scope):
            raise WrongArgumentError("scope", "a Scope", scope)
        keys = frozenset(texts_of("exclude_keys", exclude_keys))
        text = text_of("question", question)
        return cls(text, keys, state_of(as_of), turns_of(history), scope)

    @property
    def reads(self) -> Scope:
        """All that the reads of this request are held to."""
        return replace(self.scope, exclude_keys=self.scope.exclude_keys | self.exclude_keys)

    def to_json(self) -> dict[str, Any]:
        """Return plain values; the question itself has a field of its own."""
        return {
            "exclude_keys": sorted(_safe(key) for key in self.exclude_keys),
            "as_of": as_of_text(self.as_of),
            "history": [_plain(turn) for turn in self.history if read_history([turn])],
            "scope": plain_values(replace(self.scope, exclude_keys=frozenset()).to_json()),
        }


@dataclass(frozen=True, slots=True)
class Search:
    """What one part of a question brought from the store."""

    question: str
    retrieval: Retrieval
    scope: Scope = field(default_factory=Scope)

    def to_json(self) -> dict[str, Any]:
        """Return ids and exact scores of the lists; the texts stay in the index."""
        legs = self.retrieval.legs
        return {
            "question": _safe(self.question),
            "scope": plain_values(self.scope.to_json()),
            "status": self.retrieval.status.value,
            "reasons": [reason.to_json() for reason in self.retrieval.reasons],
            "fused": _scores(legs.fused),
            "dense": _scores(legs.dense),
            "sparse": _scores(legs.sparse),
        }


@dataclass(frozen=True, slots=True)
class Used:
    """The settings a request was decided under."""

    retrieval: RetrievalSettings
    gate: GateSettings
    languages: frozenset[str]
    selection: SelectionSettings = field(default_factory=SelectionSettings)
    policy: Policy | None = None

    def to_json(self) -> dict[str, Any]:
        """Return plain values."""
        return {
            "retrieval": self.retrieval.model_dump(mode="json"),
            "gate": self.gate.model_dump(mode="json"),
            "languages": sorted(self.languages),
            "selection": self.selection.model_dump(mode="json"),
            "policy": self.policy.model_dump(mode="json") if self.policy else None,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestRecord:
    """Everything needed to explain and to replay a decision later; all values are JSON-safe."""

    request_id: str
    received_at: datetime
    """With time zone."""
    tenant: str
    question: str
    normalised_question: str
    status: str
    verdict: str | None
    p_answerable: float | None
    reasons: tuple[dict[str, str], ...] = ()
    features: Mapping[str, float] = field(default_factory=dict)
    retrieval: tuple[dict[str, Any], ...] = ()
    """Candidates, best first: point id, document, key, version, scores, flags."""
    generation: str | None = None
    epoch: int | None = None
    calibration_id: str = ""
    policy_version: str = ""
    answer: str | None = None
    timings_ms: Mapping[str, float] = field(default_factory=dict)
    asked: Mapping[str, Any] = field(default_factory=dict)
    searches: tuple[dict[str, Any], ...] = ()
    settings: Mapping[str, Any] = field(default_factory=dict)
    purpose: str = ""
    """A `Purpose`."""
    about_request: str = ""
    """The earlier request whose evidence was read again; empty where there is none."""
    checked: Mapping[str, Any] = field(default_factory=dict)
    """The text that was checked, and what came of its claims; empty where none was."""
    decision: Mapping[str, Any] = field(default_factory=dict)
    """The decision as it was given out, without its timings."""
    generated: Mapping[str, Any] = field(default_factory=dict)
    """What models were asked and wrote, by provider; empty where none was asked."""

    def to_json(self) -> dict[str, Any]:
        """Return the record as one JSON object."""
        return {
            "format": FORMAT,
            "request_id": self.request_id,
            "received_at": self.received_at.isoformat(),
            "tenant": self.tenant,
            "question": self.question,
            "normalised_question": self.normalised_question,
            "status": self.status,
            "verdict": self.verdict,
            "p_answerable": self.p_answerable,
            "reasons": list(self.reasons),
            "features": dict(self.features),
            "retrieval": list(self.retrieval),
            "generation": self.generation,
            "epoch": self.epoch,
            "calibration_id": self.calibration_id,
            "policy_version": self.policy_version,
            "answer": self.answer,
            "timings_ms": dict(self.timings_ms),
            "asked": dict(self.asked),
            "searches": list(self.searches),
            "settings": dict(self.settings),
            "purpose": self.purpose,
            "about_request": self.about_request,
            "checked": dict(self.checked),
            "decision": dict(self.decision),
            "generated": dict(self.generated),
        }


def retrieval_record(passage: Passage) -> dict[str, Any]:
    """Return what is logged about one candidate; its text stays in the index."""
    return {
        "point_id": passage.chunk_id,
        "document_id": passage.document_id,
        "key": passage.key,
        "version": passage.version,
        "score": _number(passage.ranked.score),
        "dense": _number(passage.ranked.dense),
        "sparse": _number(passage.ranked.sparse),
        "flags": list(passage.flags),
        "source": passage.source,
        "trust": passage.trust,
        "modified": passage.modified.isoformat() if passage.modified else None,
    }


def make_record(
    decision: GroundingDecision,
    *,
    received_at: datetime,
    tenant: str,
    asked: Asked,
    normalised: str,
    features: Mapping[str, float],
    passages: tuple[Passage, ...],
    searches: Sequence[Search],
    settings: Used,
    purpose: str,
    generated: Mapping[str, Any],
) -> RequestRecord:
    """Describe a finished request."""
    return RequestRecord(
        request_id=decision.request_id,
        received_at=received_at,
        tenant=tenant,
        question=_safe(asked.question),
        normalised_question=_safe(normalised),
        status=decision.status.value,
        verdict=decision.verdict.value if decision.verdict else None,
        p_answerable=decision.p_answerable,
        reasons=tuple(reason.to_json() for reason in decision.reasons),
        features={name: _number(value) for name, value in features.items()},
        retrieval=tuple(retrieval_record(passage) for passage in passages),
        generation=decision.generation,
        epoch=decision.epoch,
        calibration_id=decision.calibration_id,
        policy_version=decision.policy_version,
        answer=decision.answer,
        timings_ms={name: _number(value) for name, value in decision.timings_ms.items()},
        asked=asked.to_json(),
        searches=tuple(search.to_json() for search in searches),
        settings=settings.to_json(),
        purpose=purpose,
        decision=plain_values(lasting(decision.to_batch_json(None))),
        generated=plain_values(generated),
    )


def lasting(decision: Mapping[str, Any]) -> dict[str, Any]:
    """Return the part of a decision that a replay has to bring again."""
    passing = {"id", "request_id", "timings_ms"}
    return {name: value for name, value in decision.items() if name not in passing}


def _scores(hits: Sequence[Hit]) -> list[list[Any]]:
    return [[str(hit.id), hit.score if math.isfinite(hit.score) else 0.0] for hit in hits]


def _plain(turn: Any) -> Any:
    """Keep a turn as text or as `{"speaker", "text"}`, as it was read: a replay reads it again."""
    (read,) = read_history([turn])
    if isinstance(turn, str):
        return _safe(read.text)
    return {"speaker": _safe(read.speaker), "text": _safe(read.text)}


def plain_values(value: Any) -> Any:
    """Return JSON values in which every text can be stored by every database."""
    if isinstance(value, str):
        return _safe(value)
    if isinstance(value, Mapping):
        return {_safe(str(name)): plain_values(inner) for name, inner in value.items()}
    if isinstance(value, list | tuple):
        return [plain_values(inner) for inner in value]
    if isinstance(value, float) and not math.isfinite(value):
        return 0.0
    return value


def _number(value: float) -> float:
    """JSON has no NaN or infinity, and a request log must never fail on one."""
    return round(float(value), 6) if math.isfinite(value) else 0.0


def _safe(text: str) -> str:
    # NUL and half a surrogate pair are refused by PostgreSQL; the log must take every question. A
    # replay asks it again, so that they become what a question is read with in their place.
    try:
        text.encode()
    except UnicodeEncodeError:
        text = text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    return text.replace("\0", "")
