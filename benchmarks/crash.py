"""kill -9 at random moments of an ingest, one rerun each: the same live chunks, nothing else.

`python -m benchmarks.crash [--kills 10] [--seed 1]`. Half of the kills hit a first ingest, half
an update of an existing index. Batches are small, so that every run commits many times. Four of
five kills fall between the first write to the index and the last commit, half of them in the
milliseconds of a commit; the others fall anywhere, the start included.
"""

import argparse
import random
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import time
import zlib
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import psutil

from benchmarks.command import start
from benchmarks.corpora import REPLAY, ROOT, materialize
from benchmarks.replay import live_chunks

SMALL_BATCH = "4"
"""Documents per commit."""
PART = 3
"""Every so many-th document of the tree is used: a third makes about ten batches per run."""
ANYWHERE = 5
"""Every so many kills one may also fall before the first write."""
POLL_SECONDS = 0.002
COMMIT_SECONDS = 0.03
"""About what staging, closing and committing a batch takes."""
COLUMNS = (
    "kill", "during", "s after start", "epoch before", "epoch at kill", "batch in flight",
    "hit a running ingest", "children left", "missing", "extra",
)  # fmt: skip


@dataclass(frozen=True)
class Span:
    """When an undisturbed run began to write to the index, when it ended, and its commits."""

    first_write: float
    end: float
    commits: int


@dataclass(frozen=True)
class Killed:
    """What a kill hit."""

    after: float
    running: bool
    epochs: tuple[int, int]
    """The committed epoch and the newest number handed out; equal if no batch was in flight."""
    children_left: int


def epochs(home: Path) -> tuple[int, int]:
    """Read the committed epoch and the newest number handed out, past all of Holdfast's code."""
    path = home / "ledger.sqlite"
    if not path.exists():
        return 0, 0
    connection = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
    try:
        row = connection.execute("SELECT epoch, next_epoch - 1 FROM generation").fetchone()
    except sqlite3.OperationalError:  # the schema is just being made
        row = None
    finally:
        connection.close()
    return row or (0, 0)


def prepare(folder: Path, state: int) -> None:
    """Lay out the first or the second state of a real tree."""
    if REPLAY.exists():
        materialize(17 if state == 1 else 22, folder)
        for path in [p for p in folder.rglob("*") if p.is_file()]:
            if zlib.crc32(path.relative_to(folder).as_posix().encode()) % PART:
                path.unlink()
        return
    shutil.copytree(ROOT / "examples" / "handbook", folder, dirs_exist_ok=True)
    if state == 2:
        from examples.second_state import apply_second_state

        apply_second_state(folder)


def begin(home: Path, folder: Path) -> "subprocess.Popen[str]":
    """Start an ingest with small batches."""
    arguments = ("ingest", str(folder), "--source", "tree", "--json")
    process: subprocess.Popen[str] = start(
        home, *arguments, HOLDFAST_INGESTION__BATCH_DOCUMENTS=SMALL_BATCH
    )
    return process


def wait_for_write(process: "subprocess.Popen[str]", home: Path, before: int) -> None:
    """Wait until the run takes its first epoch number, or ends."""
    while process.poll() is None and epochs(home)[1] <= before:
        time.sleep(POLL_SECONDS)


def undisturbed(home: Path, folder: Path) -> Span:
    """Ingest to the end; returns when it wrote."""
    before = epochs(home)[1]
    started = time.monotonic()
    process = begin(home, folder)
    wait_for_write(process, home, before)
    first_write = time.monotonic() - started
    _, err = process.communicate()
    if process.returncode not in {0, 3}:
        sys.exit(f"An ingest failed: {err}")
    return Span(first_write, time.monotonic() - started, epochs(home)[1] - before)


def kill_during(home: Path, folder: Path, span: Span, rng: random.Random, number: int) -> Killed:
    """Start an ingest and kill it at a random moment."""
    before = epochs(home)[1]
    started = time.monotonic()
    process = begin(home, folder)
    if number % ANYWHERE == 0:
        time.sleep(rng.uniform(0.3, span.end))
    else:
        wait_for_write(process, home, before + rng.randrange(span.commits))
        batch_seconds = 0.9 * (span.end - span.first_write) / span.commits
        in_commit = number % ANYWHERE in (1, 2)
        time.sleep(rng.uniform(0.0, COMMIT_SECONDS if in_commit else batch_seconds))
    children = []
    if process.poll() is None:
        children = psutil.Process(process.pid).children(recursive=True)
    running = process.poll() is None
    process.kill()
    after = time.monotonic() - started
    process.wait()
    _, alive = psutil.wait_procs(children, timeout=5)
    process.communicate()
    return Killed(after, running, epochs(home), len(alive))


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
    first, second, folder, calm = (work / name for name in ("first", "second", "tree", "calm"))
    prepare(first, 1)
    prepare(second, 2)
    shutil.copytree(first, folder)
    spans = {1: undisturbed(calm, folder)}
    expected = {1: live_chunks(calm)}
    shutil.copytree(calm, work / "base")
    sync(second, folder)
    spans[2] = undisturbed(calm, folder)
    expected[2] = live_chunks(calm)
    print(f"{len(expected[1])} and {len(expected[2])} chunks; undisturbed {spans}\n")
    print(f"| {' | '.join(COLUMNS)} |\n|{'-|' * len(COLUMNS)}", flush=True)
    sound = True
    for number in range(1, kills + 1):
        home = work / f"home{number}"
        state = 1 if number % 2 else 2
        sync(first, folder)
        if state == 2:
            shutil.copytree(work / "base", home)
            sync(second, folder)
        before = epochs(home)[0]
        killed = kill_during(home, folder, spans[state], rng, number)
        undisturbed(home, folder)
        got, want = Counter(live_chunks(home)), Counter(expected[state])
        lost = sum((want - got).values()), sum((got - want).values())
        sound = sound and lost == (0, 0) and not killed.children_left
        print(row(number, state, before, killed, lost), flush=True)
        shutil.rmtree(home)
    print(f"\nevery rerun equals an undisturbed run: {sound}")
    return sound


def row(number: int, state: int, before: int, killed: Killed, lost: tuple[int, int]) -> str:
    """Lay out one line of the table."""
    at_kill, handed_out = killed.epochs
    cells = (
        number,
        "first ingest" if state == 1 else "update",
        f"{killed.after:.1f}",
        before,
        at_kill,
        "yes" if handed_out > at_kill else "no",
        "yes" if killed.running else "no",
        killed.children_left,
        *lost,
    )
    return f"| {' | '.join(map(str, cells))} |"


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
