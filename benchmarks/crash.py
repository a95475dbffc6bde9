"""kill -9 at random moments of an ingest, one rerun each: the same live chunks, nothing else.

`python -m benchmarks.crash [--kills 10] [--seed 1]`. The kills are spread over the run by its
measured length; half of them hit a first ingest, half an update of an existing index.
"""

import argparse
import random
import shutil
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from benchmarks.command import holdfast, start
from benchmarks.corpora import REPLAY, ROOT, materialize
from benchmarks.replay import live_chunks


def prepare(folder: Path, state: int) -> None:
    """Lay out the first or the second state of a real tree."""
    if REPLAY.exists():
        materialize(17 if state == 1 else 22, folder)
        return
    shutil.copytree(ROOT / "examples" / "handbook", folder, dirs_exist_ok=True)
    if state == 2:
        from examples.second_state import apply_second_state

        apply_second_state(folder)


def kill_during(home: Path, folder: Path, after: float) -> bool:
    """Start an ingest, kill it after so many seconds; returns whether it still ran."""
    process = start(home, "ingest", str(folder), "--source", "tree", "--json")
    time.sleep(after)
    running = process.poll() is None
    process.kill()
    process.communicate()
    return running


def ingest(home: Path, folder: Path) -> float:
    """Ingest to the end; returns the seconds."""
    done = holdfast(home, "ingest", str(folder), "--source", "tree", "--json")
    if done.code not in {0, 3}:
        sys.exit(f"rerun failed: {done.err}")
    return done.seconds


def main() -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=10)
    parser.add_argument("--seed", type=int, default=1)
    chosen = parser.parse_args()
    rng = random.Random(chosen.seed)
    work = Path(tempfile.mkdtemp(prefix="holdfast-crash-"))
    try:
        sys.exit(0 if crash(work, chosen.kills, rng) else 1)
    finally:
        shutil.rmtree(work, ignore_errors=True)


def crash(work: Path, kills: int, rng: random.Random) -> bool:
    """Carry out the kills; returns whether every rerun ended like an undisturbed run."""
    first, second = work / "first", work / "second"
    prepare(first, 1)
    prepare(second, 2)
    calm = work / "calm"
    folder = work / "tree"
    shutil.copytree(first, folder)
    first_seconds = ingest(calm, folder)
    expected = {1: live_chunks(calm)}
    sync(second, folder)
    second_seconds = ingest(calm, folder)
    expected[2] = live_chunks(calm)
    print("| kill | during | after s | hit a running ingest | epoch after kill | missing | extra |")
    print("|-|-|-|-|-|-|-|")
    sound = True
    for number in range(1, kills + 1):
        home = work / f"home{number}"
        state = 1 if number % 2 else 2
        sync(first, folder)
        if state == 2:
            shutil.copytree(work / "base", home) if (work / "base").exists() else ingest(
                home, folder
            )
            if not (work / "base").exists():
                shutil.copytree(home, work / "base")
            sync(second, folder)
        moment = rng.uniform(0.3, (first_seconds if state == 1 else second_seconds) * 0.98)
        hit = kill_during(home, folder, moment)
        epoch = holdfast(home, "status", "--json").json["epoch"]
        ingest(home, folder)
        got, want = Counter(live_chunks(home)), Counter(expected[state])
        missing, extra = sum((want - got).values()), sum((got - want).values())
        sound = sound and not missing and not extra
        what = "first ingest" if state == 1 else "update"
        print(
            f"| {number} | {what} | {moment:.1f} | {hit} | {epoch} | {missing} | {extra} |",
            flush=True,
        )
        shutil.rmtree(home)
    return sound


def sync(wanted: Path, folder: Path) -> None:
    """Make `folder` equal `wanted`, keeping the times of untouched files."""
    names = {p.relative_to(wanted) for p in wanted.rglob("*") if p.is_file()}
    for path in [p for p in folder.rglob("*") if p.is_file()]:
        if path.relative_to(folder) not in names:
            path.unlink()
    for name in names:
        data = (wanted / name).read_bytes()
        target = folder / name
        if not target.exists() or target.read_bytes() != data:
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(data)


if __name__ == "__main__":
    main()
