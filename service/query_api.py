"""The HTTP routes of the query module; tenant and groups come from the key and nowhere else."""

from collections.abc import Callable
from functools import partial
from importlib.metadata import version
from typing import Annotated, Any

from fastapi import APIRouter, Depends, FastAPI, Request, Response
from fastapi.responses import PlainTextResponse
from starlette.concurrency import run_in_threadpool

from indexing.corpus import Corpus
from indexing.ledger.requests import try_log
from query.bounded_ledger import BoundedLedger
from service.admission import count_use, shown_key
from service.api_document import OF_A_KEY, OF_A_REQUEST, OF_ANY, add_document, problems
from service.api_figures import Figures
from service.api_models import (
    Ask,
    Check,
    CheckOut,
    DecisionOut,
    Health,
    RetrievalOut,
)
from service.api_problems import BodyLimit, CountProblems, ProblemError, add_problems
from service.api_tenants import Tenants
from service.asking import Asker, QueryDesk, Way
from service.feedback_api import feedback_router
from service.keys import ApiKey, Gatekeeper, KeyScope
from service.naming import Named
from service.places import Places


def query_app(
    corpus: Corpus, gatekeeper: Gatekeeper, is_warm: Callable[[], bool] = lambda: True
) -> FastAPI:
    """Return the application: `/v1/retrieve`, `/v1/ground`, `/v1/answer`, `/v1/check` and so on.

    Args:
        corpus: The open home; whoever opened it closes it.
        gatekeeper: Knows the keys.
        is_warm: Whether the models are loaded; until then the service is not ready.
    """
    settings = corpus.settings
    app = FastAPI(
        title="Holdfast",
        version=version("holdfast"),
        docs_url=None,
        redoc_url=None,
        # It would send a caller, key and all, to an address made of whatever host was named.
        redirect_slashes=False,
    )
    figures = Figures()
    tenants = Tenants(corpus)
    desk = QueryDesk(corpus, tenants, figures)
    places = Places(settings.serve, figures.turned_away)
    admit = admitted(gatekeeper, KeyScope.READ)
    app.include_router(query_router(desk, places, admit))
    app.include_router(feedback_router(tenants, places, admit, figures))
    app.include_router(health_router(corpus, gatekeeper, figures, is_warm))
    add_problems(app)
    add_document(app)
    app.add_middleware(BodyLimit, most_bytes=settings.serve.max_body_kb * 1024)
    app.add_middleware(Named)
    app.add_middleware(CountProblems, told=figures.ended_as)
    return app


def admitted(gatekeeper: Gatekeeper, scope: KeyScope) -> Callable[[Request], ApiKey]:
    """Return what lets in whoever shows a key with a scope, and counts its use."""

    def admit(request: Request) -> ApiKey:
        key = shown_key(request.headers, gatekeeper, scope)
        count_use(key, gatekeeper)
        return key

    return admit


def query_router(desk: QueryDesk, places: Places, admit: Callable[[Request], ApiKey]) -> APIRouter:
    """Return the routes that read.

    Args:
        desk: Serves the requests.
        places: Bounds how many at once.
        admit: Lets in whoever may read; before anything waits.
    """
    router = APIRouter(prefix="/v1", tags=["query"], responses=problems(*OF_A_REQUEST))
    Reader = Annotated[ApiKey, Depends(admit)]

    async def served(request: Request, key: ApiKey, ask: Ask, way: Way) -> Any:
        work = partial(desk.served, Asker.of_key(key), ask, way)
        return await places.run(work, request.is_disconnected)

    @router.post("/retrieve", operation_id="retrieve", response_model=RetrievalOut)
    async def retrieve(request: Request, ask: Ask, key: Reader) -> Any:
        """Evidence for a question, with the verdict on it."""
        return await served(request, key, ask, Way.RETRIEVE)

    @router.post("/ground", operation_id="ground", response_model=DecisionOut)
    async def ground(request: Request, ask: Ask, key: Reader) -> Any:
        """Whether the index holds the answer, why, and what to do."""
        return await served(request, key, ask, Way.GROUND)

    @router.post("/answer", operation_id="answer", response_model=DecisionOut)
    async def answer(request: Request, ask: Ask, key: Reader) -> Any:
        """The same, with an answer where the verdict allows one."""
        return await served(request, key, ask, Way.ANSWER)

    @router.post("/check", operation_id="check", response_model=CheckOut)
    async def check_answer(request: Request, asked: Check, key: Reader) -> Any:
        """What the evidence says about every sentence of an answer."""
        work = partial(desk.checked, Asker.of_key(key), asked)
        return await places.run(work, request.is_disconnected)

    return router


def health_router(
    corpus: Corpus, gatekeeper: Gatekeeper, figures: Figures, is_warm: Callable[[], bool]
) -> APIRouter:
    """Return the routes for whoever runs the service."""
    router = APIRouter(tags=["health"])
    Admin = Annotated[ApiKey, Depends(admitted(gatekeeper, KeyScope.ADMIN))]
    ledger = BoundedLedger.within(corpus.settings.deadlines)

    @router.head("/healthz", include_in_schema=False)
    @router.get("/healthz", operation_id="healthz", responses=problems(*OF_ANY))
    async def healthz() -> Health:
        """That the process is there."""
        return Health()

    @router.head("/readyz", include_in_schema=False)
    @router.get("/readyz", operation_id="readyz", responses=problems(*OF_ANY, 503))
    async def readyz() -> Health:
        """That questions can be answered: models loaded, ledger, live generation, store, log."""

        def ready() -> bool:
            live = corpus.live()
            if live is None or corpus.store.spec(live.name) is None:
                return False
            if corpus.settings.audit.enabled:
                try_log(corpus.ledger)  # an answer that cannot be logged is not given out
            return True

        # Probes come for ever: none may wait for ever, else they use up all the threads.
        if not await run_in_threadpool(ledger.call, ready):
            raise ProblemError(503, "not_ready", "Nothing is indexed yet.")
        if not is_warm():
            raise ProblemError(503, "not_ready", "Models are being loaded.")
        return Health()

    @router.head("/metrics", include_in_schema=False)
    @router.get(
        "/metrics",
        operation_id="metrics",
        response_class=PlainTextResponse,
        responses=problems(*OF_ANY, *OF_A_KEY),
    )
    async def metrics(_key: Admin) -> Response:
        """Figures for Prometheus; no tenant, question or document is a label."""
        return Response(figures.exposed(), media_type=figures.media_type)

    return router
