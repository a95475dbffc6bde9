"""The fsspec source: stats, errors, links, and objects whose names are no paths."""

import asyncio
import datetime as dt
import io
import zipfile

import fsspec
import pytest

from config.sources import FsspecSource
from ingestion.document import Reason, Refusal
from ingestion.errors import SourceMissingError, SourceUnavailableError
from ingestion.sources import remote
from ingestion.sources.remote import FsspecUrlSource
from ingestion.sources.remote_stat import as_ns, is_same, stat_of
from tests.support.shelves import LIMIT
from tests.support.shelves_served import S3Shelf, sftp_server


def memory_source(tmp_path, **more):
    url = f"memory://{tmp_path.name}"
    return FsspecUrlSource(FsspecSource(name="far", kind="fsspec", url=url, **more), {})


def write(tmp_path, key, content):
    fsspec.filesystem("memory").pipe_file(f"/{tmp_path.name}/{key}", content)


def test_a_url_may_name_a_single_file(tmp_path):
    write(tmp_path, "a.md", b"One.")
    settings = FsspecSource(name="far", kind="fsspec", url=f"memory://{tmp_path.name}/a.md")
    source = FsspecUrlSource(settings, {})
    (entry,) = source.list_entries().entries
    assert entry.key == "a.md"
    assert source.read(entry, LIMIT) == b"One."


def test_what_is_not_there_or_not_installed_is_a_clear_error(tmp_path):
    with pytest.raises(SourceMissingError, match=r"'far' does not exist: memory://"):
        memory_source(tmp_path).list_entries()
    settings = FsspecSource(name="far", kind="fsspec", url="nosuch://bucket/x")
    with pytest.raises(SourceMissingError, match="Protocol not known"):
        FsspecUrlSource(settings, {}).list_entries()


def test_links_and_things_that_are_no_files_are_not_read(tmp_path, monkeypatch):
    write(tmp_path, "a.md", b"One.")
    memory = type(fsspec.filesystem("memory"))
    root = f"/{tmp_path.name}"
    inside = [
        {"name": f"{root}/a.md", "size": 4, "type": "file", "mtime": 1},
        {"name": f"{root}/link.md", "size": 4, "type": "link"},
        {"name": f"{root}/to.md", "size": 4, "type": "file", "islink": True},
        {"name": f"{root}/pipe", "size": 0, "type": "other"},
        {"name": f"{root}/../../etc/passwd", "size": 4, "type": "file"},
        {"name": root, "size": 0, "type": "directory"},
    ]
    monkeypatch.setattr(memory, "ls", lambda *a, **k: inside)
    listing = memory_source(tmp_path).list_entries()
    assert [e.key for e in listing.entries] == ["a.md"]
    assert {s.key for s in listing.skipped} == {"link.md", "to.md"}
    assert {r.key: r.reason for r in listing.refused} == {
        "pipe": Reason.NOT_A_FILE,
        "../../etc/passwd": Reason.OUTSIDE_SOURCE,
    }


def test_more_bytes_than_were_said_are_not_taken(tmp_path, monkeypatch):
    write(tmp_path, "a.md", b"x" * 5000)
    source = memory_source(tmp_path)
    (entry,) = source.list_entries().entries
    small = {"name": f"/{tmp_path.name}/a.md", "size": 4, "type": "file"}
    monkeypatch.setattr(type(fsspec.filesystem("memory")), "info", lambda *a, **k: small)
    refusal = source.read(entry, 1000)
    assert isinstance(refusal, Refusal)
    assert refusal.reason is Reason.TOO_LARGE


def test_a_failing_file_system_is_a_passing_failure_without_its_password(tmp_path, monkeypatch):
    write(tmp_path, "a.md", b"One.")

    def fail(*_a, **_k):
        raise RuntimeError("no answer from x://user:hunter2@host")

    source = memory_source(tmp_path)
    (entry,) = source.list_entries().entries
    monkeypatch.setattr(remote, "_read", fail)
    assert source.read(entry, LIMIT).reason is Reason.UNREADABLE
    monkeypatch.setattr(type(fsspec.filesystem("memory")), "ls", fail)
    with pytest.raises(SourceUnavailableError) as caught:
        source.list_entries()
    assert "no answer" in str(caught.value)
    assert "hunter2" not in str(caught.value)


def test_stats_are_exact_where_the_store_hashes():
    when = dt.datetime(2026, 3, 1, tzinfo=dt.UTC)
    listed = stat_of({"size": 3, "ETag": '"x"', "LastModified": when})
    assert listed.is_exact
    assert is_same(listed, stat_of({"size": 3, "ETag": '"x"', "LastModified": when.replace(day=2)}))
    assert not is_same(listed, stat_of({"size": 3, "ETag": '"y"', "LastModified": when}))
    plain = stat_of({"size": 3, "mtime": 5.0})
    assert not plain.is_exact
    assert not is_same(plain, stat_of({"size": 3, "mtime": 6.0}))
    assert as_ns("2026-03-01T00:00:00+00:00") == as_ns(when) == 1_772_323_200_000_000_000
    assert as_ns("yesterday") == as_ns(None) == as_ns(True) == 0


def archive(tmp_path, text):
    """A ZIP file of one member, always of the same size and date."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as file:
        file.writestr(zipfile.ZipInfo("a.md", (2026, 3, 1, 0, 0, 0)), text)
    write(tmp_path, "x.zip", packed.getvalue())
    url = f"zip://::memory://{tmp_path.name}/x.zip"
    return FsspecUrlSource(FsspecSource(name="far", kind="fsspec", url=url), {})


def test_another_member_of_a_zip_file_of_the_same_size_is_a_change(tmp_path):
    (one,) = archive(tmp_path, "One.").list_entries().entries
    (again,) = archive(tmp_path, "One.").list_entries().entries
    assert again.stat == one.stat
    other = archive(tmp_path, "Two.")
    (two,) = other.list_entries().entries
    assert two.stat != one.stat
    assert other.read(two, LIMIT) == b"Two."


def test_a_file_of_which_only_the_size_is_told_is_read_again_each_time(tmp_path, monkeypatch):
    write(tmp_path, "a.md", b"One.")
    memory = type(fsspec.filesystem("memory"))
    known = memory.info

    def info(self, path, **options):
        found = known(self, path, **options)
        return {name: found[name] for name in ("name", "size", "type")}

    monkeypatch.setattr(memory, "info", info)
    monkeypatch.setattr(
        memory, "ls", lambda self, path, **_: [info(self, f"/{tmp_path.name}/a.md")]
    )
    source = memory_source(tmp_path)
    (one,) = source.list_entries().entries
    assert source.read(one, LIMIT) == b"One."
    write(tmp_path, "a.md", b"Two.")
    (two,) = source.list_entries().entries
    assert two.stat != one.stat
    assert source.read(two, LIMIT) == b"Two."
    write(tmp_path, "a.md", b"Longer.")
    assert source.read(two, LIMIT).reason is Reason.CHANGED_WHILE_READ


def test_times_of_ftp_servers_are_read():
    listed = stat_of({"name": "/a.md", "size": 4, "type": "file", "modify": "20260301000000.5"})
    assert listed.modified_ns == 1_772_323_200_000_000_000
    assert as_ns("20261301000000") == 0


def test_keys_of_an_object_store_that_are_no_paths(tmp_path):
    shelf = S3Shelf(tmp_path)
    shelf.start()
    files = shelf.files()
    for key in ("a//b.md", "x/../../y.md", "folder/", "deep/c.md"):
        files.call_s3("put_object", Bucket=shelf.bucket, Key=f"docs/{key}", Body=b"One.")
    files.call_s3("put_object", Bucket=shelf.bucket, Key="docs-not/z.md", Body=b"One.")
    source = shelf.source()
    listing = source.list_entries()
    assert listing.complete
    assert {e.key for e in listing.entries} >= {"deep/c.md"}
    assert "z.md" not in str([e.key for e in listing.entries])
    assert {r.key: r.reason for r in listing.refused} == {"x/../../y.md": Reason.OUTSIDE_SOURCE}
    found = {e.key: source.read(e, LIMIT) for e in listing.entries}
    assert found["deep/c.md"] == b"One."
    assert found["a//b.md"] == b"One."


def test_an_object_that_was_empty_or_small_is_not_read_without_bounds(tmp_path):
    shelf = S3Shelf(tmp_path)
    shelf.start()
    shelf.put("a.md", "")
    shelf.put("b.md", "Short.")
    source = shelf.source()
    empty, short = sorted(source.list_entries().entries, key=lambda e: e.key)
    assert source.read(empty, LIMIT) == b""
    shelf.put("a.md", "Not empty any more.")
    shelf.put("b.md", "x" * 5000)
    assert source.read(empty, LIMIT).reason is Reason.CHANGED_WHILE_READ
    assert source.read(short, 1000).reason is Reason.TOO_LARGE


def test_a_bucket_that_is_not_there_is_a_clear_error(tmp_path):
    shelf = S3Shelf(tmp_path)
    shelf.start()
    shelf.bucket = "no-such-bucket"
    with pytest.raises(SourceMissingError, match="no-such-bucket"):
        shelf.source().list_entries()


def test_no_password_is_told_to_a_server_of_which_no_key_is_known(tmp_path):
    port = sftp_server()
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "a.md").write_text("One.")

    def listing(**options):
        options = {"username": "reader", **options}
        url = f"sftp://127.0.0.1:{port}{tmp_path}/docs"
        settings = FsspecSource(name="far", kind="fsspec", url=url, options=options)
        secrets = {"password": "testing", "client_keys": None}
        return [e.key for e in FsspecUrlSource(settings, secrets).list_entries().entries]

    with pytest.raises(SourceUnavailableError, match="Host key is not trusted"):
        listing()
    known = tmp_path / "known_hosts"
    known.write_text(f"[127.0.0.1]:{port} {key_of_server(port)}")
    assert listing(known_hosts=str(known)) == ["a.md"]
    assert listing(known_hosts=None) == ["a.md"]


def key_of_server(port):
    import asyncssh

    async def fetch():
        key = await asyncssh.get_server_host_key("127.0.0.1", port)
        return key.export_public_key().decode()

    return asyncio.run(fetch())
