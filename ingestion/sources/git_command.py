"""Running the git command so that neither this machine nor a repository can bend it.

No settings of the user or the system, no hooks, no helpers, no prompts, no redirects, no protocol
but the one in question; and a limit of time that ends the whole process group.
"""

import contextlib
import os
import re
import shutil
import signal
import subprocess
import threading
import weakref
from collections.abc import Mapping
from pathlib import Path

from ingestion.errors import SourceMissingError, SourceUnavailableError

_SETTINGS = {
    "core.hooksPath": os.devnull,
    "core.fsmonitor": "false",
    "core.askPass": "",
    "core.attributesFile": os.devnull,
    "credential.helper": "",
    "diff.renameLimit": "2000",
    "gc.auto": "0",
    "http.followRedirects": "false",
    "http.lowSpeedLimit": "100",
    "http.lowSpeedTime": "60",
    "maintenance.auto": "false",
    "protocol.allow": "never",
    "submodule.recurse": "false",
    "transfer.bundleURI": "false",
}
_LONGEST_MESSAGE = 500
_OLDEST = (2, 37)  # before, http.curloptResolve is not known and a host would not be pinned


class GitFailedError(Exception):
    """A git command ended with an error; the message is what it said."""


class Git:
    """Git commands in one bare repository."""

    def __init__(self, repository: Path, settings: Mapping[str, str]) -> None:
        """Run commands in `repository`, with `settings` of git that may be secret."""
        self._repository = repository
        self._settings = {**_SETTINGS, **settings}

    def run(self, *arguments: str, timeout_seconds: float) -> bytes:
        """Run one command and return its output.

        Raises:
            GitFailedError: It ended with an error.
            SourceUnavailableError: It took too long.
            SourceMissingError: There is no git command, or one that is too old.
        """
        process = self._start(arguments, stdin=subprocess.DEVNULL, stderr=subprocess.PIPE)
        try:
            output, errors = process.communicate(timeout=timeout_seconds)
        except subprocess.TimeoutExpired as error:
            raise SourceUnavailableError(
                f"git {arguments[0]} was ended after {timeout_seconds:.0f} seconds."
            ) from error
        finally:
            end_group(process)
        if process.returncode != 0:
            said = " ".join(errors.decode("utf-8", "replace").split())[:_LONGEST_MESSAGE]
            raise GitFailedError(said.rstrip(".") or f"exit status {process.returncode}")
        return output

    def start(self, *arguments: str) -> "subprocess.Popen[bytes]":
        """Start a command that goes on answering."""
        return self._start(arguments, stdin=subprocess.PIPE, stderr=subprocess.DEVNULL)

    def _start(
        self, arguments: tuple[str, ...], stdin: int, stderr: int
    ) -> "subprocess.Popen[bytes]":
        return subprocess.Popen(
            [git_path(), "--git-dir", os.fspath(self._repository), "--no-pager", *arguments],
            stdin=stdin,
            stdout=subprocess.PIPE,
            stderr=stderr,
            cwd=self._repository,
            env=self._environment(),
            start_new_session=True,
        )

    def _environment(self) -> dict[str, str]:
        variables = {
            "PATH": os.pathsep.join((os.path.dirname(git_path()), os.defpath)),
            "HOME": os.fspath(self._repository),
            "LC_ALL": "C",
            "GIT_CONFIG_NOSYSTEM": "1",
            "GIT_CONFIG_GLOBAL": os.devnull,
            "GIT_ATTR_NOSYSTEM": "1",
            "GIT_TERMINAL_PROMPT": "0",
            "GIT_ASKPASS": "",
            "GIT_NO_LAZY_FETCH": "1",
            "GIT_NO_REPLACE_OBJECTS": "1",
            "GIT_OPTIONAL_LOCKS": "0",
            "GIT_PROTOCOL_FROM_USER": "0",
            "GIT_CONFIG_COUNT": str(len(self._settings)),
        }
        # Not as arguments: those are seen by everybody on this machine.
        for number, (key, value) in enumerate(self._settings.items()):
            variables[f"GIT_CONFIG_KEY_{number}"] = key
            variables[f"GIT_CONFIG_VALUE_{number}"] = value
        return variables


class BlobReader:
    """Reads the content of objects through one process; may be used by several threads."""

    def __init__(self, git: Git) -> None:
        """The process starts with the first read and ends with this object."""
        self._git = git
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None

    def read(self, object_id: str, size: int) -> bytes | None:
        """Return the content of an object, or none if there is no such object of this size."""
        with self._lock:
            if self._process is None or self._process.poll() is not None:
                self._process = self._git.start("cat-file", "--batch")
                weakref.finalize(self, end_group, self._process)
            return self._ask(self._process, object_id, size)

    def _ask(self, process: "subprocess.Popen[bytes]", object_id: str, size: int) -> bytes | None:
        if process.stdin is None or process.stdout is None:
            return None
        try:
            process.stdin.write(f"{object_id}\n".encode())
            process.stdin.flush()
            header = process.stdout.readline(200).split()
        except BrokenPipeError:
            header = []
        if header[1:] != [b"blob", str(size).encode()]:
            end_group(process)  # what follows would be taken for the answer to the next question
            self._process = None
            return None
        content = process.stdout.read(size)
        process.stdout.read(1)
        return content if len(content) == size else None


def end_group(process: "subprocess.Popen[bytes]") -> None:
    """End a process and everything it started."""
    if process.poll() is None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
    for pipe in (process.stdin, process.stdout, process.stderr):
        if pipe is not None and not pipe.closed:
            with contextlib.suppress(BrokenPipeError):
                pipe.close()


def git_path() -> str:
    """Return where the git command is."""
    found = shutil.which("git")
    if found is None:
        raise SourceMissingError("A source of kind git needs the git command; install git.")
    return found


def check_version(git: Git) -> None:
    """Raise `SourceMissingError` if git is too old to connect to a pinned address."""
    said = git.run("version", timeout_seconds=30).decode("utf-8", "replace")
    numbers = re.search(r"(\d+)\.(\d+)", said)
    if numbers is None or (int(numbers[1]), int(numbers[2])) < _OLDEST:
        wanted = ".".join(map(str, _OLDEST))
        raise SourceMissingError(f"{said.strip()} is too old for https:// URLs; {wanted} will do.")
