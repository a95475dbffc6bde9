"""The asynchronous engine says what the other one says, several requests at a time."""

import asyncio
import inspect

from query.asynchronous import AsyncQueryEngine
from query.engine import QueryEngine
from query.search.scope import Scope

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


def signatures(kind):
    """The public methods of a class with the names, kinds and defaults of their parameters."""
    return {
        name: [(p.name, p.kind, p.default) for p in inspect.signature(made).parameters.values()]
        for name, made in inspect.getmembers(kind, inspect.isfunction)
        if not name.startswith("_")
    }


def test_both_engines_have_the_same_methods():
    ways = signatures(QueryEngine)
    assert {"retrieve", "ground", "answer", "answer_many", "check", "evidence", "feedback"} <= {
        *ways
    }
    assert signatures(AsyncQueryEngine) == ways


def test_reading_and_checking_give_the_same_results(engine):
    claim = "Every employee receives 27 working days of annual leave per year."

    async def ask():
        asked = AsyncQueryEngine(engine)
        found = [await asked.retrieve(q) for q in QUESTIONS]
        checked = [await asked.check(claim, question=q) for q in QUESTIONS]
        many = [
            line async for line in asked.answer_many([{"id": q, "question": q} for q in QUESTIONS])
        ]
        return found, checked, many, await asked.evidence("unknown")

    found, checked, many, evidence = asyncio.run(ask())
    assert [f.hits for f in found] == [engine.retrieve(q).hits for q in QUESTIONS]
    assert [c.claims for c in checked] == [
        engine.check(claim, question=q).claims for q in QUESTIONS
    ]
    assert [line["verdict"] for line in many] == [engine.answer(q).verdict for q in QUESTIONS]
    assert evidence is None
