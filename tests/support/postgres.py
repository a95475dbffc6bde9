"""A PostgreSQL cluster of our own for tests, in a time zone that is not UTC."""

import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import psutil
import pytest
from sqlalchemy import create_engine, text


def find_program(name: str) -> str | None:
    """The program on the path or where Debian keeps it, newest first."""
    places = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"), reverse=True)
    return shutil.which(name) or (str(places[0]) if places else None)


def as_owner() -> dict[str, Any]:
    """PostgreSQL refuses to run as root: run it as somebody else then."""
    if os.geteuid() != 0:
        return {}
    owner = pwd.getpwnam("nobody")
    return {"user": owner.pw_uid, "group": owner.pw_gid, "extra_groups": []}


@contextmanager
def cluster() -> Iterator[str]:
    """Start a cluster of our own and give its URL, without the database name.

    Skips the test where PostgreSQL is not installed.
    """
    initdb, postgres = find_program("initdb"), find_program("postgres")
    if initdb is None or postgres is None:
        pytest.skip("PostgreSQL (initdb, postgres) is not installed on this machine")
    # Not tmp_path: its parents are closed to other users, and a socket's path must be short.
    root = Path(tempfile.mkdtemp(prefix="pg-"))
    owner = as_owner()
    if owner:
        os.chown(root, owner["user"], owner["group"])
    common: dict[str, Any] = {"cwd": root, "env": {"PATH": os.defpath, "LC_ALL": "C"}, **owner}
    data = str(root / "data")
    subprocess.run(
        [initdb, "-D", data, "-U", "holdfast", "-A", "trust", "-E", "UTF8", "--no-sync"],
        check=True,
        capture_output=True,
        **common,
    )
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    options = [f"-p{port}", "-F", "-clisten_addresses=127.0.0.1", f"-k{root}"]
    server = subprocess.Popen(
        [
            postgres,
            "-D",
            data,
            *options,
            "-ctimezone=Asia/Kolkata",
            "-cmax_prepared_transactions=1",
        ],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        **common,
    )
    drain: threading.Thread | None = None
    try:
        assert server.stderr is not None
        said = []
        for line in server.stderr:
            said.append(line)
            if "ready to accept connections" in line:
                break
        else:
            pytest.fail(f"PostgreSQL did not start: {''.join(said)}")
        drain = threading.Thread(target=server.stderr.read, daemon=True)
        drain.start()
        yield f"postgresql://holdfast@127.0.0.1:{port}"
    finally:
        server.send_signal(signal.SIGINT)  # without waiting for whoever is still connected
        try:
            server.wait(timeout=30)
        except subprocess.TimeoutExpired:
            # A backend that was born as the server was frozen may never hear of it.
            server.send_signal(signal.SIGQUIT)
            server.wait(timeout=30)
        if drain is not None:
            drain.join(10)
        if server.stderr is not None:
            server.stderr.close()
        shutil.rmtree(root, ignore_errors=True)


@contextmanager
def frozen(url: str) -> Iterator[None]:
    """Freeze a whole cluster: its connections stay open, and nothing answers any more."""
    engine = create_engine(url.replace("postgresql:", "postgresql+psycopg:"))
    with engine.connect() as connection:
        backend = psutil.Process(connection.execute(text("SELECT pg_backend_pid()")).scalar_one())
        server = backend.parent()
    engine.dispose()
    assert server is not None
    stopped = [server, *server.children()]
    for process in stopped:
        with suppress(psutil.NoSuchProcess):
            process.suspend()
    try:
        yield
    finally:
        for process in stopped:
            with suppress(psutil.NoSuchProcess):
                process.resume()


def empty_database(server: str, options: str = "") -> str:
    """Create an empty database and return its URL.

    Args:
        server: The URL of a cluster.
        options: Of `CREATE DATABASE`.
    """
    name = f"db{uuid.uuid4().hex[:12]}"
    engine = create_engine(
        f"{server}/postgres".replace("postgresql:", "postgresql+psycopg:"),
        isolation_level="AUTOCOMMIT",
    )
    with engine.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name} {options}"))
    engine.dispose()
    return f"{server}/{name}"
