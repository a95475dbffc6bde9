"""Deletions are withheld where they are many, and only then; a person approves up to a number."""

from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from config.settings import GuardSettings
from config.sources import TableSource
from indexing.ledger.documents import DocumentState, Standing
from indexing.planning.deletion_guard import guard_deletions
from indexing.running.ingest import run_ingest
from indexing.running.report import RunState
from indexing.running.session import IngestSession
from ingestion.document import Listing, SourceEntry, Stat
from ingestion.sources.configured import make_source

GUARDS = GuardSettings(max_deletions=10, max_deleted_share=0.1)
LEFT = Listing((SourceEntry("left.txt", Stat(1, 1)),), complete=True)


def missing(number: int) -> list[Standing]:
    return [
        Standing(
            UUID(int=n),
            "docs",
            f"{n}.txt",
            DocumentState.INDEXED,
            None,
            None,
            1,
            "c" * 64,
            Stat(1, 1),
        )
        for n in range(number)
    ]


@pytest.mark.parametrize(
    ("gone", "known", "ceiling", "goes"),
    [
        (10, 20, None, True),  # not above the number
        (11, 110, None, True),  # not above the share
        (11, 109, None, False),
        (11, 109, 10, False),
        (11, 109, 11, True),
    ],
)
def test_they_go_unless_number_and_share_are_above_what_is_allowed(
    gone: int, known: int, ceiling: int | None, goes: bool
) -> None:
    vanished = missing(gone)
    deleted, withheld = guard_deletions(vanished, known, LEFT, GUARDS, ceiling)
    assert (deleted, withheld) == ((tuple(vanished), ()) if goes else ((), tuple(vanished)))


def refused(number: int, version: int = 0) -> list[Standing]:
    state = DocumentState.QUARANTINED
    return [
        replace(s, document_id=UUID(int=1000 + n), state=state, version=version)
        for n, s in enumerate(missing(number))
    ]


@pytest.mark.parametrize(
    ("ceiling", "kept"), [(None, 11), (10, 11), (11, 0)], ids=["none", "less", "enough"]
)
def test_what_was_only_ever_refused_goes_and_counts_for_nothing(
    ceiling: int | None, kept: int
) -> None:
    never, served = refused(30), missing(11)
    assert guard_deletions(never, 20, LEFT, GUARDS) == (tuple(never), ())
    deleted, withheld = guard_deletions([*never, *served], 20, LEFT, GUARDS, ceiling)
    assert withheld == tuple(served[:kept])
    assert deleted == (*never, *served[kept:])


def test_what_is_refused_and_served_in_an_older_version_counts() -> None:
    once = refused(11, version=2)
    assert guard_deletions(once, 20, LEFT, GUARDS) == ((), tuple(once))


def test_of_an_empty_or_incomplete_listing_nothing_goes() -> None:
    never = refused(2)
    assert guard_deletions(never, 0, Listing((), complete=True), GUARDS) == ((), tuple(never))
    partial = replace(LEFT, complete=False)
    assert guard_deletions(never, 0, partial, GUARDS, 5) == ((), tuple(never))


def test_a_table_with_many_mended_rows_is_in_order_again(home: Any, tmp_path: Path) -> None:
    table = tmp_path / "rows.jsonl"
    source = make_source(home.settings, TableSource(name="rows", kind="table", path=table))

    def ingest(*lines: str) -> Any:
        table.write_text("\n".join(lines) + "\n")
        with IngestSession(home.corpus, [source], generation=home.corpus.writable()) as session:
            return run_ingest(session)

    good = [f'{{"id": {n}, "text": "Row {n} has words."}}' for n in range(20)]
    assert ingest(*good[:5], *["{broken"] * 15).state is RunState.LISTING_INCOMPLETE
    report = ingest(*good)
    assert (report.state, report.withheld) == (RunState.COMPLETED, ())
    assert (report.counts.indexed, report.counts.unchanged, report.counts.deleted) == (15, 5, 15)
