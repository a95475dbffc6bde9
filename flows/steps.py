"""The steps of an ingest as Prefect tasks: few fat ones, a handful per batch of documents.

A task takes the step as a plain call instead of its data, because Prefect walks through every
argument looking for futures. Results stay in memory; whether a document was done is known by
the ledger, never by Prefect's cache. Only transient errors are retried, and only in steps that
can be repeated: reading the next batch cannot. A task run costs the server up to 50 ms of
processor time and 21 KB. So what takes long or changes what readers see is a task; `stage` and
`verify` between them are not, and of a long run only the first steps are. The others are carried
out the same way, and the progress artifact goes on telling of them.
"""

import logging
from collections.abc import Callable
from typing import Any, TypeVar, cast

from prefect import task
from prefect.cache_policies import NO_CACHE
from prefect.client.schemas.objects import State, TaskRun
from prefect.logging import get_run_logger
from prefect.tasks import Task
from tenacity import (
    Retrying,
    before_sleep_log,
    retry_if_exception,
    stop_after_attempt,
    wait_exponential,
    wait_random,
)

from config.errors import is_transient
from indexing.committing.batches import (
    CommittedBatch,
    EmbeddedBatch,
    ParsedBatch,
    StagedBatch,
    VerifiedBatch,
)
from indexing.planning.planned import Plan
from indexing.running.ingest import IngestSteps
from indexing.running.report import RunReport

logger = logging.getLogger(__name__)

AS_TASKS = 90
"""Steps of a session that become task runs; a flow run has at most two sessions, and is to stay
below 200 task runs however much it reads."""
BACKOFF_SECONDS = 2.0
"""The first pause before a step is tried again; each further one is twice as long."""
LONGEST_PAUSE_SECONDS = 60.0
"""But no longer than this: doubled 20 times, as often as can be set, it would be twelve days."""
JITTER = 0.5

T = TypeVar("T")
Step = Callable[[], object]


def retry_transient(_task: Task[Any, Any], _run: TaskRun, state: State[Any]) -> bool:
    """Retry only what may go better next time."""
    try:
        state.result()
    except BaseException as error:  # noqa: BLE001 - whatever failed, only its kind matters
        return is_transient(error)
    return False


def pauses(retries: int) -> list[float]:
    """Return how long to wait before each retry."""
    return [min(BACKOFF_SECONDS * 2**n, LONGEST_PAUSE_SECONDS) for n in range(retries)]


def step_task(
    name: str, retries: int = 0
) -> Callable[[Callable[[Step], object]], Task[[Step], object]]:
    """Make a task of a step; `retries` are for steps that can be repeated."""
    return task(
        name=name,
        cache_policy=NO_CACHE,
        persist_result=False,
        retries=retries,
        retry_delay_seconds=pauses(retries),
        retry_jitter_factor=JITTER,
        retry_condition_fn=retry_transient,
    )


@step_task("plan", retries=3)
def plan(step: Step) -> object:
    """List the sources and find out what changed."""
    return step()


@step_task("parse")
def parse(step: Step) -> object:
    """Read, parse, clean and chunk the next batch of documents, each in a child process."""
    return step()


@step_task("embed", retries=3)
def embed(step: Step) -> object:
    """Find or compute a dense vector for every chunk of the batch."""
    return step()


@step_task("commit", retries=3)
def commit(step: Step) -> object:
    """Make the batch visible, all of it at once."""
    return step()


@step_task("report")
def report(step: Step) -> object:
    """Close the accounts of the run."""
    return step()


def carry_out(step: Callable[[], T], retries: int) -> T:
    """Carry out a step as its task would, without a task run."""
    attempts = Retrying(
        retry=retry_if_exception(is_transient),
        stop=stop_after_attempt(1 + retries),
        wait=wait_exponential(BACKOFF_SECONDS, max=LONGEST_PAUSE_SECONDS)
        + wait_random(0, JITTER * BACKOFF_SECONDS),
        before_sleep=before_sleep_log(logger, logging.WARNING),
        reraise=True,
    )
    return attempts(step)


def named(wanted: Task[[Step], object], name: str, retries: int) -> Task[[Step], object]:
    """Return a task with the name of one run and as many retries, the pauses between included."""
    return wanted.with_options(
        task_run_name=name, retries=retries, retry_delay_seconds=pauses(retries)
    )


class TaskSteps:
    """Carries out the steps of a session as Prefect tasks, as long as they are not too many."""

    def __init__(self, session: IngestSteps, retries: int) -> None:
        """Wrap `session`; repeatable steps are retried up to `retries` times."""
        self._session = session
        self._retries = retries
        self._begun = 0

    def plan(self) -> Plan:
        """Run the task `plan`."""
        return self._call(plan, self._session.plan)

    def parse(self, made: Plan) -> ParsedBatch | None:
        """Run the task `parse`."""
        return self._carry_out(parse, lambda: self._session.parse(made), retries=0)

    def embed(self, batch: ParsedBatch) -> EmbeddedBatch:
        """Run the task `embed`."""
        return self._call(embed, lambda: self._session.embed(batch), batch.number)

    def stage(self, batch: EmbeddedBatch) -> StagedBatch:
        """Write the points, without a task."""
        return carry_out(lambda: self._session.stage(batch), self._retries)

    def verify(self, batch: StagedBatch) -> VerifiedBatch:
        """Count the points, without a task."""
        return carry_out(lambda: self._session.verify(batch), self._retries)

    def commit(self, batch: VerifiedBatch) -> CommittedBatch:
        """Run the task `commit`."""
        number = batch.staged.embedded.parsed.number
        return self._call(commit, lambda: self._session.commit(batch), number)

    def report(self, made: Plan) -> RunReport:
        """Run the task `report`."""
        return cast("RunReport", report(lambda: self._session.report(made)))

    def _call(
        self, wanted: Task[[Step], object], step: Callable[[], T], batch: int | None = None
    ) -> T:
        return self._carry_out(wanted, step, self._retries, batch)

    def _carry_out(
        self,
        wanted: Task[[Step], object],
        step: Callable[[], T],
        retries: int,
        batch: int | None = None,
    ) -> T:
        self._begun += 1
        if self._begun == AS_TASKS + 1:
            get_run_logger().info(
                "What follows is not shown as tasks any more; the progress goes on."
            )
        if self._begun > AS_TASKS:
            return carry_out(step, retries)
        name = wanted.name if batch is None else f"{wanted.name} batch {batch}"
        return cast("T", named(wanted, name, retries)(step))
