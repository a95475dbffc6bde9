"""Estimates for a plan, from what this home has measured; nothing is parsed for them."""

from dataclasses import dataclass

from sqlalchemy import select

from indexing.ledger import tables
from indexing.ledger.database import Ledger
from indexing.ledger.runs import recent_runs
from indexing.planning.planned import Plan
from indexing.points import OPEN_END

TOKENS_PER_BYTE = {"": 0.22, "pdf": 0.02, "docx": 0.03, "pptx": 0.004, "xlsx": 0.05, "html": 0.12}
"""Where the index holds no document of a kind yet: tokens per raw byte, by extension."""
CHUNKS_PER_SECOND = 60.0
"""Before any run was measured here."""
FILLED = 0.65
"""Share of the largest chunk that chunks have in the middle: they end with paragraphs."""
START_SECONDS = 5.0
"""Loading the encoder and the parsers, once per run that embeds anything."""


@dataclass(frozen=True, slots=True)
class Estimate:
    """What carrying out a plan would cost; `measured` tells where the rates come from."""

    chunks: int
    tokens: int
    seconds: float
    measured: bool


def estimate(ledger: Ledger, generation: str | None, plan: Plan, max_tokens: int) -> Estimate:
    """Estimate chunks and tokens by size, seconds by the rate of earlier runs."""
    known = densities(ledger, generation) if generation else {}
    tokens, chunks = 0.0, 0
    for document in plan.to_prepare:
        kind, size = extension(document.entry.key), document.entry.stat.size
        guessed = TOKENS_PER_BYTE.get(kind, TOKENS_PER_BYTE[""])
        dense = known.get(kind, Density(guessed, guessed / (FILLED * max_tokens)))
        tokens += size * dense.tokens
        chunks += max(1, round(size * dense.chunks))
    rate = measured_rate(ledger)
    seconds = (START_SECONDS if chunks else 0.0) + chunks / (rate or CHUNKS_PER_SECOND)
    return Estimate(chunks, round(tokens), round(seconds, 1), rate is not None)


def extension(key: str) -> str:
    """Return the lower-case extension of a key, without the dot."""
    name = key.rpartition("/")[2]
    return name.rpartition(".")[2].lower() if "." in name else ""


@dataclass(frozen=True, slots=True)
class Density:
    """What a raw byte of a kind of document comes to."""

    tokens: float
    chunks: float


def densities(ledger: Ledger, generation: str) -> dict[str, Density]:
    """Return what a raw byte of the live documents came to, by extension."""
    version, standing = tables.version, tables.standing
    query = (
        select(version.c.key, version.c.token_count, version.c.chunk_count, standing.c.size)
        .join(
            standing,
            (standing.c.document_id == version.c.document_id)
            & (standing.c.generation == version.c.generation),
        )
        .where(version.c.generation == generation, version.c.valid_to == OPEN_END)
        .limit(10_000)
    )
    sums: dict[str, tuple[int, int, int]] = {}
    with ledger.read() as connection:
        for row in connection.execute(query):
            kind = extension(row.key)
            tokens, chunks, size = sums.get(kind, (0, 0, 0))
            sums[kind] = (tokens + row.token_count, chunks + row.chunk_count, size + row.size)
    return {
        kind: Density(tokens / size, chunks / size)
        for kind, (tokens, chunks, size) in sums.items()
        if size
    }


def measured_rate(ledger: Ledger) -> float | None:
    """Return chunks per second of the newest run here that embedded a fair number."""
    for run in recent_runs(ledger, 20):
        report = run.report or {}
        embedded = int(report.get("chunks_embedded", 0))
        seconds = float(report.get("seconds", 0.0))
        if embedded >= 20 and seconds > START_SECONDS:
            return embedded / (seconds - START_SECONDS)
    return None
