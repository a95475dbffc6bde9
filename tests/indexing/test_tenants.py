"""Several tenants in one home: whatever one of them starts, the documents of the others stay."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from config.errors import ConfigError
from indexing.corpus import Corpus, open_corpus
from indexing.generations.reindex import reindex
from indexing.ledger.documents import list_standings
from indexing.ledger.tenants import tenants_of
from indexing.points import PointFilter, visible
from indexing.running.ingest import run_ingest
from indexing.running.session import IngestSession
from indexing.upkeep.purge import purge
from indexing.upkeep.purge_targets import find_target
from indexing.upkeep.repair import repair
from indexing.upkeep.verify import verify
from ingestion.sources.local import LocalFolderSource

MINE = "The rate of Alpha is 11 marks."
THEIRS = "The rate of Beta is 99 marks."


def corpus_of(home: Any, tenant: str) -> Corpus:
    """Open the home for a tenant."""
    corpus = open_corpus(home.settings.model_copy(update={"tenant": tenant}))
    corpus.__dict__["encoder"] = home.encoder
    corpus.__dict__["parsers"] = home.corpus.parsers
    return corpus


def bring_in(corpus: Corpus, name: str, folder: Path) -> None:
    source = LocalFolderSource(name, folder)
    with IngestSession(corpus, [source], generation=corpus.writable()) as session:
        run_ingest(session)


def texts(corpus: Corpus, tenant: str) -> list[str]:
    """Return what a reader of a tenant sees."""
    live = corpus.live()
    assert live is not None
    where = visible(live.epoch, tenant, aborted=live.aborted)
    return sorted(str(p.payload["text"]) for p in corpus.store.scroll(live.name, where))


@pytest.fixture
def shared(home: Any, tmp_path: Path) -> Iterator[Any]:
    """A home of the default tenant and of another one, each with a page in a source of its own."""
    home.write("rates.txt", MINE)
    home.ingest()
    theirs = tmp_path / "theirs"
    theirs.mkdir()
    (theirs / "rates.txt").write_text(THEIRS, encoding="utf-8")
    other = corpus_of(home, "other")
    bring_in(other, "theirs", theirs)
    yield home
    del other.__dict__["parsers"]
    other.close()


def seen(home: Any) -> tuple[list[str], list[str]]:
    return texts(home.corpus, "default"), texts(home.corpus, "other")


def test_each_reads_its_own(shared: Any) -> None:
    assert seen(shared) == ([MINE], [THEIRS])
    assert verify(shared.corpus).sound


@pytest.mark.parametrize("tokens", [512, 60], ids=["as before", "other chunks"])
def test_a_reindex_leaves_every_document_whose_it_is(shared: Any, tokens: int) -> None:
    chunking = shared.corpus.settings.chunking.model_copy(update={"heading_tokens": tokens})
    shared.corpus.settings = shared.corpus.settings.model_copy(update={"chunking": chunking})
    rebuilt = reindex(shared.corpus)
    assert rebuilt.switch is not None, [gate.detail for gate in rebuilt.gates]
    assert shared.corpus.live().name == "holdfast__g2"
    assert seen(shared) == ([MINE], [THEIRS])
    assert verify(shared.corpus).sound


def test_a_repair_leaves_every_document_whose_it_is(shared: Any) -> None:
    live = shared.corpus.live()
    points = [p.id for p in shared.corpus.store.scroll(live.name, PointFilter())]
    shared.corpus.store.delete(live.name, points)
    done = repair(shared.corpus)
    assert (done.after.sound, done.repairs.points_made) == (True, len(points))
    assert seen(shared) == ([MINE], [THEIRS])


def test_a_source_of_another_tenant_is_refused_before_anything_is_touched(
    shared: Any, tmp_path: Path
) -> None:
    other = corpus_of(shared, "other")
    before = list_standings(shared.corpus.ledger, "holdfast__g1")
    with pytest.raises(ConfigError, match="docs has documents of the tenant 'default'"):
        bring_in(other, "docs", tmp_path / "theirs")
    del other.__dict__["parsers"]
    other.close()
    assert list_standings(shared.corpus.ledger, "holdfast__g1") == before
    assert seen(shared) == ([MINE], [THEIRS])


def test_what_one_purges_of_another_stays_out_where_it_stood(shared: Any, tmp_path: Path) -> None:
    other = corpus_of(shared, "other")
    folder = tmp_path / "theirs"
    (folder / "rates.txt").rename(folder / "moved.txt")
    bring_in(other, "theirs", folder)
    (receipt,) = purge(shared.corpus, [find_target(shared.corpus, "moved.txt").document_id])
    assert receipt.complete
    (folder / "moved.txt").write_text("The rate of Beta is 98 marks.", encoding="utf-8")
    bring_in(other, "theirs", folder)
    assert seen(shared) == ([MINE], [])
    del other.__dict__["parsers"]
    other.close()


def test_of_documents_nobody_knows_there_is_no_tenant(shared: Any) -> None:
    standings = list_standings(shared.corpus.ledger, "holdfast__g1")
    found = tenants_of(shared.corpus.ledger, [s.document_id for s in standings])
    assert {s.source: found[s.document_id] for s in standings} == {
        "docs": "default", "theirs": "other",
    }  # fmt: skip
    assert tenants_of(shared.corpus.ledger, []) == {}
