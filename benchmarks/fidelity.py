"""How much of each format is read, and what reading costs.

`python -m benchmarks.fidelity [--corpora FOLDER] [--worst]`. Two tables: the recall of the words
of the shared pairs (a document and what it says, written down by others), and the time to parse a
megabyte of each format over all the shared documents. Words are runs of letters and digits, in
lower case; recall counts each as often as it occurs. Needs the shared corpora.
"""

import argparse
import html
import re
import statistics
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.corpora import SHARED
from ingestion.document import ParsedDocument
from ingestion.parsing.partition import partition, preload

WORD = re.compile(r"[^\W_]+")
MARKUP = re.compile(
    # Notation of the truth files that no document holds: comments, links, tags, formulas in TeX,
    # list numbers, check boxes, the names of the fields of a comment.
    r"<!--.*?-->|\]\([^)]*\)|<[^<>]*>|```\w*|\$\$.*?\$\$|\$[^$\n]+\$"
    r"|^[ |]*(?:[-*] )?\d+\.(?= )|\[[ xX]\]|\[author: |, time: [^\]]*\]",
    re.M | re.S,
)
MERGED = re.compile(r"(\| *([^|\n]*?) *)(?=\| *\2 *\|)")
"""A cell that is repeated in the next one: the truth files write merged cells so."""
PAIRS = "pairs/docling/tests/data"
TREES = ("formats", "pairs", "eml", "variations")
LARGEST = 20 * 2**20


@dataclass(slots=True)
class Recall:
    """Words wanted and found in the documents of one format."""

    files: list[tuple[float, str]] = field(default_factory=list)
    wanted: int = 0
    found: int = 0
    refused: list[str] = field(default_factory=list)


def words(text: str) -> Counter[str]:
    """Words of a text and how often each occurs."""
    return Counter(WORD.findall(html.unescape(text).lower()))


def said(truth: str) -> str:
    """What a truth file says, without its notation."""
    return MERGED.sub("| ", MARKUP.sub(" ", truth))


def pairs(corpora: Path) -> Iterator[tuple[Path, Path]]:
    """Documents with the file that says what is in them."""
    for truth in sorted(corpora.glob(f"{PAIRS}/*/groundtruth/*.md")):
        source = truth.parent.parent / "sources" / truth.stem
        if source.is_file():
            yield source, truth


def recall(corpora: Path) -> dict[str, Recall]:
    """Measure the recall of every pair, by the extension of the document."""
    table: dict[str, Recall] = defaultdict(Recall)
    for source, truth in pairs(corpora):
        row = table[source.suffix[1:]]
        result = partition(source.read_bytes(), source.name)
        if not isinstance(result, ParsedDocument):
            row.refused.append(f"{source.name}: {result.reason}")
            continue
        wanted = words(said(truth.read_text(encoding="utf-8")))
        read = words("\n".join(element.text for element in result.elements))
        found = (wanted & read).total()
        row.wanted += wanted.total()
        row.found += found
        row.files.append((found / max(1, wanted.total()), source.name))
    return table


def costs(corpora: Path) -> dict[str, list[tuple[int, float]]]:
    """Bytes and seconds of every document that is read, by its extension."""
    table: dict[str, list[tuple[int, float]]] = defaultdict(list)
    for tree in TREES:
        for path in sorted((corpora / tree).rglob("*")):
            if not path.is_file() or "groundtruth" in path.parts:
                continue
            if not 0 < path.stat().st_size <= LARGEST:
                continue
            data = path.read_bytes()
            started = time.perf_counter()
            result = partition(data, path.name)
            if isinstance(result, ParsedDocument):
                took = time.perf_counter() - started
                table[path.suffix[1:].lower() or "none"].append((len(data), took))
    return table


def show_recall(table: dict[str, Recall], worst: bool) -> None:
    """Print the first table."""
    print("| format | documents | words | recall | worst document | refused |\n|-|-|-|-|-|-|")
    for name, row in sorted(table.items()):
        low, low_name = min(row.files, default=(0.0, "none"))
        total = row.found / max(1, row.wanted)
        print(
            f"| {name} | {len(row.files)} | {row.wanted} | {total:.4f} |"
            f" {low:.3f} {low_name} | {'; '.join(row.refused) or 'none'} |"
        )
        if worst:
            for score, file in sorted(row.files)[:5]:
                print(f"    {score:.3f} {file}", file=sys.stderr)


def show_costs(table: dict[str, list[tuple[int, float]]]) -> None:
    """Print the second table."""
    print("| format | documents | MB | s/MB | ms per document, median | slowest |\n|-|-|-|-|-|-|")
    for name, rows in sorted(table.items()):
        size = sum(one for one, _ in rows) / 2**20
        seconds = [took for _, took in rows]
        print(
            f"| {name} | {len(rows)} | {size:.2f} | {sum(seconds) / size:.2f} |"
            f" {1000 * statistics.median(seconds):.1f} | {1000 * max(seconds):.0f} |"
        )


def main() -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--corpora", type=Path, default=SHARED / "corpora")
    parser.add_argument("--worst", action="store_true", help="also name the worst of each format")
    parser.add_argument("--no-costs", action="store_true", help="only the recall")
    chosen = parser.parse_args()
    if not (chosen.corpora / PAIRS).is_dir():
        sys.exit(f"No pairs in {chosen.corpora}: the shared corpora are needed.")
    preload()
    show_recall(recall(chosen.corpora), chosen.worst)
    if not chosen.no_costs:
        print()
        show_costs(costs(chosen.corpora))


if __name__ == "__main__":
    main()
