"""EPUB books: the chapters in reading order, each a page of HTML."""

import io
import posixpath
import zipfile
import zlib
from collections.abc import Iterator
from functools import partial
from typing import Any
from urllib.parse import unquote

from ingestion.document import Element, ParsedDocument, Reason, Refusal
from ingestion.parsing.decoding import declared_charset, decode, sound
from ingestion.parsing.formats import Format
from ingestion.parsing.hiding import Cuts
from ingestion.parsing.mapping import first_heading
from ingestion.parsing.markup import html_elements
from ingestion.parsing.styles import imports
from ingestion.parsing.xml_safe import attribute, local, read_xml

_CONTAINER = "META-INF/container.xml"
_ENCRYPTION = "META-INF/encryption.xml"
_READ = ("application/xhtml+xml", "text/html", "application/x-dtbook+xml", "image/svg+xml")
CHAPTERS_MISSING = "chapters_missing"
"""Flag of a book that names chapters which are not in it, or are of a kind that is not read."""


def parse_epub(data: bytes, key: str) -> ParsedDocument | Refusal:
    """Read a book; chapters that are missing are left out and flagged `chapters_missing`.

    Returns:
        The book; a refusal if it is copy-protected, or none of its chapters is in it.
    """
    elements: list[Element] = []
    cuts = Cuts()
    flags: set[str] = set()
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        names = set(archive.namelist())
        package = _package_name(read_xml(archive.read(_CONTAINER)))
        if package not in names:
            detail = (
                "The book does not say where its list of chapters is, or lacks it; get it again."
            )
            return Refusal(key, Reason.CORRUPT, detail)
        root = read_xml(archive.read(package))
        chapters, all_known = _chapters(root, posixpath.dirname(package))
        if not all_known:
            flags.add(CHAPTERS_MISSING)
        if _ENCRYPTION in names and not _sealed(archive).isdisjoint(chapters):
            return Refusal(key, Reason.ENCRYPTED, "The book is copy-protected (DRM).")
        sheets = _Sheets(archive)
        for chapter in chapters:
            if chapter not in names:
                flags.add(CHAPTERS_MISSING)
                continue
            data = archive.read(chapter)
            source = decode(data, declared_charset(data) or "utf-8")
            found, visible = html_elements(source, linked=partial(sheets.named_in, chapter))
            elements.extend(found)
            cuts.extend(visible.cuts)
            flags.update(visible.flags)
    if names.isdisjoint(chapters):
        detail = "None of the chapters that the book names is in it; get it again."
        return Refusal(key, Reason.CORRUPT, detail)
    title = next((_text(node) for node in root.iter() if local(node) == "title"), "")
    title = title or first_heading(elements) or ""
    return ParsedDocument(
        Format.EPUB, tuple(elements), title or None, tuple(sorted(flags)), cuts=cuts.all
    )


class _Sheets:
    """The style sheets of a book, each read once."""

    def __init__(self, archive: zipfile.ZipFile) -> None:
        self._archive = archive
        self._texts: dict[str, str] = {}

    def named_in(self, page: str, address: str) -> str:
        """The text of the sheet that a page of the book names, behind those it takes in itself."""
        return "\n".join(self._with_imports(_inside(posixpath.dirname(page), address), set()))

    def _with_imports(self, name: str, taken: set[str]) -> Iterator[str]:
        if name in taken:
            return
        taken.add(name)
        text = self._text(name)
        for address in imports(text):
            yield from self._with_imports(_inside(posixpath.dirname(name), address), taken)
        yield text

    def _text(self, name: str) -> str:
        if name not in self._texts:
            try:
                self._texts[name] = decode(self._archive.read(name), "utf-8")
            except (KeyError, zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError):
                # A book without its sheet, or with a damaged one, still has its text.
                self._texts[name] = ""
        return self._texts[name]


def _inside(folder: str, address: str) -> str:
    """The name within the book of what is named from one of its folders."""
    return posixpath.normpath(posixpath.join(folder, unquote(address.partition("#")[0])))


def _package_name(container: Any) -> str:
    roots = (attribute(node, "full-path") for node in container.iter() if local(node) == "rootfile")
    return next((name for name in roots if name), "")


def _chapters(package: Any, folder: str) -> tuple[list[str], bool]:
    """Names of the chapters inside the container in reading order; whether all can be read."""
    items = {
        attribute(node, "id"): unquote(attribute(node, "href") or "")
        for node in package.iter()
        if local(node) == "item" and attribute(node, "media-type") in _READ
    }
    spine = [attribute(node, "idref") for node in package.iter() if local(node) == "itemref"]
    known = [items[one] for one in spine if items.get(one)]
    ordered = known or list(filter(None, items.values()))
    names = (posixpath.normpath(posixpath.join(folder, name.partition("#")[0])) for name in ordered)
    # A chapter that is named a thousand times is read once.
    return list(dict.fromkeys(names)), len(known) == len(spine)


def _sealed(archive: zipfile.ZipFile) -> set[str]:
    """Names of encrypted entries; obfuscated fonts are among them and do not matter."""
    root = read_xml(archive.read(_ENCRYPTION))
    return {
        unquote(attribute(node, "URI") or "")
        for node in root.iter()
        if local(node) == "CipherReference"
    }


def _text(node: Any) -> str:
    return sound(" ".join("".join(node.itertext()).split()))
