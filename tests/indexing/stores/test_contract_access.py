"""Every store holds reads to groups, sources and trusts alike."""

import pytest

from indexing.points import visible

ACLS = ([], None, ["a"], ["b"], ["a", "b"])


@pytest.fixture
def labelled(store, name, bench):
    """A collection with a point for every kind of ACL, one of them without the field."""
    collection = name("labelled")
    store.create(collection, bench.spec)
    points = [
        bench.point(number, acl=acl, source=f"s{number % 2}", trust=["low", "high"][number % 2])
        for number, acl in enumerate(ACLS)
    ]
    store.upsert(collection, [*points, bench.point(9)])
    return collection


@pytest.mark.parametrize(
    ("groups", "seen"),
    [
        (None, {0, 1, 2, 3, 4, 9}),
        (set(), {0, 1, 9}),
        ({"a"}, {0, 1, 2, 4, 9}),
        ({"b"}, {0, 1, 3, 4, 9}),
        ({"a", "b"}, {0, 1, 2, 3, 4, 9}),
        ({"c"}, {0, 1, 9}),
    ],
)
def test_a_point_with_an_acl_is_seen_by_its_groups_only(store, labelled, bench, groups, seen):
    where = visible(1, bench.tenant, groups=None if groups is None else frozenset(groups))
    allowed = {bench.id(number) for number in seen}
    assert {point.id for point in store.scroll(labelled, where)} == allowed
    assert store.count(labelled, where) == len(seen)
    hits = store.search(labelled, bench.query(3, (2,), where=where, limit=40, prefetch=40))
    assert {hit.id for hit in hits.dense} == allowed
    assert {hit.id for hit in (*hits.fused, *hits.sparse)} <= allowed


def test_counts_by_source_are_those_of_the_points_that_are_seen(store, labelled, bench):
    def counted(**options):
        return store.count_by_source(labelled, visible(1, bench.tenant, **options))

    assert counted() == {"s0": 3, "s1": 2}
    assert counted(groups=frozenset()) == {"s0": 1, "s1": 1}
    assert counted(sources=frozenset({"s1", "s2"})) == {"s1": 2}
    assert store.count_by_source(labelled, visible(1, "nobody")) == {}


def test_sources_and_trusts_leave_out_what_does_not_say(store, labelled, bench):
    def seen(**options):
        where = visible(1, bench.tenant, **options)
        return {point.id for point in store.scroll(labelled, where)}

    assert seen(sources=frozenset({"s1"})) == {bench.id(1), bench.id(3)}
    assert seen(trusts=frozenset({"low"})) == {bench.id(n) for n in (0, 2, 4)}
    assert seen(trusts=frozenset({"low", "high"})) == {bench.id(n) for n in range(5)}
    assert seen(sources=frozenset({"s1"}), trusts=frozenset({"low"})) == set()
