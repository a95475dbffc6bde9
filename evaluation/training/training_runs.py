"""One training of the reader: what it learns, what it may be asked about afterwards."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from evaluation.training.cross_encoder_data import (
    NEVER_TRAINED_ON,
    TRAINED_ON,
    Asked,
    is_trained_on,
)
from evaluation.training.examples import Claim, Pair
from evaluation.training.folds import fold_of
from query.judging.reader import Reading

TWICE = ("clapnq", "awsdocs")
"""Sets whose pairs are taken twice: conversational and technical questions are few."""


@dataclass(frozen=True)
class Run:
    """A training that leaves out a fold of articles, a set, or nothing."""

    fold: int | None = None
    without: str | None = None

    @property
    def title(self) -> str:
        """Names the run and its file."""
        if self.fold is not None:
            return f"fold-{self.fold}"
        return f"without-{self.without}" if self.without else "everything"

    def pairs(self, asked: Sequence[Asked]) -> list[Pair]:
        """Return the pairs that are learnt.

        The search brings passages of other articles, too: what is left out is left out there as
        well, or the reader would have seen that they do not answer.
        """
        folds = {a.article: a.fold for a in asked}
        return [
            pair
            for a in asked
            if is_trained_on(a.name) and a.fold != self.fold and a.name != self.without
            for pair in a.pairs * (2 if a.name in TWICE else 1)
            if self.fold is None or folds.get(pair.article) != self.fold
        ]

    def learns(self, claim: Claim) -> bool:
        """Tell whether a claim is learnt."""
        return fold_of(claim.group, {}) != self.fold

    def asks(self, asked: Sequence[Asked]) -> list[Asked]:
        """Return the judged questions that its reader is there for: it never saw any of them."""
        if self.fold is None:
            names = (self.without,) if self.without else NEVER_TRAINED_ON
            return [a for a in asked if a.is_judged and a.name in names]
        return [a for a in asked if a.is_judged and a.name in TRAINED_ON and a.fold == self.fold]


@dataclass(frozen=True)
class Said:
    """What a reader says of what it never saw."""

    readings: Mapping[str, Sequence[Reading]]
    """Of the passages of every question, by its key."""
    support: Mapping[str, float]
    """Probability of full support, by the place of the claim among all claims."""


def keep_said(said: Said, file: Path) -> None:
    """Write what a reader said."""
    file.parent.mkdir(parents=True, exist_ok=True)
    record = {
        "readings": {k: [[r.span, r.answers] for r in rs] for k, rs in said.readings.items()},
        "support": dict(said.support),
    }
    file.write_text(json.dumps(record) + "\n", encoding="utf-8")


def read_said(file: Path) -> Said:
    """Read what `keep_said` wrote."""
    record = json.loads(file.read_text(encoding="utf-8"))
    readings = {k: [Reading(*one) for one in rs] for k, rs in record["readings"].items()}
    return Said(readings, record["support"])
