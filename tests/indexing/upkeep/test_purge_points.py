"""Whose collections a purge goes through: those of its home, and of no other one."""

from typing import Any

import pytest

from indexing.points import CollectionSpec, Point, PointFilter
from indexing.upkeep.purge import purge
from tests.support.marked import KEY, id_at


def copied_to(rig: Any, collection: str) -> int:
    """Make a collection with the same points; returns how many there are."""
    store = rig.corpus.store
    points = list(store.scroll("holdfast__g1", PointFilter(), vectors=True))
    store.create(collection, CollectionSpec(points[0].dense.size, "f" * 16))
    store.upsert(collection, [Point(p.id, p.dense, p.sparse, p.payload) for p in points])
    return len(points)


@pytest.mark.usefixtures("bytes_stay")
def test_collections_of_a_home_with_a_like_name_are_left_alone(two: Any) -> None:
    """On a server there may be others, and equal keys of equal sources have equal ids there."""
    foreign, forgotten = "holdfast__gold__g1", "holdfast__g7"
    count = copied_to(two, foreign)
    copied_to(two, forgotten)
    (receipt,) = purge(two.corpus, [id_at(two, KEY)])
    assert receipt.complete
    assert receipt.removed.points_deleted == {"holdfast__g1": 2, forgotten: 2}
    assert set(receipt.removed.bytes_rewritten) == {"ledger", "holdfast__g1", forgotten}
    assert two.count(foreign) == count


@pytest.mark.usefixtures("bytes_stay")
def test_generations_from_before_the_collection_was_called_otherwise_are_gone_through(
    two: Any,
) -> None:
    document = id_at(two, KEY)
    store = two.settings.store.model_copy(update={"collection": "renamed"})
    two.corpus.settings = two.settings.model_copy(update={"store": store})
    (receipt,) = purge(two.corpus, [document])
    assert receipt.complete
    assert receipt.removed.points_deleted == {"holdfast__g1": 2}
    assert two.count("holdfast__g1") == 1
