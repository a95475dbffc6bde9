"""The contract of `VectorStore.search`, the same for every store there is."""

import dataclasses
from collections import Counter

import numpy as np
import pytest

from config.settings import IdfScope
from indexing.errors import StoreRejectedError
from indexing.points import PointFilter, Sparse, visible


class TestSearch:
    """Both lists and their fusion."""

    def test_dense_scores_are_cosines(self, store, filled, bench):
        hits = store.search(filled, bench.query(7, (3,)))
        expected = {bench.id(n): float(bench.unit(n) @ bench.unit(7)) for n in range(20)}
        best = sorted(expected, key=expected.__getitem__, reverse=True)[:10]
        assert [hit.id for hit in hits.dense] == best
        for hit in hits.dense:
            assert hit.score == pytest.approx(expected[hit.id], abs=1e-5)
            assert hit.payload["tenant"] == bench.tenant

    def test_sparse_scores_prefer_rare_terms(self, store, filled, bench):
        hits = store.search(filled, bench.query(7, (3, 103)))
        assert hits.sparse[0].id == bench.id(3)
        assert {hit.id for hit in hits.sparse} == {bench.id(n) for n in (3, 10, 17)}
        assert hits.sparse[0].score > hits.sparse[1].score > 0

    def test_the_rarity_of_a_term_is_measured_over_what_the_reader_sees(self, store, filled, bench):
        """Later points, superseded ones and other tenants' change no score at an epoch."""
        query = bench.query(None, (3, 103))
        before = store.search(filled, query).sparse
        strangers = [
            bench.point(
                n, terms=(3, 103), valid_from=2 if n % 2 else 1, tenant="t" if n % 2 else "u"
            )
            for n in range(100, 140)
        ]
        store.upsert(filled, strangers)
        store.upsert(filled, [bench.point(150, terms=(3, 103), valid_from=2)])
        after = store.search(filled, query).sparse
        assert [(h.id, h.score) for h in after] == [(h.id, h.score) for h in before]
        everything = dataclasses.replace(query, idf=IdfScope.COLLECTION)
        assert store.search(filled, everything).sparse[0].score < before[0].score

    @pytest.mark.parametrize("weights", [(1.0, 1.0), (1.0, 3.0), (2.0, 0.5)])
    def test_the_fused_list_is_weighted_reciprocal_rank_fusion(self, store, filled, bench, weights):
        no_ties = Sparse((3, 103, 110), (1.0, 3.0, 2.0))
        query = bench.query(7, (), sparse=no_ties, rrf_k=10, weights=weights, limit=20)
        hits = store.search(filled, query)
        expected = Counter()
        for weight, found in zip(weights, (hits.dense, hits.sparse), strict=True):
            for place, hit in enumerate(found, start=1):
                expected[hit.id] += 1 / (10 + place / weight - 1)
        assert len(hits.sparse) == 3
        assert {hit.id: hit.score for hit in hits.fused} == pytest.approx(dict(expected))
        scores = [hit.score for hit in hits.fused]
        assert scores == sorted(scores, reverse=True)

    def test_limit_cuts_the_fused_list_and_prefetch_the_others(self, store, filled, bench):
        hits = store.search(filled, bench.query(7, (0, 1, 2), limit=3, prefetch=6))
        assert (len(hits.fused), len(hits.dense), len(hits.sparse)) == (3, 6, 6)

    def test_equal_scores_are_in_id_order(self, store, name, bench):
        collection = name("ties")
        store.create(collection, bench.spec)
        same = [bench.point(n, dense=bench.unit(1), terms=(1,)) for n in range(9)]
        store.upsert(collection, same)
        hits = store.search(collection, bench.query(1, (1,), limit=9))
        ids = sorted(point.id for point in same)
        assert [hit.id for hit in hits.dense] == ids
        assert [hit.id for hit in hits.sparse] == ids

    @pytest.mark.parametrize(("seed", "terms"), [(7, (3,)), (7, None), (None, (3,))])
    def test_the_filter_holds_for_every_list(self, store, filled, bench, seed, terms):
        store.upsert(
            filled,
            [
                bench.point(70, dense=bench.unit(7), terms=(3,), tenant="other"),
                bench.point(71, dense=bench.unit(7), terms=(3,), valid_from=2),
                bench.point(72, dense=bench.unit(7), terms=(3,), valid_to=1),
                bench.point(73, dense=bench.unit(7), terms=(3,), key="hidden.md"),
            ],
        )
        where = PointFilter(
            visible_at=1,
            tenant=bench.tenant,
            exclude_keys=frozenset({"hidden.md"}),
            exclude_document_ids=frozenset({"document-2"}),
        )
        hits = store.search(filled, bench.query(seed, terms, where=where, prefetch=40, limit=40))
        allowed = {bench.id(number) for number in range(20) if number // 3 != 2}
        found = {hit.id for hit in (*hits.fused, *hits.dense, *hits.sparse)}
        assert found
        assert found <= allowed

    def test_document_ids_restrict_a_search(self, store, filled, bench):
        where = visible(1, bench.tenant, document_ids=frozenset({"document-1"}))
        hits = store.search(filled, bench.query(7, (3,), where=where))
        assert {hit.id for hit in hits.dense} == {bench.id(n) for n in (3, 4, 5)}
        assert {hit.id for hit in hits.sparse} == {bench.id(3)}

    def test_one_vector_alone_gives_its_list_as_the_fused_one(self, store, filled, bench):
        dense = store.search(filled, bench.query(7, None))
        sparse = store.search(filled, bench.query(None, (3,)))
        assert dense.fused == dense.dense[:5]
        assert dense.dense
        assert dense.sparse == ()
        assert sparse.fused == sparse.sparse[:5]
        assert sparse.sparse
        assert sparse.dense == ()

    def test_a_sparse_vector_without_terms_is_no_list(self, store, filled, bench):
        hits = store.search(filled, bench.query(7, ()))
        assert hits.fused == hits.dense[:5]
        assert hits.sparse == ()
        assert store.search(filled, bench.query(None, ())).fused == ()

    def test_nothing_matches_nothing(self, store, filled, bench):
        hits = store.search(filled, bench.query(7, (3,), where=visible(1, "nobody")))
        assert (hits.fused, hits.dense, hits.sparse) == ((), (), ())

    @pytest.mark.parametrize(
        "changes",
        [
            {"dense": None, "sparse": None},
            {"dense": np.full(8, np.nan, dtype=np.float32)},
            {"dense": np.zeros(8, dtype=np.float32)},
            {"dense": np.ones(3, dtype=np.float32)},
            {"sparse": Sparse((1,), (float("nan"),))},
            {"limit": 0},
        ],
    )
    def test_a_broken_query_is_refused(self, store, filled, bench, changes):
        with pytest.raises(StoreRejectedError):
            store.search(filled, bench.query(7, (3,), **changes))
