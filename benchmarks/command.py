"""Running `holdfast` as a whole process and measuring it from outside."""

import json
import os
import subprocess
import sys
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil


@dataclass(frozen=True)
class Finished:
    """A finished command."""

    code: int
    seconds: float
    peak_mb: float
    """Largest memory of the process and its children together (proportional set size)."""
    out: str
    err: str

    @property
    def json(self) -> Any:
        """The result, for a command that prints one JSON value."""
        return json.loads(self.out)

    @property
    def lines(self) -> list[Any]:
        """The results, for a command that prints one JSON value per line."""
        return [json.loads(line) for line in self.out.splitlines() if line.strip()]


def environment(home: Path, **extra: str) -> dict[str, str]:
    """The environment of a command with a home of its own."""
    foreign = ("HOLDFAST_", "PREFECT_", "QDRANT_")
    kept = {k: v for k, v in os.environ.items() if not k.startswith(foreign)}
    return kept | {"HOLDFAST_HOME": str(home)} | extra


def start(home: Path, *arguments: str, cwd: Path | None = None, **extra: str) -> Any:
    """Start a command without waiting for it."""
    return subprocess.Popen(
        [sys.executable, "-m", "service.cli", *arguments],
        env=environment(home, **extra)
        | {"PYTHONPATH": str(Path(__file__).resolve().parent.parent)},
        cwd=cwd or home.parent,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def holdfast(home: Path, *arguments: str, cwd: Path | None = None, **extra: str) -> Finished:
    """Run a command to its end."""
    started = time.perf_counter()
    process = start(home, *arguments, cwd=cwd, **extra)
    peak = [0.0]
    done = threading.Event()
    watcher = threading.Thread(target=watch_memory, args=(process.pid, peak, done))
    watcher.start()
    out, err = process.communicate()
    seconds = time.perf_counter() - started
    done.set()
    watcher.join()
    return Finished(process.returncode, seconds, peak[0], out, err)


def watch_memory(pid: int, peak: list[float], done: threading.Event) -> None:
    """Sample the memory of a process tree, shared pages counted once."""
    while not done.wait(0.5):
        total = 0
        try:
            tree = [psutil.Process(pid), *psutil.Process(pid).children(recursive=True)]
        except psutil.Error:
            return
        for process in tree:
            try:
                total += process.memory_full_info().pss
            except psutil.Error:
                continue
        peak[0] = max(peak[0], total / 1e6)
