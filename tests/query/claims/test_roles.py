"""Two clauses of the same words may give them other roles."""

import pytest

from query.claims.roles import are_swapped, is_passive


@pytest.mark.parametrize(
    ("mine", "theirs", "swapped"),
    [
        ("Alice reports to Bob.", "Bob reports to Alice.", True),
        ("It moves from Friday to Thursday.", "It moves from Thursday to Friday.", True),
        ("Castle takes over from Linden.", "Linden takes over from Castle.", True),
        ("Tea with milk, not with salt, sells.", "Tea with salt, not with milk, sells.", True),
        ("Anna paid Ben on Monday.", "On Monday Anna paid Ben.", False),
        ("Beta was bought by Acme.", "Acme bought Beta.", False),
        ("Alice married Bob.", "Bob married Alice.", False),
        ("Alice reports to Bob.", "Alice reports to Bob and Carol.", False),
    ],
)  # fmt: skip
def test_what_changed_places_is_told_from_another_order(mine, theirs, swapped):
    assert are_swapped(mine, theirs) is swapped


def test_who_is_named_behind_by_does_it():
    assert is_passive("Beta was bought by Acme.")
    assert not is_passive("Acme bought Beta by chance.")
