"""A full disk: a small file system that runs out of room, or a limit on the size of files."""

import os
import subprocess
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from indexing.ledger.database import open_ledger
from indexing.ledger.generations import list_generations
from tests.support.faultlab.lab import Lab
from tests.support.faultlab.orders import Deed
from tests.support.faultlab.rows import Row, row_of
from tests.support.faultlab.scene import Scene
from tests.support.faultlab.stages import Stage
from tests.support.faultlab.trial import Verdict, hold_trial
from tests.support.faultlab.workers import Outcome

TYPED = frozenset({"LedgerUnavailableError", "StoreUnavailableError", "LedgerError", "IngestError"})
"""How a run may say that the disk is full."""
ROOM = "512m"
KIB = 1024


@contextmanager
def small_disk(place: Path) -> Iterator[Path]:
    """Mount a file system in memory that can be filled; needs to be root.

    Raises:
        PermissionError: It may not be mounted here.
    """
    place.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", f"size={ROOM}", "tmpfs", str(place)]
    if subprocess.run(command, check=False, capture_output=True).returncode:
        place.rmdir()
        raise PermissionError("A small file system can only be mounted as root.")
    try:
        yield place
    finally:
        subprocess.run(["umount", "-l", str(place)], check=True)
        place.rmdir()


def can_mount(lab: Lab) -> bool:
    """Whether small file systems can be mounted here."""
    try:
        with small_disk(lab.place()):
            return True
    except (PermissionError, FileNotFoundError):
        return False


@contextmanager
def filled(disk: Path, leave: int) -> Iterator[None]:
    """Fill a file system until only so many bytes are left."""
    ballast = disk / "ballast"
    free = os.statvfs(disk)
    size = max(0, free.f_bavail * free.f_frsize - leave)
    with ballast.open("wb") as file:
        os.posix_fallocate(file.fileno(), 0, max(size, 1))
    try:
        yield
    finally:
        ballast.unlink()


def full_disk(lab: Lab, name: str, lefts: Sequence[int]) -> Row:
    """Run the deed with only so many KiB left, then once more with room."""
    stage = lab.stage(name)

    def verdicts() -> Iterable[Verdict]:
        for left in lefts:
            with small_disk(lab.place()) as disk:
                scene = stage.base.copy(disk / "scene")
                yield run_out(lab, stage, scene, disk, left)

    return row_of(f"full disk: {name}", verdicts())


def run_out(lab: Lab, stage: Stage, scene: Scene, disk: Path, left: int) -> Verdict:
    """Run out of room once."""
    problems: list[str] = []

    def disturb(scene: Scene) -> Iterator[Outcome]:
        with reading(scene) as read, filled(disk, left * KIB):
            outcome = lab.run(stage.order(scene))
            yield outcome
            problems.extend(unclean(outcome))
            read()  # whoever has the ledger open can read it while the disk is full

    verdict = hold_trial(lab.zygote, stage, f"{left} KiB left", disturb, scene, faults=1)
    verdict.problems += problems
    return verdict


@contextmanager
def reading(scene: Scene) -> Iterator[Callable[[], object]]:
    """Have the ledger open, if there is one, and read it whenever asked to."""
    if not scene.home.exists():
        yield lambda: None
        return
    ledger = open_ledger(None, scene.home)
    try:
        list_generations(ledger)
        yield lambda: list_generations(ledger)
    finally:
        ledger.close()


def unclean(outcome: Outcome) -> list[str]:
    """Say how a run that had no room ended otherwise than it has to."""
    if outcome.ended is None:
        return [f"it was killed by signal {outcome.signal}"]
    if outcome.ended.ok or outcome.ended.error in TYPED:
        return []
    return [f"it ended with {outcome.ended.error}: {outcome.ended.message[:200]}"]


def file_limits(lab: Lab, name: str, limits: Sequence[int]) -> Row:
    """Run the deed where no file may grow beyond so many KiB, then once more without a limit."""
    stage = lab.stage(name)

    def verdicts() -> Iterable[Verdict]:
        for limit in limits:
            problems: list[str] = []

            def disturb(scene: Scene, limit: int = limit) -> Iterator[Outcome]:
                outcome = lab.run(stage.order(scene, file_limit=limit * KIB))
                problems.extend(unclean(outcome))  # noqa: B023 - used within the same round
                yield outcome

            verdict = lab.hold(stage, f"files of at most {limit} KiB", disturb)
            verdict.problems += problems
            yield verdict

    assert stage.script.deed is Deed.INGEST
    return row_of(f"limit on files: {name}", verdicts())
