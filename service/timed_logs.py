"""The time on each line that a service logs: it runs for months, and somebody asks when it was."""

import logging
import sys
import time


class TimedFormatter(logging.Formatter):
    """Writes the time of a line in UTC, as the ledger does."""

    converter = staticmethod(time.gmtime)

    def __init__(self) -> None:
        """Take the form of the other lines, with the time before it."""
        super().__init__("%(asctime)s %(levelname)s %(name)s: %(message)s", "%Y-%m-%dT%H:%M:%SZ")


def log_with_time() -> None:
    """Let everything that this process logs to standard error from now on begin with the time."""
    for handler in logging.getLogger().handlers:
        if isinstance(handler, logging.StreamHandler) and handler.stream is sys.stderr:
            handler.setFormatter(TimedFormatter())
