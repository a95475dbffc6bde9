"""What a sentence costs alone, and in a batch that always has as many (`steady.py`).

    python -m benchmarks.together

Processor time of one thread. Ratios are those of one run.
"""

import random
import statistics
import time

from config.settings import EmbeddingSettings
from indexing.encoding.encoder import SentenceEncoder
from indexing.encoding.model_files import find_model
from indexing.encoding.steady import FILLED

WIDTHS = (16, 32, 48, 64, 96)
ROUNDS = 30


def milliseconds(model: object, rows: list[list[int]]) -> float:
    """Return what a batch costs."""
    times = []
    for _ in range(ROUNDS + 3):
        began = time.process_time()
        model.forward(rows)  # type: ignore[attr-defined]
        times.append(time.process_time() - began)
    return statistics.median(times[3:]) * 1000.0


def main() -> None:
    """Print a line per width."""
    import torch

    torch.set_num_threads(1)
    settings = EmbeddingSettings()
    model = SentenceEncoder(find_model(settings), settings)._model()
    chance = random.Random(1)
    print(f"{model.precision.value}: ms per sentence, alone and in batches of {FILLED}")
    for width in WIDTHS:
        rows = [
            [101, *(chance.randrange(1000, 20000) for _ in range(width - 2)), 102]
            for _ in range(FILLED)
        ]
        alone, together = milliseconds(model, rows[:1]), milliseconds(model, rows) / FILLED
        print(f"{width:3} tokens: {alone:5.1f}  {together:5.1f}  ({alone / together:.1f} times)")


if __name__ == "__main__":
    main()
