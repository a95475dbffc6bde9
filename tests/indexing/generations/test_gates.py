"""The gates: each fails when what it guards is broken, and a failed one stops the promotion."""

import time
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from config.settings import Approval
from indexing.errors import PromotionError
from indexing.generations import gates
from indexing.generations.gates import (
    Contest,
    GateOutcome,
    Looked,
    documents_gate,
    failed_gates,
    fingerprint_gate,
    judged,
    known_items_gate,
    latency_gate,
    points_gate,
    recall_gate,
    renew_search_gates,
    run_gates,
    text_gate,
)
from indexing.generations.reindex import promote
from indexing.ledger.documents import open_points, open_versions
from indexing.ledger.generations import find_generation
from indexing.ledger.runs import recent_runs
from indexing.points import PointFilter
from indexing.running.report import RunState
from indexing.upkeep.purge import purge
from indexing.upkeep.purge_targets import find_target

TEXTS = {
    f"{topic}.txt": f"The {topic} is serviced by the harbour crew every {number + 2} weeks, and "
    f"the log of the {topic} is kept in cabinet {number} on the second floor of the old mill."
    for number, topic in enumerate(("winch", "buoy", "sonar", "hoist", "beacon", "ladder"))
}


@pytest.fixture
def contest(rig: Any) -> Contest:
    """A sound candidate beside the live generation."""
    for key, text in TEXTS.items():
        rig.write(key, text)
    rig.ingest()
    rig.reindex(approval=Approval.MANUAL)
    return again(rig.corpus)


def again(corpus: Any) -> Contest:
    """The contest as the ledger has it now."""
    found = [find_generation(corpus.ledger, f"holdfast__g{number}") for number in (1, 2)]
    return Contest(corpus, *found)


def test_a_sound_candidate_passes_every_gate(contest: Contest) -> None:
    results = run_gates(contest)
    assert {r.gate: r.outcome for r in results} == dict.fromkeys(
        ("fingerprint", "documents", "points", "text", "recall", "latency", "known_items"),
        GateOutcome.PASSED,
    )
    assert failed_gates(results) == []


def test_lost_points_fail(contest: Contest) -> None:
    lost = next(contest.corpus.store.scroll(contest.candidate.name, PointFilter())).id
    contest.corpus.store.delete(contest.candidate.name, [lost])
    assert points_gate(contest).outcome is GateOutcome.FAILED
    assert documents_gate(contest).outcome is GateOutcome.PASSED


def test_a_document_in_another_version_fails(contest: Contest, rig: Any) -> None:
    rig.write("winch.txt", "The winch was replaced.")
    rig.ingest()
    result = documents_gate(again(rig.corpus))
    assert result.outcome is GateOutcome.FAILED
    assert "lacking: winch.txt" in result.detail


def test_another_pipeline_than_the_ledger_says_fails(contest: Contest) -> None:
    other = replace(contest, candidate=replace(contest.candidate, fingerprint="0" * 16))
    assert fingerprint_gate(other).outcome is GateOutcome.FAILED
    contest.corpus.store.drop(contest.candidate.name)
    assert "gone" in fingerprint_gate(contest).detail


def spoil(contest: Contest, **changes: Any) -> None:
    """Give every point of the candidate another payload or another vector."""
    store, name = contest.corpus.store, contest.candidate.name
    from indexing.points import Point

    points = [
        Point(
            p.id,
            changes.get("dense", p.dense),
            p.sparse,
            {**p.payload, **changes.get("payload", {})},
        )
        for p in store.scroll(name, PointFilter(), vectors=True)
    ]
    store.upsert(name, points)


def test_a_chunker_that_loses_text_fails(contest: Contest) -> None:
    spoil(contest, payload={"end": 10})
    result = text_gate(contest)
    assert result.outcome is GateOutcome.FAILED
    assert result.candidate < result.live


def test_vectors_that_say_nothing_fail(contest: Contest) -> None:
    """All alike, and words that are in every chunk alike: no passage is found by its own."""
    from indexing.points import Point, Sparse

    store, name = contest.corpus.store, contest.candidate.name
    same = np.ones(384, dtype=np.float32) / np.sqrt(np.float32(384))
    points = list(store.scroll(name, PointFilter()))
    store.upsert(name, [Point(p.id, same, Sparse((1,), (1.0,)), p.payload) for p in points])
    result = known_items_gate(contest)
    assert result.outcome is GateOutcome.FAILED
    assert "6 in the live generation" in result.detail


def test_an_index_that_overlooks_neighbours_fails(
    contest: Contest, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = contest.corpus.store
    real = type(store).search

    def search(self: Any, collection: str, query: Any) -> Any:
        hits = real(self, collection, query)
        return hits if query.exact else replace(hits, dense=hits.dense[:1])

    monkeypatch.setattr(type(store), "search", search)
    assert recall_gate(contest).outcome is GateOutcome.FAILED


def test_a_slow_index_fails_and_a_fast_one_passes_whatever_the_ratio(contest: Contest) -> None:
    def within(**changes: float) -> GateOutcome:
        settings = contest.corpus.settings
        promotion = settings.promotion.model_copy(update=changes)
        contest.corpus.settings = settings.model_copy(update={"promotion": promotion})
        return latency_gate(contest).outcome

    assert within(max_latency_ratio=1e-6, latency_floor_ms=0.0) is GateOutcome.FAILED
    assert within(latency_floor_ms=10_000.0) is GateOutcome.PASSED


@pytest.mark.parametrize(
    ("candidate_ms", "outcome"), [(20.0, GateOutcome.PASSED), (21.0, GateOutcome.FAILED)]
)
def test_a_search_may_take_so_many_times_as_long_as_in_the_live_generation(
    contest: Contest, monkeypatch: pytest.MonkeyPatch, candidate_ms: float, outcome: GateOutcome
) -> None:
    took = {contest.live.name: [10.0], contest.candidate.name: [candidate_ms]}
    monkeypatch.setattr(gates, "latencies", lambda _, generation, __: took[generation.name])
    settings = contest.corpus.settings
    within = {"max_latency_ratio": 2.0, "latency_floor_ms": 15.0}
    promotion = settings.promotion.model_copy(update=within)
    contest.corpus.settings = settings.model_copy(update={"promotion": promotion})
    assert latency_gate(contest).outcome is outcome


def test_a_generation_without_documents_can_be_replaced(rig: Any) -> None:
    rig.write("only.txt", "The winch is serviced every two weeks.")
    rig.ingest()
    purge(rig.corpus, [find_target(rig.corpus, "only.txt").document_id])
    rebuilt = rig.reindex()
    assert rebuilt.switch is not None, rebuilt.report.message
    assert rig.live == "holdfast__g2"


def test_a_gate_of_a_higher_layer_can_stop_a_promotion_and_it_stays_stopped(rig: Any) -> None:
    rig.write("a.txt", "A note about the mooring.")
    rig.ingest()
    rebuilt = rig.reindex(gates=[lambda _: judged("golden", False, "3 of 9 found, live 9")])
    assert rebuilt.report.state is RunState.GATES_FAILED
    assert rebuilt.switch is None
    assert rig.live == "holdfast__g1"
    with pytest.raises(PromotionError, match=r"rejected \(golden: 3 of 9 found, live 9\)"):
        rig.promote("holdfast__g2")
    with pytest.raises(PromotionError, match="No generation waits"):
        rig.promote()
    recorded = find_generation(rig.corpus.ledger, "holdfast__g2").gates
    assert [g["gate"] for g in recorded if g["outcome"] == "failed"] == ["golden"]


def test_what_is_replaced_is_what_a_promotion_is_held_against(contest: Contest, rig: Any) -> None:
    """Another generation became live since the gates of this one looked."""
    assert {g["against"] for g in contest.candidate.gates or ()} == {"holdfast__g1"}
    assert renew_search_gates(contest) == ()
    rig.reindex(overrides={"chunking.max_tokens": 100})
    assert rig.live == "holdfast__g3"
    done = rig.promote("holdfast__g2")
    assert done.live == "holdfast__g2"
    assert {(r.against, r.looked) for r in done.gates} == {("holdfast__g3", Looked.NOW)}
    assert {r.gate for r in done.gates} == {r.gate for r in run_gates(contest)}


def test_a_candidate_worse_than_what_became_live_meanwhile_is_not_promoted(
    contest: Contest, rig: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    rig.reindex(overrides={"chunking.max_tokens": 100})
    covered = {"holdfast__g2": 50, "holdfast__g3": 100}
    monkeypatch.setattr(
        "indexing.generations.gates.covered_characters", lambda _, g: {"a": covered[g.name]}
    )
    done = rig.promote("holdfast__g2")
    assert done.report.state is RunState.GATES_FAILED
    assert rig.live == "holdfast__g3"


def test_what_the_gates_took_is_part_of_the_run(
    contest: Contest, rig: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = {"late": 0.0}
    really = time.perf_counter
    monkeypatch.setattr("time.perf_counter", lambda: really() + clock["late"])

    def asks_for_long(_: Contest) -> Any:
        clock["late"] += 500.0
        return judged("golden", True, "130 questions")

    done = promote(rig.corpus, gates=[asks_for_long])
    assert done.report.seconds > 500
    assert recent_runs(rig.corpus.ledger, 1)[0].seconds == done.report.seconds


def test_a_candidate_that_lost_points_while_it_waited_is_not_promoted(
    contest: Contest, rig: Any
) -> None:
    ids = [
        point
        for points in open_points(
            rig.corpus.ledger,
            "holdfast__g2",
            list(open_versions(rig.corpus.ledger, "holdfast__g2")),
        ).values()
        for point in points
    ]
    rig.corpus.store.delete("holdfast__g2", ids[:2])
    done = rig.promote()
    assert done.switch is None
    assert done.report.state is RunState.GATES_FAILED
    assert rig.live == "holdfast__g1"
