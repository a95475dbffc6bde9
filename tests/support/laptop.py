"""A running `holdfast up` for tests: a real Prefect server and worker, asked as the UI asks."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import httpx
import psutil

from tests.support.site import PatientTransport, Site, free_port

ROOT = Path(__file__).resolve().parents[2]


def hear_interrupts() -> None:
    """Undo what a shell does to what it starts in the background: have it ignore a Ctrl-C."""
    signal.signal(signal.SIGINT, signal.default_int_handler)


class Laptop(Site):
    """One `holdfast up` on a folder of documents, until it is shut down."""

    def __init__(self, root: Path, *, server: int | None = None, options: str = "") -> None:
        """Start it.

        Args:
            root: For everything that it writes.
            server: Port of a Prefect server that runs already; none means one of its own.
            options: More lines of its settings.
        """
        self.folder = root / "docs"
        self.folder.mkdir()
        self.home = root / "home"
        config = root / "holdfast.yaml"
        config.write_text(
            f"sources:\n  - {{name: docs, kind: local, path: {self.folder}}}\n"
            f"promotion:\n  latency_floor_ms: 60000\n{options}",
            encoding="utf-8",
        )
        ours = ("HOLDFAST_", "PREFECT_", "QDRANT_")
        self.env = {k: v for k, v in os.environ.items() if not k.startswith(ours)}
        self.env |= {"HOLDFAST_CONFIG": str(config), "HOLDFAST_HOME": str(self.home)}
        self.env |= {"PYTHONPATH": str(ROOT), "PREFECT_HOME": str(self.home / "prefect")}
        self.port = server or free_port()
        self.query_port = free_port()
        url = f"http://127.0.0.1:{self.port}/api"
        if server is not None:
            self.env["PREFECT_API_URL"] = url
        super().__init__(httpx.Client(base_url=url, transport=PatientTransport(), timeout=180))
        self._root = root
        self.start()

    def start(self) -> None:
        """Start all of it, for the first time or again, and wait until it is there."""
        with (self._root / "up.err").open("ab") as errors:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "service.cli", "up", "--port", str(self.port),
                 "--query-port", str(self.query_port), "--json"],
                cwd=self._root, env=self.env, stdout=subprocess.PIPE, stderr=errors, text=True,
                preexec_fn=hear_interrupts,  # noqa: PLW1509 - it takes no lock
            )  # fmt: skip
        self.lines: list[str] = []
        assert self.process.stdout
        for line in self.process.stdout:
            self.lines.append(json.loads(line)["up"])
            if "until Ctrl-C" in line:
                break
        else:
            raise AssertionError((self._root / "up.err").read_text())
        for name in ("ingest/ingest", "verify/verify", "gc/gc", "evaluate/evaluate"):
            # No run that no test asked for.
            self.api.post(f"/deployments/{self.deployment(name)['id']}/pause_deployment")

    def write(self, number: int, extra: str = "") -> None:
        text = f"Door number {number} opens to the yard. {extra}\n"
        (self.folder / f"{number}.txt").write_text(text, encoding="utf-8")

    def holdfast(self, *arguments: str) -> Any:
        """Run a command beside it, on the same home; returns its JSON."""
        done = subprocess.run(
            [sys.executable, "-m", "service.cli", *arguments, "--json"],
            cwd=self._root, env=self.env, capture_output=True, text=True, check=False, timeout=300,
        )  # fmt: skip
        assert done.returncode in {0, 3, 4}, done.stderr
        lines = [json.loads(line) for line in done.stdout.splitlines()]
        return lines[0] if len(lines) == 1 else lines

    def engines(self, run: str) -> list[psutil.Process]:
        """Return the processes of one flow run."""
        found = []
        for child in psutil.Process(self.process.pid).children(recursive=True):
            try:
                if child.environ().get("PREFECT__FLOW_RUN_ID") == run:
                    found.append(child)
            except psutil.Error:
                continue
        return found

    def part(self, *words: str) -> psutil.Process:
        """Return the process of `up` whose command has these words."""
        (found,) = (
            child
            for child in psutil.Process(self.process.pid).children()
            if {*words} <= {*child.cmdline()}
        )
        return found

    def family(self) -> list[psutil.Process]:
        return psutil.Process(self.process.pid).children(recursive=True)

    def shut_down(self) -> int:
        """End it as Ctrl-C does."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
        code = self.over()
        self.api.close()
        return code

    def over(self) -> int:
        """Wait until `up` has ended."""
        code = self.process.wait(180)
        if self.process.stdout:
            self.process.stdout.close()
        return code
