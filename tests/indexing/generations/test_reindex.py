"""Building a generation beside the live one: from blobs, caught up, never half."""

import itertools
import os
import threading
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from config.errors import ConfigError
from config.settings import Approval
from indexing.errors import IngestError, ModelMismatchError, WriterBusyError
from indexing.failpoints import Failpoint, set_hook
from indexing.generations.build import BuildSession
from indexing.generations.reindex import fill
from indexing.ledger.documents import list_standings, read_holdings
from indexing.ledger.generations import find_generation, list_generations
from indexing.ledger.leases import HeldLease
from indexing.ledger.runs import recent_runs
from indexing.running.ingest import run_ingest
from indexing.running.report import RunState
from indexing.running.session import IngestSession
from ingestion.sources.local import LocalFolderSource

GUIDE = """# Guide

## Setting up

Unpack the sensor and charge it for four hours before the first use. Then pair it with the
gateway by holding the button for five seconds until the lamp turns green.

## Cleaning

Rinse the probe with fresh water after every deployment and let it dry in the shade. Never use
solvents, never use a brush, and never lay it into the sun.
"""


def fill_home(rig: Any) -> None:
    rig.write("guide.md", GUIDE)
    rig.write("notes/plain.txt", "The gateway is called Heron.\n\nIt speaks LoRa.")
    rig.write("empty.txt", b"")
    for path in rig.folder.rglob("*.*"):  # long before any listing: no stat counts as fresh
        os.utime(path, (1_700_000_000, 1_700_000_000))
    rig.ingest()


@pytest.mark.parametrize(("commits", "passes"), [(4, True), (5, False)])
def test_what_is_committed_right_before_the_gates_is_taken_over_and_no_fault(
    rig: Any, commits: int, passes: bool
) -> None:
    fill_home(rig)
    came: list[str] = []

    def come(point: Failpoint) -> None:
        if point is Failpoint.BUILT and len(came) < commits:
            came.append(f"more{len(came)}.txt")
            rig.write(came[-1], f"The anchor number {len(came)} is rusty.")
            rig.ingest()

    set_hook(come)
    try:
        rebuilt = rig.reindex(overrides={"chunking.heading_tokens": 47})
    finally:
        set_hook(None)
    assert len(came) == commits
    assert (rebuilt.switch is not None) == passes, "it does not go on for ever"
    assert rig.chunks().keys() >= {"guide.md", *came}


def test_nothing_is_fetched_parsed_or_embedded_where_the_pipeline_is_the_same(
    rig: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill_home(rig)
    before, encoded = rig.seen(rig.live), len(rig.encoder.encoded)
    for path in list(rig.folder.rglob("*")):
        if path.is_file():
            path.unlink()
    rebuilt = rig.reindex()
    assert rebuilt.switch is not None
    assert rig.live == "holdfast__g2" == rebuilt.live
    assert rig.seen("holdfast__g2") == before
    assert "0 parsed again" in rebuilt.report.message
    assert len(rig.encoder.encoded) == encoded
    assert rebuilt.report.chunks_reused == sum(map(len, before.values()))


def test_documents_keep_ids_versions_and_how_they_stand(rig: Any) -> None:
    fill_home(rig)
    rig.write("guide.md", GUIDE.replace("four hours", "six hours"))
    (rig.folder / "notes/plain.txt").rename(rig.folder / "moved.txt")
    rig.write("bad.md", "# Fine\n\nAt first.")
    rig.ingest()
    rig.write("bad.md", b"\x00\x01\x02" * 50)
    rig.ingest()
    old = rig.live
    rig.reindex(overrides={"chunking.max_tokens": 40, "chunking.min_tokens": 8})
    ledger = rig.corpus.ledger
    assert {s.document_id: replace(s, detail=None) for s in list_standings(ledger, rig.live)} == {
        s.document_id: replace(s, detail=None) for s in list_standings(ledger, old)
    }
    assert "At first." in rig.seen(rig.live)["bad.md"][0]
    wanted, mine = (read_holdings(ledger, name).versions for name in (old, rig.live))
    assert {d: (v.number, v.key, v.content_sha256) for d, v in mine.items()} == {
        d: (v.number, v.key, v.content_sha256) for d, v in wanted.items()
    }
    assert rig.ingest().state is RunState.NOTHING_TO_DO


def test_other_chunks_are_cut_without_parsing_and_ingests_keep_to_them(
    rig: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill_home(rig)
    old = rig.seen(rig.live)
    rebuilt = rig.reindex(overrides={"chunking.max_tokens": "40", "chunking.min_tokens": "8"})
    assert "0 parsed again" in rebuilt.report.message
    small = rig.seen(rig.live)
    assert len(small["guide.md"]) > len(old["guide.md"])
    generation = find_generation(rig.corpus.ledger, rig.live)
    assert generation.overrides == {"chunking.max_tokens": 40, "chunking.min_tokens": 8}
    rig.write("second.md", GUIDE)
    assert rig.ingest().counts.indexed == 1
    assert [len(text) for text in rig.seen(rig.live)["second.md"]] == [
        len(text) for text in small["guide.md"]
    ]


@pytest.mark.parametrize("keep_raw", [True, False])
def test_what_moved_is_carried_as_it_was_read_and_not_parsed(rig: Any, keep_raw: bool) -> None:
    """Read as Markdown the same bytes would be another text."""
    blobs = rig.settings.blobs.model_copy(update={"keep_raw": keep_raw})
    rig.corpus.settings = rig.settings.model_copy(update={"blobs": blobs})
    rig.write("plan.txt", "# No heading here\n\n* no item\n* of a list\n")
    rig.ingest()
    (rig.folder / "plan.txt").rename(rig.folder / "plan.md")
    assert rig.ingest().counts.moved == 1
    before = rig.seen("holdfast__g1")
    rebuilt = rig.reindex()
    assert rebuilt.switch is not None, rebuilt.report.message
    assert "0 parsed again" in rebuilt.report.message
    assert rig.seen("holdfast__g2") == before


@pytest.mark.parametrize("keep_raw", [True, False])
def test_no_index_is_built_from_a_text_that_is_not_the_committed_one(
    rig: Any, keep_raw: bool
) -> None:
    blobs = rig.settings.blobs.model_copy(update={"keep_raw": keep_raw})
    rig.corpus.settings = rig.settings.model_copy(update={"blobs": blobs})
    fill_home(rig)
    before = rig.seen("holdfast__g1")
    for name in [n for n in rig.corpus.blobs.names() if n.kind == "text" and n.suffix == "txt"]:
        read = rig.corpus.blobs.text(name.content_sha256, name.suffix, name.parser)
        changed = replace(read, text=read.text.replace("Heron", "Stork"))
        rig.corpus.blobs.put_text(name.content_sha256, name.suffix, name.parser, changed)
    rebuilt = rig.reindex()
    assert (rebuilt.switch is not None) == keep_raw
    assert rig.seen(rig.live) == before
    if not keep_raw:
        assert [(key, why) for key, why, _ in rebuilt.report.refusals] == [
            ("notes/plain.txt", "not_kept")
        ]


def test_another_parser_parses_the_kept_bytes(rig: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    from indexing import pipeline_parts
    from ingestion.identity import ingestion_identity

    fill_home(rig)
    monkeypatch.setattr(
        pipeline_parts, "ingestion_identity", lambda r: ingestion_identity(r) | {"parser": "newer"}
    )
    del rig.corpus.__dict__["spec"]
    with pytest.raises(ModelMismatchError, match=r"ingestion\.parser"):
        rig.ingest()
    rebuilt = rig.reindex()
    assert "2 parsed again" in rebuilt.report.message
    assert rebuilt.switch is not None
    standing = next(s for s in list_standings(rig.corpus.ledger, rig.live) if s.key == "empty.txt")
    assert (standing.state, standing.content_sha256) == ("quarantined", None)
    report = rig.ingest()
    assert [key for key, _, _ in report.refusals] == ["empty.txt"], "the new parser looks at it"


def test_what_is_committed_meanwhile_is_caught_up_with(rig: Any) -> None:
    """An ingest between the build and the promotion, of every kind of change."""
    fill_home(rig)
    rebuilt = rig.reindex(approval=Approval.MANUAL)
    assert (rebuilt.switch, rebuilt.report.state) == (None, RunState.AWAITING_APPROVAL)
    assert rig.live == "holdfast__g1"
    rig.write("guide.md", GUIDE.replace("four hours", "nine hours"))
    rig.write("new.txt", "A new note about the harbour.")
    (rig.folder / "notes/plain.txt").rename(rig.folder / "plain.txt")
    rig.ingest()
    (rig.folder / "new.txt").unlink()
    rig.write("notes/plain.txt", "Something else lies at the old key.")
    rig.ingest()
    live = rig.seen("holdfast__g1")
    done = rig.promote()
    assert done.switch is not None
    assert rig.live == "holdfast__g2"
    assert rig.seen("holdfast__g2") == live
    assert {"guide.md", "plain.txt", "notes/plain.txt"} == set(live)
    assert rig.ingest().state is RunState.NOTHING_TO_DO


NUMBERS = itertools.count()
changes = st.lists(
    st.one_of(
        st.tuples(st.just("write"), st.sampled_from("abcd"), st.integers(0, 5)),
        st.tuples(st.just("delete"), st.sampled_from("abcd"), st.just(0)),
        st.tuples(st.just("move"), st.sampled_from("abcd"), st.sampled_from([0, 1, 2, 3])),
        st.tuples(st.just("break"), st.sampled_from("abcd"), st.just(0)),
        st.tuples(st.just("catch up"), st.just("a"), st.just(0)),
    ),
    min_size=1,
    max_size=7,
)


@settings(
    max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(history=changes)
@pytest.mark.thorough
def test_a_generation_that_caught_up_holds_what_the_live_one_holds(
    make_rig: Callable[[str], Any], history: list[tuple[str, str, int]]
) -> None:
    """Whatever happened in between, and however often it caught up."""
    rig = make_rig(f"h{next(NUMBERS)}")
    rig.corpus.settings = rig.corpus.settings.model_copy(
        update={
            "guards": rig.corpus.settings.guards.model_copy(update={"max_deletions": 99}),
        }
    )
    rig.write("keep.txt", "This one stays.")
    rig.ingest()
    live = rig.corpus.live()
    wanted = rig.corpus.under({"chunking.max_tokens": 100})
    candidate = wanted.new_generation({"chunking.max_tokens": 100}, live.name)
    for kind, letter, number in history:
        path = rig.folder / f"{letter}.txt"
        if kind == "write":
            rig.write(path.name, f"Document {letter} says {number}.")
        elif kind == "break":
            rig.write(path.name, b"\x00\x01" * (40 + number))
        elif kind == "delete" and path.exists():
            path.unlink()
        elif kind == "move" and path.exists():
            path.replace(rig.folder / f"{'wxyz'[number]}.txt")
        elif kind == "catch up":
            catch_up(wanted, candidate, live)
            continue
        rig.ingest()
    catch_up(wanted, candidate, live)
    assert rig.seen(candidate.name) == rig.seen(live.name)
    holdings = [read_holdings(rig.corpus.ledger, g.name).standings for g in (live, candidate)]
    assert holdings[0] == holdings[1]


def catch_up(corpus: Any, candidate: Any, live: Any) -> None:
    """Take over what is lacking, in a session of its own."""
    with BuildSession(corpus, candidate, live) as session:
        fill(session, session)


def test_an_interrupted_build_is_gone_on_with(rig: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    fill_home(rig)
    for number in range(6):
        rig.write(f"more/{number}.txt", f"Note number {number} about the mooring.")
    rig.ingest()
    rig.corpus.settings = rig.corpus.settings.model_copy(
        update={
            "ingestion": rig.corpus.settings.ingestion.model_copy(update={"batch_documents": 2})
        }
    )
    commits = 0
    real = BuildSession.commit

    def commit(self: BuildSession, batch: Any) -> Any:
        nonlocal commits
        commits += 1
        if commits == 3:
            raise KeyboardInterrupt
        return real(self, batch)

    monkeypatch.setattr(BuildSession, "commit", commit)
    with pytest.raises(KeyboardInterrupt):
        rig.reindex()
    assert rig.live == "holdfast__g1"
    assert rig.count("holdfast__g2") > 0
    monkeypatch.setattr(BuildSession, "commit", real)
    rebuilt = rig.reindex()
    assert [g.name for g in list_generations(rig.corpus.ledger)] == ["holdfast__g1", rig.live]
    assert rig.seen(rig.live) == rig.seen("holdfast__g1")
    assert rebuilt.report.counts.unchanged > 0, "what was committed is not built again"
    assert recent_runs(rig.corpus.ledger, 2)[1].state == "Interrupted"


def test_an_ingest_that_waited_writes_to_what_is_live_by_then(rig: Any) -> None:
    """It resolved the old generation before the promotion and got its lease after it."""
    fill_home(rig)
    generation = rig.corpus.writable()
    rig.reindex()
    rig.write("late.txt", "A late note.")
    source = LocalFolderSource("docs", rig.folder)
    with IngestSession(rig.corpus, [source], generation=generation) as session:
        report = run_ingest(session)
    assert report.generation == "holdfast__g2" == rig.live
    assert "late.txt" in rig.seen("holdfast__g2")
    assert "late.txt" not in rig.seen("holdfast__g1")


def test_a_promotion_waits_for_a_running_ingest_and_gives_up_in_time(rig: Any) -> None:
    fill_home(rig)
    patience = rig.corpus.settings.promotion.model_copy(update={"wait_seconds": 0.3})
    rig.corpus.settings = rig.corpus.settings.model_copy(update={"promotion": patience})
    with (
        HeldLease(rig.corpus.ledger, rig.live, "ingesting", 30.0),
        pytest.raises(WriterBusyError, match="Run ingesting"),
    ):
        rig.reindex()
    assert rig.live == "holdfast__g1"
    assert find_generation(rig.corpus.ledger, "holdfast__g2").state == "ready"
    longer = patience.model_copy(update={"wait_seconds": 30.0})
    rig.corpus.settings = rig.corpus.settings.model_copy(update={"promotion": longer})
    lease = HeldLease(rig.corpus.ledger, rig.live, "ingesting", 30.0)
    threading.Timer(0.3, lease.give_back).start()
    assert rig.promote().switch is not None


@pytest.mark.parametrize(
    ("overrides", "complaint"),
    [
        ({"chunking.max_token": 9}, r"chunking\.max_token: only what shapes points"),
        ({"embedding.threads": 2}, r"embedding\.threads: only what shapes points"),
        ({"chunking.max_tokens": "many"}, r"chunking\.max_tokens \(from --set\)"),
        ({"chunking.min_tokens": 500}, r"min_tokens must not be larger"),
    ],
)
def test_wrong_options_are_refused_before_anything_is_built(
    rig: Any, overrides: dict[str, Any], complaint: str
) -> None:
    fill_home(rig)
    with pytest.raises(ConfigError, match=complaint):
        rig.reindex(overrides=overrides)
    assert len(list_generations(rig.corpus.ledger)) == 1


def test_there_must_be_something_to_build_from(rig: Any) -> None:
    with pytest.raises(IngestError, match="holdfast ingest"):
        rig.reindex()


def test_a_document_whose_blobs_are_gone_keeps_the_generation_from_being_promoted(
    rig: Any,
) -> None:
    fill_home(rig)
    for blob in (rig.settings.home / "blobs").rglob("*.zst"):
        blob.unlink()
    rebuilt = rig.reindex()
    assert (rebuilt.switch, rebuilt.report.state) == (None, RunState.GATES_FAILED)
    assert {key: reason for key, reason, _ in rebuilt.report.refusals} == dict.fromkeys(
        ("guide.md", "notes/plain.txt"), "not_kept"
    )
    assert rig.live == "holdfast__g1"
    assert find_generation(rig.corpus.ledger, "holdfast__g2").state == "rejected"
