"""Reading PDFs: token recall against known texts, order, pages per second, beside another reader.

Run with `python -m benchmarks.pdf [--reference-python PATH]`. The other reader is `unstructured`
with its fast strategy where the given Python has it, else pdfminer.six, else pypdf. Both read every
file three times in one process each; the best time counts, imports left out. Holdfast's side is the
whole of `partition`: layout, tables, headings, hidden text, rendering and all.
"""

import argparse
import difflib
import json
import re
import subprocess
import sys
import tempfile
import time
from collections import Counter, defaultdict
from dataclasses import dataclass
from pathlib import Path

from benchmarks.pdf_pages import KnownPdf, known_pdfs
from config.environment import OFFLINE, QUIET, quieten
from ingestion.document import ParsedDocument
from ingestion.parsing.partition import partition, preload

ROUNDS = 3
REFERENCE = Path(__file__).with_name("pdf_reference.py")
_TOKEN = re.compile(r"\w+")


@dataclass(frozen=True)
class Reading:
    """What a reader made of one file."""

    text: str
    seconds: float


def tokens(text: str) -> list[str]:
    """Words and numbers in lower case."""
    return _TOKEN.findall(text.lower())


def recall(truth: list[str], found: list[str]) -> float:
    """Share of the true tokens that were found, each as often as it occurs."""
    both = Counter(truth) & Counter(found)
    return sum(both.values()) / max(len(truth), 1)


def order(truth: list[str], found: list[str]) -> float:
    """Share of the true tokens in matching blocks, in order: how far the text reads on."""
    matcher = difflib.SequenceMatcher(None, truth, found, autojunk=False)
    return sum(b.size for b in matcher.get_matching_blocks() if b.size > 2) / max(len(truth), 1)


def read_ours(known: list[KnownPdf]) -> dict[Path, Reading]:
    """Read every file with Holdfast."""
    preload()
    readings = {}
    for one in known:
        data = one.path.read_bytes()
        best = float("inf")
        for _ in range(ROUNDS):
            started = time.perf_counter()
            document = partition(data, one.path.name)
            best = min(best, time.perf_counter() - started)
        is_read = isinstance(document, ParsedDocument)
        text = "\n".join(e.text for e in document.elements) if is_read else ""
        readings[one.path] = Reading(text, best)
    return readings


def read_other(known: list[KnownPdf], python: str) -> tuple[str, dict[Path, Reading]]:
    """Read every file with the reference."""
    done = subprocess.run(
        [python, str(REFERENCE)],
        input="\n".join(str(one.path) for one in known),
        capture_output=True,
        text=True,
        check=True,
        env={**QUIET, **OFFLINE, "PATH": "/usr/bin:/bin", "OMP_NUM_THREADS": "1"},
    )
    answer = json.loads(done.stdout[done.stdout.index('{"name"') :])
    return answer["name"], {
        Path(path): Reading(one["text"], one["seconds"]) for path, one in answer["results"].items()
    }


def count_pages(path: Path) -> int:
    """Pages of a PDF."""
    import pypdfium2 as pdfium

    with pdfium.PdfDocument(path) as document:
        return len(document)


def main() -> None:
    """Measure and print one table, a row per group of files."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--reference-python", default=sys.executable, help="Python of the other")
    arguments = parser.parse_args()
    quieten()
    with tempfile.TemporaryDirectory(prefix="holdfast-pdf-") as folder:
        known = known_pdfs(Path(folder))
        ours = read_ours(known)
        name, other = read_other(known, arguments.reference_python)
        groups: dict[str, list[KnownPdf]] = defaultdict(list)
        for one in known:
            groups[one.group].append(one)
        print(f"Holdfast beside {name}; recall and order over all tokens of a group\n")
        print("| files | pages | recall | other | order | other | pages/s | other | ratio |")
        print("|---|---|---|---|---|---|---|---|---|")
        for group, members in [*groups.items(), ("all", known)]:
            print(_row(group, members, ours, other))


def _row(
    group: str, members: list[KnownPdf], ours: dict[Path, Reading], other: dict[Path, Reading]
) -> str:
    pages = sum(count_pages(one.path) for one in members)
    cells = [f"{group} ({len(members)})", str(pages)]
    for measure in (recall, order):
        for readings in (ours, other):
            weighed = [(len(t := tokens(one.text)), measure(t, tokens(readings[one.path].text)))
                       for one in members]  # fmt: skip
            share = sum(n * value for n, value in weighed) / max(sum(n for n, _ in weighed), 1)
            cells.append(f"{share:.4f}")
    speeds = [
        pages / sum(readings[one.path].seconds for one in members) for readings in (ours, other)
    ]
    cells += [f"{speeds[0]:.1f}", f"{speeds[1]:.1f}", f"{speeds[0] / speeds[1]:.1f}"]
    return "| " + " | ".join(cells) + " |"


if __name__ == "__main__":
    main()
