"""What a calibration is made from: scores of labelled questions, split by document."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from evaluation.asking import Outcome
from query.decision import ReasonCode, Verdict

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]

NEVER_REFUSED = 1.0
FIT_TENTHS = 4
"""Four tenths of the documents fit the map and the order of thresholds, the others test them."""


@dataclass(frozen=True, slots=True)
class Sample:
    """One labelled question as the gate scored it, before any calibration."""

    score: float
    positive: bool
    """Whether it is answerable; partially supported and ambiguous ones are not."""
    admitted: bool
    """Whether the rules leave its score to decide: answered from some threshold on."""
    refusal_score: float
    """Refused below this threshold: 0 where a rule refuses whatever the score is."""
    group: str


def sample_of(outcome: Outcome, refused_below: float) -> Sample:
    """Describe one outcome of a gate that answers whatever it does not refuse.

    Args:
        outcome: What the gate said.
        refused_below: Score below which it refused. What it refused at a higher one, a rule did,
            and no threshold changes that, whatever the reason is called.
    """
    by_score = ReasonCode.LOW_SUPPORT.value in outcome.codes and outcome.p < refused_below
    if outcome.verdict == Verdict.AMBIGUOUS:
        refusal_score = NEVER_REFUSED
    elif outcome.verdict == Verdict.UNANSWERABLE and not by_score:
        refusal_score = 0.0
    else:
        refusal_score = outcome.p
    return Sample(
        outcome.p,
        outcome.question.label is Verdict.ANSWERABLE,
        outcome.answered,
        refusal_score,
        outcome.question.group,
    )


@dataclass(frozen=True, slots=True)
class Samples:
    """Many samples as columns."""

    score: Floats
    positive: Flags
    admitted: Flags
    refusal_score: Floats

    def __len__(self) -> int:
        """Number of questions."""
        return len(self.score)


def columns(samples: Sequence[Sample]) -> Samples:
    """Turn samples into columns."""
    return Samples(
        np.array([s.score for s in samples], dtype=np.float64),
        np.array([s.positive for s in samples], dtype=bool),
        np.array([s.admitted for s in samples], dtype=bool),
        np.array([s.refusal_score for s in samples], dtype=np.float64),
    )


def split(samples: Sequence[Sample]) -> tuple[Samples, Samples]:
    """Split by document into what is fitted on and what is tested on, always the same way."""
    fit = [s for s in samples if _tenth(s.group) < FIT_TENTHS]
    test = [s for s in samples if _tenth(s.group) >= FIT_TENTHS]
    return columns(fit), columns(test)


def _tenth(group: str) -> int:
    return int.from_bytes(hashlib.sha256(f"calibration/{group}".encode()).digest()[:4], "big") % 10
