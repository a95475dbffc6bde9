"""What a run cost: by class of document, by reason of refusal, and the slowest documents."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

from indexing.ledger.commits import Settled
from indexing.ledger.documents import DocumentState
from ingestion.parsing.formats import SUFFIXES, USUAL_SUFFIX

SLOWEST = 10
"""Documents named in a report; the run's file has all of them."""
NO_CLASS = "other"


@dataclass(frozen=True, slots=True)
class ClassFigures:
    """What the documents of one class cost, reading and preparing them."""

    name: str
    """The usual suffix of what was read, else of what its key says it is: `docx`, `md`."""
    documents: int
    indexed: int
    quarantined: int
    bytes: int
    chunks: int
    seconds: float
    """Sum over the documents; several are prepared at the same time."""
    slowest_seconds: float
    peak_memory_mb: float
    """Largest resident memory of a parser child up to the end of such a document, in MiB."""


def class_of(settled: Settled) -> str:
    """Name the class of a document, the same whether it was read or refused."""
    suffix = PurePosixPath(settled.key).suffix.lower()
    format_ = settled.media_type or SUFFIXES.get(suffix, "")
    return USUAL_SUFFIX.get(format_, suffix[1:]) or NO_CLASS


def figures_by_class(settled: Iterable[Settled]) -> tuple[ClassFigures, ...]:
    """Sum up by class, the most expensive first; only what was read or tried counts."""
    classes: dict[str, list[Settled]] = defaultdict(list)
    for one in settled:
        if one.seconds > 0:
            classes[class_of(one)].append(one)
    figures = [
        ClassFigures(
            name=name,
            documents=len(some),
            indexed=sum(one.outcome is DocumentState.INDEXED for one in some),
            quarantined=sum(one.outcome is DocumentState.QUARANTINED for one in some),
            bytes=sum(one.stat.size for one in some),
            chunks=sum(one.chunks for one in some),
            seconds=round(sum(one.seconds for one in some), 4),
            slowest_seconds=round(max(one.seconds for one in some), 4),
            peak_memory_mb=round(max(one.peak_mb for one in some), 1),
        )
        for name, some in classes.items()
    ]
    return tuple(sorted(figures, key=lambda one: (-one.seconds, one.name)))


def count_reasons(settled: Iterable[Settled]) -> Mapping[str, int]:
    """Count refusals by reason, the commonest first."""
    counts = Counter(
        one.reason or "" for one in settled if one.outcome is DocumentState.QUARANTINED
    )
    return dict(sorted(counts.items(), key=lambda item: (-item[1], item[0])))


def slowest_documents(settled: Sequence[Settled]) -> tuple[tuple[str, str, float, float], ...]:
    """Return (key, class, seconds, peak memory in MiB) of the slowest documents."""
    ranked = sorted(settled, key=lambda one: (-one.seconds, one.key))[:SLOWEST]
    return tuple(
        (one.key, class_of(one), round(one.seconds, 4), round(one.peak_mb, 1))
        for one in ranked
        if one.seconds > 0
    )
