"""The purge: a document is taken out of every generation, history, blob and log, and stays out.

    find → tombstone → copies → requests → points → run files → rows → blobs → bytes → look again

It holds the writer lease of every generation, so no run has the document in memory. Each step
looks for what is there and may be repeated, so a purge that was interrupted is finished by running
it again; names are needed until the rows that hold them go, and hashes until the blobs are gone.
"""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import replace
from uuid import UUID

from sqlalchemy import Connection

from indexing.committing.epochs import CLOSE_BATCH
from indexing.corpus import Corpus
from indexing.errors import StoreCorruptError, StoreUnavailableError
from indexing.failpoints import Failpoint, reached
from indexing.ledger.database import now
from indexing.ledger.documents import groups
from indexing.ledger.erasing import erase_bytes
from indexing.ledger.generations import list_generations
from indexing.ledger.purges import Tombstone, list_purges, merged, write_purges
from indexing.ledger.redaction import Traces, together
from indexing.planning.purged_file import add_purged, read_purged
from indexing.points import PointFilter
from indexing.stores.base import Fence
from indexing.upkeep.belongings import Belongings, find_belongings
from indexing.upkeep.exclusive import exclusively, hold_generations
from indexing.upkeep.purge_blobs import BlobsOf, count_blobs, delete_blobs, find_blobs
from indexing.upkeep.purge_points import delete_points, erase_points, own_collections
from indexing.upkeep.purge_rows import (
    TOUCHED,
    count_rows,
    count_told,
    foreign_names,
    purge_requests,
    purge_rows,
)
from indexing.upkeep.purge_run_files import clean_run_files, count_left, count_run_files
from indexing.upkeep.purge_targets import parts_of
from indexing.upkeep.quotes import Quotes
from indexing.upkeep.receipt import Receipt, Step, receipt_of
from indexing.upkeep.restore_rows import remove_abandoned
from ingestion.identity import parse_fingerprint
from ingestion.sources.forgetting import forget_documents

BACKUPS = (
    "backups made before still hold it until they are deleted; a restore leaves out what "
    "`purged.jsonl` of the home names"
)


def purge(corpus: Corpus, documents: Sequence[UUID]) -> tuple[Receipt, ...]:
    """Remove documents, and what lies in them, from everything that this home holds, for good.

    Args:
        corpus: The home.
        documents: What to remove; whatever state they are in, also purged before.

    Returns:
        A receipt for each, and for each part of them.

    Raises:
        WriterBusyError: A run is writing, or another upkeep is at work; nothing was changed, or
            what was changed is finished by the next call.
        HoldfastError: A part failed; the next call goes on.
    """
    if not documents:
        return ()
    with exclusively(corpus, "purge"), ExitStack() as leases:
        whole = dict.fromkeys([*documents, *parts_of(corpus, documents)])
        return Purge(corpus, list(whole), leases).run()


class Purge:
    """One purge at work."""

    def __init__(self, corpus: Corpus, documents: Sequence[UUID], leases: ExitStack) -> None:
        """Prepare; leases that are taken are given back by whoever closes `leases`."""
        self._corpus = corpus
        self._documents = documents
        self._stack = leases
        self._fences: dict[str, Fence] = {}
        self._run_files = corpus.settings.home / "runs"
        self._belongings: list[Belongings] = []
        self._each: list[tuple[Receipt, Traces]] = []
        self._tombstones = read_known(corpus)
        self._receipts = [begun(self._tombstones.get(document), document) for document in documents]

    def run(self) -> tuple[Receipt, ...]:
        """Carry out every step."""
        self._hold()
        while True:
            self._find()
            self._bury()
            self._forget_copies()
            self._clear()
            # A generation that began to be built before the rows were gone may have read them.
            if not self._hold():
                break
        self._clear_blobs()
        self._erase()
        self._look_again()
        return tuple(self._receipts)

    def _hold(self) -> bool:
        """Become the writer of every generation; returns whether there are any new ones."""
        taken = hold_generations(self._corpus, self._stack, "purge", self._fences)
        self._fences |= {name: lease.assert_held for name, lease in taken.items()}
        return bool(taken)

    def _find(self) -> None:
        """Find what there is, and note what is counted before it goes."""
        before = self._belongings
        self._belongings = find_belongings(
            self._corpus, self._documents, own_collections(self._corpus)
        )
        for one, known in zip(self._belongings, before, strict=bool(before)):
            one.remember(known)
        every_key = {key for one in self._belongings for key in one.keys}
        foreign = foreign_names(self._corpus, every_key, self._documents)
        self._each = [
            (receipt, self._traces(one, foreign))
            for receipt, one in zip(self._receipts, self._belongings, strict=True)
        ]
        for receipt, one in zip(self._receipts, self._belongings, strict=True):
            receipt.expect(
                Step.POINTS, {"points_deleted": {c: len(ids) for c, ids in one.points.items()}}
            )
        count_run_files(self._run_files, self._each)

    def _traces(self, one: Belongings, foreign: frozenset[str]) -> Traces:
        return Traces(
            frozenset({str(one.document_id)}),
            frozenset(one.point_ids),
            frozenset(one.keys) - foreign,
            Quotes(lambda: texts_of(self._corpus, one)),
        )

    def _forget_copies(self) -> None:
        """Remove what the home keeps on behalf of the sources: pushed bytes, pages, a git copy.

        And the rows that a restore had unpacked when it was killed.

        Raises:
            StoreUnavailableError: A file cannot be removed.
        """
        remove_abandoned(self._corpus.settings.home)
        named: dict[str, set[str]] = {}
        for one in self._belongings:
            for source in one.sources:
                named.setdefault(source, set()).update(one.keys)
        for source, keys in named.items():
            try:
                forget_documents(self._corpus.settings.home, source, keys)
            except OSError as error:
                raise StoreUnavailableError(
                    f"What is kept of source {source!r} cannot be removed ({error.strerror}). "
                    "Make the home writable and purge again; it goes on where it was."
                ) from error

    def _bury(self) -> None:
        """Write the tombstones: from now on nothing new of the documents is taken or logged."""
        for receipt, one in zip(self._receipts, self._belongings, strict=True):
            before = self._tombstones.get(receipt.document_id)
            contents = one.contents.union(before.content_sha256s if before else ())
            key_ids = one.key_ids.union(before.key_ids if before else ())
            receipt.contents = len(contents)
            self._tombstones[receipt.document_id] = Tombstone(
                receipt.document_id,
                receipt.purged_at,
                tuple(sorted(contents)),
                tuple(sorted(key_ids)),
            )
        self._save()
        add_purged(self._corpus.settings.home, [self._tombstones[d] for d in self._documents])
        reached(Failpoint.BURIED)

    def _clear(self) -> None:
        """Remove everything that is found by ids and names."""
        purge_requests(self._corpus, self._each, self._save_inside)
        reached(Failpoint.REDACTED)
        delete_points(self._corpus, self._belongings, self._fences)
        self._carried_out(Step.POINTS)
        reached(Failpoint.POINTS_GONE)
        clean_run_files(self._run_files, self._each)
        self._carried_out(Step.RUN_FILES)
        reached(Failpoint.RUN_FILES_CLEANED)
        purge_rows(self._corpus, self._each, self._save_inside)
        reached(Failpoint.ROWS_GONE)

    def _clear_blobs(self) -> None:
        blobs = [
            BlobsOf(r, frozenset(self._tombstones[r.document_id].content_sha256s))
            for r in self._receipts
        ]
        find_blobs(self._corpus, blobs)
        self._save()
        for fence in self._fences.values():
            fence()  # a run that took over may have kept blobs that no row names yet
        delete_blobs(self._corpus, blobs)
        self._carried_out(Step.BLOBS)
        reached(Failpoint.BLOBS_GONE)

    def _erase(self) -> None:
        """Leave no bytes behind of what was deleted."""
        ledger = erase_bytes(self._corpus.ledger, TOUCHED)
        reached(Failpoint.LEDGER_ERASED)
        store = erase_points(self._corpus, own_collections(self._corpus), self._fences)
        for receipt in self._receipts:
            written = {name: done.bytes_written for name, done in store.items()}
            receipt.removed.bytes_rewritten = {"ledger": ledger.bytes_written} | written
            receipt.left = {"tables_held": len(ledger.held)}
            receipt.bound = {
                "ledger": ledger.bound,
                "index": "; ".join(sorted({done.bound for done in store.values()})),
                "blobs": self._corpus.blobs.deletion_bound,
                "backups": BACKUPS,
            }

    def _look_again(self) -> None:
        """Count everything once more; a receipt is finished only if nothing is left."""
        again = find_belongings(self._corpus, self._documents, own_collections(self._corpus))
        contents = {d: self._tombstones[d].content_sha256s for d in self._documents}
        blobs = count_blobs(self._corpus, contents)
        told = self._told(together(traces for _, traces in self._each))
        for (receipt, traces), one in zip(self._each, again, strict=True):
            points = sum(map(len, one.points.values()))
            receipt.left["points"] = points + self._known_points(traces)
            receipt.left |= count_rows(self._corpus, receipt.document_id)
            receipt.left |= self._told(traces) if any(told.values()) else told
            receipt.left["blobs"] = blobs[receipt.document_id]
            if not any(receipt.left.values()):
                receipt.finished_at = now()
        self._save()

    def _told(self, traces: Traces) -> dict[str, int]:
        """Count again what is told of documents elsewhere."""
        return count_told(self._corpus, traces) | {
            "run_file_lines": count_left(self._run_files, traces)
        }

    def _known_points(self, traces: Traces) -> int:
        """Count the points that it had, whatever they say of themselves by now."""
        known = [UUID(point) for point in traces.points]
        return sum(
            len(self._corpus.store.fetch(name, group))
            for name in own_collections(self._corpus)
            for group in groups(known, CLOSE_BATCH)
        )

    def _carried_out(self, step: Step) -> None:
        for receipt in self._receipts:
            receipt.done.add(step)
        self._save()

    def _save(self) -> None:
        with self._corpus.ledger.write() as connection:
            self._save_inside(connection)

    def _save_inside(self, connection: Connection) -> None:
        """Write the tombstones with the receipts so far."""
        bare = ((self._tombstones[r.document_id], r.to_row()) for r in self._receipts)
        write_purges(connection, (replace(one, receipt=row) for one, row in bare))


def read_known(corpus: Corpus) -> dict[UUID, Tombstone]:
    """Return every tombstone there is; what only the file has comes from another ledger."""
    return merged((*read_purged(corpus.settings.home), *list_purges(corpus.ledger)))


def begun(tombstone: Tombstone | None, document: UUID) -> Receipt:
    """Begin a receipt, or go on with one."""
    return receipt_of(tombstone) if tombstone else Receipt(document, now())


def texts_of(corpus: Corpus, one: Belongings) -> Iterator[str]:
    """Yield the texts of a document, from its blobs and from its points."""
    parsers = {
        parse_fingerprint(g.spec.get("ingestion", {})) for g in list_generations(corpus.ledger)
    }
    for content in sorted(one.contents):
        for parser in sorted(parsers):
            for name in corpus.blobs.texts(content, parser):
                try:
                    text = corpus.blobs.text(content, name.suffix, parser)
                except StoreCorruptError:
                    continue  # what cannot be read was not quoted from here, either
                if text is not None:
                    yield text.text
    where = PointFilter(document_ids=frozenset({str(one.document_id)}))
    for collection in one.points:
        for point in corpus.store.scroll(collection, where):
            yield str(point.payload.get("text", ""))
