"""What `benchmarks.gate figures` prints of a set: retrieval by list, gate by tier, verdicts."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from benchmarks.gate_bench import Row
from evaluation.asking import Outcome
from evaluation.figures import SetFigures, auroc_interval, figures_of, retrieval_figures
from evaluation.metrics.intervals import Interval
from query.decision import Verdict
from query.labelled import read_question

LISTS = ("dense", "sparse", "fused")


def report(name: str, rows: Sequence[Row]) -> None:
    """Print the figures of a set; intervals are resampled by document."""
    outcomes = [outcome(row) for row in rows]
    for leg in LISTS:
        ranked = [
            replace(o, ranked=tuple(dict.fromkeys(getattr(r, leg))))
            for o, r in zip(outcomes, rows, strict=True)
        ]
        found = retrieval_figures(ranked)
        if found is not None:
            print(
                f"{name:10} {leg:6} hit@1 {shown(found.hit_at_1)}  hit@5 {shown(found.hit_at_5)}  "
                f"nDCG@10 {shown(found.ndcg_at_10)}  n={found.hit_at_1.n}"
            )
    figures = figures_of(name, outcomes)
    tiers(figures, outcomes)
    if figures.gate is not None:
        gate = figures.gate
        print(
            f"{name:10} ECE {gate.ece:.3f}  answered at 5 % risk {gate.coverage_at_risk:.3f}  "
            f"wrong among answered {shown(gate.risk_among_answered)}  answerable but refused "
            f"{shown(gate.false_refusals)}  macro-F1 {gate.macro_f1:.3f}"
        )
    ambiguous(name, outcomes)
    print(f"{name:10} verdicts by label {figures.verdicts}")
    spent = [row.milliseconds for row in rows]
    p50, p95 = np.quantile(spent, [0.5, 0.95])
    cost = f"{p50:.1f} ms of processor time, 95 % within {p95:.1f} ms"
    print(f"{name:10} order, judge and rules {cost}")
    pointing = np.quantile([row.pointing for row in rows], [0.5, 0.95])
    cost = "{:.2f} ms, 95 % within {:.2f} ms".format(*pointing)
    print(f"{name:10} of it whether something is pointed at {cost}", flush=True)


def tiers(figures: SetFigures, outcomes: Sequence[Outcome]) -> None:
    """Print how well every kind of unanswerable question is told from answerable ones.

    The questions of ramdocs are nearly all ambiguous; those with a gold document count as
    answerable there, because the other answer is not missing.
    """
    answerable = [o for o in outcomes if o.question.label is Verdict.ANSWERABLE]
    if figures.name == "ramdocs":
        answerable = [
            replace(o, question=replace(o.question, label=Verdict.ANSWERABLE))
            for o in outcomes
            if o.gold
        ]
    for tier, found in figures.tiers.items():
        refusable = [
            o for o in outcomes
            if o.question.label is Verdict.UNANSWERABLE and (o.question.tier or "-") == tier
        ]  # fmt: skip
        score = auroc_interval([*answerable, *refusable])
        print(
            f"{figures.name:10} gate {tier:12} AUROC {shown(score)}"
            f"  called answerable {found.answered:.3f}  ({len(answerable)} / {found.n})"
        )


def ambiguous(name: str, outcomes: Sequence[Outcome]) -> None:
    """Print how many ambiguous questions are called so, and how many answerable ones."""
    shares = []
    for label in (Verdict.AMBIGUOUS, Verdict.ANSWERABLE):
        chosen = [o for o in outcomes if o.question.label is label]
        named = sum(o.verdict == Verdict.AMBIGUOUS for o in chosen)
        shares.append(f"{named} of {len(chosen)} {label.value}")
    print(f"{name:10} called ambiguous: {', '.join(shares)}")


def outcome(row: Row) -> Outcome:
    """Describe a row as the evaluation does."""
    # The bench keeps the text as it was before earlier turns were added to it.
    record = {name: value for name, value in row.question.items() if name != "asked"}
    question = read_question(record, "line 0")
    return Outcome(
        question, "ok", row.verdict, row.p, tuple(dict.fromkeys(row.fused)), question.gold, (), (),
        None, row.milliseconds,
    )  # fmt: skip


def shown(interval: Interval) -> str:
    """Write a figure with its interval."""
    return f"{interval.value:.3f} [{interval.low:.3f}, {interval.high:.3f}]"
