"""Archives: ZIP, TAR and single compressed files, opened in memory; archives in them as well.

An archive itself reads as the list of the names in it. Members are read as streams and only in
memory, so that nothing is ever written or linked anywhere; see `parts` for the limits.
"""

import bz2
import functools
import gzip
import io
import lzma
import posixpath
import tarfile
import zipfile
import zlib
from collections.abc import Callable
from tarfile import HeaderError, ReadError
from typing import IO, Any, Self

from ingestion.document import Element, ElementKind, ParsedDocument, Reason, Refusal
from ingestion.parsing.decoding import decode
from ingestion.parsing.formats import Format, archive_format, is_tar
from ingestion.parsing.parts import (
    INSIDE,
    ContainerError,
    PartCollector,
    PartError,
    member_name,
    shown,
)
from ingestion.parsing.zstandard_frames import Zstandard

DAMAGE = (
    zipfile.BadZipFile, tarfile.TarError, EOFError, OSError, zlib.error, lzma.LZMAError, ValueError,
)  # fmt: skip
"""What the readers of archives raise on damaged input."""
_PACKED_SUFFIXES = (".gz", ".bz2", ".xz", ".zst")
_TAR_SUFFIXES = {".tgz": ".tar", ".tbz2": ".tar", ".txz": ".tar"}
_BROKEN_HEADER = frozenset({"InvalidHeaderError", "TruncatedHeaderError"})
"""The others of `tarfile.HeaderError` are the end of an archive."""
_JUNK = ("__MACOSX/", ".DS_Store", "Thumbs.db", "desktop.ini")
"""What file managers leave behind; nobody put it there to be read."""
_UTF8_NAME = 0x800
_ENCRYPTED = 0x1
_UNIX = 3
_LINK, _REGULAR, _TYPE_MASK = 0o120000, 0o100000, 0o170000


def parse_archive(data: bytes, key: str, format_: Format) -> ParsedDocument | Refusal:
    """Take everything out of an archive that can be taken.

    Args:
        data: The archive.
        key: Its key; its own nesting counts for the depth.
        format_: Which kind of archive it is.

    Returns:
        The names as a list, and the parts; a refusal if the archive is hostile, exceeds the
        limits, or holds nothing that can be taken.
    """
    collector = PartCollector(key)
    try:
        _open(data, posixpath.basename(key), format_, collector, "")
    except ContainerError as error:
        return Refusal(key, error.reason, error.detail)
    except PartError as error:
        return Refusal(key, error.reason, f"The archive cannot be opened: {error.detail}")
    except DAMAGE as error:
        if not any(part.refusal is None for part in collector.parts):
            return Refusal(key, Reason.CORRUPT, f"The archive is damaged: {_said(error)}.")
        # What came before the damage is whole; a ZIP is read by its directory instead.
        collector.close(Reason.CORRUPT, f"The archive breaks off: {_said(error)}.")
    return _listed(key, format_, collector)


def _listed(key: str, format_: Format, collector: PartCollector) -> ParsedDocument | Refusal:
    taken = [part.name for part in collector.parts if part.refusal is None]
    if not taken:
        first = next((part.refusal for part in collector.parts if part.refusal), None)
        if first is None:
            return Refusal(key, Reason.NO_TEXT, "The archive holds no files.")
        detail = f"Nothing in the archive can be read; the first is {first.key}: {first.detail}"
        return Refusal(key, first.reason, detail)
    names = tuple(Element(ElementKind.LIST_ITEM, name) for name in taken)
    title = posixpath.basename(key.rpartition(INSIDE)[2]) or None
    return ParsedDocument(format_, names, title, collector.flags, collector.parts)


def _open(data: bytes, name: str, format_: Format, collector: PartCollector, prefix: str) -> None:
    if collector.depth_of(f"{prefix}x") > collector.limits.max_depth:
        raise PartError(
            Reason.TOO_DEEP,
            f"It lies in more than {collector.limits.max_depth} containers"
            " (ingestion.max_part_depth).",
        )
    if format_ is Format.ZIP:
        _open_zip(data, collector, prefix)
    elif format_ is Format.TAR:
        _open_tar(io.BytesIO(data), len(data), collector, prefix)
    else:
        _open_packed(data, name, format_, collector, prefix)


def _keep(collector: PartCollector, prefix: str, name: str, data: bytes) -> None:
    """Keep a member: an archive is opened in turn, everything else is a part."""
    inner = archive_format(data, name)
    if inner is None or isinstance(inner, Refusal):
        collector.take(prefix + name, data)
        return
    try:
        _open(data, posixpath.basename(name), inner, collector, f"{prefix}{name}{INSIDE}")
    except PartError as error:
        collector.refuse(prefix + name, error.reason, error.detail)
    except DAMAGE as error:
        collector.refuse(prefix + name, Reason.CORRUPT, f"The archive is damaged: {_said(error)}.")


def _open_zip(data: bytes, collector: PartCollector, prefix: str) -> None:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        infos = [info for info in archive.infolist() if not info.is_dir()]
        _check_count(len(infos), collector)
        names: set[str] = set()
        for info in infos:
            raw = _zip_name(info)
            if not _is_junk(raw):
                read = functools.partial(_from_zip, archive, info, collector)
                _member(collector, prefix, raw, names, read)


def _check_count(count: int, collector: PartCollector) -> None:
    if count > collector.limits.max_parts:
        raise ContainerError(
            Reason.TOO_LARGE,
            f"The archive holds {count} files; at most {collector.limits.max_parts} are taken"
            " (ingestion.max_parts).",
        )


def _zip_name(info: zipfile.ZipInfo) -> str:
    """The name of a member; without the UTF-8 flag it is in whatever encoding the packer used."""
    if info.flag_bits & _UTF8_NAME or info.orig_filename.isascii():
        return info.orig_filename
    try:
        return decode(info.orig_filename.encode("cp437"))
    except UnicodeEncodeError:
        return info.orig_filename


def _is_junk(name: str) -> bool:
    return name.startswith(_JUNK[0]) or posixpath.basename(name) in _JUNK


def _member(
    collector: PartCollector, prefix: str, raw: str, names: set[str], read: Callable[[], bytes]
) -> None:
    """Take one member; what is wrong with it alone is its own refusal."""
    try:
        name = member_name(raw)
        if name in names:
            raise PartError(Reason.UNSAFE, "The archive holds another member of this name.")
        names.add(name)
        data = read()
    except PartError as error:
        collector.refuse(prefix + shown(raw), error.reason, error.detail)
    except NotImplementedError as error:
        detail = f"It is packed by a method that is not read ({_said(error)})."
        collector.refuse(prefix + shown(raw), Reason.UNSUPPORTED_TYPE, detail)
    else:
        _keep(collector, prefix, name, data)


def _from_zip(archive: zipfile.ZipFile, info: zipfile.ZipInfo, collector: PartCollector) -> bytes:
    kind = (info.external_attr >> 16) & _TYPE_MASK if info.create_system == _UNIX else 0
    if kind == _LINK:
        raise PartError(Reason.UNSAFE, "It is a symbolic link; links are not followed.")
    if kind not in (0, _REGULAR):
        raise PartError(Reason.UNSAFE, "It is a device or a pipe, not a file.")
    if info.flag_bits & _ENCRYPTED:
        raise PartError(Reason.ENCRYPTED, "It is encrypted in the archive.")
    try:
        with archive.open(info) as stream:
            return collector.read(stream, info.compress_size)
    except NotImplementedError:
        raise
    except (zipfile.BadZipFile, EOFError, OSError, zlib.error, lzma.LZMAError) as error:
        raise PartError(Reason.CORRUPT, f"It is damaged in the archive: {_said(error)}.") from error


def _open_tar(stream: IO[bytes], packed: int, collector: PartCollector, prefix: str) -> None:
    """Read a TAR from start to end; `stream` may be the output of a decompressor."""
    names: set[str] = set()
    counted = _Counted(stream, collector, packed)
    with tarfile.open(fileobj=counted, mode="r|", encoding="utf-8", tarinfo=_Header) as archive:
        for info in archive:
            raw = _tar_name(info)
            if info.isdir() or _is_junk(raw):
                continue
            read = functools.partial(_from_tar, archive, info, collector)
            _member(collector, prefix, raw, names, read)


class _Header(tarfile.TarInfo):
    """The header of a member; `tarfile` takes a damaged one for the end of the archive."""

    @classmethod
    def fromtarfile(cls, tarfile: tarfile.TarFile) -> Self:
        try:
            return super().fromtarfile(tarfile)
        except HeaderError as error:
            if type(error).__name__ not in _BROKEN_HEADER:
                raise
            raise ReadError(f"a header is damaged ({_said(error)})") from error


def _tar_name(info: tarfile.TarInfo) -> str:
    """The name of a member; older packers wrote it in the encoding of their machine."""
    try:
        info.name.encode()
    except UnicodeEncodeError:
        return decode(info.name.encode("utf-8", "surrogateescape"))
    return info.name


def _from_tar(archive: tarfile.TarFile, info: tarfile.TarInfo, collector: PartCollector) -> bytes:
    if info.issym() or info.islnk():
        raise PartError(Reason.UNSAFE, "It is a link; links are not followed.")
    if not info.isreg():
        raise PartError(Reason.UNSAFE, "It is a device or a pipe, not a file.")
    if info.issparse():
        raise PartError(Reason.UNSAFE, "It is a sparse file, whose size the archive only claims.")
    limit = collector.limits.max_part_bytes
    stream = archive.extractfile(info)
    if stream is None:
        raise PartError(Reason.UNSAFE, "It is not a file.")
    data = stream.read(limit + 1)
    if len(data) > limit:
        raise PartError(
            Reason.TOO_LARGE,
            f"It is larger than {limit // 2**20} MiB (ingestion.max_document_mb).",
        )
    return data


class _Counted(io.RawIOBase):
    """A stream of which every byte counts for the limits, skipped members included."""

    def __init__(self, stream: IO[bytes], collector: PartCollector, packed: int) -> None:
        self._stream = stream
        self._collector = collector
        self._packed = packed
        self._bytes = 0

    def read(self, size: int = -1) -> bytes:
        block = self._stream.read(size)
        self._bytes += len(block)
        self._collector.count(len(block))
        ratio = self._collector.limits.max_ratio
        if self._bytes > max(2**20, ratio * self._packed):
            raise ContainerError(
                Reason.TOO_LARGE,
                f"The archive is packed more than {ratio:g} to 1 (ingestion.max_unpack_ratio),"
                " as a bomb is.",
            )
        return block


def _open_packed(
    data: bytes, name: str, format_: Format, collector: PartCollector, prefix: str
) -> None:
    """Unpack a single compressed stream: a TAR in it is opened, anything else is its one part."""
    with _decompressor(data, format_) as stream:
        start = stream.read(tarfile.BLOCKSIZE)
    with _decompressor(data, format_) as stream:
        if is_tar(start):
            _open_tar(stream, len(data), collector, prefix)
            return
        unpacked = collector.read(stream, len(data))
    stem, suffix = posixpath.splitext(shown(name))
    if suffix.lower() not in _PACKED_SUFFIXES:
        stem += _TAR_SUFFIXES.get(suffix.lower(), suffix)
    _keep(collector, prefix, stem or "unnamed", unpacked)


def _decompressor(data: bytes, format_: Format) -> Any:
    source = io.BytesIO(data)
    if format_ is Format.GZIP:
        return gzip.GzipFile(fileobj=source)
    if format_ is Format.BZIP2:
        return bz2.BZ2File(source)
    if format_ is Format.XZ:
        return lzma.LZMAFile(source)
    return Zstandard(data)


def _said(error: BaseException) -> str:
    return str(error).strip().rstrip(".") or type(error).__name__
