"""The deeds of a child, each through the same calls as the command or the flow makes."""

from collections import Counter
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from config.overrides import with_overrides
from config.settings import (
    Approval,
    ChunkingSettings,
    IngestionSettings,
    PromotionSettings,
    Settings,
    StoreSettings,
)
from indexing.corpus import Corpus
from indexing.generations.promotion import rollback
from indexing.generations.reindex import promote, reindex
from indexing.ledger.documents import list_standings
from indexing.ledger.purges import Tombstone, list_purges
from indexing.planning.approval import ceilings
from indexing.planning.purged_file import read_purged
from indexing.running.ingest import run_ingest
from indexing.running.session import IngestSession
from indexing.upkeep.backup import backup
from indexing.upkeep.garbage import collect
from indexing.upkeep.purge import purge
from indexing.upkeep.repair import repair
from indexing.upkeep.restore import restore
from indexing.upkeep.verify import verify
from ingestion.sources.local import LocalFolderSource
from query.decision import Status
from query.opening import open_engine
from tests.support.faultlab.orders import Deed, Order

SOURCE = "docs"
PROMOTE_EVERY = 10
"""Of so many switches one is the promotion of a new generation."""
COARSER = {"chunking.max_tokens": 56}
"""Another pipeline: longer chunks."""


def lab_settings(home: Path, options: Mapping[str, Any] | None = None) -> Settings:
    """Small batches and small calls, so that a little work has many boundaries.

    The gate that measures speed always passes, because this machine may be busy, and the one that
    asks questions is off, because the vectors have no meaning.
    """
    base = Settings(
        home=home,
        ingestion=IngestionSettings(batch_documents=3, parser_processes=1),
        chunking=ChunkingSettings(max_tokens=24, min_tokens=0, heading_tokens=0),
        store=StoreSettings(upsert_batch=4),
        promotion=PromotionSettings(
            latency_floor_ms=60_000, recall_samples=4, known_items=0, wait_seconds=5
        ),
    )
    return with_overrides(base, options or {})


def ingest(corpus: Corpus, order: Order) -> dict[str, Any]:
    """Bring the folder in; with `approve`, what was withheld is deleted."""
    source = LocalFolderSource(SOURCE, Path(order.folder))
    generation = corpus.writable()
    allowed = (
        ceilings(corpus.ledger, generation.name, [SOURCE]) if order.options.get("approve") else {}
    )
    with IngestSession(corpus, [source], generation=generation, ceilings=allowed) as session:
        report = run_ingest(session)
    return report.to_json()


def build(corpus: Corpus, order: Order) -> dict[str, Any]:
    """Reindex, with the coarser pipeline unless told otherwise."""
    approval = order.options.get("approval")
    return reindex(
        corpus,
        overrides=order.options.get("overrides", COARSER),
        approval=Approval(approval) if approval else None,
    ).to_json()


def switch_over(corpus: Corpus, order: Order) -> dict[str, Any]:
    """Promote what waits."""
    return promote(corpus, order.options.get("to")).to_json()


def switch_back(corpus: Corpus, order: Order) -> dict[str, Any]:
    """Roll back."""
    done = rollback(corpus, order.options.get("to"))
    return {"state": "Completed", "generation": done.generation, "behind": done.behind}


def sweep(corpus: Corpus, _order: Order) -> dict[str, Any]:
    """Collect garbage."""
    return {"state": "Completed"} | collect(corpus).to_json()


def audit(corpus: Corpus, order: Order) -> dict[str, Any]:
    """Verify."""
    found = verify(corpus, deep=bool(order.options.get("deep")))
    return {"state": "Completed"} | found.to_json()


def heal(corpus: Corpus, order: Order) -> dict[str, Any]:
    """Verify and repair, from the source too if told so."""
    sources = (
        [LocalFolderSource(SOURCE, Path(order.folder))] if order.options.get("sources") else []
    )
    done = repair(corpus, sources=sources, deep=bool(order.options.get("deep")))
    return {"state": "Completed" if done.after.sound else "Unsound"} | done.to_json()


def bury(corpus: Corpus, order: Order) -> dict[str, Any]:
    """Purge the document at a key; one that is purged already is purged once more."""
    generation = corpus.writable()
    wanted = order.options["key"]
    standing = [s for s in list_standings(corpus.ledger, generation.name) if s.key == wanted]
    documents = [s.document_id for s in standing] or [t.document_id for t in list_purges_of(corpus)]
    receipts = purge(corpus, documents)
    complete = bool(receipts) and all(receipt.complete for receipt in receipts)
    return {"state": "Purged" if complete else "Incomplete"}


def list_purges_of(corpus: Corpus) -> list[Tombstone]:
    """Tombstones that the ledger or the home's file has."""
    known = {t.document_id: t for t in list_purges(corpus.ledger)}
    return list((known | {t.document_id: t for t in read_purged(corpus.settings.home)}).values())


def save(corpus: Corpus, order: Order) -> dict[str, Any]:
    """Back up."""
    return backup(corpus, order.options["backup"]).to_json()


def bring_back(corpus: Corpus, order: Order) -> dict[str, Any]:
    """Restore into the home, which has nothing yet."""
    settings = corpus.settings
    corpus.close()
    return restore(settings, order.options["backup"]).to_json()


def switch_often(corpus: Corpus, order: Order) -> dict[str, Any]:
    """Roll back and forth, and now and then promote a generation that is built anew."""
    rollbacks = promotions = 0
    for number in range(int(order.options["times"])):
        if number % PROMOTE_EVERY == PROMOTE_EVERY - 1:
            made = reindex(corpus, overrides={"chunking.max_tokens": 30 + number})
            promotions += made.switch is not None
        else:
            rollback(corpus)
            rollbacks += 1
    return {"state": "Completed", "rollbacks": rollbacks, "promotions": promotions}


def read_on(corpus: Corpus, order: Order) -> dict[str, Any]:
    """Ask questions all the time, and count what went wrong."""
    engine = open_engine(corpus)
    until = Path(order.options["until"])
    seen: Counter[str] = Counter()
    generations: set[str] = set()
    while not until.exists():
        found = engine.retrieve("On which day is the harbour closed?")
        seen["reads"] += 1
        seen["errors"] += found.status is not Status.OK
        seen["empty"] += not found.hits
        if found.pinned is not None:
            generations.add(found.pinned.generation)
    return {"state": "Completed", "generations": len(generations), **seen}


DEEDS: Mapping[Deed, Callable[[Corpus, Order], dict[str, Any]]] = {
    Deed.INGEST: ingest,
    Deed.REINDEX: build,
    Deed.PROMOTE: switch_over,
    Deed.ROLLBACK: switch_back,
    Deed.GC: sweep,
    Deed.VERIFY: audit,
    Deed.REPAIR: heal,
    Deed.PURGE: bury,
    Deed.BACKUP: save,
    Deed.RESTORE: bring_back,
    Deed.SWITCH: switch_often,
    Deed.READ: read_on,
}
