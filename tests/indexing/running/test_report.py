"""How a run ends, by name: the most pressing fact wins, and accounts that do not close fail it."""

from typing import Any
from uuid import uuid4

import pytest

from indexing.committing.batches import CommittedBatch
from indexing.errors import IngestError
from indexing.ledger.commits import Settled
from indexing.ledger.documents import DocumentState, Standing
from indexing.planning.planned import Plan, PlannedMove
from indexing.running.report import Counts, RunState, Tally, final_state, summary
from ingestion.document import SkippedEntry, SourceEntry, Stat

NONE: dict[str, Any] = dict.fromkeys(
    ("added", "changed", "moved", "deleted", "withheld", "touched", "refused", "skipped"), ()
) | {"enumerated": 0, "unchanged": 0, "remembered": 0, "problems": ()}
INDEXED, QUARANTINED = DocumentState.INDEXED, DocumentState.QUARANTINED


def plan(**more: Any) -> Plan:
    return Plan(**(NONE | more))


def standing(source: str, state: DocumentState = INDEXED) -> Standing:
    return Standing(uuid4(), source, f"{uuid4()}.md", state, None, None, 1, None, Stat(9, 0))


def settled(outcome: DocumentState, **more: Any) -> Settled:
    given = {"document_id": uuid4(), "key": "a.md", **more}
    return Settled(
        tenant="t", source="s", outcome=outcome, state=outcome, version=1, stat=Stat(2_000_000, 0),
        **given,
    )  # fmt: skip


def tally(*outcomes: Settled, found: int = 0) -> Tally:
    made = Tally("run", "g1", 3)
    batch = CommittedBatch(
        1, 4, outcomes, chunks_embedded=5, chunks_reused=2, points_added=7, points_closed=1,
        parse_seconds=0.1, embed_seconds=0.2, store_seconds=0.3, found=found,
    )  # fmt: skip
    made.add(batch)
    return made


def relabelled(kept: Standing) -> PlannedMove:
    return PlannedMove(kept.source, SourceEntry(kept.key, kept.stat), kept)


@pytest.mark.parametrize(
    ("planned", "counts", "refused", "state"),
    [
        (plan(), Counts(unchanged=4), [], RunState.NOTHING_TO_DO),
        (plan(), Counts(indexed=1), [], RunState.COMPLETED),
        (plan(), Counts(moved=1), [], RunState.COMPLETED),
        (plan(), Counts(deleted=1), [], RunState.COMPLETED),
        (plan(relabelled=(relabelled(standing("s")),)), Counts(), [], RunState.COMPLETED),
        (plan(), Counts(), [settled(QUARANTINED)], RunState.COMPLETED_WITH_QUARANTINE),
        (plan(problems=("s: away",)), Counts(), [settled(QUARANTINED)], "ListingIncomplete"),
        (plan(withheld=(standing("s"),)), Counts(), [], RunState.DELETIONS_WITHHELD),
        (
            plan(withheld=(standing("s"),), incomplete={"s": "cut short"}),
            Counts(),
            [],
            RunState.LISTING_INCOMPLETE,
        ),
        (
            plan(withheld=(standing("s"), standing("u")), incomplete={"s": "cut short"}),
            Counts(),
            [],
            RunState.DELETIONS_WITHHELD,
        ),
    ],
)
def test_the_most_pressing_fact_names_the_end(
    planned: Plan, counts: Counts, refused: list[Settled], state: str
) -> None:
    assert final_state(planned, counts, refused) == state


def test_a_run_that_lost_sight_of_a_document_fails() -> None:
    listed: dict[str, Any] = {"skipped": (SkippedEntry("b.md", "a folder"),), "unchanged": 2}
    done = [settled(INDEXED), settled(DocumentState.MOVED), settled(DocumentState.UNCHANGED)]
    counts = tally(*done).report(plan(enumerated=6, **listed)).counts
    assert counts == Counts(6, indexed=1, unchanged=3, moved=1, skipped=1)
    with pytest.raises(IngestError, match=r"run do not close.*holdfast ingest"):
        tally(*done).report(plan(enumerated=7, **listed))


def test_a_part_that_was_found_counts_as_enumerated() -> None:
    report = tally(settled(INDEXED), settled(INDEXED), found=1).report(plan(enumerated=1))
    assert (report.counts.enumerated, report.message) == (2, "2 enumerated, 2 indexed")
    assert (report.epoch, report.points_added, report.points_closed) == (4, 7, 1)


def test_withheld_deletions_are_counted_by_source_and_not_enumerated() -> None:
    kept = [standing("s"), standing("s"), standing("u")]
    report = tally(settled(QUARANTINED, document_id=kept[0].document_id)).report(
        plan(withheld=tuple(kept), listed=("s", "u", "w"))
    )
    assert report.withheld_by_source == {"s": 2, "u": 1, "w": 0}
    assert (report.counts.withheld, report.counts.quarantined) == (3, 0)


def test_what_stood_in_quarantine_and_got_other_labels_is_not_refused_anew() -> None:
    kept = standing("s", QUARANTINED)
    again = settled(QUARANTINED, document_id=kept.document_id, key=kept.key)
    made = tally(again, settled(QUARANTINED, reason="corrupt", detail="It is cut short."))
    report = made.report(plan(enumerated=2, relabelled=(relabelled(kept),)))
    assert report.refusals == (("a.md", "corrupt", "It is cut short."),)
    assert report.message == "2 enumerated, 2 quarantined, 1 given other labels"
    assert summary(Counts()) == "nothing listed"


def test_throughput_is_over_the_whole_run() -> None:
    made = tally(settled(INDEXED, seconds=1.0), settled(INDEXED, seconds=3.0, peak_mb=70.0))
    made.started -= 10.0
    report = made.report(plan(enumerated=2))
    assert report.throughput["documents"] == pytest.approx(0.2, rel=0.2)
    assert report.throughput["chunks"] == pytest.approx(0.7, rel=0.2)
    assert report.throughput["megabytes"] == pytest.approx(0.4, rel=0.2)
    assert report.parser_peak_mb == 70.0
    assert 1.0 < report.peak_memory_mb < 1_000_000.0
