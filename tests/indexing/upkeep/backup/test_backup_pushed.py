"""What was pushed is in a backup, so that no ingest takes it for deleted after a restore."""

import json
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from config.sources import PushSource
from indexing.errors import BackupError
from indexing.ledger.database import now
from indexing.ledger.purges import Tombstone
from indexing.planning.purged_file import add_purged
from indexing.running.ingest import run_ingest
from indexing.running.session import IngestSession
from indexing.upkeep import backup_pushed
from indexing.upkeep.backup_pushed import copy_pushed
from indexing.upkeep.manifest import SEAL, seal_of
from indexing.upkeep.purge import purge
from indexing.upkeep.purge_targets import find_target
from indexing.upkeep.restore import Existing
from ingestion.document import sha256_of
from ingestion.sources.configured import spool_of
from ingestion.sources.push import PushedSource
from ingestion.sources.spool import PushedDocument, Spool

SOURCE = PushSource(name="crm", kind="push")
LARGE = 10**6
TICKETS = {f"tickets/{n}.md": f"The door of room {n} does not close.\n" for n in range(4)}


def spool(place: Any) -> Spool:
    return spool_of(place.settings, SOURCE)


def push(place: Any, documents: dict[str, str], **more: Any) -> None:
    for key, text in documents.items():
        spool(place).put(PushedDocument(key, text.encode(), **more), LARGE)


def ingest(place: Any) -> Any:
    with place.lived_in() as home:
        source = PushedSource(SOURCE, spool(place))
        with IngestSession(home.corpus, [source], generation=home.corpus.writable()) as session:
            return run_ingest(session).counts


@pytest.fixture
def pushed_to(make_place: Any) -> Any:
    place = make_place("pushed")
    push(place, TICKETS, metadata={"team": "blue"}, acl=("staff", "it"))
    push(place, {"scan.bin": "\x00\x7f no text"})
    return place


def test_a_restored_home_goes_on_where_the_old_one_was(pushed_to: Any, copy: Any) -> None:
    assert ingest(pushed_to).indexed == len(TICKETS)
    pushed_to.backup()
    copy.restore(pushed_to.root / "backup")
    assert list(spool(copy).everything()) == list(spool(pushed_to).everything())
    push(copy, {"tickets/new.md": "The lift is stuck.\n"})
    counts = ingest(copy)
    assert (counts.deleted, counts.withheld, counts.indexed) == (0, 0, 1)
    seen = {key for key, *_ in copy.readings()["holdfast__g1@2"]}
    assert seen == {*TICKETS, "tickets/new.md"}


def test_a_spool_that_was_used_is_newer_and_stays(pushed_to: Any) -> None:
    ingest(pushed_to)
    pushed_to.backup()
    spool(pushed_to).withdraw("tickets/0.md")
    push(pushed_to, {"tickets/1.md": "It closes again.\n"})
    newer = list(spool(pushed_to).everything())
    pushed_to.restore(pushed_to.root / "backup", existing=Existing.MOVE_ASIDE)
    assert list(spool(pushed_to).everything()) == newer
    for known, _ in newer:
        spool(pushed_to).withdraw(known.key)
    pushed_to.restore(pushed_to.root / "backup", existing=Existing.MOVE_ASIDE)
    assert list(spool(pushed_to).documents()) == []


def test_pushed_documents_stay_those_of_their_tenant(pushed_to: Any, copy: Any) -> None:
    other = Spool(spool(pushed_to).path.with_name("hr.sqlite"), "another")
    other.put(PushedDocument("a.md", b"Of another tenant."), LARGE)
    pushed_to.backup()
    copy.restore(pushed_to.root / "backup")
    folder = spool(copy).path.parent
    owners = {path.name: Spool(path).owner() for path in sorted(folder.iterdir())}
    assert owners == {"crm.sqlite": "default", "hr.sqlite": "another"}


def test_what_was_purged_since_is_not_pushed_again(pushed_to: Any) -> None:
    push(pushed_to, {"void.md": "", "blank.md": ""})  # the same bytes, which tell nothing
    ingest(pushed_to)
    # These came later, and are in no row; of the second another ledger had the original.
    push(pushed_to, {"copy.md": TICKETS["tickets/1.md"], "other.md": "Purged elsewhere.\n"})
    push(pushed_to, {"tickets/0.md": "The purged one with another text.\n"})
    pushed_to.backup()
    with pushed_to.opened() as corpus:
        gone = ("tickets/0.md", "tickets/1.md", "void.md")
        purge(corpus, [find_target(corpus, key).document_id for key in gone])
    elsewhere = Tombstone(UUID(int=1), now(), (sha256_of("Purged elsewhere.\n"),))
    add_purged(pushed_to.settings.home, [elsewhere])
    for path in spool(pushed_to).path.parent.iterdir():
        path.unlink()
    pushed_to.restore(pushed_to.root / "backup", existing=Existing.MOVE_ASIDE)
    kept = [known.key for known in spool(pushed_to).documents()]
    assert kept == ["blank.md", "scan.bin", "tickets/2.md", "tickets/3.md"]


def test_a_restore_that_breaks_off_in_a_spool_fills_it_the_next_time(
    pushed_to: Any, copy: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    ingest(pushed_to)
    pushed_to.backup()

    def breaking_off(*told: Any) -> Any:
        yield next(real(*told))
        raise OSError("the machine lost its power")

    real = backup_pushed.kept
    monkeypatch.setattr(backup_pushed, "kept", breaking_off)
    with pytest.raises(OSError, match="power"):
        copy.restore(pushed_to.root / "backup")
    assert list(Spool(spool(copy).path).documents()) == []
    monkeypatch.undo()
    copy.restore(pushed_to.root / "backup")
    assert list(spool(copy).everything()) == list(spool(pushed_to).everything())


def test_a_backup_of_an_earlier_version_has_none(source: Path, copy: Any) -> None:
    manifest = source / "manifest.json"
    body = json.loads(manifest.read_text())
    del body["files"]["pushed.jsonl.zst"]
    manifest.write_text(json.dumps({**body, SEAL: seal_of(body)}))
    (source / "pushed.jsonl.zst").unlink()
    copy.restore(source)
    assert not spool(copy).path.parent.exists()


@pytest.mark.parametrize("name", ["../crm", "crm/../x", "", "a b"])
def test_no_name_leads_outside(tmp_path: Path, name: str) -> None:
    class Archive:
        def pushed(self) -> Any:
            yield {"source": name, "tenant": None}

    with pytest.raises(BackupError, match="not the name of a source"):
        copy_pushed(Archive(), tmp_path, lambda *_: False)  # type: ignore[arg-type]
    assert list(tmp_path.iterdir()) == []
