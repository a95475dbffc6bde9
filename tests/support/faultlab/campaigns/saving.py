"""Backup and restore, killed at random: the next one is whole, and what is restored is the same."""

import time
from collections.abc import Iterable

from tests.support.faultlab.audit import look
from tests.support.faultlab.lab import Lab
from tests.support.faultlab.orders import Deed, Order
from tests.support.faultlab.quiet import complaints_of, judge
from tests.support.faultlab.rows import Row, row_of
from tests.support.faultlab.scene import Scene
from tests.support.faultlab.state import differences
from tests.support.faultlab.trial import Verdict

SLACK = 1.2
"""A killed run gets up to so many times what a calm one takes, so that the end is hit as well."""


def killed_backups(lab: Lab, count: int) -> Row:
    """Kill a backup at random, back up again beside it, and restore that."""

    def verdicts() -> Iterable[Verdict]:
        chance = lab.chance("backup")
        for number in range(count):
            yield saved(lab, f"backup killed, {number}", Deed.BACKUP, chance.random())

    return row_of("kill -9 at random: backup", verdicts())


def killed_restores(lab: Lab, count: int) -> Row:
    """Kill a restore at random, and restore again into the same home."""

    def verdicts() -> Iterable[Verdict]:
        chance = lab.chance("restore")
        for number in range(count):
            yield saved(lab, f"restore killed, {number}", Deed.RESTORE, chance.random())

    return row_of("kill -9 at random: restore", verdicts())


def saved(lab: Lab, what: str, killed: Deed, moment: float) -> Verdict:
    """Back up and restore; one of the two is killed on its way, and done once more."""
    verdict = Verdict(what)
    with lab.scene(lab.stage("gc")) as scene, lab.scene() as other:
        before = look(scene)
        places = [str(scene.root / name) for name in ("backup", "again")]
        backup = scene.order(Deed.BACKUP, options={"backup": places[0]})
        if killed is Deed.BACKUP:
            kill_on_its_way(lab, backup, moment)
            backup = scene.order(Deed.BACKUP, options={"backup": places[1]})
        made = lab.run(backup)
        verdict.problems += complaints_of(made)
        restore = other.order(Deed.RESTORE, options=dict(backup.options))
        if killed is Deed.RESTORE:
            kill_on_its_way(lab, restore, moment)
        started = time.monotonic()
        restored = lab.run(restore)
        verdict.seconds = time.monotonic() - started
        whole = restored.ended is not None and "is not empty" in restored.ended.message
        if not (killed is Deed.RESTORE and whole):  # it had come to its end before the kill
            verdict.problems += complaints_of(restored)
        after = look(other)
        judge(Scene(scene.root), after, verdict)
        verdict.problems += differences(after.state, before.state)[:5]
        if after.history != before.history:
            verdict.problems.append("an epoch that could be read shows something else")
        if differences(look(scene).state, before.state):
            verdict.problems.append("the backup changed what it backed up")
    return verdict


def kill_on_its_way(lab: Lab, order: Order, moment: float) -> None:
    """Start an order and kill it after a share of what it takes."""
    child = lab.start(order)
    child.hear("started")
    time.sleep(moment * TAKES[order.deed] * SLACK)  # not to wait for something, but to strike
    child.kill()
    child.finish()


TAKES = {Deed.BACKUP: 0.3, Deed.RESTORE: 0.5}
"""About what a calm one takes, in seconds."""
