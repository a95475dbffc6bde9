"""Providers in their order, each with bounded tries, a circuit and a budget; then nobody's left.

The caller gives the extractive answer where the chain has none, so that an answer never depends
on a model. tenacity carries out the tries.
"""

import json
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from tenacity import RetryCallState, Retrying, retry_if_result, wait_random_exponential

from config.errors import ConfigError
from config.origins import variable_of
from config.querying import DeadlineSettings, GenerationSettings, ProviderSettings
from query.claims.claims import check
from query.claims.second_reading import Checks
from query.generation.client import ChatClient, Completes
from query.generation.endings import PASSING, Attempt, Ending, Generated, Reply
from query.generation.prompt import AnswerRequest, Prompt, build_prompt
from query.generation.release import release, visible
from query.resilience import Circuit, circuit

FIRST_WAIT_SECONDS = 0.25
LEAST_SHARE = 0.5
"""Of the time that a try may take; one that had less and ran out of it does not count as failed."""
FAULTS = frozenset(
    {Ending.TIMEOUT, Ending.UNREACHABLE, Ending.SERVER_ERROR, Ending.RATE_LIMITED, Ending.MALFORMED}
)
"""Endings that speak against the endpoint and count towards opening its circuit."""


class Generates(Protocol):
    """Anything that phrases an answer from evidence; never raises."""

    def answer(self, request: AnswerRequest) -> Generated:
        """Return the released answer, or none and why."""
        ...


@dataclass
class Link:
    """One provider with its circuit."""

    provider: ProviderSettings
    client: Completes
    circuit: Circuit


@dataclass
class _Budget:
    """What is left of the time and of the money of one answer."""

    ends: float
    most_cost: float
    clock: Callable[[], float]
    spent: float = 0.0

    @property
    def seconds(self) -> float:
        return self.ends - self.clock()

    def affords(self, cost: float) -> bool:
        return not self.most_cost or self.spent + cost <= self.most_cost


@dataclass
class GeneratorChain:
    """Asks one provider after another until an answer may be released."""

    links: Sequence[Link]
    settings: GenerationSettings
    checks: Checks = check
    """Checks what models wrote."""
    clock: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep

    def answer(self, request: AnswerRequest) -> Generated:
        """Return the first answer that holds; without one, how every provider ended."""
        ends = self.clock() + self.settings.deadline_seconds
        budget = _Budget(ends, self.settings.max_cost, self.clock)
        attempts: list[Attempt] = []
        for link in self.links:
            attempt, generated = self._ask(link, request, budget)
            attempts.append(attempt)
            if generated is not None:
                return replace(generated, attempts=tuple(attempts))
        return Generated(None, tuple(attempts))

    def close(self) -> None:
        """Close the connections of all providers; the chain can be used again afterwards."""
        for link in self.links:
            link.client.close()

    def _ask(
        self, link: Link, request: AnswerRequest, budget: _Budget
    ) -> tuple[Attempt, Generated | None]:
        provider = link.provider
        window = provider.context_tokens - self.settings.max_output_tokens
        prompt = build_prompt(request, window)

        def ended(ending: Ending, tries: int = 0, detail: str = "", cost: float = 0.0) -> Attempt:
            return Attempt(provider.name, provider.model, ending, tries, detail, cost)

        if prompt is None:
            return ended(Ending.OVER_BUDGET, detail="no evidence fits into the window"), None
        price = cost_of(provider, prompt.tokens, self.settings.max_output_tokens)
        if not budget.affords(price):
            return ended(Ending.OVER_BUDGET, detail="generation.max_cost"), None
        if budget.seconds <= 0:
            return ended(Ending.DEADLINE, detail="generation.deadline_seconds"), None
        if not link.circuit.admits():
            return ended(Ending.CIRCUIT_OPEN), None
        spent = budget.spent
        reply, tries = self._try(link, prompt, price, budget)
        cost = budget.spent - spent
        if reply.ending is not None:
            return ended(reply.ending, tries, reply.detail, cost), None
        sent = AnswerRequest(request.question, prompt.pieces, request.language)
        written = visible(reply.text)
        found = release(reply.text, sent, self.settings.max_answer_chars, self.checks)
        attempt = ended(found.ending, tries, "", cost)
        if found.text is None:
            return attempt, None
        return attempt, Generated(
            found.text,
            (),
            found.withheld,
            prompt.sha256,
            len(prompt.pieces),
            written,
            found.checked,
        )

    def _try(self, link: Link, prompt: Prompt, price: float, budget: _Budget) -> tuple[Reply, int]:
        """Send a prompt until it ends in a way that another try would not change."""
        tries = 0
        allowed = min(link.provider.timeout_seconds, self.settings.deadline_seconds)

        def once() -> Reply:
            nonlocal tries
            tries += 1
            budget.spent += price
            seconds = max(0.001, min(link.provider.timeout_seconds, budget.seconds))
            reply = link.client.complete(prompt, self.settings.max_output_tokens, seconds)
            if reply.ending is Ending.TIMEOUT and seconds < LEAST_SHARE * allowed:
                return reply  # what others left of the deadline says nothing about this one
            if reply.ending in FAULTS:
                link.circuit.failed()
            else:
                link.circuit.succeeded()
            return reply

        jitter = wait_random_exponential(
            multiplier=FIRST_WAIT_SECONDS, max=self.settings.longest_wait_seconds
        )

        def wait(state: RetryCallState) -> float:
            return max(float(jitter(state)), _asked_to_wait(state))

        def stop(state: RetryCallState) -> bool:
            asked = _asked_to_wait(state)
            return (
                state.attempt_number >= self.settings.attempts
                or asked > self.settings.longest_wait_seconds
                or asked >= budget.seconds
                or not budget.affords(price)
                or link.circuit.is_open
            )

        def pause(seconds: float) -> None:
            self.sleep(min(seconds, max(0.0, budget.seconds)))

        retrying = Retrying(
            retry=retry_if_result(lambda reply: reply.ending in PASSING),
            stop=stop,
            wait=wait,
            sleep=pause,
            retry_error_callback=lambda state: state.outcome.result() if state.outcome else None,
        )
        return retrying(once), tries


def _asked_to_wait(state: RetryCallState) -> float:
    reply = state.outcome.result() if state.outcome else None
    return reply.retry_after if isinstance(reply, Reply) else 0.0


def cost_of(provider: ProviderSettings, input_tokens: int, output_tokens: int) -> float:
    """Return what a call costs at most."""
    paid = input_tokens * provider.input_price + output_tokens * provider.output_price
    return paid / 1_000_000


def open_chain(
    settings: GenerationSettings, deadlines: DeadlineSettings, checks: Checks = check
) -> GeneratorChain | None:
    """Put together the providers of the settings; none where none is configured.

    Args:
        settings: Names them.
        deadlines: When one that fails is left alone for a while.
        checks: Checks what they write; by default the rules alone.

    Raises:
        ConfigError: `generation.api_keys` is not what it must be.
    """
    if not settings.providers:
        return None
    keys = read_keys(settings)
    unknown = sorted(set(keys) - {provider.name for provider in settings.providers})
    if unknown:
        raise ConfigError(
            f"{variable_of('generation.api_keys')} has keys for {', '.join(unknown)}, but "
            "generation.providers has no provider of that name."
        )
    return GeneratorChain(
        [
            Link(provider, ChatClient(provider, keys.get(provider.name, "")), circuit(deadlines))
            for provider in settings.providers
        ],
        settings,
        checks,
    )


def read_keys(settings: GenerationSettings) -> Mapping[str, str]:
    """Read the keys of the providers.

    Raises:
        ConfigError: They are no JSON object of texts, or one of them fits into no header.
    """
    if settings.api_keys is None:
        return {}
    try:
        keys = json.loads(settings.api_keys.get_secret_value())
    except ValueError:
        keys = None
    if not isinstance(keys, dict) or not all(isinstance(key, str) for key in keys.values()):
        # Raised here, so that no chained error shows what was given.
        raise ConfigError(
            f"{variable_of('generation.api_keys')} is not a JSON object of texts, such as "
            '{"provider": "key"}.'
        )
    unusable = sorted(name for name, key in keys.items() if not _can_be_sent(key))
    if unusable:
        raise ConfigError(
            f"{variable_of('generation.api_keys')}: the key of {', '.join(unusable)} has a blank "
            "at an end, a line break or a sign outside of ASCII, and no header can hold it; set "
            "it again without."
        )
    return keys


def _can_be_sent(key: str) -> bool:
    return key.isascii() and key.isprintable() and key == key.strip()
