"""The local source: what it lists, what it refuses, and that a read is never a mixture."""

import os
import socket
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingestion.document import LONGEST_KEY, Reason, Refusal, SourceEntry, Stat
from ingestion.errors import SourceMissingError
from ingestion.sources.local import LocalFolderSource
from ingestion.sources.names import real_name, shown_name

LIMIT = 1_000_000


def keys(listing):
    return [entry.key for entry in listing.entries]


def write(root: Path, *names: str) -> None:
    for name in names:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"text of {name}", encoding="utf-8")


def test_lists_files_sorted_with_slashes_and_reads_them(tmp_path):
    write(tmp_path, "b.md", "a/z.txt", "a/b/c.md")
    seen = []
    source = LocalFolderSource("docs", tmp_path)
    listing = source.list_entries(seen.append)
    assert listing.complete
    assert keys(listing) == ["a/b/c.md", "a/z.txt", "b.md"]
    assert seen[-1] == 3
    assert [source.read(e, LIMIT) for e in listing.entries] == [
        b"text of a/b/c.md",
        b"text of a/z.txt",
        b"text of b.md",
    ]


def test_stat_changes_with_the_content_even_if_size_and_mtime_do_not(tmp_path):
    write(tmp_path, "a.md")
    source = LocalFolderSource("docs", tmp_path)
    before = source.list_entries().entries[0].stat
    path = tmp_path / "a.md"
    path.write_text("TEXT OF a.md", encoding="utf-8")
    os.utime(path, ns=(before.modified_ns, before.modified_ns))
    after = source.list_entries().entries[0].stat
    assert (after.size, after.modified_ns) == (before.size, before.modified_ns)
    assert after != before


def test_hidden_and_lock_files_are_skipped_not_lost(tmp_path):
    write(tmp_path, "a.md", ".secret", ".git/config", "~$report.docx")
    listing = LocalFolderSource("docs", tmp_path).list_entries()
    assert keys(listing) == ["a.md"]
    assert [entry.key for entry in listing.skipped] == [".git", ".secret", "~$report.docx"]
    assert listing.complete


@pytest.mark.parametrize(
    ("include", "exclude", "expected"),
    [
        (("**/*",), (), ["a.md", "docs/a.txt", "docs/deep/b.md"]),
        (("**/*.md",), (), ["a.md", "docs/deep/b.md"]),
        (("*.md",), (), ["a.md"]),
        (("docs/**",), (), ["docs/a.txt", "docs/deep/b.md"]),
        (("**/*",), ("docs/deep/",), ["a.md", "docs/a.txt"]),
        (("**/[ab].*",), ("**/*.t?t",), ["a.md", "docs/deep/b.md"]),
    ],
)
def test_patterns(tmp_path, include, exclude, expected):
    write(tmp_path, "a.md", "docs/a.txt", "docs/deep/b.md")
    listing = LocalFolderSource("docs", tmp_path, include, exclude).list_entries()
    assert keys(listing) == expected
    assert len(listing.skipped) == 3 - len(expected)


def test_links_never_lead_out_and_do_not_duplicate(tmp_path):
    write(tmp_path, "outside/secret.md", "root/a.md", "root/sub/b.md")
    root = tmp_path / "root"
    (root / "leak.md").symlink_to(tmp_path / "outside/secret.md")
    (root / "leaks").symlink_to(tmp_path / "outside")
    (root / "again.md").symlink_to(root / "a.md")
    (root / "loop").symlink_to(root)
    (root / "dangling.md").symlink_to(root / "nothing.md")
    source = LocalFolderSource("docs", root)
    listing = source.list_entries()
    assert keys(listing) == ["a.md", "sub/b.md"]
    reasons = {refusal.key: refusal.reason for refusal in listing.refused}
    assert reasons == {
        "leak.md": Reason.OUTSIDE_SOURCE,
        "leaks": Reason.OUTSIDE_SOURCE,
        "dangling.md": Reason.NOT_A_FILE,
    }
    assert [entry.key for entry in listing.skipped] == ["again.md", "loop"]


@pytest.mark.parametrize("key", ["../outside.md", "leaks/secret.md", "leak.md", "/etc/hosts", ""])
def test_read_refuses_keys_that_lead_out(tmp_path, key):
    write(tmp_path, "outside/secret.md", "outside.md", "root/a.md")
    root = tmp_path / "root"
    (root / "leak.md").symlink_to(tmp_path / "outside/secret.md")
    (root / "leaks").symlink_to(tmp_path / "outside")
    result = LocalFolderSource("docs", root).read(SourceEntry(key, Stat(1, 1)), LIMIT)
    assert isinstance(result, Refusal)
    assert result.reason is Reason.OUTSIDE_SOURCE


def test_pipes_and_sockets_are_refused_and_never_block(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)  # socket paths must be short
    os.mkfifo("pipe.md")
    with socket.socket(socket.AF_UNIX) as server:
        server.bind("socket.md")
        source = LocalFolderSource("docs", tmp_path)
        listing = source.list_entries()
        assert listing.entries == ()
        assert [r.reason for r in listing.refused] == [Reason.NOT_A_FILE] * 2
        for key in ("pipe.md", "socket.md"):
            result = source.read(SourceEntry(key, Stat(0, 0)), LIMIT)
            assert isinstance(result, Refusal)
            assert result.reason is Reason.NOT_A_FILE


def test_an_unreadable_folder_makes_the_listing_incomplete(tmp_path, monkeypatch):
    write(tmp_path, "a.md", "locked/b.md")
    real = os.scandir

    def scandir(path):
        if str(path).endswith("locked"):
            raise PermissionError(13, "Permission denied")
        return real(path)

    monkeypatch.setattr(os, "scandir", scandir)
    listing = LocalFolderSource("docs", tmp_path).list_entries()
    assert not listing.complete
    assert keys(listing) == ["a.md"]
    assert "locked" in listing.problems[0]


def test_a_missing_root_is_an_error_that_names_it(tmp_path):
    with pytest.raises(SourceMissingError, match="nowhere"):
        LocalFolderSource("docs", tmp_path / "nowhere").list_entries()


def test_a_single_file_is_a_source_of_one_document(tmp_path):
    write(tmp_path, "one.md", "two.md")
    source = LocalFolderSource("docs", tmp_path / "one.md")
    (entry,) = source.list_entries().entries
    assert entry.key == "one.md"
    assert source.read(entry, LIMIT) == b"text of one.md"


def test_a_single_file_may_be_named_by_a_link(tmp_path):
    write(tmp_path, "one.md", "two.md")
    link = tmp_path / "latest.md"
    link.symlink_to("one.md")
    source = LocalFolderSource("docs", link)
    (first,) = source.list_entries().entries
    assert (first.key, source.read(first, LIMIT)) == ("latest.md", b"text of one.md")
    link.unlink()
    link.symlink_to("two.md")
    (second,) = source.list_entries().entries
    assert source.read(second, LIMIT) == b"text of two.md"
    assert second.stat != first.stat


def test_large_files_are_refused_by_size_without_reading(tmp_path):
    with (tmp_path / "big.txt").open("wb") as file:
        file.truncate(20 * 1024**3)
    source = LocalFolderSource("docs", tmp_path)
    result = source.read(source.list_entries().entries[0], LIMIT)
    assert isinstance(result, Refusal)
    assert result.reason is Reason.TOO_LARGE


def test_a_path_that_no_ledger_takes_is_refused_under_a_shorter_name(tmp_path):
    """One of them ended every ingest into PostgreSQL."""
    folders = ["字" * 80] * 9
    (tmp_path.joinpath(*folders)).mkdir(parents=True)
    (tmp_path.joinpath(*folders) / "a.md").write_text("a")
    (tmp_path / "b.md").write_text("b")
    listing = LocalFolderSource("docs", tmp_path).list_entries()
    assert [entry.key for entry in listing.entries] == ["b.md"]
    assert listing.complete
    (refusal,) = listing.refused
    assert refusal.key.startswith("字")
    assert len(refusal.key.encode()) <= LONGEST_KEY
    assert "too long" in refusal.detail


def test_vanished_and_forbidden_files_are_unreadable(tmp_path, monkeypatch):
    write(tmp_path, "a.md")
    source = LocalFolderSource("docs", tmp_path)
    (entry,) = source.list_entries().entries
    (tmp_path / "a.md").unlink()
    gone = source.read(entry, LIMIT)
    monkeypatch.setattr(os, "open", lambda *_: (_ for _ in ()).throw(PermissionError(13, "no")))
    forbidden = source.read(entry, LIMIT)
    for result in (gone, forbidden):
        assert isinstance(result, Refusal)
        assert result.reason is Reason.UNREADABLE
    assert "permitted" in forbidden.detail


@pytest.mark.parametrize("settles", [True, False])
def test_a_file_that_changes_while_read_is_never_a_mixture(tmp_path, monkeypatch, settles):
    path = tmp_path / "a.md"
    path.write_bytes(b"a" * 100)
    source = LocalFolderSource("docs", tmp_path)
    (entry,) = source.list_entries().entries
    calls = []
    real = os.fstat

    def fstat(descriptor):
        calls.append(descriptor)
        if len(calls) % 2 == 0 and (not settles or len(calls) == 2):
            path.write_bytes(b"b" * (100 + len(calls)))
        return real(descriptor)

    monkeypatch.setattr("ingestion.sources.local.os.fstat", fstat)
    result = source.read(entry, LIMIT)
    if settles:
        assert result == b"b" * 102
    else:
        assert isinstance(result, Refusal)
        assert result.reason is Reason.CHANGED_WHILE_READ


def test_names_that_are_not_utf8_have_a_key_and_can_be_read(tmp_path):
    names = [b"bad\xff\xfe.txt", b"bad\\xff\\xfe.txt", b"new\nline.txt"]
    try:
        for name in names:
            with open(os.path.join(os.fsencode(tmp_path), name), "wb") as file:
                file.write(name)
    except OSError:
        pytest.skip("this file system takes only UTF-8 names")
    source = LocalFolderSource("docs", tmp_path)
    listing = source.list_entries()
    assert len(set(keys(listing))) == 3
    for entry in listing.entries:
        entry.key.encode("utf-8")
    assert sorted(source.read(entry, LIMIT) for entry in listing.entries) == sorted(names)


@given(st.binary(min_size=1, max_size=40))
def test_any_name_survives_being_a_key(name):
    decoded = os.fsdecode(name)
    shown = shown_name(decoded)
    shown.encode("utf-8")
    assert real_name(shown) == decoded


@given(st.lists(st.binary(min_size=1, max_size=8), unique=True, max_size=20))
def test_different_names_have_different_keys(names):
    decoded = {os.fsdecode(name) for name in names}
    assert len({shown_name(name) for name in decoded}) == len(decoded)
