"""Changes behind Holdfast's back: points lost, an alias or a collection gone, and the repair."""

from collections.abc import Callable, Iterable, Mapping

from tests.support.faultlab.audit import look
from tests.support.faultlab.damage import (
    add_phantoms,
    garble_payloads,
    live_name,
    lose_points,
    lose_texts,
    opened,
    point_alias_at,
    remove_alias,
    remove_collection,
    set_wrong_ends,
)
from tests.support.faultlab.lab import Lab
from tests.support.faultlab.orders import Deed
from tests.support.faultlab.quiet import complaints_of, judge, settle
from tests.support.faultlab.rows import Row, row_of
from tests.support.faultlab.scene import Scene, first_state
from tests.support.faultlab.stages import Stage, indexed_twice
from tests.support.faultlab.state import differences
from tests.support.faultlab.trial import Verdict

NEARLY_ALL = 0.97
LOST_TEXTS = 3


def lose_nearly_all(lab: Lab, count: int) -> Row:
    """Lose 97 % of the points; `verify` finds it and `--repair` heals it without parsing."""

    def verdicts() -> Iterable[Verdict]:
        for seed in range(count):
            yield healed(lab, f"97 % of the points lost, {seed}", lambda s, n=seed: lose(s, n))

    return row_of("97 % of the points lost, repaired", verdicts(), note="0 documents parsed")


def lose(scene: Scene, seed: int) -> None:
    """Lose nearly all points."""
    assert lose_points(scene, NEARLY_ALL, seed) > 0


DAMAGES: Mapping[str, Callable[[Scene], object]] = {
    "payloads garbled": lambda s: garble_payloads(s, 5),
    "points that no batch wrote": lambda s: add_phantoms(s, 5),
    "points closed that are open": lambda s: set_wrong_ends(s, 5),
    "half of the points and some texts lost": lambda s: (
        lose_points(s, 0.5), lose_texts(s, LOST_TEXTS),
    ),
    "all of it": lambda s: (
        lose_points(s, 0.4), set_wrong_ends(s, 4), garble_payloads(s, 3), add_phantoms(s, 2),
    ),
    "the alias is gone": remove_alias,
    "the alias names nothing that there is": lambda s: point_alias_at(s, "nothing"),
    "the collection is gone": lambda s: remove_collection(s, collection_of(s)),
}  # fmt: skip


def collection_of(scene: Scene) -> str:
    """The collection that the alias names."""
    with opened(scene) as corpus:
        return live_name(corpus)


def damages(lab: Lab, what: str) -> Row:
    """Do damage of one kind; `verify` finds it and `--repair` heals it."""
    verdict = healed(lab, what, DAMAGES[what], parses=LOST_TEXTS if "texts" in what else 0)
    return row_of(f"behind our back, repaired: {what}", [verdict])


def healed(lab: Lab, what: str, damage: Callable[[Scene], object], *, parses: int = 0) -> Verdict:
    """Damage an index, and hold it against what it was once it is repaired.

    At most so many documents may be parsed for it: those whose texts were lost.
    """
    verdict = Verdict(what)
    with lab.scene() as scene:
        indexed_twice(lab.zygote, scene)
        before = look(scene)
        damage(scene)
        found = lab.run(scene.order(Deed.VERIFY)).ended
        if found is None or (found.ok and found.facts["sound"]):
            verdict.problems.append("verify finds nothing")
        elif found.error and found.error.startswith("untyped"):
            verdict.problems.append(f"verify: {found.error}: {found.message}")
        repair = lab.run(scene.order(Deed.REPAIR))
        verdict.problems += complaints_of(repair)
        if repair.ended is not None:
            verdict.seconds = repair.ended.seconds
            if repair.ended.state != "Completed":
                verdict.problems.append(f"the repair ended as {repair.ended.state}")
        if repair.parsed > parses:
            verdict.problems.append(f"{repair.parsed} documents were parsed")
        after = look(scene)
        judge(scene, after, verdict)
        verdict.problems += differences(after.state, before.state)[:5]
    return verdict


def ingest_after(lab: Lab, what: str) -> Row:
    """Do damage of one kind and ingest, without a repair: right, or refused with a reason."""
    verdict = Verdict(f"ingest after: {what}")
    with lab.scene() as scene:
        first_state(scene)
        lab.run(scene.order(Deed.INGEST))
        DAMAGES[what](scene)
        scene.write("part0/late.txt", "A document that came after the damage.")
        ended = lab.run(scene.order(Deed.INGEST)).ended
        if ended is None or (ended.error or "").startswith("untyped"):
            verdict.problems.append(f"{ended.error}: {ended.message}" if ended else "killed")
        verdict.problems += complaints_of(lab.run(scene.order(Deed.REPAIR)))
        settle(lab, scene, verdict)
    return row_of(f"behind our back, then an ingest: {what}", [verdict])


def deeds_after(lab: Lab, stage: Stage, what: str) -> Verdict:
    """Do damage of one kind and then another deed; it ends with a typed error or well."""
    verdict = Verdict(f"{stage.script.name} after: {what}")
    with lab.scene(stage) as scene:
        DAMAGES[what](scene)
        ended = lab.run(stage.order(scene)).ended
        if ended is None or (ended.error or "").startswith("untyped"):
            verdict.problems.append(f"{ended.error}: {ended.message}" if ended else "killed")
        verdict.problems += complaints_of(lab.run(scene.order(Deed.REPAIR)))
        settle(lab, scene, verdict)
    return verdict


def other_deeds(lab: Lab, what: str) -> Row:
    """Damage of one kind before each of the other deeds."""
    names = ("reindex", "promotion", "gc")
    held = [deeds_after(lab, lab.stage(name), what) for name in names]
    return row_of(f"behind our back, then reindex, promote, gc: {what}", held)
