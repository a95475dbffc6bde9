"""Exit codes of `holdfast`; programs rely on them."""

from enum import IntEnum

from indexing.running.report import RunState


class Exit(IntEnum):
    """What a command ended with."""

    DONE = 0
    FAILED = 1
    USAGE = 2
    WITH_ERRORS = 3
    WITHHELD = 4


def exit_of(state: RunState) -> Exit:
    """Translate the final state of a run."""
    return {
        RunState.COMPLETED: Exit.DONE,
        RunState.NOTHING_TO_DO: Exit.DONE,
        RunState.COMPLETED_WITH_QUARANTINE: Exit.WITH_ERRORS,
        RunState.LISTING_INCOMPLETE: Exit.WITH_ERRORS,
        RunState.DELETIONS_WITHHELD: Exit.WITHHELD,
        RunState.AWAITING_APPROVAL: Exit.DONE,
        RunState.GATES_FAILED: Exit.WITHHELD,
        RunState.FAILED: Exit.FAILED,
        RunState.INTERRUPTED: Exit.FAILED,
    }[state]
