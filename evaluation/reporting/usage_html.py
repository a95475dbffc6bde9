"""Renders the usage report as one HTML file; questions are hostile input and always escaped."""

from types import SimpleNamespace

from evaluation.reporting.page import fill
from evaluation.reporting.usage_plots import plot_bars, plot_days
from evaluation.usage.report import UsageReport

SHOWN = 40
"""Rows per table; the JSON has all of them."""


def render_usage(report: UsageReport) -> str:
    """Return the report as HTML without scripts that loads nothing."""
    return fill("usage.html.j2", report=report, shown=SHOWN, plots=plots_of(report))


def plots_of(report: UsageReport) -> SimpleNamespace:
    """Draw the plots."""
    from markupsafe import Markup

    topics = [(topic.label, float(topic.requests), str(topic.requests)) for topic in report.topics]
    causes = [(cause, float(count), str(count)) for cause, count in report.causes.items()]
    reasons = [(code, float(count), str(count)) for code, count in report.reasons.items()]
    stages = [
        (f"{name}, {kind}", figures[kind], f"{figures[kind]:.1f} ms")
        for name, figures in report.latency_ms.items()
        for kind in ("p50", "p95")
    ]
    # Markup: the plots are our own, and every text in them was escaped where it was put in.
    return SimpleNamespace(
        days=Markup(plot_days(report.days)),
        topics=Markup(plot_bars("Unanswered requests by topic", topics)),
        reasons=Markup(plot_bars("Reasons of what was not answered", reasons)),
        causes=Markup(plot_bars("Complaints by cause", causes)),
        stages=Markup(plot_bars("Latency by stage", stages)),
    )
