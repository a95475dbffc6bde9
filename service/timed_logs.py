"""Lines of the log on standard error, with their time where a service runs for months."""

import logging
import sys
import time


class StandardErrorHandler(logging.Handler):
    """Writes lines to what is standard error at the moment, which somebody may have put elsewhere.

    Else a command in a process that goes on would write to what was closed long ago.
    """

    def emit(self, record: logging.LogRecord) -> None:
        """Write one line."""
        try:
            sys.stderr.write(self.format(record) + "\n")
            sys.stderr.flush()
        except Exception:  # noqa: BLE001 - as every handler does: it says so, and goes on
            self.handleError(record)


class TimedFormatter(logging.Formatter):
    """Writes the time of a line in UTC, as the ledger does."""

    converter = staticmethod(time.gmtime)

    def __init__(self) -> None:
        """Take the form of the other lines, with the time before it."""
        super().__init__("%(asctime)s %(levelname)s %(name)s: %(message)s", "%Y-%m-%dT%H:%M:%SZ")


def log_with_time() -> None:
    """Let everything that this process logs to standard error from now on begin with the time."""
    for handler in logging.getLogger().handlers:
        if isinstance(handler, StandardErrorHandler):
            handler.setFormatter(TimedFormatter())
    # What a server before this one in the process set up writes to a standard error of its time.
    for name in ("uvicorn", "uvicorn.error"):
        server = logging.getLogger(name)
        server.handlers.clear()
        server.propagate = True
