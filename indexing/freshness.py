"""How long ago the sources were last seen completely: whether the index may be out of date."""

import datetime as dt
from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, select

from indexing.ledger import tables
from indexing.ledger.database import Ledger, in_utc, now
from indexing.report import RunState

UP_TO_DATE = frozenset(
    {RunState.COMPLETED, RunState.NOTHING_TO_DO, RunState.COMPLETED_WITH_QUARANTINE}
)
"""Endings of an ingest after which the index is what the sources were. A run with an incomplete
listing, or with withheld deletions, does not count."""


@dataclass(frozen=True, slots=True)
class Freshness:
    """When the index was last what its sources were."""

    checked_at: dt.datetime | None
    """End of the newest ingest that went through; none if there never was one."""
    hours: float | None
    """Since then; never negative, whatever the clock did."""
    limit_hours: float

    @property
    def is_stale(self) -> bool:
        """Whether that is longer ago than it should be."""
        return self.hours is None or self.hours > self.limit_hours

    @property
    def described(self) -> str:
        """One line for people."""
        if self.hours is None:
            return "no ingest went through yet"
        allowed = f"{self.limit_hours:g} hours are allowed" if self.is_stale else "fresh"
        return f"the last ingest went through {self.hours:.1f} hours ago ({allowed})"

    def to_json(self) -> dict[str, Any]:
        """Return plain values."""
        return {
            "checked_at": self.checked_at.isoformat(timespec="seconds")
            if self.checked_at
            else None,
            "hours": None if self.hours is None else round(self.hours, 2),
            "limit_hours": self.limit_hours,
            "stale": self.is_stale,
        }


def freshness_of(ledger: Ledger, limit_hours: float) -> Freshness:
    """Look up the newest ingest that went through.

    Args:
        ledger: Where runs are recorded.
        limit_hours: How old it may be.
    """
    run = tables.run
    query = select(func.max(run.c.finished_at)).where(
        run.c.kind == "ingest", run.c.state.in_([state.value for state in UP_TO_DATE])
    )
    with ledger.read() as connection:
        newest = connection.execute(query).scalar()
    if newest is None:
        return Freshness(None, None, limit_hours)
    checked_at = in_utc(newest)
    age = max(dt.timedelta(), now() - checked_at)
    return Freshness(checked_at, age.total_seconds() / 3600, limit_hours)
