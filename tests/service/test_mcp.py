"""The MCP tools: same JSON, read-only, default deny, and words that say when not to answer."""

import asyncio
import json
import logging
import threading
import time
from contextlib import asynccontextmanager
from pathlib import Path

import httpx2
import pytest
import uvicorn
from jsonschema import validate
from mcp import Client
from mcp.client.streamable_http import streamable_http_client
from starlette.testclient import TestClient

from config.loading import load_settings
from indexing.corpus import open_corpus
from service.api_tenants import Tenants
from service.asking import Asker, QueryDesk
from service.keys import ApiKey, Gatekeeper, KeyScope, hashed
from service.mcp_http import mcp_app
from service.mcp_server import TOOLS, mcp_server
from service.mcp_words import DESCRIPTIONS, NOTHING_THERE, OBLIGATIONS

QUESTION = "In which room do the keys of the archive hang?"
CODES = (Path(__file__).resolve().parents[2] / "docs" / "codes.md").read_text(encoding="utf-8")
FAR = "Which spices go into garam masala?"
KEYS = {
    "reader": {"tenant": "default"},
    "stranger": {"tenant": "elsewhere"},
    "slow": {"tenant": "default", "requests_per_minute": 1},
    "admin": {"tenant": "default", "scopes": (KeyScope.ADMIN,)},
}


@pytest.fixture
def query_desk(desk):
    corpus = open_corpus(load_settings(overrides={"home": desk.home}).settings)
    yield QueryDesk(corpus, Tenants(corpus))
    corpus.close()


@pytest.fixture
def server(query_desk):
    return mcp_server(query_desk, lambda _context: Asker("default", name="test"))


@pytest.fixture
def gatekeeper():
    return Gatekeeper(
        [ApiKey(name=n, sha256=hashed(f"k-{n}"), **options) for n, options in KEYS.items()]
    )


@pytest.fixture
def url(query_desk, gatekeeper):
    """The server over HTTP on a port of its own."""
    app = mcp_app(query_desk, gatekeeper)
    running = uvicorn.Server(uvicorn.Config(app, port=0, log_level="error"))
    thread = threading.Thread(target=running.run)
    thread.start()
    while not running.started:
        assert thread.is_alive()
        time.sleep(0.01)
    port = running.servers[0].sockets[0].getsockname()[1]
    yield f"http://127.0.0.1:{port}/mcp"
    running.should_exit = True
    thread.join()


@asynccontextmanager
async def session(url, key):
    headers = {"Authorization": f"Bearer k-{key}"}
    async with (
        httpx2.AsyncClient(headers=headers, trust_env=False, timeout=60) as http,
        Client(streamable_http_client(url, http_client=http)) as client,
    ):
        yield client


def called(server, name, **arguments):
    """Call one tool of a server in this process."""

    async def once():
        async with Client(server) as client:
            return await client.call_tool(name, arguments)

    return asyncio.run(once())


def test_tools_only_read_and_say_what_they_take_and_give(server):
    async def listed():
        async with Client(server) as client:
            return client.instructions, (await client.list_tools()).tools

    instructions, tools = asyncio.run(listed())
    assert "do not answer" in instructions
    assert {tool.name for tool in tools} == {"ground", "answer", "retrieve", "check", "evidence"}
    for tool in tools:
        hints = tool.annotations
        assert hints.read_only_hint
        assert (hints.destructive_hint, hints.open_world_hint) == (False, False)
        assert tool.input_schema["additionalProperties"] is False
        assert tool.output_schema["type"] == "object"
        assert set(tool.output_schema["required"]) <= set(tool.output_schema["properties"])


@pytest.mark.parametrize("name", ["ground", "answer"])
def test_a_description_tells_for_every_verdict_what_it_obliges_to(name):
    from query.decision import Verdict

    for verdict in Verdict:
        assert f"{verdict.value}:" in DESCRIPTIONS[name]
    assert "do not answer" in DESCRIPTIONS[name]


def test_only_one_action_obliges_to_anything_but_silence():
    from query.decision import SuggestedAction

    assert set(OBLIGATIONS) == set(SuggestedAction)
    speaking = [a for a, words in OBLIGATIONS.items() if not words.startswith("Do not answer")]
    assert speaking == [SuggestedAction.ANSWER]


@pytest.mark.parametrize("name", ["ground", "answer", "retrieve"])
def test_a_result_is_the_json_of_the_command(server, desk, name):
    result = called(server, name, question=QUESTION)
    assert not result.is_error
    told = desk.on_home("ask", QUESTION, "--json").json
    passing = {"request_id", "timings_ms"} | ({"answer"} if name == "ground" else set())
    body = result.structured_content
    for field in set(body) - passing:
        assert body[field] == told[field], field
    assert json.loads(result.content[1].text) == body
    validate(body, TOOLS[name].described(name).output_schema)


def test_a_refusal_says_first_of_all_not_to_answer(server):
    for name in ("ground", "answer"):
        result = called(server, name, question=FAR)
        assert result.structured_content["verdict"] == "unanswerable"
        assert result.content[0].text.startswith("Do not answer")
    assert called(server, "retrieve", question=FAR).content[0].text.startswith("Do not answer")


def test_a_state_that_is_not_there_is_not_to_be_asked_again(server):
    for name in ("ground", "answer", "retrieve"):
        result = called(server, name, question=QUESTION, as_of="99")
        assert result.structured_content["status"] == "unavailable"
        assert result.content[0].text == NOTHING_THERE


def test_an_answer_is_checked_and_its_evidence_read(server):
    given = called(server, "answer", question=QUESTION).structured_content
    checked = called(
        server,
        "check",
        answer="The keys of the archive hang in room nine.",
        request_id=given["request_id"],
    ).structured_content
    assert [claim["verdict"] for claim in checked["claims"]] == ["contradicted"]
    read = called(server, "evidence", request_id=given["request_id"]).structured_content
    assert len(read["evidence"]) == len(given["evidence"])
    for piece, shown in zip(read["evidence"], given["evidence"], strict=True):
        assert piece["chunk_id"] == shown["chunk_id"]
        assert shown["quote"] in piece["text"]


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("ground", {}),
        ("ground", {"question": 7}),
        ("ground", {"question": QUESTION, "tenant": "elsewhere"}),
        ("ground", {"question": QUESTION, "groups": ["board"]}),
        ("ground", {"question": QUESTION, "as_of": "yesterday-ish"}),
        ("ground", {"question": QUESTION, "sources": ["nope"]}),
        ("check", {"answer": "x"}),
        ("evidence", {"request_id": "nothing"}),
        ("delete", {"question": QUESTION}),
    ],
)
def test_what_is_not_understood_is_an_error_for_the_model(server, name, arguments):
    result = called(server, name, **arguments)
    assert result.is_error
    assert result.structured_content is None
    assert "Do not answer" in result.content[0].text


def test_a_fault_is_an_error_that_says_nothing_of_this_machine(server, monkeypatch, caplog):
    def broken(*_arguments, **_options):
        raise RuntimeError("/secret/path")

    monkeypatch.setattr("query.unjudged.check_read", broken)
    with caplog.at_level(logging.CRITICAL):
        result = called(server, "check", answer="x", evidence=["y"])
    assert result.is_error
    assert "secret" not in result.content[0].text


def test_over_http_the_key_says_whose_documents_are_read(url):
    async def asked(key):
        async with session(url, key) as client:
            return (await client.call_tool("answer", {"question": QUESTION})).structured_content

    mine, theirs = asyncio.run(asked("reader")), asyncio.run(asked("stranger"))
    assert "room twelve" in mine["evidence"][0]["quote"]
    assert (theirs["evidence"], theirs["answer"]) == ([], None)


def test_a_request_of_another_tenant_does_not_exist(url):
    async def read_by(key, request_id):
        async with session(url, key) as client:
            return await client.call_tool("evidence", {"request_id": request_id})

    async def asked():
        async with session(url, "reader") as client:
            return (await client.call_tool("ground", {"question": QUESTION})).structured_content

    request_id = asyncio.run(asked())["request_id"]
    assert asyncio.run(read_by("stranger", request_id)).is_error
    assert not asyncio.run(read_by("reader", request_id)).is_error


def test_many_calls_of_one_session_at_once(url):
    async def asked():
        async with session(url, "reader") as client:
            calls = [client.call_tool("ground", {"question": QUESTION}) for _ in range(8)]
            return [r.structured_content for r in await asyncio.gather(*calls)]

    found = asyncio.run(asked())
    assert {f["evidence"][0]["key"] for f in found} == {"keys.txt"}
    assert {f["status"] for f in found} == {"ok"}
    assert len({f["request_id"] for f in found}) == 8


def test_a_key_that_calls_too_often_is_told_to_wait(url):
    async def twice():
        async with session(url, "slow") as client:
            arguments = {"question": QUESTION}
            return [(await client.call_tool("ground", arguments)).is_error for _ in range(2)]

    assert asyncio.run(twice()) == [False, True]


@pytest.mark.parametrize(
    ("headers", "status"),
    [({}, 401), ({"Authorization": "Bearer no"}, 401), ({"Authorization": "Bearer k-admin"}, 403)],
)
def test_without_a_key_that_may_read_nothing_is_said(url, headers, status):
    for path in (url, url.replace("/mcp", "/"), f"{url}?key=k-reader"):
        for method in ("tools/list", "initialize"):
            body = {"jsonrpc": "2.0", "id": 1, "method": method}
            answer = httpx2.post(path, json=body, headers=headers, trust_env=False)
            assert answer.status_code == status
            assert answer.headers["content-type"] == "application/problem+json"


def test_no_stream_is_held_open(url):
    headers = {"Authorization": "Bearer k-reader", "Accept": "text/event-stream"}
    for method in ("GET", "DELETE"):
        assert httpx2.request(method, url, headers=headers, trust_env=False).status_code == 405


@pytest.mark.parametrize(
    ("path", "headers", "status", "code"),
    [
        ("/nowhere", {}, 404, "not_found"),
        ("/mcp", {"Host": "evil.example"}, 421, "wrong_host"),
        ("/mcp", {"Origin": "http://evil.example"}, 403, "not_allowed"),
        ("/mcp", {"Content-Type": "text/plain"}, 400, "bad_request"),
    ],
)
def test_what_the_protocol_does_not_take_is_a_problem(url, path, headers, status, code):
    headers = {"Authorization": "Bearer k-reader", "X-Request-ID": "abc-3"} | headers
    body = {"jsonrpc": "2.0", "id": 1, "method": "tools/list"}
    base = url.removesuffix("/mcp")
    answer = httpx2.post(base + path, json=body, headers=headers, trust_env=False)
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["x-request-id"] == "abc-3"
    assert set(answer.json()) == {"type", "title", "status", "detail", "code"}
    assert answer.json()["code"] == code
    assert f"`{code}`" in CODES.partition("status in words:")[2].partition("\n\n")[0]


@pytest.mark.parametrize(
    ("listens_at", "named", "status"),
    [
        ("127.0.0.1", "localhost", 200),  # as a proxy sends it, without a port
        ("127.0.0.1", "127.0.0.1", 200),
        ("::1", "[::1]:8766", 200),
        ("127.0.0.2", "127.0.0.2:8766", 200),
        ("127.0.0.2", "evil.example", 421),
        ("127.0.0.1", "localhost.evil.example", 421),
        ("0.0.0.0", "holdfast.example", 200),
    ],
)
def test_on_a_loopback_address_a_request_has_to_name_one(
    query_desk, gatekeeper, listens_at, named, status
):
    body = {"jsonrpc": "2.0", "id": 1, "method": "ping"}
    headers = {"Authorization": "Bearer k-reader", "Host": named}
    with TestClient(mcp_app(query_desk, gatekeeper, listens_at)) as client:
        assert client.post("/mcp", json=body, headers=headers).status_code == status
        origin = {"Origin": f"http://{named}"}
        assert client.post("/mcp", json=body, headers=headers | origin).status_code == status


def test_what_the_protocol_itself_refuses_is_an_error_of_its_own(url):
    headers = {"Authorization": "Bearer k-reader", "Accept": "text/html"}
    body = {"jsonrpc": "2.0", "id": 1, "method": "tools/list"}
    answer = httpx2.post(url, json=body, headers=headers, trust_env=False)
    assert answer.status_code == 406
    assert "must accept application/json" in answer.json()["error"]["message"]


def test_a_slash_behind_the_path_leads_nowhere_else(url):
    headers = {"Authorization": "Bearer k-reader", "Accept": "application/json"}
    body = {"jsonrpc": "2.0", "id": 1, "method": "ping"}
    answer = httpx2.post(f"{url}/", json=body, headers=headers, trust_env=False)
    assert (answer.status_code, answer.json()["id"]) == (200, 1)


def test_a_large_request_is_refused(url):
    headers = {"Authorization": "Bearer k-reader"}
    answer = httpx2.post(url, content=b"x" * 400_000, headers=headers, trust_env=False)
    assert answer.status_code == 413
