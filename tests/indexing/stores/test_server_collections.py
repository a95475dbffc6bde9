"""How collections are made on a server, and that strict mode lets all of our calls through."""

from collections.abc import Iterator
from typing import Any

import pytest
from qdrant_client import QdrantClient, models
from qdrant_client.http.exceptions import UnexpectedResponse

from config.settings import Quantization, StoreSettings, VectorsIn
from indexing.errors import StoreRejectedError
from indexing.points import OPEN_END, PointFilter, visible
from indexing.stores import server as server_module
from indexing.stores.server import PAGE, ServerStore
from tests.support.qdrant_standin import Standin


@pytest.fixture
def fresh() -> Iterator[Standin]:
    """A stand-in of its own."""
    with Standin() as running:
        yield running


def made(standin: Standin, bench: Any, **settings: Any) -> models.CollectionConfig:
    """Create a collection with these settings and return what the server knows of it."""
    store = ServerStore(StoreSettings(url=standin.url, **settings))
    store.create("main", bench.spec)
    store.close()
    client = QdrantClient(url=standin.url, check_compatibility=False)
    return client.get_collection("main").config


def test_by_default_a_collection_is_strict_and_the_rest_is_up_to_the_server(fresh, bench):
    config = made(fresh, bench)
    strict, vectors = config.strict_mode_config, config.params.vectors["dense"]
    assert strict.enabled
    assert strict.unindexed_filtering_retrieve is False
    assert strict.unindexed_filtering_update is False
    assert (vectors.size, vectors.distance) == (8, models.Distance.COSINE)
    assert (vectors.memory, vectors.hnsw_config, vectors.quantization_config) == (None, None, None)
    assert config.params.sparse_vectors["bm25"].modifier is models.Modifier.IDF
    sent = fresh.engine.creation("main")
    assert (sent.shard_number, sent.replication_factor) == (None, None)
    assert sent.write_consistency_factor is None


def test_more_confirmations_than_copies_are_refused():
    with pytest.raises(ValueError, match="write_consistency_factor must not be larger"):
        StoreSettings(replication_factor=2, write_consistency_factor=3)


def test_the_settings_shape_a_new_collection(fresh, bench):
    config = made(
        fresh,
        bench,
        vectors_in=VectorsIn.DISK,
        shard_number=3,
        replication_factor=2,
        write_consistency_factor=2,
        strict_mode=False,
    )
    vectors = config.params.vectors["dense"]
    assert vectors.memory is models.Memory.COLD
    assert vectors.hnsw_config.memory is models.Memory.COLD
    assert config.params.sparse_vectors["bm25"].index.memory is models.Memory.COLD
    assert (config.params.shard_number, config.params.replication_factor) == (3, 2)
    assert config.params.write_consistency_factor == 2
    assert config.strict_mode_config is None


@pytest.mark.parametrize("kind", [Quantization.SCALAR, Quantization.BINARY])
def test_a_compressed_copy_of_the_vectors_stays_in_memory(fresh, bench, kind):
    config = made(fresh, bench, quantization=kind, vectors_in=VectorsIn.DISK)
    quantization = config.params.vectors["dense"].quantization_config
    assert getattr(quantization, kind.value).memory is models.Memory.PINNED


def test_a_collection_made_with_other_settings_is_still_the_same(fresh, bench):
    made(fresh, bench)
    changed = made(
        fresh, bench, quantization=Quantization.SCALAR, shard_number=4, strict_mode=False
    )
    assert changed.strict_mode_config.enabled
    assert changed.params.shard_number == 1


def test_every_field_of_our_filters_has_its_index(fresh, bench):
    made(fresh, bench)
    client = QdrantClient(url=fresh.url, check_compatibility=False)
    indexes = client.get_collection("main").payload_schema
    kinds = {field: index.data_type.value for field, index in indexes.items()}
    assert kinds == {
        "valid_from": "integer",
        "valid_to": "integer",
        "tenant": "keyword",
        "document_id": "keyword",
        "key": "keyword",
        "source": "keyword",
        "trust": "keyword",
        "acl": "keyword",
    }
    assert all(
        indexes[f].params.lookup and indexes[f].params.range for f in ("valid_from", "valid_to")
    )
    assert [f for f in kinds if getattr(indexes[f].params, "is_tenant", None)] == ["tenant"]


class TestStrictMode:
    """The stand-in enforces it as a server does."""

    @pytest.fixture
    def store(self, fresh, bench) -> Iterator[ServerStore]:
        opened = ServerStore(StoreSettings(url=fresh.url))
        opened.create("main", bench.spec)
        opened.upsert("main", bench.points(40))
        yield opened
        opened.close()

    def test_a_stray_filter_is_refused(self, fresh, store):
        client = QdrantClient(url=fresh.url, check_compatibility=False)
        match = models.MatchValue(value="text 3")
        stray = models.Filter(must=[models.FieldCondition(key="text", match=match)])
        for call in (
            lambda: client.count("main", stray),
            lambda: client.delete("main", stray),
            lambda: client.scroll("main", limit=10**6),
        ):
            with pytest.raises(UnexpectedResponse, match=r"Index required|Limit exceeded"):
                call()

    def test_our_largest_writes_pass(self, store, bench):
        ids = [bench.id(n) for n in range(3 * PAGE)]
        store.set_valid_to("main", ids, 7, expected=OPEN_END)
        assert store.count("main", PointFilter(ended_by=7)) == 40
        store.delete("main", ids)
        assert store.count("main", PointFilter()) == 0

    def test_our_largest_filters_pass(self, store, bench):
        many = frozenset(f"document-{n}" for n in range(1000))
        where = PointFilter(
            visible_at=1,
            aborted=frozenset(range(2, 1002)),
            tenant=bench.tenant,
            valid_from=1,
            started_after=0,
            document_ids=many,
            exclude_document_ids=frozenset({"document-1"}) | {f"x{n}" for n in range(999)},
            exclude_keys=frozenset({"folder/2.md"}) | {f"y{n}" for n in range(999)},
        )
        assert store.count("main", where) == 34
        assert len(list(store.scroll("main", where, vectors=True))) == 34
        assert sum(store.count_by_document("main", where).values()) == 34
        assert store.count("main", PointFilter(ended_after=1, ended_by=9)) == 0
        query = bench.query(3, (3,), where=where, limit=200, prefetch=1000)
        assert len(store.search("main", query).dense) == 34

    def test_limits_that_somebody_tightened_are_a_refusal_in_the_servers_words(self, fresh, store):
        client = QdrantClient(url=fresh.url, check_compatibility=False)
        client.update_collection(
            "main", strict_mode_config=models.StrictModeConfig(max_query_limit=5)
        )
        with pytest.raises(StoreRejectedError, match=r"Limit exceeded 1000 > 5"):
            list(store.scroll("main", PointFilter()))


def test_more_documents_than_one_count_holds_are_counted_one_after_the_other(
    fresh, bench, monkeypatch
):
    monkeypatch.setattr(server_module, "FACET_LIMIT", 5)
    store = ServerStore(StoreSettings(url=fresh.url))
    store.create("main", bench.spec)
    store.upsert("main", bench.points(40))
    where = visible(1, bench.tenant)
    expected = {f"document-{n}": 3 for n in range(13)} | {"document-13": 1}
    assert store.count_by_document("main", where) == expected
    store.close()
