"""The ingest flow: plan → parse in batches → embed → stage → verify → commit → report."""

from collections.abc import Mapping
from typing import Any

from prefect import flow
from prefect.client.schemas.objects import State

from config.settings import Settings
from flows.approval import ask
from flows.artifacts import ArtifactWatcher, publish_report
from flows.events import announce_changes, announce_ingest
from flows.facts import deletion_facts
from flows.home import current_call, opened_home, writing
from flows.parameters import Deletions, IngestParameters, Quarantined
from flows.states import Ending, ended_as, named_state, nothing_to_do, with_remark
from flows.steps import TaskSteps
from indexing.corpus import Corpus
from indexing.freshness import freshness_in
from indexing.ledger.documents import DocumentState, list_standings
from indexing.ledger.retries import let_retry
from indexing.planning.approval import withheld_now
from indexing.running.ingest import run_ingest
from indexing.running.report import RunReport, RunState
from indexing.running.session import IngestSession
from ingestion.sources.base import Source
from ingestion.sources.configured import ad_hoc_source, configured_sources


def choose_sources(settings: Settings, params: IngestParameters) -> list[Source]:
    """Return the sources the parameters name."""
    if params.path is not None:
        return [ad_hoc_source(settings, params.path, params.source_name)]
    return configured_sources(settings, params.sources)


@flow(name="ingest", flow_run_name="ingest", validate_parameters=True)
def ingest(params: IngestParameters | None = None) -> State[Any]:
    """Bring documents in: list the sources, read what changed, make it visible batch by batch.

    Each document is parsed in a child process with limits. A batch becomes visible entirely or
    not at all; what cannot be taken is quarantined with a reason, and the run goes on.

    Args:
        params: Which documents to bring in; the defaults take every configured source.
    """
    chosen = params or IngestParameters()
    settings, _ = current_call()
    with writing(settings), opened_home() as corpus:
        sources = choose_sources(settings, chosen)
        if chosen.quarantine is Quarantined.RETRY:
            retry_quarantined(corpus, sources)
        report = bring_in(corpus, sources)
    if report.state is RunState.DELETIONS_WITHHELD and chosen.deletions is Deletions.ASK:
        return decide_deletions(report, chosen)
    return named_state(report)


def bring_in(
    corpus: Corpus, sources: list[Source], ceilings: Mapping[str, int] | None = None
) -> RunReport:
    """Run the steps as tasks, and tell people and automations how it went."""
    settings, watcher = current_call()
    collection = settings.store.collection
    shown = ArtifactWatcher(collection, watcher)
    try:
        with IngestSession(
            corpus,
            sources,
            generation=corpus.writable(),
            runner="prefect",
            watcher=shown,
            ceilings=ceilings,
        ) as session:
            report = run_ingest(TaskSteps(session, settings.orchestration.task_retries))
    except BaseException:
        if shown.report is not None:
            announce_changes(shown.report, collection)
        raise
    publish_report(report, collection)
    announce_ingest(report, collection, freshness_in(corpus))
    return report


def decide_deletions(report: RunReport, chosen: IngestParameters) -> State[Any]:
    """Let a person decide about withheld deletions; a yes is a ceiling, not a licence.

    The sources are listed again, so what is deleted is what is gone by then, and no more of a
    source than the person saw. The comment is kept with the final state.
    """
    decision = ask(deletion_facts(report), chosen.wait_hours)
    if decision.rejected:
        message = f"{len(report.withheld)} deletions were rejected{decision.because}"
        return ended_as(Ending.DELETIONS_REJECTED, message)
    settled = delete_approved(report, chosen) if decision.approved else named_state(report)
    return with_remark(settled, decision.said)


def delete_approved(report: RunReport, chosen: IngestParameters) -> State[Any]:
    """List the sources of withheld deletions again, and delete no more than a person saw."""
    seen = {name: count for name, count in report.withheld_by_source.items() if count}
    settings, _ = current_call()
    with writing(settings), opened_home() as corpus:
        generation = corpus.writable()
        still = withheld_now(corpus.ledger, generation.name, list(seen))
        allowed = {name: min(count, seen[name]) for name, count in still.items()}
        if not allowed:
            return nothing_to_do("another run settled the deletions meanwhile; nothing was deleted")
        sources = [s for s in choose_sources(settings, chosen) if s.name in allowed]
        return named_state(bring_in(corpus, sources, allowed))


def retry_quarantined(corpus: Corpus, sources: list[Source]) -> None:
    """Let this run try quarantined documents of its sources again."""
    live = corpus.live()
    if live is None:
        return
    for source in sources:
        standings = list_standings(corpus.ledger, live.name, source.name)
        refused = [s.document_id for s in standings if s.state is DocumentState.QUARANTINED]
        let_retry(corpus.ledger, live.name, refused)
