"""A home with two generations."""

from typing import Any

import pytest


@pytest.fixture
def promoted(rig: Any) -> Any:
    """A home whose second generation is live."""
    rig.write("a.txt", "A note about the mooring.")
    rig.ingest()
    rig.reindex()
    return rig
