"""Folds of articles: what is learnt from an article never judges a question about it."""

import numpy as np

from benchmarks import ranking
from benchmarks.ranking import Asked, by_folds


def asked(article: str) -> Asked:
    return Asked(np.array([[1.0, 0.2], [0.4, 0.6]]), np.array([True, False]), article)


def test_an_article_of_two_sets_is_in_one_fold(monkeypatch):
    learnt, judged = [], []
    fit, first = ranking.fit, ranking.first

    def noting_fit(sets):
        learnt.append({one.article for part in sets for one in part})
        return fit(sets)

    def noting_first(part, weights):
        judged.append((len(learnt) - 1, {one.article for one in part}))
        return first(part, weights)

    monkeypatch.setattr(ranking, "fit", noting_fit)
    monkeypatch.setattr(ranking, "first", noting_first)
    shared = [f"shared {n}" for n in range(5)]
    one = [asked(a) for a in (*shared, *(f"one {n}" for n in range(20)))]
    other = [asked(a) for a in (*(f"other {n}" for n in range(7)), *shared)]
    found = by_folds([one, other])
    assert [part.all() for part in found] == [True, True]
    assert sum(len(articles) for _, articles in judged) == len(one) + len(other)
    assert all(not articles & learnt[fold] for fold, articles in judged)
