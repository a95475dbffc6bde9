"""The contract of `VectorStore`, the same for every store there is."""

import dataclasses
import os
import re
from collections import Counter

import numpy as np
import pytest

from indexing.errors import LeaseLostError, PointsRejectedError, StoreRejectedError
from indexing.points import OPEN_END, PointFilter, Sparse, visible


class TestCollections:
    """Creating, keeping, dropping; names."""

    def test_create_is_idempotent_and_keeps_points(self, store, filled, bench):
        store.create(filled, bench.spec)
        assert store.count(filled, PointFilter()) == 20
        assert store.spec(filled) == bench.spec
        assert filled in store.collections()

    @pytest.mark.parametrize(
        "change", [{"dimension": 4}, {"fingerprint": "other"}, {"metadata": {"encoder": "x"}}]
    )
    def test_another_spec_is_refused(self, store, filled, bench, change):
        with pytest.raises(StoreRejectedError, match="exists with dimension"):
            store.create(filled, dataclasses.replace(bench.spec, **change))
        assert store.spec(filled) == bench.spec

    def test_metadata_survives_as_json(self, store, name, bench):
        metadata = {"model": "m", "chunking": {"max_tokens": 200}, "languages": ["en", "de"]}
        store.create(name("meta"), dataclasses.replace(bench.spec, metadata=metadata))
        assert store.spec(name("meta")).metadata == metadata

    def test_drop_removes_it_and_its_alias_and_may_be_repeated(self, store, filled, name, bench):
        store.point_alias(name("live"), filled)
        store.drop(filled)
        store.drop(filled)
        assert store.spec(filled) is None
        assert filled not in store.collections()
        store.create(filled, bench.spec)
        assert store.alias(name("live")) is None, "a repair would show it while it is empty"

    def test_a_dropped_name_can_be_used_again_and_is_empty(self, store, filled, bench):
        store.drop(filled)
        store.create(filled, bench.spec)
        assert store.count(filled, PointFilter()) == 0

    @pytest.mark.parametrize("bad", ["", "../up", ".hidden", "a/b", "a b", "x" * 300])
    def test_names_that_are_no_names_are_refused(self, store, bench, bad):
        with pytest.raises(StoreRejectedError, match="name"):
            store.create(bad, bench.spec)
        with pytest.raises(StoreRejectedError, match="name"):
            store.alias(bad)

    @pytest.mark.parametrize(
        "call",
        [
            lambda s, c, b: s.upsert(c, [b.point(1)]),
            lambda s, c, b: s.set_valid_to(c, [b.id(1)], 2),
            lambda s, c, b: s.delete(c, [b.id(1)]),
            lambda s, c, b: s.count(c, PointFilter()),
            lambda s, c, b: s.count_by_document(c, PointFilter()),
            lambda s, c, b: list(s.scroll(c, PointFilter())),
            lambda s, c, b: s.fetch(c, [b.id(1)]),
            lambda s, c, b: s.search(c, b.query(1, (1,))),
            lambda s, c, b: s.point_alias(c + "-alias", c),
        ],
    )
    def test_an_unknown_collection_is_refused_by_name(self, store, name, bench, call):
        with pytest.raises(StoreRejectedError, match=name("nowhere")):
            call(store, name("nowhere"), bench)
        assert name("nowhere") not in store.collections()


class TestAliases:
    """One name for the live collection."""

    def test_an_alias_names_a_collection_and_is_overwritten(self, store, filled, name, bench):
        other = name("other")
        store.create(other, bench.spec)
        assert store.alias(name("live")) is None
        store.point_alias(name("live"), filled)
        assert store.alias(name("live")) == filled
        store.point_alias(name("live"), other)
        assert store.alias(name("live")) == other

    def test_a_failed_overwrite_leaves_the_old_target(self, store, filled, name):
        store.point_alias(name("live"), filled)
        with pytest.raises(StoreRejectedError):
            store.point_alias(name("live"), name("nowhere"))
        assert store.alias(name("live")) == filled

    def test_an_alias_cannot_take_the_name_of_a_collection(self, store, filled):
        with pytest.raises(StoreRejectedError, match="collection"):
            store.point_alias(filled, filled)

    def test_a_collection_cannot_take_the_name_of_an_alias(self, store, filled, name, bench):
        store.point_alias(name("live"), filled)
        with pytest.raises(StoreRejectedError, match="alias"):
            store.create(name("live"), bench.spec)
        assert name("live") not in store.collections()
        assert store.alias(name("live")) == filled


class TestWriting:
    """Points in, points out, and what is refused."""

    def test_what_was_written_is_read_back_with_its_vectors(self, store, filled, bench):
        wanted = bench.points(20)
        read = store.fetch(filled, [point.id for point in wanted], vectors=True)
        assert [point.id for point in read] == [point.id for point in wanted]
        for point, original in zip(read, wanted, strict=True):
            assert dict(point.payload) == dict(original.payload)
            np.testing.assert_allclose(point.dense, original.dense, atol=1e-6)
            assert point.dense.dtype == np.float32
            written = dict(zip(original.sparse.indices, original.sparse.values, strict=True))
            assert dict(zip(point.sparse.indices, point.sparse.values, strict=True)) == written

    def test_an_upsert_replaces_payload_and_vectors(self, store, filled, bench):
        other = bench.point(3, dense=bench.unit(99), terms=(5,), key="moved.md")
        store.upsert(filled, [other])
        (read,) = store.fetch(filled, [other.id], vectors=True)
        assert store.count(filled, PointFilter()) == 20
        assert read.payload["key"] == "moved.md"
        np.testing.assert_allclose(read.dense, bench.unit(99), atol=1e-6)
        assert read.sparse == Sparse((5,), (1.0,))

    def test_fetch_keeps_order_and_leaves_out_what_is_missing(self, store, filled, bench):
        ids = [bench.id(7), bench.id(500), bench.id(2)]
        read = store.fetch(filled, ids)
        assert [point.id for point in read] == [bench.id(7), bench.id(2)]
        assert all(point.dense is None and point.sparse is None for point in read)

    def test_an_empty_sparse_vector_can_be_stored(self, store, filled, bench):
        store.upsert(filled, [bench.point(50, terms=())])
        (read,) = store.fetch(filled, [bench.id(50)], vectors=True)
        assert read.sparse is None or read.sparse == Sparse((), ())

    @pytest.mark.parametrize("call", ["upsert", "set_valid_to", "delete", "fetch"])
    def test_an_empty_list_does_nothing(self, store, filled, call):
        arguments = (filled, [], 5) if call == "set_valid_to" else (filled, [])
        assert not getattr(store, call)(*arguments)
        assert store.count(filled, PointFilter()) == 20

    @pytest.mark.parametrize(
        ("fault", "dense"),
        [
            ("NaN", [float("nan")] * 8),
            ("infinity", [float("inf")] * 8),
            ("normalised", [0.0] * 8),
            ("normalised", [3e38] * 8),
            ("shape", [1.0, 0.0]),
        ],
    )
    def test_a_vector_that_could_never_be_found_is_refused_before_anything_is_written(
        self, store, filled, bench, fault, dense
    ):
        bad = bench.point(61, dense=dense)
        with pytest.raises(StoreRejectedError, match=fault) as caught:
            store.upsert(filled, [bench.point(60), bad])
        assert str(bad.id) in str(caught.value)
        assert store.fetch(filled, [bench.id(60), bad.id]) == []

    def test_every_point_at_fault_is_named_and_no_other(self, store, filled, bench):
        faulty = [
            bench.point(61, dense=[0.0] * 8),
            bench.point(62, terms=(1, 1)),
            bench.point(63, terms=(2**32,)),
            bench.point(64, key="unpaired \udcff surrogate"),
            bench.point(65, text=object(), document_id="an object"),
        ]
        with pytest.raises(PointsRejectedError) as caught:
            store.upsert(filled, [bench.point(60), *faulty])
        assert caught.value.ids == tuple(point.id for point in faulty)
        documents = ("document-20", "document-20", "document-21", "document-21", "an object")
        assert caught.value.document_ids == documents
        assert store.count(filled, PointFilter()) == 20

    def test_set_valid_to_touches_only_these_points_and_ignores_unknown_ids(
        self, store, filled, bench
    ):
        store.set_valid_to(filled, [bench.id(500), bench.id(3), bench.id(4), bench.id(3)], 2)
        ended = {point.id for point in store.scroll(filled, PointFilter(ended_by=2))}
        assert ended == {bench.id(3), bench.id(4)}
        (read,) = store.fetch(filled, [bench.id(3)])
        assert dict(read.payload) == dict(bench.point(3, valid_to=2).payload)

    def test_valid_to_can_be_opened_again(self, store, filled, bench):
        store.set_valid_to(filled, [bench.id(3)], 2)
        store.set_valid_to(filled, [bench.id(3)], OPEN_END)
        assert store.fetch(filled, [bench.id(3)])[0].payload["valid_to"] == OPEN_END
        assert store.count(filled, visible(2**40, bench.tenant)) == 20

    def test_an_expected_end_that_is_another_one_is_left_alone(self, store, filled, bench):
        store.set_valid_to(filled, [bench.id(3)], 7)
        store.set_valid_to(filled, [bench.id(2), bench.id(3)], 9, expected=OPEN_END)
        store.set_valid_to(filled, [bench.id(3), bench.id(500)], 8, expected=6)
        ends = [p.payload["valid_to"] for p in store.fetch(filled, [bench.id(2), bench.id(3)])]
        assert ends == [9, 7]
        store.set_valid_to(filled, [bench.id(2), bench.id(3)], OPEN_END, expected=7)
        ends = [p.payload["valid_to"] for p in store.fetch(filled, [bench.id(2), bench.id(3)])]
        assert ends == [9, OPEN_END]

    @pytest.mark.parametrize("call", ["upsert", "set_valid_to", "delete"])
    def test_a_fence_that_raises_stops_the_write(self, store, filled, bench, call):
        def replaced() -> None:
            raise LeaseLostError("somebody else writes now")

        before = sorted((p.id, str(p.payload)) for p in store.scroll(filled, PointFilter()))
        arguments = {
            "upsert": ([bench.point(3, key="other.md"), bench.point(90)],),
            "set_valid_to": ([bench.id(3)], 2),
            "delete": ([bench.id(3)],),
        }[call]
        with pytest.raises(LeaseLostError, match="somebody else"):
            getattr(store, call)(filled, *arguments, fence=replaced)
        after = sorted((p.id, str(p.payload)) for p in store.scroll(filled, PointFilter()))
        assert after == before

    @pytest.mark.parametrize("call", ["upsert", "set_valid_to", "delete"])
    def test_a_fence_is_asked_for_every_part_of_a_large_write(self, store, name, bench, call):
        collection = name("large")
        store.create(collection, bench.spec)
        points = bench.points(250)
        store.upsert(collection, points)
        asked = []
        ids = [p.id for p in points] * 5
        arguments = {"upsert": (points,), "set_valid_to": (ids, 2), "delete": (ids,)}[call]
        getattr(store, call)(collection, *arguments, fence=lambda: asked.append(1))
        assert len(asked) == (3 if call == "upsert" else 1)

    def test_delete_removes_only_these_points_and_may_be_repeated(self, store, filled, bench):
        gone = [bench.id(0), bench.id(1), bench.id(500)]
        store.delete(filled, gone)
        store.delete(filled, gone)
        assert store.count(filled, PointFilter()) == 18
        assert store.fetch(filled, gone) == []


class TestVisibility:
    """Epochs, tenants, exclusions."""

    def test_a_point_is_visible_from_its_start_until_just_before_its_end(self, store, name, bench):
        collection = name("epochs")
        store.create(collection, bench.spec)
        store.upsert(collection, [bench.point(1, valid_from=3, valid_to=5)])
        seen = [epoch for epoch in range(8) if store.count(collection, visible(epoch, "acme"))]
        assert seen == [3, 4]

    def test_marks_of_epochs_that_were_never_committed_do_not_count(self, store, name, bench):
        collection = name("aborted")
        store.create(collection, bench.spec)
        spans = {0: (1, OPEN_END), 1: (3, OPEN_END), 2: (1, 3), 3: (3, 5), 4: (1, 4), 5: (2, 3)}
        store.upsert(
            collection, [bench.point(n, valid_from=a, valid_to=b) for n, (a, b) in spans.items()]
        )

        def found(epoch: int, aborted: set[int]) -> set[int]:
            where = visible(epoch, bench.tenant, aborted=aborted)
            seen = {point.id for point in store.scroll(collection, where)}
            hits = store.search(collection, bench.query(1, (1,), where=where, limit=9)).dense
            assert {hit.id for hit in hits} == seen
            return {number for number in spans if bench.id(number) in seen}

        assert found(4, set()) == {0, 1, 3}
        assert found(4, {3}) == {0, 2, 5}
        assert found(2, {3}) == {0, 2, 4, 5}
        assert found(5, {3, 4}) == {0, 2, 4, 5}

    def test_the_open_end_is_compared_exactly(self, store, name, bench):
        collection = name("open")
        store.create(collection, bench.spec)
        store.upsert(collection, [bench.point(1), bench.point(2, valid_to=OPEN_END - 1)])
        at_end = {p.id for p in store.scroll(collection, PointFilter(visible_at=OPEN_END - 1))}
        ended = {p.id for p in store.scroll(collection, PointFilter(ended_after=1))}
        assert at_end == {bench.id(1)}
        assert ended == {bench.id(2)}
        assert store.count(collection, PointFilter(visible_at=OPEN_END)) == 0

    def test_the_filters_of_the_writer(self, store, name, bench):
        collection = name("writer")
        store.create(collection, bench.spec)
        epochs = {0: (1, OPEN_END), 1: (1, 4), 2: (2, 5), 3: (4, OPEN_END), 4: (5, OPEN_END)}
        store.upsert(
            collection,
            [bench.point(n, valid_from=a, valid_to=b) for n, (a, b) in epochs.items()],
        )

        def found(where: PointFilter) -> set[int]:
            ids = {point.id for point in store.scroll(collection, where)}
            return {number for number in epochs if bench.id(number) in ids}

        assert found(PointFilter(valid_from=1)) == {0, 1}
        assert found(PointFilter(started_after=2)) == {3, 4}
        assert found(PointFilter(ended_after=4)) == {2}
        assert found(PointFilter(ended_by=4)) == {1}
        assert found(PointFilter(ended_by=5, valid_from=2)) == {2}
        assert found(PointFilter()) == set(epochs)

    def test_every_condition_narrows(self, store, filled, bench):
        store.upsert(filled, [bench.point(40, tenant="other")])
        two = frozenset({"document-0", "document-1"})
        assert store.count(filled, visible(1, "acme")) == 20
        assert store.count(filled, visible(1, "other")) == 1
        assert store.count(filled, visible(1, "nobody")) == 0
        assert store.count(filled, visible(1, "acme", document_ids=two)) == 6
        keys = frozenset({"folder/0.md"})
        assert store.count(filled, visible(1, "acme", document_ids=two, exclude_keys=keys)) == 3
        without = PointFilter(tenant="acme", exclude_document_ids=two)
        assert store.count(filled, without) == 14

    def test_counts_by_document_add_up_to_the_count(self, store, filled, bench):
        store.set_valid_to(filled, [bench.id(0), bench.id(19)], 1)
        where = visible(1, bench.tenant)
        counts = store.count_by_document(filled, where)
        expected = Counter(f"document-{number // 3}" for number in range(1, 19))
        assert counts == dict(expected)
        assert sum(counts.values()) == store.count(filled, where)
        assert store.count_by_document(filled, visible(1, "nobody")) == {}

    def test_counts_by_document_are_complete_for_many_documents(self, store, name, bench):
        collection = name("many")
        store.create(collection, bench.spec)
        points = [bench.point(number, document_id=f"d{number}") for number in range(150)]
        store.upsert(collection, points)
        counts = store.count_by_document(collection, PointFilter())
        assert counts == {f"d{number}": 1 for number in range(150)}


class TestScrolling:
    """Reading everything that matches."""

    def test_all_pages_in_id_order_each_point_once(self, store, name, bench):
        collection = name("pages")
        store.create(collection, bench.spec)
        store.upsert(collection, bench.points(2100))
        read = [point.id for point in store.scroll(collection, visible(1, bench.tenant))]
        assert read == sorted(bench.id(number) for number in range(2100))

    def test_vectors_come_only_when_asked_for(self, store, filled, bench):
        with_vectors = list(store.scroll(filled, PointFilter(), vectors=True))
        assert len(with_vectors) == 20
        by_id = {point.id: point for point in with_vectors}
        np.testing.assert_allclose(by_id[bench.id(7)].dense, bench.unit(7), atol=1e-6)
        assert all(point.dense is None for point in store.scroll(filled, PointFilter()))

    def test_an_interrupted_scroll_holds_nothing(self, store, filled, bench):
        pages = store.scroll(filled, PointFilter())
        first = next(pages)
        store.delete(filled, [bench.id(4)])
        assert store.count(filled, PointFilter()) == 19
        pages.close()
        assert first.payload["tenant"] == bench.tenant


def test_it_says_what_it_is(store):
    assert re.match(r"Qdrant (Edge|server) \d+\.\d+\.\d+\S* ", store.describe())


def test_a_closed_store_can_be_used_again(store, filled, bench):
    store.close()
    store.close()
    assert store.count(filled, visible(1, bench.tenant)) == 20


@pytest.mark.qdrant
def test_the_contract_ran_against_a_real_server(request):
    if not os.environ.get("QDRANT_URL"):
        pytest.skip("no real server: set QDRANT_URL to run the whole contract against one")
    items = [item.name for item in request.session.items if "[server" in item.name]
    assert items
