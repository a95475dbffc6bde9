"""The parts of an engine that can be left out or replaced."""

from dataclasses import dataclass, field
from typing import Protocol

from config.policy import Policy
from config.querying import DeadlineSettings, SelectionSettings
from query.calibrations import NO_CALIBRATIONS, Calibrations
from query.generation.chain import Generates
from query.policing import RequestCounter
from query.ports import Pinned
from query.retrieval import Retrieval
from query.scope import Scope
from query.selection import Reranking


@dataclass(frozen=True, slots=True)
class Extras:
    """Parts of an engine that a home may have; without them it works as it always did."""

    policy: Policy | None = None
    counter: RequestCounter | None = None
    """Counts requests for quotas; none counts nothing."""
    selection: SelectionSettings = field(default_factory=SelectionSettings)
    reranking: Reranking | None = None
    generator: Generates | None = None
    deadlines: DeadlineSettings = field(default_factory=DeadlineSettings)
    scope: Scope = field(default_factory=Scope)
    """What a request may read that brings no scope of its own."""
    calibrations: Calibrations = NO_CALIBRATIONS
    """Says which calibration holds; where none does, scores are given as they are, with the
    thresholds of the settings."""


class Retrieves(Protocol):
    """What brings candidates for a question."""

    def retrieve(self, text: str, pinned: Pinned, scope: Scope) -> Retrieval:
        """Return the candidates of a question, best first, or why there are none."""
        ...
