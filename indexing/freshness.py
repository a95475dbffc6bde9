"""How long ago each source was last seen completely: whether the index may be out of date."""

import datetime as dt
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from sqlalchemy import select

from config.settings import Settings
from indexing.corpus import Corpus
from indexing.ledger import tables
from indexing.ledger.database import Ledger, in_utc, now
from indexing.running.report import RunState

UP_TO_DATE = frozenset(
    {RunState.COMPLETED, RunState.NOTHING_TO_DO, RunState.COMPLETED_WITH_QUARANTINE}
)
"""Endings of an ingest after which the index is what the sources were. A run with an incomplete
listing, or with withheld deletions, does not count."""
PAGE = 100
"""Runs that are read at once; of a home in order the first few say it all."""


@dataclass(frozen=True, slots=True)
class Freshness:
    """When the index was last what its sources were: as long ago as its stalest source."""

    checked_at: dt.datetime | None
    """End of the newest ingest of that source that went through; none if there never was one."""
    hours: float | None
    """Since then; never negative, whatever the clock did."""
    limit_hours: float
    source: str | None = None
    """The stalest of the configured sources; none where none is configured."""
    stale_sources: tuple[str, ...] = ()
    """Every configured source that was not ingested for too long."""

    @property
    def is_stale(self) -> bool:
        """Whether that is longer ago than it should be."""
        return self.hours is None or self.hours > self.limit_hours

    @property
    def described(self) -> str:
        """One line for people."""
        what = f"ingest of {self.source}" if self.source else "ingest"
        others = [name for name in self.stale_sources if name != self.source]
        also = f"; stale as well: {', '.join(others)}" if others else ""
        if self.hours is None:
            return f"no {what} went through yet{also}"
        allowed = f"{self.limit_hours:g} hours are allowed" if self.is_stale else "fresh"
        return f"the last {what} went through {self.hours:.1f} hours ago ({allowed}){also}"

    def to_json(self) -> dict[str, Any]:
        """Return plain values."""
        return {
            "checked_at": self.checked_at.isoformat(timespec="seconds")
            if self.checked_at
            else None,
            "hours": None if self.hours is None else round(self.hours, 2),
            "limit_hours": self.limit_hours,
            "stale": self.is_stale,
            "source": self.source,
            "stale_sources": list(self.stale_sources),
        }


@dataclass(frozen=True, slots=True)
class Ingested:
    """An ingest that ended."""

    run_id: str
    finished_at: dt.datetime
    sources: frozenset[str]
    """Those that it brought in as a whole."""


def freshness_in(corpus: Corpus) -> Freshness:
    """Say how fresh the index of a home is, by the sources that its settings name."""
    settings = corpus.settings
    limit = settings.orchestration.stale_after_hours
    return freshness_of(corpus.ledger, limit, limits_of(settings))


def limits_of(settings: Settings) -> dict[str, float]:
    """Return after how many hours without an ingest each configured source is stale."""
    usual = settings.orchestration.stale_after_hours
    return {source.name: source.stale_after_hours or usual for source in settings.sources}


def soonest_stale(settings: Settings) -> float:
    """Return after how many hours without any ingest something is stale."""
    usual = settings.orchestration.stale_after_hours
    return min(limits_of(settings).values(), default=usual)


def freshness_of(
    ledger: Ledger, limit_hours: float, limits: Mapping[str, float] = MappingProxyType({})
) -> Freshness:
    """Look up the newest ingest of each source that went through, and return the stalest one.

    Args:
        ledger: Where runs are recorded.
        limit_hours: How old the newest ingest may be where no source is configured.
        limits: How old that of each configured source may be.
    """
    if not limits:
        return aged(newest_ingest(ledger), limit_hours)
    checked = newest_by_source(ledger, set(limits))
    found = [aged(checked.get(name), limit, name) for name, limit in limits.items()]
    worst = max(found, key=margin)
    stale = tuple(one.source for one in found if one.is_stale and one.source)
    return Freshness(worst.checked_at, worst.hours, worst.limit_hours, worst.source, stale)


def margin(one: Freshness) -> float:
    """Return by how many hours something is older than it may be; never seen is the oldest."""
    return float("inf") if one.hours is None else one.hours - one.limit_hours


def aged(ingested: Ingested | None, limit_hours: float, source: str | None = None) -> Freshness:
    """Hold the end of an ingest against the clock."""
    if ingested is None:
        return Freshness(None, None, limit_hours, source)
    age = max(dt.timedelta(), now() - ingested.finished_at)
    return Freshness(ingested.finished_at, age.total_seconds() / 3600, limit_hours, source)


def telling_runs(ledger: Ledger, settings: Settings) -> frozenset[str]:
    """Return the runs that tell how fresh the index is, however long ago that was.

    Without them a source that is ingested more rarely than runs are kept would be said never to
    have been ingested.
    """
    wanted = set(limits_of(settings))
    if not wanted:
        newest = newest_ingest(ledger)
        return frozenset({newest.run_id} if newest else ())
    return frozenset(one.run_id for one in newest_by_source(ledger, wanted).values())


def newest_ingest(ledger: Ledger) -> Ingested | None:
    """Return the newest ingest that went through, of whatever sources."""
    run = tables.run
    query = (
        select(run.c.run_id, run.c.finished_at)
        .where(
            run.c.kind == "ingest",
            run.c.state.in_([state.value for state in UP_TO_DATE]),
            run.c.finished_at.is_not(None),
        )
        .order_by(run.c.finished_at.desc())
        .limit(1)
    )
    with ledger.read() as connection:
        newest = connection.execute(query).one_or_none()
    return None if newest is None else Ingested(newest[0], in_utc(newest[1]), frozenset())


def newest_by_source(ledger: Ledger, wanted: set[str]) -> dict[str, Ingested]:
    """Return what last brought in each source as a whole; runs are read until all are found."""
    found: dict[str, Ingested] = {}
    for ingested in ingests(ledger):
        for name in ingested.sources & wanted:
            found.setdefault(name, ingested)
        if len(found) == len(wanted):
            break
    return found


def ingests(ledger: Ledger) -> Iterator[Ingested]:
    """Yield the ingests that ended, the newest first, each with the sources that it brought in."""
    run = tables.run
    query = (
        select(
            run.c.run_id,
            run.c.finished_at,
            run.c.state,
            run.c.report["checked"].label("checked"),
            run.c.report["withheld_by_source"].label("listed"),
        )
        .where(run.c.kind == "ingest", run.c.finished_at.is_not(None))
        .order_by(run.c.started_at.desc())
    )
    for page in range(0, 10**9, PAGE):
        with ledger.read() as connection:
            rows = connection.execute(query.limit(PAGE).offset(page)).all()
        for row in rows:
            sources = brought_in(row.state, row.checked, row.listed)
            yield Ingested(row.run_id, in_utc(row.finished_at), frozenset(sources))
        if len(rows) < PAGE:
            return


def brought_in(state: str, checked: Any, listed: Any) -> set[str]:
    """Return the sources that a run brought in; runs of before say only which they listed."""
    if checked is not None:
        return set(checked)
    return set(listed or ()) if state in UP_TO_DATE else set()
