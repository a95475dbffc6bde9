"""Which calibration of a home holds, as an operator is told: none, in force, void, stale."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from config.errors import HoldfastError
from indexing.corpus import Corpus
from query.calibrating.calibrations import FOLDER, CalibrationShelf


class PromiseState(StrEnum):
    """What is promised about answers."""

    NONE = "none"
    """There is no calibration."""
    IN_FORCE = "in_force"
    VOID = "void"
    """What it was made under has changed, or it cannot be read."""
    STALE = "stale"
    """Questions are no longer like those that it was made from: it maps, and promises nothing."""
    UNKNOWN = "unknown"
    """It cannot be told: nothing is live, or the model or the policy cannot be read."""


@dataclass(frozen=True, slots=True)
class Promised:
    """The state of the calibrations of a home."""

    state: PromiseState
    calibration_id: str = ""
    detail: str = ""
    """What to do about it; empty where nothing need be done."""

    def to_json(self) -> dict[str, Any]:
        """Return plain values."""
        return {
            "state": self.state.value,
            "calibration_id": self.calibration_id or None,
            "detail": self.detail or None,
        }

    @property
    def described(self) -> str:
        """In words for people."""
        named = f"calibration {self.calibration_id}" if self.calibration_id else "calibration"
        return f"{named} {self.state.value.replace('_', ' ')}" + (
            f": {self.detail}" if self.detail else ""
        )


def promised(corpus: Corpus) -> Promised:
    """Tell which calibration holds for what is live; whatever stands in the way is a state."""
    try:
        if not CalibrationShelf(corpus.settings.home / FOLDER).all():
            return Promised(PromiseState.NONE)
    except HoldfastError as error:
        return Promised(PromiseState.VOID, detail=str(error))
    # Here, because they bring what a home without calibrations need not load.
    from evaluation.calibrating.calibrating import present_binding
    from query.opening import shelf_of

    try:
        found = shelf_of(corpus).find(present_binding(corpus))
    except HoldfastError as error:
        return Promised(PromiseState.UNKNOWN, detail=str(error))
    if found.reason is None:
        return Promised(PromiseState.IN_FORCE, found.id)
    state = PromiseState.STALE if found.calibration else PromiseState.VOID
    return Promised(state, found.id, found.reason.detail)
