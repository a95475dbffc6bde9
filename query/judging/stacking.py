"""What the features say and what a reader says, put together to one probability."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from config.errors import ConfigError
from query.judging.logistic import CLIP
from query.judging.reader import Reading

INPUTS = ("features", "span", "answers", "second", "first", "first_span")
"""What is stacked: the logit of the features, the best span, how well the best and second best
passage answer, and both of the passage that retrieval places first."""
LEAST = 1e-6
SATURATED = 6.0
"""Logit from which on a probability is certain enough: .9975."""


class Pools(Protocol):
    """Anything that makes one probability of what the features say and what a reader says."""

    def probability(self, p_features: float, readings: Sequence[Reading]) -> float:
        """Return the probability that the passages hold the answer; there is a reading."""
        ...


@dataclass(frozen=True, slots=True)
class Stack:
    """A logistic regression over the standardised inputs."""

    means: tuple[float, ...]
    scales: tuple[float, ...]
    coefficients: tuple[float, ...]
    intercept: float

    def probability(self, p_features: float, readings: Sequence[Reading]) -> float:
        """Return the probability that the passages hold the answer."""
        total = self.intercept
        rows = zip(
            stacked(p_features, readings), self.means, self.scales, self.coefficients, strict=True
        )
        for value, mean, scale, coefficient in rows:
            total += coefficient * max(-CLIP, min(CLIP, (value - mean) / scale))
        return 1.0 / (1.0 + math.exp(-total))


@dataclass(frozen=True, slots=True)
class Together:
    """A stack fitted to questions about pages and one fitted to conversations; their logits add up.

    In conversations the reader is the better judge, and the features hardly know more than chance;
    but conversations to learn from have no questions that are far from everything, which only the
    features see. So neither stack judges alone: the one for conversations counts more where
    something was said before, the other one where a question stands alone.
    """

    pages: Stack
    talk: Stack
    of_pages: float
    of_talk: float

    def probability(self, p_features: float, readings: Sequence[Reading]) -> float:
        """Return the probability that both of them make."""
        pages, talk = (
            _logit(stack.probability(p_features, readings)) for stack in (self.pages, self.talk)
        )
        return 1.0 / (1.0 + math.exp(-(self.of_pages * pages + self.of_talk * talk)))


@dataclass(frozen=True, slots=True)
class LogitPool:
    """The weighted mean of two logits, where nothing was there to fit a stack on.

    It rises with both, neither of them can decide alone while both have a weight, and no logit
    counts beyond `SATURATED`: a model that is always sure says nothing by that.
    """

    weight: float
    """Of the reader; the rest is that of the features."""
    temperature: float = 1.0

    def probability(self, p_features: float, readings: Sequence[Reading]) -> float:
        """Return the probability for the passage that answers best: one is enough."""
        best = max(r.answers for r in readings) / self.temperature
        features = _bounded(_logit(p_features))
        logit = self.weight * _bounded(best) + (1.0 - self.weight) * features
        return 1.0 / (1.0 + math.exp(-logit))


def stacked(p_features: float, readings: Sequence[Reading]) -> tuple[float, ...]:
    """Return the inputs of the stack, in the order of `INPUTS`; the readings are in rank order."""
    answers = sorted((r.answers for r in readings), reverse=True)
    return (
        _logit(p_features),
        max(r.span for r in readings),
        answers[0],
        answers[1] if len(answers) > 1 else answers[0],
        readings[0].answers,
        readings[0].span,
    )


def read_stack(record: Mapping[str, Any]) -> Stack:
    """Read a stack from its JSON form.

    Raises:
        ConfigError: It is damaged, or was fitted for other inputs.
    """
    try:
        if tuple(record["inputs"]) != INPUTS:
            raise ConfigError("The reader was stacked with other inputs than this version has.")
        means, scales, coefficients = (
            tuple(map(float, record[name])) for name in ("means", "scales", "coefficients")
        )
        stack = Stack(means, scales, coefficients, float(record["intercept"]))
    except (KeyError, TypeError, ValueError) as error:
        raise ConfigError(f"The reader's stack is damaged ({error}).") from error
    numbers = (*means, *scales, *coefficients, stack.intercept)
    whole = {len(means), len(scales), len(coefficients)} == {len(INPUTS)}
    if not whole or not all(map(math.isfinite, numbers)) or min(scales) <= 0:
        raise ConfigError("The reader's stack is damaged (numbers are missing or not usable).")
    return stack


def read_together(record: Mapping[str, Any], pages: Stack) -> tuple[Pools, Pools]:
    """Read the stack of conversations from its JSON form.

    Args:
        record: The stack, and what the other one counts beside it (`beside`) where something was
            said before, and it beside the other one (`advice`) where nothing was.
        pages: The stack for questions about pages.

    Returns:
        What judges questions that stand alone, and what judges those of a conversation.

    Raises:
        ConfigError: It is damaged.
    """
    try:
        beside, advice = (float(record[name]) for name in ("beside", "advice"))
    except (KeyError, TypeError, ValueError) as error:
        raise ConfigError(f"The reader's stack of conversations is damaged ({error}).") from error
    if not (0.0 <= beside <= 1.0 and 0.0 <= advice <= 1.0):
        raise ConfigError("The reader's stack of conversations is damaged (a weight is no share).")
    talk = read_stack(record)
    return Together(pages, talk, 1.0, advice), Together(pages, talk, beside, 1.0)


def _logit(p: float) -> float:
    p = min(max(p, LEAST), 1.0 - LEAST)
    return math.log(p / (1.0 - p))


def _bounded(logit: float) -> float:
    return max(-SATURATED, min(SATURATED, logit))
