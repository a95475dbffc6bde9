"""The pipeline specification and its fingerprint: everything that shapes points.

Two runs with equal fingerprints make equal points of equal bytes. The encoder's arithmetic
(bf16 or fp32) is left out on purpose: measured cosine between the two is above 0.9999, far
below what separates two texts, and machines of both kinds must be able to share an index.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, cast

from config.recognition import QualitySettings
from config.settings import ChunkingSettings, EmbeddingSettings, SparseSettings
from indexing.encoding.model_files import ModelFiles
from ingestion.document import sha256_of
from ingestion.identity import parse_fingerprint

SHAPING = frozenset(
    [f"chunking.{name}" for name in ChunkingSettings.model_fields]
    + [f"sparse.{name}" for name in SparseSettings.model_fields]
    + [f"quality.{name}" for name in QualitySettings.model_fields]
    + ["ocr.mode", "ocr.languages", "ocr.dpi"]
    + [
        f"embedding.{name}"
        for name in ("model", "revision", "query_prefix", "document_prefix", "normalize")
    ]
)
"""Options that take part in the pipeline fingerprint."""

CODE = ("parser", "cleaner", "splitter", "injection_rules", "language")
"""What of ingestion depends on the installed version alone."""

NAMED_DIFFERENCES = 4
"""So many are named in a message."""


@dataclass(frozen=True, slots=True)
class PipelineSpec:
    """What made the points of a generation, in plain values that a ledger row can hold."""

    ingestion: Mapping[str, str]
    """Parser, cleaner and splitter with their versions."""
    chunking: Mapping[str, Any]
    embedding: Mapping[str, Any]
    """Model name, revision (hash of its files), dimension, window, prefixes, normalisation."""
    sparse: Mapping[str, Any]

    @property
    def fingerprint(self) -> str:
        """The pipeline fingerprint, 16 hex digits."""
        return fingerprint_of(asdict(self))

    @property
    def parser(self) -> str:
        """Fingerprint of the parser and the cleaner alone, 16 hex digits."""
        return parse_fingerprint(self.ingestion)

    @property
    def dimension(self) -> int:
        """Length of the dense vectors."""
        return cast("int", self.embedding["dimension"])


def fingerprint_of(spec: Mapping[str, Any]) -> str:
    """Return the pipeline fingerprint of a specification in plain values, 16 hex digits."""
    return sha256_of(json.dumps(spec, sort_keys=True))[:16]


def make_spec(
    ingestion: Mapping[str, str],
    chunking: ChunkingSettings,
    embedding: EmbeddingSettings,
    sparse: SparseSettings,
    model: ModelFiles,
) -> PipelineSpec:
    """Put together the specification that these settings stand for."""
    return PipelineSpec(
        ingestion=dict(ingestion),
        chunking=chunking.model_dump(mode="json"),
        embedding={
            "model": model.name,
            "revision": model.revision,
            "dimension": model.dimension,
            "window": model.window,
            "query_prefix": embedding.query_prefix,
            "document_prefix": embedding.document_prefix,
            "normalize": embedding.normalize,
        },
        sparse=sparse.model_dump(mode="json"),
    )


def differences(old: Mapping[str, Any], new: Mapping[str, Any], prefix: str = "") -> list[str]:
    """Name what differs between two specifications, as `embedding.model: a → b`."""
    found: list[str] = []
    for key in sorted({*old, *new}):
        before, after = old.get(key), new.get(key)
        if isinstance(before, Mapping) and isinstance(after, Mapping):
            found += differences(before, after, f"{prefix}{key}.")
        elif before != after:
            found.append(f"{prefix}{key}: {before} → {after}")
    return found


def in_short(changes: Sequence[str]) -> str:
    """Name the first differences, and how many there are besides."""
    more = len(changes) - NAMED_DIFFERENCES
    return "; ".join([*changes[:NAMED_DIFFERENCES], *([f"and {more} more"] if more > 0 else [])])


def way_back(changes: Sequence[str]) -> str:
    """Say what makes a pipeline the one before again: no setting undoes an upgrade."""
    upgraded = any(change.startswith(f"ingestion.{part}:") for change in changes for part in CODE)
    return "go back to the Holdfast that built it" if upgraded else "restore the old settings"
