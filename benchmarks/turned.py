"""How many claims `check` supports that their passages do, and how many that turn them around.

    python -m benchmarks.turned [--wrong]

The claims are in `turned_claims.yaml`; `--wrong` prints those that come out otherwise.
"""

import argparse
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from query.claims.claims import ClaimVerdict, check

CLAIMS = Path(__file__).parent / "turned_claims.yaml"


def verdict_of(claim: str, passage: str) -> ClaimVerdict:
    """Return the verdict on a claim of one sentence; of several the one that is not supported."""
    verdicts = [one.verdict for one in check(claim, [passage]).claims]
    return next((v for v in verdicts if v is not ClaimVerdict.SUPPORTED), ClaimVerdict.SUPPORTED)


def counted(cases: Sequence[Mapping[str, Any]], kind: str, show: bool) -> list[ClaimVerdict]:
    """Return the verdicts on all claims of a kind, and print those that are wrong."""
    found = []
    for case in cases:
        for claim in case[kind]:
            verdict = verdict_of(claim, case["given"])
            found.append(verdict)
            if show and (verdict is ClaimVerdict.SUPPORTED) != (kind == "honest"):
                print(f"{kind}, {verdict.value}: {claim}")
    return found


def main() -> None:
    """Count the claims of every part."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.turned", description=__doc__)
    parser.add_argument("--wrong", action="store_true", help="print what comes out otherwise")
    given = parser.parse_args()
    print("| part | honest: supported, called contradicted | turned: not supported |\n|-|-|-|")
    for name, cases in yaml.safe_load(CLAIMS.read_text(encoding="utf-8")).items():
        honest, turned = (counted(cases, kind, given.wrong) for kind in ("honest", "turned"))
        supported, denied = ClaimVerdict.SUPPORTED, ClaimVerdict.CONTRADICTED
        print(
            f"| {name} | {honest.count(supported)} of {len(honest)}, {honest.count(denied)} "
            f"| {len(turned) - turned.count(supported)} of {len(turned)} |"
        )


if __name__ == "__main__":
    main()
