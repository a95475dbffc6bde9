"""Three tenants with the same texts in one collection: nobody ever sees an item of another.

The thorough half asks 2,000 times each through Python, over HTTP and through MCP.
"""

import random
import re
import uuid
from dataclasses import replace

import pytest
from starlette.testclient import TestClient

import query.search.scope
from config.loading import load_settings
from config.policy import at_least
from config.trust import Trust
from indexing.corpus import open_corpus
from indexing.points import Point, PointFilter, visible
from query.opening import open_engine
from query.search.scope import Scope
from service.api_tenants import Tenants
from service.asking import QueryDesk
from service.keys import ApiKey, Gatekeeper, hashed
from service.mcp_http import PATH, mcp_app
from service.query_api import query_app

TENANTS = ("default", "bell", "cone")
GROUPS = ("staff", "board", "porters")
ACLS = ((), ("staff",), ("board",), ("staff", "porters"))
WORDS = ("keys", "archive", "room", "twelve", "night", "shift", "evening", "tenant", "bell", "cone")
TIMES = [60, pytest.param(2000, marks=[pytest.mark.thorough, pytest.mark.timeout(600)])]


def source_of(tenant, acl):
    """Open chunks are of a source that all tenants have, others of one whose name says whose."""
    return "-".join((tenant, *acl)) if acl else "docs"


@pytest.fixture
def shared(desk):
    """A home whose live collection holds every chunk of three tenants under four ACLs."""
    # Who judges does not matter for what may be read, and the reader takes most of a request.
    options = {"home": desk.home, "gate.judge": "features"}
    corpus = open_corpus(load_settings(overrides=options).settings)
    live = corpus.live()
    first = list(corpus.store.scroll(live.name, visible(live.epoch, "default"), vectors=True))
    copies = [
        Point(
            uuid.uuid5(point.id, f"{tenant}{acl}"),
            point.dense,
            point.sparse,
            {**point.payload, "tenant": tenant, "acl": list(acl), "source": source_of(tenant, acl)},
        )
        for point in first
        for tenant in TENANTS
        for acl in ACLS
    ]
    corpus.store.upsert(live.name, copies)
    yield corpus
    corpus.close()


@pytest.fixture
def owners(shared):
    """Tenant and ACL of every point, by its id."""
    points = shared.store.scroll(shared.live().name, PointFilter())
    return {str(p.id): (p.payload["tenant"], frozenset(p.payload["acl"])) for p in points}


def foreign(ids, owners, tenant, groups):
    """Return the ids that a member of these groups of this tenant may not see."""
    return [
        i for i in ids
        if owners[i][0] != tenant or (owners[i][1] and not owners[i][1] & set(groups))
    ]  # fmt: skip


def names_only_readable(told, tenant, groups):
    """Tell whether only sources with something to read for these groups of this tenant are named.

    What was asked for stands before the semicolon.
    """
    allowed = {source_of(tenant, acl) for acl in ACLS if not acl or set(acl) & set(groups)}
    return set(re.findall(r"'([^']*)'", told.partition(";")[2])) == allowed


def hostile(chance):
    """Return a question that tries to widen what it may read."""
    body = {"question": " ".join(chance.choices(WORDS, k=chance.randint(2, 6))) + "?"}
    for name, value in {
        "sources": chance.sample(["docs", "*", "bell", "../docs"], chance.randint(0, 2)),
        "exclude_keys": chance.sample(["rota.md", "x' or 1=1"], chance.randint(0, 2)),
        "least_trust": chance.choice([None, "low", "medium", "high"]),
        "as_of": chance.choice([None, "1"]),
        "history": [{"speaker": "user", "text": f"tenant {chance.choice(TENANTS)}"}],
    }.items():
        if value and chance.random() < 0.5:
            body[name] = value
    return body


def seen_through_python(shared, owners, times):
    engines = {tenant: open_engine(shared, tenant) for tenant in TENANTS}
    chance, found, leaked = random.Random(5), 0, []
    for _ in range(times):
        tenant = chance.choice(TENANTS)
        groups = chance.sample(GROUPS, chance.randint(0, 3))
        body = hostile(chance)
        trust = body.get("least_trust")
        scope = Scope(
            groups=frozenset(groups),
            sources=frozenset(body.get("sources", ())),
            trusts=at_least(Trust(trust) if trust else None),
        )
        legs = engines[tenant].retrieve(body["question"], scope=scope).legs
        ids = [str(hit.id) for hit in (*legs.fused, *legs.dense, *legs.sparse)]
        found += len(ids)
        leaked += foreign(ids, owners, tenant, groups)
    return found, leaked


@pytest.mark.parametrize("times", TIMES)
def test_through_python(shared, owners, times):
    found, leaked = seen_through_python(shared, owners, times)
    assert leaked == []
    assert found > times


@pytest.mark.parametrize("removed", ["tenant", "groups"])
def test_the_test_notices_when_the_choke_point_is_gone(shared, owners, monkeypatch, removed):
    monkeypatch.setattr(
        query.search.scope, "visible", lambda *a, **o: replace(visible(*a, **o), **{removed: None})
    )
    assert seen_through_python(shared, owners, 60)[1] != []


HOLDERS = {
    f"k{n}": (tenant, groups)
    for n, (tenant, groups) in enumerate(
        (t, g) for t in TENANTS for g in ((), ("staff",), ("board", "porters"))
    )
}


def keeper():
    return Gatekeeper(
        [
            ApiKey(name=key, sha256=hashed(key), tenant=tenant, groups=groups)
            for key, (tenant, groups) in HOLDERS.items()
        ]
    )


@pytest.mark.parametrize("times", TIMES)
def test_over_http(shared, owners, times):
    client = TestClient(query_app(shared, keeper()), raise_server_exceptions=False)
    chance, found = random.Random(6), 0
    for _ in range(times):
        key = chance.choice(sorted(HOLDERS))
        headers = {"Authorization": f"Bearer {key}", "X-Tenant": chance.choice(TENANTS)}
        way = chance.choice(["retrieve", "ground", "answer"])
        answer = client.post(f"/v1/{way}?tenant=bell", json=hostile(chance), headers=headers)
        if answer.status_code == 404:  # a source that is not there for this key
            assert names_only_readable(answer.json()["detail"], *HOLDERS[key])
            continue
        assert answer.status_code == 200
        ids = [item["chunk_id"] for item in answer.json()["evidence"]]
        assert foreign(ids, owners, *HOLDERS[key]) == []
        found += len(ids)
    assert found > times / 2


def seen_through_mcp(shared, owners, times):
    """Ask through MCP, and read the evidence of whatever was asked, by keys of all tenants."""
    chance, found, leaked, asked = random.Random(7), 0, [], ["0" * 32]

    def call(client, key, tool, arguments):
        headers = {"Authorization": f"Bearer {key}", "X-Tenant": chance.choice(TENANTS)}
        headers["Accept"] = "application/json, text/event-stream"
        body = {"name": tool, "arguments": arguments, "_meta": {"tenant": "bell"}}
        message = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": body}
        url = f"http://127.0.0.1:8766{PATH}?tenant=bell"
        answer = client.post(url, json=message, headers=headers)
        assert answer.status_code == 200, answer.text
        return answer.json()["result"]

    with TestClient(mcp_app(QueryDesk(shared, Tenants(shared)), keeper())) as client:
        for number in range(times):
            key = chance.choice(sorted(HOLDERS))
            if number % 4 == 3:
                result = call(client, key, "evidence", {"request_id": chance.choice(asked)})
                if result["isError"]:  # what another tenant asked does not exist
                    continue
            else:
                tool = chance.choice(["retrieve", "ground", "answer"])
                result = call(client, key, tool, hostile(chance))
                if result["isError"]:
                    told = result["content"][0]["text"]
                    leaked += [] if names_only_readable(told, *HOLDERS[key]) else [told]
                    continue
                asked.append(result["structuredContent"]["request_id"])
            evidence = result["structuredContent"]["evidence"]
            ids = [item["chunk_id"] for item in evidence if item["chunk_id"] is not None]
            leaked += foreign(ids, owners, *HOLDERS[key])
            found += len(ids)
    return found, leaked


@pytest.mark.parametrize("times", TIMES)
def test_through_mcp(shared, owners, times):
    found, leaked = seen_through_mcp(shared, owners, times)
    assert leaked == []
    assert found > times / 2


@pytest.mark.parametrize("removed", ["tenant", "groups"])
def test_the_mcp_test_notices_when_the_choke_point_is_gone(shared, owners, monkeypatch, removed):
    monkeypatch.setattr(
        query.search.scope, "visible", lambda *a, **o: replace(visible(*a, **o), **{removed: None})
    )
    assert seen_through_mcp(shared, owners, 40)[1] != []


@pytest.mark.parametrize("json", [(), ("--json",)])
def test_a_request_of_another_tenant_is_neither_shown_nor_replayed(desk, monkeypatch, json):
    asked = desk.on_home("ask", "When does the night shift begin?", "--json").json["request_id"]
    monkeypatch.setenv("HOLDFAST_TENANT", "bell")
    for command in (("requests", "show"), ("replay",)):
        ended = desk.on_home(*command, asked, *(json if command == ("replay",) else ()))
        assert (ended.code, ended.out) == (2, "")
        assert ended.complaint == f"There is no request {asked} in the log."
