"""The command `tesseract`: found once, called with a picture, bounded in time.

It is a child of a parser child: it inherits its limits of memory, file size and CPU time and its
process group, so whatever ends the parser ends it, too.
"""

import os
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum
from functools import cache
from typing import Any

from ingestion.parsing import limits

LIST_SECONDS = 20.0
MAX_EDGE = 32_000
"""Pixels; it takes no picture with an edge of 32,768 or more, and some may be added around it."""
MAX_OUTPUT_BYTES = 64 * 1024 * 1024
INSTALL = "install it (on Debian and Ubuntu: tesseract-ocr)"


class Segmentation(IntEnum):
    """What Tesseract is asked to find; its page segmentation modes."""

    ORIENTATION = 0
    PAGE = 3


class RecognitionError(Exception):
    """A picture could not be recognised; the message says why."""


class RecognitionTimeoutError(RecognitionError):
    """It took longer than allowed."""


@dataclass(frozen=True, slots=True)
class Tesseract:
    """An installed Tesseract with all models that are wanted."""

    path: str
    languages: tuple[str, ...]
    finds_orientation: bool

    def run(self, picture: bytes, segmentation: Segmentation, dpi: int, seconds: float) -> str:
        """Recognise a picture (in any format Tesseract reads) and return its tab-separated answer.

        Raises:
            RecognitionError: It failed or took too long.
        """
        is_orientation = segmentation is Segmentation.ORIENTATION
        command = [
            self.path, "stdin", "stdout",
            "-l", "osd" if is_orientation else "+".join(self.languages),
            "--psm", str(int(segmentation)), "--dpi", str(dpi),
            *([] if is_orientation else ["tsv"]),
        ]  # fmt: skip
        try:
            done = subprocess.run(
                command,
                input=picture,
                capture_output=True,
                timeout=seconds,
                check=False,
                env=_environment(),
                preexec_fn=limits.die_with_parent,
            )
        except subprocess.TimeoutExpired as error:
            detail = f"Tesseract took longer than {seconds:.0f} s for one picture"
            raise RecognitionTimeoutError(detail) from error
        except OSError as error:
            raise RecognitionError(f"Tesseract cannot be started ({error.strerror})") from error
        if done.returncode != 0:
            words = done.stderr.decode("utf-8", "replace").strip().splitlines()
            raise RecognitionError(f"Tesseract {_ending(done.returncode, words)}")
        return done.stdout[:MAX_OUTPUT_BYTES].decode("utf-8", "replace")


def find_tesseract(languages: Sequence[str]) -> Tesseract | str:
    """Find the command, or say what is missing and what to do about it."""
    return _found(tuple(languages))


@cache
def _found(languages: tuple[str, ...]) -> Tesseract | str:
    path = shutil.which("tesseract")
    if path is None:
        return f"Tesseract is not installed; {INSTALL} and try again"
    try:
        listed = subprocess.run(
            [path, "--list-langs"],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=LIST_SECONDS,
            check=False,
            env=_environment(),
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        return f"Tesseract does not work ({type(error).__name__}); {INSTALL} again"
    installed = set(listed.stdout.decode("utf-8", "replace").split("\n")[1:])
    missing = [language for language in languages if language not in installed]
    if missing:
        packages = " ".join(f"tesseract-ocr-{name.replace('_', '-')}" for name in missing)
        return (
            f"Tesseract has no model for {', '.join(missing)}; install it (on Debian and Ubuntu:"
            f" {packages}) or change ocr.languages"
        )
    return Tesseract(path, languages, "osd" in installed)


def _ending(code: int, words: Sequence[str]) -> str:
    """How it ended, and what to do about it."""
    if code < 0:  # most often the kernel, for want of memory
        return f"was killed by signal {-code}; let the machine have more memory and try again"
    return f"failed ({words[-1] if words else f'exit code {code}'}); check that it works"


def _environment() -> dict[str, Any]:
    # One thread: the parser children are the parallelism, and more of them slow Tesseract down.
    return {**os.environ, "OMP_THREAD_LIMIT": "1", "OMP_NUM_THREADS": "1", "LC_ALL": "C.UTF-8"}
