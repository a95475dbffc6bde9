"""Whether the vector of a text depends on what is encoded with it is found out by trying."""

import numpy as np
import pytest

from indexing.encoding.steady import FILLED, alike_in_any_batch, alike_in_any_place, filled

ROWS = [[101, word, 102] for word in (7, 8, 9, 10)] * 4


def vectors(tokens):
    return np.array([[row[1], 1.0] for row in tokens], dtype=np.float32)


def by_count(tokens):
    return vectors(tokens) + np.float32(1e-7 * len(tokens) * 7)


def by_place(tokens):
    return vectors(tokens) + np.arange(len(tokens), dtype=np.float32)[:, None]


def by_neighbour(tokens):
    return vectors(tokens) + vectors([*tokens[1:], *tokens[:1]])


@pytest.mark.parametrize(
    ("forward", "batch", "place"),
    [
        (vectors, True, True),
        (by_count, False, True),
        (by_place, False, False),
        (by_neighbour, False, False),
    ],
)
def test_what_the_vector_of_a_text_depends_on_is_found_out(forward, batch, place):
    assert alike_in_any_batch(forward, ROWS) is batch
    assert alike_in_any_place(forward, ROWS) is place


@pytest.mark.parametrize("count", range(1, FILLED + 1))
def test_a_batch_is_filled_behind_what_was_asked_for(count):
    texts = [[n] for n in range(count)]
    assert len(filled(texts)) == FILLED
    assert filled(texts)[:count] == texts
