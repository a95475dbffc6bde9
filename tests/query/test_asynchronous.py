"""The asynchronous engine says what the other one says, several requests at a time."""

import asyncio

from query.asynchronous import AsyncQueryEngine
from query.scope import Scope

QUESTIONS = (
    "How many working days of annual leave does every employee receive?",
    "What may a hotel room in Lisbon cost per night?",
    "Which spices go into garam masala?",
    "",
)


def lasting(decision):
    kept = decision.to_json()
    return {n: v for n, v in kept.items() if n not in {"request_id", "timings_ms"}}


def test_both_ways_give_the_same_results(engine):
    async def ask():
        asked = AsyncQueryEngine(engine)
        grounded = await asyncio.gather(*(asked.ground(q, scope=Scope()) for q in QUESTIONS))
        answered = await asyncio.gather(*(asked.answer(q) for q in QUESTIONS))
        return grounded, answered

    grounded, answered = asyncio.run(ask())
    assert [lasting(d) for d in grounded] == [lasting(engine.ground(q)) for q in QUESTIONS]
    assert [lasting(d) for d in answered] == [lasting(engine.answer(q)) for q in QUESTIONS]
