"""Documents embedded in Office packages, such as a workbook in a report, as parts."""

import io
import posixpath
import re
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import replace

from ingestion.document import ParsedDocument, Reason
from ingestion.parsing.attachments import keep, refuse
from ingestion.parsing.formats import SUFFIXES
from ingestion.parsing.ole_objects import unwrap
from ingestion.parsing.parts import ContainerError, PartCollector, PartError, file_name

NOT_READ = "embedded_objects_not_read"
"""Flag of a document that holds objects of other programs, of which only a picture is shown."""
_FOLDER = "/embeddings/"
_OBJECT = ".bin"
_CHART_RELATIONS = re.compile(r"/charts/_rels/[^/]+\.rels$")
_TARGET = re.compile(rb"Target=[\"'][^\"']*?/embeddings/([^\"'/]+)[\"']")


def with_embedded(document: ParsedDocument, data: bytes, key: str) -> ParsedDocument:
    """The document with those embedded in it as parts.

    The workbooks behind charts are left alone: a chart is read with its values already.

    Args:
        document: What was read from the package.
        data: The package.
        key: Its key.
    """
    collector = PartCollector(key)
    flags = set(document.flags)
    with zipfile.ZipFile(io.BytesIO(data)) as package:
        behind_charts = set(_behind_charts(package))
        for info in package.infolist():
            name = posixpath.basename(info.filename)
            if _FOLDER not in info.filename or not name or name in behind_charts:
                continue
            try:
                if not _take(package, info, name, collector):
                    flags.add(NOT_READ)
            except ContainerError as error:
                collector.close(error.reason, error.detail)
                break
    if not collector.parts and flags == set(document.flags):
        return document
    return replace(
        document, parts=collector.parts, flags=tuple(sorted(flags | set(collector.flags)))
    )


def _behind_charts(package: zipfile.ZipFile) -> Iterator[str]:
    """Names of the workbooks that charts refer to."""
    for name in package.namelist():
        if _CHART_RELATIONS.search(name):
            for target in _TARGET.findall(package.read(name)):
                yield target.decode("utf-8", "replace")


def _take(
    package: zipfile.ZipFile, info: zipfile.ZipInfo, name: str, collector: PartCollector
) -> bool:
    """Take or refuse one embedded file; tell whether it is a document at all."""
    suffix = posixpath.splitext(name)[1].lower()
    if suffix != _OBJECT and suffix not in SUFFIXES:
        return False
    named = f"embeddings/{file_name(name, 'object')}"
    try:
        with package.open(info) as stream:
            content = collector.read(stream, info.compress_size)
    except PartError as error:
        refuse(collector, named, error.reason, error.detail)
        return True
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError) as error:
        refuse(collector, named, Reason.CORRUPT, f"It is damaged: {error}.")
        return True
    wrapped = unwrap(content) if suffix == _OBJECT else (name, content)
    if wrapped is None:
        return False
    keep(collector, f"embeddings/{file_name(wrapped[0], name)}", wrapped[1])
    return True
