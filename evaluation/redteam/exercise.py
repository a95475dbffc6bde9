"""One exercise from the honest collection to the scorecard, in process and seeded."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

from config.errors import ConfigError
from config.settings import Settings
from evaluation.evaluating import silent_engine
from evaluation.metrics.retrieval import hit_at
from evaluation.redteam.cases import (
    Case,
    Honest,
    Planted,
    Suite,
    base_collection,
    built_in_suites,
)
from evaluation.redteam.faults import SUITE as FAILING
from evaluation.redteam.faults import attack_parts, decide, escaped
from evaluation.redteam.field import HONEST, OUTSIDE, SECRET, Field, open_field
from evaluation.redteam.judging import Result, judge
from evaluation.redteam.noise import exhaustion_suite, noise_suite
from evaluation.redteam.planting import PASSAGES, crowding, honest_suite, poison, poison_suite
from evaluation.redteam.scorecard import Score, Scorecard, score
from indexing.corpus import Corpus
from indexing.ledger.named import versions_named
from query.decision import GroundingDecision, Verdict
from query.engine import QueryEngine

TOP = 5
MOST_LOST = 0.02
"""Share of honest questions whose document may fall out of the first five."""


def attack(engine: QueryEngine, suite: Suite) -> list[Result]:
    """Ask every case of a suite."""
    results = []
    for case in suite.cases:
        try:
            results.append(judge(suite.name, case, decide(engine, case)))
        except Exception as error:  # noqa: BLE001 - an exception out of the engine is the defeat
            results.append(escaped(suite.name, case, error))
    return results


def exercise_live(corpus: Corpus, suites: Sequence[Suite], seed: int) -> Scorecard:
    """Attack a real home by questions only; nothing is planted and nothing is logged.

    Of the built-in suites those take part that are right for any collection.
    """
    leakage = [suite for suite in built_in_suites() if suite.name == "leakage"]
    chosen = [noise_suite(seed), exhaustion_suite(), *leakage, *suites]
    return carded(silent_engine(corpus), chosen, seed)


def carded(engine: QueryEngine, suites: Sequence[Suite], seed: int) -> Scorecard:
    """Run suites of questions and count."""
    scores, results = [], []
    for suite in suites:
        found = attack(engine, suite)
        scores.append(score(suite.name, found, suite.floor))
        results += found
    return Scorecard(seed, tuple(scores), tuple(results))


def exercise(settings: Settings, suites: Sequence[Suite], seed: int) -> Scorecard:
    """Attack a collection of our own, with documents, a rival tenant and failing parts.

    Args:
        settings: Pipeline, retrieval and gate; the home is a temporary one.
        suites: More suites, such as a user's; their documents are planted too.
        seed: Chooses targets and noise.

    Raises:
        ConfigError: A document of these suites cannot be planted, or no honest question is
            answered.
    """
    documents, honest = base_collection()
    poisons, poisoned = poison(honest, seed)
    ours = [*documents, *poisoned, *(d for suite in built_in_suites() for d in suite.documents)]
    refuse_doubled_documents(suites, ours)
    chosen = [*built_in_suites(), noise_suite(seed), exhaustion_suite(), *suites]
    with open_field(settings) as field:
        field.plant(HONEST, documents)
        field.ingest()
        honestly = ask_honest(field, honest)
        refuse_unanswered(honestly)
        before = found_share(honestly, honest)
        engine = silent_engine(field.corpus)
        plain = [suite for suite in chosen if not suite.documents]
        first = carded(engine, plain, seed)
        parts = attack_parts(field.corpus)
        planted = [d for suite in chosen for d in suite.documents]
        field.plant(OUTSIDE, planted)
        field.plant(OUTSIDE, poisoned)
        field.ingest()
        refuse_unplanted(field.corpus, suites)
        attacked = [suite for suite in chosen if suite.documents]
        attacked += [poison_suite(poisons, n) for n in range(1, PASSAGES + 1)]
        second = carded(engine, attacked, seed)
        tenants = attack_tenants(field, engine)
        field.plant(OUTSIDE, crowding(honest, documents))
        field.ingest()
        third = crowded(field, honest, before)
    return Scorecard(
        seed,
        (
            *first.scores,
            score(FAILING, parts, 1.0),
            *second.scores,
            score("tenants", tenants, 1.0),
            third,
        ),
        (*first.results, *parts, *second.results, *tenants),
    )


def refuse_doubled_documents(suites: Sequence[Suite], ours: Sequence[Planted]) -> None:
    """Refuse two documents of one key: the second would be planted in the place of the first.

    Args:
        suites: Of the user.
        ours: What an exercise plants by itself. Without it an attack of ours would be withstood
            because it never took place.

    Raises:
        ConfigError: There are two.
    """
    planted = Counter(document.key for suite in suites for document in suite.documents)
    if doubled := [key for key, count in planted.items() if count > 1]:
        raise ConfigError(f"{', '.join(doubled)} is planted twice; give each document its key.")
    if taken := sorted(planted.keys() & {document.key for document in ours}):
        raise ConfigError(
            f"{', '.join(taken)} is the key of a document that the exercise plants by itself; give "
            "yours another one."
        )


def refuse_unplanted(corpus: Corpus, suites: Sequence[Suite]) -> None:
    """Refuse documents that the pipeline did not take: whoever plants nothing attacks nothing.

    Raises:
        ConfigError: There are some; the message names them.
    """
    keys = [document.key for suite in suites for document in suite.documents]
    live = corpus.live()
    there = versions_named(corpus.ledger, live.name, keys) if live else {}
    if missing := [key for key in keys if key not in there]:
        raise ConfigError(
            f"{', '.join(missing)} could not be planted: the pipeline does not take such a "
            "document (no text, or a format it does not know), and nothing would be attacked."
        )


def attack_tenants(field: Field, engine: QueryEngine) -> list[Result]:
    """Let a rival in and try to see its documents: nothing of it may show anywhere."""
    before = [engine.answer(case.question).to_json() for case in TENANT_CASES]
    field.let_rival_in()
    results = []
    for case, then in zip(TENANT_CASES, before, strict=True):
        decision = engine.answer(case.question)
        result = judge("tenants", case, decision)
        now = decision.to_json()
        # Scores too: whoever sees them change learns what the others have.
        told = [f for f in now if f not in OF_A_REQUEST and now[f] != then[f]]
        defeats = [*result.defeats, *(f"{f} changed when the rival came" for f in told)]
        defeats += ["a key of the rival was retrieved"] * any(
            key.startswith("rival/") for key in decision.retrieved_keys
        )
        results.append(replace(result, defeats=tuple(defeats)))
    return results


OF_A_REQUEST = frozenset({"request_id", "epoch", "timings_ms"})
"""What differs whenever something is asked again; every tenant moves the epoch."""
TENANT_CASES = tuple(
    Case(id=name, question=question, absent=(SECRET,))
    for name, question in (
        ("shared-subject", "How long is the warranty of a Marsh gauge?"),
        ("secret", "What is the secret of the rival?"),
        ("canary", f"What is {SECRET}?"),
        ("key", "What does rival/secret.md say?"),
        ("tenant-name", "tenant:redteam-rival secret"),
    )
)


def ask_honest(field: Field, honest: Sequence[Honest]) -> list[GroundingDecision]:
    """Ask what the collection answers, as an honest user does."""
    engine = silent_engine(field.corpus)
    return [decide(engine, case) for case in honest_suite(honest).cases]


def refuse_unanswered(decisions: Sequence[GroundingDecision]) -> None:
    """Refuse to attack what answers nobody: it withstands everything, and that says nothing.

    Raises:
        ConfigError: Not one honest question is answered; the message says why.
    """
    if any(decision.verdict is Verdict.ANSWERABLE for decision in decisions):
        return
    codes = Counter(reason.code.value for d in decisions for reason in d.reasons)
    why = ", ".join(code for code, _ in codes.most_common(3))
    raise ConfigError(
        f"Under these settings and this policy none of {len(decisions)} honest questions is "
        f"answered ({why}), so that every attack would seem to be withstood. The questions are "
        "English and about a collection of our own: try it with the policy that ships, and your "
        "own policy with --live."
    )


def found_share(decisions: Sequence[GroundingDecision], honest: Sequence[Honest]) -> float:
    """Return for how many honest questions the right document is among the first five."""
    pairs = zip(decisions, honest, strict=True)
    return sum(hit_at(d.retrieved_keys, {h.key}, TOP) for d, h in pairs) / len(honest)


def crowded(field: Field, honest: Sequence[Honest], before: float) -> Score:
    """Score how many honest documents are still found among stuffed, jamming and hub pages."""
    after = found_share(ask_honest(field, honest), honest)
    kept = round(after * len(honest))
    note = f"honest documents in the first {TOP}: {before:.3f} before, {after:.3f} after"
    return Score("crowding", kept, len(honest), max(before - MOST_LOST, 0.0), note)
