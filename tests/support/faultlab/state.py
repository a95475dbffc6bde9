"""What a home shows its readers, in a form in which two homes can be compared."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from indexing.points import StoredPoint

OF_A_RUN = frozenset({"valid_from", "valid_to"})
"""Fields of a payload that say in which batch a point came and went."""
TOLERANCE = 1e-5
Place = tuple[str, int]
"""Document id and ordinal of a chunk."""


@dataclass(frozen=True)
class Shown:
    """One chunk as a reader sees it, whatever run made it."""

    payload: Mapping[str, Any]
    dense: Any
    sparse: Any

    def is_like(self, other: "Shown") -> bool:
        """Whether payload and vectors are equal."""
        return (
            self.payload == other.payload
            and self.sparse == other.sparse
            and bool(np.allclose(self.dense, other.dense, atol=TOLERANCE))
        )


@dataclass(frozen=True)
class State:
    """All chunks that a reader sees, and where every document stands."""

    chunks: Mapping[Place, Shown]
    standings: Mapping[str, tuple[Any, ...]]
    """By document id: key, state, reason, version, hash of the bytes."""

    def documents(self) -> dict[str, list[Shown]]:
        """The chunks of each document, in order."""
        found: dict[str, list[Shown]] = {}
        for place in sorted(self.chunks):
            found.setdefault(place[0], []).append(self.chunks[place])
        return found

    def texts(self) -> dict[str, list[str]]:
        """The texts of each document, by key and in order."""
        return {
            str(chunks[0].payload["key"]): [str(c.payload["text"]) for c in chunks]
            for chunks in self.documents().values()
        }

    def contents(self) -> dict[str, str]:
        """The words of each document by key, however they were cut."""
        return {key: " ".join(" ".join(texts).split()) for key, texts in self.texts().items()}


def contents_of(folder: Path) -> dict[str, str]:
    """The words of every file that has any, by key: what an index of the folder has to show."""
    found = {}
    for path in folder.rglob("*"):
        if path.is_file():
            words = " ".join(path.read_text(encoding="utf-8", errors="replace").split())
            if words:
                found[path.relative_to(folder).as_posix()] = words
    return found


def shown(points: Iterable[StoredPoint]) -> dict[Place, Shown]:
    """Take from points what does not depend on the run that wrote them."""
    found: dict[Place, Shown] = {}
    for point in points:
        payload = {k: v for k, v in point.payload.items() if k not in OF_A_RUN}
        sparse = (
            None
            if point.sparse is None
            else tuple(zip(point.sparse.indices, point.sparse.values, strict=True))
        )
        place = (str(payload.get("document_id")), int(payload.get("ordinal", -1)))
        found[place] = Shown(payload, point.dense, sparse)
    return found


def differences(found: State, wanted: State, *, standings: bool = True) -> list[str]:
    """Say in what two states differ; nothing if a reader cannot tell them apart."""
    said = [f"{place} is not there" for place in wanted.chunks.keys() - found.chunks.keys()]
    said += [f"{place} should not be there" for place in found.chunks.keys() - wanted.chunks.keys()]
    for place in wanted.chunks.keys() & found.chunks.keys():
        if not found.chunks[place].is_like(wanted.chunks[place]):
            said.append(f"{place} differs")
    if standings:
        for document in wanted.standings.keys() | found.standings.keys():
            now, then = found.standings.get(document), wanted.standings.get(document)
            if now != then:
                said.append(f"{document} stands at {now} instead of {then}")
    return said


def torn(found: State, before: State, after: State) -> list[str]:
    """Say which documents are neither as before nor as after a change, or have vanished."""
    said = []
    seen, old, new = (state.documents() for state in (found, before, after))
    for document, chunks in seen.items():
        if not any(are_alike(chunks, one.get(document, ())) for one in (old, new)):
            said.append(f"{chunks[0].payload.get('key')} is neither the old nor the new one")
    said += [f"document {d} vanished" for d in (old.keys() & new.keys()) - seen.keys()]
    return said


def are_alike(found: Sequence[Shown], wanted: Sequence[Shown]) -> bool:
    """Whether a document shows the same chunks."""
    return len(found) == len(wanted) and all(
        one.is_like(other) for one, other in zip(found, wanted, strict=True)
    )
