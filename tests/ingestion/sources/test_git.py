"""The git source: which commit, what it was called, and that a repository can do nothing here."""

import os
import shutil
import socket
import threading

import pytest

from config.sources import GitSource
from ingestion.document import Reason, Refusal
from ingestion.errors import SourceMissingError, SourceUnavailableError
from ingestion.sources import git as module
from ingestion.sources.git import GitRefSource
from ingestion.sources.git_command import Git
from ingestion.sources.git_history import read_history
from tests.support.shelves import LIMIT, GitShelf

pytestmark = pytest.mark.skipif(shutil.which("git") is None, reason="needs the git command")
LONG = "".join(f"Paragraph {n} says something of its own.\n\n" for n in range(20))


@pytest.fixture
def shelf(tmp_path):
    return GitShelf(tmp_path)


def source_of(shelf, **options):
    settings = GitSource.model_validate({"name": "code", **shelf.options(), **options})
    return GitRefSource(settings, shelf.folder / "copies", {})


def by_key(source):
    return {entry.key: entry for entry in source.list_entries().entries}


def test_metadata_name_the_commit_that_last_touched_a_file(shelf):
    shelf.put("a.md", "One.")
    first = shelf.git("rev-parse", "HEAD")
    shelf.put("b.md", "Two.")
    second = shelf.git("rev-parse", "HEAD")
    entries = by_key(source_of(shelf))
    assert dict(entries["a.md"].metadata)["commit"] == first
    origin = dict(entries["b.md"].metadata)
    assert (origin["commit"], origin["ref"]) == (second, "main")
    assert origin["committed"].startswith("20")


def test_a_new_commit_that_leaves_a_file_alone_leaves_its_stat_alone(shelf):
    shelf.put("a.md", "One.")
    before = by_key(source_of(shelf))["a.md"].stat
    shelf.put("b.md", "Two.")
    assert by_key(source_of(shelf))["a.md"].stat == before


def test_names_are_followed_through_renames_with_edits(shelf):
    shelf.put("old.md", LONG)
    shelf.texts = {"middle.md": LONG + "One more.\n"}
    shelf.store()
    shelf.texts = {"new.md": LONG + "One more.\nAnd another.\n"}
    shelf.store()
    assert by_key(source_of(shelf))["new.md"].formerly == ("middle.md", "old.md")


def test_names_that_are_swapped_are_not_mixed_up():
    log = b"\x01c2 now\0\nR100\0b\0a\0R100\0a\0c\0\0\x01c1 then\0\nA\0a\0A\0b\0"
    history = read_history(log)
    assert history.formerly == {b"a": [b"b"], b"c": [b"a"]}
    assert history.last_commits == {b"a": ("c2", "now"), b"c": ("c2", "now")}


@pytest.mark.parametrize("ref", ["v1", "side", "HEAD~1"])
def test_tags_branches_and_nonsense_are_told_apart(shelf, ref):
    shelf.put("a.md", "One.")
    shelf.git("tag", "-a", "v1", "-m", "x")
    shelf.git("branch", "side")
    shelf.put("a.md", "Two.")
    if ref == "HEAD~1":
        with pytest.raises(ValueError, match="ref"):
            source_of(shelf, ref=ref)
        return
    source = source_of(shelf, ref=ref)
    assert source.read(by_key(source)["a.md"], LIMIT) == b"One."


def test_a_full_commit_id_is_a_ref(shelf):
    shelf.put("a.md", "One.")
    commit = shelf.git("rev-parse", "HEAD")
    shelf.put("a.md", "Two.")
    source = source_of(shelf, ref=commit)
    assert source.read(by_key(source)["a.md"], LIMIT) == b"One."


def test_a_branch_that_was_rewritten_is_followed(shelf):
    shelf.put("a.md", "One.")
    by_key(source_of(shelf))
    (shelf.folder / "repo" / "a.md").write_text("Rewritten.")
    shelf.git("commit", "--quiet", "--amend", "--all", "-m", "y")
    source = source_of(shelf)
    assert source.read(by_key(source)["a.md"], LIMIT) == b"Rewritten."


def leave_locks(copy):
    (copy / "config.lock").touch()


def lose_head(copy):
    (copy / "HEAD").write_bytes(b"")


def empty_objects(copy):
    for file in (copy / "objects").rglob("*"):
        if file.is_file():
            file.chmod(0o600)
            file.write_bytes(b"")


def garble_objects(copy):
    """Damage what stands behind the beginnings of objects, which only tell kind and size."""
    for file in (copy / "objects").rglob("*"):
        if file.is_file() and file.stat().st_size > 300:
            file.chmod(0o600)
            file.write_bytes(file.read_bytes()[:100] + b"x" * 200)


@pytest.mark.parametrize("damage", [leave_locks, lose_head, empty_objects, garble_objects])
def test_a_copy_that_was_damaged_is_made_anew(shelf, damage):
    noise = "".join(f"{n * 7919 % 1013:x}" for n in range(1000))
    shelf.put("a.md", noise)
    shelf.put("b.md", "Short.")
    by_key(source_of(shelf))
    (copy,) = (shelf.folder / "copies").iterdir()
    damage(copy)
    source = source_of(shelf)
    entries = by_key(source)
    if damage is garble_objects:  # that shows when it is read
        refusal = source.read(entries["a.md"], LIMIT)
        assert isinstance(refusal, Refusal)
        assert refusal.reason.retried
        source = source_of(shelf)
        entries = by_key(source)
    assert source.read(entries["a.md"], LIMIT) == noise.encode()
    assert source.read(entries["b.md"], LIMIT) == b"Short."
    assert list((shelf.folder / "copies").iterdir()) == [copy]


def test_a_repository_with_ids_of_sha_256_is_read_and_so_is_one_in_its_place(shelf):
    repository = shelf.folder / "repo"
    repository.mkdir()
    shelf.git("init", "--quiet", "--initial-branch=main", "--object-format=sha256")
    shelf.put("a.md", "One.")
    shelf.put("b.md", "Two.")
    for _ in range(2):
        source = source_of(shelf)
        assert source.read(by_key(source)["a.md"], LIMIT) == b"One."
    shutil.rmtree(repository)
    shelf.put("a.md", "Another one.")
    source = source_of(shelf)
    assert source.read(by_key(source)["a.md"], LIMIT) == b"Another one."


def test_what_many_fetches_leave_is_packed_and_can_be_read_all_the_while(shelf, monkeypatch):
    monkeypatch.setattr(module, "_TIDY", module._TIDY | {"gc.autoPackLimit": "1"})
    shelf.put("a.md", "One.")
    source = source_of(shelf)
    first = by_key(source)["a.md"]
    assert source.read(first, LIMIT) == b"One."
    for time in range(4):
        # So many objects come as a pack of their own.
        shelf.texts = {f"{n}.md": f"{n} for the {time}. time." for n in range(120)}
        shelf.store()
        newest = by_key(source)["7.md"]
    (copy,) = (shelf.folder / "copies").iterdir()
    kept = Git(copy, {}).run("count-objects", "-v", timeout_seconds=60).decode()
    assert int(dict(line.split(": ") for line in kept.splitlines())["packs"]) < 3
    expected = [b"One.", b"7 for the 3. time."]
    assert [source.read(entry, LIMIT) for entry in (first, newest)] == expected


def test_a_copy_that_was_damaged_stays_while_nothing_can_be_fetched(shelf):
    shelf.put("a.md", "One.")
    source = source_of(shelf)
    entry = by_key(source)["a.md"]
    (copy,) = (shelf.folder / "copies").iterdir()
    leave_locks(copy)
    repository = shelf.folder / "repo" / ".git"
    (repository / "objects").rename(repository / "away")
    with pytest.raises((SourceUnavailableError, SourceMissingError), match="'code'"):
        source_of(shelf).list_entries()
    assert source.read(entry, LIMIT) == b"One."
    assert list((shelf.folder / "copies").iterdir()) == [copy]


def test_a_ref_or_repository_that_is_not_there_is_a_clear_error(shelf):
    shelf.put("a.md", "One.")
    with pytest.raises(SourceMissingError, match=r"'code'.*at gone"):
        source_of(shelf, ref="gone").list_entries()
    with pytest.raises(SourceMissingError, match="'code'"):
        source_of(shelf, url=str(shelf.folder / "nowhere")).list_entries()


def test_links_submodules_hidden_files_and_pointers_are_accounted_for(shelf):
    shelf.put("a.md", "One.")
    repository = shelf.folder / "repo"
    (repository / "link.md").symlink_to("/etc/passwd")
    (repository / ".hidden").mkdir()
    (repository / ".hidden" / "x.md").write_text("x")
    (repository / "big.bin").write_text("version https://git-lfs.github.com/spec/v1\noid x\n")
    commit = shelf.git("rev-parse", "HEAD")
    shelf.git("update-index", "--add", "--cacheinfo", f"160000,{commit},module")
    shelf.git("add", "--all", "link.md", ".hidden", "big.bin")
    shelf.git("commit", "--quiet", "-m", "x")
    source = source_of(shelf)
    listing = source.list_entries()
    assert listing.complete
    assert {s.key for s in listing.skipped} == {"link.md", ".hidden/x.md", "module"}
    pointer = next(e for e in listing.entries if e.key == "big.bin")
    refusal = source.read(pointer, LIMIT)
    assert isinstance(refusal, Refusal)
    assert refusal.reason is Reason.NOT_A_FILE


def test_hooks_and_settings_of_repository_and_user_run_nothing(shelf, tmp_path, monkeypatch):
    shelf.put("a.md", "One.")
    canary = tmp_path / "canary"
    script = tmp_path / "run.sh"
    script.write_text(f"#!/bin/sh\ntouch {canary}\n")
    script.chmod(0o755)
    for hook in ("post-checkout", "reference-transaction", "pre-receive", "post-update"):
        target = shelf.folder / "repo" / ".git" / "hooks" / hook
        target.parent.mkdir(exist_ok=True)
        shutil.copy(script, target)
    shelf.git("config", "uploadpack.packObjectsHook", str(script))
    shelf.git("config", "core.fsmonitor", str(script))
    home = tmp_path / "user"
    home.mkdir()
    (home / ".gitconfig").write_text(f"[core]\n\tfsmonitor = {script}\n\thooksPath = {tmp_path}\n")
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("GIT_SSH_COMMAND", str(script))
    monkeypatch.setenv("GIT_DIR", str(tmp_path / "elsewhere"))
    source = source_of(shelf)
    assert source.read(by_key(source)["a.md"], LIMIT) == b"One."
    assert not canary.exists()


@pytest.mark.parametrize("url", ["ext::sh -c touch% canary", "ssh://host/x", "git://host/x"])
def test_other_protocols_are_refused_by_git_itself(shelf, url):
    shelf.put("a.md", "One.")
    source = source_of(shelf)
    # Past the settings, which refuse them as well.
    object.__setattr__(source._settings, "url", url)
    with pytest.raises(SourceUnavailableError, match="not allowed"):
        source.list_entries()


def test_an_address_inside_is_refused_before_git_runs(shelf, monkeypatch):
    monkeypatch.setattr(module.Git, "run", lambda *a, **k: b"git version 2.39.5")
    source = source_of(shelf, url="https://127.0.0.1/x.git")
    with pytest.raises(SourceMissingError, match=r"127\.0\.0\.1.*not public.*allow_hosts"):
        source.list_entries()


def test_git_connects_to_the_address_that_was_looked_at(shelf, monkeypatch):
    # The name cannot be resolved, so a connection means that git did not resolve it.
    monkeypatch.setattr(module, "pinned_address", lambda *_: "127.0.0.1")
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(60)
        heard = []

        def answer():
            connection, _ = server.accept()
            with connection:
                heard.append(connection.recv(2000))

        listener = threading.Thread(target=answer)
        listener.start()
        url = f"https://repository.invalid:{server.getsockname()[1]}/x.git"
        with pytest.raises(SourceUnavailableError):
            source_of(shelf, url=url).list_entries()
        listener.join()
    assert b"repository.invalid" in heard[0]  # the name it asks for in TLS


def test_the_address_is_pinned_and_the_password_is_no_argument(shelf):
    settings = GitSource(
        name="code", kind="git", url="https://127.0.0.1:8443/x.git", allow_hosts=("127.0.0.1",)
    )
    source = GitRefSource(settings, shelf.folder / "copies", {"token": "hunter2"})
    source._copy.mkdir(parents=True)
    connection = source._connection()
    assert connection["http.curloptResolve"] == "127.0.0.1:8443:127.0.0.1"
    variables = Git(source._copy, connection)._environment()
    assert "hunter2" not in repr(variables)  # it is inside the base64 of a header
    assert any(v.startswith("Authorization: Basic ") for v in variables.values())
    assert variables["GIT_CONFIG_GLOBAL"] == os.devnull
