"""How long `/v1/ground` takes over HTTP, with one client and with many, and whether memory grows.

`python -m benchmarks.serving [--requests 300]`. The example handbook is ingested and served by a
process of its own; the clients, one thread each, ask the example questions one after another. Times
are given from the client, once whole and once without what the encoder took by the timings of the
answer: `encode` is the question, `quote` the sentences compared with it. `CPU ms` is what the
process spent per request, on a busy machine the figure that still means something.
"""

import argparse
import json
import os
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from itertools import cycle, islice
from pathlib import Path

import httpx
import psutil

from benchmarks.command import holdfast
from service.keys import make_key

EXAMPLES = Path(__file__).resolve().parents[1] / "examples"
CLIENTS = (1, 8, 32)
ENCODING = ("encode", "quote")
COLUMNS = (
    "clients", "requests", "errors", "/s", "p50", "p95", "p50 no enc", "p95 no enc", "CPU ms",
    "RSS MB",
)  # fmt: skip


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


class Client(threading.Thread):
    """Asks its share of the questions, one after another."""

    def __init__(self, url: str, key: str, asked: Iterator[str]) -> None:
        """Prepare; `start` begins."""
        super().__init__()
        self._url, self._key, self._asked = url, key, list(asked)
        self.times: list[tuple[float, float]] = []
        self.faults: list[str] = []

    def run(self) -> None:
        """Ask them all."""
        headers = {"Authorization": f"Bearer {self._key}"}
        with httpx.Client(trust_env=False, timeout=60.0, headers=headers) as client:
            for question in self._asked:
                began = time.perf_counter()
                answer = client.post(f"{self._url}/v1/ground", json={"question": question})
                took = (time.perf_counter() - began) * 1000.0
                if answer.status_code != 200 or answer.json()["status"] != "ok":
                    self.faults.append(answer.text[:200])
                    continue
                stages = answer.json()["timings_ms"]
                encoding = sum(stages.get(stage, 0.0) for stage in ENCODING)
                self.times.append((took, took - encoding))


def percentiles(times: Sequence[float]) -> str:
    """Return p50 and p95."""
    cuts = statistics.quantiles(times, n=100)
    return f"{cuts[49]:.0f} | {cuts[94]:.0f}"


def measure(url: str, key: str, process: "subprocess.Popen[bytes]", requests: int) -> None:
    """Print the table."""
    asked = questions()
    server = psutil.Process(process.pid)
    columns = [
        "requests",
        "errors",
        "/s",
        "p50",
        "p95",
        "p50-no-enc",
        "p95-no-enc",
        "CPU-ms",
        "RSS-MB",
    ]
    print(f"| clients | {' | '.join(columns)} |\n|{'-|' * (len(columns) + 1)}")
    for clients in (1, *CLIENTS, CLIENTS[-1]):  # the first row warms up, the last shows growth
        share = requests // clients
        threads = [
            Client(url, key, islice(cycle(asked), n * share, (n + 1) * share))
            for n in range(clients)
        ]
        began, spent = time.perf_counter(), server.cpu_times()
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        seconds, now = time.perf_counter() - began, server.cpu_times()
        spent_ms = (now.user + now.system - spent.user - spent.system) * 1000.0
        times = [pair for thread in threads for pair in thread.times]
        faults = [fault for thread in threads for fault in thread.faults]
        print(
            f"| {clients} | {len(times)} | {len(faults)} | {len(times) / seconds:.1f} "
            f"| {percentiles([t[0] for t in times])} | {percentiles([t[1] for t in times])} "
            f"| {spent_ms / (clients * share):.0f} | {server.memory_info().rss / 1e6:.0f} |",
            flush=True,
        )
        for fault in faults[:3]:
            print(fault, file=sys.stderr)


def main() -> None:
    """Serve the handbook and ask."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--requests", type=int, default=300)
    requests = parser.parse_args().requests
    key, entry = make_key("benchmark", "default", (), ())
    with tempfile.TemporaryDirectory() as folder:
        home, port = Path(folder) / "home", free_port()
        holdfast(home, "ingest", str(EXAMPLES / "handbook"), "--source", "handbook", "--json")
        entries = json.dumps([entry.model_dump(mode="json", exclude_defaults=True)])
        env = os.environ | {"HOLDFAST_SERVE__KEYS": entries, "HOLDFAST_SERVE__CONCURRENCY": "256"}
        listen = ("--listen", f"127.0.0.1:{port}", "--home", str(home))
        command = [sys.executable, "-m", "service.cli", "serve", *listen]
        process = subprocess.Popen(command, env=env)
        try:
            url = f"http://127.0.0.1:{port}"
            wait_until_ready(url, process)
            measure(url, key, process, requests)
        finally:
            process.terminate()
            process.wait(60)


if __name__ == "__main__":
    main()
