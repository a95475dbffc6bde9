"""What is not read in another language supports nothing, unless it stands there word for word."""

import pytest

from query.claims.claim import ClaimVerdict
from query.claims.claims import check


@pytest.mark.parametrize(
    ("claimed", "said"),
    [
        ("Die Garantie gilt nicht für Akkus.", "Die Garantie gilt für Akkus."),
        ("Die Garantie gilt für Akkus.", "Die Garantie gilt nicht für Akkus."),
        ("Die Garantie beträgt zwei Jahre.", "Die Garantie beträgt drei Jahre."),
        (
            "Le contrat couvre aussi la coque et la pile.",
            "Le contrat ne couvre ni la coque ni la pile.",
        ),
        ("De garantie geldt niet voor de accu.", "De garantie geldt ook voor de accu."),
    ],
)
def test_words_alike_support_nothing_in_a_language_that_is_not_read(claimed, said):
    (claim,) = check(claimed, [said]).claims
    assert claim.verdict is not ClaimVerdict.SUPPORTED
    assert check(claimed, [claimed]).claims[0].verdict is ClaimVerdict.SUPPORTED
