"""A document that a source knows to be renamed and edited stays the same document."""

import shutil

import pytest

from indexing.history import list_versions
from indexing.ledger.documents import DocumentState, Standing, list_standings
from indexing.planning.planned import key_along
from indexing.planning.renames import find_renamed
from indexing.running.ingest import run_ingest
from indexing.running.session import IngestSession
from ingestion.document import LONGEST_KEY, SourceEntry, Stat, document_id
from tests.support.shelves import GitShelf

LONG = "".join(f"Paragraph {n} says something of its own.\n\n" for n in range(20))


def entry(key, *formerly):
    return SourceEntry(key, Stat(1, 1), formerly=formerly)


def standing(key):
    return Standing(
        document_id("t", "s", key), "s", key, DocumentState.INDEXED, 1, Stat(1, 1), "h", None, None
    )


def test_only_what_vanished_is_renamed_and_only_once():
    gone = standing("old")
    renamed, missing, new = find_renamed(
        [gone, standing("other")], [entry("a", "x", "old"), entry("b", "old"), entry("c")]
    )
    assert [(e.key, s.key) for e, s in renamed] == [("a", "old")]
    assert [s.key for s in missing] == ["other"]
    assert [e.key for e in new] == ["b", "c"]


@pytest.mark.skipif(shutil.which("git") is None, reason="needs the git command")
def test_a_rename_with_an_edit_in_git_is_a_new_version_not_a_new_document(home, tmp_path):
    shelf = GitShelf(tmp_path)
    shelf.settings = home.settings

    def ingest():
        corpus = home.corpus
        with IngestSession(corpus, [shelf.source()], generation=corpus.writable()) as session:
            return run_ingest(session)

    shelf.put("old.md", LONG)
    shelf.put("same.md", "This one stays as it is.")
    ingest()
    live = home.corpus.live().name
    (before,) = [s for s in list_standings(home.corpus.ledger, live, "shelf") if s.key == "old.md"]
    shelf.texts["new.md"] = shelf.texts.pop("old.md") + "The night shift begins at ten.\n"
    shelf.store()
    report = ingest()
    assert (report.counts.indexed, report.counts.deleted, report.counts.unchanged) == (1, 0, 1)
    standings = {s.key: s for s in list_standings(home.corpus.ledger, live, "shelf")}
    assert set(standings) == {"new.md", "same.md"}
    assert standings["new.md"].document_id == before.document_id
    assert standings["new.md"].version == 2
    assert set(home.chunks()) == {"new.md", "same.md"}
    assert report.chunks_embedded < 3
    assert len(list_versions(home.corpus, home.corpus.live(), before.document_id)) == 2
    assert ingest().counts.unchanged == 2


def test_a_part_whose_container_moves_far_down_gets_a_name_that_a_ledger_takes():
    moved = key_along(f"x.zip!/{'字' * 600}.md", "x.zip", f"{'字' * 200}/x.zip")
    assert moved.startswith(f"{'字' * 200}/x.zip!/~")
    assert moved.endswith(".md")
    assert len(moved.encode()) <= LONGEST_KEY
    assert key_along("x.zip!/a.md", "x.zip", "y/x.zip") == "y/x.zip!/a.md"
