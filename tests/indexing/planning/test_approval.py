"""Approvals of withheld deletions: a ceiling from the newest listing, whatever the clock says."""

import datetime as dt
from typing import Any

import pytest
from sqlalchemy import update

from indexing.errors import IngestError
from indexing.ledger import tables
from indexing.ledger.database import now
from indexing.planning.approval import ceilings, withheld_now
from indexing.running.session import IngestSession
from ingestion.sources.local import LocalFolderSource


@pytest.fixture
def emptied(home: Any) -> Any:
    """A home whose folder lost everything; the deletions are withheld."""
    for number in range(12):
        home.write(f"{number}.txt", f"Note number {number}.")
    home.ingest()
    for number in range(12):
        (home.folder / f"{number}.txt").unlink()
    assert home.ingest().state == "DeletionsWithheld"
    return home


def withheld(home: Any) -> dict[str, int]:
    return withheld_now(home.corpus.ledger, "holdfast__g1", ["docs"])


def shift_clock_of_newest_run(home: Any, years: int) -> None:
    """Let the newest run have begun when a wrong clock said so."""
    run = tables.run
    with home.corpus.ledger.write() as connection:
        newest = connection.exec_driver_sql("SELECT max(rowid) FROM run").scalar()
        run_id = connection.exec_driver_sql(
            f"SELECT run_id FROM run WHERE rowid = {newest}"
        ).scalar()
        at = now() + dt.timedelta(days=365 * years)
        connection.execute(update(run).where(run.c.run_id == run_id).values(started_at=at))


def test_what_is_withheld_may_be_approved_up_to_its_number(emptied: Any) -> None:
    assert withheld(emptied) == {"docs": 12}
    allowed = ceilings(emptied.corpus.ledger, "holdfast__g1", ["docs"])
    source = LocalFolderSource("docs", emptied.folder)
    generation = emptied.corpus.writable()
    with IngestSession(
        emptied.corpus, [source], generation=generation, ceilings=allowed
    ) as session:
        plan = session.plan()
    assert len(plan.deleted) == 12


@pytest.mark.parametrize("years", [10, 0, -10])
def test_a_run_after_it_settles_the_matter_whatever_the_clock_said(
    emptied: Any, years: int
) -> None:
    """The clock was years ahead, or behind, while the deletions were withheld."""
    shift_clock_of_newest_run(emptied, years)
    for number in range(12):
        emptied.write(f"{number}.txt", f"Note number {number}.")
    emptied.ingest()
    assert withheld(emptied) == {}
    with pytest.raises(IngestError, match="nothing to approve"):
        ceilings(emptied.corpus.ledger, "holdfast__g1", ["docs"])


def test_a_new_listing_withholds_anew_although_an_old_run_says_it_is_newer(emptied: Any) -> None:
    for number in range(12):
        emptied.write(f"{number}.txt", f"Note number {number}.")
    emptied.ingest()
    shift_clock_of_newest_run(emptied, 10)
    for number in range(11):
        (emptied.folder / f"{number}.txt").unlink()
    emptied.ingest()
    assert withheld(emptied) == {"docs": 11}
