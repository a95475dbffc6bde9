"""`holdfast mcp` as a process of its own: nothing but the protocol on standard output."""

import asyncio
import json
import os
import signal
import socket
import subprocess
import sys
import time
from functools import partial
from pathlib import Path

import httpx2
import pytest
from mcp import Client, StdioServerParameters
from mcp.client.streamable_http import streamable_http_client

from service.keys import make_key

ROOT = Path(__file__).resolve().parents[2]
QUESTION = "In which room do the keys of the archive hang?"
CHECK = {"answer": "The keys hang in room twelve.", "evidence": ["The keys hang in room twelve."]}
WITHOUT_MODEL = """
from indexing.corpus import Corpus
from service.cli import main
from tests.support.hashing import HashingEncoder

Corpus.encoder = property(lambda _: HashingEncoder())
main()
"""
HELLO = {
    "protocolVersion": "2025-06-18",
    "capabilities": {},
    "clientInfo": {"name": "test", "version": "1"},
}


def arguments(home, *more):
    return ["-m", "service.cli", "mcp", "--home", str(home), *more]


def environment(**more):
    return os.environ | {"PYTHONPATH": str(ROOT), "HOLDFAST_LOG_LEVEL": "DEBUG"} | more


@pytest.fixture
def process(desk, tmp_path):
    """The command, spoken to line by line; the loudest log level there is."""
    started = subprocess.Popen(
        [sys.executable, *arguments(desk.home)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment(),
        cwd=tmp_path,
        # Whoever runs the tests may have had it ignored, and so would the command.
        preexec_fn=partial(signal.signal, signal.SIGHUP, signal.SIG_DFL),  # noqa: PLW1509
    )
    yield started
    started.kill()
    started.communicate()


def said(process, number, method, **parameters):
    message = {"jsonrpc": "2.0", "id": number, "method": method, "params": parameters}
    process.stdin.write(json.dumps(message) + "\n")
    process.stdin.flush()
    return json.loads(process.stdout.readline())


def test_standard_output_carries_nothing_but_the_protocol(process):
    assert said(process, 1, "initialize", **HELLO)["result"]["serverInfo"]["name"] == "holdfast"
    process.stdin.write('{"jsonrpc": "2.0", "method": "notifications/initialized"}\n')
    process.stdin.write("this is no message\n")
    checked = said(process, 2, "tools/call", name="check", arguments=CHECK)
    assert checked["result"]["structuredContent"]["claims"][0]["verdict"] == "supported"
    out, _ = process.communicate(timeout=60)  # closes standard input, which ends the server
    assert process.returncode == 0
    for line in out.splitlines():
        assert json.loads(line)["jsonrpc"] == "2.0"


@pytest.mark.parametrize("ending", [signal.SIGTERM, signal.SIGHUP])
def test_a_signal_ends_it_although_somebody_could_still_speak(process, ending):
    said(process, 1, "initialize", **HELLO)
    process.send_signal(ending)
    assert process.wait(timeout=60) == 130


def test_a_wrong_setting_is_told_on_standard_error(desk, tmp_path):
    done = subprocess.run(
        [sys.executable, *arguments(desk.home, "--listen", "nowhere")],
        capture_output=True,
        text=True,
        env=environment(),
        cwd=tmp_path,
        check=False,
    )
    assert (done.returncode, done.stdout) == (2, "")
    assert "HOST:PORT" in done.stderr


def test_a_client_over_standard_input(desk, tmp_path):
    command = ["-c", WITHOUT_MODEL, *arguments(desk.home)[2:]]
    server = StdioServerParameters(
        command=sys.executable,
        args=command,
        env=environment(HOLDFAST_GATE__JUDGE="features"),
        cwd=tmp_path,
    )

    async def asked():
        async with Client(server) as client:
            tools = (await client.list_tools()).tools
            answer = await client.call_tool("answer", {"question": QUESTION})
            return tools, answer.structured_content

    tools, answer = asyncio.run(asked())
    assert len(tools) == 5
    assert "room twelve" in answer["evidence"][0]["quote"]
    assert answer["status"] == "ok"


@pytest.mark.model
@pytest.mark.thorough
def test_a_client_over_http(desk, tmp_path):
    key, entry = make_key("client", "default", (), ())
    keys = json.dumps([entry.model_dump(mode="json", exclude_defaults=True)])
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        place = f"127.0.0.1:{probe.getsockname()[1]}"
    process = subprocess.Popen(
        [sys.executable, *arguments(desk.home, "--listen", place)],
        env=environment(HOLDFAST_SERVE__KEYS=keys),
        cwd=tmp_path,
        stderr=subprocess.DEVNULL,
    )

    async def asked():
        headers = {"Authorization": f"Bearer {key}"}
        async with httpx2.AsyncClient(headers=headers, trust_env=False, timeout=120) as http:
            transport = streamable_http_client(f"http://{place}/mcp", http_client=http)
            async with Client(transport) as client:
                return (await client.call_tool("answer", {"question": QUESTION})).structured_content

    try:
        while not reachable(place):
            assert process.poll() is None
            time.sleep(0.1)
        assert "room twelve" in asyncio.run(asked())["evidence"][0]["quote"]
    finally:
        process.terminate()
        process.wait(60)


def reachable(place):
    host, port = place.split(":")
    with socket.socket() as probe:
        return probe.connect_ex((host, int(port))) == 0
