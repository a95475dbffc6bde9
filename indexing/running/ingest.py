"""The sequence of an ingest, once; a plain call or Prefect tasks carry out its steps."""

from typing import Protocol

from config.tracing import SpanName, span
from indexing.committing.batches import (
    CommittedBatch,
    EmbeddedBatch,
    ParsedBatch,
    StagedBatch,
    VerifiedBatch,
)
from indexing.planning.planned import Plan
from indexing.running.report import RunReport


class IngestSteps(Protocol):
    """The steps of one run; `indexing.running.session.IngestSession` has the real ones."""

    def plan(self) -> Plan:
        """List the sources and find out what changed."""
        ...

    def parse(self, plan: Plan) -> ParsedBatch | None:
        """Read, parse, clean and chunk the next batch; none when there is no more."""
        ...

    def embed(self, batch: ParsedBatch) -> EmbeddedBatch:
        """Find or compute a dense vector for every chunk."""
        ...

    def stage(self, batch: EmbeddedBatch) -> StagedBatch:
        """Write the points, invisible to every reader."""
        ...

    def verify(self, batch: StagedBatch) -> VerifiedBatch:
        """Count the points per document; unstage what does not add up."""
        ...

    def commit(self, batch: VerifiedBatch) -> CommittedBatch:
        """Make the batch visible, all of it at once."""
        ...

    def report(self, plan: Plan) -> RunReport:
        """Close the accounts."""
        ...


def run_ingest(steps: IngestSteps) -> RunReport:
    """Plan → parse in batches → embed → stage → verify → commit → report.

    Everything that can fail outside the index happens before the first write to it. A batch is
    visible entirely or not at all; what was committed before a failure stays committed.
    """
    with span(SpanName.INGEST):
        with span(SpanName.PLAN):
            plan = steps.plan()
        run_batches(steps, plan)
        return steps.report(plan)


def run_batches(steps: IngestSteps, plan: Plan) -> None:
    """Carry out a plan, batch by batch."""
    while (parsed := parse_next(steps, plan)) is not None:
        with span(SpanName.EMBED, batch=parsed.number):
            embedded = steps.embed(parsed)
        with span(SpanName.STAGE, batch=parsed.number):
            staged = steps.stage(embedded)
        with span(SpanName.VERIFY, batch=parsed.number):
            verified = steps.verify(staged)
        with span(SpanName.COMMIT, batch=parsed.number) as commit:
            committed = steps.commit(verified)
            commit.set_attribute("holdfast.chunks_embedded", committed.chunks_embedded)
            commit.set_attribute("holdfast.chunks_reused", committed.chunks_reused)
            if committed.epoch is not None:
                commit.set_attribute("holdfast.epoch", committed.epoch)


def parse_next(steps: IngestSteps, plan: Plan) -> ParsedBatch | None:
    """Take the next batch."""
    with span(SpanName.PARSE):
        return steps.parse(plan)
