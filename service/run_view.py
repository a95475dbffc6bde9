"""Shows what a run cost: throughput, memory, the classes of documents and the slowest ones."""

from indexing.report import RunReport
from service.console import safe, say, table

SHOWN_SLOWEST = 5


def show_cost(report: RunReport) -> None:
    """Print what a run cost, for people; nothing if it worked on no document."""
    if not report.classes:
        return
    rate = report.throughput
    say(
        f"{rate['documents']:.1f} documents/s, {rate['chunks']:.1f} chunks/s, "
        f"{rate['megabytes']:.2f} MB/s; peak memory {report.peak_memory_mb:.0f} MB, largest parser "
        f"child {report.parser_peak_mb:.0f} MB"
    )
    table(
        ["class", "documents", "indexed", "quarantined", "MB", "chunks", "seconds", "slowest",
         "peak MB"],
        [
            (
                one.name,
                one.documents,
                one.indexed,
                one.quarantined,
                f"{one.bytes / 1e6:.2f}",
                one.chunks,
                f"{one.seconds:.2f}",
                f"{one.slowest_seconds:.2f}",
                f"{one.peak_memory_mb:.0f}",
            )
            for one in report.classes
        ],
        title="by class",
    )  # fmt: skip
    if report.reasons:
        counted = ", ".join(f"{count} {reason}" for reason, count in report.reasons.items())
        say(f"refused: {safe(counted)}")
    slowest = report.slowest[:SHOWN_SLOWEST]
    say("slowest: " + ", ".join(f"{safe(key)} {seconds:.2f} s" for key, _, seconds, _ in slowest))
