"""Who watches an ingest: a progress bar, a Prefect artifact, or nobody."""

from dataclasses import dataclass
from typing import Protocol

from indexing.planning.planned import Plan
from indexing.running.report import RunReport


@dataclass(frozen=True, slots=True)
class Progress:
    """How far an ingest is."""

    documents_done: int
    documents_total: int
    chunks: int
    """Chunks staged so far, embedded or reused."""
    seconds: float

    @property
    def share(self) -> float:
        """Between 0 and 1."""
        return self.documents_done / self.documents_total if self.documents_total else 1.0

    @property
    def seconds_left(self) -> float | None:
        """Estimate from the rate so far; none before the first document."""
        if not self.documents_done:
            return None
        return self.seconds / self.documents_done * (self.documents_total - self.documents_done)


class Watcher(Protocol):
    """Is told how an ingest goes; must never raise."""

    def planned(self, plan: Plan) -> None:
        """The plan is made."""
        ...

    def progressed(self, progress: Progress) -> None:
        """A document was prepared, or a batch was committed."""
        ...

    def ended(self, report: RunReport) -> None:
        """The run is over, whatever its state."""
        ...


class SilentWatcher:
    """Watches and says nothing."""

    def planned(self, plan: Plan) -> None:
        """Say nothing."""

    def progressed(self, progress: Progress) -> None:
        """Say nothing."""

    def ended(self, report: RunReport) -> None:
        """Say nothing."""
