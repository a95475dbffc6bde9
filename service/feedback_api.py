"""`POST /v1/feedback`: what a caller says about an answer, by the id of its request."""

from collections.abc import Callable
from functools import partial
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request

from indexing.errors import TooMuchFeedbackError
from query.feedback import Feedback
from service.api_document import OF_A_REQUEST, problems
from service.api_figures import Figures
from service.api_models import Said, SaidOut
from service.api_problems import ProblemError
from service.api_tenants import Tenants
from service.keys import ApiKey
from service.places import Places


def feedback_router(
    tenants: Tenants, places: Places, admit: Callable[[Request], ApiKey], figures: Figures
) -> APIRouter:
    """Return the route that takes feedback.

    Args:
        tenants: Know the requests of each.
        places: Bounds how many at once.
        admit: Lets in whoever may read.
        figures: Counts what was said.
    """
    router = APIRouter(prefix="/v1", tags=["query"], responses=problems(*OF_A_REQUEST))
    Reader = Annotated[ApiKey, Depends(admit)]

    @router.post("/feedback", operation_id="feedback", response_model=SaidOut, status_code=201)
    async def feedback(said: Said, key: Reader) -> Any:
        """Say whether an answer helped; it is read by people and changes nothing by itself."""
        return await places.run(partial(taken, tenants, key, said, figures))

    return router


def taken(tenants: Tenants, key: ApiKey, said: Said, figures: Figures) -> dict[str, Any]:
    """Write down what the holder of a key says.

    Raises:
        ProblemError: There is no such request of this tenant, or enough was said about it.
    """
    told = Feedback(said.verdict, said.correct, tuple(said.cited), key.name)
    try:
        given = tenants.engine(key.tenant).feedback(said.request_id, told)
    except TooMuchFeedbackError as error:
        raise ProblemError(429, "too_much_feedback", "Enough was said about it.") from error
    if given is None:
        raise ProblemError(404, "no_such_request", "There is no such request.")
    figures.said(given.verdict.value)
    return {name: given.to_json()[name] for name in SaidOut.model_fields}
