"""Fits the model of openness to conversations about made-up collections, and measures it.

    python -m evaluation.training.openness fit --write query/models/openness_weights.json
    python -m evaluation.training.openness figures SET…

Every question goes through the whole engine; what the model is asked is noted, and the label
`ambiguous` is what it has to learn. Questions that a rule gives back first are no part of it. The
collections under `conversations/` (a bank, a cloud, an encyclopedia …) and their questions were
made for this, by language models that saw none of the code; their licence is that of Holdfast. The
weights say which of them they were fitted to. `figures` asks sets that the shipped model never saw;
where none is named, it leaves each collection out in turn and measures a model of the others on it.
"""

import argparse
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from config.settings import Settings
from evaluation.metrics.gate import auroc
from evaluation.questions import QuestionSet, read_set
from evaluation.temporary import temporary_home
from query.ambiguity.openness import default_openness
from query.ambiguity.openness_features import OPENNESS_NAMES
from query.decision import Verdict
from query.engine import QueryEngine
from query.judging.logistic import CLIP, LogisticModel
from query.opening import CorpusView, judging_extras, make_engine
from query.search.scope import Scope

CONVERSATIONS = Path(__file__).parent / "conversations"
STRENGTH = 0.01
"""Inverse of the regularisation; of .003, .01 and .03 it did best on collections left out."""


@dataclass
class Noting:
    """Stands in for the model, gives nothing back, and notes what it is asked."""

    asked: list[Mapping[str, float]] = field(default_factory=list)

    def probability(self, values: Mapping[str, float]) -> float:
        """Note the numbers."""
        self.asked.append(values)
        return 0.0


@dataclass(frozen=True)
class Rows:
    """The numbers of a set's questions, a row for every part that no rule gave back."""

    values: np.ndarray
    is_open: np.ndarray
    """Whether a person calls the question ambiguous."""

    @staticmethod
    def together(several: Sequence["Rows"]) -> "Rows":
        """Put the rows of several sets together."""
        return Rows(
            np.concatenate([rows.values for rows in several]),
            np.concatenate([rows.is_open for rows in several]),
        )


def rows_of(question_set: QuestionSet) -> Rows:
    """Ask the questions of a set."""
    values: list[list[float]] = []
    is_open: list[bool] = []
    with temporary_home(Settings(), question_set) as corpus:
        noting = Noting()
        extras = replace(judging_extras(corpus, Scope()), opens=noting)
        engine: QueryEngine = make_engine(corpus, CorpusView(corpus), None, extras)
        for question in question_set.questions:
            noting.asked.clear()
            engine.ground(question.question, history=question.history)
            for asked in noting.asked:
                values.append([asked[name] for name in OPENNESS_NAMES])
                is_open.append(question.label is Verdict.AMBIGUOUS)
    return Rows(np.array(values), np.array(is_open))


def fit_model(rows: Rows) -> LogisticModel:
    """Fit with equal weight for both labels, so that one half is as likely as not."""
    from sklearn.linear_model import LogisticRegression

    mean, scale = rows.values.mean(0), rows.values.std(0) + 1e-6
    scaled = np.clip((rows.values - mean) / scale, -CLIP, CLIP)
    model = LogisticRegression(C=STRENGTH, max_iter=5000, class_weight="balanced")
    model.fit(scaled, rows.is_open)
    return LogisticModel(
        OPENNESS_NAMES,
        tuple(mean.round(6)),
        tuple(scale.round(6)),
        tuple(model.coef_[0].round(6)),
        float(model.intercept_[0].round(6)),
    )


def report(name: str, model: LogisticModel, rows: Rows) -> None:
    """Print how well a model tells the questions of a set apart."""
    p = np.array(
        [model.probability(dict(zip(OPENNESS_NAMES, v, strict=True))) for v in rows.values]
    )
    line = f"{name:12} {len(p):5} parts, {rows.is_open.sum():3} open"
    if 0 < rows.is_open.sum() < len(p):
        line += f"  AUROC {auroc(rows.is_open, p):.3f}"
    for bar in (0.65, 0.7, 0.75):
        found, alarms = ((p[rows.is_open == label] >= bar).mean() for label in (True, False))
        line += f"  from {bar}: {found:.2f} found, {alarms:.3f} false alarms"
    print(line)


def made_up() -> Iterator[tuple[str, Rows]]:
    """Yield the sets with their rows."""
    for folder in sorted(CONVERSATIONS.iterdir()):
        if folder.is_dir():
            yield folder.name, rows_of(read_set(folder))


def left_out_in_turn(known: Mapping[str, Rows]) -> None:
    """Measure on each set a model of the others."""
    for name, rows in known.items():
        others = Rows.together([r for other, r in known.items() if other != name])
        report(name, fit_model(others), rows)


def write(model: LogisticModel, file: Path, sets: Sequence[str]) -> None:
    """Write a model as JSON."""
    record = {
        "fitted_to": list(sets),
        "features": list(model.names),
        "means": list(map(float, model.means)),
        "scales": list(map(float, model.scales)),
        "coefficients": list(map(float, model.coefficients)),
        "intercept": model.intercept,
    }
    file.write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")


def main() -> None:
    """Fit or measure."""
    parser = argparse.ArgumentParser(prog="python -m evaluation.training.openness")
    commands = parser.add_subparsers(dest="command", required=True)
    fitting = commands.add_parser("fit")
    fitting.add_argument("--write", type=Path, required=True)
    figures = commands.add_parser("figures")
    figures.add_argument("sets", nargs="*", type=Path)
    args = parser.parse_args()
    if args.command == "figures" and args.sets:
        for path in args.sets:
            report(path.name, default_openness(), rows_of(read_set(path)))
        return
    known = dict(made_up())
    left_out_in_turn(known)
    if args.command == "fit":
        write(fit_model(Rows.together(list(known.values()))), args.write, list(known))


if __name__ == "__main__":
    main()
