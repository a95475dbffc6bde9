"""The dense encoder: equal to the library's own, never cutting in silence."""

import dataclasses
import json
import logging
import shutil
import threading

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from config.settings import EmbeddingSettings, EncoderPrecision
from indexing.encoding import encoder as module
from indexing.encoding import loaded_model
from indexing.encoding.batching import batches
from indexing.encoding.encoder import SentenceEncoder
from indexing.encoding.model_files import find_model
from indexing.encoding.steady import FILLED, MOST_TOGETHER
from indexing.errors import ModelError

TEXTS = [
    "The warranty covers defects for twenty-four months.",
    "",
    "Short.",
    "Who approves travel above two thousand euros? " * 12,
    "Füße, 中文, emoji 🎉 and\ttabs",
    "Short.",
]


QUESTION_WORDS = ("warranty", "price list", "manual", "extended service contract")


@pytest.fixture(scope="module")
def files():
    return find_model(EmbeddingSettings())


@pytest.fixture(scope="module")
def plain(files):
    from sentence_transformers import SentenceTransformer

    return SentenceTransformer(str(files.path), device="cpu")


@pytest.fixture(scope="module")
def fp32(files):
    return SentenceEncoder(files, EmbeddingSettings(precision=EncoderPrecision.FP32))


@settings(deadline=None)
@given(st.lists(st.integers(1, 300), max_size=60), st.integers(1, 1000))
def test_batches_hold_every_position_once_and_stay_within_the_budget(lengths, budget):
    found = list(batches(lengths, budget))
    assert sorted(position for batch in found for position in batch) == list(range(len(lengths)))
    for batch in found:
        assert batch
        longest = max(lengths[position] for position in batch)
        assert len(batch) == 1 or longest * len(batch) <= budget


def test_an_encoder_is_made_without_loading_anything(files):
    made = SentenceEncoder(
        dataclasses.replace(files, path=files.path / "gone"), EmbeddingSettings()
    )
    assert (made.dimension, made.window) == (384, 256)
    assert made.encode_documents([]).shape == (0, 384)


@pytest.mark.model
class TestBundledModel:
    """The real model."""

    def test_vectors_equal_those_of_the_library(self, fp32, plain):
        expected = plain.encode(TEXTS, normalize_embeddings=True)
        found = fp32.encode_documents(TEXTS)
        assert found.dtype == np.float32
        np.testing.assert_allclose(found, expected, atol=2e-5)

    def test_bf16_stays_close(self, files, fp32):
        found = SentenceEncoder(files, EmbeddingSettings(precision=EncoderPrecision.BF16))
        cosines = (found.encode_documents(TEXTS) * fp32.encode_documents(TEXTS)).sum(axis=1)
        assert cosines.min() > 0.999
        assert found.precision in {EncoderPrecision.BF16, EncoderPrecision.FP32}

    def test_order_and_company_do_not_matter(self, fp32):
        together = fp32.encode_documents(TEXTS)
        alone = np.stack([fp32.encode_documents([text])[0] for text in TEXTS])
        np.testing.assert_allclose(together, alone, atol=2e-5)
        np.testing.assert_allclose(np.linalg.norm(together, axis=1), 1.0, atol=1e-5)

    def test_a_text_at_the_window_is_taken_and_one_above_is_refused(self, fp32):
        assert fp32.encode_documents(["pump " * 254]).shape == (1, 384)
        with pytest.raises(ModelError, match=r"Text 1 of 2 is 257 tokens long.*256"):
            fp32.encode_documents(["pump", "pump " * 255])

    def test_a_long_question_is_cut_and_logged(self, fp32, caplog):
        with caplog.at_level(logging.WARNING, logger="indexing.encoding.encoder"):
            vector = fp32.encode_query("pump " * 1000)
        assert "1002 tokens" in caplog.text
        np.testing.assert_allclose(vector, fp32.encode_documents(["pump " * 254])[0], atol=2e-5)

    def test_only_questions_get_the_query_prefix(self, files, fp32):
        settings = EmbeddingSettings(
            query_prefix="query: ", document_prefix="passage: ", precision=EncoderPrecision.FP32
        )
        prefixed = SentenceEncoder(files, settings)
        expected = fp32.encode_documents(["query: pump", "pump"])
        np.testing.assert_allclose(prefixed.encode_query("pump"), expected[0], atol=2e-5)
        found = prefixed.encode_documents(["pump"])[0]
        np.testing.assert_allclose(found, expected[1], atol=2e-5)

    def test_frequent_words_are_one_piece_and_invented_ones_several(self, fp32):
        assert fp32.pieces(["battery", "the"]) == [1, 1]
        assert min(fp32.pieces(["frobulate", "mibbing", "quastin"])) > 1
        assert fp32.pieces([]) == []

    def test_half_a_surrogate_pair_is_no_error(self, fp32):
        assert np.isfinite(fp32.encode_query("pump \ud800 valve")).all()

    def test_several_threads_load_one_model(self, files, monkeypatch):
        loads = []
        original = module.load_model
        monkeypatch.setattr(
            module, "load_model", lambda *given: (loads.append(1), original(*given))[1]
        )
        shared = SentenceEncoder(files, EmbeddingSettings(precision=EncoderPrecision.FP32))
        found = []
        threads = [
            threading.Thread(target=lambda: found.append(shared.encode_query("pump")))
            for _ in range(4)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert loads == [1]
        for vector in found:
            np.testing.assert_allclose(vector, found[0], atol=1e-6)
        assert len(found) == 4

    def test_questions_asked_together_have_the_very_vectors_they_have_alone(
        self, fp32, monkeypatch
    ):
        questions = [
            f"Which {word} covers a Tern {n}?" for n in range(3) for word in QUESTION_WORDS
        ]
        alone = {question: fp32.encode_query(question) for question in questions}
        forward, batches_seen = fp32._model().forward, []
        monkeypatch.setattr(
            fp32._model(), "forward", lambda t: (batches_seen.append(len(t)), forward(t))[1]
        )
        found, ready = {}, threading.Barrier(len(questions))

        def ask(question):
            ready.wait()
            found[question] = fp32.encode_query(question)

        threads = [threading.Thread(target=ask, args=(q,)) for q in questions]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        for question in questions:
            np.testing.assert_array_equal(found[question], alone[question])
        assert sum(batches_seen) == len(questions)

    @pytest.mark.parametrize(
        ("alike", "in_place", "questions", "sentences"),
        [
            (True, True, MOST_TOGETHER, MOST_TOGETHER),
            (False, True, 1, FILLED),
            (False, False, 1, 1),
        ],
    )
    def test_texts_go_together_only_where_that_changes_no_bit(
        self, files, monkeypatch, alike, in_place, questions, sentences
    ):
        monkeypatch.setattr(module, "alike_in_any_batch", lambda _forward, _rows: alike)
        monkeypatch.setattr(module, "alike_in_any_place", lambda _forward, _rows: in_place)
        encoder = SentenceEncoder(files, EmbeddingSettings(precision=EncoderPrecision.FP32))
        model = encoder._model()
        assert {g.most for g in model.questions.values()} == {questions}
        assert {g.most for g in model.sentences.values()} == {sentences}

    def test_the_vector_of_a_sentence_depends_on_no_other(self, files, monkeypatch):
        """Also where the shape of a batch changes the last bits of what is in it."""
        monkeypatch.setattr(module, "alike_in_any_batch", lambda _forward, _rows: False)
        monkeypatch.setattr(module, "alike_in_any_place", lambda _forward, _rows: True)
        encoder = SentenceEncoder(files, EmbeddingSettings(precision=EncoderPrecision.FP32))
        forward = encoder._model().forward

        def shaped(tokens):
            assert len(tokens) == FILLED
            return forward(tokens) + np.float32(1e-4 * len(tokens))

        monkeypatch.setattr(encoder._model(), "forward", shaped)
        texts = [f"{'The warranty covers a pump. ' * (n % 3 + 1)}{n}" for n in range(9)]
        alone = [encoder.encode_each([text])[0] for text in texts]
        np.testing.assert_array_equal(encoder.encode_each(texts), alone)
        np.testing.assert_array_equal(encoder.encode_each(texts[::-1])[::-1], alone)

    def test_a_poor_bf16_falls_back_and_says_so(self, files, fp32, monkeypatch, caplog):
        monkeypatch.setattr(loaded_model, "LEAST_BF16_COSINE", 1.1)
        with caplog.at_level(logging.WARNING, logger="indexing.encoding.loaded_model"):
            strict = SentenceEncoder(files, EmbeddingSettings(precision=EncoderPrecision.BF16))
            found = strict.encode_documents(TEXTS)
        assert strict.precision is EncoderPrecision.FP32
        assert "bf16" in caplog.text
        np.testing.assert_allclose(found, fp32.encode_documents(TEXTS), atol=2e-5)

    def test_broken_numbers_are_an_error(self, files, monkeypatch):
        broken = SentenceEncoder(files, EmbeddingSettings(precision=EncoderPrecision.FP32))
        loaded = broken._model()
        for value in (np.nan, 0.0):
            vectors = np.full((1, 384), value, dtype=np.float32)
            monkeypatch.setattr(loaded, "forward", lambda tokens, vectors=vectors: vectors)
            with pytest.raises(ModelError, match="NaN or a zero"):
                broken.encode_documents(["pump"])

    @pytest.mark.parametrize("size", [0, 1000])
    def test_a_truncated_weights_file_is_a_typed_error(self, files, tmp_path, size):
        copy = tmp_path / "model"
        shutil.copytree(files.path, copy, ignore=shutil.ignore_patterns("model.safetensors"))
        with (files.path / "model.safetensors").open("rb") as weights:
            (copy / "model.safetensors").write_bytes(weights.read(size))
        damaged = find_model(EmbeddingSettings(model=str(copy)))
        with pytest.raises(ModelError, match="could not be loaded"):
            SentenceEncoder(damaged, EmbeddingSettings()).encode_query("pump")

    def test_a_dimension_that_is_not_what_the_config_says_is_an_error(self, files, tmp_path):
        copy = tmp_path / "model"
        shutil.copytree(files.path, copy)
        pooling = copy / "1_Pooling" / "config.json"
        config = json.loads(pooling.read_text())
        found = find_model(EmbeddingSettings(model=str(copy)))
        pooling.write_text(json.dumps(config | {"pooling_mode_cls_token": True}))
        with pytest.raises(ModelError, match="768"):
            SentenceEncoder(found, EmbeddingSettings()).encode_query("pump")


def test_a_tokenizer_of_another_model_is_a_typed_error(files, tmp_path):
    """The weights know fewer tokens: their library says no more than that an index is too large."""
    place = tmp_path / "model"
    shutil.copytree(files.path, place)
    tokenizer = json.loads((place / "tokenizer.json").read_text())
    tokenizer["model"]["vocab"]["mooring"] = 40_000
    tokenizer["added_tokens"].append(
        tokenizer["added_tokens"][-1] | {"id": 40_000, "content": "mooring"}
    )
    (place / "tokenizer.json").write_text(json.dumps(tokenizer))
    settings_ = EmbeddingSettings(model=str(place), precision=EncoderPrecision.FP32)
    mixed = SentenceEncoder(find_model(settings_), settings_)
    assert mixed.encode_documents(["The harbour is closed."]).shape == (1, mixed.dimension)
    for encode in (mixed.encode_query, lambda text: mixed.encode_documents([text])):
        with pytest.raises(ModelError, match="do not belong together"):
            encode("The mooring has two ropes.")
