"""Gathers the documents inside a document, within limits on their number, size and depth."""

import posixpath
import re
from collections.abc import Iterator
from contextvars import ContextVar
from dataclasses import dataclass
from typing import IO

from ingestion.document import LONGEST_KEY, Part, Reason, Refusal, sha256_of
from ingestion.parsing.decoding import sound

INSIDE = "!/"
"""Separates the key of a container from the name of what lies in it."""
PARTS_REFUSED = "parts_refused"
"""Flag of a document of which some parts could not be taken."""
REST = "(the rest)"
"""Name of the refused part that stands for everything beyond the limits or the damage."""
BLOCK_BYTES = 64 * 1024
RATIO_FREE_BYTES = 1024 * 1024
"""The ratio of a member counts from here on: small texts legitimately pack very well."""
_LONGEST_NAME = 180
_UNSEEN = re.compile(
    "[\x00-\x1f\x7f-\x9f\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]"
    "|[\U000e0000-\U000e0fff]"
)
_DRIVE = re.compile(r"[A-Za-z]:")


@dataclass(frozen=True, slots=True)
class PartLimits:
    """How much is taken out of one container."""

    max_parts: int = 1000
    max_depth: int = 8
    """Containers within containers, those in the key included."""
    max_total_bytes: int = 256 * 1024 * 1024
    """Unpacked, all parts of a container and of the archives in it together."""
    max_part_bytes: int = 100 * 1024 * 1024
    max_ratio: float = 100.0
    """Unpacked to packed size of a member."""


LIMITS: ContextVar[PartLimits] = ContextVar("part_limits", default=PartLimits())  # noqa: B039 - frozen
"""The limits in force; a parser child sets them once from the settings."""


class ContainerError(Exception):
    """A container that is refused as a whole."""

    def __init__(self, reason: Reason, detail: str) -> None:
        super().__init__(detail)
        self.reason = reason
        self.detail = detail


class PartError(Exception):
    """A part that is refused on its own."""

    def __init__(self, reason: Reason, detail: str) -> None:
        super().__init__(detail)
        self.reason = reason
        self.detail = detail


class PartCollector:
    """The parts of one container, taken or refused.

    Args:
        key: Key of the container; what it already lies in counts for the depth.
        limits: How much may be taken; those in force by default.
    """

    def __init__(self, key: str, limits: PartLimits | None = None) -> None:
        self.limits = limits or LIMITS.get()
        self._key = key
        self._parts: list[Part] = []
        self._names: set[str] = set()
        self._bytes = 0
        self._closed = False

    @property
    def parts(self) -> tuple[Part, ...]:
        """All parts so far, in order."""
        return tuple(self._parts)

    @property
    def flags(self) -> tuple[str, ...]:
        """`parts_refused` if any part was."""
        return (PARTS_REFUSED,) if any(part.refusal for part in self._parts) else ()

    @property
    def is_full(self) -> bool:
        """Whether no further part may be taken."""
        return len(self._parts) >= self.limits.max_parts

    def depth_of(self, name: str) -> int:
        """How many containers a part with this name lies in."""
        return f"{self._key}{INSIDE}{name}".count(INSIDE)

    def take(self, name: str, data: bytes) -> None:
        """Take a part; a name that is taken already gets a number.

        Raises:
            ContainerError: There are more parts than are taken.
        """
        self._add(Part(self._free(name), data))

    def refuse(self, name: str, reason: Reason, detail: str) -> None:
        """Record a part that cannot be taken.

        Raises:
            ContainerError: There are more parts than are taken.
        """
        free = self._free(name)
        key = sound(f"{self._key}{INSIDE}{free}")
        self._add(Part(free, refusal=Refusal(key, reason, detail)))

    def close(self, reason: Reason, detail: str) -> None:
        """Record once that the parts which follow are left out."""
        if not self._closed:
            self._closed = True
            name = self._free(REST)
            refusal = Refusal(sound(f"{self._key}{INSIDE}{name}"), reason, detail)
            self._parts.append(Part(name, refusal=refusal))

    def read(self, stream: IO[bytes], packed: int) -> bytes:
        """Read an unpacked stream to its end, stopping at the limits by the bytes that came.

        Args:
            stream: Yields the unpacked bytes of one part.
            packed: Bytes that it takes up in the container.

        Raises:
            PartError: The part is larger than any document may be, or a bomb.
            ContainerError: Together with the other parts it is more than a container may hold.
        """
        blocks: list[bytes] = []
        size = 0
        while block := stream.read(BLOCK_BYTES):
            size += len(block)
            self.count(len(block))
            if size > self.limits.max_part_bytes:
                raise PartError(
                    Reason.TOO_LARGE,
                    f"It unpacks to more than {self.limits.max_part_bytes // 2**20} MiB"
                    " (ingestion.max_document_mb).",
                )
            if size > max(RATIO_FREE_BYTES, self.limits.max_ratio * packed):
                raise PartError(
                    Reason.TOO_LARGE,
                    f"It is packed more than {self.limits.max_ratio:g} to 1"
                    " (ingestion.max_unpack_ratio), as a bomb is.",
                )
            blocks.append(block)
        return b"".join(blocks)

    def count(self, unpacked: int) -> None:
        """Count bytes that came out of the container, whether or not they are kept.

        Raises:
            ContainerError: It is more than a container may hold.
        """
        self._bytes += unpacked
        if self._bytes > self.limits.max_total_bytes:
            raise ContainerError(
                Reason.TOO_LARGE,
                f"The container unpacks to more than {self.limits.max_total_bytes // 2**20} MiB"
                " (ingestion.max_parts_mb).",
            )

    def _add(self, part: Part) -> None:
        if self.is_full:
            raise ContainerError(
                Reason.TOO_LARGE,
                f"The container holds more than {self.limits.max_parts} documents"
                " (ingestion.max_parts).",
            )
        self._names.add(part.name)
        self._parts.append(part)

    def _free(self, name: str) -> str:
        name = name_inside(self._key, name)
        if name not in self._names:
            return name
        stem, suffix = posixpath.splitext(name)
        return next(
            candidate for candidate in _numbered(stem, suffix) if candidate not in self._names
        )


def _numbered(stem: str, suffix: str) -> Iterator[str]:
    number = 2
    while True:
        yield f"{stem} ({number}){suffix}"
        number += 1


def file_name(raw: str, otherwise: str) -> str:
    """The last component of a name from outside, without what cannot be seen.

    Args:
        raw: The name as a mail gives it; it may be a path of any system, or nothing.
        otherwise: What to call it when nothing is left.
    """
    base = posixpath.basename(_seen(raw).replace("\\", "/").rstrip("/ "))
    base = _shortened(base.strip())
    return otherwise if base in ("", ".", "..") else base


def member_name(raw: str) -> str:
    """The name of an archive member with `/` separators, without what cannot be seen.

    Raises:
        ContainerError: It climbs out of the archive, which no honest archive does.
        PartError: It is absolute or empty.
    """
    name = _seen(raw).replace("\\", "/")
    pieces = [piece for piece in name.split("/") if piece not in ("", ".")]
    if ".." in pieces:
        raise ContainerError(
            Reason.UNSAFE,
            "The archive holds a name that climbs out of it (`..`), as an attack does;"
            " pack it again without such names.",
        )
    if name.startswith("/") or _DRIVE.match(name):
        raise PartError(Reason.UNSAFE, "Its name in the archive is an absolute path.")
    if not pieces:
        raise PartError(Reason.UNSAFE, "It has no name in the archive.")
    # A `!` at the end of a folder would read like a container in the key.
    return "/".join([*(re.sub("!$", "%21", p) for p in pieces[:-1]), _shortened(pieces[-1])])


def shown(name: str) -> str:
    """A name that cannot serve as one, for a refusal."""
    pieces = [p for p in _seen(name).replace("\\", "/").split("/") if p not in ("", ".", "..")]
    return "/".join(map(_shortened, pieces)) or "unnamed"


def name_inside(container: str, name: str) -> str:
    """Return the name of a part, or a short one where its key would be too long for a ledger.

    Args:
        container: Key of what it lies in.
        name: As its container has it; its ending, which decides how it is read, stays.
    """
    key = f"{container}{INSIDE}{name}"
    if len(key.encode("utf-8", "replace")) <= LONGEST_KEY:
        return name
    suffix = posixpath.splitext(name)[1]
    return f"~{sha256_of(name)[:16]}{suffix if len(suffix) <= 16 and suffix.isascii() else ''}"


def _seen(name: str) -> str:
    return sound(_UNSEEN.sub("", name))


def _shortened(name: str) -> str:
    if len(name) <= _LONGEST_NAME:
        return name
    stem, suffix = posixpath.splitext(name)
    suffix = suffix if len(suffix) <= 16 else ""
    return stem[: _LONGEST_NAME - len(suffix) - 1] + "…" + suffix
