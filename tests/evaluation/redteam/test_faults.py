"""Failing parts: errors that were made for the query module are none to show."""

import logging

import pytest

from evaluation.redteam.faults import unlogged


@pytest.mark.parametrize(("level", "shown"), [(logging.WARNING, False), (logging.DEBUG, True)])
def test_errors_made_on_purpose_are_shown_only_for_debugging(caplog, level, shown):
    deep = logging.getLogger("query.engine")
    with caplog.at_level(level, "query"):
        with unlogged():
            deep.error("on purpose")
        deep.error("really wrong")
    assert ("on purpose" in caplog.text) is shown
    assert "really wrong" in caplog.text
