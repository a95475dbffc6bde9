"""The laboratory: a zygote, a place in memory, stages that are set once, and seeded chance."""

import random
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path

from tests.support.faultlab.orders import Order
from tests.support.faultlab.scene import Scene, workplace
from tests.support.faultlab.stages import SCRIPTS, Stage, set_stage
from tests.support.faultlab.trial import Disturb, Verdict, hold_trial
from tests.support.faultlab.workers import Child, Outcome, Zygote


class Lab:
    """Where campaigns are carried out."""

    def __init__(self, zygote: Zygote, work: Path, seed: int = 1) -> None:
        """Work in the folder `work`; `seed` decides everything that is left to chance."""
        self.zygote = zygote
        self.work = work
        self.seed = seed
        self._stages: dict[str, Stage] = {}
        self._numbers = count(1)

    def stage(self, name: str) -> Stage:
        """A stage by the name of its script, set when it is first asked for."""
        if name not in self._stages:
            self._stages[name] = set_stage(self.zygote, SCRIPTS[name], self.work)
        return self._stages[name]

    def place(self) -> Path:
        """A place that does not exist yet."""
        return self.work / f"trial{next(self._numbers)}"

    @contextmanager
    def scene(self, stage: Stage | None = None) -> Iterator[Scene]:
        """An empty scene, or a copy of a stage's; it is gone afterwards."""
        scene = Scene(self.place())
        if stage is None:
            scene.folder.mkdir(parents=True)
        else:
            scene = stage.base.copy(scene.root)
        try:
            yield scene
        finally:
            scene.discard()

    def hold(self, stage: Stage, what: str, disturb: Disturb, *, faults: int = 1) -> Verdict:
        """Hold one trial; each of `faults` may cost one batch of encoding."""
        with self.scene(stage) as scene:
            return hold_trial(self.zygote, stage, what, disturb, scene, faults)

    def chance(self, *about: object) -> random.Random:
        """A source of chance for one purpose, the same for the same seed."""
        return random.Random(f"{self.seed} {' '.join(map(str, about))}")

    def run(self, order: Order) -> Outcome:
        """Run an order to its end."""
        return self.zygote.run(order)

    def start(self, order: Order) -> Child:
        """Start an order."""
        return self.zygote.start(order)


@contextmanager
def open_lab(seed: int = 1) -> Iterator[Lab]:
    """Have a laboratory for a block."""
    with Zygote() as zygote, workplace() as work:
        yield Lab(zygote, work, seed)
