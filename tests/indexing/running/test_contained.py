"""Documents inside documents: read, moved, relabelled, deleted and purged with their container."""

import io
import zipfile
from collections.abc import Callable
from email.message import EmailMessage
from typing import Any

import pytest
from sqlalchemy import update

from config.errors import ConfigError
from indexing.failpoints import Failpoint
from indexing.ledger import tables
from indexing.ledger.documents import DocumentState, Standing, list_standings
from indexing.ledger.retries import let_retry
from indexing.points import visible
from indexing.running.ingest import run_ingest
from indexing.running.session import IngestSession
from indexing.running.watch import Progress, SilentWatcher
from indexing.upkeep.purge import purge
from indexing.upkeep.purge_targets import find_target
from indexing.upkeep.verify import verify
from ingestion.document import Labels, Reason
from ingestion.sources.local import LocalFolderSource
from tests.support.deaths import dying_at
from tests.support.homes import Home, Rig
from tests.support.renaming import Renaming
from tests.support.traces import traces_in

BROKEN = b"PK\x03\x04 and then nothing"
LEASE = "# Lease\n\nThe rent of the boathouse is 4711 crowns a year.\n"
NOTES = "The keys of the boathouse hang behind the door.\n"


def zipped(**members: str | bytes) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        for name, content in members.items():
            archive.writestr(zipfile.ZipInfo(name.replace("__", ".")), content)
    return made.getvalue()


def mail(body: str, **attachments: str | bytes) -> bytes:
    message = EmailMessage()
    message["From"], message["To"] = "a@example.org", "b@example.org"
    message["Subject"] = "The boathouse"
    message.set_content(body)
    for name, content in attachments.items():
        data = content.encode() if isinstance(content, str) else content
        message.add_attachment(
            data, maintype="application", subtype="octet-stream",
            filename=name.replace("__", "."),
        )  # fmt: skip
    return message.as_bytes()


@pytest.fixture
def rig(make_home: Callable[[str], Home]) -> Rig:
    return Rig(make_home("main"))


def standings(rig: Rig) -> dict[str, Standing]:
    return {s.key: s for s in list_standings(rig.corpus.ledger, rig.live)}


def states(rig: Rig) -> dict[str, str]:
    return {key: s.state.value for key, s in standings(rig).items()}


def groups(rig: Rig) -> dict[str, list[str]]:
    """Who may read what, by the points that are served."""
    live = rig.corpus.live()
    points = rig.corpus.store.scroll(live.name, visible(live.epoch, "default"))
    return {point.payload["key"]: point.payload["acl"] for point in points}


def sound(rig: Rig) -> bool:
    source = LocalFolderSource("docs", rig.folder)
    audit = verify(rig.corpus, sources=[source], deep=True)
    assert audit.sound, audit.to_json()
    return True


def test_attachments_are_documents_with_a_path_through_their_containers(rig: Rig) -> None:
    inner = zipped(notes__txt=NOTES)
    rig.write("mail.eml", mail("See the lease.", lease__md=LEASE, more__zip=inner))
    report = rig.ingest()
    seen = rig.chunks()
    assert set(seen) == {
        "mail.eml", "mail.eml!/lease.md", "mail.eml!/more.zip", "mail.eml!/more.zip!/notes.txt",
    }  # fmt: skip
    assert "4711 crowns" in " ".join(seen["mail.eml!/lease.md"])
    assert (report.counts.enumerated, report.counts.indexed) == (4, 4)
    mine = standings(rig)
    outermost = mine["mail.eml"].document_id
    assert {s.container for key, s in mine.items() if "!/" in key} == {outermost}
    assert sound(rig)


def test_untouched_containers_are_not_opened_again(rig: Rig) -> None:
    rig.write("mail.eml", mail("See the lease.", lease__md=LEASE))
    rig.ingest()
    again = rig.ingest()
    assert (again.counts.enumerated, again.counts.unchanged) == (1, 1)


def test_only_what_changed_inside_is_parsed_and_embedded(rig: Rig) -> None:
    same = {"lease__md": LEASE, "more__zip": zipped(deep__txt="It leaks at the stern.\n")}
    rig.write("mail.eml", mail("See the lease.", **same, notes__txt=NOTES))
    rig.ingest()
    rig.encoder.encoded.clear()
    longer = NOTES + "There is a second key.\n"
    rig.write("mail.eml", mail("See the lease.", **same, notes__txt=longer))
    report = rig.ingest()
    assert report.counts.enumerated == 4
    assert report.counts.indexed == 1, "the text of the mail itself names the same attachments"
    assert (report.counts.unchanged, report.counts.deleted) == (3, 0)
    assert "mail.eml!/more.zip!/deep.txt" in rig.chunks(), "its container was not opened"
    assert all("second key" in text for text in rig.encoder.encoded)
    assert "second key" in " ".join(rig.chunks()["mail.eml!/notes.txt"])
    assert standings(rig)["mail.eml!/notes.txt"].version == 2
    # One that was parsed again would say that its bytes changed and its text did not.
    assert standings(rig)["mail.eml!/lease.md"].detail is None
    rig.write("mail.eml", mail("Nothing is attached any more."))
    assert rig.ingest().counts.deleted == 4
    assert set(rig.chunks()) == {"mail.eml"}


def test_what_is_taken_out_of_a_container_is_deleted_and_may_come_back(rig: Rig) -> None:
    # One has a name with which that of another begins, in which nothing lies.
    rig.write("papers.zip", zipped(lease__md=LEASE, notes__txt=NOTES, lease__md__txt=NOTES))
    rig.ingest()
    before = standings(rig)["papers.zip!/notes.txt"].document_id
    rig.write("papers.zip", zipped(lease__md=LEASE))
    report = rig.ingest()
    assert report.counts.deleted == 2
    assert set(rig.chunks()) == {"papers.zip", "papers.zip!/lease.md"}
    rig.write("papers.zip", zipped(lease__md=LEASE + "It ends in May.\n"))
    assert rig.ingest().counts.deleted == 0, "what is gone is not deleted a second time"
    rig.write("papers.zip", zipped(lease__md=LEASE, notes__txt=NOTES))
    rig.ingest()
    assert standings(rig)["papers.zip!/notes.txt"].document_id == before
    assert rig.chunks()["papers.zip!/notes.txt"] == [NOTES.strip()]
    assert sound(rig)


def test_parts_go_where_their_container_goes_without_being_read(rig: Rig) -> None:
    rig.write("a.zip", zipped(notes__txt=NOTES))
    rig.write("papers.zip", zipped(lease__md=LEASE, bad__pdf=b"%PDF-1.4 broken"))
    rig.ingest()
    rig.encoder.encoded.clear()
    ids = {key: s.document_id for key, s in standings(rig).items()}
    (rig.folder / "deep").mkdir()
    (rig.folder / "papers.zip").rename(rig.folder / "deep/old.zip")
    report = rig.ingest()
    assert report.counts.moved == 2
    assert rig.encoder.encoded == []
    here = {"deep/old.zip", "deep/old.zip!/lease.md"}
    assert set(rig.chunks()) == {"a.zip", "a.zip!/notes.txt"} | here
    after = {key.replace("deep/old", "papers"): s for key, s in standings(rig).items()}
    assert {key: s.document_id for key, s in after.items()} == ids
    assert after["papers.zip!/bad.pdf"].state is DocumentState.QUARANTINED
    assert rig.ingest().counts.unchanged == 2
    assert sound(rig)


def test_parts_of_a_container_renamed_and_broken_at_once_are_known_when_it_is_mended(
    rig: Rig,
) -> None:
    source = Renaming(rig)
    source.ingest("old.zip", zipped(lease__md=LEASE))
    before = standings(rig)["old.zip!/lease.md"].document_id
    source.ingest("new.zip", BROKEN, formerly="old.zip")
    assert set(rig.chunks()) == {"old.zip", "old.zip!/lease.md"}
    report = source.ingest("new.zip", zipped(lease__md=LEASE, notes__txt=NOTES))
    assert report.counts.deleted == 0
    assert set(rig.chunks()) == {"new.zip", "new.zip!/lease.md", "new.zip!/notes.txt"}
    assert standings(rig)["new.zip!/lease.md"].document_id == before


def test_what_lies_in_a_part_that_broke_goes_along_with_its_container(rig: Rig) -> None:
    source = Renaming(rig)
    inner = zipped(lease__md=LEASE)
    source.ingest("old.zip", zipped(inner__zip=inner, notes__txt=NOTES))
    ids = {key: s.document_id for key, s in standings(rig).items()}
    broken = zipped(inner__zip=BROKEN, notes__txt=NOTES)
    report = source.ingest("new.zip", broken, formerly="old.zip")
    assert (report.counts.quarantined, report.counts.deleted) == (1, 0)
    assert set(rig.chunks()) == {"new.zip", "new.zip!/notes.txt", "old.zip!/inner.zip!/lease.md"}
    source.ingest("last.zip", broken)
    here = {"last.zip", "last.zip!/notes.txt", "last.zip!/inner.zip!/lease.md"}
    assert set(rig.chunks()) == here
    source.ingest("last.zip", zipped(inner__zip=inner, notes__txt=NOTES))
    assert set(rig.chunks()) == here
    after = {key.replace("last.zip", "old.zip"): s for key, s in standings(rig).items()}
    assert {key: after[key].document_id for key in ids} == ids


def test_new_groups_reach_what_is_renamed_and_refused_in_the_same_run(rig: Rig) -> None:
    source = Renaming(rig)
    source.ingest("old.zip", zipped(lease__md=LEASE))
    source.labels = Labels(acl=("board",))
    report = source.ingest("new.zip", BROKEN, formerly="old.zip")
    assert groups(rig) == {"old.zip": ["board"], "old.zip!/lease.md": ["board"]}
    assert report.counts.closes
    assert source.ingest("new.zip", BROKEN).state.value == "NothingToDo"
    source.labels = Labels(acl=("staff",))
    source.ingest("last.zip", zipped(lease__md=LEASE), formerly="new.zip")
    assert groups(rig) == {"last.zip": ["staff"], "last.zip!/lease.md": ["staff"]}
    assert source.ingest("last.zip", source.files["last.zip"]).state.value == "NothingToDo"


def test_new_groups_reach_a_refused_part_of_a_container_that_moves(rig: Rig) -> None:
    source = Renaming(rig)
    source.ingest("old.zip", zipped(lease__md=LEASE, notes__txt=NOTES))
    broken = zipped(lease__md=LEASE, notes__txt=bytes(range(3)) * 50)
    source.ingest("old.zip", broken)
    source.labels = Labels(acl=("board",))
    report = source.ingest("new.zip", broken)
    assert report.counts.closes
    assert len(rig.chunks()) == 3, "the notes are served as they were before they broke"
    assert set(map(tuple, groups(rig).values())) == {("board",)}
    assert source.ingest("new.zip", broken).state.value == "NothingToDo"


def test_parts_end_with_their_container(rig: Rig) -> None:
    rig.write("papers.zip", zipped(**{f"n{i}__txt": f"Note {i}." for i in range(20)}))
    rig.write("other.txt", "Another document.")
    rig.ingest()
    (rig.folder / "papers.zip").unlink()
    report = rig.ingest()
    assert report.state.value == "Completed", "one document vanished, not twenty-one"
    assert report.counts.deleted == 21
    assert set(rig.chunks()) == {"other.txt"}
    assert sound(rig)


def test_a_container_that_cannot_be_read_any_more_keeps_all_it_had(rig: Rig) -> None:
    rig.write("papers.zip", zipped(lease__md=LEASE))
    rig.ingest()
    rig.write("papers.zip", BROKEN)
    report = rig.ingest()
    assert report.counts.quarantined == 1
    assert set(rig.chunks()) == {"papers.zip", "papers.zip!/lease.md"}


def test_a_bad_part_is_refused_alone_and_can_be_tried_again(rig: Rig) -> None:
    rig.write("mail.eml", mail("Look.", lease__md=LEASE, bad__pdf=b"%PDF-1.4 broken"))
    report = rig.ingest()
    assert states(rig) == {
        "mail.eml": "indexed",
        "mail.eml!/lease.md": "indexed",
        "mail.eml!/bad.pdf": "quarantined",
    }
    assert report.counts.closes
    assert rig.ingest().counts.enumerated == 1, "and it is not tried again by itself"
    bad = standings(rig)["mail.eml!/bad.pdf"].document_id
    let_retry(rig.corpus.ledger, rig.live, [bad])
    again = rig.ingest()
    assert again.counts.enumerated == 3
    assert again.counts.quarantined == 1
    assert rig.ingest().counts.enumerated == 1


def test_a_part_that_failed_in_passing_is_tried_again_without_being_asked(rig: Rig) -> None:
    rig.write("mail.eml", mail("Look.", lease__md=LEASE, notes__txt=NOTES))
    rig.ingest()
    table = tables.standing
    failed = {"state": "quarantined", "reason": Reason.UNREADABLE.value, "attempts": 1}
    with rig.corpus.ledger.write() as connection:
        connection.execute(update(table).where(table.c.key == "mail.eml!/notes.txt").values(failed))
    assert rig.ingest().counts.enumerated == 3
    assert set(states(rig).values()) == {"indexed"}
    assert rig.ingest().counts.enumerated == 1


def test_progress_counts_what_the_source_lists_and_ends_at_the_end(rig: Rig) -> None:
    told: list[Progress] = []

    class Watcher(SilentWatcher):
        def progressed(self, progress: Progress) -> None:
            told.append(progress)

    rig.write("mail.eml", mail("Look.", lease__md=LEASE, notes__txt=NOTES))
    rig.write("other.txt", "Another document.")
    source = LocalFolderSource("docs", rig.folder)
    writable = rig.corpus.writable()
    with IngestSession(rig.corpus, [source], generation=writable, watcher=Watcher()) as session:
        run_ingest(session)
    assert {progress.documents_total for progress in told} == {2}
    assert (told[0].documents_done, told[-1].documents_done) == (1, 2)


def test_a_listed_document_and_a_part_may_have_one_name(rig: Rig) -> None:
    rig.write("papers.zip!/lease.md", "A folder whose name ends like a container's.")
    rig.write("papers.zip", zipped(**{"lease__md": LEASE, "~lease__md": NOTES}))
    rig.ingest()
    seen = rig.chunks()
    assert set(seen) == {
        "papers.zip", "papers.zip!/lease.md", "papers.zip!/~lease.md", "papers.zip!/~~lease.md",
    }  # fmt: skip
    assert "4711 crowns" in " ".join(seen["papers.zip!/~lease.md"])
    assert "keys" in " ".join(seen["papers.zip!/~~lease.md"])
    rig.write("other.zip", zipped(lease__md=LEASE + "Other.\n"))
    rig.ingest()
    rig.write("other.zip!/lease.md", "It comes after the part that has its name.")
    report = rig.ingest()
    assert report.counts.skipped == 1
    assert report.counts.closes


def test_a_listed_document_may_also_have_the_name_to_which_a_part_steps_aside(rig: Rig) -> None:
    """Three such files stopped every ingest: the ledger takes one document at a key."""
    rig.write("papers.zip!/lease.md", NOTES)
    rig.write("papers.zip!/~lease.md", NOTES)
    rig.ingest()
    rig.write("papers.zip", zipped(lease__md=LEASE))
    assert rig.ingest().counts.unchanged == 2
    assert "4711 crowns" in " ".join(rig.chunks()["papers.zip!/~~lease.md"])


def test_a_part_at_the_old_key_of_a_moved_one_is_another_document(
    make_rig: Callable[[str], Rig],
) -> None:
    rig = make_rig("main")
    rig.write("mail.eml", mail("See the lease.", lease__md=LEASE))
    rig.ingest()
    rig.reindex(overrides={"sparse.b": 0.5})
    (rig.folder / "mail.eml").rename(rig.folder / "old.eml")
    rig.ingest()
    rig.write("mail.eml", mail("See the other lease.", lease__md=LEASE + "Other.\n"))
    rig.ingest()
    ids = {key: s.document_id for key, s in standings(rig).items()}
    assert len(set(ids.values())) == 4, "the older generation still has it at this key"
    assert set(rig.chunks()) == set(ids)


@pytest.mark.thorough
def test_a_reindex_carries_parts_over(rig: Rig) -> None:
    rig.write("mail.eml", mail("See the lease.", lease__md=LEASE, bad__pdf=b"%PDF-1.4 broken"))
    rig.ingest()
    before = rig.chunks(), {k: (s.state, s.container) for k, s in standings(rig).items()}
    rig.reindex(overrides={"chunking.max_tokens": 100})
    assert rig.live == "holdfast__g2"
    assert (rig.chunks(), {k: (s.state, s.container) for k, s in standings(rig).items()}) == before
    rig.write("mail.eml", mail("Nothing is attached."))
    rig.ingest()
    assert set(rig.chunks()) == {"mail.eml"}
    assert sound(rig)


def test_a_purge_takes_what_lies_inside_along(rig: Rig) -> None:
    rig.write("mail.eml", mail("Look.", lease__md=LEASE))
    rig.write("other.txt", "Another document.")
    rig.ingest()
    with pytest.raises(ConfigError, match=r"mail\.eml!/lease\.md lies in mail\.eml, whose bytes"):
        find_target(rig.corpus, "mail.eml!/lease.md")
    target = find_target(rig.corpus, "mail.eml")
    receipts = purge(rig.corpus, [target.document_id])
    assert [receipt.complete for receipt in receipts] == [True, True]
    assert traces_in(rig.settings.home, ("4711 crowns", "lease.md")) == []
    rig.ingest()
    assert set(rig.chunks()) == {"other.txt"}
    rig.write("copy.zip", zipped(lease__md=LEASE))
    rig.ingest()
    assert set(rig.chunks()) == {"other.txt", "copy.zip"}, "the same bytes stay out anywhere"


def test_a_purge_takes_parts_along_that_a_killed_run_had_only_staged(rig: Rig) -> None:
    rig.write("other.txt", "Another document.")
    rig.ingest()
    rig.write("mail.eml", mail("Look.", lease__md=LEASE))
    rig.write("new.zip", zipped(notes__txt=NOTES))
    with dying_at(Failpoint.CLOSED):
        rig.ingest()
    target = find_target(rig.corpus, "mail.eml", "docs")
    assert target.state == "uncommitted"
    (receipt,) = purge(rig.corpus, [target.document_id])
    assert receipt.complete
    assert receipt.removed.points_deleted == {rig.live: 2}
    assert traces_in(rig.settings.home, ("4711 crowns", "lease.md")) == []
    assert traces_in(rig.settings.home, ("behind the door",)), "that lies in another container"


def test_a_killed_ingest_of_a_container_costs_one_rerun(rig: Rig, make_home: Any) -> None:
    calm = Rig(make_home("calm"))
    for one in (calm, rig):
        one.write("papers.zip", zipped(**{f"n{i}__txt": f"Note {i}." for i in range(5)}))
    calm.ingest()
    with dying_at(Failpoint.CLOSED):
        rig.ingest()
    rig.ingest()
    assert rig.chunks() == calm.chunks()
    assert states(rig) == states(calm)
    assert sound(rig)
