"""A ledger that is damaged, cut short, without its log, or something else: never silently wrong."""

import os
import random
import sqlite3
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

from config.errors import HoldfastError
from tests.support.faultlab.audit import look
from tests.support.faultlab.lab import Lab
from tests.support.faultlab.orders import Deed, Trap
from tests.support.faultlab.quiet import judge
from tests.support.faultlab.rows import Row, row_of
from tests.support.faultlab.scene import Scene
from tests.support.faultlab.trial import Verdict

TYPED = frozenset({"LedgerCorruptError", "LedgerError", "LedgerUnavailableError"})
"""How a run may refuse a ledger."""
DENIED = TYPED | {"StoreCorruptError"}
"""How it may, where only some values are wrong: what they say may be untrue of the store."""
BITS = 3
Damage = Callable[[Path, random.Random], None]


def ledger_of(scene: Scene) -> Path:
    """The file of the ledger."""
    return scene.home / "ledger.sqlite"


def flip(path: Path, chance: random.Random) -> None:
    """Flip some bits."""
    content = bytearray(path.read_bytes())
    for _ in range(BITS):
        content[chance.randrange(len(content))] ^= 1 << chance.randrange(8)
    path.write_bytes(content)


def truncate(path: Path, chance: random.Random) -> None:
    """Cut the file off somewhere."""
    os.truncate(path, chance.randrange(path.stat().st_size))


def overwrite(path: Path, chance: random.Random) -> None:
    """Put something else in its place."""
    path.write_bytes(chance.choice([b"This is no database.", chance.randbytes(8192), b"\0" * 4096]))


def erase_pages(path: Path, chance: random.Random) -> None:
    """Let a page be zeros."""
    pages = path.stat().st_size // 4096
    with path.open("r+b") as file:
        file.seek(4096 * chance.randrange(pages))
        file.write(b"\0" * 4096)


AT_REST: Mapping[str, Damage] = {
    "flipped bits": flip, "cut short": truncate, "another file": overwrite,
    "a page of zeros": erase_pages,
}  # fmt: skip


def damaged_at_rest(lab: Lab, what: str, count: int) -> Row:
    """Damage the ledger of a home at rest, and ingest."""

    def verdicts() -> Iterable[Verdict]:
        chance = lab.chance("ledger", what)
        for number in range(count):
            with lab.scene(lab.stage("update")) as scene:
                AT_REST[what](ledger_of(scene), chance)
                yield refused_right_or_found(lab, scene, f"ledger, {what}, {number}")

    note = "typed error, right all the same, or found by `verify`"
    return row_of(f"damaged ledger: {what}", verdicts(), note=note)


def refused_right_or_found(lab: Lab, scene: Scene, what: str) -> Verdict:
    """Ingest; it is refused, or right, or `verify` says that it is not."""
    verdict = Verdict(what)
    ended = lab.run(scene.order(Deed.INGEST)).ended
    if ended is None or (ended.error or "").startswith("untyped"):
        verdict.problems.append(f"{ended.error}: {ended.message}" if ended else "it was killed")
    if ended is None or not ended.ok:
        if ended is not None and ended.error not in DENIED:
            verdict.problems.append(f"refused with {ended.error}: {ended.message}")
        return verdict
    checked = lab.run(scene.order(Deed.VERIFY)).ended
    if checked is None or not checked.ok:
        if checked is None or checked.error not in DENIED:
            verdict.problems.append(f"verify ended with {checked and checked.error}")
        return verdict
    if not checked.facts["sound"]:
        return verdict
    try:
        judge(scene, look(scene), verdict)
    except HoldfastError as error:
        if type(error).__name__ not in DENIED:
            verdict.problems.append(f"the audit ended with {type(error).__name__}: {error}")
    return verdict


LOGS: Mapping[str, Callable[[Path, random.Random], None]] = {
    "gone": lambda path, _: path.unlink(),
    "cut short": truncate,
    "flipped bits": flip,
}
"""What becomes of SQLite's write-ahead log."""


def damaged_log(lab: Lab, what: str, count: int) -> Row:
    """Kill a run, damage the log that it left, and run once more."""

    def verdicts() -> Iterable[Verdict]:
        stage, chance = lab.stage("update"), lab.chance("log", what)
        commits = [trap for trap in stage.passings if trap.point in {"committed", "closed"}]
        for number in range(count):
            trap: Trap = chance.choice(commits)
            with lab.scene(stage) as scene:
                lab.run(stage.order(scene, trap))
                LOGS[what](ledger_of(scene).with_name("ledger.sqlite-wal"), chance)
                name = f"log of the ledger {what}, {number}, killed at {trap.point}:{trap.nth}"
                yield refused_right_or_found(lab, scene, name)

    note = "typed error, right all the same, or found by `verify`"
    return row_of(f"damaged log of the ledger: {what}", verdicts(), note=note)


FOREIGN = ("9999_from_the_future", "0000", "")
"""Schema revisions that this version of Holdfast does not know."""


def other_schemas(lab: Lab) -> Row:
    """A ledger that another version of Holdfast wrote: refused by every deed, and not touched."""

    def verdicts() -> Iterable[Verdict]:
        for revision in FOREIGN:
            for deed in (Deed.INGEST, Deed.REINDEX, Deed.GC, Deed.VERIFY, Deed.REPAIR):
                with lab.scene(lab.stage("update")) as scene:
                    yield refused(lab, scene, deed, revision)

    return row_of("a ledger of another schema", verdicts(), note="refused, and left as it is")


def refused(lab: Lab, scene: Scene, deed: Deed, revision: str) -> Verdict:
    """Write a foreign revision into the ledger, and let a deed meet it."""
    verdict = Verdict(f"{deed} on a ledger of schema {revision!r}")
    connection = sqlite3.connect(ledger_of(scene))
    with connection:
        connection.execute("UPDATE alembic_version SET version_num = ?", [revision])
    dump = list(connection.iterdump())
    ended = lab.run(scene.order(deed)).ended
    if ended is None or ended.error != "LedgerTooNewError":
        verdict.problems.append(f"it ended with {ended and (ended.error, ended.message)}")
    if list(connection.iterdump()) != dump:
        verdict.problems.append("the ledger was changed")
    connection.close()
    return verdict
