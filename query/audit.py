"""The request log: one record for every request, whatever became of it."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from query.decision import GroundingDecision
from query.passages import Passage

FORMAT = 1
"""Version of the record's JSON form."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestRecord:
    """Everything needed to explain a decision later; all values are JSON-safe."""

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
    }


def make_record(
    decision: GroundingDecision,
    *,
    received_at: datetime,
    tenant: str,
    question: str,
    normalised: str,
    features: Mapping[str, float],
    passages: tuple[Passage, ...],
) -> RequestRecord:
    """Describe a finished request."""
    return RequestRecord(
        request_id=decision.request_id,
        received_at=received_at,
        tenant=tenant,
        question=_safe(question),
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
    )


def _number(value: float) -> float:
    """JSON has no NaN or infinity, and a request log must never fail on one."""
    return round(float(value), 6) if math.isfinite(value) else 0.0


def _safe(text: str) -> str:
    # NUL and lone surrogates are refused by PostgreSQL; the log must take every question.
    return text.encode("utf-8", "replace").decode("utf-8").replace("\0", "�")
