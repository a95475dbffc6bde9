"""All measurements at once: one that fails or is not there must not look like a run."""

import subprocess
import sys
from types import SimpleNamespace

import pytest

from benchmarks import __main__ as every


@pytest.mark.parametrize(
    ("named", "failing", "code"),
    [(["ocr", "pdf"], (), 0), (["ocr", "pdf"], ("pdf",), 1), (["ocr", "pfd"], (), 2), ([], (), 0)],
)
def test_the_exit_code_says_how_it_went(monkeypatch, capsys, named, failing, code):
    ran = []

    def run(command, *, check):
        ran.append(command[-1].removeprefix("benchmarks."))
        return SimpleNamespace(returncode=int(ran[-1] in failing))

    monkeypatch.setattr(subprocess, "run", run)
    monkeypatch.setattr(sys, "argv", ["benchmarks", *named])
    assert every.main() == code
    told = capsys.readouterr().err
    if code == 2:
        assert ran == []
        assert "pfd" in told
    else:
        assert set(ran) == set(named or dict(every.MEASUREMENTS))
        assert [name in told for name in failing] == [True] * len(failing)
