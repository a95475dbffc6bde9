"""What a file system behind an fsspec URL tells about a file, as a stat that can be compared."""

import datetime as dt
import re
import uuid
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, TypeAlias

from ingestion.document import EXACT, Stat

Info: TypeAlias = Mapping[str, Any]

# What names a content for good, by the names that file systems give it: S3, Google Cloud, Azure,
# members of ZIP files.
_EXACT = ("ETag", "etag", "md5Hash", "content_md5", "generation", "crc32c", "checksum", "CRC")
_MODIFIED = ("LastModified", "last_modified", "mtime", "updated", "modified", "created", "modify")
_INEXACT = ("VersionId", "version_id", "ino")
_UNDATED = "undated"
_FTP_TIME = re.compile(r"\d{14}(\.\d+)?")


def stat_of(info: Info) -> Stat:
    """Return the stat of a file; its tag is exact where the file system hashes or counts."""
    exact = [f"{name}={info[name]}" for name in _EXACT if info.get(name)]
    modified = next((ns for name in _MODIFIED if (ns := as_ns(info.get(name)))), 0)
    size = int(info.get("size") or 0)
    if exact:
        return Stat(size, modified, EXACT + exact[0])
    if not modified:
        return Stat(size, 0, _UNDATED)
    tag = ";".join(f"{name}={info[name]}" for name in _INEXACT if info.get(name))
    return Stat(size, modified, tag)


def listed_stat(info: Info) -> Stat:
    """Return the stat of a file for a listing.

    Where a file system tells neither a time nor a hash, a size alone must not pass for the same
    content: such a stat is like no other, so that the file is read again each time.
    """
    stat = stat_of(info)
    if stat.tag != _UNDATED:
        return stat
    return replace(stat, tag=f"{_UNDATED}:{uuid.uuid4().hex}")


def is_same(listed: Stat, now: Stat) -> bool:
    """Whether a file is still what was listed; a clock counts only where there is no exact tag."""
    if listed.is_exact and now.is_exact:
        return (listed.size, listed.tag) == (now.size, now.tag)
    if now.tag == _UNDATED and listed.tag.startswith(_UNDATED):
        return listed.size == now.size
    return listed == now


def as_ns(value: object) -> int:
    """Return a moment as nanoseconds since 1970, or 0 for what is none."""
    match value:
        case dt.datetime():
            zoned = value if value.tzinfo else value.replace(tzinfo=dt.UTC)
            return max(int(zoned.timestamp() * 1_000_000_000), 0)
        case int() | float() if not isinstance(value, bool) and 0 <= value < 2**33:
            return int(value * 1_000_000_000)
        case str() if _FTP_TIME.fullmatch(value):  # such as 20260301120000.123, in UTC
            try:
                return as_ns(dt.datetime.fromisoformat(f"{value[:8]}T{value[8:14]}"))
            except ValueError:
                return 0
        case str():
            try:
                return as_ns(dt.datetime.fromisoformat(value))
            except ValueError:
                return 0
        case _:
            return 0
