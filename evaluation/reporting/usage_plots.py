"""Plots of the usage report as inline SVG: rows of bars, and days; every text is escaped."""

from collections.abc import Mapping, Sequence
from html import escape

from evaluation.reporting.plots import BOTTOM, COLOURS, HEIGHT, LEFT, RIGHT, TOP, WIDTH

ROW = 22
LABEL = 190
VALUE = 64
SHOWN = 34
MOST_ROWS = 16
WIDEST = 48
KINDS = {
    "answered": COLOURS["answerable"],
    "unanswered": COLOURS["unanswerable"],
    "other": "#8a8a8a",
}


def plot_bars(title: str, rows: Sequence[tuple[str, float, str]], width: int = 520) -> str:
    """Draw a row with a bar for each name.

    Args:
        title: Of the plot.
        rows: Name, length, and the figure as it is written; longer names are cut.
        width: Of the plot.
    """
    kept = rows[:MOST_ROWS]
    top = max((value for _, value, _ in kept), default=0.0) or 1.0
    room = width - LABEL - VALUE
    drawn = []
    for place, (name, value, text) in enumerate(kept):
        y = TOP + 8 + place * ROW
        short = name if len(name) <= SHOWN else name[: SHOWN - 1] + "…"
        drawn.append(
            f'<text x="{LABEL - 8}" y="{y + 12}" text-anchor="end">{escape(short)}</text>'
            f'<rect class="bar" x="{LABEL}" y="{y}" width="{max(1.0, value / top * room):.1f}" '
            f'height="{ROW - 6}"><title>{escape(name)}: {escape(text)}</title></rect>'
            f'<text x="{LABEL + value / top * room + 5:.1f}" y="{y + 12}">{escape(text)}</text>'
        )
    height = TOP + 16 + len(kept) * ROW
    return (
        f'<svg viewBox="0 0 {width} {height}" role="img" aria-label="{escape(title)}">'
        f'<text class="title" x="8" y="16">{escape(title)}</text>{"".join(drawn)}</svg>'
    )


def plot_days(days: Mapping[str, Mapping[str, int]]) -> str:
    """Draw what was answered and what was not, a column a day, the newest 60 days."""
    kept = list(days.items())[-60:]
    top = max((sum(counts.values()) for _, counts in kept), default=0) or 1
    room, floor = WIDTH - LEFT - RIGHT, HEIGHT - BOTTOM
    step = min(room / max(len(kept), 1), WIDEST)
    drawn = []
    for place, (day, counts) in enumerate(kept):
        y = float(floor)
        for kind, colour in KINDS.items():
            tall = counts.get(kind, 0) / top * (floor - TOP)
            y -= tall
            drawn.append(
                f'<rect x="{LEFT + place * step:.1f}" y="{y:.1f}" width="{step * 0.86:.2f}" '
                f'height="{tall:.1f}" fill="{colour}"><title>{escape(day)}, {kind}: '
                f"{counts.get(kind, 0)}</title></rect>"
            )
    named = " ".join(f'<tspan fill="{colour}">{kind}</tspan>' for kind, colour in KINDS.items())
    legend = f'<text x="{WIDTH - RIGHT}" y="16" text-anchor="end">{named}</text>'
    ends = ""
    if kept:
        ends = f'<text x="{LEFT}" y="{floor + 16}">{escape(kept[0][0])}</text>'
    if len(kept) > 1:
        ends += (
            f'<text x="{max(LEFT + len(kept) * step, LEFT + 150):.1f}" y="{floor + 16}" '
            f'text-anchor="end">{escape(kept[-1][0])}</text>'
        )
    return (
        f'<svg class="days" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="By day">'
        f'<text class="title" x="{LEFT}" y="16">Requests by day</text>'
        f'<line class="grid" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{floor}" y2="{floor}"/>'
        f'<text x="{LEFT - 6}" y="{TOP + 10}" text-anchor="end">{top}</text>'
        f'<text x="{LEFT - 6}" y="{floor}" text-anchor="end">0</text>'
        f"{''.join(drawn)}{legend}{ends}</svg>"
    )
