"""A calibration: what a score means on one collection, and what is promised about the answers.

`holdfast calibrate` makes one (evaluation/calibrating); it is bound to everything that shapes the
scores and void when any of that changes.
"""

import json
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from hashlib import sha256
from typing import Any

from config.errors import ConfigError
from config.settings import GateSettings, RetrievalSettings
from query.ports import Pinned

FORMAT = 1
CLIP = 1e-6
UNSEALED = frozenset({"calibration_id", "made_at"})
"""What an id does not stand for: itself, and when it was made."""


@dataclass(frozen=True, slots=True)
class Binding:
    """What a calibration was measured under; each value is compared by itself."""

    generation: str
    encoder: str
    chunker: str
    k: int
    """Pieces of evidence that are shown."""
    retrieval: str
    """Digest of all settings of the search."""
    judge: str
    """The judge's own calibration id: its weights."""
    policy: str
    """Version of the gate's rules, and a digest of its settings."""

    def differences(self, other: "Binding") -> tuple[str, ...]:
        """Name what differs, as `k: 8 → 10`."""
        return tuple(
            f"{field.name}: {getattr(self, field.name)} → {getattr(other, field.name)}"
            for field in fields(self)
            if getattr(self, field.name) != getattr(other, field.name)
        )


def bind(
    pinned: Pinned,
    retrieval: RetrievalSettings,
    gate: GateSettings,
    judge: str,
    policy: str,
) -> Binding:
    """Name everything that shapes the scores of a generation.

    Args:
        pinned: The state that is read.
        retrieval: Settings of the search.
        gate: Settings of the gate.
        judge: Calibration id of the judge.
        policy: Version of the gate's rules.
    """
    return Binding(
        pinned.generation,
        digest(pinned.spec.get("embedding")),
        digest([pinned.spec.get(part) for part in ("ingestion", "chunking", "sparse")]),
        retrieval.top_k,
        digest(retrieval.model_dump(mode="json")),
        judge,
        f"{policy}/{digest(gate.shaping)}",
    )


def percent(share: float) -> str:
    """Write a promised share as it was given: neither 99.5 % nor 2.5 % may be rounded."""
    return f"{100 * share:.6g}%"


def digest(value: Any) -> str:
    """Return 12 hex digits that stand for plain values."""
    text = json.dumps(value, sort_keys=True, default=str)
    return sha256(text.encode("utf-8")).hexdigest()[:12]


def seal(record: Mapping[str, Any]) -> str:
    """Return the 8 hex digits that stand for the content of a calibration's file, in its id."""
    content = {name: value for name, value in record.items() if name not in UNSEALED}
    return sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()[:8]


@dataclass(frozen=True, slots=True, kw_only=True)
class Calibration:
    """What `holdfast calibrate` found. Thresholds are on the judge's score, before the map."""

    calibration_id: str
    made_at: str
    binding: Binding
    slope: float
    """Of the logit; always positive, so that the order of questions is kept."""
    intercept: float
    answerable_at: float
    """Least score of the verdict `answerable`."""
    partial_at: float
    """Least score that is not refused."""
    max_risk: float
    """At most this share of the questions called answerable is not, with `confidence`."""
    confidence: float
    refusal_bound: float | None = None
    """Expected share of answerable questions that are refused; none: the set was too small."""
    edges: tuple[float, ...] = ()
    """Inner edges of the steps in which the probability is watched for drift."""
    reference: tuple[float, ...] = ()
    """Share of the calibration's questions in each of these steps."""
    questions: int = 0
    figures: Mapping[str, Any] | None = None

    def __post_init__(self) -> None:
        """Refuse a map that would turn the order around, and thresholds that contradict."""
        if not (self.slope > 0 and math.isfinite(self.slope) and math.isfinite(self.intercept)):
            raise ValueError("the slope of a calibration must be positive and finite")
        if not 0 <= self.partial_at <= self.answerable_at <= 1:
            raise ValueError("partial_at must not be larger than answerable_at")
        if len(self.reference) != (len(self.edges) + 1 if self.reference else 0):
            raise ValueError("there must be one more step than edges")

    def probability(self, score: float) -> float:
        """Return how likely a question with this score is answerable."""
        if score <= 0.0:  # refused before anything was scored: nothing to translate
            return 0.0
        clipped = min(max(score, CLIP), 1.0 - CLIP)
        logit = self.slope * math.log(clipped / (1.0 - clipped)) + self.intercept
        # Both branches are the same number; one of them does not overflow.
        if logit >= 0:
            return 1.0 / (1.0 + math.exp(-logit))
        return math.exp(logit) / (1.0 + math.exp(logit))

    def to_json(self) -> dict[str, Any]:
        """Return the content of its file."""
        return {"format": FORMAT, **asdict(self)}


def read_calibration(text: str, where: str) -> Calibration:
    """Read a calibration from the text of its file.

    Raises:
        ConfigError: It is damaged, was altered, or is of a version that this one does not know.
    """
    try:
        record = json.loads(text)
        sealed = seal(record)
        version = record.pop("format")
        if version != FORMAT:
            raise ConfigError(
                f"{where} has format {version}, this version of Holdfast knows {FORMAT}; run "
                "`holdfast calibrate` again."
            )
        record["binding"] = Binding(**record["binding"])
        record["edges"] = tuple(map(float, record["edges"]))
        record["reference"] = tuple(map(float, record["reference"]))
        found = Calibration(**record)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise ConfigError(
            f"{where} is no calibration ({error}). Remove it, or run `holdfast calibrate` again."
        ) from error
    if found.calibration_id.rpartition("-")[2] != sealed:
        # Its promise was proven for the numbers it was written with, and for no others.
        raise ConfigError(
            f"{where} was altered since it was made: its content is not that of "
            f"{found.calibration_id}. Restore it, or remove it and run `holdfast calibrate` again."
        )
    return found
