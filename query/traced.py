"""One span around each request: how it ended, and neither the question nor the answer."""

import functools
from collections.abc import Callable
from typing import Any

from config.tracing import SpanName, note_verdict, span
from query.decision import GroundingDecision

Serve = Callable[..., GroundingDecision]


def traced(serve: Serve) -> Serve:
    """Put a span around what serves a request.

    Args:
        serve: Takes an engine, a request and its purpose, and never raises.
    """

    @functools.wraps(serve)
    def served(engine: Any, request: Any, purpose: Any) -> GroundingDecision:
        with span(SpanName.QUERY, purpose=purpose.value) as current:
            made = serve(engine, request, purpose)
            verdict = made.verdict.value if made.verdict else None
            note_verdict(current, made.status.value, verdict, made.p_answerable)
            return made

    return served
