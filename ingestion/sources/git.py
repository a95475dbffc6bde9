"""The files of a git repository at a branch, tag or commit.

The repository is fetched into a bare copy in the home; nothing is ever checked out, so neither
hooks nor filters nor links of it have any effect. A listing is that of one commit, and the id of
the object is what tells whether a file changed.
"""

import base64
import contextlib
import os
import re
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from urllib.parse import urlsplit

from config.origins import mask_url
from config.sources import GitSource
from ingestion.document import EXACT, Listing, Reason, Refusal, SourceEntry, Stat, sha256_of
from ingestion.errors import SourceMissingError, SourceUnavailableError
from ingestion.sources.addresses import BlockedAddressError, bracketed, pinned_address
from ingestion.sources.gathering import Gathering, changed, is_hidden, too_large
from ingestion.sources.git_command import BlobReader, Git, GitFailedError, check_version
from ingestion.sources.git_history import LOG, History, read_history
from ingestion.sources.names import shown_name

WANTED = "refs/holdfast/wanted"
_OBJECT = re.compile(r"[0-9a-f]{40,64}")
_ENTRY = re.compile(rb"(\d{6}) (\w+) ([0-9a-f]+) +(-|\d+)\t(.+)", re.DOTALL)
_POINTER = b"version https://git-lfs.github.com/spec/"
_HISTORY_SECONDS = 60.0
_DAMAGED = "holdfast-damaged"
"""File in a copy of which an object could not be read; a fetch does not bring that again."""
_OTHER_HASH = re.compile(r"mismatched algorithms: client \w+; server (sha1|sha256)\b")
_TIDY = {
    "gc.auto": "2000",
    "gc.autoPackLimit": "50",
    "gc.autoDetach": "false",
    # Another process may read by an older listing, of a branch that was rewritten since.
    "gc.pruneExpire": "2.weeks.ago",
    "gc.packRefs": "false",
}
"""When a copy is packed again, and what of it goes; a lock that is left behind blocks nothing."""
_MISSING = ("couldn't find remote ref", "does not appear to be a git", "does not exist")


class GitRefSource:
    """Lists and reads the files of one ref."""

    def __init__(self, settings: GitSource, copies: Path, secrets: Mapping[str, object]) -> None:
        """Configure the source; nothing is fetched before it is listed.

        Args:
            settings: What to fetch.
            copies: Folder for the copies of repositories.
            secrets: `username` and `password`, or `token`, for an https:// URL.
        """
        self._settings = settings
        self._copy = copy_folder(settings, copies)
        self._secrets = secrets
        self._blobs = BlobReader(Git(self._copy, {}))

    @property
    def name(self) -> str:
        """Name of the source."""
        return self._settings.name

    @property
    def location(self) -> str:
        """URL and ref, without a password."""
        return f"{mask_url(self._settings.url)} at {self._settings.ref}"

    def list_entries(self, on_progress: Callable[[int], None] | None = None) -> Listing:
        """Fetch the ref and list the files of its commit.

        Raises:
            SourceMissingError: There is no such repository or ref.
            SourceUnavailableError: The repository did not answer.
        """
        gathering = Gathering(self._settings.include, self._settings.exclude, on_progress)
        commit, tree = self._fetch()
        history = self._history(Git(self._copy, {}), commit)
        for line in tree:
            self._take(line, commit, history, gathering)
        return gathering.listing()

    def read(self, entry: SourceEntry, max_bytes: int) -> bytes | Refusal:
        """Read the object that was listed; it cannot change."""
        object_id = entry.stat.tag.removeprefix(EXACT)
        if not _OBJECT.fullmatch(object_id):
            return changed(entry.key)
        if entry.stat.size > max_bytes:
            return too_large(entry.key, entry.stat.size, max_bytes)
        try:
            content = self._blobs.read(object_id, entry.stat.size)
        except OSError as error:
            detail = f"The copy of the repository cannot be read ({error.strerror})."
            return Refusal(entry.key, Reason.UNREADABLE, detail)
        if content is None:
            with contextlib.suppress(OSError):
                (self._copy / _DAMAGED).touch()
            detail = "The object is not in the copy of the repository; the next run fetches again."
            return Refusal(entry.key, Reason.UNREADABLE, detail)
        if content.startswith(_POINTER) and len(content) < 1024:
            detail = "It is a pointer of Git LFS, and the content it stands for is not fetched."
            return Refusal(entry.key, Reason.NOT_A_FILE, detail)
        return content

    def _take(self, line: bytes, commit: str, history: History, gathering: Gathering) -> None:
        match = _ENTRY.fullmatch(line)
        if match is None:
            gathering.problem("An entry of the tree could not be understood.")
            return
        mode, kind, object_id, size, path = match.groups()
        key = _key(path)
        if kind != b"blob":
            gathering.skip(key, "a submodule; make it a source of its own")
        elif mode == b"120000":
            gathering.skip(key, "a symbolic link; links are not followed")
        elif is_hidden(key):
            gathering.skip(key, "hidden: a name starts with a dot")
        else:
            last = history.last_commits.get(path, (commit, ""))
            url = mask_url(self._settings.url)
            origin = {"repository": url, "ref": self._settings.ref, "commit": last[0]}
            if last[1]:
                origin["committed"] = last[1]
            gathering.take(
                SourceEntry(
                    key,
                    Stat(int(size), 0, EXACT + object_id.decode("ascii")),
                    tuple(origin.items()),
                    formerly=tuple(_key(old) for old in history.formerly.get(path, ())),
                )
            )

    def _history(self, git: Git, commit: str) -> History:
        """Read what the history says; without it the listing is the same, but says less."""
        limit = min(_HISTORY_SECONDS, self._settings.timeout_seconds)
        try:
            return read_history(git.run(*LOG, commit, "--", timeout_seconds=limit))
        except (GitFailedError, SourceUnavailableError):
            return History()

    def _fetch(self) -> tuple[str, list[bytes]]:
        """Fetch the ref into the copy; return its commit and the entries of its tree.

        A full disk or a loss of power leaves locks, empty objects or half a repository behind, on
        which every later command fails. So where anything fails in an old copy, a new one is
        tried; it takes the place of the other only if it is whole.
        """
        is_old = self._copy.exists()
        self._copy.mkdir(parents=True, exist_ok=True)
        connection = self._connection()
        failed = None
        if not (self._copy / _DAMAGED).exists():
            fetch = self._fetch_into if is_old else self._fetch_anew
            try:
                commit, tree = fetch(self._copy, connection)
                if all(map(_ENTRY.fullmatch, tree)):
                    self._tidy()
                    return commit, tree
            except GitFailedError as error:
                if any(text in str(error) for text in _MISSING):
                    raise SourceMissingError(
                        f"Source '{self.name}' cannot be fetched from {self.location}: {error}."
                    ) from error
                if not is_old:
                    raise self._unavailable(str(error)) from error
                failed = error
        fresh = new_copy(self._copy)
        shutil.rmtree(fresh, ignore_errors=True)
        fresh.mkdir()
        try:
            made = self._fetch_anew(fresh, connection)
            shutil.rmtree(self._copy)
            fresh.rename(self._copy)
        except GitFailedError as error:
            raise self._unavailable(str(failed or error)) from error
        finally:
            shutil.rmtree(fresh, ignore_errors=True)
        self._blobs = BlobReader(Git(self._copy, {}))
        return made

    def _fetch_anew(self, folder: Path, connection: Mapping[str, str]) -> tuple[str, list[bytes]]:
        """Fetch into an empty folder, with the kind of ids that the repository has."""
        try:
            return self._fetch_into(folder, connection)
        except GitFailedError as error:
            other = _OTHER_HASH.search(str(error))
            if other is None:
                raise
        shutil.rmtree(folder)
        folder.mkdir()
        return self._fetch_into(folder, connection, f"--object-format={other[1]}")

    def _tidy(self) -> None:
        """Pack what fetches have left, now and then; the copy is as good without it."""
        limit = self._settings.timeout_seconds
        with contextlib.suppress(GitFailedError, SourceUnavailableError):
            Git(self._copy, _TIDY).run("gc", "--auto", "--quiet", timeout_seconds=limit)

    def _fetch_into(
        self, folder: Path, connection: Mapping[str, str], *how: str
    ) -> tuple[str, list[bytes]]:
        limit = self._settings.timeout_seconds
        git = Git(folder, connection)
        git.run("init", "--bare", "--quiet", "--template=", *how, timeout_seconds=limit)
        git.run(
            "fetch", "--quiet", "--force", "--no-tags", "--no-write-fetch-head",
            "--no-recurse-submodules", "--no-auto-maintenance", "--",
            self._settings.url, f"+{self._settings.ref}:{WANTED}",
            timeout_seconds=limit,
        )  # fmt: skip
        git = Git(folder, {})
        said = git.run("rev-parse", "--verify", f"{WANTED}^{{commit}}", timeout_seconds=limit)
        commit = said.decode("ascii").strip()
        tree = git.run("ls-tree", "-r", "-z", "-l", "--full-tree", commit, timeout_seconds=limit)
        return commit, [line for line in tree.split(b"\0") if line]

    def _connection(self) -> dict[str, str]:
        """Return the settings of git for this URL: its protocol, its address, its credentials."""
        url = urlsplit(self._settings.url)
        if url.scheme.lower() != "https":
            return {"protocol.file.allow": "always"}
        host, port = url.hostname or "", url.port or 443
        check_version(Git(self._copy, {}))
        try:
            address = pinned_address(host, port, self._settings.allow_hosts)
        except BlockedAddressError as error:
            raise SourceMissingError(f"Source '{self.name}': {error}") from error
        settings = {
            "protocol.https.allow": "always",
            "http.curloptResolve": f"{host}:{port}:{bracketed(address)}",
            "http.proxy": "",
        }
        user = str(self._secrets.get("username", "x-access-token"))
        password = self._secrets.get("password", self._secrets.get("token"))
        if password is not None:
            basic = base64.b64encode(f"{user}:{password}".encode()).decode("ascii")
            settings["http.extraHeader"] = f"Authorization: Basic {basic}"
        return settings

    def _unavailable(self, said: str) -> SourceUnavailableError:
        return SourceUnavailableError(
            f"Source '{self.name}' could not be fetched from {self.location}: {mask_url(said)}."
        )


def copy_folder(settings: GitSource, copies: Path) -> Path:
    """Return where the copy of a repository is; another URL is another copy."""
    return copies / f"{settings.name}-{sha256_of(settings.url)[:12]}"


def new_copy(copy: Path) -> Path:
    """Return where a copy is made anew; a process that died may have left it there."""
    return copy.with_name(f"{copy.name}.new")


def _key(path: bytes) -> str:
    return shown_name(os.fsdecode(path))
