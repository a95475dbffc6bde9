"""What refusing questions whose asked word no passage speaks of costs and brings, set by set.

    python -m benchmarks.unspoken DATA [--sets NAMES] [--limit N] [--kept FOLDER]

Counted are questions by label (and tier) that would be answered, whole or in part, and of them
those that `query.judging.unspoken` refuses. Sets that nothing may be tuned on are left out.
"""

import argparse
import importlib
import tempfile
from collections import Counter
from pathlib import Path

from benchmarks import gate_bench
from benchmarks.gate import chosen
from config.settings import GateSettings
from query.decision import Verdict
from query.judging.judge import Judge
from query.judging.trained_judge import open_judge
from query.judging.unspoken import without_unspoken

SETS = "squad,nq_oracle,clapnq,ramdocs,awsdocs"
_ANSWERED = frozenset({Verdict.ANSWERABLE, Verdict.PARTIALLY_SUPPORTED})


class Refusing:
    """Rules as the gate does, and counts what is refused afterwards."""

    def __init__(self, encoder: object) -> None:
        """Keep the encoder that compares words."""
        self.encoder = encoder
        self.last: tuple[Verdict, Verdict] | None = None
        self._rule = importlib.import_module("query.gate.rules").rule

    def __call__(self, asked, passages, legs, judge: Judge, settings: GateSettings):
        """Rule, and note the verdict before and after."""
        ruling = self._rule(asked, passages, legs, judge, settings)
        after = without_unspoken(asked, passages, ruling, self.encoder)
        self.last = ruling.verdict, after.verdict
        return after


def count(name: str, args: argparse.Namespace, judge: Judge) -> Counter[tuple[str, str, str]]:
    """Ask the questions of a set."""
    counts: Counter[tuple[str, str, str]] = Counter()
    with tempfile.TemporaryDirectory() as folder:
        bench = gate_bench.open_set(args.data / name, Path(folder), args.kept, args.others)
        refusing = Refusing(bench.encoder)
        gate_bench.rule = refusing
        asked = [q for q in chosen(bench, 0) if name != "squad" or gate_bench.is_held_out(bench, q)]
        for question, vector in gate_bench.with_vectors(bench, asked[: args.limit or None]):
            refusing.last = None
            gate_bench.look(bench, question, judge, vector)
            if refusing.last is None:
                continue
            before, after = refusing.last
            if before in _ANSWERED:
                change = "stays" if after is before else "refused"
                counts[f"{question['label']} {question.get('tier', '')}", before.value, change] += 1
        bench.store.close()
    return counts


def main() -> None:
    """Ask set after set and print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("data", type=Path)
    parser.add_argument("--sets", default=SETS)
    parser.add_argument("--limit", type=int, default=0, help="questions of each set, 0 for all")
    parser.add_argument("--kept", type=Path, help="where vectors are kept between runs")
    parser.add_argument("--others", type=int, default=gate_bench.AWSDOCS_OTHERS)
    args = parser.parse_args()
    judge = open_judge(GateSettings())
    for name in args.sets.split(","):
        counts = count(name, args, judge)
        for label, verdict in sorted({key[:2] for key in counts}):
            stays, refused = (counts[label, verdict, way] for way in ("stays", "refused"))
            print(f"{name:10} {label:28} {verdict:20} {refused:4} of {stays + refused} refused")


if __name__ == "__main__":
    main()
