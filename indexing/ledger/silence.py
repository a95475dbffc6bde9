"""A PostgreSQL that says nothing any more: told from one that is at work, and given up.

The kernel of a server whose processes are stopped still takes what is sent to it, so that neither
TCP nor a timeout of the server's own ends a call, and a run waited for ever. How long a statement
may take nobody knows. But a server at work takes another connection meanwhile, and one that is
stopped does not: so whoever heard nothing for a while knocks once more, and gives up or waits on.
"""

import time
from collections.abc import Callable, Generator
from functools import partial
from typing import Any

from psycopg import Connection, OperationalError
from psycopg.errors import ConnectionTimeout
from sqlalchemy import Engine, event


class PatientConnection(Connection[Any]):
    """A connection that gives up a server which is silent and takes no other connection."""

    patience: float
    knock: Callable[[], object]
    """Connects once more, and raises `ConnectionTimeout` where nobody opens."""

    def wait(self, gen: Any, *args: Any, **kwargs: Any) -> Any:
        """Wait as ever, for as long as somebody is there."""
        return super().wait(self._while_alive(gen), *args, **kwargs)

    def _while_alive(self, gen: Any) -> Generator[Any, Any, Any]:
        """Hand on what a conversation waits for, and what comes."""
        try:
            wanted = next(gen)
            heard = time.monotonic()
            while True:
                ready = yield wanted  # nothing is ready where it waited for a moment in vain
                if ready:
                    heard = time.monotonic()
                elif time.monotonic() - heard > self.patience:
                    self._look_for_anybody()
                    heard = time.monotonic()
                wanted = gen.send(ready)
        except StopIteration as ended:
            return ended.value

    def _look_for_anybody(self) -> None:
        try:
            self.knock()
        except ConnectionTimeout as error:
            self.pgconn.finish()  # nobody may go on with it: an answer could still come
            raise OperationalError(
                f"it said nothing for {self.patience:g} s and takes no new connection; its "
                "processes may be stopped"
            ) from error
        except OperationalError:
            return  # whatever it says, it says something


def be_patient(engine: Engine, patience: float) -> None:
    """Let the connections of an engine give up a server that is silent for so many seconds."""

    def connect(_dialect: Any, _record: Any, given: Any, named: Any) -> PatientConnection:
        made = PatientConnection.connect(*given, **named)
        made.patience, made.knock = patience, partial(knock, *given, **named)
        return made

    event.listen(engine, "do_connect", connect)


def knock(*given: Any, **named: Any) -> None:
    """Connect and leave.

    Raises:
        psycopg.OperationalError: It is not possible; `ConnectionTimeout` where nothing is said.
    """
    Connection.connect(*given, **named).close()
