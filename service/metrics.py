"""Prometheus metrics of a home, read from its ledger and store when somebody asks for them.

Flow runs are processes of a few seconds that nobody can scrape; what they did is in the ledger.
The ledger forgets old runs and requests, so their numbers are gauges and not counters.
"""

import logging
import threading
from collections.abc import Iterator

from prometheus_client import CollectorRegistry
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from config.errors import HoldfastError
from config.settings import Settings
from indexing.corpus import Corpus
from indexing.freshness import freshness_in
from indexing.ledger.figures import LedgerFigures, read_figures
from query.resilience import Circuit, CircuitOpenError, OverdueError
from service.disk import free_bytes
from service.options import read_only
from service.promises import PromiseState, promised

logger = logging.getLogger(__name__)
SCRAPE_SECONDS = 8.0
"""Ledger and store have so long: whoever scrapes waits 10 s, and learns nothing after that."""
SILENT_SECONDS = 2.0
"""A ledger that says nothing for so long is asked whether it is there."""
COOLDOWN_SECONDS = 5.0
"""After a failure the next scrapes are answered without them for so long: they come one by one."""


class HomeCollector(Collector):
    """Opens the home for every scrape, so that it never holds what a writer waits for."""

    def __init__(self, settings: Settings) -> None:
        """Remember whose home; nothing is opened yet."""
        self._settings = hurried(settings)
        self._one_at_a_time = threading.Lock()
        self._circuit = Circuit(failures=1, cooldown_seconds=COOLDOWN_SECONDS)

    def describe(self) -> list[Metric]:
        """Declare nothing: registering must not open the home."""
        return []

    def collect(self) -> Iterator[Metric]:
        """Read everything; where ledger or store do not answer, say so, and what needs neither."""
        up = gauge("up", "1 if the ledger and the store answered, else 0.")
        with self._one_at_a_time:
            found = self._of_the_index()
        up.add_metric([], float(found is not None))
        yield up
        yield from found or ()
        try:
            yield from of_the_machine(self._settings)
        except OSError as error:
            logger.warning("The room on the disk could not be read: %s", error)

    def _of_the_index(self) -> list[Metric] | None:
        """Read what is served, in time; none where that is not possible."""
        try:
            return self._circuit.call(SCRAPE_SECONDS, self._read)
        except (HoldfastError, OSError, OverdueError, CircuitOpenError) as error:
            logger.warning("Metrics could not be read: %s", error)
            return None

    def _read(self) -> list[Metric]:
        with read_only(self._settings) as corpus:
            return list(of_the_index(corpus))


def hurried(settings: Settings) -> Settings:
    """Return the settings of a home whose ledger is not waited for as long as runs wait for it."""
    seconds = min(settings.ledger.busy_timeout_seconds, SILENT_SECONDS)
    ledger = settings.ledger.model_copy(update={"busy_timeout_seconds": seconds})
    return settings.model_copy(update={"ledger": ledger})


def registry_of(settings: Settings) -> CollectorRegistry:
    """Return a registry with the metrics of a home and nothing else."""
    registry = CollectorRegistry()
    registry.register(HomeCollector(settings))
    return registry


def gauge(name: str, help_: str, *labels: str) -> GaugeMetricFamily:
    """Make a gauge of ours."""
    return GaugeMetricFamily(f"holdfast_{name}", help_, labels=labels)


def of_the_index(corpus: Corpus) -> Iterator[Metric]:
    """Say what is served and how fresh it is."""
    live = corpus.live()
    figures = read_figures(corpus.ledger, live.name if live else None)
    fresh = freshness_in(corpus)
    epoch = gauge("epoch", "Committed epoch of the live generation.", "generation")
    if live is not None:
        epoch.add_metric([live.name], live.epoch)
    yield epoch
    yield single("documents", "Documents that readers see.", figures.documents)
    yield single("chunks", "Chunks that readers see.", figures.chunks)
    yield single("stale", "1 if a source was not ingested for too long, else 0.", fresh.is_stale)
    if fresh.hours is not None:
        text = "Seconds since an ingest of the stalest source went through."
        yield single("freshness_seconds", text, fresh.hours * 3600)
    calibration = gauge("calibration", "1 for the state that calibrations are in.", "state")
    state = promised(corpus).state
    for one in PromiseState:
        calibration.add_metric([one.value], float(one is state))
    yield calibration
    yield from of_the_records(figures)


def of_the_records(figures: LedgerFigures) -> Iterator[Metric]:
    """Say what was refused, run and asked."""
    refused = gauge("quarantined_documents", "Documents in quarantine.", "reason")
    for reason, count in figures.quarantined.items():
        refused.add_metric([reason], count)
    runs = gauge("runs", "Runs that the ledger has.", "kind", "state")
    last = gauge("last_run_timestamp_seconds", "When the newest one ended.", "kind", "state")
    for one in figures.runs:
        runs.add_metric([one.kind, one.state], one.runs)
        if one.last_at is not None:
            last.add_metric([one.kind, one.state], one.last_at.timestamp())
    asked = gauge("requests", "Logged requests that the ledger has.", "status", "verdict")
    for (status, verdict), count in figures.requests.items():
        asked.add_metric([status, verdict], count)
    yield from (refused, runs, last, asked)


def of_the_machine(settings: Settings) -> Iterator[Metric]:
    """Say how much room is left."""
    yield single(
        "home_free_bytes", "Free bytes on the disk of the home.", free_bytes(settings.home)
    )


def single(name: str, help_: str, value: float) -> Metric:
    """Make a gauge without labels."""
    made = gauge(name, help_)
    made.add_metric([], float(value))
    return made
