"""How fast texts are embedded: plain `SentenceTransformer.encode` against `SentenceEncoder`.

Run with `python -m benchmarks.encoder`. Both run in the same process on the same texts, by
turns, so that a busy machine slows both; the ratio is the median of the ratios per round.
"""

import random
import statistics
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

from config.environment import quieten
from config.settings import EmbeddingSettings, EncoderPrecision
from indexing.encoding.encoder import SentenceEncoder
from indexing.encoding.model_files import find_model

TEXTS = 400
ROUNDS = 5
HANDBOOK = Path(__file__).parent.parent / "examples" / "handbook"
WORDS = (
    "the pump valve must be closed before any pressure test because warranty claims for seals "
    "need a signed report within thirty days of delivery and travel above two thousand euros is "
    "approved by finance while laptops phones and badges return to the service desk on friday"
)


def chunk_texts(count: int = TEXTS) -> list[str]:
    """Return texts of the length of chunks (20 to 140 words), from the handbook if it is there."""
    rng = random.Random(7)
    words = WORDS.split()
    files = sorted(HANDBOOK.rglob("*.md")) + sorted(HANDBOOK.rglob("*.txt"))
    found = " ".join(file.read_text(encoding="utf-8", errors="replace") for file in files).split()
    if len(found) > 2000:
        words = found
    texts = []
    for _ in range(count):
        start, length = rng.randrange(len(words)), rng.randint(20, 140)
        texts.append(" ".join(words[(start + step) % len(words)] for step in range(length)))
    return texts


def seconds(work: Callable[[], object]) -> float:
    """Return how long one call takes."""
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def main() -> None:
    """Measure fp32 and what `auto` selects here, and print a table."""
    quieten()
    files = find_model(EmbeddingSettings())
    from sentence_transformers import SentenceTransformer

    plain = SentenceTransformer(str(files.path), device="cpu")
    texts = [text for text in chunk_texts() if len(plain.tokenizer.encode(text)) <= files.window]
    ours = [
        SentenceEncoder(files, EmbeddingSettings(precision=precision))
        for precision in (EncoderPrecision.FP32, EncoderPrecision.AUTO)
    ]
    expected = plain.encode(texts, normalize_embeddings=True)  # also warms up
    cosines = [(expected * encoder.encode_documents(texts)).sum(axis=1).min() for encoder in ours]
    library: list[float] = []
    holdfast: list[list[float]] = [[] for _ in ours]
    for _ in range(ROUNDS):
        library.append(seconds(lambda: plain.encode(texts, normalize_embeddings=True)))
        for encoder, spent in zip(ours, holdfast, strict=True):
            spent.append(seconds(partial(encoder.encode_documents, texts)))
    print(f"{len(texts)} texts of 20 to 140 words, {ROUNDS} interleaved rounds, texts/s (median)")
    print(f"{'':<18}{'texts/s':>9}{'ratio':>8}{'min cosine':>13}")
    print(f"{'encode()':<18}{len(texts) / statistics.median(library):>9.1f}")
    for encoder, spent, cosine in zip(ours, holdfast, cosines, strict=True):
        ratio = statistics.median(a / b for a, b in zip(library, spent, strict=True))
        speed = len(texts) / statistics.median(spent)
        name = f"Holdfast {encoder.precision.value}"
        print(f"{name:<18}{speed:>9.1f}{ratio:>8.2f}{cosine:>13.5f}")


if __name__ == "__main__":
    main()
