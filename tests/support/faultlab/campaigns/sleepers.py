"""SIGSTOP: a writer sleeps past its lease, another one takes over, and the sleeper wakes up."""

import datetime as dt
from collections.abc import Iterable, Iterator, Sequence

from sqlalchemy import update

from indexing.failpoints import Failpoint
from indexing.ledger import tables
from indexing.ledger.database import now, open_ledger
from tests.support.faultlab.audit import look
from tests.support.faultlab.campaigns.kills import evenly, some_passings
from tests.support.faultlab.lab import Lab
from tests.support.faultlab.orders import Then, Trap
from tests.support.faultlab.rows import Row, row_of
from tests.support.faultlab.scene import Scene
from tests.support.faultlab.stages import Stage
from tests.support.faultlab.trial import Verdict
from tests.support.faultlab.workers import Outcome

HOLDING = frozenset({Failpoint.FENCED.value})
"""Where a sleeper has the shard in its hands, and nobody can take it away."""
UNSTOPPABLE = frozenset({Failpoint.SWITCHED.value, Failpoint.COLLECTING.value})
"""Inside a ledger transaction: nobody can take a lease over while the sleeper is in there."""
SHORT_TURN = {"store.turn_timeout_seconds": 0.3}


def expire_leases(scene: Scene) -> None:
    """Let every lease run out now, as if its holder had slept for so long."""
    ledger = open_ledger(None, scene.home)
    try:
        with ledger.write() as connection:
            past = now() - dt.timedelta(seconds=1)
            connection.execute(update(tables.lease).values(expires_at=past))
    finally:
        ledger.close()


def sleep_at(lab: Lab, stage: Stage, trap: Trap) -> Verdict:
    """Let the deed sleep at one passing while another run does it, and wake it up then."""
    problems: list[str] = []

    def disturb(scene: Scene) -> Iterator[Outcome]:
        holding = trap.point in HOLDING
        done = trap in stage.passings_after_the_last_write
        sleeps = Trap(trap.point, trap.nth, Then.FREEZE if holding else Then.STOP)
        sleeper = lab.start(stage.order(scene, sleeps))
        assert sleeper.stopped(), f"{sleeps} never sprang: {sleeper.said}"
        expire_leases(scene)
        settings = dict(stage.script.settings) | (SHORT_TURN if holding else {})
        other = lab.run(stage.order(scene, settings=settings))
        assert other.ended is not None
        if holding:
            if other.ended.error != "StoreBusyError":
                problems.append(f"beside a sleeper with the shard: {other.ended.error}")
        elif not other.ended.ok:
            problems.append(f"the other run: {other.ended.error}: {other.ended.message}")
        before = None if holding else look(scene)
        sleeper.resume()
        woken = sleeper.finish()
        yield other
        yield woken
        assert woken.ended is not None
        if woken.ended.ok and not done and woken.ended.state != "NothingToDo":
            problems.append(f"the sleeper ended as {woken.ended.state}")
        if before is not None and look(scene).history != before.history:
            problems.append("the sleeper changed what readers see")

    verdict = lab.hold(stage, f"asleep at {trap.point}:{trap.nth}", disturb, faults=2)
    verdict.problems += problems
    return verdict


def sleepers(lab: Lab, name: str, traps: Sequence[Trap]) -> Row:
    """Let a deed sleep at each of these passings."""
    stage = lab.stage(name)

    def verdicts() -> Iterable[Verdict]:
        for trap in (t for t in traps if t.point not in UNSTOPPABLE):
            yield sleep_at(lab, stage, trap)

    return row_of(f"SIGSTOP past the lease: {name}", verdicts())


def sleepers_somewhere(lab: Lab, name: str, each: int, most: int = 1000) -> Row:
    """Let a deed sleep at up to `each` passings of every failpoint, at `most` of them in all."""
    traps = [t for t in some_passings(lab.stage(name), each) if t.point not in UNSTOPPABLE]
    return sleepers(lab, name, evenly(traps, most))
