"""How far an ingest is: the share of its documents, and what is left at the rate so far."""

import pytest

from indexing.running.watch import Progress


@pytest.mark.parametrize(
    ("done", "total", "share", "left"),
    [(0, 8, 0.0, None), (2, 8, 0.25, 30.0), (8, 8, 1.0, 0.0), (0, 0, 1.0, None)],
)
def test_the_share_and_the_time_left(
    done: int, total: int, share: float, left: float | None
) -> None:
    progress = Progress(documents_done=done, documents_total=total, chunks=5, seconds=10.0)
    assert (progress.share, progress.seconds_left) == (share, left)
