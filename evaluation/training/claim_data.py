"""Claims with evidence for the support head, and how it compares with the rules.

| set | licence | used for |
|---|---|---|
| wice_oracle | ODC-BY 1.0; Wikipedia text CC BY-SA 4.0; cited pages Common Crawl | by claim |

Folds are dealt by the claim of the original set: pieces of one cited page stay together.
"""

import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

import numpy as np

from benchmarks.claims import read_lines
from evaluation.metrics.gate import auroc
from evaluation.metrics.intervals import bootstrap
from evaluation.training.examples import Claim, Support
from query.claims.claims import check

CLAIM_SET = "wice_oracle"


def load_claims(data: Path, limit: int = 0) -> list[Claim]:
    """Read the claims of a folder of question sets; a set that is not there has none."""
    return [
        Claim(r["claim"], "\n".join(r["evidence"]), Support(r["label"]), r["group"])
        for r in read_lines(data / CLAIM_SET / "claims.jsonl")[: limit or None]
    ]


def keep_claims(claims: Sequence[Claim], file: Path) -> None:
    """Write claims, one a line."""
    file.write_text("".join(json.dumps(asdict(c)) + "\n" for c in claims), encoding="utf-8")


def read_claims(file: Path) -> list[Claim]:
    """Read what `keep_claims` wrote."""
    records = map(json.loads, file.read_text(encoding="utf-8").splitlines())
    return [Claim(**(record | {"support": Support(record["support"])})) for record in records]


def compare_support(claims: Sequence[Claim], scores: Sequence[float]) -> dict[str, object]:
    """Print and return how well full support is told from the rest: rules, head, both together.

    Both together is the mean of the two ranks: with so few claims there is nothing to fit.

    Args:
        claims: Claims of any fold.
        scores: Probability of full support, each by a reader that did not train on the claim.
    """
    yes = np.array([c.support is Support.SUPPORTED for c in claims])
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
    print(f"{CLAIM_SET}, {len(claims)} pieces, {int(yes.sum())} supported: {shown}; "
          f"gain of both {interval.value:+.3f} {between}", flush=True)  # fmt: skip
    return {**values, "pieces": len(claims), "gain": interval.to_json()}


def ranks(values: np.ndarray) -> np.ndarray:
    """Return the rank of every value, equal ones alike."""
    _, order = np.unique(values, return_inverse=True)
    return order / max(1, order.max())
