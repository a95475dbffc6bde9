"""A real document tree through 40 versions: only what changed is embedded, nothing is left over.

`python -m benchmarks.replay` prints one row per step and, at the end, whether the live chunks
equal those of a fresh index of the last step. With `--crashes SEED` the ingest of every step is
killed at a random moment, sometimes twice, before it is run to its end.
"""

import argparse
import random
import shutil
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.command import Finished, holdfast, start
from benchmarks.corpora import REPLAY, materialize

WITHHELD = 4
"""Exit status of a run that withheld deletions."""
STARTS_SECONDS = 0.5
"""Before that, a process has hardly begun."""
LONGEST_SECONDS = 6.0
"""At least so long after its start an ingest may be killed; as long as the last one took."""


def live_chunks(home: Path) -> list[tuple[str, int, int, str]]:
    """The live chunks as (key, start, end, text), in order."""
    lines = holdfast(home, "docs", "chunks", "--json").lines
    return sorted((c["key"], c["start"], c["end"], c["text"]) for c in lines)


def live_keys(home: Path) -> set[str]:
    """Keys of all documents that are indexed."""
    lines = holdfast(home, "docs", "list", "--json").lines
    return {d["key"] for d in lines if d["state"] == "indexed"}


def crash(home: Path, folder: Path, chance: random.Random, longest: float) -> int:
    """Kill some ingests at random moments; returns how many were killed while they worked."""
    killed = 0
    for _ in range(chance.choice((1, 1, 2))):
        process = start(home, "ingest", str(folder), "--source", "tree", "--json")
        time.sleep(chance.uniform(STARTS_SECONDS, longest))  # not to wait, but to strike anywhere
        killed += process.poll() is None
        process.kill()
        process.communicate()
    return killed


def ingest(home: Path, folder: Path) -> Finished:
    """Ingest; what the guard withholds is approved, because the tree is what it is."""
    done = holdfast(home, "ingest", str(folder), "--source", "tree", "--json")
    if done.code == WITHHELD:
        holdfast(home, "approve", str(folder), "--source", "tree", "--json")
    return done


def replay(last: int, work: Path, seed: int | None = None, stride: int = 1) -> bool:
    """Ingest every step, or every so many-th and the last, in order; returns whether all held."""
    folder, home = work / "tree", work / "home"
    chance = random.Random(seed)
    held, killed, longest = True, 0, LONGEST_SECONDS
    print("| step | documents | indexed | moved | deleted | embedded | reused | seconds | list |")
    print("|-|-|-|-|-|-|-|-|-|")
    for step in sorted({*range(0, last + 1, stride), last}):
        materialize(step, folder)
        if seed is not None:
            killed += crash(home, folder, chance, longest)
        done = ingest(home, folder)
        longest = max(LONGEST_SECONDS, done.seconds)
        if done.code not in {0, 3, WITHHELD}:
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
    if seed is not None:
        print(f"\nseed {seed}: {killed} ingests were killed while they worked")
    print(f"\nlive chunks equal a fresh index of step {last}: {same}")
    print(f"ingest again: {again['state']}, {again['chunks_embedded']} embedded")
    return held and same


def main() -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--last", type=int, default=39)
    parser.add_argument("--stride", type=int, default=1, help="take every so many-th step")
    parser.add_argument("--crashes", type=int, metavar="SEED")
    chosen = parser.parse_args()
    if not REPLAY.exists():
        sys.exit("The shared corpora are not here.")
    work = Path(tempfile.mkdtemp(prefix="holdfast-replay-"))
    try:
        sys.exit(0 if replay(chosen.last, work, chosen.crashes, chosen.stride) else 1)
    finally:
        shutil.rmtree(work, ignore_errors=True)


if __name__ == "__main__":
    main()
