"""What a purge takes out of the accounts of runs, and what it leaves to documents of like names."""

import json
from typing import Any

import pytest
from sqlalchemy import select

from indexing.ledger import tables
from indexing.upkeep.purge import purge
from indexing.upkeep.purge_run_files import UNFINISHED
from indexing.upkeep.purge_targets import find_target
from tests.support.marked import KEY, id_at, traces


def lines(rig: Any) -> list[dict[str, Any]]:
    """What the files of runs say of documents."""
    files = sorted((rig.settings.home / "runs").glob("*.jsonl"))
    told = [json.loads(line) for path in files for line in path.read_text().splitlines()]
    return [line for line in told if "document_id" in line]


def reports(rig: Any) -> list[Any]:
    with rig.corpus.ledger.read() as connection:
        return list(connection.execute(select(tables.run.c.report)).scalars())


@pytest.mark.usefixtures("bytes_stay")
def test_documents_whose_names_hold_the_purged_one_keep_their_names(make_rig: Any) -> None:
    rig = make_rig("main")
    rig.write("README.md", "The door is green.\n")
    rig.write("people/README.md", "The ferry leaves at nine.\n")
    rig.write("README.md.txt", "")  # is refused
    rig.write("docs", "A document that is called like its source.\n")
    rig.ingest()
    before = {line["key"]: line for line in lines(rig)}
    documents = [find_target(rig.corpus, key).document_id for key in ("README.md", "docs")]
    receipts = purge(rig.corpus, documents)
    assert [receipt.complete for receipt in receipts] == [True, True]
    assert [receipt.removed.run_file_lines for receipt in receipts] == [2, 2]
    kept = {key: line for key, line in before.items() if key not in {"README.md", "docs"}}
    assert {line["key"]: line for line in lines(rig)} == kept
    (report,) = reports(rig)
    named = {entry[0] for entry in (*report["refusals"], *report["slowest"])}
    assert named == kept.keys()


@pytest.mark.usefixtures("bytes_stay")
def test_what_a_killed_purge_was_writing_is_taken_away(two: Any) -> None:
    """It was without the document of that purge, and has this one all the same."""
    (file,) = sorted((two.settings.home / "runs").glob("*.jsonl"))[:1]
    left = file.with_name(f"{file.name}{UNFINISHED}")
    old = left.with_name(f"{'0' * 32}.jsonl{UNFINISHED}")  # its run is past its retention
    for path in (left, old):
        path.write_bytes(file.read_bytes())
    assert sum(name.endswith(UNFINISHED) for name in traces(two)) == 2
    purge(two.corpus, [id_at(two, KEY)])
    assert not left.exists()
    assert not old.exists()
