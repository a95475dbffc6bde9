"""The programme of the laboratory: every campaign, as a whole and as a quick half.

`make test` runs the quick half, `make faults` all of it, and `python -m benchmarks.reliability`
writes what came of it into `docs/reliability.md`.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial

from tests.support.faultlab.campaigns import (
    behind,
    clock,
    contents,
    disk,
    forgetting,
    kills,
    ledgers,
    network,
    saving,
    sleepers,
    switching,
    together,
    writes,
)
from tests.support.faultlab.lab import Lab
from tests.support.faultlab.orders import When, Writes
from tests.support.faultlab.rows import Row

Held = Callable[[Lab], Row]


@dataclass(frozen=True)
class Campaign:
    """One row of the table."""

    name: str
    whole: Held
    quick: Held | None = None
    """A few of its trials; none where they take long and others of its kind do."""
    mounts: bool = False
    """Whether it needs to mount a small file system."""


def programme() -> list[Campaign]:
    """Every campaign, in the order of the table."""
    return [
        *killing(), *writing(), *sleeping(), *meeting(), *behind_our_back(), *tricking(),
        *telling_time(), *running_out(), *damaging(), *disconnecting(), *keeping(),
    ]  # fmt: skip


EVERY_DEED = (
    "first ingest", "update", "reindex", "promotion", "rollback", "gc", "repair", "purge",
)  # fmt: skip


def killing() -> Iterator[Campaign]:
    """Processes that are killed."""
    for name in EVERY_DEED:
        few = partial(kills.kills_somewhere, name=name, most=2)
        yield Campaign(
            f"kills, {name}",
            partial(kills.kills_everywhere, name=name),
            few if name in {"update", "gc", "promotion"} else None,
        )
    for name, count in (("first ingest", 20), ("update", 40), ("reindex", 20), ("gc", 20)):
        held = partial(kills.random_kills, name=name)
        quick = partial(held, count=1) if name == "update" else None
        yield Campaign(f"random kills, {name}", partial(held, count=count), quick)
    for name, count in (("update", 30), ("reindex", 10), ("purge", 5)):
        held = partial(kills.compound_kills, name=name)
        quick = partial(held, count=1) if name == "update" else None
        yield Campaign(f"compound kills, {name}", partial(held, count=count), quick)


def writing() -> Iterator[Campaign]:
    """Writes that fail; a reindex reads blobs and writes none."""
    for name, kinds in (("update", tuple(Writes)), ("reindex", (Writes.STORE, Writes.LEDGER))):
        for kind in kinds:
            held = partial(writes.failing_writes, name=name, writes=kind)
            step = 1 if kind is Writes.STORE else 3
            for when in When:
                every = partial(held, when=when, step=step)
                quick = partial(held, when=when, step=50)
                is_quick = name == "update" and when is When.BEFORE
                yield Campaign(f"{kind} writes, {when}, {name}", every, quick if is_quick else None)
            lasting = partial(held, when=When.BEFORE, lasting=True, step=5)
            yield Campaign(f"{kind} writes, for good, {name}", lasting)


def sleeping() -> Iterator[Campaign]:
    """SIGSTOP past the lease."""
    for name in ("update", "reindex"):
        quick = partial(sleepers.sleepers_somewhere, name=name, each=1, most=2)
        yield Campaign(
            f"sleepers, {name}",
            partial(sleepers.sleepers_somewhere, name=name, each=2),
            quick if name == "update" else None,
        )


def meeting() -> Iterator[Campaign]:
    """Several runs at once."""
    for company in together.COMPANIES:
        held = partial(together.meetings, company=company)
        quick = partial(held, rounds=1) if company in QUICK_COMPANIES else None
        yield Campaign(f"at once, {company}", partial(held, rounds=6), quick)
    yield Campaign(
        "switches",
        partial(switching.switches, times=220),
        partial(switching.switches, times=10),
    )


QUICK_COMPANIES = frozenset({"4 ingests", "ingest, reindex and gc"})


def behind_our_back() -> Iterator[Campaign]:
    """Damage to the store."""
    yield Campaign(
        "97 %",
        partial(behind.lose_nearly_all, count=10),
        partial(behind.lose_nearly_all, count=1),
    )
    for what in behind.DAMAGES:
        held = partial(behind.damages, what=what)
        quick = held if "alias" in what or what == "all of it" else None
        yield Campaign(f"damage, {what}", held, quick)
        yield Campaign(f"ingest after, {what}", partial(behind.ingest_after, what=what))
        yield Campaign(f"deeds after, {what}", partial(behind.other_deeds, what=what))


def tricking() -> Iterator[Campaign]:
    """Content that plays tricks."""
    for what in contents.TRICKS:
        held = partial(contents.tricks, what=what)
        yield Campaign(f"content, {what}", held, held if what in QUICK_TRICKS else None)
    yield Campaign("content in the middle", contents.changed_in_the_middle)
    yield Campaign("torn files", partial(contents.torn_files, rounds=30))


QUICK_TRICKS = frozenset({"A, B, A"})


def telling_time() -> Iterator[Campaign]:
    """Clocks that are wrong."""
    every = ("listed", "staged", "closed", "committed")
    yield Campaign(
        "clock",
        partial(clock.wrong_clock, name="update", points=every),
    )
    yield Campaign(
        "clock, reindex", partial(clock.wrong_clock, name="reindex", points=("built", "gated"))
    )
    yield Campaign("leases and clocks", clock.leases_and_clocks)
    yield Campaign("upkeep and clocks", clock.upkeep_and_clocks)
    yield Campaign("times of files", clock.times_of_files)


def running_out() -> Iterator[Campaign]:
    """Disks that are full."""
    lefts = (0, 4, 64, 200, 1000, 4000, 16_000, 40_000, 80_000, 128_000, 132_000, 140_000)
    for name in ("first ingest", "update", "reindex"):
        quick = partial(disk.full_disk, name=name, lefts=(200, 132_000))
        yield Campaign(
            f"full disk, {name}",
            partial(disk.full_disk, name=name, lefts=lefts),
            quick if name == "update" else None,
            mounts=True,
        )
    for name in ("first ingest", "update"):
        held = partial(disk.file_limits, name=name)
        quick = partial(held, limits=(64,)) if name == "update" else None
        yield Campaign(
            f"file limits, {name}", partial(held, limits=(4, 16, 64, 256, 1024, 16_384)), quick
        )


def damaging() -> Iterator[Campaign]:
    """Ledgers that are damaged, or of another version."""
    for what in ledgers.AT_REST:
        held = partial(ledgers.damaged_at_rest, what=what)
        yield Campaign(f"ledger, {what}", partial(held, count=25), partial(held, count=1))
    for what in ledgers.LOGS:
        held = partial(ledgers.damaged_log, what=what)
        quick = partial(held, count=1) if what == "gone" else None
        yield Campaign(f"log, {what}", partial(held, count=15), quick)
    yield Campaign("other schemas", ledgers.other_schemas)


def disconnecting() -> Iterator[Campaign]:
    """Networks that fail; slow, and quick trials of their own are in `tests/indexing/stores`."""
    for what in network.PASSING:
        yield Campaign(f"network, {what}", partial(network.passing, what=what, skips=(0, 3, 7)))
    for what in network.LASTING:
        yield Campaign(f"network, {what}", partial(network.lasting, what=what, skips=(0, 5)))
    yield Campaign("network, storms", partial(network.storms, count=10))


def keeping() -> Iterator[Campaign]:
    """Backups, restores and purges."""
    yield Campaign("killed backups", partial(saving.killed_backups, count=20))
    yield Campaign("killed restores", partial(saving.killed_restores, count=20))
    yield Campaign("purges", partial(forgetting.purges, count=5))
