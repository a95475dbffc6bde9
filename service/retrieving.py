"""What the retrievers of other frameworks give: evidence with the verdict that it came with."""

from enum import StrEnum
from typing import Any

from config.errors import ConfigError
from query.decision import Evidence, GroundingDecision, SuggestedAction
from query.text.passages import blocks


class WhenRefused(StrEnum):
    """What a chain gets where the verdict does not allow an answer."""

    NOTHING = "nothing"
    """No document, so that a chain has nothing to make an answer from."""
    NEAREST = "nearest"
    """The nearest misses; whoever uses them has to look at the verdict in their metadata."""


def released(
    decision: GroundingDecision, when_refused: WhenRefused, most: int
) -> tuple[Evidence, ...]:
    """Return the evidence that a chain may have.

    Flagged pieces stand in a decision so that people see them; its verdict does not rest on them,
    and a chain would read them as what may be answered from.

    Args:
        decision: What the gate said.
        when_refused: What is given where it does not allow an answer.
        most: How many pieces at most.

    Raises:
        ConfigError: `most` is below 1.
    """
    if most < 1:
        raise ConfigError(f"{most} pieces of evidence are asked for; ask for 1 or more.")
    refused = decision.suggested_action is not SuggestedAction.ANSWER
    if refused and when_refused is WhenRefused.NOTHING:
        return ()
    if refused:
        return decision.evidence[:most]
    return tuple(item for item in decision.evidence if not blocks(item.flags))[:most]


def metadata_of(decision: GroundingDecision, item: Evidence) -> dict[str, Any]:
    """Return what goes with a piece of evidence: its place, and the decision it belongs to."""
    evidence = {name: value for name, value in item.to_json().items() if name != "quote"}
    return evidence | {
        "source": item.key,
        "request_id": decision.request_id,
        "status": decision.status.value,
        "verdict": decision.verdict.value if decision.verdict else None,
        "p_answerable": decision.p_answerable,
        "reasons": [reason.code.value for reason in decision.reasons],
        "suggested_action": decision.suggested_action.value,
        "generation": decision.generation,
        "epoch": decision.epoch,
    }
