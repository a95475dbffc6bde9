"""The health checks and the scripts of the Compose set, run for real without any container."""

import http.server
import os
import re
import shutil
import stat
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import yaml
from pydantic import SecretStr

from config.querying import ServeSettings
from service.keys import Gatekeeper, read_keys


@pytest.fixture(scope="module")
def services(repository: Path) -> dict[str, dict[str, Any]]:
    content = yaml.safe_load((repository / "docker-compose.yml").read_text(encoding="utf-8"))
    return content["services"]


class Ready(http.server.BaseHTTPRequestHandler):
    """Answers /readyz with the status its server carries."""

    def do_GET(self) -> None:
        found = self.path == "/readyz"
        self.send_response(self.server.status if found else 404)  # type: ignore[attr-defined]
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@contextmanager
def serving(status: int) -> Iterator[int]:
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Ready)
    server.status = status  # type: ignore[attr-defined]
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield server.server_port
    finally:
        server.shutdown()
        server.server_close()


@pytest.mark.parametrize(("status", "healthy"), [(200, True), (503, False), (404, False)])
def test_qdrant_health_check_reads_the_answer(services, status, healthy):
    if shutil.which("bash") is None:
        pytest.skip("bash, which the Qdrant image has, is not installed here")
    kind, *command = services["qdrant"]["healthcheck"]["test"]
    assert kind == "CMD"
    with serving(status) as port:
        command = [part.replace("$$", "$").replace("6333", str(port)) for part in command]
        done = subprocess.run(command, capture_output=True, check=False, timeout=30)
    assert (done.returncode == 0) is healthy
    refused = subprocess.run(command, capture_output=True, check=False, timeout=30)
    assert refused.returncode != 0, "nothing listens any more"


def with_secrets(
    repository: Path, secrets: Path, *command: str
) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        ["sh", str(repository / "docker/with-secrets.sh"), *command],
        env={"PATH": os.environ["PATH"], "SECRETS": str(secrets), "KEPT": "yes"},
        capture_output=True, text=True, check=False, timeout=30,
    )  # fmt: skip


def test_a_command_gets_every_secret_and_keeps_its_arguments(repository, tmp_path):
    (tmp_path / "PGPASSWORD").write_text("a b$c'\"`d\n", encoding="utf-8")
    (tmp_path / "QDRANT_API_KEY").write_text("key", encoding="utf-8")
    shown = with_secrets(
        repository, tmp_path, "sh", "-c",
        'printf "%s|" "$PGPASSWORD" "$QDRANT_API_KEY" "$KEPT" "$@"', "sh", "one two", "$HOME",
    )  # fmt: skip
    assert shown.stdout == "a b$c'\"`d|key|yes|one two|$HOME|"
    assert shown.returncode == 0
    assert with_secrets(repository, tmp_path, "sh", "-c", "exit 7").returncode == 7


@pytest.mark.parametrize(("name", "content"), [("PGPASSWORD", ""), ("A-B", "x"), ("1A", "x")])
def test_a_secret_that_cannot_be_meant_stops_the_start(repository, tmp_path, name, content):
    (tmp_path / name).write_text(content, encoding="utf-8")
    refused = with_secrets(repository, tmp_path, "echo", "started")
    assert refused.returncode == 64
    assert refused.stdout == ""
    assert name in refused.stderr


def test_without_secrets_the_command_just_runs(repository, tmp_path):
    assert with_secrets(repository, tmp_path / "none", "echo", "started").stdout == "started\n"


def test_secrets_are_made_once_and_for_the_owner_only(repository, tmp_path):
    content = yaml.safe_load((repository / "docker-compose.yml").read_text(encoding="utf-8"))
    folder = tmp_path / "secrets"

    def make() -> dict[str, str]:
        script = ["sh", str(repository / "docker/make-secrets.sh"), str(folder)]
        subprocess.run(script, check=True, timeout=30)
        return {file.name: file.read_text(encoding="utf-8") for file in folder.iterdir()}

    made = make()
    assert set(made) == set(content["secrets"]) | {"query_key"}  # for whoever asks, no container
    assert len(set(made.values())) == len(made)
    assert made["prefect_auth"].startswith("holdfast:")
    assert make() == made
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    keys = read_keys(ServeSettings(keys=SecretStr(made.pop("serve_keys"))))
    assert Gatekeeper(keys).admit(made["query_key"]) == keys[0]
    prefixes = re.compile("^(holdfast:|hf_)")
    assert all(len(prefixes.sub("", value)) == 48 for value in made.values())


def test_a_key_that_was_moved_to_its_reader_is_not_made_anew(repository, tmp_path):
    """Nobody would be let in with it: the hash of the old one stays."""
    script = ["sh", str(repository / "docker/make-secrets.sh"), str(tmp_path)]
    subprocess.run(script, check=True, timeout=30)
    hashes = (tmp_path / "serve_keys").read_text(encoding="utf-8")
    (tmp_path / "query_key").unlink()
    again = subprocess.run(script, check=True, timeout=30, capture_output=True, text=True)
    assert not (tmp_path / "query_key").exists()
    assert "holdfast key NAME" in again.stderr
    assert (tmp_path / "serve_keys").read_text(encoding="utf-8") == hashes
    (tmp_path / "serve_keys").unlink()
    subprocess.run(script, check=True, timeout=30)
    keys = read_keys(ServeSettings(keys=SecretStr((tmp_path / "serve_keys").read_text())))
    assert Gatekeeper(keys).admit((tmp_path / "query_key").read_text()) == keys[0]
