"""Order, waits, circuits and budgets of the chain, and what it sends."""

import json

import pytest

from config.errors import ConfigError
from config.querying import ProviderSettings
from query.generation.chain import cost_of
from query.generation.endings import Ending, Reply
from tests.support.model_endpoint import GOOD, ModelEndpoint, says, status


@pytest.fixture
def second():
    with ModelEndpoint() as running:
        yield running


def endings(found):
    return [attempt.ending for attempt in found.attempts]


def test_the_next_provider_is_asked_where_one_fails(endpoint, second, make_chain, request_):
    endpoint.script(status(500))
    second.script(says(GOOD))
    found = make_chain(endpoint.url, second.url).answer(request_)
    assert endings(found) == [Ending.SERVER_ERROR, Ending.RELEASED]
    assert found.text == GOOD


def test_an_answer_that_does_not_hold_is_replaced_by_one_that_does(
    endpoint, second, make_chain, request_
):
    endpoint.script(says("The fee is 45 euro. [1]"))
    second.script(says(GOOD))
    found = make_chain(endpoint.url, second.url).answer(request_)
    assert endings(found) == [Ending.UNSUPPORTED, Ending.RELEASED]


def test_only_the_sentences_that_hold_are_released(endpoint, make_chain, request_):
    endpoint.script(says(f"{GOOD} Penguins live in the southern hemisphere. [1]"))
    found = make_chain().answer(request_)
    assert found.text == GOOD
    assert found.withheld == 1
    assert [claim["verdict"] for claim in found.checked.claims] == ["supported", "unsupported"]


def test_a_circuit_that_is_open_is_not_asked(endpoint, make_chain, request_):
    endpoint.script(status(500))
    chain = make_chain(failures=2)
    assert endings(chain.answer(request_)) == [Ending.SERVER_ERROR]
    assert endings(chain.answer(request_)) == [Ending.CIRCUIT_OPEN]
    assert len(endpoint.requests) == 2


def test_after_the_cooldown_one_answer_tries_and_the_others_go_on(endpoint, make_chain, request_):
    now, others = [0.0], []
    chain = make_chain(failures=1, attempts=1)
    chain.links[0].circuit.clock = lambda: now[0]
    endpoint.script(status(500))
    chain.answer(request_)
    now[0] = 3600.0

    def others_come_meanwhile(handler):
        others.extend(endings(chain.answer(request_)))
        says(GOOD)(handler)

    endpoint.script(others_come_meanwhile, says(GOOD))
    assert chain.answer(request_).text == GOOD
    assert others == [Ending.CIRCUIT_OPEN]
    assert chain.answer(request_).text == GOOD


class Slow:
    """A provider that ends as it is told to, and never within the time it is given."""

    def __init__(self, now, ending):
        self.now, self.ending, self.given = now, ending, []

    def complete(self, prompt, max_tokens, seconds):
        self.given.append(seconds)
        self.now[0] += seconds
        return Reply(self.ending)

    def close(self):
        pass


def test_what_the_deadline_cuts_short_does_not_count_against_a_provider(make_chain, request_):
    now = [0.0]
    chain = make_chain(
        "http://a", "http://b", failures=1, attempts=1, deadline_seconds=10.0,
        provider={"timeout_seconds": 9.0},
    )  # fmt: skip
    chain.clock = lambda: now[0]
    first, second = (Slow(now, Ending.TIMEOUT) for _ in range(2))
    chain.links[0].client, chain.links[1].client = first, second
    chain.answer(request_)
    assert (first.given, second.given) == ([9.0], [1.0])
    assert chain.links[0].circuit.is_open
    assert not chain.links[1].circuit.is_open


def test_waits_are_bounded_and_as_long_as_asked(endpoint, make_chain, request_):
    endpoint.script(status(429, Retry_After="2"))
    chain = make_chain(attempts=4, failures=9)
    chain.answer(request_)
    assert len(chain.pauses) == 3
    assert all(2.0 <= pause <= 5.0 for pause in chain.pauses)


def test_the_deadline_holds_over_all_providers(endpoint, second, make_chain, request_):
    now = [0.0]  # moved by the endpoint itself, so that no busy machine decides anything

    def takes_all_of_it(handler):
        now[0] = 30.0
        status(500)(handler)

    endpoint.script(takes_all_of_it)
    second.script(says(GOOD))
    chain = make_chain(endpoint.url, second.url, deadline_seconds=30.0)
    chain.clock = lambda: now[0]
    found = chain.answer(request_)
    assert endings(found) == [Ending.SERVER_ERROR, Ending.DEADLINE]
    assert second.requests == []


def test_no_try_may_take_longer_than_what_is_left(make_chain, request_):
    now, given = [0.0], []

    class Noting:
        def complete(self, prompt, max_tokens, seconds):
            given.append(seconds)
            now[0] += 8.0
            return Reply(Ending.TIMEOUT)

        def close(self):
            pass

    chain = make_chain(deadline_seconds=10.0, provider={"timeout_seconds": 9.0}, attempts=5)
    chain.clock = lambda: now[0]
    chain.links[0].client = Noting()
    assert endings(chain.answer(request_)) == [Ending.TIMEOUT]
    assert given[:2] == [9.0, 2.0]


def test_what_costs_too_much_is_not_sent(endpoint, make_chain, request_):
    endpoint.script(says(GOOD))
    prices = {"input_price": 10.0, "output_price": 30.0}
    found = make_chain(provider=prices, max_cost=0.000001).answer(request_)
    assert endings(found) == [Ending.OVER_BUDGET]
    assert endpoint.requests == []
    paid = make_chain(provider=prices, max_cost=1.0).answer(request_)
    assert paid.text == GOOD
    assert 0 < paid.attempts[0].cost <= 1.0


def test_retries_stop_where_the_money_ends(endpoint, make_chain, request_):
    endpoint.script(status(500))
    prices = {"output_price": 1000.0}  # 0.4 for each try
    found = make_chain(provider=prices, max_cost=0.9, attempts=5, failures=9).answer(request_)
    assert found.attempts[0].tries == 2
    assert found.attempts[0].cost <= 0.9


def test_evidence_that_does_not_fit_is_left_out_from_the_end(endpoint, make_chain, request_):
    endpoint.script(says(GOOD))
    chain = make_chain(provider={"context_tokens": 512}, max_output_tokens=16)
    many = request_.pieces + tuple(
        type(request_.pieces[0])(n, "x.md", 1, "low", "filler words " * 40) for n in range(3, 30)
    )
    found = chain.answer(type(request_)(request_.question, many))
    sent = endpoint.requests[0]["body"]["messages"][1]["content"]
    assert found.sent == sum(line.startswith('{"number"') for line in sent.splitlines())
    assert 1 <= found.sent < len(many)


def test_no_evidence_that_fits_means_nothing_is_sent(endpoint, make_chain, request_):
    endpoint.script(says(GOOD))
    huge = type(request_.pieces[0])(1, "x.md", 1, "low", "filler words " * 4000)
    found = make_chain().answer(type(request_)(request_.question, (huge,)))
    assert endings(found) == [Ending.OVER_BUDGET]
    assert endpoint.requests == []


def test_what_is_sent_is_bounded_deterministic_and_authorised(endpoint, make_chain, request_):
    endpoint.script(says(GOOD))
    make_chain().answer(request_)
    make_chain().answer(request_)
    one, other = endpoint.requests
    assert one["body"] == other["body"]
    assert one["body"]["max_tokens"] == 400
    assert one["body"]["temperature"] == 0
    assert one["headers"]["Authorization"] == "Bearer k3y"
    assert one["headers"]["Accept-Encoding"] == "identity"
    assert one["path"] == "/v1/chat/completions"


def test_keys_come_from_one_secret_and_fit_the_providers(opened):
    provider = ProviderSettings(name="a", url="http://127.0.0.1:9", model="m")
    chain = opened(providers=(provider,), api_keys=json.dumps({"a": "k"}))
    assert chain.links[0].client.api_key == "k"
    assert "'k'" not in repr(chain)
    assert opened() is None
    with pytest.raises(ConfigError, match="no provider of that name") as caught:
        opened(providers=(provider,), api_keys=json.dumps({"b": "s3cret"}))
    assert "s3cret" not in str(caught.value)
    for key in ("s3cret\n", " s3cret", "s3crét", "s3\0cret"):
        with pytest.raises(ConfigError, match="key of a") as caught:
            opened(providers=(provider,), api_keys=json.dumps({"a": key}))
        assert "s3" not in str(caught.value)
    with pytest.raises(ConfigError, match="not a JSON object") as caught:
        opened(providers=(provider,), api_keys="s3cret")
    assert "s3cret" not in str(caught.value)


def test_a_price_is_per_million_tokens():
    provider = ProviderSettings(
        name="a", url="http://x", model="m", input_price=2.0, output_price=6.0
    )
    assert cost_of(provider, 1_000_000, 500_000) == pytest.approx(5.0)
