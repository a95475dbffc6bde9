"""How much memory a run needs for what it knows of every document, at 10^4 and 10^5 documents.

`python -m benchmarks.standings` makes up a ledger's standings and holds them as a plan does; the
listing of a source comes on top of it (`python -m benchmarks.scan`).
"""

import tracemalloc
from uuid import UUID

from indexing.ledger.documents import DocumentState, Standing
from ingestion.document import Stat

SIZES = (10_000, 100_000)


def made(number: int) -> Standing:
    """Return the standing of one made-up document, as it comes out of the ledger."""
    return Standing(
        document_id=UUID(int=number),
        source="".join(["do", "cs"]),
        key=f"folder-{number % 977}/report-{number:09d}.md",
        state=DocumentState.INDEXED,
        reason=None,
        detail=None,
        version=1,
        content_sha256=f"{number:064x}",
        stat=Stat(1000 + number, 10**18 + number, f"{number:x}"),
    )


def main() -> None:
    """Run from the command line."""
    print("| documents | bytes per document |\n|-|-|")
    for size in SIZES:
        tracemalloc.start()
        held = {one.document_id: one for one in (made(number) for number in range(size))}
        used, _ = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        print(f"| {len(held)} | {used / size:.0f} |")


if __name__ == "__main__":
    main()
