"""The calibrations of a home, and which one holds for the state that a request reads.

Each is a file of its own that is never changed, so that a rollback of the index finds the one of
its generation again, and a replay the one of its request.
"""

import contextlib
import os
import re
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Protocol

from config.errors import ConfigError
from config.settings import GateSettings
from query.calibrating.calibration import Binding, Calibration, read_calibration
from query.calibrating.drift import DriftWatch
from query.decision import Reason, ReasonCode, Status, Verdict

FOLDER = "calibrations"
_NAME = re.compile(r"(?P<id>c(?P<number>\d{4,})-[0-9a-f]{8})\.json")


@dataclass(frozen=True, slots=True)
class InForce:
    """The calibration that holds, or the reason why none does."""

    calibration: Calibration | None = None
    reason: Reason | None = None
    """`calibration_void` or `calibration_stale`; a stale one still maps, but promises nothing."""

    @property
    def id(self) -> str:
        """Names the calibration; empty where none holds."""
        return self.calibration.calibration_id if self.calibration else ""

    def bar(self, gate: GateSettings, status: Status) -> Calibration | None:
        """Return what a question is held against; with a list missing the stricter threshold.

        A calibration was measured with both lists. Without one of them scores mean less, so that
        nothing may become answerable that the settings alone would not let through.
        """
        if self.calibration is None or status is Status.OK:
            return self.calibration
        strictest = max(gate.answerable_at, self.calibration.answerable_at)
        return replace(self.calibration, answerable_at=strictest)

    def risk_bound(self, status: Status, verdict: Verdict | None) -> float | None:
        """Return what is promised about a verdict, if anything is."""
        calibration = self.calibration
        if calibration is None or self.reason is not None or status is not Status.OK:
            return None
        return calibration.max_risk if verdict is Verdict.ANSWERABLE else None


NONE_IN_FORCE = InForce()


class Calibrations(Protocol):
    """Tells which calibration holds."""

    def find(self, binding: Binding) -> InForce:
        """Return the calibration for what a request is answered under; never raises."""
        ...

    def saw(self, calibration: Calibration, p: float) -> None:
        """Take note of a live question's probability."""
        ...


@dataclass(frozen=True, slots=True)
class FixedCalibration:
    """Always the same one, as a replay needs it."""

    in_force: InForce

    def find(self, binding: Binding) -> InForce:
        """Return it, whatever is asked."""
        return self.in_force

    def saw(self, calibration: Calibration, p: float) -> None:
        """Watch nothing."""


NO_CALIBRATIONS = FixedCalibration(NONE_IN_FORCE)

Latest = Callable[[str], Iterable[float]]
"""From a calibration's id to the latest logged probabilities under it, oldest first."""


@dataclass
class CalibrationShelf:
    """The folder `calibrations` of a home; files never change, so each is read once."""

    folder: Path
    latest: Latest = field(default=lambda _: ())
    _known: dict[Path, Calibration] = field(default_factory=dict, repr=False)
    _watches: dict[str, DriftWatch] = field(default_factory=dict, repr=False)
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def find(self, binding: Binding) -> InForce:
        """Return the newest calibration made under exactly this, or why there is none.

        A damaged file may have held it, so that no older one is in force; a newer one is.
        """
        known: list[Calibration] = []
        try:
            for file in reversed(self._files()):
                known.append(self._read(file))
                if known[-1].binding == binding:
                    break
        except ConfigError as error:
            return InForce(None, Reason(ReasonCode.CALIBRATION_VOID, str(error)))
        if not known:
            return NONE_IN_FORCE
        found = known[-1]
        if found.binding != binding:
            here = [c for c in known if c.binding.generation == binding.generation] or known
            changed = "; ".join(here[0].binding.differences(binding))
            detail = (
                f"Calibration {here[0].calibration_id} is void ({changed}); run `holdfast "
                "calibrate` again."
            )
            return InForce(None, Reason(ReasonCode.CALIBRATION_VOID, detail))
        if self.watch(found).is_stale():
            detail = (
                f"Questions are no longer like those of calibration {found.calibration_id}; "
                "calibrate again with questions of today."
            )
            return InForce(found, Reason(ReasonCode.CALIBRATION_STALE, detail))
        return InForce(found)

    def saw(self, calibration: Calibration, p: float) -> None:
        """Take note of a live question's probability."""
        self.watch(calibration).saw(p)

    def watch(self, calibration: Calibration) -> DriftWatch:
        """Return the drift watch of a calibration; it begins with what was logged before."""
        known = self._watches.get(calibration.calibration_id)
        if known is None:
            made = DriftWatch(calibration, self.latest(calibration.calibration_id))
            with self._lock:
                known = self._watches.setdefault(calibration.calibration_id, made)
        return known

    def all(self) -> tuple[Calibration, ...]:
        """Return every calibration of the home that can be read, oldest first.

        Raises:
            ConfigError: The newest one cannot be read. Older ones are left out.
        """
        files = self._files()
        found = [self._read(file) for file in files[-1:]]
        for file in reversed(files[:-1]):
            with contextlib.suppress(ConfigError):
                found.append(self._read(file))
        return tuple(reversed(found))

    def get(self, calibration_id: str) -> Calibration | None:
        """Return a calibration by its id, whatever became of the others.

        Raises:
            ConfigError: It cannot be read.
        """
        file = next((one for one in self._files() if one.stem == calibration_id), None)
        return self._read(file) if file else None

    def next_number(self) -> int:
        """Return a number larger than those of all calibrations of the home."""
        return max((_number(file) for file in self._files()), default=0) + 1

    def keep(self, calibration: Calibration, content: str) -> Path:
        """Write a calibration durably; it is in force from the moment this returns.

        Raises:
            ConfigError: It cannot be written.
        """
        target = self.folder / f"{calibration.calibration_id}.json"
        beside = target.with_suffix(".tmp")
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            with beside.open("w", encoding="utf-8") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            beside.replace(target)
        except OSError as error:
            raise ConfigError(f"{target} cannot be written ({error.strerror}).") from error
        return target

    def _read(self, file: Path) -> Calibration:
        # A damaged file is read anew each time, for somebody may have restored it.
        if file not in self._known:
            self._known[file] = read_file(file)
        return self._known[file]

    def _files(self) -> list[Path]:
        try:
            names = os.listdir(self.folder)
        except FileNotFoundError:
            return []
        except OSError as error:
            raise ConfigError(f"{FOLDER} cannot be read ({error.strerror}).") from error
        # Two that were made at once have the same number; which one is newer must not depend on
        # the order in which a folder is read.
        found = (self.folder / name for name in names if _NAME.fullmatch(name))
        return sorted(found, key=lambda file: (_number(file), file.name))


def read_file(file: Path) -> Calibration:
    """Read one calibration.

    Raises:
        ConfigError: It cannot be read, is none, or is not the one that was made.
    """
    # The message becomes a reason that callers see: it must not tell them where the home is.
    where = f"{FOLDER}/{file.name}"
    try:
        text = file.read_text(encoding="utf-8")
    except OSError as error:
        raise ConfigError(f"{where} cannot be read ({error.strerror}).") from error
    except UnicodeDecodeError as error:
        raise ConfigError(f"{where} cannot be read ({error}).") from error
    found = read_calibration(text, where)
    if found.calibration_id != file.stem:
        raise ConfigError(
            f"{where} holds {found.calibration_id}, which is not its name. Remove it, or run "
            "`holdfast calibrate` again."
        )
    return found


def _number(file: Path) -> int:
    found = _NAME.fullmatch(file.name)
    return int(found["number"]) if found else 0
