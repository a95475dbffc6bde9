"""What a collection was created with, as the record that is kept beside its points."""

from collections.abc import Mapping
from typing import Any

import msgspec

from indexing.errors import StoreCorruptError
from indexing.points import CollectionSpec

FORMAT = 1


def spec_record(spec: CollectionSpec) -> dict[str, Any]:
    """Return `spec` as JSON values."""
    record = {
        "format": FORMAT,
        "dimension": spec.dimension,
        "fingerprint": spec.fingerprint,
        "metadata": dict(spec.metadata),
    }
    # Through JSON once, so that a tuple in the metadata equals the list it comes back as.
    decoded: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(record))
    return decoded


def read_spec(record: Mapping[str, Any], where: str) -> CollectionSpec:
    """Return the spec of a record.

    Raises:
        StoreCorruptError: The record was not written by Holdfast, or by a newer one.
    """
    try:
        if record["format"] != FORMAT:
            raise StoreCorruptError(
                f"{where} has record format {record['format']}, this Holdfast reads {FORMAT}; "
                "use the version that created it."
            )
        dimension, metadata = int(record["dimension"]), dict(record["metadata"])
        return CollectionSpec(dimension, str(record["fingerprint"]), metadata)
    except (KeyError, TypeError, ValueError) as error:
        raise StoreCorruptError(
            f"{where} carries no record of Holdfast ({error!r}); it was created by something "
            "else, or damaged. Choose another name, or drop it and reindex."
        ) from None
