"""Several runs on one home at once: one writes at a time, the others say why they do not."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from tests.support.faultlab.lab import Lab
from tests.support.faultlab.orders import Deed
from tests.support.faultlab.quiet import complaints_of, settle
from tests.support.faultlab.rows import Row, row_of
from tests.support.faultlab.scene import first_state, second_state
from tests.support.faultlab.stages import GREEDY
from tests.support.faultlab.trial import Verdict

LOSES_WITH = frozenset({"WriterBusyError", "LeaseLostError", "PromotionError"})
"""How a run may say that another one came first."""
COMPANIES: Mapping[str, Sequence[Deed]] = {
    "2 ingests": (Deed.INGEST, Deed.INGEST),
    "4 ingests": (Deed.INGEST,) * 4,
    "ingest and reindex": (Deed.INGEST, Deed.REINDEX),
    "ingest and gc": (Deed.INGEST, Deed.GC),
    "ingest, reindex and gc": (Deed.INGEST, Deed.REINDEX, Deed.GC),
    "ingest and repair": (Deed.INGEST, Deed.REPAIR),
    "ingest and rollback": (Deed.INGEST, Deed.ROLLBACK),
    "rollback and gc": (Deed.ROLLBACK, Deed.GC),
}
"""Deeds that are started at the same moment."""


def meet(lab: Lab, company: str, round_: int) -> Verdict:
    """Let several deeds begin at once on a home that has changes to bring in."""
    verdict = Verdict(f"{company}, round {round_}")
    deeds = COMPANIES[company]
    settings: dict[str, Any] = {"promotion.wait_seconds": 20, **GREEDY, "promotion.soak_hours": 1}
    with lab.scene() as scene:
        first_state(scene)
        if round_ % 2 or Deed.ROLLBACK in deeds or Deed.REINDEX in deeds:
            # Every other round begins on an empty home, where that can go well.
            lab.run(scene.order(Deed.INGEST, settings=settings))
            if Deed.ROLLBACK in deeds:
                lab.run(scene.order(Deed.REINDEX, settings=settings))
            second_state(scene)
        children = [lab.start(scene.order(deed, settings=settings, gated=True)) for deed in deeds]
        for child in children:
            child.hear("ready")
        for child in children:
            child.go_on()
        outcomes = [child.finish() for child in children]
        for deed, outcome in zip(deeds, outcomes, strict=True):
            verdict.problems += [f"{deed}: {c}" for c in complaints_of(outcome, LOSES_WITH)]
        ingests = [o for d, o in zip(deeds, outcomes, strict=True) if d is Deed.INGEST]
        if len(ingests) == len(deeds) and not any(o.ended and o.ended.ok for o in ingests):
            verdict.problems.append("nobody wrote")
        settle(lab, scene, verdict, **settings)
    return verdict


def meetings(lab: Lab, company: str, rounds: int) -> Row:
    """Let them meet so often."""

    def verdicts() -> Iterable[Verdict]:
        for round_ in range(rounds):
            yield meet(lab, company, round_)

    return row_of(f"at once: {company}", verdicts())
