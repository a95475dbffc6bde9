"""A person's no to a generation that passed its gates: it is marked, and never promoted."""

from uuid import uuid4

from indexing.corpus import Corpus
from indexing.errors import PromotionError
from indexing.generations.gates import GateOutcome, GateResult
from indexing.ledger.generations import GenerationState, find_generation, set_state
from indexing.ledger.leases import HeldLease

PERSON = "person"
"""What the decision is called among the gates' results."""


def reject(corpus: Corpus, name: str, comment: str = "") -> None:
    """Mark a generation that waits for a decision as rejected.

    The next reindex with the same settings builds a new one; `holdfast gc` drops this one after
    the soak time.

    Args:
        corpus: The home.
        name: The generation.
        comment: Why; kept with the results of its gates.

    Raises:
        PromotionError: It does not wait for a decision any more.
        WriterBusyError: A run works on it right now.
    """
    seconds = corpus.settings.guards.lease_seconds
    with HeldLease(corpus.ledger, name, f"reject-{uuid4().hex[:24]}", seconds) as lease:
        generation = find_generation(corpus.ledger, name)
        if generation is None or generation.state is not GenerationState.READY:
            state = generation.state.value if generation else "unknown"
            raise PromotionError(
                f"{name} is {state}: only a generation that waits for a decision can be rejected. "
                "Nothing was changed."
            )
        detail = f"rejected: {comment}" if comment else "rejected"
        decision = GateResult(PERSON, GateOutcome.FAILED, detail).to_json()
        gates = [*(generation.gates or ()), decision]
        set_state(corpus.ledger, name, GenerationState.REJECTED, gates, lease.token)
