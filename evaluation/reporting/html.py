"""Renders an evaluation as one HTML file; everything that documents say is escaped."""

from types import SimpleNamespace

from evaluation.evaluating import Evaluation
from evaluation.figures import RISK, VERDICTS, SetFigures, named_codes
from evaluation.reporting.page import fill
from evaluation.reporting.plots import plot_histogram, plot_reliability, plot_risk_coverage


def render(evaluation: Evaluation) -> str:
    """Return the report."""
    return fill(
        "report.html.j2",
        made_at=evaluation.made_at.isoformat(timespec="seconds"),
        state=evaluation.state,
        sets=evaluation.sets,
        comparisons=evaluation.comparisons,
        texts=evaluation.texts,
        plots=[plots_of(one) for one in evaluation.sets],
        verdict_names=VERDICTS,
        reasons=lambda outcomes: named_codes(outcomes)["reasons"],
    )


def plots_of(figures: SetFigures) -> SimpleNamespace:
    """Draw the plots of a set."""
    from markupsafe import Markup

    gate = figures.gate
    if gate is None:
        return SimpleNamespace(risk_coverage="", reliability="", histogram="")
    # Markup: the plots hold numbers and our own words only, and these are escaped in them.
    return SimpleNamespace(
        risk_coverage=Markup(plot_risk_coverage(gate.curve, RISK)),
        reliability=Markup(plot_reliability(gate.steps)),
        histogram=Markup(plot_histogram(figures.histogram())),
    )
