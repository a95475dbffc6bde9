"""A sentence that leans on another one is read with it."""

import pytest

from query.claims.claim import ClaimVerdict
from query.claims.claims import check

PAGE = (
    "The Heron 2 pump has a warranty of two years. The warranty does not cover seals. "
    "The Heron 3 pump costs €450. Anna Berg used to work for Vento. She lives in Bergen. "
    "Tom Rice founded Rice Consulting. Wolves live in packs. So do lions, but tigers live alone."
)


def last(text: str) -> ClaimVerdict:
    return check(text, [PAGE]).claims[-1].verdict


@pytest.mark.parametrize(
    "text",
    [
        "The Heron 3 pump costs €450. It has a warranty of two years.",
        "The Heron 2 pump has a warranty of two years. It costs €450.",
        "Tom Rice founded Rice Consulting. He lives in Bergen.",
        "Tigers live alone. So do wolves.",
        "Tigers live alone. The same holds for wolves.",
    ],
)
def test_what_is_said_of_another_thing_supports_nothing(text):
    assert last(text) is not ClaimVerdict.SUPPORTED


@pytest.mark.parametrize(
    "text",
    [
        "The Heron 2 pump has a warranty of two years. It does not cover seals.",
        "Wolves live in packs. So do lions.",
        "Anna Berg used to work for Vento. She lives in Bergen.",
        "**Heron 3**\n- Costs €450",
    ],
)
def test_what_is_said_of_the_same_thing_is_supported(text):
    assert last(text) is ClaimVerdict.SUPPORTED
