"""The trained reader of claims at run time: how likely does a text support a claim.

A reader is a folder with two files: `claims.json` says what it is and from where on it counts,
`claims.safetensors` holds its weights. torch loads with the first claim.
"""

import functools
import hashlib
import json
import math
import threading
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Final, Protocol

from config.errors import ConfigError
from query.networks.trained_file import SHIPPED, TrainedFile

FORMAT: Final = 2
RECORD: Final = "claims.json"
WEIGHTS: Final = "claims.safetensors"
READ_AT_ONCE: Final = 16
"""Pairs of one forward pass; more are slower, for short ones wait for long ones."""


class ReadsClaims(Protocol):
    """Anything that says how likely texts support claims."""

    @property
    def name(self) -> str:
        """Names its weights and from where on they count."""
        ...

    @property
    def doubts_below(self) -> float:
        """Probability below which what rules call supported is doubted."""
        ...

    @property
    def sure_from(self) -> float:
        """Probability from which on a claim is supported that rules support in part."""
        ...

    @property
    def certain_from(self) -> float:
        """Probability from which on a claim is supported that rules hardly find."""
        ...

    def support(self, pairs: Sequence[tuple[str, str]]) -> Sequence[float]:
        """Return for pairs of claim and text how likely the text supports all of the claim."""
        ...


@dataclass(frozen=True, slots=True)
class ClaimReaderRecord:
    """The content of `claims.json`."""

    weights_sha256: str
    backbone: str
    """Revision of the backbone (`ModelFiles.revision`)."""
    length: int
    """Longest input in tokens."""
    doubts_below: float
    sure_from: float
    certain_from: float


def read_claim_record(folder: Path) -> ClaimReaderRecord:
    """Read what a reader of claims is.

    Raises:
        ConfigError: It is not there, is damaged, or is of a version that this one does not know.
    """
    try:
        record = json.loads((folder / RECORD).read_text(encoding="utf-8"))
        if record["format"] != FORMAT:
            raise ConfigError(
                f"{RECORD} has format {record['format']}, this version of Holdfast knows {FORMAT}."
            )
        return ClaimReaderRecord(
            str(record["weights_sha256"]),
            str(record["backbone"]),
            int(record["length"]),
            float(record["doubts_below"]),
            float(record["sure_from"]),
            float(record["certain_from"]),
        )
    except OSError as error:
        raise ConfigError(
            f"claims.checked_by is `reader`, but there is none ({RECORD}: {error.strerror}). Name "
            "its folder in claims.reader, or set claims.checked_by to `rules`."
        ) from error
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise ConfigError(f"{RECORD} is no record of a reader of claims ({error}).") from error


@dataclass(frozen=True)
class ClaimReader:
    """A reader of claims in a folder."""

    folder: Path
    record: ClaimReaderRecord
    _one: threading.Lock = field(default_factory=threading.Lock, repr=False, compare=False)
    """Reading fills the processor: several at once would only make each other slower."""

    @property
    def name(self) -> str:
        """Names its weights and from where on they count."""
        record = json.dumps(asdict(self.record), sort_keys=True)
        return f"claims-{hashlib.sha256(record.encode()).hexdigest()[:12]}"

    @property
    def doubts_below(self) -> float:
        """Probability below which what rules call supported is doubted."""
        return self.record.doubts_below

    @property
    def sure_from(self) -> float:
        """Probability from which on a claim is supported that rules support in part."""
        return self.record.sure_from

    @property
    def certain_from(self) -> float:
        """Probability from which on a claim is supported that rules hardly find."""
        return self.record.certain_from

    @functools.cached_property
    def _parts(self) -> tuple[Any, Any]:
        record = self.record
        file = self.folder / WEIGHTS
        return TrainedFile(
            file, record.weights_sha256, record.backbone, record.length, RECORD
        ).load()

    def support(self, pairs: Sequence[tuple[str, str]]) -> Sequence[float]:
        """Return for pairs of claim and text how likely the text supports all of the claim.

        Raises:
            ConfigError: The reader cannot be loaded.
            ModelError: Its backbone is not there.
            ValueError: It gave no usable numbers.
        """
        import torch

        from query.networks.reader_network import encode

        found = [0.0] * len(pairs)
        order = sorted(range(len(pairs)), key=lambda n: len(pairs[n][1]))
        with self._one, torch.inference_mode():
            tokenizer, network = self._parts
            for at in range(0, len(order), READ_AT_ONCE):
                some = order[at : at + READ_AT_ONCE]
                batch, _ = encode(tokenizer, [pairs[n] for n in some])
                likely = torch.softmax(network.supports(batch).float(), -1)[:, 0].tolist()
                for n, value in zip(some, likely, strict=True):
                    found[n] = value
        if not all(map(math.isfinite, found)):
            raise ValueError("the reader gave no usable numbers")
        return found


@functools.lru_cache(maxsize=4)
def open_claim_reader(folder: Path | None = None) -> ClaimReader:
    """Return the reader of a folder, by default the one that ships; its weights load later.

    Raises:
        ConfigError: There is none, or what it is cannot be read.
    """
    return ClaimReader(folder or SHIPPED, read_claim_record(folder or SHIPPED))
