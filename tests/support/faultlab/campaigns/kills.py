"""kill -9: at every passing of every failpoint, at random moments, and again while recovering."""

import random
import time
from collections.abc import Iterable, Iterator, Sequence

from indexing.failpoints import Failpoint
from tests.support.faultlab.lab import Lab
from tests.support.faultlab.orders import Trap
from tests.support.faultlab.rows import Row, row_of
from tests.support.faultlab.scene import Scene
from tests.support.faultlab.stages import Stage
from tests.support.faultlab.trial import Verdict
from tests.support.faultlab.workers import Outcome

DEEP = 3
WHILE_CLEARING = (Failpoint.CLEARED, Failpoint.DELETING, Failpoint.CLOSING, Failpoint.FENCED)
"""Boundaries that a recovery passes and an undisturbed run does not, or not so early."""


def kill_at(lab: Lab, stage: Stage, trap: Trap) -> Verdict:
    """Kill the deed at one passing."""

    def disturb(scene: Scene) -> Iterator[Outcome]:
        outcome = lab.run(stage.order(scene, trap))
        assert outcome.killed, f"{trap} never sprang: {outcome}"
        yield outcome

    return lab.hold(stage, f"kill at {trap.point}:{trap.nth}", disturb)


def some_passings(stage: Stage, each: int) -> list[Trap]:
    """The first, the last, and what lies evenly between, up to `each` passings per failpoint."""
    chosen = []
    for point in dict.fromkeys(trap.point for trap in stage.passings):
        mine = [trap for trap in stage.passings if trap.point == point]
        steps = max(1, min(each, len(mine)) - 1)
        places = {round(step * (len(mine) - 1) / steps) for step in range(steps + 1)}
        chosen += [mine[place] for place in sorted(places)[:each]]
    return chosen


def kills_everywhere(lab: Lab, name: str, traps: Sequence[Trap] | None = None) -> Row:
    """Kill at every passing of every failpoint, or at those given."""
    stage = lab.stage(name)
    points = stage.passings if traps is None else traps
    return row_of(f"kill -9 at every boundary: {name}", [kill_at(lab, stage, t) for t in points])


def evenly(traps: Sequence[Trap], most: int) -> list[Trap]:
    """Choose at most so many traps that lie evenly."""
    if len(traps) <= most:
        return list(traps)
    return [traps[place * (len(traps) - 1) // (most - 1)] for place in range(most)]


def kills_somewhere(lab: Lab, name: str, most: int) -> Row:
    """Kill once at as many failpoints, at most."""
    return kills_everywhere(lab, name, evenly(some_passings(lab.stage(name), 1), most))


def random_kills(lab: Lab, name: str, count: int) -> Row:
    """Kill at moments that are left to chance, from the start of the deed to its end."""
    stage = lab.stage(name)
    assert stage.calm.ended is not None
    longest = stage.calm.ended.seconds

    def disturb(scene: Scene, after: float) -> Iterator[Outcome]:
        child = lab.start(stage.order(scene))
        child.hear("started")
        time.sleep(after)  # not to wait for something, but to strike anywhere
        child.kill()
        yield child.finish()

    def verdicts() -> Iterable[Verdict]:
        chance = lab.chance("random kills", name)
        for _ in range(count):
            after = chance.uniform(0.0, longest)
            yield lab.hold(stage, f"kill after {after:.3f} s", lambda s, a=after: disturb(s, a))

    return row_of(f"kill -9 at random: {name}", verdicts())


def compound_kills(lab: Lab, name: str, count: int) -> Row:
    """Kill the deed, then its rerun, and then the rerun of that: three deep."""
    stage = lab.stage(name)

    def disturb(scene: Scene, traps: Sequence[Trap]) -> Iterator[Outcome]:
        for depth, trap in enumerate(traps):
            order = stage.order(scene, trap) if depth == 0 else stage.rerun(scene, trap)
            outcome = lab.run(order)
            yield outcome
            if not outcome.killed:
                return

    def verdicts() -> Iterable[Verdict]:
        chance = lab.chance("compound", name)
        for _ in range(count):
            traps = choose(stage, chance)
            what = "kill at " + ", then ".join(f"{t.point}:{t.nth}" for t in traps)
            yield lab.hold(stage, what, lambda s, t=traps: disturb(s, t), faults=DEEP)

    return row_of(f"kill -9 three deep: {name}", verdicts())


def choose(stage: Stage, chance: random.Random) -> list[Trap]:
    """Where to kill the deed and its reruns; the second one early, while it clears up."""
    first = chance.choice(stage.passings)
    clearing = [Trap(point.value, nth) for point in WHILE_CLEARING for nth in (1, 2)]
    return [first, chance.choice(clearing), chance.choice(stage.passings)]
