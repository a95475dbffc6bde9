"""Asking a set: models are loaded before the first question, whatever becomes of that."""

import logging
from types import SimpleNamespace

import pytest

import evaluation.asking
from config.errors import HoldfastError
from evaluation.asking import load_ahead


@pytest.mark.parametrize("error", [HoldfastError("no encoder"), ValueError("no numbers")])
def test_a_model_that_cannot_be_loaded_is_told_and_left_to_the_questions(
    monkeypatch, caplog, error
):
    def fail(_):
        raise error

    monkeypatch.setattr(evaluation.asking, "load_models", fail)
    with caplog.at_level(logging.WARNING):
        load_ahead(SimpleNamespace())
    assert str(error) in caplog.text
