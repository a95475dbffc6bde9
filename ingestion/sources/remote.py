"""Whatever an fsspec URL leads to: S3, SFTP, Google Cloud Storage, Azure, and many others.

Object stores are listed flat, since their keys are no paths; all others folder by folder, so that
one folder that cannot be listed does not hide itself. Links are never followed.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from config.origins import mask_url
from config.sources import FsspecSource
from ingestion.document import Listing, Reason, Refusal, SourceEntry
from ingestion.errors import SourceMissingError, SourceUnavailableError
from ingestion.sources.gathering import Gathering, changed, is_hidden, too_large
from ingestion.sources.names import real_name, shown_name
from ingestion.sources.remote_stat import Info, is_same, listed_stat, stat_of

OBJECT_STORES = frozenset({"s3", "s3a", "gs", "gcs", "az", "abfs", "abfss", "adl", "oci", "oss"})
_BLOCK = 4 * 1024 * 1024
# By the package of the file system, which must not wait for a dead server for ever, nor tell a
# password to whoever answers: without `known_hosts` sshfs looks at no key of a server.
_DEFAULTS: Mapping[str, Mapping[str, object]] = {
    "s3fs": {
        "use_listings_cache": False,
        "config_kwargs": {
            "connect_timeout": 10,
            "read_timeout": 60,
            "retries": {"max_attempts": 3, "mode": "standard"},
        },
    },
    "gcsfs": {"use_listings_cache": False},
    "adlfs": {"use_listings_cache": False},
    "sshfs": {
        "connect_timeout": 20,
        "keepalive_interval": 15,
        "keepalive_count_max": 4,
        "known_hosts": (),  # the user's own
    },
}


class FsspecUrlSource:
    """Lists and reads what lies under an fsspec URL."""

    def __init__(self, settings: FsspecSource, secrets: Mapping[str, object]) -> None:
        """Configure the source; nothing is connected before it is listed or read.

        Args:
            settings: The URL, and options of its file system.
            secrets: Further options, such as keys and passwords.
        """
        self._settings = settings
        self._secrets = secrets
        self._opened: tuple[Any, str] | None = None

    @property
    def name(self) -> str:
        """Name of the source."""
        return self._settings.name

    @property
    def location(self) -> str:
        """The URL, without a password."""
        return mask_url(self._settings.url)

    def list_entries(self, on_progress: Callable[[int], None] | None = None) -> Listing:
        """List everything under the URL.

        Raises:
            SourceMissingError: It does not exist, or what is needed to open it is not installed.
            SourceUnavailableError: It did not answer.
        """
        gathering = Gathering(self._settings.include, self._settings.exclude, on_progress)
        files, root = self._open()
        try:
            files.invalidate_cache()
            is_flat = _is_flat(files)
            found = self._flat(files, root) if is_flat else self._walk(files, root, gathering)
            for path, info in found:
                self._take(path, info, root, gathering)
        except FileNotFoundError as error:
            raise SourceMissingError(
                f"Source '{self.name}' does not exist: {self.location}. Correct its url."
            ) from error
        except Exception as error:  # file systems raise what their libraries do
            raise self._unavailable(error) from error
        return gathering.listing()

    def read(self, entry: SourceEntry, max_bytes: int) -> bytes | Refusal:
        """Read one listed file, as long as it is what was listed."""
        try:
            files, root = self._open()
            path = root if entry.key == _name(root) and files.isfile(root) else _join(root, entry)
            content = self._content(files, path, entry, max_bytes)
            after = stat_of(files.info(path))
        except FileNotFoundError:
            detail = "It was gone when it was to be read; the next run looks again."
            return Refusal(entry.key, Reason.UNREADABLE, detail)
        except Exception as error:  # noqa: BLE001 - file systems raise what their libraries do
            return Refusal(entry.key, Reason.UNREADABLE, f"It cannot be read: {_said(error)}.")
        if content is None:
            return too_large(entry.key, max(max_bytes + 1, entry.stat.size), max_bytes)
        if not is_same(entry.stat, after) or len(content) != after.size:
            return changed(entry.key)
        return content

    def _content(self, files: Any, path: str, entry: SourceEntry, max_bytes: int) -> bytes | None:
        """Read a file; none if it has more bytes than that, whatever its size is said to be."""
        if entry.stat.size > max_bytes:
            return None
        if not _is_flat(files):
            return _read(files, path, max_bytes)
        if entry.stat.size == 0:
            return b""  # a range of nothing would be an error; the size is looked at afterwards
        # One request instead of several, and never more bytes than may be had.
        content: bytes = files.cat_file(path, start=0, end=max_bytes + 1)
        return content if len(content) <= max_bytes else None

    def _flat(self, files: Any, root: str) -> Iterable[tuple[str, Info]]:
        found: Mapping[str, Info] = files.find(root, detail=True)
        return found.items()

    def _walk(self, files: Any, root: str, gathering: Gathering) -> Iterable[tuple[str, Info]]:
        top = files.info(root)
        if top.get("type") == "file":
            yield root, top
            return
        folders = [root]
        while folders:
            folder = folders.pop()
            try:
                inside = files.ls(folder, detail=True)
            except Exception as error:
                if folder == root:
                    raise
                where = shown_name(_relative(folder, root))
                gathering.problem(f"The folder {where} cannot be listed: {_said(error)}.")
                continue
            for info in inside:
                path = str(info["name"]).rstrip("/")
                if info.get("type") != "directory":
                    yield path, info
                elif len(path) > len(folder):  # never back up, whatever a server says
                    folders.append(path)

    def _take(self, path: str, info: Info, root: str, gathering: Gathering) -> None:
        key = shown_name(_name(root) if path == root else _relative(path, root))
        kind = info.get("type", "file")
        if info.get("islink") or kind == "link":
            gathering.skip(key, "a symbolic link; links are not followed")
        elif kind == "directory" or (key.endswith("/") and not info.get("size")):
            return  # object stores mark folders by empty objects
        elif path != root and is_hidden(key):
            gathering.skip(key, "hidden: a name starts with a dot")
        elif kind != "file":
            gathering.refuse(key, Reason.NOT_A_FILE, f"It is of the kind {kind}, no file.")
        else:
            url = f"{self.location.rstrip('/')}/{key}" if path != root else self.location
            gathering.take(SourceEntry(key, listed_stat(info), (("url", url),)))

    def _open(self) -> tuple[Any, str]:
        """Return the file system and the path of the root in it."""
        if self._opened is None:
            import fsspec

            protocol = self._settings.url.partition("://")[0].partition("::")[0]
            try:
                package = fsspec.get_filesystem_class(protocol).__module__.partition(".")[0]
                options = {
                    **_DEFAULTS.get(package, {}),
                    **self._settings.options,
                    **self._secrets,
                    "skip_instance_cache": True,
                }
                files, root = fsspec.core.url_to_fs(self._settings.url, **options)
            except (ImportError, ValueError, TypeError) as error:
                raise SourceMissingError(
                    f"Source '{self.name}' cannot be opened: {_said(error)}."
                ) from error
            except Exception as error:
                raise self._unavailable(error) from error
            self._opened = (files, root if root == "/" else root.rstrip("/"))
        return self._opened

    def _unavailable(self, error: Exception) -> SourceUnavailableError:
        return SourceUnavailableError(
            f"Source '{self.name}' did not answer as it should: {self.location} ({_said(error)})."
        )


def _read(files: Any, path: str, max_bytes: int) -> bytes | None:
    """Read a file; none if it has more bytes than that, whatever its size is said to be."""
    parts, size = [], 0
    with files.open(path, "rb", block_size=_BLOCK) as file:
        while chunk := file.read(_BLOCK):
            parts.append(chunk)
            size += len(chunk)
            if size > max_bytes:
                return None
    return b"".join(parts)


def _is_flat(files: Any) -> bool:
    """Whether a file system is an object store, whose keys are no paths."""
    protocol = files.protocol
    names = {protocol} if isinstance(protocol, str) else set(protocol)
    return bool(names & OBJECT_STORES)


def _relative(path: str, root: str) -> str:
    return path.removeprefix(root.rstrip("/")).removeprefix("/")


def _join(root: str, entry: SourceEntry) -> str:
    return f"{root.rstrip('/')}/{real_name(entry.key)}"


def _name(root: str) -> str:
    return root.rpartition("/")[2]


def _said(error: Exception) -> str:
    return mask_url(f"{type(error).__name__}: {error}".strip().rstrip("."))
