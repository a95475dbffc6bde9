"""Lines of the log go to what standard error is when they are written."""

import io
import logging
import sys

import pytest

from service.timed_logs import StandardErrorHandler, TimedFormatter, log_with_time


def test_a_line_goes_to_the_standard_error_of_the_moment(monkeypatch: pytest.MonkeyPatch) -> None:
    handler = StandardErrorHandler()
    record = logging.LogRecord("holdfast", logging.WARNING, "", 0, "The disk is full.", None, None)
    for formatter in (None, TimedFormatter()):
        error = io.StringIO()
        monkeypatch.setattr(sys, "stderr", error)
        handler.setFormatter(formatter)
        handler.handle(record)
        assert error.getvalue().endswith("The disk is full.\n")
        error.close()


def test_no_server_before_writes_to_what_was_closed() -> None:
    closed = io.StringIO()
    server = logging.getLogger("uvicorn")
    server.addHandler(logging.StreamHandler(closed))
    server.propagate = False
    closed.close()
    log_with_time()
    assert server.handlers == []
    assert server.propagate
