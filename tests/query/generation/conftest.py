"""A loopback endpoint, chains of providers on it, and evidence to answer from."""

from collections.abc import Iterator

import pytest

from config.querying import DeadlineSettings, GenerationSettings, ProviderSettings
from query.generation.chain import GeneratorChain, Link, open_chain
from query.generation.client import ChatClient
from query.generation.prompt import AnswerRequest, Piece
from query.resilience import circuit
from tests.support.model_endpoint import ModelEndpoint


@pytest.fixture
def endpoint() -> Iterator[ModelEndpoint]:
    with ModelEndpoint() as running:
        yield running


@pytest.fixture
def request_() -> AnswerRequest:
    """A question with two pieces of evidence."""
    return AnswerRequest(
        "How much is the parking fee?",
        (
            Piece(1, "parking.md", 2, "medium",
                  "The monthly parking fee at headquarters is 55 euro. Bikes park for free."),
            Piece(2, "leave.md", 1, "medium",
                  "Every employee receives 27 working days of annual leave per year."),
        ),
    )  # fmt: skip


@pytest.fixture
def make_chain(endpoint: ModelEndpoint):
    """Build a chain of one provider per URL; pauses take no time and are noted."""
    made: list[GeneratorChain] = []

    def make(*urls: str, provider: dict | None = None, failures: int = 3, **settings):
        pauses: list[float] = []
        chosen = GenerationSettings(
            providers=tuple(
                ProviderSettings(
                    name=f"p{n}",
                    url=url,
                    model=f"m{n}",
                    **({"timeout_seconds": 5.0} | (provider or {})),
                )
                for n, url in enumerate(urls or (endpoint.url,))
            ),
            **settings,
        )
        deadlines = DeadlineSettings(failures=failures)
        links = [Link(p, ChatClient(p, "k3y"), circuit(deadlines)) for p in chosen.providers]
        chain = GeneratorChain(links, chosen, sleep=pauses.append)
        chain.pauses = pauses
        made.append(chain)
        return chain

    yield make
    for chain in made:
        chain.close()


@pytest.fixture
def opened():
    """Build a chain the way a home does."""

    def make(**settings):
        return open_chain(GenerationSettings(**settings), DeadlineSettings())

    return make
