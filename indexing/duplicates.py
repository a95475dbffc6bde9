"""Which documents say the same: exact and near copies among the versions that readers see.

Nothing is stored about it. What is a copy of what follows from the open versions and their texts
alone, so it is right at once after a deletion, a move, a rollback or a purge. No document is ever
dropped for being a copy: all paths stay served and citable.
"""

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any
from uuid import UUID

from indexing.corpus import Corpus
from indexing.history import list_versions, text_of
from indexing.ledger.documents import OpenVersion, versions_at
from indexing.ledger.generations import Generation
from indexing.points import OPEN_END
from ingestion.similarity import NEAR, bands_of, resemblance, shingles


class Likeness(StrEnum):
    """How the documents of a group are alike."""

    EXACT = "exact"
    """Their cleaned texts are equal."""
    NEAR = "near"
    """Each shares most of its shingles with another one of the group."""


@dataclass(frozen=True, slots=True)
class Copy:
    """One document of a group."""

    document_id: UUID
    source: str
    key: str
    version: int


@dataclass(frozen=True, slots=True)
class DuplicateGroup:
    """Documents that say the same, by source and key."""

    likeness: Likeness
    resemblance: float
    """The least that holds the group together; 1 for exact copies."""
    copies: tuple[Copy, ...]

    def to_json(self) -> dict[str, Any]:
        """Return plain values."""
        return {
            "likeness": self.likeness.value,
            "resemblance": round(self.resemblance, 4),
            "documents": [
                {
                    "document_id": str(copy.document_id),
                    "source": copy.source,
                    "key": copy.key,
                    "version": copy.version,
                }
                for copy in self.copies
            ],
        }


def exact_copies(corpus: Corpus, state: Generation) -> tuple[DuplicateGroup, ...]:
    """Group the documents whose texts are equal; the ledger alone knows."""
    return tuple(
        DuplicateGroup(Likeness.EXACT, 1.0, tuple(copies))
        for copies in _by_text(corpus, state).values()
        if len(copies) > 1
    )


def near_copies(corpus: Corpus, state: Generation) -> tuple[DuplicateGroup, ...]:
    """Group the documents whose texts are nearly equal; exact copies stand in their group too.

    Reads the text of every document once, and those of candidates again.

    Args:
        corpus: The home.
        state: The live generation as it is; texts of earlier states may be gone.

    Raises:
        StoreError: A text could not be read.
    """
    by_text = _by_text(corpus, state)
    texts: dict[str, UUID] = {name: copies[0].document_id for name, copies in by_text.items()}

    def shingles_of(name: str) -> frozenset[int]:
        return shingles(_text(corpus, state, texts[name]))

    links = list(find_near(sorted(texts), shingles_of))
    groups = []
    for members, least in _joined(links):
        copies = sorted(
            (copy for name in members for copy in by_text[name]), key=lambda c: (c.source, c.key)
        )
        groups.append(DuplicateGroup(Likeness.NEAR, least, tuple(copies)))
    return tuple(sorted(groups, key=lambda g: (g.copies[0].source, g.copies[0].key)))


def find_near(
    names: Sequence[str], shingles_of: Callable[[str], frozenset[int]]
) -> Iterator[tuple[str, str, float]]:
    """Yield the pairs of texts that are near-duplicates, with their resemblance.

    A text is compared with the leaders of each band it shares: texts that were like none before
    them. So a thousand copies of a form cost a thousand comparisons and not half a million; a text
    that is like a follower alone leads a group of its own.
    """
    leaders: dict[bytes, list[str]] = defaultdict(list)
    for name in names:
        mine = shingles_of(name)
        bands = bands_of(mine)
        candidates = sorted({leader for band in bands for leader in leaders.get(band, ())})
        found = [(leader, resemblance(mine, shingles_of(leader))) for leader in candidates]
        near = [(leader, alike) for leader, alike in found if alike >= NEAR]
        yield from ((leader, name, alike) for leader, alike in near)
        if not near:
            for band in bands:
                leaders[band].append(name)


def _by_text(corpus: Corpus, state: Generation) -> Mapping[str, list[Copy]]:
    """Return the served documents by the hash of their text, in order of source and key."""
    found: dict[str, list[Copy]] = defaultdict(list)
    served: list[tuple[str, OpenVersion]] = versions_at(corpus.ledger, state.name, state.epoch)
    for source, version in served:
        copy = Copy(version.document_id, source, version.key, version.number)
        found[version.text_sha256].append(copy)
    return found


def _text(corpus: Corpus, state: Generation, document: UUID) -> str:
    """Return the text that is served of a document; none at all where it was lost."""
    versions = list_versions(corpus, state, document)
    served = next((one for one in versions if one.valid_to == OPEN_END), None)
    return (text_of(corpus, state, document, served) or "") if served else ""


def _joined(links: Sequence[tuple[str, str, float]]) -> Iterator[tuple[list[str], float]]:
    """Join pairs to groups, each with the weakest of its links."""
    leader: dict[str, str] = {}

    def find(name: str) -> str:
        while leader.setdefault(name, name) != name:
            name = leader[name]
        return name

    for one, other, _ in links:
        leader[max(find(one), find(other))] = min(find(one), find(other))
    members: dict[str, set[str]] = defaultdict(set)
    least: dict[str, float] = {}
    for one, other, alike in links:
        top = find(one)
        members[top] |= {one, other}
        least[top] = min(alike, least.get(top, 1.0))
    for top in sorted(members):
        yield sorted(members[top]), least[top]
