"""Documents embedded in Office packages, such as a workbook in a report, as parts."""

import io
import posixpath
import re
import zipfile
import zlib
from dataclasses import replace

from ingestion.document import ParsedDocument, Reason
from ingestion.parsing.attachments import keep, refuse
from ingestion.parsing.formats import SUFFIXES
from ingestion.parsing.parts import ContainerError, PartCollector, PartError, file_name

NOT_READ = "embedded_objects_not_read"
"""Flag of a document that holds objects of other programs, of which only a picture is shown."""
_FOLDER = "/embeddings/"
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
        infos = package.infolist()
        behind = {
            target.decode("utf-8", "replace")
            for info in infos
            if _CHART_RELATIONS.search(info.filename)
            for target in _TARGET.findall(package.read(info))
        }
        for info in infos:
            name = posixpath.basename(info.filename)
            if _FOLDER not in info.filename or not name or name in behind:
                continue
            if posixpath.splitext(name)[1].lower() not in SUFFIXES:
                flags.add(NOT_READ)
                continue
            named = f"embeddings/{file_name(name, 'object')}"
            try:
                with package.open(info) as stream:
                    keep(collector, named, collector.read(stream, info.compress_size))
            except PartError as error:
                refuse(collector, named, error.reason, error.detail)
            except ContainerError as error:
                collector.close(error.reason, error.detail)
                break
            except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError) as error:
                refuse(collector, named, Reason.CORRUPT, f"It is damaged: {error}.")
    if not collector.parts and flags == set(document.flags):
        return document
    return replace(
        document, parts=collector.parts, flags=tuple(sorted(flags | set(collector.flags)))
    )
