"""`holdfast report`: what the request log and the feedback say about what should be mended."""

from pathlib import Path
from typing import TYPE_CHECKING

from service.console import print_json, safe, say, table
from service.disk import write_file
from service.exits import Exit
from service.options import DEFAULTS, Options, looked_at

if TYPE_CHECKING:
    from evaluation.usage.report import UsageReport

SHOWN = 10


def report(*, since: str = "30d", out: Path | None = None, options: Options = DEFAULTS) -> int:
    """Turn the request log and the feedback into what to mend; nothing is changed.

    Unanswered topics, documents that are not served and may have answered, refusals that were
    answered later, complaints by cause, latency by stage, and cost.

    Args:
        since: From when on: an age such as 30d, 12h or 4w, a date or time, or `all`.
        out: Write one self-contained HTML file with plots: no scripts, nothing is loaded.
        options: Options of every command.
    """
    from evaluation.reporting.usage_html import render_usage
    from evaluation.usage.reading import read_since
    from evaluation.usage.report import make_report
    from indexing.ledger.database import now

    beginning = read_since(since, now())
    with looked_at(options) as corpus:
        made = make_report(corpus, beginning)
    if out is not None:
        write_file(out, render_usage(made))
    if options.json:
        print_json(made.to_json())
    else:
        show(made)
    return Exit.DONE


def show(made: "UsageReport") -> None:
    """Print the report for people, the first rows of everything."""
    verdicts = ", ".join(f"{count} {name}" for name, count in made.verdicts.items())
    said = ", ".join(f"{count} {name}" for name, count in made.feedback.items())
    say(f"[bold]{made.requests} requests[/]: {safe(verdicts or 'none')}")
    say(f"feedback: {safe(said or 'none')}")
    if made.unjudged:
        others = ", ".join(f"{count} {name}" for name, count in made.unjudged.items())
        say(f"without a verdict: {safe(others)}")
    if made.topics:
        rows = [(t.requests, t.label, t.examples[0][:70]) for t in made.topics[:SHOWN]]
        table(["requests", "topic", "such as"], rows, "Unanswered topics")
    if made.gaps:
        gaps = [
            (g.requests, g.kind, g.key, g.questions.most_common(1)[0][0][:60])
            for g in made.gaps[:SHOWN]
        ]
        table(["requests", "state", "document", "such as"], gaps, "Not served; may have answered")
    if made.later:
        later = [(one.times_refused, one.question[:70], one.changed) for one in made.later[:SHOWN]]
        table(["refused", "question", "changed"], later, "Refused, and answered later")
    if made.complaints:
        table(["cause", "complaints"], list(made.causes.items()), "Complaints")
    if made.latency_ms:
        stages = [(n, f"{f['p50']:.1f}", f"{f['p95']:.1f}") for n, f in made.latency_ms.items()]
        table(["stage", "p50 ms", "p95 ms"], stages, "Latency")
    if made.providers:
        say(f"Models cost at most {made.cost:.4f}.")
