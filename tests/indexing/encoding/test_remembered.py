"""Vectors that are remembered: the same ones, encoded once, within a bound, from any thread."""

import threading
from collections.abc import Callable, Sequence

import numpy as np
import pytest

from config.settings import EmbeddingSettings, EncoderPrecision
from indexing.encoding.encoder import WORDS_TOGETHER, SentenceEncoder
from indexing.encoding.model_files import find_model
from indexing.encoding.remembered import ENTRY_BYTES, RememberedVectors

ROW = 8 * 4 + ENTRY_BYTES


class Numbers:
    """Gives a text the vector of its letters, and notes what it was asked for."""

    def __init__(self) -> None:
        self.asked: list[list[str]] = []
        self.broken = False
        self.before: Callable[[Sequence[str]], object] = lambda texts: None

    def encode_documents(self, texts: Sequence[str]) -> np.ndarray:
        self.asked.append(list(texts))
        self.before(texts)
        if not texts:
            return np.empty((0, 8), dtype=np.float32)
        if self.broken:
            raise RuntimeError("no model")
        return np.stack([self.vector(text) for text in texts])

    def encode_query(self, text: str) -> np.ndarray:
        return self.encode_documents([text])[0]

    def vector(self, text: str) -> np.ndarray:
        return np.array([*text.encode()[:8].ljust(8)], dtype=np.float32)


class Apart(Numbers):
    """Can also encode each text so that its vector depends on no other."""

    def encode_each(self, texts: Sequence[str]) -> np.ndarray:
        return self.encode_documents(texts) + np.float32(0.5)


@pytest.fixture
def numbers() -> Numbers:
    return Numbers()


def remember(encoder: Numbers, entries: int = 100) -> RememberedVectors:
    return RememberedVectors(lambda: encoder, entries * ROW)


def at_once(*works: Callable[[], object]) -> list[object]:
    """Do several things at the same time; return what each returned or raised."""
    gate, ended = threading.Barrier(len(works)), [None] * len(works)

    def do(number: int) -> None:
        gate.wait(30)
        try:
            ended[number] = works[number]()
        except RuntimeError as error:
            ended[number] = error

    threads = [threading.Thread(target=do, args=(n,)) for n in range(len(works))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
        assert not thread.is_alive()
    return ended


def test_only_what_is_new_is_encoded_and_the_order_is_that_of_the_texts(numbers):
    memory = remember(numbers)
    memory.encode_documents(["one", "two"])
    found = memory.encode_documents(["three", "two", "three", "one"])
    assert numbers.asked == [["one", "two"], ["three"]]
    expected = [numbers.vector(text) for text in ("three", "two", "three", "one")]
    np.testing.assert_array_equal(found, expected)
    assert memory.encode_documents([]).shape == (0, 8)


def test_an_encoder_that_can_is_asked_for_vectors_that_depend_on_no_other():
    memory = remember(Apart())
    np.testing.assert_array_equal(
        memory.encode_documents(["one"])[0], Numbers().vector("one") + np.float32(0.5)
    )


def test_the_memory_is_bounded_and_keeps_what_was_asked_for_last(numbers):
    memory = remember(numbers, entries=3)
    for text in ("a", "b", "c", "a", "d"):
        memory.encode_documents([text])
        assert memory.nbytes <= 3 * ROW
    assert len(memory) == 3
    assert memory.nbytes == 3 * ROW
    numbers.asked.clear()
    memory.encode_documents(["a", "c", "d"])
    assert numbers.asked == []
    memory.encode_documents(["b"])
    assert numbers.asked == [["b"]]


def test_more_texts_at_once_than_fit_are_all_answered(numbers):
    texts = [f"{n:03}" for n in range(50)]
    memory = remember(numbers, entries=3)
    np.testing.assert_array_equal(
        memory.encode_documents(texts), [numbers.vector(text) for text in texts]
    )
    assert len(memory) == 3


@pytest.mark.parametrize("most_bytes", [0, ROW - 1, 10**15])  # of which no machine has the last
def test_no_room_remembers_nothing(numbers, most_bytes):
    memory = RememberedVectors(lambda: numbers, most_bytes)
    for _ in range(2):
        np.testing.assert_array_equal(memory.encode_documents(["a"]), [numbers.vector("a")])
    assert numbers.asked == [["a"], ["a"]]
    assert (len(memory), memory.nbytes) == (0, 0)


def test_what_a_caller_does_to_its_vectors_is_not_remembered(numbers):
    memory = remember(numbers)
    for _ in range(2):
        memory.encode_documents(["a"])[:] = 0
        memory.encode_query("a")[:] = 0
    np.testing.assert_array_equal(memory.encode_documents(["a"]), [numbers.vector("a")])


def test_a_failure_is_passed_on_and_leaves_nothing_behind(numbers):
    memory = remember(numbers)
    memory.encode_documents(["known"])
    numbers.broken = True
    with pytest.raises(RuntimeError, match="no model"):
        memory.encode_documents(["known", "new"])
    with pytest.raises(RuntimeError, match="no model"):
        memory.encode_query("new")
    np.testing.assert_array_equal(memory.encode_documents(["known"]), [numbers.vector("known")])
    numbers.broken = False
    np.testing.assert_array_equal(memory.encode_documents(["new"]), [numbers.vector("new")])


def test_numbers_that_are_none_are_not_remembered(numbers):
    numbers.vector = lambda text: np.full(8, np.nan, dtype=np.float32)
    memory = remember(numbers)
    memory.encode_documents(["a"])
    assert len(memory) == 0


def test_a_question_is_remembered_apart_from_the_sentence_of_the_same_words(numbers):
    """The last bits of the two may differ, and neither may depend on which came first."""
    memory = remember(numbers)
    for _ in range(2):
        memory.encode_query("one")
        memory.encode_documents(["one", "two"])
    assert numbers.asked == [["one"], ["one", "two"]]


def test_what_several_threads_miss_is_encoded_once(numbers):
    """Each waits for what the other encodes, and neither for the other's wait."""
    both = threading.Barrier(2)
    numbers.before = lambda texts: both.wait(30)
    memory = remember(numbers)
    ends = at_once(
        lambda: memory.encode_documents(["a", "b", "shared"]),
        lambda: memory.encode_documents(["shared", "c", "d"]),
    )
    assert sorted(text for texts in numbers.asked for text in texts) == [*"abcd", "shared"]
    for found, texts in zip(ends, (["a", "b", "shared"], ["shared", "c", "d"]), strict=True):
        np.testing.assert_array_equal(found, [numbers.vector(text) for text in texts])


def test_a_failure_reaches_those_who_wait_for_it_and_nobody_later(numbers):
    memory = remember(numbers)
    second = threading.Event()

    def fail(_texts: Sequence[str]) -> None:
        second.wait(30)
        raise RuntimeError("no model")

    numbers.before = fail
    waits = memory._look_up

    def look_up(keys):
        found = waits(keys)
        if found[2]:  # somebody waits for the first now
            second.set()
        return found

    memory._look_up = look_up
    ends = at_once(*[lambda: memory.encode_documents(["a"])] * 2)
    assert [str(end) for end in ends] == ["no model", "no model"]
    assert numbers.asked == [["a"]]
    numbers.before = lambda texts: None
    np.testing.assert_array_equal(memory.encode_documents(["a"]), [numbers.vector("a")])


def test_many_threads_on_a_small_memory_get_what_they_ask_for(numbers):
    memory = remember(numbers, entries=5)
    words = [f"word {n}" for n in range(12)]

    def ask(begin: int) -> bool:
        for step in range(40):
            texts = [words[(begin + step * k) % len(words)] for k in range(1, 5)]
            found = memory.encode_documents(texts)
            if not np.array_equal(found, [numbers.vector(text) for text in texts]):
                return False
        return len(memory) <= 5

    assert at_once(*[lambda n=n: ask(n) for n in range(8)]) == [True] * 8


@pytest.mark.model
def test_the_real_vectors_are_the_same_bits_in_any_company():
    settings = EmbeddingSettings(precision=EncoderPrecision.FP32)
    encoder = SentenceEncoder(find_model(settings), settings)
    texts = [f"{'The warranty covers a pump and its valve. ' * (n % 5 + 1)}{n}" for n in range(8)]
    alone = [encoder.encode_each([text])[0] for text in texts]
    np.testing.assert_array_equal(encoder.encode_each(texts), alone)
    questions = np.stack([encoder.encode_query(text) for text in texts[:5]])
    np.testing.assert_allclose(questions, alone[:5], atol=1e-5)
    assert encoder.encode_each([]).shape == (0, 384)
    memory = RememberedVectors(lambda: encoder, 1_000_000)
    first, _, second = at_once(
        lambda: memory.encode_documents(texts[:5]),
        lambda: memory.encode_query(texts[7]),
        lambda: memory.encode_documents(texts[3:]),
    )
    np.testing.assert_array_equal(first, alone[:5])
    np.testing.assert_array_equal(second, alone[3:])


@pytest.mark.model
def test_the_real_vector_of_a_word_is_the_same_bits_among_any_others():
    settings = EmbeddingSettings()
    encoder = SentenceEncoder(find_model(settings), settings)
    words = [f"{word}{n}" for n in range(12) for word in ("warranty", "beds", "telephone", "a")]
    found = dict(zip(words, encoder.encode_words(words), strict=True))
    for some in (words[::-1], words[5:7], words[40:]):
        for word, vector in zip(some, encoder.encode_words(some), strict=True):
            np.testing.assert_array_equal(vector, found[word])
    together = np.stack(list(found.values()))
    assert (together * encoder.encode_each(words)).sum(axis=1).min() > 0.999
    assert encoder.encode_words([]).shape == (0, 384)
    long = "a description of a thing that has far more words than any other " * 2
    among = encoder.encode_words([long, "beds3"])
    np.testing.assert_array_equal(among[0], encoder.encode_each([long])[0])
    np.testing.assert_array_equal(among[1], found["beds3"])


@pytest.mark.model
def test_no_vector_depends_on_how_small_the_batches_of_documents_are():
    settings = EmbeddingSettings(batch_tokens=300)
    encoder = SentenceEncoder(find_model(settings), settings)
    batches, forward = [], encoder._model().forward
    encoder._model().forward = lambda tokens: batches.append(len(tokens)) or forward(tokens)
    encoder.encode_words([f"pump{n}" for n in range(40)])
    assert batches == [WORDS_TOGETHER, WORDS_TOGETHER]


def test_words_are_encoded_together_where_the_encoder_can(numbers):
    remembered = RememberedVectors(lambda: numbers, 10 * ROW)
    expected = remembered.encode_documents(["probe", "pump"])
    np.testing.assert_array_equal(remembered.encode_words(["probe", "pump"]), expected)
    numbers.encode_words = lambda words: np.full((len(words), 2), 7.0, dtype=np.float32)
    assert remembered.encode_words(["probe"]).tolist() == [[7.0, 7.0]]


def test_pieces_are_those_of_the_encoder_and_a_word_is_one_where_it_does_not_say(numbers):
    remembered = RememberedVectors(lambda: numbers, 10 * ROW)
    assert remembered.pieces(["probe", "mibbing"]) == [1, 1]
    numbers.pieces = lambda words: [len(word) for word in words]
    assert remembered.pieces(["probe", "mibbing"]) == [5, 7]
