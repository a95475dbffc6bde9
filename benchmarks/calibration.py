"""What a calibration is worth on documents it was not made from: error, observed risk, coverage.

    python -m benchmarks.calibration DATA --sets clapnq,nq_oracle --max-risk 0.1

Every set is ingested into a passing home. The questions on one half of the documents calibrate,
those on the other half are asked under the calibration. The features judge, for the reader of the
trained judge was taught with the sets themselves; `--judge trained` is honest on ramdocs and
mtrag_un alone.
"""

import argparse
import datetime as dt
import hashlib
import json
from pathlib import Path

from config.settings import GateSettings, JudgeKind, Settings
from evaluation.asking import ask_all
from evaluation.calibrating.calibrating import present_binding, score_questions
from evaluation.calibrating.fitting import Promise, fit
from evaluation.calibrating.samples import sample_of
from evaluation.evaluating import silent_engine
from evaluation.figures import figures_of
from evaluation.questions import choose, read_set
from evaluation.temporary import keys_of, temporary_home
from query.opening import shelf_of

NOT_ASKED = ("adversarial",)


def first_half(group: str) -> bool:
    return hashlib.sha256(f"half/{group}".encode()).digest()[0] < 128


def measure(path: Path, promise: Promise, limit: int, near: str, judge: JudgeKind) -> dict:
    """Calibrate on one half of a set and ask the other."""
    chosen = read_set(path)
    key_of = keys_of(chosen)
    asked = [
        q for q in choose(chosen, limit)
        if q.label in ("answerable", "unanswerable") and (near == "with" or q.tier not in NOT_ASKED)
    ]  # fmt: skip
    with temporary_home(Settings(gate=GateSettings(judge=judge)), chosen) as corpus:
        plain = score_questions(corpus, [q for q in asked if first_half(q.group)], key_of)
        samples = [sample_of(one, corpus.settings.gate.partial_at) for one in plain]
        binding = present_binding(corpus)
        attempt = fit(samples, binding, promise, 1, dt.datetime.now(dt.UTC))
        rest = [q for q in asked if not first_half(q.group)]
        before = figures_of("before", list(ask_all(silent_engine(corpus), rest, key_of)))
        if attempt.calibration is None:
            return {"set": chosen.name, "problem": attempt.problem, "ece": before.gate.ece}
        made = attempt.calibration
        shelf_of(corpus).keep(made, json.dumps(made.to_json()))
        after = figures_of("after", list(ask_all(silent_engine(corpus), rest, key_of)))
    answered = sum(o.answered for o in after.outcomes)
    return {
        "set": chosen.name,
        "calibrated_on": len(samples),
        "asked": len(rest),
        "ece": [round(before.gate.ece, 3), round(after.gate.ece, 3)],
        "promised": promise.max_risk,
        "risk": [f.gate.risk_among_answered.to_json() for f in (before, after)],
        "answered": round(answered / len(rest), 3),
        "refused": [f.gate.false_refusals.to_json() for f in (before, after)],
        "tiers": {t: f.to_json() for t, f in after.tiers.items()},
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("data", type=Path)
    parser.add_argument("--sets", default="clapnq,nq_oracle,squad")
    parser.add_argument("--max-risk", type=float, default=0.10)
    parser.add_argument("--limit", type=int, default=0)
    parser.add_argument("--adversarial", choices=["with", "without"], default="without")
    parser.add_argument("--judge", type=JudgeKind, default=JudgeKind.FEATURES)
    given = parser.parse_args()
    for name in given.sets.split(","):
        promise = Promise(max_risk=given.max_risk)
        found = measure(given.data / name, promise, given.limit, given.adversarial, given.judge)
        print(json.dumps(found))


if __name__ == "__main__":
    main()
