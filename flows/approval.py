"""Asking a person: a run pauses, and its input form in the Prefect UI shows the facts."""

import contextvars
import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from uuid import UUID, uuid4

import httpx
from prefect.client.orchestration import get_client
from prefect.context import FlowRunContext
from prefect.flow_runs import pause_flow_run
from prefect.input import RunInput
from prefect.logging import get_run_logger
from prefect.settings import PREFECT_CLIENT_MAX_RETRIES, temporary_settings
from pydantic import Field

logger = logging.getLogger(__name__)

POLL_SECONDS = 2
GRACE_SECONDS = 24 * 3600
"""Longer than the run waits itself: Prefect fails a run whose pause has run out, so the run takes
its own answer in time."""
RETRY_SECONDS = 60.0
"""Until that answer is tried again, while the server does not answer."""
WAITING_RETRIES = 8
"""How often a run that waits asks a server again that is busy or gone: for 8 minutes, each time
twice as long. Prefect's own 5 are over after one, and it waits for hours."""


class Answer(StrEnum):
    """What a person may say."""

    APPROVE = "approve"
    REJECT = "reject"
    LATER = "later"


class Decision(RunInput):
    """The input form of a paused run. Resumed without an answer, a run changes nothing."""

    decision: Answer = Field(
        default=Answer.LATER,
        description="approve: do it. reject: say no for good. later: end this run without a "
        "decision.",
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
    def rejected(self) -> bool:
        """Whether it is a no."""
        return self.decision is Answer.REJECT

    @property
    def because(self) -> str:
        """The comment, to be put behind a sentence."""
        return f": {self.comment}" if self.comment else ""

    @property
    def said(self) -> str:
        """The answer with its comment, to be put behind a message; nothing without a comment."""
        return f"; {SAID[self.decision]}{self.because}" if self.comment else ""


SAID = {Answer.APPROVE: "approved", Answer.REJECT: "rejected", Answer.LATER: "put off"}


def ask(facts: str, hours: float) -> Decision:
    """Pause the run until a person decides; `later` if nobody did in time, or was asked.

    Call it with no home open and no lease held: a run that waits stands in nobody's way.

    Args:
        facts: Markdown that is shown above the form.
        hours: For how long to wait; with 0 nobody is asked.
    """
    seconds = hours * 3600
    context = FlowRunContext.get()
    if seconds < 1 or context is None or context.flow_run is None:
        return Decision()
    form = Decision.with_initial_data(description=facts)
    retries = max(WAITING_RETRIES, PREFECT_CLIENT_MAX_RETRIES.value())
    with (
        answering_later(context.flow_run.id, seconds),
        temporary_settings({PREFECT_CLIENT_MAX_RETRIES: retries}),
    ):
        # Each time under a key of its own: Prefect counts pauses from 1 in every attempt of a run,
        # and a retried run would meet the form of the first attempt, an old answer included.
        decision = pause_flow_run(
            wait_for_input=form,
            timeout=int(seconds) + GRACE_SECONDS,
            poll_interval=POLL_SECONDS,
            key=uuid4().hex,
        )
    if decision.decision is not Answer.LATER or decision.comment:
        # Of other loggers nothing below a warning is shown with the run.
        get_run_logger().info("A person decided: %s%s", decision.decision.value, decision.because)
    return decision


@contextmanager
def answering_later(run: UUID, seconds: float) -> Iterator[None]:
    """Answer the form of a run with `later` after a while, unless somebody was faster."""
    answered = threading.Event()

    def answer() -> None:
        wait = seconds
        while not answered.wait(wait):
            wait = RETRY_SECONDS
            try:
                with get_client(sync_client=True) as client:
                    client.resume_flow_run(run, run_input={"decision": Answer.LATER.value})
            except httpx.HTTPError as error:
                logger.warning("The run could not be resumed, it tries again: %s", error)

    # With the context of the flow, in which the API of the run is set.
    context = contextvars.copy_context()
    thread = threading.Thread(target=context.run, args=(answer,), name="answer-later", daemon=True)
    thread.start()
    try:
        yield
    finally:
        answered.set()
        thread.join()
