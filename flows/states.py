"""The final states of flow runs: a name that says at a glance what happened, and a message."""

from enum import StrEnum
from typing import Any

from prefect.client.schemas.objects import State
from prefect.states import Completed, Failed

from indexing.running.report import RunReport, RunState


class Ending(StrEnum):
    """Names of final states beside those of `RunState` and `BackupState`."""

    DELETIONS_REJECTED = "DeletionsRejected"
    """A person looked at withheld deletions and said no; the documents stay served."""
    PROMOTION_REJECTED = "PromotionRejected"
    """A person looked at a generation and said no; it is never promoted."""
    ROLLED_BACK = "RolledBack"
    REPAIRED = "Repaired"
    FAULTS_FOUND = "FaultsFound"
    STALE = "Stale"
    """The index is sound, but a source was not ingested for longer than it may be."""
    PREVIEWED = "Previewed"
    REGRESSED = "Regressed"
    """Golden questions fare worse than at the last evaluation, by more than a promotion allows."""
    NOT_ASKED = "QuestionsNotAsked"
    """Golden questions could not be asked of the live index: nothing is known of how it stands."""
    PURGED = "Purged"
    PURGE_INCOMPLETE = "PurgeIncomplete"
    PURGE_REJECTED = "PurgeRejected"
    """A person looked at what would go and said no, or nobody answered."""


FAILURES = frozenset(
    {Ending.FAULTS_FOUND, Ending.PURGE_INCOMPLETE, Ending.REGRESSED, Ending.NOT_ASKED}
)
"""Endings that somebody has to do something about."""


def named_state(report: RunReport) -> State[Any]:
    """Return the run's final state under its own name, with the counts as its message."""
    if report.state is RunState.FAILED:
        return Failed(message=report.message)
    return Completed(name=report.state.value, message=report.message)


def ended_as(ending: Ending, message: str) -> State[Any]:
    """Return a final state under its own name."""
    made = Failed if ending in FAILURES else Completed
    return made(name=ending.value, message=message)


def with_remark(state: State[Any], remark: str) -> State[Any]:
    """Return a final state with something more behind its message, such as what a person said."""
    return state.model_copy(update={"message": f"{state.message or ''}{remark}"})


def nothing_to_do(message: str) -> State[Any]:
    """Return the final state of a run that found nothing to do."""
    return Completed(name=RunState.NOTHING_TO_DO.value, message=message)
