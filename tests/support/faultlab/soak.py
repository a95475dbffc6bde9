"""The soak: for minutes on end, seeded chance mixes deeds and faults on one home.

At every quiet point (nothing runs, and one clean ingest is done) every invariant is checked: the
index shows what the folder holds, nothing is missing, doubled or mixed, `verify` finds nothing.
"""

import random
import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.support.faultlab.campaigns.behind import DAMAGES
from tests.support.faultlab.campaigns.clock import OFF
from tests.support.faultlab.campaigns.sleepers import expire_leases
from tests.support.faultlab.lab import Lab
from tests.support.faultlab.orders import (
    Deed,
    FailingWrite,
    Order,
    Then,
    Trap,
    When,
    Writes,
)
from tests.support.faultlab.quiet import complaints_of, settle
from tests.support.faultlab.scene import Scene, passage
from tests.support.faultlab.stages import GREEDY
from tests.support.faultlab.trial import Verdict
from tests.support.faultlab.workers import Outcome

MOST_DOCUMENTS = 24
EDITS = 5
"""Edits of the folder before each deed, at most."""
ROUNDS = 6
"""Deeds between two quiet points, at most."""
SIZES = (24, 40, 56)
"""Chunk sizes that a reindex chooses from."""
EXPECTED = frozenset({
    "WriterBusyError", "LeaseLostError", "PromotionError", "StoreUnavailableError",
    "LedgerUnavailableError", "IngestError", "StoreCorruptError", "LedgerError",
})  # fmt: skip
"""How a disturbed deed may end; a quiet one may not."""
POINTS = (
    "started", "listed", "blob_written", "blob_kept", "parsed", "embedded", "cleared", "allocated",
    "upserting", "staged", "verified", "synced", "closing", "closed", "committed", "built", "gated",
    "switched", "promoted", "horizon_raised", "collecting", "mending", "deleting", "created",
)  # fmt: skip


@dataclass
class Soak:
    """One home in its laboratory, and what was done to it."""

    lab: Lab
    scene: Scene
    chance: random.Random
    done: Counter[str] = field(default_factory=Counter)
    trace: list[str] = field(default_factory=list)
    """What happened since the last quiet point."""
    problems: list[str] = field(default_factory=list)
    seen: tuple[int, int, int, int] = (0, 0, 0, 0)
    number: int = 0

    def run(self, seconds: float) -> None:
        """Go on until the time is over or something is wrong."""
        ends = time.monotonic() + seconds
        while time.monotonic() < ends and not self.problems:
            for _ in range(self.chance.randint(1, ROUNDS)):
                self.edit()
                self.act()
            self.be_quiet()

    def edit(self) -> None:
        """Write, change, move, copy and delete some documents."""
        for _ in range(self.chance.randint(0, EDITS)):
            keys = sorted(
                p.relative_to(self.scene.folder).as_posix()
                for p in self.scene.folder.rglob("*") if p.is_file()
            )  # fmt: skip
            self.number += 1
            what = self.chance.choice(["write", "write", "change", "change", "move", "delete"])
            if len(keys) > MOST_DOCUMENTS:
                what = "delete"
            if not keys or what == "write":
                self._write(f"part{self.number % 3}/doc{self.number}.txt")
            elif what == "change":
                self._write(self.chance.choice(keys))
            elif what == "move":
                self.scene.move(self.chance.choice(keys), f"moved/doc{self.number}.txt")
            else:
                self.scene.remove(self.chance.choice(keys))

    def act(self) -> None:
        """Let one deed meet one fault, or none."""
        name = self.chance.choice(sorted(ACTS))
        self.trace.append(name)
        self.done[name] += 1
        ACTS[name](self)

    def be_quiet(self) -> None:
        """Repair, ingest, and check everything."""
        verdict = Verdict("quiet")
        repaired = self.lab.run(self.order(Deed.REPAIR))
        if repaired.ended is None or (repaired.ended.error or "") == "StoreCorruptError":
            verdict.problems += complaints_of(repaired)
        settle(self.lab, self.scene, verdict)
        self.done["quiet points"] += 1
        self.seen = tuple(  # type: ignore[assignment]
            a + b for a, b in zip(
                self.seen,
                (verdict.missing, verdict.phantom, verdict.duplicate, verdict.mixed),
                strict=True,
            )
        )  # fmt: skip
        self.problems += verdict.problems
        if not self.problems:
            self.trace.clear()

    def order(self, deed: Deed, *traps: Trap, **fields: Any) -> Order:
        """An order with options that fit the deed."""
        options: dict[str, Any] = {}
        if deed is Deed.REINDEX:
            options["overrides"] = {"chunking.max_tokens": self.chance.choice(SIZES)}
        if deed is Deed.INGEST and self.chance.random() < 0.5:
            options["approve"] = True
        settings = GREEDY if deed is Deed.GC and self.chance.random() < 0.5 else {}
        return self.scene.order(
            deed, *traps, **{"options": options, "settings": dict(settings)} | fields
        )

    def any_deed(self) -> Deed:
        """Mostly an ingest."""
        others = [Deed.REINDEX, Deed.ROLLBACK, Deed.GC, Deed.REPAIR, Deed.PROMOTE]
        return Deed.INGEST if self.chance.random() < 0.6 else self.chance.choice(others)

    def any_trap(self, then: Then = Then.KILL) -> Trap:
        """Some failpoint, rather early than late."""
        return Trap(self.chance.choice(POINTS), 1 + int(self.chance.expovariate(0.7)), then)

    def judge(self, outcome: Outcome) -> None:
        """Judge a disturbed deed: a typed error is fine, anything else is not."""
        self.problems += complaints_of(outcome, EXPECTED)

    def _write(self, key: str) -> None:
        parts = range(self.chance.randint(1, 4))
        state = f"{self.chance.randrange(1000)}th"
        self.scene.write(key, *(passage(self.number, part, state) for part in parts))


def calm(soak: Soak) -> None:
    """A deed that nothing disturbs, after faults that nothing has mended yet."""
    soak.judge(soak.lab.run(soak.order(soak.any_deed())))


def killed(soak: Soak) -> None:
    """A deed that is killed at a failpoint."""
    soak.judge(soak.lab.run(soak.order(soak.any_deed(), soak.any_trap())))


def killed_anywhere(soak: Soak) -> None:
    """A deed that is killed at any moment."""
    child = soak.lab.start(soak.order(soak.any_deed()))
    child.hear("started")
    time.sleep(soak.chance.uniform(0, 0.4))  # not to wait for something, but to strike anywhere
    child.kill()
    soak.judge(child.finish())


def failing(soak: Soak) -> None:
    """A deed one of whose writes fails, and perhaps all later ones."""
    fails = FailingWrite(
        soak.chance.choice(list(Writes)),
        soak.chance.randint(1, 40),
        soak.chance.choice(list(When)),
        soak.chance.random() < 0.3,
    )
    soak.judge(soak.lab.run(soak.order(soak.any_deed(), failing=fails)))


def wrong_clock(soak: Soak) -> None:
    """A deed with a clock that is wrong by hours or years."""
    # Not garbage: by a clock that is ten years ahead, everything has been kept long enough.
    soak.judge(soak.lab.run(soak.order(Deed.INGEST, clock=soak.chance.choice(OFF))))


def company(soak: Soak) -> None:
    """Two to four deeds at once."""
    deeds = [soak.any_deed() for _ in range(soak.chance.randint(2, 4))]
    children = [soak.lab.start(soak.order(deed, gated=True)) for deed in deeds]
    for child in children:
        child.hear("ready")
    for child in children:
        child.go_on()
    for child in children:
        soak.judge(child.finish())


def sleeper(soak: Soak) -> None:
    """A run that sleeps past its lease while another one works."""
    child = soak.lab.start(soak.order(Deed.INGEST, soak.any_trap(Then.STOP)))
    if child.stopped():
        expire_leases(soak.scene)
        soak.edit()
        soak.judge(soak.lab.run(soak.order(Deed.INGEST)))
        child.resume()
    soak.judge(child.finish())


def damage(soak: Soak) -> None:
    """Damage behind Holdfast's back, and the repair."""
    # Whatever was interrupted ends first, so that there is an index to damage.
    soak.lab.run(soak.order(Deed.REPAIR))
    ended = soak.lab.run(soak.order(Deed.INGEST, options={"approve": True})).ended
    if ended is None or not ended.ok or ended.state == "NothingToIndex":
        return
    what = soak.chance.choice(sorted(DAMAGES))
    soak.trace.append(what)
    try:
        DAMAGES[what](soak.scene)
    except ValueError:  # fewer points than were to be damaged
        return
    soak.judge(soak.lab.run(soak.order(Deed.REPAIR)))


def purge(soak: Soak) -> None:
    """Purge a document that has left the folder."""
    keys = sorted(p for p in soak.scene.folder.rglob("*") if p.is_file())
    if not keys:
        return
    soak.lab.run(soak.order(Deed.REPAIR))
    soak.lab.run(soak.order(Deed.INGEST, options={"approve": True}))
    path = soak.chance.choice(keys)
    key = path.relative_to(soak.scene.folder).as_posix()
    path.unlink()
    traps = [soak.any_trap()] if soak.chance.random() < 0.3 else []
    for trap in (*traps, None):
        order = soak.order(Deed.PURGE, *([trap] if trap else []), options={"key": key})
        soak.judge(soak.lab.run(order))


ACTS: Mapping[str, Callable[[Soak], None]] = {
    "calm deed": calm,
    "kill -9 at a failpoint": killed,
    "kill -9 at random": killed_anywhere,
    "failing write": failing,
    "wrong clock": wrong_clock,
    "several at once": company,
    "SIGSTOP past the lease": sleeper,
    "damage and repair": damage,
    "purge": purge,
}


def soak(lab: Lab, seconds: float) -> Soak:
    """Soak a new home for so long."""
    with lab.scene() as scene:
        soaked = Soak(lab, scene, lab.chance("soak"))
        soaked.run(seconds)
        return soaked
