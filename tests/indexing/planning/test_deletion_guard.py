"""Deletions are withheld where they are many, and only then; a person approves up to a number."""

from uuid import UUID

import pytest

from config.settings import GuardSettings
from indexing.ledger.documents import DocumentState, Standing
from indexing.planning.deletion_guard import guard_deletions
from ingestion.document import Listing, SourceEntry, Stat

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
