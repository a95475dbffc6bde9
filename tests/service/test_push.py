"""`holdfast push` and its HTTP routes: from another program to evidence, and out again."""

import asyncio
import io
import json
import os
import threading
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient

from config.loading import load_settings
from ingestion.sources.pushing import counter_of
from service.push_api import push_app

TOKEN = "correct-horse"
BEARER = {"Authorization": f"Bearer {TOKEN}"}
ROUTE = "/v1/sources/crm/documents"


@pytest.fixture
def crm(empty_desk: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    sources = [
        {"name": "crm", "kind": "push", "acl": ["staff"], "max_document_mb": 0.01},
        {"name": "closed", "kind": "push"},
        {"name": "docs", "path": str(empty_desk.folder)},
    ]
    monkeypatch.setenv("HOLDFAST_SOURCES", json.dumps(sources))
    monkeypatch.setenv("HOLDFAST_SOURCE_SECRETS", json.dumps({"crm": {"token": TOKEN}}))
    return empty_desk


@pytest.fixture
def client(crm: Any) -> TestClient:
    settings = load_settings(overrides={"home": crm.home}).settings
    return TestClient(push_app(settings), raise_server_exceptions=False)


def outcomes(ended: Any) -> dict[str, str]:
    return {o["key"]: o["outcome"] for o in ended.json["documents"]}


@pytest.mark.parametrize("second", ["gone.md", "."])
def test_a_file_that_cannot_be_read_holds_up_all_before_any_is_taken(crm: Any, second: str) -> None:
    file = crm.write("door.md", "# Doors\n\nDoor nine opens to the yard.\n")
    ended = crm.on_home("push", "crm", file, second, "--json")
    assert (ended.code, ended.out) == (2, "")
    assert ended.complaint.startswith(f"{second} cannot be read: ")
    assert ended.complaint.endswith("nothing was changed.")
    assert outcomes(crm.on_home("push", "crm", "--withdraw", "door.md", "--json")) == {
        "door.md": "unknown"
    }


def test_a_pipe_is_pushed(crm: Any, tmp_path: Path) -> None:
    pipe = tmp_path / "pipe.md"
    os.mkfifo(pipe)
    writer = threading.Thread(target=pipe.write_text, args=("Door nine opens to the yard.",))
    writer.start()
    pushed = crm.on_home("push", "crm", pipe, "--json")
    writer.join()
    assert outcomes(pushed) == {"pipe.md": "added"}
    assert crm.on_home("ingest", "--source", "crm", "--json").json["counts"]["indexed"] == 1


def test_what_is_pushed_is_ingested_and_what_is_withdrawn_is_gone(crm: Any) -> None:
    file = crm.write("door.md", "# Doors\n\nDoor nine opens to the yard.\n")
    pushed = crm.on_home(
        "push", "crm", file, "--key", "a/door.md", "--meta", "team=blue", "--acl", "board", "--json"
    )
    assert (pushed.code, outcomes(pushed)) == (0, {"a/door.md": "added"})
    planned = crm.on_home("plan", "--source", "crm", "--json")
    assert planned.json["added"] == ["a/door.md"]
    ingested = crm.on_home("ingest", "--source", "crm", "--json")
    assert ingested.json["counts"]["indexed"] == 1
    assert [c["key"] for c in crm.chunks()] == ["a/door.md"]

    again = crm.on_home("push", "crm", file, "--key", "b.md", "--json")
    assert outcomes(again) == {"b.md": "added"}
    gone = crm.on_home("push", "crm", "--withdraw", "a/door.md", "never.md", "--json")
    assert outcomes(gone) == {"a/door.md": "withdrawn", "never.md": "unknown"}
    crm.on_home("ingest", "--source", "crm", "--json")
    assert [c["key"] for c in crm.chunks()] == ["b.md"]


def test_a_batch_takes_what_is_right_and_says_what_is_not(crm: Any) -> None:
    lines = [
        {"key": "a.md", "text": "Door one."}, {"key": "../b.md", "text": "x"}, {"key": "c.md"},
        {"key": "d.md", "text": "y" * 20_000}, {"key": "e.md", "base64": "RG9vci4="},
        {"key": "e.md", "withdraw": True},
    ]  # fmt: skip
    batch = crm.folder / "batch.jsonl"
    batch.write_text("".join(json.dumps(line) + "\n" for line in lines) + "nonsense\n")
    ended = crm.on_home("push", "crm", "--batch", batch, "--json")
    assert ended.code == 3
    assert [o["outcome"] for o in ended.json["documents"]] == [
        "added", "refused", "refused", "refused", "added", "withdrawn", "refused",
    ]  # fmt: skip
    assert "Line 3" in ended.json["documents"][2]["detail"]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["docs", "x.md"], "no source of kind push named 'docs'; there are: crm, closed"),
        (["nowhere", "x.md"], "kind: push, name: nowhere"),
        (["crm", "x.md"], "x.md cannot be read"),
        (["crm"], "give it one with --key"),
        (["crm", "a", "b", "--key", "c"], "2 files"),
        (["crm", "a", "--meta", "novalue"], "name=value"),
        (["crm", "--listen", "8080"], "HOST:PORT"),
        (["closed", "--listen", "127.0.0.1:8766"], '"closed": {"token": "…"}'),
        (["crm", "--batch", "gone.jsonl"], "gone.jsonl cannot be read"),
        (["crm", "--batch", "--json"], "--batch takes a file, or - for standard input"),
        (["crm", "a", "--meta", "x=1", "--meta", "x=2"], "more than once"),
        (["crm", "a/README.md", "b/README.md"], "called README.md"),
        (["crm", "--acl", "staff", "extra.md"], "extra.md cannot be read"),
        (["crm", "a", "--batch", "b"], "--batch cannot go with FILES"),
        (["crm", "--key", "k", "--batch", "b"], "--batch cannot go with --key"),
        (["crm", "--batch", "b", "--withdraw", "k"], "--batch cannot go with --withdraw"),
        (["crm", "a", "--withdraw", "k"], "--withdraw cannot go with FILES"),
        (["crm", "--acl", "hr", "--withdraw", "k"], "--withdraw cannot go with --acl"),
        (["crm", "a", "--acl", "hr", "--listen", ":1"], "--listen cannot go with FILES and --acl"),
    ],
)
def test_wrong_use_is_one_clear_line(crm: Any, arguments: list[str], said: str) -> None:
    ended = crm.on_home("push", *arguments)
    assert ended.code == 2
    assert said in ended.complaint


def test_what_the_command_line_says_holds_for_lines_that_say_nothing(
    crm: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    lines = [{"key": "a.md", "text": "Door one."}, {"key": "b.md", "text": "x", "acl": ["it"]}]
    given = io.BytesIO("".join(json.dumps(line) + "\n" for line in lines).encode())
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(given))
    common = ("--acl", "hr", "--acl", "board", "--meta", "team=blue")
    ended = crm.on_home("push", "crm", *common, "--batch", "-", "--json")
    assert (ended.code, outcomes(ended)) == (0, {"a.md": "added", "b.md": "added"}), ended.err
    settings = load_settings(overrides={"home": crm.home}).settings
    kept = {d.key: d for d in counter_of(settings, "crm").spool.documents()}
    assert [sorted(kept[key].acl) for key in ("a.md", "b.md")] == [["board", "hr"], ["it"]]
    assert kept["b.md"].metadata == (("team", "blue"),)


def test_documents_come_over_http(crm: Any, client: TestClient) -> None:
    put = client.put(
        f"{ROUTE}/a/door.md",
        content=b"Door nine opens to the yard.",
        headers={**BEARER, "Holdfast-Metadata": '{"team": "blue"}', "Holdfast-Acl": "board, hr"},
    )
    assert (put.status_code, put.json()) == (
        200, {"source": "crm", "key": "a/door.md", "outcome": "added"},
    )  # fmt: skip
    post = client.post(ROUTE, json={"key": "b.md", "text": "Door ten is shut."}, headers=BEARER)
    assert post.json()["outcome"] == "added"
    crm.on_home("ingest", "--source", "crm", "--json")
    assert [c["key"] for c in crm.chunks()] == ["a/door.md", "b.md"]
    deleted = client.delete(f"{ROUTE}/b.md", headers=BEARER)
    assert deleted.json()["outcome"] == "withdrawn"


def test_a_list_of_no_groups_is_not_taken_for_everybody(crm: Any, client: TestClient) -> None:
    groups = {**BEARER, "Holdfast-Acl": " , "}
    put = client.put(f"{ROUTE}/a.md", content=b"Door nine.", headers=groups)
    post = client.post(ROUTE, json={"key": "b.md", "text": "x", "acl": []}, headers=BEARER)
    for answer in (put, post):
        assert answer.status_code == 422
        assert "names no group" in answer.json()["error"]["detail"]
    settings = load_settings(overrides={"home": crm.home}).settings
    assert list(counter_of(settings, "crm").spool.documents()) == []


@pytest.mark.parametrize("encoding", ["utf-8", "latin-1"])
def test_a_token_may_have_letters_of_any_kind(
    encoding: str, client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    token = "Schlüssel-für-nö"
    secrets = json.dumps({"crm": {"token": token}})
    monkeypatch.setenv("HOLDFAST_SOURCE_SECRETS", secrets)
    own = TestClient(push_app(load_settings().settings), raise_server_exceptions=False)
    shown = {"Authorization": f"Bearer {token}".encode(encoding)}
    assert own.delete(f"{ROUTE}/a.md", headers=shown).status_code == 200
    assert client.delete(f"{ROUTE}/a.md", headers=shown).status_code == 401


@pytest.mark.parametrize(
    ("route", "headers"),
    [
        (ROUTE, {}),
        (ROUTE, {"Authorization": "Bearer"}),
        (ROUTE, {"Authorization": "Bearer wrong"}),
        (ROUTE, {"Authorization": f"Basic {TOKEN}"}),
        (ROUTE, {"Authorization": "Bearer ü".encode("latin-1")}),
        (f"{ROUTE}?token={TOKEN}", {}),
        ("/v1/sources/closed/documents", {"Authorization": "Bearer "}),
        ("/v1/sources/closed/documents", BEARER),
        ("/v1/sources/docs/documents", BEARER),
        ("/v1/sources/nowhere/documents", BEARER),
    ],
)
def test_without_the_token_nothing_is_taken_and_nothing_is_told(
    crm: Any, client: TestClient, route: str, headers: dict[str, Any]
) -> None:
    answer = client.post(route, json={"key": "a.md", "text": "x"}, headers=headers)
    assert answer.status_code == 401
    assert answer.json()["error"]["code"] == "unauthorized"
    assert not list(crm.home.rglob("*.sqlite"))


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"{", 422),
        (b'{"key": "../x", "text": "x"}', 422),
        (b'{"key": "x", "text": "x", "more": 1}', 422),
        (b"[" * 100_000, 422),
        (b'{"key": "x", "text": "' + b"y" * 20_000 + b'"}', 422),
        (b"x" * 2_000_000, 413),
    ],
)
def test_what_cannot_be_taken_is_a_typed_answer(client: TestClient, body: bytes, status: int):
    answer = client.post(ROUTE, content=body, headers=BEARER)
    assert answer.status_code == status
    assert set(answer.json()["error"]) == {"code", "detail"}


def test_a_body_is_measured_as_it_arrives(client: TestClient) -> None:
    answer = client.put(f"{ROUTE}/a.md", content=iter([b"x" * 6000] * 9), headers=BEARER)
    assert answer.status_code == 413
    metadata = {**BEARER, "Holdfast-Metadata": "[1]"}
    assert client.put(f"{ROUTE}/a.md", content=b"x", headers=metadata).status_code == 422


def test_a_broken_spool_is_unavailable_and_names_no_path(
    crm: Any, client: TestClient, caplog: pytest.LogCaptureFixture
) -> None:
    client.post(ROUTE, json={"key": "a.md", "text": "x"}, headers=BEARER)
    (spool,) = crm.home.rglob("*.sqlite")
    spool.write_bytes(b"no database at all" * 500)
    answer = client.post(ROUTE, json={"key": "a.md", "text": "y"}, headers=BEARER)
    assert answer.status_code == 503
    assert str(crm.home) not in answer.text
    assert str(spool) in caplog.text, "the operator finds out why"


def test_a_home_that_takes_no_spool_is_unavailable_and_no_fault(
    crm: Any, client: TestClient, caplog: pytest.LogCaptureFixture
) -> None:
    crm.home.mkdir()
    (crm.home / "sources").write_text("in the way of the folder")
    answer = client.put(f"{ROUTE}/a.md", content=b"x", headers=BEARER)
    assert (answer.status_code, answer.json()["error"]["code"]) == (503, "unavailable")
    assert str(crm.home) in caplog.text
    ended = crm.on_home("push", "crm", crm.write("a.md", "Door nine."))
    assert ended.code == 1
    assert "of the spool cannot be made (Not a directory)" in ended.complaint


def test_the_source_of_another_tenant_takes_nothing_and_says_so_to_the_operator(
    crm: Any, client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    client.post(ROUTE, json={"key": "a.md", "text": "Door one."}, headers=BEARER)
    monkeypatch.setenv("HOLDFAST_TENANT", "other")
    settings = load_settings(overrides={"home": crm.home}).settings
    others = TestClient(push_app(settings), raise_server_exceptions=False)
    answer = others.post(ROUTE, json={"key": "a.md", "text": "Planted."}, headers=BEARER)
    assert (answer.status_code, answer.json()["error"]["code"]) == (503, "unavailable")
    assert "default" not in answer.text
    ended = crm.on_home("push", "crm", crm.write("a.md", "Planted."))
    assert ended.code == 2
    assert "tenant 'default'" in ended.complaint


def test_headers_and_names_are_utf8(crm: Any, client: TestClient) -> None:
    said = {"Holdfast-Metadata": '{"team": "Zürich"}', "Holdfast-Acl": "Vorstände, it"}
    for key, encoding in (("a.md", "utf-8"), ("b.md", "latin-1")):
        headers = [(name.encode(), value.encode(encoding)) for name, value in said.items()]
        headers.append((b"Authorization", f"Bearer {TOKEN}".encode()))
        assert client.put(f"{ROUTE}/{key}", content=b"x", headers=headers).status_code == 200
    settings = load_settings(overrides={"home": crm.home}).settings
    for document in counter_of(settings, "crm").spool.documents():
        assert document.metadata == (("team", "Zürich"),)
        assert set(document.acl) == {"Vorstände", "it"}


def test_groups_of_several_headers_are_all_there(crm: Any, client: TestClient) -> None:
    repeated = [("Holdfast-Acl", "board"), ("Holdfast-Acl", "hr, it"), *BEARER.items()]
    assert client.put(f"{ROUTE}/a.md", content=b"x", headers=repeated).status_code == 200
    settings = load_settings(overrides={"home": crm.home}).settings
    (document,) = counter_of(settings, "crm").spool.documents()
    assert set(document.acl) == {"board", "hr", "it"}
    twice = [("Holdfast-Metadata", '{"a": "1"}'), ("Holdfast-Metadata", "{}"), *BEARER.items()]
    answer = client.put(f"{ROUTE}/a.md", content=b"y", headers=twice)
    assert (answer.status_code, answer.json()["error"]["code"]) == (422, "not_taken")


def test_names_that_are_not_utf8_do_not_become_one_and_the_same(
    crm: Any, client: TestClient
) -> None:
    for name in ("Gr%f6%dfe.md", "Gr%e4%dfe.md"):
        answer = client.put(f"{ROUTE}/{name}", content=name.encode(), headers=BEARER)
        assert (answer.status_code, answer.json()["error"]["code"]) == (422, "not_taken")
        assert client.delete(f"{ROUTE}/{name}", headers=BEARER).status_code == 422
    for name in ("Gr%C3%B6%C3%9Fe.md", "%EF%BF%BD.md"):
        assert client.put(f"{ROUTE}/{name}", content=b"x", headers=BEARER).status_code == 200


def test_a_question_mark_does_not_cut_a_name_to_that_of_another_document(
    client: TestClient,
) -> None:
    assert client.put(f"{ROUTE}/what", content=b"x", headers=BEARER).status_code == 200
    for answer in (
        client.put(f"{ROUTE}/what?.md", content=b"y", headers=BEARER),
        client.delete(f"{ROUTE}/what?.md", headers=BEARER),
    ):
        assert (answer.status_code, answer.json()["error"]["code"]) == (422, "not_taken")
        assert "%3F" in answer.json()["error"]["detail"]
    again = client.put(f"{ROUTE}/what", content=b"x", headers=BEARER)
    assert again.json()["outcome"] == "unchanged"
    named = client.put(f"{ROUTE}/what%3F.md", content=b"x", headers=BEARER)
    assert named.json()["key"] == "what?.md"


@pytest.mark.parametrize("name", ["two%0Alines.md", "a/end%0A"])
def test_a_name_with_a_line_break_is_found(client: TestClient, name: str) -> None:
    pushed = {"key": unquote(name), "text": "x"}
    assert client.post(ROUTE, json=pushed, headers=BEARER).json()["outcome"] == "added"
    again = client.put(f"{ROUTE}/{name}", content=b"x", headers=BEARER)
    assert again.json() == {"source": "crm", "key": unquote(name), "outcome": "unchanged"}
    gone = client.delete(f"{ROUTE}/{name}", headers=BEARER)
    assert gone.json()["outcome"] == "withdrawn"


@pytest.mark.parametrize(
    ("header", "value"), [("Content-Encoding", "gzip"), ("Content-Range", "bytes 0-3/8")]
)
def test_what_is_no_whole_document_as_it_is_replaces_none(
    client: TestClient, header: str, value: str
) -> None:
    assert client.put(f"{ROUTE}/a.md", content=b"whole", headers=BEARER).status_code == 200
    answer = client.put(f"{ROUTE}/a.md", content=b"part", headers={**BEARER, header: value})
    assert (answer.status_code, answer.json()["error"]["code"]) == (422, "not_taken")
    assert header in answer.json()["error"]["detail"]
    twice = [*BEARER.items(), (header, "identity"), (header, value)]
    answer = client.put(f"{ROUTE}/a.md", content=b"part", headers=twice)
    assert (answer.status_code, answer.json()["error"]["code"]) == (422, "not_taken")
    plain = {**BEARER, "Content-Encoding": "identity"}
    again = client.put(f"{ROUTE}/a.md", content=b"whole", headers=plain)
    assert again.json()["outcome"] == "unchanged"


def test_every_error_has_the_same_form_and_none_leads_elsewhere(client: TestClient) -> None:
    elsewhere = client.get("/openapi.json/", headers={**BEARER, "Host": "evil.example"})
    assert (elsewhere.status_code, elsewhere.json()["error"]["code"]) == (404, "not_found")
    answer = client.get(ROUTE, headers=BEARER)
    assert answer.json()["error"]["code"] == "method_not_allowed"
    assert (answer.status_code, answer.headers["allow"]) == (405, "POST")


def test_who_hangs_up_is_no_fault(crm: Any, client: TestClient) -> None:
    arriving: list[dict[str, Any]] = [
        {"type": "http.request", "body": b"ha", "more_body": True}, {"type": "http.disconnect"},
    ]  # fmt: skip
    sent: list[Any] = []

    async def receive() -> Any:
        return arriving.pop(0)

    async def send(message: Any) -> None:
        sent.append(message)

    scope = {
        "type": "http", "method": "PUT", "path": f"{ROUTE}/a.md", "query_string": b"",
        "headers": [(b"authorization", f"Bearer {TOKEN}".encode())],
    }  # fmt: skip
    asyncio.run(client.app(scope, receive, send))  # type: ignore[arg-type]
    assert sent[0]["status"] == 400
    assert not list(crm.home.rglob("*.sqlite"))


def test_the_routes_describe_themselves(client: TestClient) -> None:
    app = client.app
    assert isinstance(app, FastAPI)
    assert set(app.openapi()["paths"]) == {
        "/v1/sources/{source}/documents", "/v1/sources/{source}/documents/{key}",
    }  # fmt: skip
