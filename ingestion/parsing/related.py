"""What hangs on a page of an Office document: text boxes, diagrams, charts and comments."""

import io
import posixpath
import re
import zipfile
from collections.abc import Iterator
from typing import Any
from urllib.parse import unquote

from ingestion.document import Element, ElementKind
from ingestion.parsing.decoding import sound
from ingestion.parsing.tables import rows_to_text
from ingestion.parsing.xml_safe import attribute, children, local, read_xml

_CHART = re.compile(r"/charts/chart[^/]*\.xml$")
_COMMENTS = re.compile(r"/(?:comments?|threadedComments?)[^/]*(?:/[^/]+)?\.xml$", re.I)
_DRAWING = re.compile(r"/drawings/[^/]*\.xml$")
_DIAGRAM = re.compile(r"/diagrams/data[^/]*\.xml$")
_SHEET_DRAWING = re.compile(r"^xl/drawings/drawing[^/]*\.xml$")
_AUTHORS = re.compile(r"/(?:commentAuthors|authors|person)[^/]*\.xml$", re.I)
_COMMENT_NAMES = frozenset({"comment", "cm", "threadedComment"})
_THREADED_COPY = "[Threaded comment]"
"""How the old form of a comment begins that is kept for programs which know no threads."""
MAX_PARTS = 1000
MAX_POINTS = 5000


class Related:
    """The charts and comments of one package.

    Args:
        data: The package, checked against entities before.
    """

    def __init__(self, data: bytes) -> None:
        with zipfile.ZipFile(io.BytesIO(data)) as package:
            self._names = package.namelist()
            wanted = [
                name
                for name in self._names
                if name.endswith(".rels") or any(p.search(f"/{name}") for p in _WANTED)
            ]
            self._parts = {name: package.read(name) for name in wanted[:MAX_PARTS]}
        self._authors = dict(self._read_authors())

    def elements(self, part: str, page: int | None = None) -> tuple[Element, ...]:
        """Text in shapes and diagrams, charts and comments of a part, such as a slide.

        Args:
            part: Name of the part in the package, without the slash in front.
            page: Page, slide or sheet number they are said to be on.
        """
        names = list(dict.fromkeys(self._targets(part, 2)))
        boxes = [n for n in names if _SHEET_DRAWING.search(n) or _DIAGRAM.search(f"/{n}")]
        charts = [name for name in names if _CHART.search(f"/{name}")]
        comments = [name for name in names if _COMMENTS.search(f"/{name}")]
        return (
            *(one for name in boxes for one in _shapes(self._root(name), page)),
            *(one for name in charts for one in _chart(self._root(name), page)),
            *(one for name in comments for one in self._comments(self._root(name), page)),
        )

    def parts_in(self, folder: str) -> list[str]:
        """Names of the parts directly in a folder of the package, in order."""
        return sorted(name for name in self._names if posixpath.dirname(name) == folder)

    def _targets(self, part: str, depth: int) -> Iterator[str]:
        """Parts inside the package that a part refers to; what is outside is never opened."""
        folder, name = posixpath.split(part)
        relations = self._parts.get(posixpath.join(folder, "_rels", f"{name}.rels"))
        if relations is None:
            return
        for relation in children(read_xml(relations), "Relationship"):
            if attribute(relation, "TargetMode") == "External":
                continue
            target = unquote(attribute(relation, "Target") or "")
            found = posixpath.normpath(posixpath.join("/", folder, target))[1:]
            if found in self._parts:
                yield found
                if depth > 1 and _DRAWING.search(f"/{found}"):
                    yield from self._targets(found, depth - 1)

    def _root(self, name: str) -> Any:
        return read_xml(self._parts[name])

    def _read_authors(self) -> Iterator[tuple[str, str]]:
        for name in self._parts:
            if _AUTHORS.search(f"/{name}"):
                for node in self._root(name).iter():
                    who = attribute(node, "displayName") or attribute(node, "name")
                    if who and attribute(node, "id"):
                        yield attribute(node, "id") or "", who

    def _comments(self, root: Any, page: int | None) -> Iterator[Element]:
        listed = [node.text or "" for node in root.iter() if local(node) == "author"]
        for node in root.iter():
            if local(node) not in _COMMENT_NAMES:
                continue
            text = " ".join(" ".join(_texts(node)).split())
            if not text or text.startswith(_THREADED_COPY):
                continue
            number = attribute(node, "authorId") or attribute(node, "personId") or ""
            author = attribute(node, "author") or self._authors.get(number, "")
            if not author and number.isdigit() and int(number) < len(listed):
                author = listed[int(number)]
            said = f"Comment by {author}: {text}" if author else f"Comment: {text}"
            yield Element(ElementKind.TEXT, sound(said), page=page)


_WANTED = (_CHART, _COMMENTS, _DRAWING, _DIAGRAM, _AUTHORS)


def _texts(node: Any) -> Iterator[str]:
    """Texts below a node; a text element with others in it is only a wrapper."""
    for one in node.iter():
        if local(one) in ("t", "text") and one.text and one.text.strip():
            yield one.text


def _shapes(root: Any, page: int | None) -> Iterator[Element]:
    """The text boxes of a sheet, and the points of a diagram (SmartArt)."""
    for node in root.iter():
        if local(node) in ("sp", "pt"):
            text = " ".join(" ".join(_texts(node)).split())
            if text:
                yield Element(ElementKind.TEXT, sound(text), page=page)


def _chart(root: Any, page: int | None) -> Iterator[Element]:
    """The titles of a chart, then its values as a table: a row per category."""
    for title in root.iter():
        if local(title) == "title":
            text = " ".join(" ".join(_texts(title)).split())
            if text:
                yield Element(ElementKind.TEXT, sound(text), page=page)
    series = [node for node in root.iter() if local(node) == "ser"]
    if not series:
        return
    names = [" ".join(_values(one, "tx").values()) for one in series]
    labels: dict[int, str] = {}
    for one in series:
        labels = labels or _values(one, "cat") or _values(one, "xVal")
    columns = [_values(one, "val") or _values(one, "yVal") for one in series]
    places = sorted({at for column in columns for at in column} | set(labels))[:MAX_POINTS]
    rows = [["", *names]]
    rows += [[labels.get(at, ""), *(column.get(at, "") for column in columns)] for at in places]
    text = rows_to_text(rows)
    if text:
        yield Element(ElementKind.TABLE, sound(text), page=page)


def _values(series: Any, name: str) -> dict[int, str]:
    """The values kept in a chart for a part of a series, by their place."""
    found: dict[int, str] = {}
    for part in children(series, name):
        for node in part.iter():
            if local(node) == "pt":
                place = attribute(node, "idx") or ""
                value = next((v.text or "" for v in node.iter() if local(v) == "v"), "")
                if place.isdigit() and value.strip():
                    found[int(place)] = value.strip()
        if not found:
            direct = [v.text or "" for v in part.iter() if local(v) == "v"]
            found = {at: text for at, text in enumerate(direct) if text.strip()}
    return found
