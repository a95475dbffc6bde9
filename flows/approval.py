"""Asking a person: a run pauses, and its input form in the Prefect UI shows the facts."""

import logging
from enum import StrEnum

from prefect.exceptions import FlowPauseTimeout
from prefect.flow_runs import pause_flow_run
from prefect.input import RunInput
from pydantic import Field

logger = logging.getLogger(__name__)

POLL_SECONDS = 2


class Answer(StrEnum):
    """What a person may say."""

    APPROVE = "approve"
    REJECT = "reject"


class Decision(RunInput):
    """The input form of a paused run. Resumed without an answer, a run takes it for a no."""

    decision: Answer = Field(
        default=Answer.REJECT,
        description="approve: do it. reject: leave everything as it is.",
        json_schema_extra={"position": 0},
    )
    comment: str = Field(
        default="",
        max_length=500,
        description="Why, and who decided; kept with the run.",
        json_schema_extra={"position": 1},
    )

    @property
    def approved(self) -> bool:
        """Whether it is a yes."""
        return self.decision is Answer.APPROVE

    @property
    def because(self) -> str:
        """The comment, to be put behind a sentence."""
        return f": {self.comment}" if self.comment else ""


def ask(facts: str, hours: float) -> Decision | None:
    """Pause the run until a person decides; none if nobody did in time.

    Call it with no home open and no lease held: a run that waits stands in nobody's way.

    Args:
        facts: Markdown that is shown above the form.
        hours: For how long to wait; with 0 nobody is asked.
    """
    seconds = int(hours * 3600)
    if seconds < 1:
        return None
    form = Decision.with_initial_data(description=facts)
    try:
        decision = pause_flow_run(wait_for_input=form, timeout=seconds, poll_interval=POLL_SECONDS)
    except FlowPauseTimeout:
        return None
    logger.info("A person decided: %s%s", decision.decision.value, decision.because)
    return decision
