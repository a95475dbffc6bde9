"""An engine under a policy."""

import pytest

from query.parts import Extras


@pytest.fixture
def under(make_engine):
    """Make an engine under a policy."""

    def make(policy, counter=None, **parts):
        return make_engine(extras=Extras(policy=policy, counter=counter), **parts)

    return make
