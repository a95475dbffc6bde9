"""All that is ruled on one simple question by its candidates, in the order in which it is asked."""

from collections.abc import Sequence
from typing import Any

from config.settings import GateSettings
from query.ambiguity.leaving_open import leave_open
from query.ambiguity.openness import Opens, leave_open_if_likely
from query.asking.question import Question
from query.calibrating.calibrations import InForce
from query.decision import ReasonCode
from query.gate.investigation import Rules
from query.gate.kind_of_answer import without_kind_asked
from query.gate.parting import without_siblings
from query.gate.rules import refuse_if_not_together, rule
from query.gate.settling import settle_rows
from query.gate.trusting import by_trust
from query.judging.contrary import without_contrary
from query.judging.judge import Judge
from query.judging.other_subject import without_other_subject
from query.judging.unspoken import without_unspoken
from query.outcome import refused
from query.ruling import Ruling
from query.search.retrieval import Retrieval
from query.tables.tables import Around
from query.text.gibberish import gibberish
from query.text.passages import Passage


def rules_with(
    judge: Judge, gate: GateSettings, in_force: InForce, near: Around, words: Any, opens: Opens
) -> Rules:
    """Return the rules of one request.

    Args:
        judge: Says how likely the candidates hold the answer.
        gate: Thresholds where no calibration holds.
        in_force: The calibration that may hold.
        near: Brings the chunks beside one.
        words: Compares words and takes them to pieces, within its deadline.
        opens: Says how likely a question leaves open what it means.
    """

    def rules(part: Question, passages: Sequence[Passage], found: Retrieval) -> Ruling:
        if part.problem is not None and part.problem.code is ReasonCode.LANGUAGE:
            return refused(part.problem)  # one of several parts: the whole was not
        unread = gibberish(part.text, found, words)
        if unread is not None:
            return refused(unread)
        bar = in_force.bar(gate, found.status)

        def ruled(those: Sequence[Passage]) -> Ruling:
            return without_siblings(part, those, ruled_by, words)

        def ruled_by(those: Sequence[Passage]) -> Ruling:
            ruling = rule(part, those, found.legs, judge, gate, bar)
            settled = settle_rows(part, those, ruling, near)
            if not any(r.code is ReasonCode.DENSE_ENCODER_DOWN for r in found.reasons):
                settled = without_unspoken(part, those, settled, words)
            settled = refuse_if_not_together(settled)
            settled = without_contrary(part, those, settled)
            settled = without_other_subject(part, those, settled)
            settled = without_kind_asked(part, those, settled)
            if part.is_later_part:
                return settled  # what it means is what the first part means, or leaves open
            left = leave_open(part, those, settled)
            if not found.legs.dense:
                return left  # nothing tells how near things are
            return leave_open_if_likely(part, those, left, opens, gate.open_at)

        return by_trust(passages, ruled, gate.low_trust)

    return rules
