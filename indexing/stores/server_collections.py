"""How a collection is created on a server: vectors, indexes, limits, as the settings have it."""

from typing import Any

from qdrant_client import models

from config.settings import Quantization, StoreSettings, VectorsIn
from indexing.points import BM25, DENSE, CollectionSpec
from indexing.stores.filters_terms import INTEGER_FIELDS, KEYWORD_FIELDS, TENANT_FIELD
from indexing.stores.specs import spec_record

RECORD = "holdfast"
"""Key of the collection metadata that holds the spec."""
FACET_LIMIT = 10_000
"""Documents counted in one call, and the largest limit of any call."""
MOST_VALUES = 10_000
"""Values in one condition: ids of a write, keys, documents and epochs of a filter."""
MOST_CONDITIONS = 100


def creation(spec: CollectionSpec, settings: StoreSettings) -> dict[str, Any]:
    """Return the arguments of `create_collection`; nothing of the settings is part of `spec`.

    So a collection that was created with other settings is still the same collection.
    """
    cold = models.Memory.COLD if settings.vectors_in is VectorsIn.DISK else None
    return {
        "vectors_config": {
            DENSE: models.VectorParams(
                size=spec.dimension,
                distance=models.Distance.COSINE,
                memory=cold,
                hnsw_config=models.HnswConfigDiff(memory=cold) if cold else None,
                quantization_config=_quantization(settings.quantization),
            )
        },
        "sparse_vectors_config": {
            BM25: models.SparseVectorParams(
                modifier=models.Modifier.IDF,
                index=models.SparseIndexParams(memory=cold) if cold else None,
            )
        },
        "shard_number": settings.shard_number,
        "replication_factor": settings.replication_factor,
        "write_consistency_factor": settings.write_consistency_factor,
        "strict_mode_config": strict_mode() if settings.strict_mode else None,
        "metadata": {RECORD: spec_record(spec)},
    }


def strict_mode() -> models.StrictModeConfig:
    """What the server is to refuse: every call of ours stays well below, a stray one does not."""
    return models.StrictModeConfig(
        enabled=True,
        unindexed_filtering_retrieve=False,
        unindexed_filtering_update=False,
        max_query_limit=FACET_LIMIT,
        filter_max_conditions=MOST_CONDITIONS,
        condition_max_size=MOST_VALUES,
    )


def indexes() -> dict[str, models.PayloadSchemaParams]:
    """Return the payload indexes by field; filters use no other fields."""
    found: dict[str, models.PayloadSchemaParams] = {
        field: models.IntegerIndexParams(
            type=models.IntegerIndexType.INTEGER, lookup=True, range=True
        )
        for field in INTEGER_FIELDS
    }
    for field in KEYWORD_FIELDS:
        # The points of a tenant are kept together, so that its queries read less.
        tenant = True if field == TENANT_FIELD else None
        found[field] = models.KeywordIndexParams(
            type=models.KeywordIndexType.KEYWORD, is_tenant=tenant
        )
    return found


def _quantization(kind: Quantization) -> models.QuantizationConfig | None:
    # The compressed copy is small and read by every query, so it stays in memory in any case.
    match kind:
        case Quantization.NONE:
            return None
        case Quantization.SCALAR:
            return models.ScalarQuantization(
                scalar=models.ScalarQuantizationConfig(
                    type=models.ScalarType.INT8, quantile=0.99, memory=models.Memory.PINNED
                )
            )
        case Quantization.BINARY:
            return models.BinaryQuantization(
                binary=models.BinaryQuantizationConfig(memory=models.Memory.PINNED)
            )
