"""Building a generation beside the live one and promoting it by one atomic alias write."""

from collections.abc import Callable, Sequence

from indexing.corpus import Corpus
from indexing.errors import IngestError
from indexing.ingest import IngestSteps, run_ingest
from indexing.ledger.documents import DocumentState, list_standings
from indexing.ledger.generations import Generation, find_generation
from indexing.report import RunReport
from indexing.session import IngestSession
from indexing.watch import Watcher
from ingestion.sources.base import Source


def reindex(
    corpus: Corpus,
    sources: Sequence[Source],
    *,
    runner: str = "process",
    watcher: Watcher | None = None,
    as_steps: Callable[[IngestSession], IngestSteps] = lambda session: session,
) -> RunReport:
    """Build a new generation with the settings in force, check it, and promote it.

    The live generation serves unchanged until the alias is written; a build that fails or
    does not hold every document is left unpromoted.

    Raises:
        IngestError: The new generation lacks documents the live one has.
    """
    live = corpus.live()
    generation = corpus.new_generation()
    with IngestSession(
        corpus, sources, generation=generation, kind="reindex", runner=runner, watcher=watcher
    ) as session:
        report = run_ingest(as_steps(session))
    if live is not None:
        check_complete(corpus, live, generation, [s.name for s in sources])
    built = find_generation(corpus.ledger, generation.name)
    corpus.promote(built or generation)
    return report


def check_complete(
    corpus: Corpus, live: Generation, built: Generation, sources: Sequence[str]
) -> None:
    """Refuse to promote a generation that lacks what the live one serves.

    Raises:
        IngestError: Documents are missing, or sources of the live generation were left out.
    """
    serving = {
        (s.source, s.key)
        for s in list_standings(corpus.ledger, live.name)
        if s.state is DocumentState.INDEXED
    }
    now_there = list_standings(corpus.ledger, built.name)
    indexed = {(s.source, s.key) for s in now_there if s.state is DocumentState.INDEXED}
    seen = {(s.source, s.key) for s in now_there}
    left_out = sorted({source for source, _ in serving} - set(sources))
    worse = sorted(key for source, key in (serving & seen) - indexed)
    if left_out or worse:
        what = f"sources {', '.join(left_out)}" if left_out else f"{len(worse)} documents"
        named = f" ({', '.join(worse[:5])})" if worse else ""
        raise IngestError(
            f"The new generation {built.name} lacks {what}{named} that {live.name} serves. It "
            "was not promoted; readers still use the live one. See `holdfast quarantine list`."
        )
