"""Tells when live questions are no longer like those a calibration was made from."""

import math
import threading
from bisect import bisect_right
from collections import deque
from collections.abc import Iterable, Sequence

from query.calibrating.calibration import Calibration

WINDOW = 500
"""Latest questions that are looked at."""
LEAST = 200
"""With fewer, chance alone moves the index past the limit now and then."""
STALE_FROM = 0.25
"""Population stability index that is taken for another population; .1 is common noise."""
SMOOTHING = 0.5
"""Added to every step, so that one that was never seen does not make the index infinite."""


def stability(reference: Sequence[float], counts: Sequence[int]) -> float:
    """Return the population stability index of counted questions against shares.

    Args:
        reference: Share per step in the calibration; sums up to 1.
        counts: Live questions per step.
    """
    steps, total = len(reference), sum(counts)
    if not total:
        return 0.0
    index = 0.0
    for share, count in zip(reference, counts, strict=True):
        expected = (share * total + SMOOTHING) / (total + SMOOTHING * steps)
        actual = (count + SMOOTHING) / (total + SMOOTHING * steps)
        index += (actual - expected) * math.log(actual / expected)
    return index


def count_steps(edges: Sequence[float], probabilities: Iterable[float]) -> list[int]:
    """Count probabilities per step between the edges."""
    counts = [0] * (len(edges) + 1)
    for p in probabilities:
        counts[bisect_right(edges, p)] += 1
    return counts


class DriftWatch:
    """Keeps the latest probabilities under one calibration; usable from several threads."""

    def __init__(self, calibration: Calibration, latest: Iterable[float] = ()) -> None:
        """Begin with what was logged, oldest first."""
        self._calibration = calibration
        self._latest = deque(latest, WINDOW)
        self._lock = threading.Lock()

    def saw(self, p: float) -> None:
        """Take note of one more question."""
        with self._lock:
            self._latest.append(p)

    @property
    def seen(self) -> int:
        """Number of questions in the window."""
        return len(self._latest)

    def index(self) -> float | None:
        """Return the stability index, or none while there are too few questions."""
        with self._lock:
            latest = list(self._latest)
        if len(latest) < LEAST or not self._calibration.reference:
            return None
        return stability(self._calibration.reference, count_steps(self._calibration.edges, latest))

    def is_stale(self) -> bool:
        """Whether live questions are others than those of the calibration."""
        index = self.index()
        return index is not None and index >= STALE_FROM
