"""The judge: a question and its candidates in, the probability that they hold the answer out."""

import functools
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from importlib import resources
from typing import Any, Protocol

from indexing.points import HybridHits
from query.asking.question import Question
from query.decision import Reason
from query.judging.features import FEATURE_NAMES, compute
from query.judging.logistic import LogisticModel, read_model
from query.text.passages import Passage

OFF_TOPIC_FACTOR = 0.3
"""What is left of the probability of a question whose best cosine says it is off topic."""


READER_ANSWERS = "reader_answers"
"""Name, among the features that are logged, of the best logit of a reader that took part."""


@dataclass(frozen=True, slots=True)
class Judgement:
    """What a judge found."""

    p_answerable: float
    calibration_id: str
    features: Mapping[str, float] = field(default_factory=dict)
    weights: Mapping[str, float] = field(default_factory=dict)
    """Weight of every question term (stem)."""
    places: Mapping[str, tuple[int, int]] = field(default_factory=dict)
    """Characters of a chunk, by its id, where the answer seems to stand; features do not say."""
    first: str = ""
    """The chunk that should come first, by its id; empty where the order may stay."""
    rival: str = ""
    """A chunk of another document, by its id, that answers otherwise than the first one does."""
    undecided: tuple[str, ...] = ()
    """Chunks of documents that answer differently, by their ids, where nothing picks one."""
    fault: Reason | None = None
    """Why a part of the judge did not take part."""

    @property
    def is_read(self) -> bool:
        """Whether a passage was read and said to answer; features alone do not read."""
        return self.features.get(READER_ANSWERS, 0.0) > 0.0


class Judge(Protocol):
    """Anything that estimates whether candidates hold the answer; each has its calibration."""

    @property
    def calibration_id(self) -> str:
        """Names the weights and the data they were calibrated on."""
        ...

    def judge(self, question: Question, passages: Sequence[Passage], legs: HybridHits) -> Judgement:
        """Judge a question by its candidates, best first; there is at least one."""
        ...


@dataclass(frozen=True, slots=True)
class GateWeights:
    """The content of `gate_weights.json`."""

    calibration_id: str
    hybrid: LogisticModel
    sparse_only: LogisticModel
    """For requests that are answered without dense vectors (degraded)."""
    off_topic_below: float = 0.0
    """Best cosine below which shared words are taken for coincidence."""


@functools.cache
def default_weights() -> GateWeights:
    """Return the weights that ship with Holdfast; `benchmarks/gate.py` fits them."""
    text = resources.files("query").joinpath("models/gate_weights.json").read_text(encoding="utf-8")
    return read_weights(json.loads(text))


def read_weights(record: Mapping[str, Any]) -> GateWeights:
    """Read weights from their JSON form.

    Raises:
        ValueError: They were fitted for other features than these.
    """
    if tuple(record["features"]) != FEATURE_NAMES:
        raise ValueError(
            "The gate weights were fitted for other features than this version computes; "
            "fit them again (python -m benchmarks.gate fit)."
        )
    models = {name: read_model(FEATURE_NAMES, model) for name, model in record["models"].items()}
    return GateWeights(
        str(record["calibration_id"]),
        models["hybrid"],
        models["sparse_only"],
        float(record["off_topic_below"]),
    )


class FeatureJudge:
    """The default judge: a logistic model over the features; needs no model at run time."""

    def __init__(self, weights: GateWeights | None = None) -> None:
        """Use `weights`, or the ones that ship with Holdfast."""
        self._weights = weights or default_weights()

    @property
    def calibration_id(self) -> str:
        """Names the weights."""
        return self._weights.calibration_id

    def judge(self, question: Question, passages: Sequence[Passage], legs: HybridHits) -> Judgement:
        """Judge by features; without a dense list the sparse-only model decides."""
        features = compute(question, passages, legs)
        weights = self._weights
        model = weights.hybrid if legs.dense else weights.sparse_only
        p = model.probability(features.values)
        if legs.dense and legs.dense[0].score < weights.off_topic_below:
            p *= OFF_TOPIC_FACTOR
        return Judgement(
            p,
            self.calibration_id,
            features.values,
            features.weights,
        )
