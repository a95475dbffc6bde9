"""The n-th write fails, for n = 1, 2, … until a run comes to its end without a failure."""

from collections.abc import Iterable, Iterator

from tests.support.faultlab.lab import Lab
from tests.support.faultlab.orders import FailingWrite, When, Writes
from tests.support.faultlab.rows import Row, row_of
from tests.support.faultlab.scene import Scene
from tests.support.faultlab.stages import Stage
from tests.support.faultlab.trial import Verdict
from tests.support.faultlab.workers import Outcome


def fail_once(lab: Lab, stage: Stage, failing: FailingWrite) -> tuple[Verdict, bool]:
    """Let one write fail; also says whether there was such a write at all."""
    struck = False

    def disturb(scene: Scene) -> Iterator[Outcome]:
        nonlocal struck
        outcome = lab.run(stage.order(scene, failing=failing))
        assert outcome.ended is not None, outcome.errors
        struck = outcome.ended.writes.get(failing.writes.value, 0) >= failing.nth
        yield outcome

    lasting = " and all later ones" if failing.lasting else ""
    what = f"{failing.writes.value} write {failing.nth}{lasting} fails {failing.when.value}"
    return lab.hold(stage, what, disturb), struck


def failing_writes(
    lab: Lab, name: str, writes: Writes, when: When, *, step: int = 1, lasting: bool = False
) -> Row:
    """Let the first write of a kind fail, then the one `step` later, until none is left."""
    stage = lab.stage(name)

    def verdicts() -> Iterable[Verdict]:
        nth = 1
        while True:
            verdict, struck = fail_once(lab, stage, FailingWrite(writes, nth, when, lasting))
            if not struck:
                return
            yield verdict
            nth += step

    lasts = ", for good" if lasting else ""
    effect = "without effect" if when is When.BEFORE else "after it took effect"
    return row_of(f"n-th {writes.value} write fails {effect}{lasts}: {name}", verdicts())
