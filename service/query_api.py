"""The HTTP routes of the query module; tenant and groups come from the key and nowhere else."""

import re
import uuid
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Annotated, Any

from fastapi import APIRouter, Depends, FastAPI, Request, Response
from starlette.concurrency import run_in_threadpool

from config.errors import ConfigError
from config.policy import at_least
from indexing.as_of import AsOf, parse_as_of
from indexing.corpus import Corpus
from query.checking import check_by_question
from query.claims import check
from query.decision import GroundingDecision
from query.logged_evidence import evidence_of_request
from query.scope import Scope
from service.api_figures import Figures
from service.api_models import (
    Ask,
    Check,
    CheckOut,
    DecisionOut,
    Health,
    ProblemOut,
    RetrievalOut,
)
from service.api_problems import BodyLimit, ProblemError, add_problems
from service.api_tenants import Tenants
from service.feedback_api import feedback_router
from service.keys import ApiKey, Gatekeeper, KeyScope

REQUEST_ID = "X-Request-ID"
_PLAIN_ID = re.compile(r"[A-Za-z0-9_.-]{1,64}")
PROBLEMS: dict[int | str, dict[str, Any]] = {
    status: {"model": ProblemOut} for status in (401, 403, 404, 413, 422, 429, 503)
}


def query_app(corpus: Corpus, gatekeeper: Gatekeeper) -> FastAPI:
    """Return the application: `/v1/retrieve`, `/v1/ground`, `/v1/answer`, `/v1/check` and so on.

    Args:
        corpus: The open home; whoever opened it closes it.
        gatekeeper: Knows the keys.
    """
    settings = corpus.settings
    app = FastAPI(title="Holdfast", docs_url=None, redoc_url=None, responses=PROBLEMS)
    figures = Figures()
    app.include_router(query_router(corpus, Tenants(corpus), gatekeeper, figures))
    app.include_router(feedback_router(corpus, admitted(gatekeeper, KeyScope.READ), figures))
    app.include_router(health_router(corpus, gatekeeper, figures))
    add_problems(app)
    app.add_middleware(BodyLimit, most_bytes=settings.serve.max_body_kb * 1024)

    @app.middleware("http")
    async def named(request: Request, call: Callable[[Request], Awaitable[Response]]) -> Response:
        """Give every answer the id of its request, for finding it in the caller's logs."""
        given = request.headers.get(REQUEST_ID, "")
        answer = await call(request)
        answer.headers[REQUEST_ID] = given if _PLAIN_ID.fullmatch(given) else uuid.uuid4().hex
        answer.headers["Cache-Control"] = "no-store"
        return answer

    return app


def admitted(gatekeeper: Gatekeeper, scope: KeyScope) -> Callable[[Request], ApiKey]:
    """Return what lets in whoever shows a key with a scope, in a header and never in the URL."""

    def admit(request: Request) -> ApiKey:
        kind, _, shown = request.headers.get("Authorization", "").partition(" ")
        if kind.lower() != "bearer":
            shown = request.headers.get("X-API-Key", "")
        key = gatekeeper.admit(shown.strip()) if shown.strip() else None
        if key is None:
            raise ProblemError(401, "unauthorized", "Show a valid key as a bearer token.")
        if scope not in key.scopes:
            raise ProblemError(403, "forbidden", f"The key has no scope {scope.value!r}.")
        wait = gatekeeper.wait_for(key)
        if wait:
            raise ProblemError(429, "rate_limited", "The key was shown too often.", wait)
        return key

    return admit


def query_router(
    corpus: Corpus, tenants: Tenants, gatekeeper: Gatekeeper, figures: Figures
) -> APIRouter:
    """Return the routes that read."""
    router = APIRouter(prefix="/v1", tags=["query"])
    Reader = Annotated[ApiKey, Depends(admitted(gatekeeper, KeyScope.READ))]

    async def decided(key: ApiKey, ask: Ask, way: str) -> GroundingDecision:
        engine = await run_in_threadpool(tenants.engine, key.tenant)
        work = engine.answer if way == "answer" else engine.ground
        turns = [turn.model_dump() for turn in ask.history]
        decision = await run_in_threadpool(
            partial(
                work,
                ask.question,
                frozenset(ask.exclude_keys),
                read_as_of(ask.as_of),
                turns,
                scope=scope_of(key, ask),
            )
        )
        figures.decided(way, decision)
        return decision

    @router.post("/retrieve", operation_id="retrieve", response_model=RetrievalOut)
    async def retrieve(ask: Ask, key: Reader) -> Any:
        """Evidence for a question, with the verdict on it."""
        found = (await decided(key, ask, "retrieve")).to_json()
        return {name: found[name] for name in RetrievalOut.model_fields}

    @router.post("/ground", operation_id="ground", response_model=DecisionOut)
    async def ground(ask: Ask, key: Reader) -> Any:
        """Whether the index holds the answer, why, and what to do."""
        return (await decided(key, ask, "ground")).to_json()

    @router.post("/answer", operation_id="answer", response_model=DecisionOut)
    async def answer(ask: Ask, key: Reader) -> Any:
        """The same, with an answer where the verdict allows one."""
        return (await decided(key, ask, "answer")).to_json()

    @router.post("/check", operation_id="check", response_model=CheckOut)
    async def check_answer(asked: Check, key: Reader) -> Any:
        """What the evidence says about every sentence of an answer."""
        return await run_in_threadpool(checked, corpus, tenants, key, asked)

    return router


def checked(corpus: Corpus, tenants: Tenants, key: ApiKey, asked: Check) -> dict[str, Any]:
    """Check an answer as the holder of a key may.

    Raises:
        ProblemError: There is no such request of this tenant.
    """
    scope = Scope(groups=frozenset(key.groups))
    if asked.evidence is not None:
        return check(asked.answer, asked.evidence).to_json()
    if asked.request_id is not None:
        texts = evidence_of_request(corpus, key.tenant, scope, asked.request_id)
        if texts is None:
            raise ProblemError(404, "no_such_request", "There is no such request to read again.")
        return check(asked.answer, texts).to_json()
    engine = tenants.engine(key.tenant)
    found = check_by_question(asked.answer, asked.question or "", engine, scope=scope)
    return found.to_json()


def scope_of(key: ApiKey, ask: Ask) -> Scope:
    """Return what a request may read: the key says who asks, the request only narrows it."""
    return Scope(
        groups=frozenset(key.groups),
        sources=frozenset(ask.sources),
        trusts=at_least(ask.least_trust),
        asker=key.name,
    )


def read_as_of(text: str | None) -> AsOf | None:
    """Read an earlier state.

    Raises:
        ProblemError: It is none.
    """
    try:
        return parse_as_of(text) if text is not None else None
    except ConfigError as error:
        raise ProblemError(422, "not_understood", str(error).replace("--as-of", "as_of")) from error


def health_router(corpus: Corpus, gatekeeper: Gatekeeper, figures: Figures) -> APIRouter:
    """Return the routes for whoever runs the service."""
    router = APIRouter(tags=["health"])
    Admin = Annotated[ApiKey, Depends(admitted(gatekeeper, KeyScope.ADMIN))]

    @router.get("/healthz", operation_id="healthz")
    async def healthz() -> Health:
        """That the process is there."""
        return Health()

    @router.get("/readyz", operation_id="readyz")
    async def readyz() -> Health:
        """That an index can be read: ledger, live generation, store."""

        def ready() -> bool:
            live = corpus.live()
            return live is not None and corpus.store.spec(live.name) is not None

        if not await run_in_threadpool(ready):
            raise ProblemError(503, "not_ready", "Nothing is indexed yet.")
        return Health()

    @router.get("/metrics", operation_id="metrics", include_in_schema=False)
    async def metrics(_key: Admin) -> Response:
        """Figures for Prometheus; no tenant, question or document is a label."""
        return Response(figures.exposed(), media_type=figures.media_type)

    return router
