"""What Prefect adds to an ingest: the same documents by the plain command and by a deployed run.

`python -m benchmarks.orchestration [--documents 1000] [--rounds 2]` ingests the same folder into
fresh homes by the command (A) and by a run of `holdfast up` (B), in the order A-B-B-A, and prints
the table. `--archive` names the documents where they are not beside the checkout; `--characters`
cuts each of them off, so that the same number costs less, and Prefect's share weighs more.

"pipeline" is the run's own clock in the ledger; "process" is from the start of the process to its
end; "trigger" begins with the click and includes the worker's poll. Processor seconds hardly
depend on what else the machine does: those of the command with its children, and those of the run
with everything that `holdfast up` started.
"""

import argparse
import datetime as dt
import json
import os
import resource
import statistics
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil

from benchmarks.command import start
from benchmarks.corpora import AWS, write_documents
from tests.support.laptop import Laptop
from tests.support.site import FINAL

CLOCKS = ("pipeline", "process", "trigger", "processor")
MOST_ADDED = 0.10
MOST_TASKS = 200
LOOK_SECONDS = 3.0
"""How often the run's state is asked for; when it ended is what the state itself says."""
SETTLE_SECONDS = 10.0
"""How long the server may take to learn of the last task runs, and to have written them."""


@dataclass(frozen=True)
class Took:
    """Seconds of one ingest, by clock."""

    pipeline: float
    process: float
    trigger: float
    processor: float
    documents: int
    tasks: int = 0


def fill(folder: Path, chosen: argparse.Namespace) -> None:
    """Write so many documents; where there are fewer real ones, parts of them with a number."""
    write_documents(folder, chosen.documents, chosen.archive, chosen.characters)
    texts = [path.read_text(encoding="utf-8") for path in sorted(folder.rglob("*.md"))]
    for number in range(chosen.documents - sum(path.is_file() for path in folder.rglob("*"))):
        text = texts[number % len(texts)]
        (folder / f"copy-{number}.md").write_text(f"# Copy {number}\n\n{text}", encoding="utf-8")


def plainly(folder: Path, home: Path) -> Took:
    """Ingest by the command alone."""
    began, processor = time.perf_counter(), ended_children()
    process = start(home, "ingest", str(folder), "--source", "docs", "--json")
    out, err = process.communicate()
    seconds, processor = time.perf_counter() - began, ended_children() - processor
    if process.returncode not in {0, 3}:
        raise SystemExit(err)
    report = json.loads(out)
    enumerated = report["counts"]["enumerated"]
    return Took(report["seconds"], seconds, seconds, processor, enumerated)


def deployed(root: Path, chosen: argparse.Namespace) -> tuple[Took, Took]:
    """Ingest by a deployed run, and once more without changes."""
    root.mkdir()
    laptop = Laptop(root)
    try:
        fill(laptop.folder, chosen)
        for automation in laptop.api.post("/automations/filter", json={}).json():
            # No `verify` after the commit: it is another run, which the command does not do either.
            laptop.api.patch(f"/automations/{automation['id']}", json={"enabled": False})
        return measured(laptop), measured(laptop)
    finally:
        laptop.shut_down()


def measured(laptop: Laptop) -> Took:
    """Trigger one run and read the clocks."""
    clicked, processor = time.time(), family_seconds(laptop)
    run = laptop.trigger("ingest/ingest").raise_for_status().json()["id"]
    state = ended(laptop, run)
    seconds = moment(state["timestamp"]) - clicked
    if state["type"] != "COMPLETED":
        raise SystemExit(f"the run ended as {state}")
    time.sleep(SETTLE_SECONDS)
    processor = family_seconds(laptop) - processor
    newest = next(r for r in laptop.holdfast("status")["runs"] if r["kind"] == "ingest")
    counted = dict(part.split()[::-1] for part in state["message"].split(", "))
    return Took(
        pipeline=newest["seconds"],
        process=moment(state["timestamp"]) - moment(pending_since(laptop, run)),
        trigger=seconds,
        processor=processor,
        documents=int(counted["enumerated"]),
        tasks=count_tasks(laptop, run),
    )


def ended(laptop: Laptop, run: str) -> Any:
    """Wait for the final state of a run, with few looks: each costs the server about 13 ms."""
    while (state := laptop.flow_run(run)["state"])["type"] not in FINAL:
        time.sleep(LOOK_SECONDS)
    return state


def ended_children() -> float:
    """Processor seconds of every command that has ended, and of what those started."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def family_seconds(laptop: Laptop) -> float:
    """Processor seconds of `up` and of everything below it, of what is gone already too."""
    return sum(
        sum(times[:4])
        for process in (psutil.Process(laptop.process.pid), *laptop.family())
        if (times := process.cpu_times())
    )


def pending_since(laptop: Laptop, run: str) -> str:
    """Return when the worker took the run up."""
    states = laptop.api.get("/flow_run_states/", params={"flow_run_id": run}).json()
    return next(state["timestamp"] for state in states if state["type"] == "PENDING")


def count_tasks(laptop: Laptop, run: str) -> int:
    """Count the task runs of a flow run; a listing of them would end at 200."""
    body = {"flow_runs": {"id": {"any_": [run]}}}
    return int(laptop.api.post("/task_runs/count", json=body).raise_for_status().json())


def moment(text: str) -> float:
    """Read a timestamp of the API."""
    return dt.datetime.fromisoformat(text).timestamp()


def median(took: Sequence[Took], clock: str) -> float:
    """Return the median of one clock."""
    return statistics.median(getattr(one, clock) for one in took)


def table(plain: Sequence[Took], flows: Sequence[Took], again: Sequence[Took]) -> None:
    """Print what each way took, and what the deployed one added."""
    print(f"| {plain[0].documents} documents | {' s | '.join(CLOCKS)} s | task runs |")
    print("|-|-|-|-|-|-|")
    for name, took in (("command", plain), ("deployed", flows), ("deployed, unchanged", again)):
        clocks = " | ".join(f"{median(took, clock):.1f}" for clock in CLOCKS)
        print(f"| {name} | {clocks} | {max(one.tasks for one in took)} |")
    print()
    for clock in CLOCKS:
        added = median(flows, clock) / median(plain, clock) - 1
        print(f"- {clock}: {added:+.1%} (at most {MOST_ADDED:+.0%})")
    print(f"- task runs: {max(one.tasks for one in flows)} (at most {MOST_TASKS})")


def main() -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--documents", type=int, default=1000)
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--characters", type=int, help="where each document is cut off")
    parser.add_argument("--archive", type=Path, default=AWS, help="real documents, see corpora.py")
    chosen = parser.parse_args()
    plain: list[Took] = []
    flows: list[Took] = []
    again: list[Took] = []
    with tempfile.TemporaryDirectory(prefix="orchestration-") as root:
        folder = Path(root) / "documents"
        fill(folder, chosen)
        warm = Path(root) / "warm"
        write_documents(warm, 4, chosen.archive, chosen.characters)
        plainly(warm, Path(root) / "warm-home")  # the files of the model are in memory from now on
        for number in range(chosen.rounds):
            ways = ("command", "deployed") if number % 2 == 0 else ("deployed", "command")
            for way in ways:
                if way == "command":
                    plain.append(plainly(folder, Path(root) / f"plain{number}"))
                    took = plain[-1]
                else:
                    took, unchanged = deployed(Path(root) / f"up{number}", chosen)
                    flows.append(took)
                    again.append(unchanged)
                print(way, took, file=sys.stderr, flush=True)
    print(f"load of the machine: {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores\n")
    table(plain, flows, again)


if __name__ == "__main__":
    main()
