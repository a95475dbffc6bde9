"""Stages: a home made ready, the deed that is to be disturbed, and what has to come out of it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from indexing.failpoints import Failpoint
from tests.support.faultlab.audit import Audit, look
from tests.support.faultlab.damage import (
    add_phantoms,
    garble_payloads,
    lose_points,
    lose_texts,
    set_wrong_ends,
)
from tests.support.faultlab.orders import Deed, Order, Trap
from tests.support.faultlab.scene import Scene, first_state, second_state
from tests.support.faultlab.workers import Outcome, Zygote
from tests.support.traces import traces_in

GREEDY = {
    "retention.history_days": 0,
    "retention.history_epochs": 1,
    "promotion.soak_hours": 0,
}
"""Settings under which nearly everything that is not live is garbage."""


PURGED_KEY = "part1/doc1.txt"
PURGED_WORDS = "Document 1 says"
LAST_WRITES = frozenset({Failpoint.COMMITTED, Failpoint.PROMOTED})
"""Right after these, a run that does nothing more is done."""


@dataclass(frozen=True)
class Script:
    """What is done on a stage."""

    name: str
    prepare: Callable[[Zygote, Scene], None]
    deed: Deed
    options: Mapping[str, Any] = field(default_factory=dict)
    settings: Mapping[str, Any] = field(default_factory=dict)
    at_once: bool = False
    """Whether a reader sees all of the change at once, or it comes batch by batch."""
    again: Mapping[str, Any] | None = None
    """Options of the rerun where they are others."""
    refusals: frozenset[str] = frozenset()
    """Errors with which a rerun may say that all was done already."""
    tidy: bool = False
    """Whether nothing may be left over that readers do not see either."""
    damaged: bool = False
    """Whether readers may see faults until the deed is done: it mends them, or it takes a document
    apart that nobody is to see again."""
    also: Callable[[Scene], Sequence[str]] = lambda _: ()
    """Says what else is not as it has to be once the deed is done."""


@dataclass(frozen=True)
class Stage:
    """A script, made ready once: copies of its home are disturbed."""

    script: Script
    base: Scene
    before: Audit
    after: Audit
    calm: Outcome
    """The deed as nobody disturbed it."""
    blobs: frozenset[str]
    """Names of the blobs that are there at the end."""

    def order(self, scene: Scene, *traps: Trap, **fields: Any) -> Order:
        """The deed, to be disturbed."""
        script = self.script
        return scene.order(
            script.deed,
            *traps,
            options=script.options,
            **{"settings": dict(script.settings)} | fields,
        )

    def rerun(self, scene: Scene, *traps: Trap) -> Order:
        """The deed once more."""
        script = self.script
        options = script.options if script.again is None else script.again
        return scene.order(script.deed, *traps, options=options, settings=dict(script.settings))

    @property
    def passings(self) -> list[Trap]:
        """A trap for every passing of every failpoint, in their order."""
        assert self.calm.ended is not None
        return traps_of(self.calm.ended.passed)

    @property
    def passings_after_the_last_write(self) -> list[Trap]:
        """Where everything is done that a run would have to prove its lease for."""
        traps = self.passings
        last = max(place for place, trap in enumerate(traps) if trap.point in LAST_WRITES)
        return traps[last:]

    @property
    def largest_batch(self) -> int:
        """The most texts that one call to the encoder took."""
        return max(self.calm.encoded_calls, default=0)


def traps_of(passed: tuple[str, ...]) -> list[Trap]:
    """Name every passing by its failpoint and its number."""
    seen: dict[str, int] = {}
    made = []
    for point in passed:
        seen[point] = seen.get(point, 0) + 1
        made.append(Trap(point, seen[point]))
    return made


def carried_out(zygote: Zygote, order: Order) -> Outcome:
    """Run an order that has to go well."""
    outcome = zygote.run(order)
    assert outcome.ended is not None, outcome
    assert outcome.ended.ok, (outcome.ended, outcome.errors)
    return outcome


def indexed_twice(zygote: Zygote, scene: Scene) -> None:
    """Both states, one after the other."""
    first_state(scene)
    carried_out(zygote, scene.order(Deed.INGEST))
    second_state(scene)
    carried_out(zygote, scene.order(Deed.INGEST))


def nothing_yet(_zygote: Zygote, scene: Scene) -> None:
    """Documents, and no home."""
    first_state(scene)


def changed(zygote: Zygote, scene: Scene) -> None:
    """The first state indexed, the second one to come."""
    first_state(scene)
    carried_out(zygote, scene.order(Deed.INGEST))
    second_state(scene)


def waiting(zygote: Zygote, scene: Scene) -> None:
    """A generation waits for its promotion, and the live one has gone on since."""
    first_state(scene)
    carried_out(zygote, scene.order(Deed.INGEST))
    carried_out(zygote, scene.order(Deed.REINDEX, options={"approval": "manual"}))
    second_state(scene)
    carried_out(zygote, scene.order(Deed.INGEST))


def promoted(zygote: Zygote, scene: Scene) -> None:
    """A second generation is live; the first one is kept, and was left behind since."""
    first_state(scene)
    carried_out(zygote, scene.order(Deed.INGEST))
    carried_out(zygote, scene.order(Deed.REINDEX))
    second_state(scene)
    carried_out(zygote, scene.order(Deed.INGEST))


def littered(zygote: Zygote, scene: Scene) -> None:
    """Old versions, a generation that was replaced, and blobs of both."""
    indexed_twice(zygote, scene)
    carried_out(zygote, scene.order(Deed.REINDEX))
    scene.write("part0/doc0.txt", "A third state.")
    carried_out(zygote, scene.order(Deed.INGEST))


def traces_left(scene: Scene) -> list[str]:
    """Where in the home the words or the key of the purged document are found."""
    return [f"left: {place}" for place in traces_in(scene.home, (PURGED_KEY, PURGED_WORDS))]


def harmed(zygote: Zygote, scene: Scene) -> None:
    """Points lost, garbled, closed and added; texts lost."""
    indexed_twice(zygote, scene)
    lose_points(scene, 0.4)
    set_wrong_ends(scene, 4)
    garble_payloads(scene, 3)
    add_phantoms(scene, 2)
    lose_texts(scene, 2)


SCRIPTS: Mapping[str, Script] = {
    script.name: script
    for script in (
        Script("first ingest", nothing_yet, Deed.INGEST),
        Script("update", changed, Deed.INGEST),
        Script("reindex", indexed_twice, Deed.REINDEX, at_once=True),
        Script(
            "promotion", waiting, Deed.PROMOTE, at_once=True,
            refusals=frozenset({"PromotionError"}),
        ),
        Script(
            "rollback", promoted, Deed.ROLLBACK, at_once=True, again={"to": "holdfast__g1"},
            refusals=frozenset({"PromotionError"}),
        ),
        Script("gc", littered, Deed.GC, settings=GREEDY, tidy=True),
        Script("repair", harmed, Deed.REPAIR, damaged=True),
        Script(
            "purge", littered, Deed.PURGE, {"key": PURGED_KEY}, damaged=True, also=traces_left,
        ),
    )
}  # fmt: skip


def set_stage(zygote: Zygote, script: Script, work: Path) -> Stage:
    """Make a home ready, and carry the deed out on a copy without a fault."""
    slug = script.name.replace(" ", "-")
    base = Scene(work / f"{slug}-base")
    base.folder.mkdir(parents=True)
    script.prepare(zygote, base)
    before = look(base) if base.home.exists() else Audit()
    calm = base.copy(work / f"{slug}-calm")
    order = calm.order(script.deed, options=script.options, settings=dict(script.settings))
    outcome = carried_out(zygote, order)
    after = look(calm)
    blobs = blobs_of(calm)
    assert after.faults == (0, 0, 0, 0), after
    assert not after.complaints, after.complaints
    assert not after.verified, after.verified
    assert not script.also(calm), script.also(calm)
    calm.discard()
    return Stage(script, base, before, after, outcome, blobs)


def blobs_of(scene: Scene) -> frozenset[str]:
    """Names of all files among the blobs."""
    root = scene.home / "blobs"
    return frozenset(str(p.relative_to(root)) for p in root.rglob("*") if p.is_file())
