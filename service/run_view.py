"""Shows what a run cost: throughput, memory, the classes of documents and the slowest ones."""

from mimetypes import MimeTypes

from indexing.running.report import RunReport
from service.console import safe, say, table

SHOWN_SLOWEST = 5
_SUFFIXES = MimeTypes()


def short_name(media_type: str) -> str:
    """Return the usual suffix of a media type, or its last part where it has none."""
    suffix = _SUFFIXES.guess_extension(media_type)
    return suffix.lstrip(".") if suffix else media_type.rsplit("/", maxsplit=1)[-1]


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
        ["class", "read", "refused", "MB", "chunks", "seconds", "slowest", "peak MB"],
        [
            (
                short_name(one.name),
                one.documents,
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
