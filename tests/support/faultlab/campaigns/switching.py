"""Promotions and rollbacks under readers: no error, no empty result, no mixed generation."""

from tests.support.faultlab.lab import Lab
from tests.support.faultlab.orders import Deed
from tests.support.faultlab.quiet import settle
from tests.support.faultlab.rows import Row
from tests.support.faultlab.stages import promoted
from tests.support.faultlab.trial import Verdict

READERS = 2


def switches(lab: Lab, times: int) -> Row:
    """Switch so often while processes of their own ask the query engine without a pause."""
    verdict = Verdict(f"{times} switches")
    with lab.scene() as scene:
        promoted(lab.zygote, scene)
        until = scene.root / "until"
        reading = scene.order(Deed.READ, options={"until": str(until)})
        readers = [lab.start(reading) for _ in range(READERS)]
        for reader in readers:
            reader.hear("started")
        writer = lab.start(scene.order(Deed.SWITCH, options={"times": times}))
        writer.hear("ended")
        until.touch()
        outcomes = [reader.finish() for reader in readers]
        done = writer.finish().ended
        facts = done.facts if done else {}
        if done is None or not done.ok:
            verdict.problems.append(f"the switches ended with {done and done.error}")
        reads = errors = empty = 0
        for outcome in outcomes:
            if outcome.ended is None or not outcome.ended.ok:
                verdict.problems.append(f"a reader ended with {outcome.ended}")
                continue
            seen = outcome.ended.facts
            reads, errors = reads + seen["reads"], errors + seen["errors"]
            empty += seen["empty"]
            if seen["generations"] < 2:
                verdict.problems.append("a reader saw only one generation")
        if errors or empty:
            verdict.problems.append(f"{errors} errors, {empty} empty results")
        settle(lab, scene, verdict)
    switched = facts.get("rollbacks", 0) + facts.get("promotions", 0)
    note = (
        f"{facts.get('promotions')} promotions, {facts.get('rollbacks')} rollbacks under {reads} "
        f"reads of {READERS} processes: {errors} errors, {empty} empty results"
    )
    return Row(
        "promotions and rollbacks under readers", switched,
        switched if not verdict.problems else 0, *counted(verdict), seconds=None, note=note,
        problems=verdict.problems,
    )  # fmt: skip


def counted(verdict: Verdict) -> tuple[int, int, int, int]:
    """The faults that were seen."""
    return verdict.missing, verdict.phantom, verdict.duplicate, verdict.mixed
