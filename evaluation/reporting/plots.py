"""Plots as inline SVG: lines, steps and bars, readable without colour and in both themes."""

from collections.abc import Mapping, Sequence
from html import escape

from evaluation.metrics.gate import Bin, RiskCoverage

WIDTH, HEIGHT = 360, 260
LEFT, RIGHT, TOP, BOTTOM = 58, 12, 38, 40
COLOURS = {
    "answerable": "#1b7f5c",
    "partially_supported": "#c98a1b",
    "ambiguous": "#7a5cc2",
    "unanswerable": "#c2413b",
}
TITLE, LEGEND = 16, 31
"""Base lines of what stands above the plot, which no bar can reach."""
MOST_POINTS = 400


def x_of(value: float) -> float:
    """Place a value of [0, 1] from left to right."""
    return LEFT + value * (WIDTH - LEFT - RIGHT)


def y_of(value: float, top: float = 1.0) -> float:
    """Place a value of [0, `top`] from the bottom up."""
    return HEIGHT - BOTTOM - (value / top if top else 0.0) * (HEIGHT - TOP - BOTTOM)


def frame(title: str, across: str, up: str, top: float, body: str) -> str:
    """Put axes, a title and labels around a plot."""
    ticks = []
    for step in range(5):
        share = step / 4
        ticks.append(
            f'<line class="grid" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y_of(share):.1f}" '
            f'y2="{y_of(share):.1f}"/>'
            f'<text x="{LEFT - 6}" y="{y_of(share) + 4:.1f}" text-anchor="end">'
            f"{share * top:.3g}</text>"
            f'<text x="{x_of(share):.1f}" y="{HEIGHT - BOTTOM + 16}" text-anchor="middle">'
            f"{share:.3g}</text>"
        )
    middle = (HEIGHT - BOTTOM + TOP) / 2
    return (
        f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{escape(title)}">'
        f'<text class="title" x="{LEFT}" y="{TITLE}">{escape(title)}</text>{"".join(ticks)}{body}'
        f'<text x="{x_of(0.5):.1f}" y="{HEIGHT - 6}" text-anchor="middle">{escape(across)}</text>'
        f'<text x="12" y="{middle:.1f}" text-anchor="middle" '
        f'transform="rotate(-90 12 {middle:.1f})">{escape(up)}</text></svg>'
    )


def plot_risk_coverage(curve: RiskCoverage, risk: float) -> str:
    """Draw the share of wrong answers against the share of questions answered."""
    points = list(zip(curve.coverages, curve.risks, strict=True))
    step = max(1, len(points) // MOST_POINTS)
    kept = [*points[::step], *points[-1:]]
    top = max([risk * 2, *curve.risks], default=1.0)
    path = " ".join(f"{x_of(c):.1f},{y_of(r, top):.1f}" for c, r in kept)
    body = (
        f'<line class="limit" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y_of(risk, top):.1f}" '
        f'y2="{y_of(risk, top):.1f}"/><polyline class="line" points="{path}"/>'
    )
    return frame("Risk–coverage", "share of questions answered", "share wrong", top, body)


def plot_reliability(steps: Sequence[Bin]) -> str:
    """Draw how often questions of a probability are answerable; the diagonal is the truth."""
    most = max((step.n for step in steps), default=1)
    body = (
        f'<line class="limit" x1="{x_of(0):.1f}" y1="{y_of(0):.1f}" x2="{x_of(1):.1f}" '
        f'y2="{y_of(1):.1f}"/>'
    )
    for step in steps:
        radius = 3 + 6 * (step.n / most) ** 0.5
        body += (
            f'<circle class="dot" cx="{x_of(step.mean_score):.1f}" '
            f'cy="{y_of(step.share_positive):.1f}" r="{radius:.1f}"><title>'
            f"{step.n} questions: said {step.mean_score:.2f}, were {step.share_positive:.2f}"
            "</title></circle>"
        )
    return frame("Reliability", "p_answerable", "share answerable", 1.0, body)


def plot_histogram(counts: Mapping[str, Sequence[int]]) -> str:
    """Draw how the probability is spread, one row of bars per label.

    The names of the labels stand in a line above the bars: the highest ones are often those at
    the right edge.
    """
    shares = {k: [v / (sum(row) or 1) for v in row] for k, row in counts.items()}
    top = max((max(row) for row in shares.values()), default=1.0) or 1.0
    body = legend = ""
    for place, (label, row) in enumerate(shares.items()):
        width = (x_of(1) - x_of(0)) / len(row) / max(len(shares), 1)
        for index, share in enumerate(row):
            left = x_of(index / len(row)) + place * width
            body += (
                f'<rect x="{left:.1f}" y="{y_of(share, top):.1f}" width="{width * 0.92:.2f}" '
                f'height="{HEIGHT - BOTTOM - y_of(share, top):.1f}" fill="{COLOURS[label]}">'
                f"<title>{escape(label)}: {counts[label][index]}</title></rect>"
            )
        space = "" if place == 0 else ' dx="6"'
        legend += f'<tspan style="fill:{COLOURS[label]}"{space}>{escape(label)}</tspan>'
    body += f'<text x="{LEFT}" y="{LEGEND}">{legend}</text>'
    return frame("Scores by label", "p_answerable", "share of the label", top, body)
