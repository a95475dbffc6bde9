"""How long `/v1/ground` takes over HTTP, with one client and with many, and whether memory grows.

`python -m benchmarks.serving [--seconds 15] [--long 40]`. The example handbook is ingested and
served by a process of its own; the clients, one thread each, ask the example questions one after
another, for so many seconds in each row. No question is asked twice in the same letters, so that
each has to be encoded. `cold` remembers no vector (`quoting.remembered_mb` 0): question and
sentences go through the encoder with each request. `warm` has the memory that ships, after every
question was asked once. Times are given from the client, once whole and once without what the
answer says that the encoder took: `encode` is the question, `quote` the sentences compared with it.
`CPU ms` is what the process spent per request, on a busy machine the figure that still means
something. The long run has eight clients; memory is that of the whole process, model included.
"""

import argparse
import json
import math
import os
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import count
from pathlib import Path

import httpx
import psutil

from benchmarks.command import holdfast
from service.keys import make_key

EXAMPLES = Path(__file__).resolve().parents[1] / "examples"
CLIENTS = (1, 8, 32)
ENCODING = ("encode", "quote")
COLUMNS = (
    "memory", "clients", "requests", "errors", "/s", "p50", "p95", "p50 no enc", "p95 no enc",
    "CPU ms",
)  # fmt: skip
COLD = {"HOLDFAST_QUOTING__REMEMBERED_MB": "0"}
LONG_CLIENTS = 8


def questions() -> list[str]:
    """Return the example questions."""
    lines = (EXAMPLES / "questions.jsonl").read_text(encoding="utf-8").splitlines()
    return [json.loads(line)["question"] for line in lines]


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_until_ready(url: str, process: "subprocess.Popen[bytes]") -> None:
    """Wait for the service, for a minute at most."""
    for _ in range(600):
        if process.poll() is not None:
            sys.exit("The service ended before it was ready.")
        try:
            if httpx.get(f"{url}/readyz", trust_env=False).status_code == 200:
                return
        except httpx.TransportError:
            pass
        time.sleep(0.1)
    sys.exit("The service was not ready within a minute.")


def unseen(question: str, number: int) -> str:
    """Return a question in letters of its own, which mean the same to an uncased encoder."""
    inner = [i for i in range(1, len(question)) if question[i - 1 : i + 1].islower()]
    letters = list(question)
    for position in (inner[number % len(inner)], inner[number // len(inner) % len(inner)]):
        letters[position] = letters[position].upper()
    return "".join(letters)


class Asked:
    """Deals out questions to any number of clients; none twice in the same letters."""

    def __init__(self) -> None:
        """Begin with the first."""
        self._questions = questions()
        self._numbers = count()

    def next(self) -> str:
        """Return the next question."""
        number = next(self._numbers)
        turn, place = divmod(number, len(self._questions))
        return unseen(self._questions[place], turn)


class Client(threading.Thread):
    """Asks one question after another until its time is over."""

    def __init__(self, url: str, key: str, asked: Asked, seconds: float) -> None:
        """Prepare; `start` begins."""
        super().__init__()
        self._url, self._key, self._asked, self._seconds = url, key, asked, seconds
        self.times: list[tuple[float, float]] = []
        self.faults: list[str] = []

    def run(self) -> None:
        """Ask."""
        headers = {"Authorization": f"Bearer {self._key}"}
        end = time.perf_counter() + self._seconds
        with httpx.Client(trust_env=False, timeout=60.0, headers=headers) as client:
            while time.perf_counter() < end:
                began = time.perf_counter()
                question = self._asked.next()
                try:
                    answer = client.post(f"{self._url}/v1/ground", json={"question": question})
                except httpx.HTTPError as error:
                    self.faults.append(repr(error))
                    continue
                took = (time.perf_counter() - began) * 1000.0
                if answer.status_code != 200 or answer.json()["status"] != "ok":
                    self.faults.append(answer.text[:200])
                    continue
                stages = answer.json()["timings_ms"]
                encoding = sum(stages.get(stage, 0.0) for stage in ENCODING)
                self.times.append((took, took - encoding))


def percentiles(times: Sequence[float]) -> str:
    """Return p50 and p95."""
    cuts = statistics.quantiles(times, n=100) if len(times) > 1 else [math.nan] * 99
    return f"{cuts[49]:.0f} | {cuts[94]:.0f}"


class Service:
    """The served handbook, and what is asked of it."""

    def __init__(self, url: str, key: str, process: "subprocess.Popen[bytes]") -> None:
        """Take over a service that is ready."""
        self._url, self._key = url, key
        self._process = psutil.Process(process.pid)
        self._asked = Asked()

    @property
    def memory(self) -> float:
        """Resident memory in MB."""
        return float(self._process.memory_info().rss / 1e6)

    def load(self, clients: int, seconds: float) -> tuple[list[tuple[float, float]], int, float]:
        """Ask with so many clients; return the times, the errors and the CPU time per request."""
        threads = [Client(self._url, self._key, self._asked, seconds) for _ in range(clients)]
        spent = self._process.cpu_times()
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        now = self._process.cpu_times()
        spent_ms = (now.user + now.system - spent.user - spent.system) * 1000.0
        times = [pair for thread in threads for pair in thread.times]
        faults = [fault for thread in threads for fault in thread.faults]
        for fault in faults[:3]:
            print(fault, file=sys.stderr)
        return times, len(faults), spent_ms / max(1, len(times) + len(faults))

    def warm_up(self, number: int) -> None:
        """Ask so many questions, one after another."""
        headers = {"Authorization": f"Bearer {self._key}"}
        with httpx.Client(trust_env=False, timeout=300.0, headers=headers) as client:
            for _ in range(number):
                client.post(f"{self._url}/v1/ground", json={"question": self._asked.next()})


def rows(memory: str, service: Service, seconds: float) -> None:
    """Print a row for each number of clients."""
    for clients in CLIENTS:
        times, errors, cpu = service.load(clients, seconds)
        print(
            f"| {memory} | {clients} | {len(times)} | {errors} | {len(times) / seconds:.1f} "
            f"| {percentiles([t[0] for t in times])} | {percentiles([t[1] for t in times])} "
            f"| {cpu:.0f} |",
            flush=True,
        )


def long_run(service: Service, seconds: float) -> None:
    """Print the memory at the beginning, in the middle and at the end of a longer run."""
    found, total = [service.memory], 0
    for _ in range(2):
        times, errors, _cpu = service.load(LONG_CLIENTS, seconds / 2)
        total += len(times) + errors
        found.append(service.memory)
    begin, middle, end = found
    print(
        f"\nMemory over {total} requests in {seconds:.0f} s: {begin:.0f} MB before, "
        f"{middle:.0f} in the middle, {end:.0f} after.",
        flush=True,
    )


@contextmanager
def served(home: Path, key: str, entries: str, extra: Mapping[str, str]) -> Iterator[Service]:
    """Serve the handbook by a process of its own."""
    port = free_port()
    env = os.environ | {"HOLDFAST_SERVE__KEYS": entries, "HOLDFAST_SERVE__CONCURRENCY": "256"}
    listen = ("--listen", f"127.0.0.1:{port}", "--home", str(home))
    command = [sys.executable, "-m", "service.cli", "serve", *listen]
    process = subprocess.Popen(command, env=env | extra)
    try:
        wait_until_ready(f"http://127.0.0.1:{port}", process)
        yield Service(f"http://127.0.0.1:{port}", key, process)
    finally:
        process.terminate()
        process.wait(60)


def main() -> None:
    """Serve the handbook and ask."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, default=15.0, help="of each row")
    parser.add_argument("--long", type=float, default=40.0, help="seconds of the long run")
    args = parser.parse_args()
    key, entry = make_key("benchmark", "default", (), ())
    entries = json.dumps([entry.model_dump(mode="json", exclude_defaults=True)])
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder) / "home"
        done = holdfast(home, "ingest", str(EXAMPLES / "handbook"), "--source", "handbook")
        if done.code:
            sys.exit(f"The handbook was not ingested: {done.err}")
        print(f"| {' | '.join(COLUMNS)} |\n|{'-|' * len(COLUMNS)}")
        for memory, extra in (("cold", COLD), ("warm", {})):
            with served(home, key, entries, extra) as service:
                # Without a memory only the model has to be loaded.
                service.warm_up(len(questions()) if memory == "warm" else 2)
                rows(memory, service, args.seconds)
                if memory == "warm":
                    long_run(service, args.long)


if __name__ == "__main__":
    main()
