"""The reader of claims that ships: its files are checked, and it sees what words do not tell."""

import json
import math
import subprocess
import sys

import pytest

from config.errors import ConfigError
from config.querying import ClaimSettings, DeadlineSettings
from query.claims.claim import ClaimVerdict
from query.claims.claim_reader import (
    RECORD,
    WEIGHTS,
    ClaimReader,
    open_claim_reader,
    read_claim_record,
)
from query.claims.claims import check
from query.claims.second_reading import open_checks
from query.networks.trained_file import SHIPPED

PAGE = (
    "The small hall may be hired by members for €30 an evening; guests pay twice as much. The "
    "kitchen is reserved for caterers. Keys are fetched from the warden, who lives next door, and "
    "brought back by noon of the following day. Whoever cancels less than a week before pays half."
)


@pytest.mark.parametrize(
    ("claim", "supported"),
    [
        ("Keys are brought back by the warden.", False),
        ("Keys are brought back by noon of the day before.", False),
        ("The small hall may be hired by guests for €30 an evening.", False),
        ("Whoever cancels a week before pays half.", False),
        ("Members can rent the small hall for an evening at €30.", True),
        ("You get the keys from the warden next door.", True),
        ("Keys have to be returned by noon of the next day.", True),
    ],
)
def test_sense_is_read_where_words_are_shared(claim: str, supported: bool) -> None:
    checks = open_checks(ClaimSettings(), DeadlineSettings(judge_seconds=600.0))
    (found,) = checks(claim, [PAGE]).claims
    assert (found.verdict is ClaimVerdict.SUPPORTED) is supported


def test_the_order_and_number_of_pairs_change_no_reading() -> None:
    """Short texts are read first, and each of them keeps its own reading."""
    reader = open_claim_reader()
    said, unsaid = "You get the keys from the warden next door.", "The keys hang behind the bar."
    pairs = [
        (unsaid if number % 3 else said, f"{'Welcome to the hall. ' * (number * 7 % 10)}{PAGE}")
        for number in range(20)
    ]
    every = reader.support(pairs)
    assert min(every[::3]) > max(value for n, value in enumerate(every) if n % 3) + 0.2
    assert list(reader.support(pairs[::-1]))[::-1] == pytest.approx(every, abs=0.02)
    assert [reader.support([pair])[0] for pair in pairs[:3]] == pytest.approx(every[:3], abs=0.02)
    assert reader.support([]) == []


def test_the_shipped_file_is_small_and_asks_no_hub() -> None:
    assert (SHIPPED / WEIGHTS).stat().st_size < 25 * 2**20
    record = read_claim_record(SHIPPED)
    assert 0.0 < record.doubts_below < record.sure_from < 1.0


@pytest.mark.parametrize("number", [math.nan, math.inf])
def test_numbers_that_are_none_are_no_reading(number: float) -> None:
    """Compared with any bound NaN is neither below nor above it."""
    import torch

    class Broken:
        def supports(self, batch: object) -> torch.Tensor:
            return torch.tensor([[number, 0.0]])

    shipped = open_claim_reader()
    shipped.support([("A claim.", PAGE)])
    reader = ClaimReader(shipped.folder, shipped.record)
    tokenizer, _ = shipped.__dict__["_parts"]
    reader.__dict__["_parts"] = tokenizer, Broken()
    with pytest.raises(ValueError, match="no usable numbers"):
        reader.support([("A claim.", PAGE)])


def test_damaged_weights_are_not_loaded(tmp_path) -> None:
    (tmp_path / RECORD).write_bytes((SHIPPED / RECORD).read_bytes())
    (tmp_path / WEIGHTS).write_bytes(b"weights")
    reader = ClaimReader(tmp_path, read_claim_record(tmp_path))
    with pytest.raises(ConfigError, match="damaged"):
        reader.support([("A claim.", PAGE)])


@pytest.mark.parametrize(
    "change", [{"format": 9}, {"format": 0}, {"length": "long"}, {"backbone": None}]
)
def test_a_record_that_is_not_known_is_refused(tmp_path, change) -> None:
    record = json.loads((SHIPPED / RECORD).read_text(encoding="utf-8")) | change
    if change == {"backbone": None}:
        del record["backbone"]
    (tmp_path / RECORD).write_text(json.dumps(record), encoding="utf-8")
    with pytest.raises(ConfigError, match=RECORD):
        read_claim_record(tmp_path)


@pytest.mark.parametrize("content", [b"", b"[]", b"7", b"null", b'{"format": 2}', b"\xff"])
def test_a_file_that_is_no_record_is_told_as_that(tmp_path, content) -> None:
    (tmp_path / RECORD).write_bytes(content)
    with pytest.raises(ConfigError, match=f"{RECORD} is no record"):
        read_claim_record(tmp_path)


def test_a_folder_of_ones_own_is_read_with_its_own_bounds(tmp_path) -> None:
    record = json.loads((SHIPPED / RECORD).read_text(encoding="utf-8"))
    record |= {"doubts_below": 0.25, "sure_from": 0.75}
    (tmp_path / RECORD).write_text(json.dumps(record), encoding="utf-8")
    (tmp_path / WEIGHTS).write_bytes((SHIPPED / WEIGHTS).read_bytes())
    reader = open_claim_reader(tmp_path)
    assert (reader.doubts_below, reader.sure_from) == (0.25, 0.75)
    assert reader.folder == tmp_path
    assert reader.name != open_claim_reader().name
    with pytest.raises(ConfigError, match=r"claims\.reader"):
        read_claim_record(tmp_path / "nowhere")


def test_checking_by_rules_loads_no_torch() -> None:
    script = (
        "import sys; from query.claims.second_reading import SecondReading; "
        "from query.claims.claims import check; check('Dogs are welcome.', ['Dogs are welcome.']); "
        "sys.exit('torch' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == 0


def test_rules_alone_take_those_claims_for_supported() -> None:
    """Or else the first test shows nothing of the reader."""
    (found,) = check("Keys are brought back by the warden.", [PAGE]).claims
    assert found.verdict is ClaimVerdict.SUPPORTED
