"""What is known of one version's quality: flags, languages, scores, what was cut and why."""

from collections import Counter
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from indexing.corpus import Corpus
from indexing.history import VersionRecord, read_again
from indexing.ledger.documents import open_points
from indexing.ledger.generations import Generation
from indexing.points import OPEN_END

SAMPLE = 120
"""Characters of flagged chunks that are shown."""


@dataclass(frozen=True, slots=True)
class FlaggedChunk:
    """A chunk with flags of its own."""

    ordinal: int
    page: int | None
    flags: tuple[str, ...]
    injection_score: float
    sample: str


@dataclass(frozen=True, slots=True)
class Quality:
    """What was found in the version of a document that readers see."""

    flags: tuple[str, ...] = ()
    """Of the whole document; its chunks have them too."""
    language: str = ""
    languages: dict[str, int] = field(default_factory=dict)
    """Chunks by language."""
    scores: dict[str, float] = field(default_factory=dict)
    """Measures of quality by name; each in [0, 1]."""
    injection_score: float | None = None
    """The highest of all chunks; none where they were made by a pipeline that had no scores."""
    flagged: tuple[FlaggedChunk, ...] = ()
    removed: dict[str, int] = field(default_factory=dict)
    """Characters that cleaning took out, by kind."""
    cuts: tuple[dict[str, Any], ...] = ()
    """Text that was set apart: reason, characters, a sample, page."""
    kept: bool = True
    """Whether what was read is still among the blobs; if not, cuts and scores are not known."""

    def to_json(self) -> dict[str, Any]:
        """Return plain values."""
        return {
            "language": self.language,
            "languages": self.languages,
            "flags": list(self.flags),
            "scores": self.scores,
            "injection_score": self.injection_score,
            "flagged_chunks": [
                {
                    "ordinal": one.ordinal,
                    "page": one.page,
                    "flags": list(one.flags),
                    "injection_score": one.injection_score,
                    "sample": one.sample,
                }
                for one in self.flagged
            ],
            "removed": self.removed,
            "cuts": list(self.cuts),
            "reading_kept": self.kept,
        }


def quality_of(
    corpus: Corpus, generation: Generation, document: UUID, versions: list[VersionRecord]
) -> Quality | None:
    """Put together what is known of the version readers see; none if they see none.

    Args:
        corpus: The home.
        generation: The live one.
        document: Its id.
        versions: Its versions, as `list_versions` gives them.

    Raises:
        StoreError: The points could not be read.
    """
    served = next((one for one in versions if one.valid_to == OPEN_END), None)
    if served is None:
        return None
    ids = open_points(corpus.ledger, generation.name, [document])[document]
    payloads = [point.payload for point in corpus.store.fetch(generation.name, ids)]
    payloads.sort(key=lambda payload: int(payload["ordinal"]))
    read = read_again(corpus, generation, served)
    languages = Counter(str(p["language"]) for p in payloads if p.get("language"))
    scores = [float(p["injection_score"]) for p in payloads if "injection_score" in p]
    return Quality(
        flags=served.flags,
        language=read.language if read else next(iter(dict(languages.most_common(1))), ""),
        languages=dict(sorted(languages.items())),
        scores=dict(read.scores) if read else {},
        injection_score=max(scores, default=None),
        flagged=tuple(
            FlaggedChunk(
                int(p["ordinal"]),
                p.get("page"),
                own,
                float(p.get("injection_score", 0.0)),
                str(p["text"])[:SAMPLE],
            )
            for p in payloads
            if (own := tuple(flag for flag in p["flags"] if flag not in served.flags))
        ),
        removed=dict(read.removed) if read else {},
        cuts=tuple(
            {
                "reason": cut.reason,
                "characters": cut.characters,
                "sample": cut.sample,
                "page": cut.page,
            }
            for cut in (read.cuts if read else ())
        ),
        kept=read is not None,
    )
