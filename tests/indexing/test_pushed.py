"""Groups of pushed documents reach the points, and a change of them alone is applied at once."""

from typing import Any

from config.sources import PushSource
from indexing.points import visible
from indexing.running.ingest import run_ingest
from indexing.running.session import IngestSession
from indexing.upkeep.purge import purge
from indexing.upkeep.purge_targets import find_target
from ingestion.sources.configured import make_source, spool_of
from ingestion.sources.spool import PushedDocument
from tests.support.traces import traces_in

LIMIT = 1_000_000


class Crm:
    """A push source of a home."""

    def __init__(self, home: Any) -> None:
        self.home = home
        self.settings = PushSource(name="crm", kind="push", acl=("staff",))
        self.spool = spool_of(home.settings, self.settings)

    def push(self, key: str, text: str, *acl: str) -> None:
        self.spool.put(PushedDocument(key, text.encode(), {"team": "blue"}, acl), LIMIT)

    def ingest(self, **changes: Any) -> Any:
        source = make_source(self.home.settings, self.settings.model_copy(update=changes))
        corpus = self.home.corpus
        with IngestSession(corpus, [source], generation=corpus.writable()) as session:
            return run_ingest(session)

    def groups(self) -> dict[str, list[str]]:
        live = self.home.corpus.live()
        points = self.home.corpus.store.scroll(
            live.name, visible(live.epoch, "default", aborted=live.aborted)
        )
        return {p.payload["key"]: p.payload["acl"] for p in points}


def test_groups_and_metadata_of_a_document_are_in_its_points(home: Any) -> None:
    crm = Crm(home)
    crm.push("a.md", "The night shift begins at ten.")
    crm.push("b.md", "The board meets at noon.", "board")
    crm.ingest()
    assert crm.groups() == {"a.md": ["staff"], "b.md": ["board"]}
    live = home.corpus.live()
    (point, *_) = home.corpus.store.scroll(live.name, visible(live.epoch, "default"))
    assert point.payload["origin"] == {"team": "blue"}


def test_new_groups_of_one_document_are_applied_without_embedding(home: Any) -> None:
    crm = Crm(home)
    crm.push("a.md", "The night shift begins at ten.")
    crm.push("b.md", "The board meets at noon.", "board")
    crm.ingest()
    before = len(home.encoder.encoded)
    crm.push("b.md", "The board meets at noon.", "auditors")
    crm.ingest()
    assert crm.groups() == {"a.md": ["staff"], "b.md": ["auditors"]}
    assert len(home.encoder.encoded) == before
    assert crm.ingest().state.value == "NothingToDo"


def test_the_default_of_the_source_never_widens_groups_of_a_document(home: Any) -> None:
    crm = Crm(home)
    crm.push("a.md", "The night shift begins at ten.")
    crm.push("b.md", "The board meets at noon.", "board")
    crm.ingest()
    crm.ingest(acl=())
    assert crm.groups() == {"a.md": [], "b.md": ["board"]}
    # Gone from the listing all at once, so that the deletions are withheld: served as they were.
    crm.spool.withdraw("a.md")
    crm.spool.withdraw("b.md")
    report = crm.ingest(acl=("everybody",))
    assert report.counts.withheld == 2
    assert crm.groups() == {"a.md": [], "b.md": ["board"]}


def test_a_purged_document_leaves_the_spool_as_well(home: Any) -> None:
    crm = Crm(home)
    crm.push("a.md", "The night shift begins at the belfry.")
    crm.push("b.md", "The board meets at noon.")
    crm.ingest()
    target = find_target(home.corpus, "a.md")
    (receipt,) = purge(home.corpus, [target.document_id])
    assert receipt.complete
    assert traces_in(home.settings.home, ("belfry",)) == []
    crm.ingest()
    assert crm.groups() == {"b.md": ["staff"]}
