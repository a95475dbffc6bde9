"""Folds: every article in one, large articles spread evenly."""

from hypothesis import given
from hypothesis import strategies as st

from evaluation.training.cross_encoder_data import Asked, with_folds
from evaluation.training.folds import FOLDS, MANY, deal, fold_of


def asked(name: str, article: str, number: int = 0) -> Asked:
    return Asked(name, str(number), "", "answerable", False, "q", article, {}, 0.5, ("p",), ())


articles = st.sampled_from([f"Article {n}" for n in range(12)])
questions = st.lists(st.tuples(st.sampled_from(["squad", "nq_oracle", "xquad_en"]), articles))


@given(questions)
def test_no_article_is_in_two_folds_whatever_set_asks_about_it(given_questions):
    dealt = with_folds([asked(*one, n) for n, one in enumerate(given_questions)])
    assert all(0 <= a.fold < FOLDS for a in dealt)
    places = {(a.article, a.fold) for a in dealt}
    assert len(places) == len({article for article, _ in places})


@given(questions, st.randoms())
def test_the_order_of_questions_does_not_matter(given_questions, rng):
    mixed = rng.sample(given_questions, len(given_questions))
    first, second = (
        {a.article: a.fold for a in with_folds([asked(*one) for one in every])}
        for every in (given_questions, mixed)
    )
    assert first == second


def test_every_fold_gets_as_many_large_articles():
    sizes = {f"Large {n}": MANY + n for n in range(20)} | {f"Small {n}": 1 for n in range(33)}
    dealt = deal(sizes)
    large = [fold for article, fold in dealt.items() if article.startswith("Large")]
    assert [large.count(fold) for fold in range(FOLDS)] == [4] * FOLDS
    every = list(dealt.values())
    assert max(map(every.count, range(FOLDS))) - min(map(every.count, range(FOLDS))) <= 1


def test_an_article_that_was_not_dealt_has_its_fold_in_every_process():
    assert [fold_of(title, {}) for title in ("Oil", "Paris", "Whales")] == [4, 0, 2]
    assert fold_of("Oil", {"Oil": 1}) == 1
