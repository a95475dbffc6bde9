"""The gates of a promotion: what a new generation must show before readers get it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from enum import StrEnum
from typing import Any

from config.settings import PromotionSettings
from indexing.corpus import Corpus
from indexing.generations.probes import (
    covered_characters,
    known_items,
    latencies,
    recall,
    sample_points,
    served,
    upper,
)
from indexing.ledger.documents import read_holdings
from indexing.ledger.generations import Generation


class GateOutcome(StrEnum):
    """What a gate said."""

    PASSED = "passed"
    FAILED = "failed"
    SKIPPED = "skipped"
    """There was nothing to measure; the detail says why."""


class Looked(StrEnum):
    """When a gate looked, as seen from the end of the run that tells of it."""

    NOW = "now"
    WHEN_BUILT = "when built"
    """Not again when the generation was promoted: what it measures does not change with waiting."""


@dataclass(frozen=True, slots=True)
class GateResult:
    """One gate: what was measured on both generations, and whether it suffices."""

    gate: str
    outcome: GateOutcome
    detail: str
    live: float | None = None
    candidate: float | None = None
    looked: Looked = Looked.NOW
    against: str | None = None
    """The generation that `live` was measured on; none where nothing was measured."""

    @property
    def holds(self) -> bool:
        """Whether it does not stand in the way."""
        return self.outcome is not GateOutcome.FAILED

    def to_json(self) -> dict[str, Any]:
        """Return plain values, for the ledger and for programs."""
        return asdict(self) | {"outcome": self.outcome.value, "looked": self.looked.value}


@dataclass(frozen=True, slots=True)
class Contest:
    """A candidate and the generation it would replace."""

    corpus: Corpus
    live: Generation
    candidate: Generation

    @property
    def settings(self) -> PromotionSettings:
        """Thresholds."""
        return self.corpus.settings.promotion


Gate = Callable[[Contest], GateResult]


def run_gates(contest: Contest, more: Sequence[Gate] = ()) -> tuple[GateResult, ...]:
    """Run every gate; one that fails does not stop the others.

    Args:
        contest: Who is held against whom.
        more: Gates of higher layers, such as golden questions.
    """
    return measured((*STRUCTURE, *SEARCH, *more), contest)


def run_structure_gates(contest: Contest) -> tuple[GateResult, ...]:
    """Run the gates that can change while a generation waits: what it is and what it holds."""
    return measured(STRUCTURE, contest)


def renew_search_gates(contest: Contest) -> tuple[GateResult, ...]:
    """Measure again what was measured against a generation that has been replaced since."""
    known = contest.candidate.gates or ()
    if all(held_against(contest.candidate, record) == contest.live.name for record in known):
        return ()
    return measured(SEARCH, contest)


def held_against(candidate: Generation, record: Mapping[str, Any]) -> str | None:
    """Return which generation a recorded result compares the candidate with."""
    return record.get("against") or candidate.built_from


def measured(gates: Sequence[Gate], contest: Contest) -> tuple[GateResult, ...]:
    """Run gates, and write down which generation they held the candidate against."""
    return tuple(replace(gate(contest), against=contest.live.name) for gate in gates)


def judged(
    gate: str, holds: bool, detail: str, live: float | None = None, candidate: float | None = None
) -> GateResult:
    """Build a result."""
    outcome = GateOutcome.PASSED if holds else GateOutcome.FAILED
    return GateResult(gate, outcome, detail, live, candidate)


def fingerprint_gate(contest: Contest) -> GateResult:
    """The collection has the dimension and the fingerprint that the ledger says."""
    spec = contest.corpus.store.spec(contest.candidate.name)
    wanted = (contest.candidate.spec["embedding"]["dimension"], contest.candidate.fingerprint)
    found = (spec.dimension, spec.fingerprint) if spec else None
    detail = f"dimension {wanted[0]}, fingerprint {wanted[1]}"
    if found != wanted:
        detail = f"the collection has {found or 'gone'}, the ledger says {wanted}"
    return judged("fingerprint", found == wanted, detail)


def documents_gate(contest: Contest) -> GateResult:
    """Every document that the live generation serves is served, in the same version."""
    live = read_holdings(contest.corpus.ledger, contest.live.name).versions
    mine = read_holdings(contest.corpus.ledger, contest.candidate.name)
    lacking = sorted(
        version.key
        for document, version in live.items()
        if document not in mine.versions
        or mine.versions[document].content_sha256 != version.content_sha256
    )
    detail = f"{len(live) - len(lacking)} of {len(live)} documents"
    if lacking:
        reasons = {s.key: s.reason for s in mine.standings.values() if s.reason}
        named = ", ".join(f"{key} ({reasons.get(key) or 'missing'})" for key in lacking[:5])
        detail += f"; lacking: {named}"
    return judged("documents", not lacking, detail, len(live), len(mine.versions))


def points_gate(contest: Contest) -> GateResult:
    """The store shows readers exactly as many points as the ledger committed."""
    corpus, candidate = contest.corpus, contest.candidate
    seen = corpus.store.count(candidate.name, served(candidate))
    versions = read_holdings(corpus.ledger, candidate.name).versions.values()
    committed = sum(version.chunk_count for version in versions)
    holds = seen == committed and (seen > 0 or not versions)
    return judged("points", holds, f"{seen} in the store, {committed} in the ledger")


def text_gate(contest: Contest) -> GateResult:
    """Chunks cover as much text of sampled documents as those of the live generation do."""
    covered = [covered_characters(contest.corpus, g) for g in (contest.live, contest.candidate)]
    shared = covered[0].keys() & covered[1].keys()
    if not shared:
        return GateResult("text", GateOutcome.SKIPPED, "the live generation holds no documents")
    live, mine = (sum(c[document] for document in shared) for c in covered)
    least = LEAST_TEXT * live
    detail = f"{mine} characters of {len(shared)} documents are in chunks, {live} in the live ones"
    return judged("text", mine >= least, detail, live, mine)


def recall_gate(contest: Contest) -> GateResult:
    """The index finds what exact search finds."""
    settings = contest.settings
    found = recall(contest.corpus, contest.candidate, settings.recall_samples)
    if found is None:
        return GateResult("recall", GateOutcome.SKIPPED, "the generation holds no points")
    detail = f"{found:.3f} of exact top 10 over {settings.recall_samples} vectors"
    return judged("recall", found >= settings.min_recall, detail, None, found)


def latency_gate(contest: Contest) -> GateResult:
    """A search takes at most so many times as long as in the live generation."""
    settings = contest.settings
    samples = sample_points(contest.corpus, contest.candidate, settings.recall_samples)
    beside = sample_points(contest.corpus, contest.live, settings.recall_samples)
    if not samples or not beside:
        return GateResult("latency", GateOutcome.SKIPPED, "a generation holds no points")
    live, mine, most = 0.0, 0.0, -1.0
    for _ in range(LOOKS):  # a busy machine disturbs one look, hardly two
        live = upper(latencies(contest.corpus, contest.live, beside))
        mine = upper(latencies(contest.corpus, contest.candidate, samples))
        most = max(settings.max_latency_ratio * live, settings.latency_floor_ms)
        if mine <= most:
            break
    detail = f"p95 {mine:.1f} ms, live {live:.1f} ms, at most {most:.1f} ms"
    return judged("latency", mine <= most, detail, live, mine)


def known_items_gate(contest: Contest) -> GateResult:
    """Passages of live documents are found again by words of their own."""
    settings = contest.settings
    if not settings.known_items:
        return GateResult("known_items", GateOutcome.SKIPPED, "promotion.known_items is 0")
    live, mine, asked = known_items(
        contest.corpus, contest.live, contest.candidate, settings.known_items
    )
    if not asked:
        return GateResult("known_items", GateOutcome.SKIPPED, "the live generation has no text")
    detail = f"{mine} of {asked} documents in the first 5, {live} in the live generation"
    holds = mine >= live - settings.known_item_tolerance * asked
    return judged("known_items", holds, detail, live / asked, mine / asked)


LOOKS = 3
"""How often latency is measured before it is found too high."""
LEAST_TEXT = 0.98
"""Share of the live generation's covered text that a candidate must cover."""
STRUCTURE: tuple[Gate, ...] = (fingerprint_gate, documents_gate, points_gate)
SEARCH: tuple[Gate, ...] = (text_gate, recall_gate, latency_gate, known_items_gate)


def failed_gates(results: Sequence[GateResult]) -> list[str]:
    """Say which gates stand in the way, one line each."""
    return [f"{r.gate}: {r.detail}" for r in results if not r.holds]


def not_again(candidate: Generation, results: Sequence[GateResult]) -> tuple[GateResult, ...]:
    """Return what the ledger knows of the gates that did not look again.

    Args:
        candidate: With its results so far, as the ledger keeps them.
        results: Those of the gates that looked again.
    """
    again = {result.gate for result in results}
    return tuple(
        GateResult(
            gate=record["gate"],
            outcome=GateOutcome(record["outcome"]),
            detail=record["detail"],
            live=record.get("live"),
            candidate=record.get("candidate"),
            looked=Looked.WHEN_BUILT,
            against=held_against(candidate, record),
        )
        for record in candidate.gates or ()
        if record["gate"] not in again
    )


def gate_records(results: Sequence[GateResult]) -> list[Mapping[str, Any]]:
    """Return the results as the ledger keeps them."""
    return [result.to_json() for result in results]
