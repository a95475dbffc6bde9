"""Brings Office packages into the one shape their readers know.

Templates, shows and documents with macros differ from ordinary ones in a content type only; the
Strict variant uses other namespaces for the same elements. Macros are never run or read.
"""

import io
import re
import zipfile
from collections.abc import Iterator
from typing import IO

from ingestion.parsing.xml_safe import UnsafeInputError, declares_entities

_BLOCK_BYTES = 1024 * 1024
_OVERLAP_BYTES = 64
"""More than the longest declaration has up to the end of its keyword, in UTF-16."""
_STRICT = b"http://purl.oclc.org/ooxml/"
_STRICT_NAME = re.compile(rb"http://purl\.oclc\.org/ooxml/(\w+)/([\w/]+)")
_ORDINARY = {
    b"application/vnd.ms-word.document.macroEnabled.main+xml":
        b"application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml",
    b"application/vnd.ms-word.template.macroEnabledTemplate.main+xml":
        b"application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml",
    b"wordprocessingml.template.main+xml": b"wordprocessingml.document.main+xml",
    b"presentationml.slideshow.main+xml": b"presentationml.presentation.main+xml",
    b"presentationml.template.main+xml": b"presentationml.presentation.main+xml",
    b"application/vnd.ms-powerpoint.presentation.macroEnabled.main+xml":
        b"application/vnd.openxmlformats-officedocument.presentationml.presentation.main+xml",
    b"application/vnd.ms-powerpoint.slideshow.macroEnabled.main+xml":
        b"application/vnd.openxmlformats-officedocument.presentationml.presentation.main+xml",
}  # fmt: skip
_XML = (".xml", ".rels")


def check_package(data: bytes) -> None:
    """Make sure that no XML in a package declares entities.

    Raises:
        UnsafeInputError: One does.
    """
    with zipfile.ZipFile(io.BytesIO(data)) as package:
        for part in package.infolist():
            if part.filename.endswith(_XML):
                with package.open(part) as stream:
                    if any(map(declares_entities, _overlapping(stream))):
                        raise UnsafeInputError(
                            "XML inside the document declares entities, which could expand"
                            " without end or read other files."
                        )


def _overlapping(stream: IO[bytes]) -> Iterator[bytes]:
    """Yield a part in blocks, each with the end of the one before.

    A declaration stands before the first element, but any number of comments may before it.
    """
    end = b""
    while block := stream.read(_BLOCK_BYTES):
        block = end + block
        yield block
        end = block[-_OVERLAP_BYTES:]


def ordinary_package(data: bytes) -> bytes:
    """The package as an ordinary document of its kind; the same bytes if it is one already."""
    with zipfile.ZipFile(io.BytesIO(data)) as package:
        types = package.read("[Content_Types].xml")
        strict = "_rels/.rels" in package.namelist() and _STRICT in package.read("_rels/.rels")
        if not strict and not any(name in types for name in _ORDINARY):
            return data
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as ordinary:
            for name in dict.fromkeys(package.namelist()):
                content = package.read(name)
                if name == "[Content_Types].xml":
                    for odd, plain in _ORDINARY.items():
                        content = content.replace(odd, plain)
                if strict and name.endswith(_XML):
                    content = _STRICT_NAME.sub(_transitional, content)
                ordinary.writestr(name, content)
    return buffer.getvalue()


def _transitional(match: re.Match[bytes]) -> bytes:
    """The ordinary name of a namespace or relationship of the Strict variant."""
    family, rest = match[1], match[2]
    if rest.startswith(b"relationships/metadata/core-properties"):
        return (
            b"http://schemas.openxmlformats.org/package/2006/relationships/metadata/core-properties"
        )
    return b"http://schemas.openxmlformats.org/" + family + b"/2006/" + rest
