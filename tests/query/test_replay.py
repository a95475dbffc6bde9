"""What a replay makes anew waits longer than the request it repeats."""

from config.querying import ClaimSettings, DeadlineSettings
from query.replay import recorded_extras

RECORD = {"settings": {}, "asked": {"scope": None}, "reasons": []}


def test_a_busy_machine_makes_no_replay_late():
    patient, usual = recorded_extras(RECORD, ClaimSettings()).deadlines, DeadlineSettings()
    for part in ("encoder_seconds", "store_seconds", "judge_seconds"):
        assert getattr(patient, part) >= 10 * getattr(usual, part)
