"""What only PostgreSQL has: a server that can be away, a time zone, a schema made by several."""

import datetime as dt
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from indexing.errors import LedgerUnavailableError, WriterBusyError
from indexing.ledger.database import Ledger, now, open_ledger
from indexing.ledger.leases import acquire

pytestmark = pytest.mark.postgres


def test_processes_may_create_the_schema_at_once(url: str, tmp_path: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from indexing.ledger.database import open_ledger; "
        "print('ready', flush=True); sys.stdin.readline(); "
        "open_ledger(sys.argv[1], Path(sys.argv[2])).close()"
    )
    command = [sys.executable, "-c", code, url, str(tmp_path)]
    pipes: dict[str, Any] = {
        "stdin": subprocess.PIPE,
        "stdout": subprocess.PIPE,
        "stderr": subprocess.PIPE,
    }
    opening = [subprocess.Popen(command, text=True, **pipes) for _ in range(3)]
    for child in opening:
        assert child.stdout is not None
        assert child.stdout.readline() == "ready\n"
    for child in opening:
        assert child.stdin is not None
        child.stdin.write("go\n")
        child.stdin.flush()
    said = [child.communicate(timeout=60)[1] for child in opening]
    assert [child.returncode for child in opening] == [0, 0, 0], said


def test_a_second_writer_is_told_who_writes_and_until_when_in_utc(pg: Ledger) -> None:
    before = now()
    acquire(pg, "g", "first", 3600.0)
    with pytest.raises(WriterBusyError, match="Run first") as caught:
        acquire(pg, "g", "second", 30.0)
    until = before + dt.timedelta(hours=1)
    expected = {f"until {until + dt.timedelta(seconds=s):%H:%M:%S} UTC" for s in range(3)}
    assert any(some in str(caught.value) for some in expected), str(caught.value)


def test_a_server_that_is_away_is_a_transient_error_without_the_password(tmp_path: Path) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    away = f"postgresql://holdfast:secret@127.0.0.1:{port}/none?connect_timeout=3"
    with pytest.raises(LedgerUnavailableError) as caught:
        open_ledger(away, tmp_path)
    assert "secret" not in str(caught.value)
