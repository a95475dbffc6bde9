"""Rows of the reliability table: what a campaign tried, and what came of it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from math import sqrt

from tests.support.faultlab.trial import Verdict

Z95 = 1.959964


class EngineKind(StrEnum):
    """Which engine a campaign ran on."""

    EDGE = "edge"
    STAND_IN = "stand-in"
    SERVER = "server"


@dataclass(frozen=True)
class Row:
    """What one campaign showed."""

    fault: str
    points: int
    recovered: int
    missing: int = 0
    phantom: int = 0
    duplicate: int = 0
    mixed: int = 0
    seconds: float | None = None
    """The longest rerun; none where nothing is run again."""
    wasted: float | None = None
    """Texts encoded once too often, as a share of those that had to be; none where not counted."""
    engine: EngineKind = EngineKind.EDGE
    note: str = ""
    problems: Sequence[str] = field(default_factory=list)

    @property
    def clean(self) -> bool:
        """Whether everything came out as it has to."""
        seen = self.missing + self.phantom + self.duplicate + self.mixed
        return self.recovered == self.points > 0 and not seen and not self.problems


def row_of(
    fault: str,
    verdicts: Iterable[Verdict],
    engine: EngineKind = EngineKind.EDGE,
    note: str = "",
) -> Row:
    """Add verdicts up."""
    held = list(verdicts)
    needed = sum(v.needed for v in held)
    return Row(
        fault=fault,
        points=len(held),
        recovered=sum(v.recovered for v in held),
        missing=sum(v.missing for v in held),
        phantom=sum(v.phantom for v in held),
        duplicate=sum(v.duplicate for v in held),
        mixed=sum(v.mixed for v in held),
        seconds=max((v.seconds for v in held), default=0.0),
        wasted=sum(v.wasted for v in held) / needed if needed else None,
        engine=engine,
        note=note,
        problems=[f"{v.what}: {problem}" for v in held for problem in v.problems],
    )


def wilson_upper(failures: int, trials: int) -> float:
    """The upper end of the 95 % Wilson interval of a rate of failures."""
    if not trials:
        return 1.0
    rate = failures / trials
    middle = rate + Z95**2 / (2 * trials)
    spread = Z95 * sqrt(rate * (1 - rate) / trials + Z95**2 / (4 * trials**2))
    return (middle + spread) / (1 + Z95**2 / trials)
