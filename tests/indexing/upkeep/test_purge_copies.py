"""A purge reaches what the home keeps for sources, also of what the source no longer has."""

import shutil
from pathlib import Path
from typing import Any

import pytest

from indexing.running.ingest import run_ingest
from indexing.running.session import IngestSession
from indexing.upkeep.purge import purge
from indexing.upkeep.purge_targets import find_target
from tests.support.shelves import GitShelf


@pytest.mark.usefixtures("bytes_stay")
@pytest.mark.skipif(shutil.which("git") is None, reason="needs the git command")
def test_a_document_that_its_repository_has_no_more_leaves_the_copy(
    make_rig: Any, tmp_path: Path
) -> None:
    rig = make_rig("main")
    shelf = GitShelf(tmp_path)
    shelf.settings = rig.settings

    def ingest() -> Any:
        live = rig.corpus.writable()
        with IngestSession(rig.corpus, [shelf.source()], generation=live) as session:
            return run_ingest(session)

    shelf.put("a.md", "The ferry leaves at 4711.")
    shelf.put("b.md", "The door is green.")
    ingest()
    shelf.drop("a.md")
    assert ingest().counts.deleted == 1
    target = find_target(rig.corpus, "a.md")
    assert target.state == "deleted"
    copies = rig.settings.home / "sources" / "git"
    assert list(copies.iterdir()), "its history has the document"
    (receipt,) = purge(rig.corpus, [target.document_id])
    assert receipt.complete
    assert list(copies.iterdir()) == []
    assert ingest().counts.unchanged == 1
