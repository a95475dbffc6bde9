"""The writer lease: at most one run writes to a generation, proven by a fencing token.

The token grows with every acquisition. A run proves at each write, and once more inside the
commit transaction, that the token is still its own; a holder that was paused past its expiry
finds it gone and writes nothing. A holder on this machine whose process has ended is replaced
at once; on another machine its lease has to expire.
"""

import datetime as dt
import logging
import os
import platform
import threading
from dataclasses import dataclass
from types import TracebackType

import psutil
from sqlalchemy import Connection, Row, Select, select, update
from sqlalchemy.dialects import postgresql, sqlite

from config.errors import HoldfastError
from indexing.errors import LeaseLostError, WriterBusyError
from indexing.ledger import tables
from indexing.ledger.database import Ledger, in_utc, now

logger = logging.getLogger(__name__)


def this_holder() -> str:
    """Name this process so that another one can tell whether it still lives."""
    return f"{platform.node()}:{os.getpid()}:{started_at(psutil.Process()):.2f}"


def started_at(process: psutil.Process) -> float:
    """Return when a process started, in seconds since the machine did.

    Its time of day moves with every change of the clock: a process that lives would look ended.
    """
    return process.create_time() - psutil.boot_time()


def has_ended(holder: str) -> bool:
    """Tell whether `holder` is a process of this machine that does not run any more."""
    host, _, rest = holder.rpartition(":")[0].rpartition(":")
    started = holder.rpartition(":")[2]
    if host != platform.node():
        return False
    try:
        process = psutil.Process(int(rest))
        return abs(started_at(process) - float(started)) > 1 or (
            process.status() == psutil.STATUS_ZOMBIE
        )
    except psutil.NoSuchProcess:
        return True
    except (psutil.Error, ValueError):
        return False


@dataclass(frozen=True, slots=True)
class LeaseToken:
    """Proof of being the writer of a generation."""

    generation: str
    token: int
    run_id: str


def acquire(ledger: Ledger, generation: str, run_id: str, seconds: float) -> LeaseToken:
    """Become the writer of a generation.

    Raises:
        WriterBusyError: Another run holds the lease.
    """
    table = tables.lease
    holder = this_holder()
    expires = now() + dt.timedelta(seconds=seconds)
    with ledger.write() as connection:
        # A free row first: two processes cannot both insert, and a row can be locked.
        dialect = sqlite if connection.dialect.name == "sqlite" else postgresql
        connection.execute(
            dialect.insert(table)
            .values(generation=generation, token=0, holder="", run_id="", expires_at=now())
            .on_conflict_do_nothing()
        )
        row = connection.execute(
            select(table).where(table.c.generation == generation).with_for_update()
        ).one()
        expiry = in_utc(row.expires_at)
        if row.run_id and expiry > now() and not has_ended(row.holder):
            raise WriterBusyError(
                f"Run {row.run_id} ({row.holder.rpartition(':')[0]}) is writing to {generation} "
                f"until {expiry:%H:%M:%S} UTC or longer. Only one run may write at a time; wait "
                "for it, or stop it and try again. Nothing was changed."
            )
        connection.execute(
            update(table)
            .where(table.c.generation == generation)
            .values(token=row.token + 1, holder=holder, run_id=run_id, expires_at=expires)
        )
        return LeaseToken(generation, row.token + 1, run_id)


def prove(connection: Connection, lease: LeaseToken) -> None:
    """Prove inside a writing transaction that the lease is held, and keep it until the end.

    Raises:
        LeaseLostError: Another run took over.
    """
    check(connection.execute(row_of(lease).with_for_update()).one_or_none(), lease)


def row_of(lease: LeaseToken) -> Select[tuple[int, str]]:
    """Build the query for what the ledger says of the lease."""
    table = tables.lease
    return select(table.c.token, table.c.run_id).where(table.c.generation == lease.generation)


def check(row: Row[tuple[int, str]] | None, lease: LeaseToken) -> None:
    """Raise `LeaseLostError` if the ledger names another run as the writer."""
    if row is None or row.token != lease.token or row.run_id != lease.run_id:
        raise LeaseLostError(
            f"Run {lease.run_id} was replaced as the writer of {lease.generation} while it was "
            "paused or slow. It stops without committing; what it had staged is invisible and "
            "is removed by the next run."
        )


def renew(ledger: Ledger, lease: LeaseToken, seconds: float) -> None:
    """Prolong the lease.

    Raises:
        LeaseLostError: Another run took over.
    """
    with ledger.write() as connection:
        prove(connection, lease)
        connection.execute(
            update(tables.lease)
            .where(tables.lease.c.generation == lease.generation)
            .values(expires_at=now() + dt.timedelta(seconds=seconds))
        )


def is_held(ledger: Ledger, generation: str) -> bool:
    """Whether somebody who still lives holds the lease."""
    with ledger.read() as connection:
        row = connection.execute(
            select(tables.lease).where(tables.lease.c.generation == generation)
        ).one_or_none()
    if row is None or not row.run_id:
        return False
    return in_utc(row.expires_at) > now() and not has_ended(row.holder)


def release(ledger: Ledger, lease: LeaseToken) -> None:
    """Give the lease back; one that was lost is left alone. The token stays spent."""
    with ledger.write() as connection:
        connection.execute(
            update(tables.lease)
            .where(tables.lease.c.generation == lease.generation)
            .where(tables.lease.c.token == lease.token)
            .values(run_id="", expires_at=now())
        )


def seize(ledger: Ledger, generation: str) -> None:
    """Take the lease away from whoever holds it; that run stops at its next write."""
    with ledger.write() as connection:
        connection.execute(
            update(tables.lease)
            .where(tables.lease.c.generation == generation)
            .values(token=tables.lease.c.token + 1, run_id="", expires_at=now())
        )


class HeldLease:
    """A lease kept alive by a heartbeat thread while the `with` block runs."""

    def __init__(self, ledger: Ledger, generation: str, run_id: str, seconds: float) -> None:
        """Acquire the lease; raises `WriterBusyError` if another run holds it."""
        self._ledger = ledger
        self._seconds = seconds
        self.token = acquire(ledger, generation, run_id, seconds)
        self._ended = threading.Event()
        self._heart = threading.Thread(target=self._beat, name="lease-heartbeat", daemon=True)

    def __enter__(self) -> "HeldLease":
        self._heart.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._ended.set()
        self._heart.join()
        try:
            release(self._ledger, self.token)
        except HoldfastError as problem:
            logger.warning("The writer lease could not be given back: %s", problem)

    def give_back(self) -> None:
        """Give back a lease that was never entered."""
        release(self._ledger, self.token)

    def assert_held(self) -> None:
        """Prove that the lease is still held, before each write to the store."""
        with self._ledger.read() as connection:
            check(connection.execute(row_of(self.token)).one_or_none(), self.token)

    def _beat(self) -> None:
        while not self._ended.wait(self._seconds / 3):
            try:
                renew(self._ledger, self.token, self._seconds)
            except LeaseLostError:
                return  # the next write finds out and stops the run
            except HoldfastError as problem:
                logger.warning("The writer lease could not be renewed: %s", problem)
