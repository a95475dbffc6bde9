"""Writes that fail and clocks that are wrong, inside one process."""

import datetime as dt
import errno
import os
import sqlite3
import threading
import time
from collections import Counter
from collections.abc import Callable
from functools import partial
from typing import Any

import indexing.blobs
import indexing.ledger.database
import indexing.planning.plan
from indexing.blobs import BlobStore
from indexing.corpus import Corpus
from indexing.errors import StoreUnavailableError
from tests.support.faultlab.orders import FailingWrite, When, Writes

STORE_WRITES = ("upsert", "set_valid_to", "delete", "create", "drop", "point_alias", "flush")
CHANGING = ("INSERT", "UPDATE", "DELETE", "CREATE", "ALTER")


class Saboteur:
    """Counts writes by kind, and lets the chosen one fail."""

    def __init__(self, failing: FailingWrite | None) -> None:
        self._failing = failing
        self._lock = threading.Lock()
        self.counts: Counter[str] = Counter()

    def write(self, kind: Writes, error: Callable[[], Exception], call: Callable[[], Any]) -> Any:
        """Make a write, or let it fail before or after it took effect."""
        with self._lock:
            self.counts[kind.value] += 1
            strikes = self._strikes(kind, self.counts[kind.value])
        if not strikes:
            return call()
        assert self._failing is not None
        if self._failing.when is When.AFTER:
            call()
        raise error()

    def _strikes(self, kind: Writes, number: int) -> bool:
        failing = self._failing
        if failing is None or failing.writes is not kind:
            return False
        return number == failing.nth or (failing.lasting and number > failing.nth)

    def sit_in_ledger(self) -> None:
        """Let SQLite's connections report their writes; call before a ledger is opened."""
        made = indexing.ledger.database.create_engine
        factory = type("Connection", (_Connection,), {"saboteur": self})

        def create_engine(url: Any, **options: Any) -> Any:
            arguments = options.pop("connect_args", {}) | {"factory": factory}
            return made(url, connect_args=arguments, **options)

        indexing.ledger.database.create_engine = create_engine  # type: ignore[assignment]

    def sit_in_store(self, corpus: Corpus) -> None:
        """Let the calls that write to the store be reported."""
        for name in STORE_WRITES:
            call = getattr(corpus.store, name)
            setattr(corpus.store, name, partial(self._store_write, call))

    def _store_write(self, call: Callable[..., Any], *arguments: Any, **options: Any) -> Any:
        error = partial(StoreUnavailableError, "The store went away.")
        return self.write(Writes.STORE, error, partial(call, *arguments, **options))

    def sit_in_blobs(self, blobs: BlobStore) -> None:
        """Let the file system calls of the blobs be reported."""
        fs = blobs._filesystem()
        for name in ("pipe_file", "mv", "makedirs", "rm_file"):
            setattr(fs, name, partial(self._file_write, getattr(fs, name)))
        saboteur, real = self, os

        class Os:
            """`os` as the blobs see it: flushing may fail."""

            def __getattr__(self, name: str) -> Any:
                return getattr(real, name)

            def fsync(self, descriptor: int) -> None:
                saboteur._file_write(real.fsync, descriptor)

        indexing.blobs.os = Os()  # type: ignore[assignment]

    def _file_write(self, call: Callable[..., Any], *arguments: Any, **options: Any) -> Any:
        error = partial(OSError, errno.EIO, "Input/output error")
        return self.write(Writes.BLOB, error, partial(call, *arguments, **options))


class _Connection(sqlite3.Connection):
    """A connection whose writing statements and commits go through a saboteur."""

    saboteur: Saboteur

    def cursor(self, *_arguments: Any) -> Any:
        return super().cursor(_Cursor)

    def commit(self) -> None:
        if self.in_transaction and self.total_changes:
            self.saboteur.write(Writes.LEDGER, _io_error, super().commit)
        else:
            super().commit()


class _Cursor(sqlite3.Cursor):
    def execute(self, sql: str, *arguments: Any) -> Any:
        return self._through(sql, partial(super().execute, sql, *arguments))

    def executemany(self, sql: str, *arguments: Any) -> Any:
        return self._through(sql, partial(super().executemany, sql, *arguments))

    def _through(self, sql: str, call: Callable[[], Any]) -> Any:
        if not sql.lstrip().upper().startswith(CHANGING):
            return call()
        connection: Any = self.connection
        return connection.saboteur.write(Writes.LEDGER, _io_error, call)


def _io_error() -> Exception:
    return sqlite3.OperationalError("disk I/O error")


class WrongClock:
    """A wall clock that is wrong by a number of seconds, wherever Holdfast asks for the time."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds

    def turn(self, seconds: float) -> None:
        """Be wrong by so much from now on."""
        self.seconds = seconds

    def install(self) -> None:
        """Take the place of the wall clock in this process."""
        real_now, real_ns = indexing.ledger.database.now, time.time_ns

        def now() -> dt.datetime:
            return real_now() + dt.timedelta(seconds=self.seconds)

        def time_ns() -> int:
            return real_ns() + int(self.seconds * 1e9)

        for module in _users_of(real_now):
            module.now = now
        time.time_ns = time_ns


def _users_of(function: Any) -> list[Any]:
    import sys

    modules = [m for n, m in sys.modules.items() if n.split(".")[0] in {"indexing", "query"}]
    return [m for m in modules if getattr(m, "now", None) is function]
