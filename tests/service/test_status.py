"""`holdfast status`: what an operator is told of a home, at its worst moments, too."""

import re
from typing import Any

from indexing.corpus import open_corpus
from indexing.ledger.leases import acquire
from indexing.ledger.runs import start_run
from service.options import Options, load


def begin_a_run(desk: Any, monkeypatch: Any, *, holder: str | None) -> None:
    """Record a run as its process would; `holder` is another process that is gone by now."""
    corpus = open_corpus(load(Options(home=desk.home)).settings)
    try:
        live = corpus.live().name
        with monkeypatch.context() as patch:
            if holder is not None:
                patch.setattr("indexing.ledger.leases.this_holder", lambda: holder)
            acquire(corpus.ledger, live, "run-1", 600)
            start_run(
                corpus.ledger,
                run_id="run-1", kind="ingest", runner="prefect", tenant="default",
                generation=live, epoch=1,
            )  # fmt: skip
    finally:
        corpus.close()


def test_every_word_of_it(desk: Any) -> None:
    told = desk.on_home("status")
    assert told.code == 0
    facts = desk.on_home("status", "--json").json
    assert f"{facts['generation']} at epoch {facts['epoch']}" in told.out
    assert f"{facts['documents']} documents" in told.out
    # The home is that of the whole session, so how long ago depends on the tests before.
    assert re.search(r"the last ingest went through \d+\.\d hours ago \(fresh\)", told.out)
    assert "GB of disk free" in told.out
    (reason,) = facts["quarantine"]
    assert f"in quarantine: 1 {reason}" in told.out
    assert [(s["name"], s["quarantined"]) for s in facts["sources"]] == [("docs", 1)]
    assert facts["runs"][0]["state"] == "CompletedWithQuarantine"


def test_a_run_that_works_is_running(desk: Any, monkeypatch: Any) -> None:
    desk.ingest()
    begin_a_run(desk, monkeypatch, holder=None)
    newest = desk.on_home("status", "--json").json["runs"][0]
    assert (newest["run_id"], newest["state"]) == ("run-1", "Running")


def test_a_run_whose_process_is_gone_is_not_said_to_be_running(desk: Any, monkeypatch: Any) -> None:
    import platform

    desk.ingest()
    begin_a_run(desk, monkeypatch, holder=f"{platform.node()}:{2**22 + 1}:1.00")
    newest = desk.on_home("status", "--json").json["runs"][0]
    assert (newest["state"], newest["message"]) == (
        "Interrupted",
        "Its process is gone; the next run heals what it left.",
    )
    samples = desk.on_home("metrics", "--json").json
    runs = {s["labels"]["state"]: s["value"] for s in samples if s["name"] == "holdfast_runs"}
    assert "Running" not in runs
    assert runs["Interrupted"] == 1
    assert desk.ingest().code in {0, 3}


def test_a_home_with_nothing_live_still_tells_what_was_tried(
    empty_desk: Any, tmp_path: Any
) -> None:
    config = tmp_path / "holdfast.yaml"
    config.write_text(f"sources:\n  - {{name: mount, kind: local, path: {tmp_path / 'gone'}}}\n")
    told = empty_desk.on_home("status", "--config", config)
    assert told.code == 0
    assert "Nothing is indexed yet" in told.out
    assert "mount" in told.out
    assert "no ingest of mount went through yet" in told.out
