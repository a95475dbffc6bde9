"""How many claims `check` supports that their passages do, turn around, or say nothing of.

    python -m benchmarks.turned [--by rules] [--wrong]

The claims are in `turned_claims.yaml`; `--wrong` prints those that come out otherwise, and with
`--by rules` the reader of claims has no say. The last column holds each honest claim against the
eight passages about other things that have most of its words.
"""

import argparse
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from config.querying import ClaimsBy, ClaimSettings, DeadlineSettings
from query.claims.claim import ClaimVerdict
from query.claims.second_reading import Checks, open_checks
from query.text.words import fold, stems

CLAIMS = Path(__file__).parent / "turned_claims.yaml"


NEAREST = 8


def verdict_of(checks: Checks, claim: str, *passages: str) -> ClaimVerdict:
    """Return the verdict on a claim of one sentence; of several the one that is not supported."""
    verdicts = [one.verdict for one in checks(claim, passages).claims]
    return next((v for v in verdicts if v is not ClaimVerdict.SUPPORTED), ClaimVerdict.SUPPORTED)


def counted(
    checks: Checks, cases: Sequence[Mapping[str, Any]], kind: str, show: bool
) -> list[ClaimVerdict]:
    """Return the verdicts on all claims of a kind, and print those that are wrong."""
    found = []
    for case in cases:
        for claim in case[kind]:
            verdict = verdict_of(checks, claim, case["given"])
            found.append(verdict)
            if show and (verdict is ClaimVerdict.SUPPORTED) != (kind == "honest"):
                print(f"{kind}, {verdict.value}: {claim}")
    return found


def supported_elsewhere(
    checks: Checks,
    cases: Sequence[Mapping[str, Any]],
    passages: Mapping[str, frozenset[str]],
    show: bool,
) -> int:
    """Count the honest claims that passages about other things support.

    Args:
        checks: Checks claims.
        cases: A part.
        passages: All passages with their stems.
        show: Prints them.
    """
    count = 0
    for case in cases:
        others = [text for text in passages if text != case["given"]]
        for claim in case["honest"]:
            words = frozenset(stems(fold(claim)))
            nearest = sorted(others, key=lambda text: -len(words & passages[text]))[:NEAREST]
            if verdict_of(checks, claim, *nearest) is ClaimVerdict.SUPPORTED:
                count += 1
                if show:
                    print(f"elsewhere: {claim}")
    return count


def main() -> None:
    """Count the claims of every part."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.turned", description=__doc__)
    parser.add_argument("--wrong", action="store_true", help="print what comes out otherwise")
    parser.add_argument("--by", type=ClaimsBy, choices=list(ClaimsBy), default=ClaimsBy.READER)
    given = parser.parse_args()
    checks = open_checks(ClaimSettings(checked_by=given.by), DeadlineSettings())
    parts = yaml.safe_load(CLAIMS.read_text(encoding="utf-8"))
    texts = [case["given"] for cases in parts.values() for case in cases]
    passages = {text: frozenset(stems(fold(text))) for text in texts}
    print("| part | honest: supported, called contradicted | turned: not supported | elsewhere |")
    print("|-|-|-|-|")
    for name, cases in parts.items():
        honest, turned = (
            counted(checks, cases, kind, given.wrong) for kind in ("honest", "turned")
        )
        supported, denied = ClaimVerdict.SUPPORTED, ClaimVerdict.CONTRADICTED
        print(
            f"| {name} | {honest.count(supported)} of {len(honest)}, {honest.count(denied)} "
            f"| {len(turned) - turned.count(supported)} of {len(turned)} "
            f"| {supported_elsewhere(checks, cases, passages, given.wrong)} of {len(honest)} |"
        )


if __name__ == "__main__":
    main()
