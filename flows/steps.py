"""The steps of an ingest as Prefect tasks: few fat ones, a handful per batch of documents.

A task takes the step as a plain call instead of its data, because Prefect walks through every
argument looking for futures. Results stay in memory; whether a document was done is known by
the ledger, never by Prefect's cache. Only transient errors are retried, and only in steps that
can be repeated: reading the next batch cannot.
"""

from collections.abc import Callable
from typing import Any, TypeVar, cast

from prefect import task
from prefect.cache_policies import NO_CACHE
from prefect.client.schemas.objects import State, TaskRun
from prefect.tasks import Task, exponential_backoff

from config.errors import is_transient
from indexing.batches import (
    CommittedBatch,
    EmbeddedBatch,
    ParsedBatch,
    StagedBatch,
    VerifiedBatch,
)
from indexing.ingest import IngestSteps
from indexing.planned import Plan
from indexing.report import RunReport

T = TypeVar("T")
Step = Callable[[], object]


def retry_transient(_task: Task[Any, Any], _run: TaskRun, state: State[Any]) -> bool:
    """Retry only what may go better next time."""
    try:
        state.result()
    except BaseException as error:  # noqa: BLE001 - whatever failed, only its kind matters
        return is_transient(error)
    return False


def step_task(
    name: str, retries: int = 0
) -> Callable[[Callable[[Step], object]], Task[[Step], object]]:
    """Make a task of a step; `retries` are for steps that can be repeated."""
    return task(
        name=name,
        cache_policy=NO_CACHE,
        persist_result=False,
        retries=retries,
        retry_delay_seconds=exponential_backoff(2),
        retry_jitter_factor=0.5,
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


@step_task("stage", retries=3)
def stage(step: Step) -> object:
    """Write the points of the batch, invisible to every reader."""
    return step()


@step_task("verify", retries=3)
def verify(step: Step) -> object:
    """Count the staged points per document."""
    return step()


@step_task("commit", retries=3)
def commit(step: Step) -> object:
    """Make the batch visible, all of it at once."""
    return step()


@step_task("report")
def report(step: Step) -> object:
    """Close the accounts of the run."""
    return step()


class TaskSteps:
    """Carries out the steps of a session as Prefect tasks."""

    def __init__(self, session: IngestSteps, retries: int) -> None:
        """Wrap `session`; repeatable steps are retried up to `retries` times."""
        self._session = session
        self._retries = retries

    def plan(self) -> Plan:
        """Run the task `plan`."""
        return self._call(plan, self._session.plan)

    def parse(self, made: Plan) -> ParsedBatch | None:
        """Run the task `parse`."""
        return cast("ParsedBatch | None", parse(lambda: self._session.parse(made)))

    def embed(self, batch: ParsedBatch) -> EmbeddedBatch:
        """Run the task `embed`."""
        return self._call(embed, lambda: self._session.embed(batch), batch.number)

    def stage(self, batch: EmbeddedBatch) -> StagedBatch:
        """Run the task `stage`."""
        return self._call(stage, lambda: self._session.stage(batch), batch.parsed.number)

    def verify(self, batch: StagedBatch) -> VerifiedBatch:
        """Run the task `verify`."""
        number = batch.embedded.parsed.number
        return self._call(verify, lambda: self._session.verify(batch), number)

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
        name = wanted.name if batch is None else f"{wanted.name} batch {batch}"
        return cast("T", wanted.with_options(task_run_name=name, retries=self._retries)(step))
