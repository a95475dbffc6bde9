"""Documents inside documents: found when their container is read, settled like any other.

A part has an id and a history of its own, and its standing names the outermost document that it
lies in. No source lists it, so what happens to it follows from what happens to that document: it
is read, moved, given other labels and deleted along with it.
"""

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Protocol
from uuid import UUID

from indexing.committing.batches import ReadDocument
from indexing.corpus import Corpus
from indexing.ledger.commits import Settled, settled_again
from indexing.ledger.documents import (
    DocumentState,
    OpenVersion,
    Standing,
    contained_standings,
    free_ids,
    ids_at_keys,
    open_versions,
    standings_at,
    taken_keys,
)
from indexing.planning.planned import PlannedDocument, key_along
from ingestion.document import Part, PreparedDocument, Refusal, Stat, sha256_of
from ingestion.parsing.parts import INSIDE
from ingestion.parsing.pool import ParseJob, ParseOutcome

ASIDE = "~"
"""Put before the name of a part where another document has its key."""


class Judge(Protocol):
    """Decides what became of a document that was prepared."""

    def __call__(
        self, planned: PlannedDocument, outcome: ParseOutcome, version: OpenVersion | None
    ) -> ReadDocument | Settled:
        """Return new content, or how the document stands already."""
        ...


Admit = Callable[[str, UUID, bytes], bytes | Refusal]
"""Lets the bytes of a part in, or says why not: it was purged."""


class ContainedDocuments:
    """Follows the documents that are read into what lies in them."""

    def __init__(
        self,
        corpus: Corpus,
        generation: str,
        roots: Sequence[PlannedDocument],
        *,
        judge: Judge,
        admit: Admit,
        is_retried: Callable[[Standing], bool],
        relabelled: Mapping[UUID, str],
    ) -> None:
        """Look up what is known to lie in the documents that are about to be read.

        Args:
            corpus: The home.
            generation: Which one is written to.
            roots: Documents that sources list and that are read in this run.
            judge: Decides what a part is, once it is prepared.
            admit: Lets the bytes of a part in.
            is_retried: Whether a part is read again although its bytes are the same.
            relabelled: By document, the digest of labels that this run gave it.
        """
        self.corpus = corpus
        self.generation = generation
        self.judge = judge
        self.admit = admit
        self.is_retried = is_retried
        self.relabelled = relabelled
        self._known: dict[UUID, list[Standing]] = defaultdict(list)
        self.listed = {root.entry.key for root in roots if INSIDE in root.entry.key}
        known_roots = [root.document_id for root in roots]
        for standing in contained_standings(corpus.ledger, generation, known_roots):
            assert standing.container is not None
            self._known[standing.container].append(standing)
        self.vanished: list[Standing] = []
        """Parts that are not in their container any more."""

    def of(
        self, root: PlannedDocument, prepared: PreparedDocument
    ) -> Iterator[ReadDocument | Settled]:
        """Yield everything that lies in a document, however deep."""
        known = self._known.get(root.document_id, [])
        if not prepared.parts and not known:
            return
        opened = _Opened(self, root, known)
        yield from opened.parts(root.entry.key, prepared.parts)
        self.vanished += opened.vanished()

    def ids(self, source: str, known: dict[str, Standing], keys: Sequence[str]) -> dict[str, UUID]:
        """Find the id of every part: the one it has or had, or a free one."""
        ledger = self.corpus.ledger
        found = {key: known[key].document_id for key in keys if key in known}
        rest = [key for key in keys if key not in found]
        elsewhere = ids_at_keys(ledger, source, rest)
        here = standings_at(ledger, self.generation, list(elsewhere.values()))
        found |= {key: one for key, one in elsewhere.items() if one not in here}
        rest = [key for key in rest if key not in found]
        return found | free_ids(ledger, self.corpus.settings.tenant, source, rest)


class _Opened:
    """One document that was read, while its parts are gone through."""

    def __init__(
        self, contained: ContainedDocuments, root: PlannedDocument, known: Sequence[Standing]
    ) -> None:
        self._contained = contained
        self._corpus = contained.corpus
        self._root = root
        before = root.standing.key if root.standing else root.entry.key
        # Under the keys that they would have now, should their container have another one by now.
        gone_first = sorted(known, key=lambda s: s.state is not DocumentState.DELETED)
        self._known = {key_along(s.key, before, root.entry.key): s for s in gone_first}
        self._seen: set[str] = set()

    def parts(self, container: str, parts: Sequence[Part]) -> Iterator[ReadDocument | Settled]:
        """Yield the parts of one container, and whatever lies in them."""
        by_key = self._keyed(container, parts)
        self._seen |= by_key.keys()
        ids = self._contained.ids(self._root.source.name, self._known, list(by_key))
        planned = {key: self._planned(key, ids[key], part) for key, part in by_key.items()}
        versions = open_versions(self._corpus.ledger, self._contained.generation, [*ids.values()])
        to_read: list[PlannedDocument] = []
        for key, part in by_key.items():
            document = planned[key]
            stands = self._as_before(document, part)
            if stands is None:
                to_read.append(document)
                continue
            self._keep_inside(key)
            yield stands
        jobs = (ParseJob(d.entry.key, partial(self._read, d, by_key)) for d in to_read)
        ahead = 2 * self._corpus.settings.ingestion.parser_processes
        outcomes = self._corpus.parsers.process_ahead(jobs, lookahead=ahead)
        for document, outcome in zip(to_read, outcomes, strict=True):
            version = versions.get(document.document_id)
            yield self._contained.judge(document, outcome, version)
            if isinstance(outcome.result, PreparedDocument):
                yield from self.parts(document.entry.key, outcome.result.parts)
            else:
                self._keep_inside(document.entry.key)

    def vanished(self) -> list[Standing]:
        """Return what was in the document before and is not any more."""
        return [
            standing
            for key, standing in self._known.items()
            if key not in self._seen and standing.state is not DocumentState.DELETED
        ]

    def _keyed(self, container: str, parts: Sequence[Part]) -> dict[str, Part]:
        """Give every part its key; one that another document of the source has steps aside."""
        source, generation = self._root.source.name, self._contained.generation
        others, asked = set(self._contained.listed), set[str]()
        while True:
            keyed: dict[str, Part] = {}
            for part in parts:
                free, aside = f"{container}{INSIDE}{part.name}", ""
                while free in others or free in keyed:
                    aside += ASIDE  # in front: the suffix decides how it is read
                    free = f"{container}{INSIDE}{aside}{part.name}"
                keyed[free] = part
            # Also of the keys that were stepped aside to: another document may have them, too.
            if not (fresh := [key for key in keyed if key not in asked]):
                return keyed
            there = taken_keys(self._corpus.ledger, generation, source, fresh)
            others |= {key for key, root in there.items() if root != self._root.document_id}
            asked |= set(fresh)

    def _planned(self, key: str, document: UUID, part: Part) -> PlannedDocument:
        entry = replace(
            self._root.entry,
            key=key,
            stat=Stat(len(part.data), self._root.entry.stat.modified_ns),
        )
        standing = self._known.get(key)
        alive = standing if standing and standing.state is not DocumentState.DELETED else None
        return PlannedDocument(
            self._root.source,
            entry,
            document,
            alive,
            standing.version if standing else 0,
            container=self._root.document_id,
        )

    def _read(self, planned: PlannedDocument, parts: dict[str, Part]) -> bytes | Refusal:
        part = parts[planned.entry.key]
        if part.refusal is not None:
            return replace(part.refusal, key=planned.entry.key)
        return self._contained.admit(planned.entry.key, planned.document_id, part.data)

    def _as_before(self, planned: PlannedDocument, part: Part) -> Settled | None:
        """Settle a part whose bytes are those that were seen last; none if it has to be read."""
        standing = planned.standing
        if standing is None or part.refusal is not None or standing.key != planned.entry.key:
            return None
        if standing.content_sha256 != sha256_of(part.data) or self._contained.is_retried(standing):
            return None
        labels = self._contained.relabelled.get(standing.document_id, standing.labels)
        tenant = self._corpus.settings.tenant
        return settled_again(standing, tenant, planned.entry.stat, labels)

    def _keep_inside(self, key: str) -> None:
        """Let what lies in a part that was not opened stay as it is."""
        prefix = f"{key}{INSIDE}"
        self._seen |= {inside for inside in self._known if inside.startswith(prefix)}
