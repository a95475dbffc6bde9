"""One ingest of all corpora: is every file accounted for, and what did each class cost?

`python -m benchmarks.accounting [--corpora ../shared/data/corpora] [--report FILE]` makes a home,
ingests formats, pairs, hostile files, mail and variations as five sources in one run with the real
encoder, and holds the run's accounts against the folders and the index. Prints what ended how, by
reason and by class; `--report` writes every refusal, with what was said of it, as a line of JSON.
"""

import argparse
import json
import shutil
import sys
import tempfile
from collections import Counter
from pathlib import Path
from typing import Any

import yaml

from benchmarks.command import Finished, holdfast
from benchmarks.corpora import ROOT

SETS = ("formats", "pairs", "hostile", "eml", "variations")


def configured(work: Path, corpora: Path) -> Path:
    """Write settings that name every set as a source."""
    sources = [{"name": name, "kind": "local", "path": str(corpora / name)} for name in SETS]
    file = work / "holdfast.yaml"
    file.write_text(yaml.safe_dump({"sources": sources}), encoding="utf-8")
    return file


def listed_files(corpora: Path) -> int:
    """How many files and links there are."""
    return sum(
        path.is_symlink() or not path.is_dir()
        for name in SETS
        for path in (corpora / name).rglob("*")
    )


def run_file(home: Path) -> list[dict[str, Any]]:
    """The lines of the newest run's file."""
    newest = max((home / "runs").glob("*.jsonl"), key=lambda path: path.stat().st_mtime)
    return [json.loads(line) for line in newest.read_text(encoding="utf-8").splitlines()]


def show(title: str, rows: list[tuple[Any, ...]], columns: tuple[str, ...]) -> None:
    """Print a table."""
    print(f"\n{title}\n\n| {' | '.join(columns)} |\n|{'-|' * len(columns)}")
    for row in rows:
        print(f"| {' | '.join(str(cell) for cell in row)} |")


def judge(done: Finished, home: Path, corpora: Path, documents: list[dict[str, Any]]) -> list[str]:
    """Say what does not add up."""
    counts = done.json["counts"]
    ended = sum(counts[n] for n in ("indexed", "unchanged", "moved", "quarantined", "skipped"))
    said = []
    if counts["enumerated"] != ended:
        said.append(f"{counts['enumerated']} enumerated, {ended} ended")
    top = [d for d in documents if not d.get("container")]
    if len(top) + counts["skipped"] < listed_files(corpora):
        said.append(f"{listed_files(corpora)} files, {len(top)} documents")
    chunks = Counter(c["key"] for c in holdfast(home, "docs", "chunks", "--json").lines)
    empty = [d["key"] for d in documents if d["state"] == "indexed" and not chunks[d["key"]]]
    if empty:
        said.append(f"indexed without text: {empty[:5]}")
    return said


def main() -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--corpora", type=Path, default=ROOT.parent / "shared/data/corpora")
    parser.add_argument("--report", type=Path)
    chosen = parser.parse_args()
    if not chosen.corpora.exists():
        sys.exit("The shared corpora are not here.")
    work = Path(tempfile.mkdtemp(prefix="holdfast-accounting-"))
    try:
        sys.exit(0 if account(work, chosen.corpora, chosen.report) else 1)
    finally:
        shutil.rmtree(work, ignore_errors=True)


def account(work: Path, corpora: Path, report: Path | None) -> bool:
    """Ingest everything and print the accounts; returns whether they add up."""
    home = work / "home"
    file = configured(work, corpora.resolve())
    done = holdfast(home, "ingest", "--json", HOLDFAST_CONFIG=str(file))
    if done.code not in {0, 3}:
        print(done.err, file=sys.stderr)
        return False
    documents = holdfast(home, "docs", "list", "--json").lines
    lines = run_file(home)
    counts = done.json["counts"]
    print(
        f"{listed_files(corpora)} files; {counts}; {done.json['chunks_embedded']} chunks embedded, "
        f"{done.seconds:.0f} s, peak {done.peak_mb:.0f} MB with all children"
    )
    refused = [d for d in documents if d["state"] == "quarantined"]
    reasons = Counter(d["reason"] for d in refused)
    show("Refused, by reason", reasons.most_common(), ("reason", "documents"))
    (summary,) = [line["run"] for line in lines if "run" in line]
    columns = (
        "name", "documents", "indexed", "quarantined", "bytes", "chunks", "seconds",
        "slowest_seconds", "peak_memory_mb",
    )  # fmt: skip
    show("By class", [tuple(c[n] for n in columns) for c in summary["classes"]], columns)
    if report is not None:
        ended = [line for line in lines if line.get("state") == "quarantined"]
        report.write_text("\n".join(json.dumps(d) for d in ended) + "\n", encoding="utf-8")
    said = judge(done, home, corpora, documents)
    print("\n" + ("; ".join(said) if said else "everything is accounted for"))
    return not said


if __name__ == "__main__":
    main()
