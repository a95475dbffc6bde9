"""The soak: deeds and faults in a seeded mixture on one home, every invariant at quiet points.

`python -m benchmarks.soak [--minutes 10] [--seed 1]`, or `make soak`. Ends with status 1 and says
what happened since the last quiet point if anything is not as it has to be.
"""

import argparse
import sys

from tests.support.faultlab.lab import open_lab
from tests.support.faultlab.soak import Soak, soak


def report(soaked: Soak) -> None:
    """Print what was done and what was seen."""
    print("| what | times |\n|-|-|")
    for what, times in sorted(soaked.done.items()):
        print(f"| {what} | {times} |")
    missing, phantom, duplicate, mixed = soaked.seen
    print(
        f"\nat {soaked.done['quiet points']} quiet points: {missing} missing, {phantom} phantom, "
        f"{duplicate} duplicate, {mixed} mixed"
    )
    if soaked.problems:
        print("\nafter " + ", ".join(soaked.trace) + "\n" + "\n".join(soaked.problems))


def main() -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument("--seed", type=int, default=1)
    chosen = parser.parse_args()
    print(f"seed {chosen.seed}, {chosen.minutes:g} minutes\n", flush=True)
    with open_lab(chosen.seed) as lab:
        soaked = soak(lab, chosen.minutes * 60)
    report(soaked)
    sys.exit(1 if soaked.problems else 0)


if __name__ == "__main__":
    main()
