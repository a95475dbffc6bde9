"""Claims with evidence for the support head: WiCE, and supported claims made wrong.

| set | licence | used for |
|---|---|---|
| wice_oracle | ODC-BY 1.0; Wikipedia text CC BY-SA 4.0; cited pages Common Crawl | by claim |

The split is by the claim of the original set: pieces of one cited page stay together.
"""

import hashlib
import json
import random
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from benchmarks.claims import CHANGES, read_lines
from benchmarks.gate_bench import HELD_OUT_TENTHS
from evaluation.metrics.gate import auroc
from evaluation.metrics.intervals import bootstrap
from query.claims import check

NAME = "wice_oracle"


@dataclass(frozen=True)
class Claim:
    """A claim with the text it is held against."""

    claim: str
    evidence: str
    support: str
    """One of `query.reader_network.SUPPORT`."""
    group: str
    held_out: bool


def load_claims(data: Path) -> list[Claim]:
    """Read the claims of a folder of question sets."""
    return [
        Claim(
            record["claim"],
            "\n".join(record["evidence"]),
            record["label"],
            record["group"],
            int(hashlib.md5(record["group"].encode()).hexdigest(), 16) % 10 < HELD_OUT_TENTHS,
        )
        for record in read_lines(data / NAME / "claims.jsonl")
    ]


def training_claims(claims: Sequence[Claim], seed: int) -> list[Claim]:
    """Return what may be trained on, with one wrong version of every supported claim."""
    from query.reader_network import SUPPORT  # loads torch

    rng = random.Random(seed)
    known = [claim for claim in claims if not claim.held_out]
    wrong = []
    for one in known:
        if one.support != SUPPORT[0]:
            continue
        changes = list(CHANGES.values())
        rng.shuffle(changes)
        changed = next(filter(None, (change(one.claim, rng) for change in changes)), None)
        if changed:
            wrong.append(Claim(changed, one.evidence, SUPPORT[2], one.group, held_out=False))
    return known + wrong


def keep_claims(claims: Sequence[Claim], file: Path) -> None:
    """Write claims, one a line."""
    file.write_text("".join(json.dumps(asdict(c)) + "\n" for c in claims), encoding="utf-8")


def read_claims(file: Path) -> list[Claim]:
    """Read what `keep_claims` wrote."""
    lines = file.read_text(encoding="utf-8").splitlines()
    return [Claim(**json.loads(line)) for line in lines]


def compare_support(claims: Sequence[Claim], scores: Sequence[float]) -> dict[str, object]:
    """Print and return how well full support is told from the rest: rules, head, both together.

    Both together is the mean of the two ranks: with some seventy claims there is nothing to fit.
    """
    from query.reader_network import SUPPORT  # loads torch

    yes = np.array([c.support == SUPPORT[0] for c in claims])
    rules = np.array([check(c.claim, [c.evidence]).support_score for c in claims])
    head = np.array(scores)
    kinds = {"rules": rules, "head": head, "both": ranks(rules) + ranks(head)}

    def gain(positions: np.ndarray) -> float:
        labels = yes[positions]
        if labels.all() or not labels.any():
            return float("nan")
        return auroc(labels, kinds["both"][positions]) - auroc(labels, rules[positions])

    interval = bootstrap(gain, [c.group for c in claims])
    values = {kind: round(auroc(yes, score), 4) for kind, score in kinds.items()}
    shown = ", ".join(f"{kind} {value:.3f}" for kind, value in values.items())
    between = f"[{interval.low:+.3f}, {interval.high:+.3f}]"
    print(f"{NAME}, {len(claims)} pieces held out, {int(yes.sum())} supported: {shown}; "
          f"gain of both {interval.value:+.3f} {between}", flush=True)  # fmt: skip
    return {**values, "pieces": len(claims), "gain": interval.to_json()}


def ranks(values: np.ndarray) -> np.ndarray:
    """Return the rank of every value, equal ones alike."""
    _, order = np.unique(values, return_inverse=True)
    return order / max(1, order.max())
