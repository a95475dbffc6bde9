"""What Prefect adds to an ingest: the same documents by the plain command and by a deployed run.

`python -m benchmarks.orchestration [--documents 1000] [--rounds 1]` starts `holdfast up`, ingests
the same folder into fresh homes in turns, and prints the table. "pipeline" is the run's own clock
in the ledger; "process" is from the start of the process to its end; "trigger" begins with the
click and includes the worker's poll.
"""

import argparse
import datetime as dt
import statistics
import tempfile
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.command import holdfast
from benchmarks.corpora import write_documents
from tests.support.laptop import Laptop


@dataclass(frozen=True)
class Took:
    """Seconds of one ingest, by clock."""

    pipeline: float
    process: float
    trigger: float
    documents: int
    tasks: int = 0


def fill(folder: Path, wanted: int) -> None:
    """Write so many documents; where there are fewer real ones, parts of them with a number."""
    write_documents(folder, wanted)
    texts = [path.read_text(encoding="utf-8") for path in sorted(folder.rglob("*.md"))]
    for number in range(wanted - sum(path.is_file() for path in folder.rglob("*"))):
        text = texts[number % len(texts)]
        (folder / f"copy-{number}.md").write_text(f"# Copy {number}\n\n{text}", encoding="utf-8")


def plainly(folder: Path, home: Path) -> Took:
    """Ingest by the command alone."""
    done = holdfast(home, "ingest", str(folder), "--source", "docs", "--json")
    report = done.json
    return Took(report["seconds"], done.seconds, done.seconds, report["counts"]["enumerated"])


def deployed(root: Path, documents: int) -> tuple[Took, Took]:
    """Ingest by a deployed run, and once more without changes."""
    laptop = Laptop(root)
    try:
        fill(laptop.folder, documents)
        return measured(laptop), measured(laptop)
    finally:
        laptop.shut_down()


def measured(laptop: Laptop) -> Took:
    """Trigger one run and read the clocks."""
    clicked = time.perf_counter()
    run = laptop.trigger("ingest/ingest").raise_for_status().json()["id"]
    state = laptop.ended(run)
    seconds = time.perf_counter() - clicked
    if state["type"] != "COMPLETED":
        raise SystemExit(f"the run ended as {state}")
    flow_run = laptop.flow_run(run)
    newest = next(r for r in laptop.holdfast("status")["runs"] if r["kind"] == "ingest")
    counted = dict(part.split()[::-1] for part in state["message"].split(", "))
    return Took(
        pipeline=newest["seconds"],
        process=moment(state["timestamp"]) - moment(pending_since(laptop, run)),
        trigger=seconds,
        documents=int(counted["enumerated"]),
        tasks=sum(count_tasks(laptop, flow_run["id"]).values()),
    )


def pending_since(laptop: Laptop, run: str) -> str:
    """Return when the worker took the run up."""
    states = laptop.api.get("/flow_run_states/", params={"flow_run_id": run}).json()
    return next(state["timestamp"] for state in states if state["type"] == "PENDING")


def count_tasks(laptop: Laptop, run: str) -> Counter[str]:
    """Count the task runs of a flow run, which the server learns of a little later."""
    time.sleep(10)
    body: dict[str, Any] = {"flow_runs": {"id": {"any_": [run]}}}
    found = laptop.api.post("/task_runs/filter", json=body).raise_for_status().json()
    return Counter(task["name"].split(" ")[0] for task in found)


def moment(text: str) -> float:
    """Read a timestamp of the API."""
    return dt.datetime.fromisoformat(text).timestamp()


def main() -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--documents", type=int, default=1000)
    parser.add_argument("--rounds", type=int, default=1)
    chosen = parser.parse_args()
    plain: list[Took] = []
    flows: list[Took] = []
    again: list[Took] = []
    for number in range(chosen.rounds):
        with tempfile.TemporaryDirectory(prefix="orchestration-") as root:
            folder, beside = Path(root) / "documents", Path(root) / f"up{number}"
            fill(folder, chosen.documents)
            beside.mkdir()
            plain.append(plainly(folder, Path(root) / "plain"))
            first, second = deployed(beside, chosen.documents)
            flows.append(first)
            again.append(second)
    print(f"{plain[0].documents} documents, median of {chosen.rounds}\n")
    print("| | pipeline s | process s | trigger to end s | task runs |\n|-|-|-|-|-|")
    for name, took in (("command", plain), ("deployed", flows), ("deployed, unchanged", again)):
        clocks = [
            statistics.median(getattr(one, clock) for one in took)
            for clock in ("pipeline", "process", "trigger")
        ]
        print(f"| {name} | {' | '.join(f'{c:.1f}' for c in clocks)} | {took[0].tasks} |")
    for clock in ("pipeline", "process"):
        base, with_prefect = (
            statistics.median(getattr(one, clock) for one in took) for took in (plain, flows)
        )
        print(f"\n{clock}: {100 * (with_prefect / base - 1):+.1f} %")


if __name__ == "__main__":
    main()
