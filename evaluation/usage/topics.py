"""Questions without an answer, gathered into topics by their words; no model is needed."""

from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from evaluation.usage.reading import LoggedRequest, terms_of
from query.text.words import WORD, stem

MOST_QUESTIONS = 1500
"""Different questions that are compared with each other; rarer and older ones are only counted."""
APART = 0.75
"""Mean cosine distance from which two groups are two topics; `benchmarks/topics.py` compares."""
LABEL_TERMS = 4
EXAMPLES = 3


@dataclass(frozen=True, slots=True)
class Topic:
    """Questions that are about the same."""

    label: str
    """Its most telling words."""
    requests: int
    questions: int
    """Different ones."""
    examples: tuple[str, ...]
    codes: tuple[tuple[str, int], ...]
    """Why they were refused, most frequent first."""
    first: str
    last: str
    request_ids: tuple[str, ...]

    def to_json(self) -> dict[str, Any]:
        """Return plain values."""
        return {
            "label": self.label,
            "requests": self.requests,
            "questions": self.questions,
            "examples": list(self.examples),
            "reasons": dict(self.codes),
            "first": self.first,
            "last": self.last,
            "request_ids": list(self.request_ids),
        }


def find_topics(requests: Sequence[LoggedRequest]) -> tuple[tuple[Topic, ...], int]:
    """Gather unanswered requests into topics, the most asked first.

    Args:
        requests: Those without an answer.

    Returns:
        The topics, and how many requests were left out because there were too many.
    """
    alike: dict[tuple[str, ...], list[LoggedRequest]] = defaultdict(list)
    for request in requests:
        if request.terms:
            alike[tuple(sorted(request.terms))].append(request)
    ranked = sorted(
        alike, key=lambda key: (-len(alike[key]), -alike[key][-1].received_at.timestamp())
    )
    kept = ranked[:MOST_QUESTIONS]
    left = sum(len(alike[key]) for key in ranked[MOST_QUESTIONS:])
    if not kept:
        return (), left
    questions = [alike[key][-1].question for key in kept]
    groups, weights, names = cluster(questions)
    topics = []
    for group in groups:
        members = [request for place in group for request in alike[kept[place]]]
        label = label_of([questions[place] for place in group], weights[group], names)
        topics.append(topic_of(label, members, [questions[place] for place in group]))
    return tuple(sorted(topics, key=lambda t: (-t.requests, -t.questions, t.label))), left


def cluster(
    questions: Sequence[str], apart: float = APART
) -> tuple[list[list[int]], npt.NDArray[np.float64], list[str]]:
    """Return groups of positions, the weights of terms by question, and the terms.

    Args:
        questions: Each with at least one term.
        apart: Mean cosine distance from which two groups stay two.
    """
    from sklearn.cluster import AgglomerativeClustering
    from sklearn.feature_extraction.text import TfidfVectorizer

    analyzer: Callable[[str], list[str]] = lambda text: list(terms_of(text))  # noqa: E731
    vectorizer = TfidfVectorizer(analyzer=analyzer, sublinear_tf=True)
    weights = np.asarray(vectorizer.fit_transform(questions).todense(), dtype=np.float64)
    names = [str(name) for name in vectorizer.get_feature_names_out()]
    if len(questions) == 1:
        return [[0]], weights, names
    distances = np.clip(1.0 - weights @ weights.T, 0.0, 1.0)
    made = AgglomerativeClustering(
        n_clusters=None, metric="precomputed", linkage="average", distance_threshold=apart
    ).fit_predict(distances)
    groups: dict[int, list[int]] = defaultdict(list)
    for place, number in enumerate(made):
        groups[int(number)].append(place)
    return list(groups.values()), weights, names


def label_of(
    questions: Sequence[str], weights: npt.NDArray[np.float64], names: Sequence[str]
) -> str:
    """Return the most telling words of a group, as they are mostly written."""
    scores = weights.mean(axis=0)
    ranked = [names[i] for i in np.argsort(-scores, kind="stable") if scores[i] > 0]
    telling = [name for name in ranked if not name.isdecimal()]  # a bare number tells little
    best = (telling or ranked)[:LABEL_TERMS]
    written: dict[str, Counter[str]] = defaultdict(Counter)
    for question in questions:
        for match in WORD.finditer(question):
            written[stem(match.group().lower())][match.group().lower()] += 1
    return " ".join(written[term].most_common(1)[0][0] if written[term] else term for term in best)


def topic_of(label: str, members: Sequence[LoggedRequest], questions: Sequence[str]) -> Topic:
    """Describe a group."""
    codes = Counter(code for request in members for code in request.codes)
    times = sorted(request.received_at for request in members)
    newest = sorted(members, key=lambda request: request.received_at, reverse=True)
    return Topic(
        label,
        len(members),
        len(questions),
        tuple(questions[:EXAMPLES]),
        tuple(codes.most_common(4)),
        times[0].isoformat(timespec="seconds"),
        times[-1].isoformat(timespec="seconds"),
        tuple(request.request_id for request in newest[:EXAMPLES]),
    )
