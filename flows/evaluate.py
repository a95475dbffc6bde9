"""The flow evaluate: golden questions asked of the live index, held against the last time."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from prefect import flow
from prefect.client.schemas.objects import State
from prefect.states import Completed

from flows.artifacts import artifact_key, show
from flows.events import REGRESSED, emit
from flows.facts import change, figure
from flows.home import current_call, opened_home
from flows.markdown import bar, code, plain, table
from flows.parameters import EvaluateParameters
from flows.states import Ending, ended_as, nothing_to_do
from indexing.running.report import RunState

if TYPE_CHECKING:
    from evaluation.records import Record
    from evaluation.regression import Regression, Standing, Worse

SHOWN_WORSE = 50
"""Questions of the artifact."""
SHOWN_KEYS = 20
"""Documents of the event."""


@flow(name="evaluate", flow_run_name="evaluate", validate_parameters=True)
def evaluate(params: EvaluateParameters | None = None) -> State[Any]:
    """Ask the golden questions of the live index and say what got worse since the last time.

    The engine is that of the users, policy and calibration included; nothing is logged as if a
    user had asked. The run ends as Regressed where questions fare worse than at the last whole,
    healthy evaluation of the same set by more than promotion.golden_tolerance, which is also what
    a promotion is refused for; and as QuestionsNotAsked where some could not be asked.

    Args:
        params: Which questions; the default asks all of promotion.golden.
    """
    chosen = params or EvaluateParameters()
    settings, _ = current_call()
    path = chosen.questions or settings.promotion.golden
    if path is None:
        return nothing_to_do("promotion.golden names no questions")
    # Here, because they bring numpy and scipy, which a worker need not load to know the flow.
    from evaluation.questions import read_set
    from evaluation.regression import evaluate_standing

    questions = read_set(path)
    with opened_home() as corpus:
        if corpus.live() is None:
            return nothing_to_do("nothing is indexed yet, so there is nothing to evaluate")
        standing = evaluate_standing(corpus, questions, chosen.limit)
    tolerance, collection = settings.promotion.golden_tolerance, settings.store.collection
    publish_standing(standing, tolerance, collection)
    found = standing.regression
    fell = found.fell(tolerance) if found else []
    if found is None or not fell:
        if standing.record.lost:
            return ended_as(Ending.NOT_ASKED, summary(standing))
        return Completed(name=RunState.COMPLETED.value, message=summary(standing))
    emit(REGRESSED, collection, payload(standing, found, fell))
    return ended_as(Ending.REGRESSED, f"{'; '.join(fell)}; {summary(standing)}")


def summary(standing: "Standing") -> str:
    """Say in one line how the live index stands."""
    record, found = standing.record, standing.regression
    parts = [f"{record.state}: {len(record.fared)} questions"]
    if record.found_share is not None:
        parts.append(f"gold document in the first 5 {record.found_share:.3f}")
    if record.right_share is not None:
        parts.append(f"rightly answered or refused {record.right_share:.3f}")
    if record.trouble:
        parts.append(f"{record.trouble}, so that no later evaluation is held against this one")
    if standing.drafts:
        parts.append(f"{standing.drafts} drafts left out")
    if found is None and standing.earlier:
        parts.append("nothing to compare with: no whole, healthy evaluation of this set before")
    elif found is None:
        parts.append("nothing to compare with yet")
    else:
        parts.append(
            f"{len(found.worse)} worse and {found.better} better than {found.before.state}"
        )
    return ", ".join(parts)


def payload(standing: "Standing", found: "Regression", fell: Sequence[str]) -> dict[str, Any]:
    """Say what got worse, for automations and other programs."""
    keys = dict.fromkeys(doc.key for worse in found.worse for doc in worse.documents)
    return {
        "generation": standing.record.generation,
        "epoch": standing.record.epoch,
        "before": found.before.state,
        "fell": list(fell),
        "worse": len(found.worse),
        "documents": list(keys)[:SHOWN_KEYS],
    }


def publish_standing(standing: "Standing", tolerance: float, collection: str) -> None:
    """Write the figures, what got worse, and how the last evaluations went."""
    found = standing.regression
    fell = found.fell(tolerance) if found else []
    title = "Golden questions fare worse" if fell else "Golden questions"
    lines = [f"## {title}", "", plain(summary(standing)), ""]
    if found is not None:
        lines += compared(found, tolerance)
    lines += ["", "**Evaluations of this set**", "", *trend([*standing.earlier, standing.record])]
    show(artifact_key("evaluation", collection), "\n".join(lines), plain(summary(standing)))


def compared(found: "Regression", tolerance: float) -> list[str]:
    """Render this evaluation against the one before."""
    rows = [
        (
            plain(name),
            figure(pair.before),
            figure(pair.after),
            change(pair.before, pair.after),
            f"{pair.p_value:.3g}",
        )
        for name, pair in found.figures.items()
    ]
    lines = [
        f"Against {code(found.before.state)} of {found.before.made_at:%Y-%m-%d %H:%M} UTC, by the "
        f"{found.common} questions that both were asked; a fall of more than {tolerance:g} counts.",
        "",
        *table(["", "before", "now", "change", "p"], rows),
    ]
    if found.worse:
        lines += ["", f"**Worse** ({len(found.worse)}; {found.better} are better)", ""]
        lines += table(
            ["question", "verdict", "documents"], map(worse_row, found.worse[:SHOWN_WORSE])
        )
    return lines


def worse_row(worse: "Worse") -> tuple[str, str, str]:
    """Render a question that fares worse, and the documents that are not what they were."""
    before, after = worse.before, worse.after
    lost = (
        "; its document is not in the first 5" if before.found_at_5 and not after.found_at_5 else ""
    )
    documents = ", ".join(f"{code(doc.key)} {doc.how}" for doc in worse.documents)
    return (
        plain(worse.question.question),
        plain(f"{before.verdict} → {after.verdict}{lost}"),
        documents or "none changed",
    )


def trend(records: Sequence["Record"]) -> list[str]:
    """Plot the last evaluations, one line each."""
    rows = [
        (
            f"{one.made_at:%Y-%m-%d %H:%M}",
            code(one.state),
            len(one.fared),
            bar(one.found_share),
            bar(one.right_share),
        )
        for one in records
    ]
    header = ["when (UTC)", "state", "questions", "gold document in the first 5"]
    return table([*header, "rightly answered or refused"], rows)
