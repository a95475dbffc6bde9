"""A real document tree through 40 versions: only what changed is embedded, nothing is left over.

`python -m benchmarks.replay` prints one row per step and, at the end, whether the live chunks
equal those of a fresh index of the last step.
"""

import argparse
import shutil
import sys
import tempfile
from pathlib import Path

from benchmarks.command import holdfast
from benchmarks.corpora import REPLAY, materialize


def live_chunks(home: Path) -> list[tuple[str, int, int, str]]:
    """The live chunks as (key, start, end, text), in order."""
    lines = holdfast(home, "docs", "chunks", "--json").lines
    return sorted((c["key"], c["start"], c["end"], c["text"]) for c in lines)


def live_keys(home: Path) -> set[str]:
    """Keys of all documents that are indexed."""
    lines = holdfast(home, "docs", "list", "--json").lines
    return {d["key"] for d in lines if d["state"] == "indexed"}


def replay(last: int, work: Path, *, from_step: int = 0) -> bool:
    """Ingest every step in order; returns whether everything held."""
    folder, home = work / "tree", work / "home"
    held = True
    print("| step | documents | indexed | moved | deleted | embedded | reused | seconds | list |")
    print("|-|-|-|-|-|-|-|-|-|")
    for step in range(from_step, last + 1):
        materialize(step, folder)
        done = holdfast(home, "ingest", str(folder), "--source", "tree", "--json")
        if done.code not in {0, 3}:
            print(done.err, file=sys.stderr)
            return False
        report = done.json
        wanted = {p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file()}
        equal = live_keys(home) == wanted
        held = held and equal
        counts = report["counts"]
        print(
            f"| {step} | {len(wanted)} | {counts['indexed']} | {counts['moved']} "
            f"| {counts['deleted']} | {report['chunks_embedded']} | {report['chunks_reused']} "
            f"| {done.seconds:.1f} | {'equal' if equal else 'DIFFERENT'} |",
            flush=True,
        )
    fresh = work / "fresh"
    holdfast(fresh, "ingest", str(folder), "--source", "tree", "--json")
    same = live_chunks(home) == live_chunks(fresh)
    again = holdfast(home, "ingest", str(folder), "--source", "tree", "--json").json
    print(f"\nlive chunks equal a fresh index of step {last}: {same}")
    print(f"ingest again: {again['state']}, {again['chunks_embedded']} embedded")
    return held and same


def main() -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--last", type=int, default=39)
    chosen = parser.parse_args()
    if not REPLAY.exists():
        sys.exit("The shared corpora are not here.")
    work = Path(tempfile.mkdtemp(prefix="holdfast-replay-"))
    try:
        sys.exit(0 if replay(chosen.last, work) else 1)
    finally:
        shutil.rmtree(work, ignore_errors=True)


if __name__ == "__main__":
    main()
