"""A source in memory, of one document at a time, that knows what this was called before."""

from indexing.running.ingest import run_ingest
from indexing.running.report import RunReport
from indexing.running.session import IngestSession
from ingestion.document import UNLABELLED, Listing, SourceEntry, Stat, sha256_of
from tests.support.homes import Rig


class Renaming:
    """That source, and the home that it is ingested into."""

    name = "docs"
    location = "memory"

    def __init__(self, rig: Rig) -> None:
        self.corpus = rig.corpus
        self.files: dict[str, bytes] = {}
        self.formerly: dict[str, str] = {}
        self.labels = UNLABELLED

    def list_entries(self, _on_progress: object = None) -> Listing:
        entries = (
            SourceEntry(
                key,
                Stat(len(data), 1, f"exact:{sha256_of(data)}"),
                formerly=(self.formerly[key],) if key in self.formerly else (),
            )
            for key, data in sorted(self.files.items())
        )
        return Listing(tuple(entries), complete=True, labels=self.labels)

    def read(self, entry: SourceEntry, _max_bytes: int) -> bytes:
        return self.files[entry.key]

    def ingest(self, key: str, data: bytes, formerly: str | None = None) -> RunReport:
        """Ingest this one document and nothing else."""
        self.files = {key: data}
        self.formerly = {key: formerly} if formerly else {}
        with IngestSession(self.corpus, [self], generation=self.corpus.writable()) as session:
            return run_ingest(session)
