"""Who may see what: groups, tenants and sources reach every read, and without them nothing does."""

import itertools
import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

import query.search.scope
from indexing.errors import StoreUnavailableError
from indexing.points import PointFilter
from query.claims.claim import ClaimVerdict
from query.decision import ReasonCode, Status, SuggestedAction, Verdict
from query.evidence.neighbours import surroundings
from query.parts import Extras
from query.search.retrieval import pin
from query.search.scope import Scope, read_scope
from query.text.passages import make_passage

QUESTION = "How many days of annual leave are there?"
GROUPS = ("board", "staff", "hr")
TENANTS = ("acme", "bell", "cone")


@pytest.fixture
def filled(shelve, page):
    """Three tenants with the same texts, each open to all, to one group, and to two."""
    acls = [(), *((g,) for g in GROUPS), ("board", "hr")]
    pages = [
        page(f"leave-{n}.md", "Annual leave", "There are 27 days of annual leave.", acl=acl)
        for n, acl in enumerate(acls)
    ]
    return shelve(pages, bell=pages, cone=pages)


def payloads(retrieval):
    legs = retrieval.legs
    return [hit.payload for hit in (*legs.fused, *legs.dense, *legs.sparse)]


def foreign(payload, tenant, groups):
    closed = bool(payload["acl"]) and not set(payload["acl"]) & set(groups)
    return payload["tenant"] != tenant or closed


def test_no_item_of_another_tenant_or_group_is_ever_found(filled, make_engine):
    seen = 0
    for tenant, count in itertools.product(TENANTS, range(len(GROUPS) + 1)):
        for groups in itertools.combinations(GROUPS, count):
            engine = make_engine(store=filled, tenant=tenant)
            found = payloads(engine.retrieve(QUESTION, scope=Scope(groups=frozenset(groups))))
            assert [p["key"] for p in found if foreign(p, tenant, groups)] == []
            assert {p["key"] for p in found} >= {"leave-0.md"}
            seen += len(found)
    assert seen > 100


def test_taking_the_groups_out_of_the_choke_point_is_noticed(filled, make_engine, monkeypatch):
    def leaky(*arguments, **options):
        return replace(visible(*arguments, **options), groups=None)

    visible = query.search.scope.visible
    monkeypatch.setattr(query.search.scope, "visible", leaky)
    found = payloads(make_engine(store=filled).retrieve(QUESTION))
    assert [p for p in found if foreign(p, "acme", ())]


def test_taking_the_tenant_out_of_the_choke_point_is_noticed(filled, make_engine, monkeypatch):
    def leaky(*arguments, **options):
        return replace(visible(*arguments, **options), tenant=None)

    visible = query.search.scope.visible
    monkeypatch.setattr(query.search.scope, "visible", leaky)
    found = payloads(make_engine(store=filled).retrieve(QUESTION))
    assert [p for p in found if foreign(p, "acme", GROUPS)]


@pytest.mark.parametrize(
    ("scope", "code"),
    [
        (Scope(frozenset({"\ud800"})), ReasonCode.EVIDENCE_FOUND),
        (Scope(groups=frozenset({"\udfff"})), ReasonCode.EVIDENCE_FOUND),
        (Scope(sources=frozenset({"caf\udce9"})), ReasonCode.NO_SUCH_SOURCE),
    ],
)
def test_what_no_index_can_hold_is_the_name_of_nothing(filled, make_engine, scope, code):
    engine = make_engine(store=filled)
    for _ in range(4):  # so many failures would open the circuit of the store
        assert engine.ground(QUESTION, scope=scope).has(code)
    found = engine.retrieve(QUESTION, scope=replace(scope, sources=frozenset()))
    assert {p["key"] for p in payloads(found)} == {"leave-0.md"}
    engine.check("It is so.", question=QUESTION, scope=scope)


def test_without_groups_only_what_is_open_answers(shelve, page, make_engine, audit):
    store = shelve(
        [page("pay.md", "Pay of the board", "The board is paid 900 euro a day.", acl=("board",))]
    )
    question = "How much is the board paid per day?"
    engine = make_engine(store=store)
    stranger = engine.answer(question)
    assert (stranger.evidence, stranger.answer) == ((), None)
    assert stranger.verdict is Verdict.UNANSWERABLE
    assert "900 euro" not in json.dumps(audit.records[-1].to_json())
    member = engine.answer(question, scope=Scope(groups=frozenset({"board"})))
    assert "900 euro" in member.answer
    operator = make_engine(store=store, extras=Extras(scope=Scope(groups=None))).answer(question)
    assert operator.answer == member.answer


def test_what_may_not_be_seen_does_not_shift_scores(shelve, page, make_engine):
    open_pages = [
        page("a.md", "Annual leave", "There are 27 days of annual leave."),
        page("b.md", "Parking", "Parking costs 40 euro."),
    ]
    hidden = [
        page(f"h{n}.md", "Leave", f"Leave of person {n} is annual.", acl=("hr",)) for n in range(9)
    ]
    alone, among = shelve(open_pages), shelve([*open_pages, *hidden])
    scores = [
        [(h.payload["key"], h.score) for h in make_engine(store=s).retrieve(QUESTION).legs.sparse]
        for s in (alone, among)
    ]
    assert scores[0] == scores[1]
    assert scores[0]


def test_sources_and_trusts_narrow_and_never_widen():
    scope = Scope(sources=frozenset({"a", "b"}), trusts=frozenset({"high"}))
    assert scope.narrowed(frozenset({"b", "c"}), frozenset()).sources == {"b"}
    assert scope.narrowed(frozenset({"c"}), frozenset()) is None
    assert scope.narrowed(None, frozenset({"low"})) is None
    assert scope.narrowed(None, frozenset()) == scope
    assert Scope().narrowed(frozenset(), frozenset()) is None


names = st.frozensets(st.sampled_from("abc"))


@given(asked=names, counts=st.none() | names, trusts=names, least=names)
def test_what_is_left_is_what_both_the_request_and_the_policy_let_be_read(
    asked, counts, trusts, least
):
    """An empty set of a request, or of trusts, means any; that of sources that count means none."""
    narrowed = Scope(sources=asked, trusts=trusts, asker="me").narrowed(counts, least)
    every = frozenset("abc")
    sources = (asked or every) & (every if counts is None else counts)
    trusted = (trusts or every) & (least or every)
    if not sources or not trusted:
        assert narrowed is None
        return
    assert (narrowed.sources or every, narrowed.trusts or every) == (sources, trusted)
    assert narrowed.asker == "me"


def test_keys_that_a_request_leaves_out_are_not_found(filled, make_engine):
    engine, hidden = make_engine(store=filled), frozenset({"leave-0.md"})
    for options in ({"scope": Scope(exclude_keys=hidden)}, {}):
        keys = {p["key"] for p in payloads(engine.retrieve(QUESTION, **options))}
        assert keys.isdisjoint(hidden) is bool(options)


def test_a_source_that_is_not_there_is_said_to_be_none(shelve, page, make_engine, audit):
    store = shelve(
        [page("a.md", "Leave", "There are 27 days of leave.", source="hr"),
         page("b.md", "Pay", "The leave of the board is 99 days.", source="board", acl=("board",))],
        other=[page("c.md", "Leave", "There are 12 days of leave.", source="theirs")],
    )  # fmt: skip
    engine = make_engine(store=store)
    for named in ({"nope"}, {"board"}, {"theirs"}, {"hr", "nope"}):
        decision = engine.ground(QUESTION, scope=Scope(sources=frozenset(named)))
        assert (decision.status, decision.verdict) == (Status.UNAVAILABLE, None), named
        (reason,) = decision.reasons
        assert reason.code is ReasonCode.NO_SUCH_SOURCE
        assert reason.detail.endswith("; there are 'hr'.")
        (wrong,) = named - {"hr"}
        assert reason.detail.count(wrong) == 1
        assert decision.suggested_action is SuggestedAction.REFUSE
        assert audit.records[-1].reasons[0]["code"] == "no_such_source"
    member = Scope(groups=frozenset({"board"}), sources=frozenset({"nope"}))
    assert "'board', 'hr'" in engine.ground(QUESTION, scope=member).reasons[0].detail
    assert engine.retrieve(QUESTION, scope=member).reasons[0].code is ReasonCode.NO_SUCH_SOURCE
    checked = engine.check("There are 27 days of leave.", question=QUESTION, scope=member)
    assert {claim.verdict for claim in checked.claims} == {ClaimVerdict.NOT_CHECKED}
    assert checked.reasons[0].code is ReasonCode.NO_SUCH_SOURCE


def test_a_source_is_there_whatever_else_a_request_leaves_out(shelve, page, make_engine):
    engine = make_engine(store=shelve([page("a.md", "Leave", "27 days.", source="hr")]))
    hr = frozenset({"hr"})
    for scope in (
        Scope(frozenset({"a.md"}), sources=hr),
        Scope(sources=hr, trusts=frozenset({"high"})),
    ):
        decision = engine.ground(QUESTION, scope=scope)
        assert (decision.status, decision.verdict) == (Status.OK, Verdict.UNANSWERABLE)


def test_sources_that_cannot_be_counted_are_the_fault_of_the_store(make_engine):
    class Down:
        def count_by_source(self, collection, where):
            raise StoreUnavailableError("The store is away.")

    scope = Scope(sources=frozenset({"docs"}))
    decision = make_engine(store=Down()).ground(QUESTION, scope=scope)
    assert decision.status is Status.UNAVAILABLE
    assert decision.has(ReasonCode.STORE_UNAVAILABLE)
    assert decision.suggested_action is SuggestedAction.RETRY_LATER


def test_a_scope_survives_the_log(audit, engine):
    scope = Scope(frozenset({"x"}), frozenset({"g"}), frozenset({"docs"}), frozenset({"medium"}))
    engine.ground(QUESTION, scope=scope)
    logged = json.loads(json.dumps(audit.records[-1].to_json()))
    assert read_scope(logged["searches"][0]["scope"]) == scope
    assert read_scope(logged["asked"]["scope"]) == replace(scope, exclude_keys=frozenset())
    assert read_scope(None, ["k"]) == Scope(frozenset({"k"}), groups=None)


def test_neighbours_are_read_under_the_same_scope(shelve, page, make_engine, view):
    class Noting:
        def __init__(self, inner):
            self.inner, self.filters = inner, []

        def scroll(self, collection, where):
            self.filters.append(where)
            return self.inner.scroll(collection, where)

    store = shelve([page("a.md", "Leave", "There are 27 days of leave.")])
    hits = make_engine(store=store).retrieve("How many days of leave?").hits
    noting = Noting(store)
    pinned = pin(view).pinned
    found = surroundings(noting, pinned, Scope(), "acme", [make_passage(hits[0])], 1)
    assert list(found.values()) == ["There are 27 days of leave."]
    (where,) = noting.filters
    assert isinstance(where, PointFilter)
    assert (where.tenant, where.groups, where.visible_at) == ("acme", frozenset(), pinned.epoch)
