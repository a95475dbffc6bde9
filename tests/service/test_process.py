"""What only a real process shows: exit codes, pipes, signals, and starting without the model."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from config.heap import SELDOM
from indexing.stores.turns import Turn

COMMAND = [sys.executable, "-m", "service.cli"]
WITHOUT_A_MODEL = """
from indexing.corpus import Corpus
from service.cli import main
from tests.support.hashing import HashingEncoder

Corpus.encoder = HashingEncoder()
main()
"""
"""The command where it does not matter what encodes: to load a model takes seconds of a core."""
ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def start(tmp_path: Path) -> Callable[..., "subprocess.Popen[str]"]:
    """Start the command as a process of its own."""

    def started(
        *arguments: Any,
        command: Sequence[str] = COMMAND,
        stdout: Any = subprocess.PIPE,
        stderr: Any = subprocess.PIPE,
        **variables: str,
    ) -> Any:
        return subprocess.Popen(
            [*command, *map(str, arguments)],
            stdout=stdout,
            stderr=stderr,
            text=True,
            env=os.environ | {"PYTHONPATH": str(ROOT)} | variables,
            cwd=tmp_path,
            preexec_fn=heed_signals,  # noqa: PLW1509 - it takes no lock
        )

    return started


def heed_signals() -> None:
    """Let a process take the signals that the tests may ignore, as under `nohup make test &`."""
    for heeded in (signal.SIGINT, signal.SIGHUP):
        signal.signal(heeded, signal.SIG_DFL)


def ended(process: "subprocess.Popen[str]") -> tuple[int, str, str]:
    out, err = process.communicate(timeout=120)
    return process.returncode, out or "", err or ""


def test_a_wrong_log_level_is_a_wrong_setting(start: Any, empty_desk: Any) -> None:
    code, out, err = ended(start("status", HOLDFAST_LOG_LEVEL="loud"))
    assert code == 2
    assert out == ""
    assert "Traceback" not in err
    assert err.startswith("error: log_level")
    assert err.count("\n") == 1


@pytest.fixture(params=[os.pipe, os.openpty], ids=["pipe", "terminal"])
def gone(request: pytest.FixtureRequest) -> Iterator[int]:
    """An output whose reader has gone away."""
    reading, writing = request.param()
    os.close(reading)
    yield writing
    os.close(writing)


@pytest.mark.parametrize("command", [["docs", "chunks", "--json"], ["docs", "list"], ["status"]])
def test_a_reader_that_goes_away_is_no_error(
    start: Any, desk: Any, gone: int, command: list[str]
) -> None:
    assert ended(start(*command, "--home", desk.home, stdout=gone)) == (0, "", "")


@pytest.mark.parametrize("form", [[], ["--json"]])
def test_a_failure_that_nobody_reads_is_one(
    start: Any, tmp_path: Path, gone: int, form: list[str]
) -> None:
    (tmp_path / "file").write_text("not a folder")
    assert ended(start("doctor", *form, "--home", tmp_path / "file", stdout=gone)) == (1, "", "")


def test_an_ingest_whose_progress_nobody_reads_goes_on(start: Any, desk: Any, gone: int) -> None:
    desk.write("more.bin", b"\0" * 100)
    arguments = ("ingest", desk.folder, "--source", "docs", "--json", "--home", desk.home)
    command = [sys.executable, "-c", WITHOUT_A_MODEL]
    code, out, _ = ended(start(*arguments, command=command, stderr=gone))
    assert (code, json.loads(out)["state"]) == (3, "CompletedWithQuarantine")


CLOSED = {"stdin": "<&-", "stdout": ">&-", "stderr": "2>&-"}


def without(streams: str, *arguments: Any) -> "subprocess.CompletedProcess[str]":
    """Run the command with some of the standard streams closed."""
    closing = " ".join(CLOSED[name] for name in streams.split())
    return subprocess.run(
        ["sh", "-c", f'exec "$@" {closing}', "sh", *COMMAND, *map(str, arguments)],
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


@pytest.mark.parametrize("form", [[], ["--json"]])
def test_a_closed_output_is_read_by_nobody(desk: Any, form: list[str]) -> None:
    done = without("stdout", "status", *form, "--home", desk.home)
    assert (done.returncode, done.stderr) == (0, "")


def test_a_closed_input_is_no_terminal_to_ask_on(desk: Any) -> None:
    done = without("stdin", "purge", "keys.txt", "--home", desk.home)
    assert done.returncode == 2
    assert done.stderr.startswith("error: A purge cannot be undone")
    assert len(desk.chunks()) == 2


def test_an_ingest_with_nothing_to_speak_to_goes_through(desk: Any) -> None:
    desk.write("new.txt", "The gate is locked at night.\n")
    arguments = ("ingest", desk.folder, "--source", "docs", "--home", desk.home)
    done = without("stdin stdout stderr", *arguments)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert "new.txt" in {chunk["key"] for chunk in desk.chunks()}
    assert desk.on_home("verify", "--deep").code == 0


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full")
def test_a_full_disk_behind_the_output_is_an_error(start: Any, desk: Any) -> None:
    with open("/dev/full", "w", encoding="utf-8") as full:
        process = start("docs", "chunks", "--json", "--home", desk.home, stdout=full)
        code, _, err = ended(process)
    assert code == 1
    assert "Traceback" not in err
    assert "No space left on device" in err
    assert "Free some space" in err
    assert "fault in Holdfast" not in err


def test_a_terminal_of_another_encoding_gets_the_whole_of_it(
    start: Any, empty_desk: Any, tmp_path: Path
) -> None:
    name = "Größe “zwei”.txt"
    empty_desk.write(name, "The keys of the archive hang in room twelve.\n")
    other = {"PYTHONIOENCODING": "latin-1", "PYTHONUTF8": "0"}
    listed = tmp_path / "listed"
    with listed.open("wb") as out:
        code, _, err = ended(start("plan", empty_desk.folder, stdout=out, **other))
    assert (code, err) == (0, "")
    said = listed.read_bytes().decode("latin-1")
    assert r"Größe \u201czwei\u201d.txt" in said
    assert said.endswith("Nothing was changed.\n")


@pytest.mark.parametrize("ending", [signal.SIGTERM, signal.SIGHUP])
def test_a_termination_ends_in_one_paragraph(start: Any, desk: Any, ending: signal.Signals) -> None:
    hog = Turn(desk.home / "index" / "turns", "holdfast__g1", 1.0)
    hog.take()
    try:
        process = start("docs", "chunks", "--home", desk.home)
        while not hog.wanted() and process.poll() is None:
            time.sleep(0.05)
        process.send_signal(ending)
        code, out, err = ended(process)
    finally:
        hog.give()
    assert code == 130
    assert out == ""
    assert err.startswith("error: Interrupted.")
    assert err.count("\n") == 1


@pytest.mark.parametrize("ending", [signal.SIGINT, signal.SIGTERM])
def test_an_interruption_while_the_command_loads_ends_in_one_paragraph(
    start: Any, tmp_path: Path, ending: signal.Signals
) -> None:
    # What loads first, interrupted in the middle of it; garbage is looked for seldom by then.
    (tmp_path / "cyclopts.py").write_text(
        f"import gc, os\nassert gc.get_threshold() == {SELDOM}\n"
        f"os.kill(os.getpid(), {int(ending)})\n"
    )
    process = start("status", PYTHONPATH=f"{tmp_path}{os.pathsep}{ROOT}")
    code, out, err = ended(process)
    assert (code, out) == (130, "")
    assert err.startswith("error: Interrupted.")
    assert err.count("\n") == 1


AS_IT_ENDS = """
import os, signal, sys, threading
from service import cli

def interrupt_again():
    threading.main_thread().join()  # which waits for this thread by then
    os.kill(os.getpid(), getattr(signal, sys.argv[1]))
    threading.Event().wait(60)

def interrupted(_):
    raise KeyboardInterrupt

threading.Thread(target=interrupt_again).start()
cli.carry_out = interrupted
cli.main()
"""


@pytest.mark.parametrize("ending", ["SIGINT", "SIGTERM", "SIGHUP"])
def test_a_second_interruption_ends_at_once_and_says_no_more(start: Any, ending: str) -> None:
    code, out, err = ended(start(ending, command=[sys.executable, "-c", AS_IT_ENDS]))
    assert (code, out) == (130, "")
    assert err.startswith("error: Interrupted.")
    assert err.count("\n") == 1


def test_looking_loads_neither_the_model_nor_prefect(desk: Any) -> None:
    program = (
        "import sys; from service.cli import run\n"
        "for command in ('status', 'plan .', 'docs list', 'quarantine list'):\n"
        "    assert run([*command.split(), '--home', sys.argv[1]]) == 0, command\n"
        "heavy = {'torch', 'prefect', 'unstructured', 'transformers', 'qdrant_client', 'httpx'}\n"
        "assert not heavy & set(sys.modules), heavy & set(sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, str(desk.home)],
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        cwd=desk.folder,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert (done.returncode, done.stderr) == (0, "")
