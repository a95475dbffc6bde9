"""All that is ruled on one simple question by its candidates, in the order in which it is asked."""

from collections.abc import Sequence
from typing import Any

from config.settings import GateSettings
from query.calibrations import InForce
from query.gate import Ruling, rule
from query.gibberish import gibberish
from query.investigation import Rules
from query.judge import Judge
from query.leaving_open import leave_open
from query.outcome import refused
from query.passages import Passage
from query.question import Question
from query.retrieval import Retrieval
from query.settling import settle_rows
from query.tables import Around
from query.trusting import by_trust
from query.unspoken import without_unspoken


def rules_with(
    judge: Judge, gate: GateSettings, in_force: InForce, near: Around, dense: Any
) -> Rules:
    """Return the rules of one request.

    Args:
        judge: Says how likely the candidates hold the answer.
        gate: Thresholds where no calibration holds.
        in_force: The calibration that may hold.
        near: Brings the chunks beside one.
        dense: Compares words and questions; none where there is no encoder.
    """

    def rules(part: Question, passages: Sequence[Passage], found: Retrieval) -> Ruling:
        unread = gibberish(part.text, found, dense)
        if unread is not None:
            return refused(unread)
        bar = in_force.bar(gate, found.status)

        def ruled(those: Sequence[Passage]) -> Ruling:
            ruling = rule(part, those, found.legs, judge, gate, bar)
            settled = settle_rows(part, those, ruling, near)
            return leave_open(part, those, without_unspoken(part, those, settled, dense))

        return by_trust(passages, ruled, gate.low_trust)

    return rules
