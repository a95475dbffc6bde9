"""Content that plays tricks: flip-flops, copies, case renames, links, changes while it is read."""

import os
import random
import re
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager

from tests.support.faultlab.audit import Audit, look
from tests.support.faultlab.lab import Lab
from tests.support.faultlab.orders import Deed, Then, Trap
from tests.support.faultlab.quiet import complaints_of, settle
from tests.support.faultlab.rows import Row, row_of
from tests.support.faultlab.scene import Scene, first_state, passage
from tests.support.faultlab.trial import Verdict
from tests.support.faultlab.workers import Outcome

MARK = re.compile(r"revision (\d+)")
LINES = 200
"""Paragraphs of the document that is rewritten all the time: writing it takes many calls."""
FILLER = " " * 3000
"""After each of them; no words, but bytes that have to be read."""
Change = Callable[[Scene], None]


def flip(scene: Scene) -> None:
    """B in the place of A."""
    scene.write("part0/doc0.txt", *(passage(0, part, "other") for part in range(3)))


def flop(scene: Scene) -> None:
    """A in the place of B."""
    scene.write("part0/doc0.txt", *(passage(0, part) for part in range(2)))


def copy(scene: Scene) -> None:
    """A copy beside the document."""
    scene.write("part0/copy0.txt", *(passage(0, part) for part in range(2)))


def hard_link(scene: Scene) -> None:
    """A second name for the same file."""
    os.link(scene.folder / "part0/doc0.txt", scene.folder / "part0/link0.txt")


def change_through_link(scene: Scene) -> None:
    """Write to the file through its second name."""
    with (scene.folder / "part0/link0.txt").open("a", encoding="utf-8") as file:
        file.write("\n\nWritten through the link.")


def upper(scene: Scene) -> None:
    """Another case of the same name."""
    scene.move("part0/doc0.txt", "part0/DOC0.txt")


def lower(scene: Scene) -> None:
    """Back again."""
    scene.move("part0/DOC0.txt", "part0/doc0.txt")


def swap(scene: Scene) -> None:
    """Two documents change places."""
    scene.move("part0/doc0.txt", "aside.txt")
    scene.move("part1/doc1.txt", "part0/doc0.txt")
    scene.move("aside.txt", "part1/doc1.txt")


def replace(scene: Scene) -> None:
    """Delete a document and write another one under its name."""
    scene.remove("part0/doc0.txt")
    scene.write("part0/doc0.txt", "Something that has nothing to do with what was here before.")


def become_folder(scene: Scene) -> None:
    """A folder under the name of a document."""
    scene.remove("part0/doc0.txt")
    scene.write("part0/doc0.txt/inside.txt", passage(0, 0), passage(0, 1))


TRICKS: Mapping[str, tuple[Change, ...]] = {
    "A, B, A": (flip, flop),
    "A, B, A, B, A": (flip, flop, flip, flop),
    "a copy comes and goes": (copy, lambda s: s.remove("part0/copy0.txt")),
    "a copy stays and the original goes": (copy, lambda s: s.remove("part0/doc0.txt")),
    "a hard link, written through": (hard_link, change_through_link),
    "a case rename, and back": (upper, lower),
    "two documents change places": (swap, swap),
    "a document is replaced, and back": (replace, flop),
    "a folder takes a document's name": (become_folder,),
}
"""Changes, each of which is ingested on its own."""


def tricks(lab: Lab, what: str) -> Row:
    """Ingest after each change, with a kill in between or without, and once for all of them."""

    def verdicts() -> Iterable[Verdict]:
        yield one_by_one(lab, what, killed=False)
        yield one_by_one(lab, what, killed=True)
        yield all_at_once(lab, what)

    return row_of(f"content: {what}", verdicts())


def one_by_one(lab: Lab, what: str, *, killed: bool) -> Verdict:
    """Ingest after each change; killed before each commit, and then once more, if wished."""
    verdict = Verdict(f"{what}, killed each time" if killed else what)
    with lab.scene() as scene:
        first_state(scene)
        lab.run(scene.order(Deed.INGEST))
        for change in TRICKS[what]:
            change(scene)
            if killed:
                lab.run(scene.order(Deed.INGEST, Trap("closed", 1)))
            settle(lab, scene, verdict)
    return verdict


def all_at_once(lab: Lab, what: str) -> Verdict:
    """Make all changes between two ingests."""
    verdict = Verdict(f"{what}, between two ingests")
    with lab.scene() as scene:
        first_state(scene)
        lab.run(scene.order(Deed.INGEST))
        for change in TRICKS[what]:
            change(scene)
        settle(lab, scene, verdict)
    return verdict


POINTS = ("listed", "parsed", "embedded", "staged", "closed")


def changed_in_the_middle(lab: Lab) -> Row:
    """Change, remove and move documents while a run waits; what counts is the next run."""

    def verdicts() -> Iterable[Verdict]:
        for point in POINTS:
            for what in ("A, B, A", "two documents change places", "a folder takes a document's "
                         "name"):  # fmt: skip
                yield meanwhile(lab, point, what)

    return row_of("content changed in the middle of a run", verdicts())


def meanwhile(lab: Lab, point: str, what: str) -> Verdict:
    """Let the first change of a trick happen while a run waits at a failpoint."""
    verdict = Verdict(f"{what}, while a run was at {point}")
    with lab.scene() as scene:
        first_state(scene)
        lab.run(scene.order(Deed.INGEST))
        for number in range(3):
            scene.write(f"part{number % 2}/doc{number}.txt", passage(number, 0, "second"))
        run = lab.start(scene.order(Deed.INGEST, Trap(point, 1, Then.WAIT)))
        run.hear("waiting")
        TRICKS[what][0](scene)
        run.go_on()
        verdict.problems += complaints_of(run.finish())
        settle(lab, scene, verdict)
    return verdict


def torn_files(lab: Lab, rounds: int) -> Row:
    """Ingest a file that is rewritten without a pause: no version mixes two of its states."""
    verdict = Verdict("a file that is rewritten all the time")
    served = refused = 0
    with lab.scene() as scene:
        write_revision(scene, 0)
        first_state(scene)
        lab.run(scene.order(Deed.INGEST))
        for number in range(rounds):
            with rewriting(scene, lab.chance("torn", number)):
                outcome = lab.run(scene.order(Deed.INGEST))
            verdict.problems += complaints_of(outcome)
            served += 1
            refused += put_off(outcome)
            if len(revisions := revisions_of(look(scene))) > 1:
                verdict.problems.append(f"round {number} shows revisions {sorted(revisions)}")
        settle(lab, scene, verdict)
    clean = not verdict.problems
    return Row(
        "a file that changes while it is read", served, served if clean else 0,
        verdict.missing, verdict.phantom, verdict.duplicate, verdict.mixed,
        note=f"{refused} times put off as changed_while_read", problems=verdict.problems,
    )  # fmt: skip


def write_revision(scene: Scene, number: int) -> None:
    """Write the document in place, piece by piece, as an editor or a copy would."""
    path = scene.folder / "busy.txt"
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8", buffering=1) as file:
        for part in range(LINES):
            file.write(f"This is revision {number} of part {part} of the busy file.{FILLER}\n\n")


@contextmanager
def rewriting(scene: Scene, chance: random.Random) -> Iterator[None]:
    """Have the document rewritten without a pause for a block; it is whole afterwards."""
    stopped = threading.Event()

    def rewrite() -> None:
        while not stopped.is_set():
            write_revision(scene, chance.randrange(10**6))
            stopped.wait(chance.uniform(0, 0.05))

    thread = threading.Thread(target=rewrite)
    thread.start()
    try:
        yield
    finally:
        stopped.set()
        thread.join()


def revisions_of(audit: Audit) -> set[str]:
    """Which revisions of the busy file a reader sees at once.

    A file whose writer pauses in the middle looks like one that is finished: nobody can tell, and
    the next run takes the rest.
    """
    return set(MARK.findall(audit.state.contents().get("busy.txt", "")))


def put_off(outcome: Outcome) -> bool:
    """Whether the run left a document for the next one because it changed while it was read."""
    told = outcome.ended.facts if outcome.ended else {}
    return "changed_while_read" in str(told)
