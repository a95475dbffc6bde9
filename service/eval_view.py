"""The figures of an evaluation for a person at a terminal."""

from collections.abc import Mapping, Sequence
from math import isfinite
from typing import TYPE_CHECKING

from service.console import safe, say, table

if TYPE_CHECKING:
    from evaluation.asking import Outcome
    from evaluation.comparison import Comparison
    from evaluation.evaluating import Evaluation
    from evaluation.figures import GateFigures, SetFigures, TierFigures
    from evaluation.metrics.intervals import Interval

NAMED = 10
"""Documents that are named before they are only counted."""


def show(done: "Evaluation") -> None:
    """Print the figures for people."""
    for one in done.sets:
        show_set(one)
    for texts in done.texts:
        say(f"[bold]{safe(texts.name)}[/]: {texts.n} {texts.kind}, AUROC {cell(texts.auroc)}")
        table(["share", ""], [(name, number(value)) for name, value in texts.shares.items()])
        if texts.degraded:
            say(
                f"[bold red]{texts.degraded} of the claims were checked by rules alone[/], the "
                "reader of claims did not read them; the figures are not those of a whole system. "
                "See `holdfast doctor`."
            )
    for comparison in done.comparisons:
        show_comparison(comparison)


def show_comparison(comparison: "Comparison") -> None:
    """Print what became of one set between two states."""
    rows = [
        (name, f"{f.before:.3f}", f"{f.after:.3f}", cell(f.difference), f"{f.p_value:.3f}")
        for name, f in comparison.figures.items()
    ]
    table(["figure", "before", "after", "difference", "p"], rows, comparison.name)
    say(
        f"{comparison.better} questions became right, {len(comparison.worse)} wrong"
        + ("; [bold red]worse than chance explains[/]" if comparison.regressed else "")
    )
    if comparison.left_out:
        say(f"[bold red]{comparison.left_out} could not be asked of both and are left out[/]")
    if comparison.degraded:
        say(
            f"[bold red]{comparison.degraded} were degraded before[/], a part of Holdfast was "
            "missing: the earlier state looks worse than it is, and a loss may not show."
        )


def show_set(one: "SetFigures") -> None:
    """Print one set."""
    show_what_was_asked(one)
    if one.retrieval:
        kinds = {"all": one.retrieval, **one.languages}
        rows = [
            (name, cell(r.hit_at_1), cell(r.hit_at_5), cell(r.mrr), cell(r.ndcg_at_10))
            for name, r in kinds.items()
        ]
        table(["retrieval", "hit@1", "hit@5", "MRR", "nDCG@10"], rows)
    if one.gate:
        show_gate(one.gate, one.tiers)
    if one.latency_ms:
        say(f"{one.latency_ms['p50']:.1f} ms median, {one.latency_ms['p95']:.1f} ms p95")


def show_what_was_asked(one: "SetFigures") -> None:
    """Print which questions there were, and what keeps some of them out of the figures."""
    say(f"[bold]{safe(one.name)}[/]: {len(one.outcomes)} questions, asked of {safe(one.asked_of)}")
    if one.unknown:
        more = f" and {len(one.unknown) - NAMED} more" if len(one.unknown) > NAMED else ""
        say(
            f"[bold red]{len(one.unknown)} documents that questions name are not there[/], and "
            f"count as not found: {safe(', '.join(one.unknown[:NAMED]))}{more}"
        )
    if one.unreviewed:
        say(f"[yellow]{one.unreviewed} of them are drafts that nobody has reviewed[/]")
    if one.silent:
        say(
            f"[yellow]{one.silent} of them have neither a label nor a document that answers "
            "them[/]; no figure counts them"
        )
    if one.lost:
        say(
            f"[bold red]{len(one.lost)} of them could not be asked[/] ({reasons(one.lost)}); no "
            "figure counts them. See `holdfast doctor`."
        )
    if one.degraded:
        say(
            f"[bold red]{len(one.degraded)} of them are degraded[/], a part of Holdfast was "
            f"missing ({reasons(one.degraded)}); the figures are not those of a whole system."
        )


def show_gate(gate: "GateFigures", tiers: "Mapping[str, TierFigures]") -> None:
    """Print how well the gate told questions with an answer from those without."""
    judged = [
        ("AUROC", cell(gate.auroc)),
        ("AUPRC", number(gate.auprc)),
        ("ECE", number(gate.ece)),
        ("Brier", number(gate.brier)),
        ("area under risk-coverage", number(gate.curve.area)),
        ("coverage at 5 % risk", number(gate.coverage_at_risk)),
        ("wrong among answered", cell(gate.risk_among_answered)),
        ("answerable but refused", cell(gate.false_refusals)),
        ("macro-F1", number(gate.macro_f1)),
    ]
    table(["gate", "figure [95 %]"], judged)
    rows = [(name, str(t.n), cell(t.auroc), f"{t.answered:.3f}") for name, t in tiers.items()]
    if rows:
        table(["unanswerable, tier", "n", "AUROC", "answered all the same"], rows)


def reasons(outcomes: "Sequence[Outcome]") -> str:
    """Name the reasons that questions gave, the most frequent first."""
    from evaluation.figures import named_codes

    return safe(", ".join(named_codes(outcomes)["reasons"]) or "no reason given")


def cell(interval: "Interval") -> str:
    """Write a figure with its interval, as far as the questions give them."""
    if not isfinite(interval.value):
        return "-"
    low, high = number(interval.low), number(interval.high)
    return f"{interval.value:.3f} [{low}, {high}] n={interval.n}"


def number(value: float) -> str:
    """Write a figure; a dash is one that the questions cannot give."""
    return f"{value:.3f}" if isfinite(value) else "-"
