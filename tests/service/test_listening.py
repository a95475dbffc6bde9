"""Listening: an address that is taken is told."""

import json
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from service.keys import KeyScope, make_key

ROOT = Path(__file__).resolve().parents[2]
SOURCES = json.dumps([{"name": "crm", "kind": "push"}])


@pytest.fixture
def taken() -> Iterator[str]:
    """An address at which somebody else listens."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield f"127.0.0.1:{listener.getsockname()[1]}"


@pytest.mark.parametrize("command", [["metrics"], ["push", "crm"]])
def test_an_address_that_is_taken_is_told(
    desk: Any, taken: str, monkeypatch: pytest.MonkeyPatch, command: list[str]
) -> None:
    monkeypatch.setenv("HOLDFAST_SOURCES", SOURCES)
    ended = desk.on_home(*command, "--listen", taken)
    assert ended.code == 1
    assert ended.complaint.startswith(f"{taken} cannot be listened at")


@pytest.mark.parametrize("command", ["serve", "mcp"])
def test_a_service_that_cannot_listen_has_failed(desk: Any, taken: str, command: str) -> None:
    _, entry = make_key("bot", "default", (), (KeyScope.READ,))
    keys = json.dumps([entry.model_dump(mode="json", exclude_defaults=True)])
    done = subprocess.run(
        [sys.executable, "-m", "service.cli", command, "--listen", taken, "--home", desk.home],
        env=os.environ | {"PYTHONPATH": str(ROOT), "HOLDFAST_SERVE__KEYS": keys},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 1  # 3 would be a completion with errors
    assert f"error: {taken} cannot be listened at" in done.stderr
    assert "in use" in done.stderr
