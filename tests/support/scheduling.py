"""Which worker runs which tests: files stay together, and one worker has all flows."""

from collections.abc import Sequence

import pytest
from xdist.scheduler.loadfile import LoadFileScheduling

FLOWS = "tests/flows/"
LONGEST_FIRST = (
    FLOWS, "tests/faults/", "tests/indexing/", "tests/project/", "tests/service/",
    "tests/ingestion/parsing/", "tests/ingestion/sources/", "tests/query/generation/",
)  # fmt: skip
"""Folders in the order of their longest files: a long file that starts last leaves cores idle."""


class ByFile(LoadFileScheduling):
    """Hands out whole files in the order of the collection, those of the flows as one."""

    def _split_scope(self, nodeid: str) -> str:
        # A Prefect server takes ten seconds of a core to start, and each worker has its own.
        return FLOWS if nodeid.startswith(FLOWS) else str(super()._split_scope(nodeid))


def order(items: list[pytest.Item]) -> None:
    """Put the folders with the longest files first; within a folder nothing changes."""
    items.sort(key=lambda item: rank(item.nodeid, LONGEST_FIRST))


def rank(nodeid: str, folders: Sequence[str]) -> int:
    """Place of a test's folder, after all of them where it is in none."""
    return next((n for n, folder in enumerate(folders) if nodeid.startswith(folder)), len(folders))
