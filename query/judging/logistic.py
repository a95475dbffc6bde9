"""A logistic regression over named numbers, with its coefficients read from JSON."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

CLIP: Final = 3.0
"""Standard deviations at which a number stops counting; no collection is like the training."""


@dataclass(frozen=True, slots=True)
class LogisticModel:
    """Coefficients over standardised numbers."""

    names: tuple[str, ...]
    means: tuple[float, ...]
    scales: tuple[float, ...]
    coefficients: tuple[float, ...]
    intercept: float

    def probability(self, values: Mapping[str, float]) -> float:
        """Return the probability for values by name."""
        total = self.intercept
        rows = zip(self.names, self.means, self.scales, self.coefficients, strict=True)
        for name, mean, scale, coefficient in rows:
            total += coefficient * max(-CLIP, min(CLIP, (values[name] - mean) / scale))
        return 1.0 / (1.0 + math.exp(-total))


def read_model(names: Sequence[str], record: Mapping[str, Any]) -> LogisticModel:
    """Read a model of the numbers with these names from its JSON form."""
    means, scales, coefficients = (
        tuple(map(float, record[part])) for part in ("means", "scales", "coefficients")
    )
    return LogisticModel(tuple(names), means, scales, coefficients, float(record["intercept"]))
