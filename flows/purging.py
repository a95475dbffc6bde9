"""The flow purge: documents removed for good, after a person has seen which."""

from typing import Any
from uuid import UUID

from prefect import flow
from prefect.client.schemas.objects import State

from config.settings import Approval
from flows.approval import ask
from flows.artifacts import publish_facts
from flows.facts import purge_facts
from flows.home import current_call, opened_home, writing
from flows.markdown import code, table
from flows.parameters import PurgeParameters
from flows.states import Ending, ended_as, nothing_to_do, with_remark
from indexing.upkeep.purge import purge as remove_for_good
from indexing.upkeep.purge_targets import find_target


@flow(name="purge", flow_run_name="purge", validate_parameters=True)
def purge(params: PurgeParameters | None = None) -> State[Any]:
    """Remove documents for good from every generation, version, blob and log, and keep them out.

    It cannot be undone. Prefect's own database keeps what the form and older artifacts of ingests
    say about them; docs/operations.md tells what to delete there.

    Args:
        params: Which documents, and whether to be asked; the defaults purge nothing.
    """
    chosen = params or PurgeParameters()
    if not chosen.documents:
        return nothing_to_do("no document was named; nothing was changed")
    with opened_home() as corpus:
        named = [find_target(corpus, one, chosen.source) for one in chosen.documents]
    # Each once, as the form counts them: one may be named by its id and by its key.
    targets = list({target.document_id: target for target in named}.values())
    documents = [target.document_id for target in targets]
    if chosen.approval is Approval.MANUAL:
        decision = ask(purge_facts(targets), chosen.wait_hours)
        if decision.approved:
            return with_remark(purge_now(documents), decision.said)
        why = f"rejected{decision.because}" if decision.rejected else "nobody decided"
        remark = "" if decision.rejected else decision.said
        return ended_as(Ending.PURGE_REJECTED, f"{why}; nothing was changed{remark}")
    return purge_now(documents)


def purge_now(documents: list[UUID]) -> State[Any]:
    """Purge, and publish the numbers of the receipts; they name documents by their ids only."""
    settings, _ = current_call()
    # With a turn: while an ingest writes, a purge is refused, and what a person said is lost.
    with writing(settings), opened_home() as corpus:
        receipts = remove_for_good(corpus, documents)
    rows = [
        (
            code(receipt.document_id),
            "yes" if receipt.complete else "**no**",
            receipt.removed.versions,
            sum(receipt.removed.points_deleted.values()),
            receipt.removed.blobs_deleted,
        )
        for receipt in receipts
    ]
    lines = table(["document", "gone", "versions", "points", "blobs"], rows)
    publish_facts("purge", settings.store.collection, "Purge", {"documents": len(receipts)}, lines)
    left = sum(not receipt.complete for receipt in receipts)
    if left:
        message = f"something of {left} of {len(receipts)} documents is still there; run it again"
        return ended_as(Ending.PURGE_INCOMPLETE, message)
    return ended_as(Ending.PURGED, f"{len(receipts)} documents, looked through: nothing is left")
