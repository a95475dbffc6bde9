"""Which worker runs which tests: files stay together, and so do those that load the same."""

from collections.abc import Sequence

import pytest
from xdist.scheduler.loadfile import LoadFileScheduling

FLOWS = "tests/flows/"
LONGEST_FIRST = (
    FLOWS, "tests/faults/", "tests/indexing/", "tests/project/", "tests/service/",
    "tests/ingestion/parsing/", "tests/ingestion/sources/", "tests/query/generation/",
)  # fmt: skip
"""Folders in the order of their longest files: a long file that starts last leaves cores idle."""
MODELS = (
    "tests/indexing/encoding/test_encoder.py", "tests/indexing/encoding/test_remembered.py",
    "tests/query/judging/test_cross_encoder.py",
)  # fmt: skip
"""Files whose tests load sentence-transformers into their own process: eight seconds of a core."""


class ByFile(LoadFileScheduling):
    """Hands out files in the order of the collection; the flows are as one, and the models."""

    def _split_scope(self, nodeid: str) -> str:
        # A Prefect server takes ten seconds of a core to start, and each worker has its own.
        if nodeid.startswith(FLOWS):
            return FLOWS
        return MODELS[0] if nodeid.startswith(MODELS) else str(super()._split_scope(nodeid))


def order(items: list[pytest.Item]) -> None:
    """Put the folders with the longest files first; within a folder nothing changes."""
    items.sort(key=lambda item: rank(item.nodeid, LONGEST_FIRST))


def rank(nodeid: str, folders: Sequence[str]) -> int:
    """Place of a test's folder, after all of them where it is in none."""
    return next((n for n, folder in enumerate(folders) if nodeid.startswith(folder)), len(folders))
