"""Calls of a server: what their errors say."""

import pytest

from indexing.errors import StoreUnavailableError
from indexing.stores.server_calls import Calls, PassingError
from indexing.stores.server_transport import ending_within


def unanswered() -> None:
    raise PassingError("the time of this call is over")


@pytest.mark.parametrize(
    ("left", "said"),
    [(0.0, "'count' in time: none was left for it"), (0.5, r"'count' within 0\.\d+ s")],
)
def test_an_error_says_how_much_time_a_call_had(left, said):
    calls = Calls("qdrant.example:6333", timeout_seconds=5.0, deadline_seconds=5.0)
    with ending_within(left), pytest.raises(StoreUnavailableError, match=said):
        calls.run("count", unanswered)
