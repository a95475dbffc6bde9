"""An ingest and a question need no network: whoever reaches for it is stopped and written down.

The guard is an audit hook, which sees every use of a socket from Python, below any library, and
is installed in each child process as well. Where the system allows it, the commands also run in
a network namespace of their own, in which compiled code finds no network either.
"""

import json
import os
import shutil
import subprocess
import sys
from email.message import EmailMessage
from functools import cache
from pathlib import Path

import pytest

GUARD = """
import os, sys

def guard(event, arguments):
    if not event.startswith("socket."):
        return
    what = event.removeprefix("socket.")
    if what in {"connect", "sendto", "sendmsg"}:
        # The family is that of AF_UNIX wherever there is one; others lead out of the machine.
        reaches = arguments[0].family != 1
    else:
        reaches = what.startswith("get") and what not in {"gethostname"}
    if reaches:
        with open(os.environ["GUARD_RECORD"], "a") as record:
            record.write(f"{event} {arguments[1:]!r} in {sys.argv}\\n")
        raise ConnectionRefusedError(f"{event} {arguments[1:]!r}: no network in this test")

sys.addaudithook(guard)
with open(os.environ["GUARD_ROLL"], "a") as roll:
    roll.write(f"{os.getpid()}\\n")
"""
COMMANDS = """
import json, sys
from service.cli import run

sys.exit(max([run(command) for command in json.loads(sys.argv[1])]))
"""
"""One process for all: each would load the model's libraries, which takes as long as the rest."""
LOOSENING = ("HOLDFAST_", "HF_", "TRANSFORMERS_", "PREFECT_", "QDRANT_", "SCARF_", "DO_NOT_TRACK")


@cache
def alone() -> list[str]:
    """How to start a command without any network, as far as this system allows."""
    unshare = shutil.which("unshare")
    command = [unshare or "", "--net", "--map-root-user"]
    if unshare and subprocess.run([*command, "true"], capture_output=True, check=False).returncode:
        return []
    return command if unshare else []


class Guarded:
    """Runs Python with the guard, and keeps what the guard saw."""

    def __init__(self, folder: Path, repository: Path) -> None:
        site = folder / "site"
        site.mkdir()
        (site / "sitecustomize.py").write_text(GUARD, encoding="utf-8")
        self._cwd = folder / "work"
        self._cwd.mkdir()
        self._record, self._roll = folder / "record", folder / "roll"
        # Nobody's own settings: what Holdfast sets by itself has to be enough.
        kept = {name: v for name, v in os.environ.items() if not name.startswith(LOOSENING)}
        self._env = kept | {
            "PYTHONPATH": f"{site}{os.pathsep}{repository}",
            "GUARD_RECORD": str(self._record),
            "GUARD_ROLL": str(self._roll),
        }

    def run(self, *arguments: str) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            [*alone(), sys.executable, *arguments],
            env=self._env,
            cwd=self._cwd,
            capture_output=True,
            text=True,
            check=False,
            timeout=170,
        )

    @property
    def attempts(self) -> str:
        return self._record.read_text(encoding="utf-8") if self._record.exists() else ""

    @property
    def processes(self) -> int:
        return len(self._roll.read_text(encoding="utf-8").splitlines())


@pytest.fixture
def guarded(tmp_path: Path, repository: Path) -> Guarded:
    return Guarded(tmp_path, repository)


def write_documents(folder: Path) -> int:
    """Write one document of each kind; returns how many."""
    from docx import Document
    from reportlab.pdfgen.canvas import Canvas

    folder.mkdir()
    texts = {
        "rota.md": "# Rota\n\nThe night shift of the archive begins at ten in the evening.\n",
        "keys.txt": "The keys of the archive hang in room twelve.\n",
        "rules.html": "<html><body><h1>Rules</h1><p>Visitors leave their bags below.</p></body>"
        "<img src='https://example.org/pixel.png'><script src='https://example.org/x.js'></script>",
        "prices.csv": "article,price\ncopy,0.20\nscan,1.50\n",
        "notes.rst": "Notes\n=====\n\nThe lamp in the reading room was replaced in May.\n",
    }
    for name, text in texts.items():
        (folder / name).write_text(text, encoding="utf-8")
    mail = EmailMessage()
    mail["Subject"], mail["From"], mail["To"] = "Heating", "a@example.org", "b@example.org"
    mail.set_content("The heating is serviced every second autumn.\n")
    (folder / "heating.eml").write_bytes(mail.as_bytes())
    document = Document()
    document.add_paragraph("The lift carries four people or three crates.")
    document.save(str(folder / "lift.docx"))
    canvas = Canvas(str(folder / "roof.pdf"))
    canvas.drawString(72, 720, "The roof was tightened by the builders in nineteen ninety.")
    canvas.save()
    return len(list(folder.iterdir()))


@pytest.mark.parametrize(
    "program",
    [
        "import socket; socket.create_connection(('127.0.0.1', 1))",
        "import socket; socket.getaddrinfo('example.org', 443)",
        "import socket; socket.socket(type=socket.SOCK_DGRAM).sendto(b'x', ('192.0.2.1', 53))",
        "import _socket; _socket.socket().connect_ex(('192.0.2.1', 443))",
        "import subprocess, sys; subprocess.run([sys.executable, '-c', "
        "'import urllib.request as u; u.urlopen(\"http://192.0.2.1\")'], check=True)",
    ],
)
def test_the_guard_guards(guarded: Guarded, program: str) -> None:
    assert guarded.run("-c", program).returncode == 1
    assert "socket." in guarded.attempts


def test_the_guard_lets_processes_talk(guarded: Guarded) -> None:
    program = "import socket; a, b = socket.socketpair(); a.sendall(b'x'); assert b.recv(1)"
    assert guarded.run("-c", program).returncode == 0
    assert guarded.attempts == ""


@pytest.mark.model
def test_an_ingest_and_a_question_need_no_network(guarded: Guarded, tmp_path: Path) -> None:
    documents = write_documents(tmp_path / "docs")
    home = ("--home", str(tmp_path / "home"), "--json")
    question = "When does the night shift of the archive begin?"
    commands = [("ingest", str(tmp_path / "docs"), *home), ("ask", question, *home)]
    done = guarded.run("-c", COMMANDS, json.dumps(commands))
    assert guarded.attempts == ""
    assert done.returncode == 0, done.stderr
    ingested, answer = map(json.loads, done.stdout.splitlines())
    assert ingested["counts"]["indexed"] == documents == 8
    assert guarded.processes > 1  # the parser children are guarded, too
    assert answer["status"] == "ok"
    assert "rota.md" in {piece["key"] for piece in answer["evidence"]}
