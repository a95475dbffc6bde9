"""A Prefect server of its own, apart from what works for it: stopped, killed, its database lost."""

import os
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from config.environment import QUIET
from tests.support.site import free_port, until

STOP_SECONDS = 60


class PrefectServer:
    """One server on SQLite; started again, it is the same one at the same place."""

    def __init__(self, root: Path) -> None:
        self.port = free_port()
        self.database = root / "prefect" / "prefect.db"
        self._log = root / "server.log"
        self._env = {k: v for k, v in os.environ.items() if not k.startswith("PREFECT_")}
        self._env |= QUIET | {"PREFECT_HOME": str(root / "prefect")}
        self._env["PREFECT_SERVER_UI_STATIC_DIRECTORY"] = str(root / "ui")
        self._env["PREFECT_SERVER_CONCURRENCY_LEASE_STORAGE"] = (
            "prefect.server.concurrency.lease_storage.filesystem"
        )
        self.start()

    def start(self) -> None:
        """Start it and wait until it answers."""
        from flows.laptop import answers

        command = [sys.executable, "-m", "prefect", "server", "start", "--host", "127.0.0.1"]
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                [*command, "--port", str(self.port), "--log-level", "WARNING"],
                env=self._env, stdout=log, stderr=subprocess.STDOUT,
            )  # fmt: skip
        until(lambda: answers(f"http://127.0.0.1:{self.port}/api"))

    def stop(self) -> None:
        self._process.terminate()
        self._process.wait(STOP_SECONDS)

    def kill(self) -> None:
        self._process.kill()
        self._process.wait(STOP_SECONDS)

    def lose_the_database(self) -> None:
        """Remove its database; it must not be running."""
        for file in self.database.parent.glob(f"{self.database.name}*"):
            file.unlink()

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Hold its database so that nobody can write to it."""
        held = sqlite3.connect(self.database, timeout=STOP_SECONDS, isolation_level=None)
        try:
            held.execute("BEGIN IMMEDIATE")
            yield
            held.execute("ROLLBACK")
        finally:
            held.close()
