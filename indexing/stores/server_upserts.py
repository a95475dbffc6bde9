"""Upserts to a server: cut to its size limit, and the points at fault found by halving."""

from collections.abc import Callable, Iterator, Sequence

from qdrant_client import models

from indexing.points import BM25, DENSE, Point
from indexing.stores.server_calls import ContentRefusedError

Send = Callable[[Sequence[Point]], None]
"""Writes points in one request, or raises `ContentRefusedError`."""


def cut(
    points: Sequence[Point], sizes: Sequence[int], most_points: int, most_bytes: int
) -> Iterator[Sequence[Point]]:
    """Cut points into requests of at most so many points and bytes, in their order.

    Args:
        points: What is to be written.
        sizes: The size of each as JSON, none larger than `most_bytes`.
        most_points: Points per request.
        most_bytes: Bytes per request.
    """
    start = filled = 0
    for place, size in enumerate(sizes):
        if place > start and (place - start == most_points or filled + size > most_bytes):
            yield points[start:place]
            start, filled = place, 0
        filled += size
    if start < len(points):
        yield points[start:]


def send_all_good(
    points: Sequence[Point], send: Send, prove: Callable[[], None]
) -> list[tuple[Point, str]]:
    """Write every point that the server takes; returns the others, each with the reason.

    A refused request says at best one thing that is wrong with it, and not always which point
    it means. So it is halved until what is refused is one point; that takes about two requests
    per halving and bad point.

    Args:
        points: At most one request of them.
        send: Writes points in one request.
        prove: Raises if the refusal has nothing to do with the points.
    """
    try:
        send(points)
    except ContentRefusedError as error:
        prove()
        return _halved(points, send, str(error))
    return []


def _halved(points: Sequence[Point], send: Send, refusal: str) -> list[tuple[Point, str]]:
    if len(points) == 1:
        return [(points[0], refusal)]
    faulty: list[tuple[Point, str]] = []
    middle = len(points) // 2
    for half in (points[:middle], points[middle:]):
        try:
            send(half)
        except ContentRefusedError as error:
            faulty += _halved(half, send, str(error))
    return faulty


def harmless_point(point_id: str, dimension: int) -> models.PointStruct:
    """A point that every healthy collection of ours takes: to tell bad points from a full store."""
    vectors: dict[str, models.Vector] = {
        DENSE: [1.0, *([0.0] * (dimension - 1))],
        BM25: models.SparseVector(indices=[0], values=[1.0]),
    }
    return models.PointStruct(id=point_id, vector=vectors, payload={})
