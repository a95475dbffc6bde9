"""The stack and its comparison with the features: on articles that neither knows."""

import numpy as np
import pytest

from evaluation.training.cross_encoder_data import Asked
from evaluation.training.folds import FOLDS
from evaluation.training.reader_stacking import (
    Compared,
    compare,
    fit_stack,
    stack_all,
    stack_without,
)
from query.judging.features import FEATURE_NAMES
from query.judging.reader import Reading

TIERS = ("", "adversarial", "ablated")


def asked(name: str, number: int, tier: str, top: float = 0.5) -> Asked:
    label = "unanswerable" if tier else "answerable"
    features = dict.fromkeys(FEATURE_NAMES, 0.5) | {"dense_top1": top}
    key = f"{number}{tier}"
    return Asked(name, key, tier, label, False, "q", f"a{number}", features, 0.6, ("p",), (),
                 number % FOLDS)  # fmt: skip


def questions(name: str = "squad", count: int = 40) -> list[Asked]:
    return [asked(name, n, tier, top=0.4 + n % 7 / 20) for n in range(count) for tier in TIERS]


def sign(one: Asked) -> float:
    return 1.0 if one.is_positive else -1.0


def right_readings(every: list[Asked]) -> dict[str, list[Reading]]:
    return {one.key: [Reading(3 * sign(one), 3 * sign(one))] for one in every}


def scores(every: list[Asked], features: np.ndarray, stacked: np.ndarray) -> Compared:
    return Compared(every, {"features": features, "reader": stacked, "stacked": stacked})


@pytest.fixture
def noise() -> np.ndarray:
    return np.random.default_rng(1).random(3 * 40)


@pytest.mark.parametrize(("better", "worth"), [(True, True), (False, False)])
def test_only_a_gain_beyond_chance_is_worth_shipping(better, worth, noise, capsys):
    rows = questions()
    right = np.array([one.is_positive for one in rows]) + 0.5 * noise
    found, said = compare(scores(rows, noise, right if better else noise))
    assert said is worth
    assert found["squad ablated"]["unanswerable"] == 40
    assert "all sets trained on, adversarial" in capsys.readouterr().out


def test_a_set_that_loses_beyond_chance_forbids_shipping(noise):
    rows = questions()
    yes = np.array([one.is_positive for one in rows])
    better = scores(rows, noise, yes + noise)
    foreign = questions("mtrag_un")
    both = scores(
        [*rows, *foreign],
        np.concatenate([noise, yes + noise]),
        np.concatenate([yes + noise, noise]),
    )
    assert compare(better)[1] is True
    assert compare(both)[1] is False


def test_the_stack_learns_to_trust_a_reader_that_is_right():
    rows = questions()
    stack = fit_stack(rows, [0.5] * len(rows), right_readings(rows))
    low, high = (stack.probability(0.5, [Reading(x, x)]) for x in (-3.0, 3.0))
    assert low < 0.5 < high


def test_the_number_of_questions_of_a_set_counts_by_its_root():
    """Two sets disagree about what the reader says: the larger one prevails, but not alone."""
    many, few = questions("squad", 90), questions("nq_oracle", 10)
    readings = right_readings(many)
    readings |= {one.key: [Reading(-3 * sign(one), -3 * sign(one))] for one in few}
    mixed = fit_stack([*many, *few], [0.5] * 300, readings)
    alone = fit_stack(many, [0.5] * 270, readings)
    assert 0 < mixed.coefficients[1] < 0.5 * alone.coefficients[1]


def test_a_question_is_judged_by_nothing_that_saw_its_article():
    """The reader is right about all folds but one: no stack of that fold may know."""
    rows = questions()
    readings = right_readings(rows)
    wrong = [one for one in rows if one.fold == 2]
    readings |= {one.key: [Reading(-3 * sign(one), -3 * sign(one))] for one in wrong}
    _, compared = stack_all(rows, readings)
    said = dict(zip((one.key for one in compared.asked), compared.scores["stacked"], strict=True))
    answerable = {fold: [said[a.key] for a in rows if a.fold == fold and a.is_positive]
                  for fold in range(FOLDS)}  # fmt: skip
    assert max(answerable[2]) < 0.5 < min(answerable[3])


def test_sets_that_were_never_trained_on_are_judged_by_what_ships():
    known, foreign = questions(), questions("ramdocs", 5)
    readings = right_readings([*known, *foreign])
    stack, compared = stack_all([*known, *foreign], readings)
    for one, p in zip(compared.asked, compared.scores["stacked"], strict=True):
        if one.name == "ramdocs":
            assert p == pytest.approx(stack.probability(one.p_features, readings[one.key]))


def test_a_set_that_is_left_out_is_judged_by_the_others():
    every = [*questions(), *questions("clapnq", 10)]
    strange = right_readings(questions("clapnq", 10))
    readings = right_readings(questions())  # none of the set that is left out
    compared = stack_without("clapnq", every, readings, strange)
    assert {one.name for one in compared.asked} == {"clapnq"}
    yes = np.array([one.is_positive for one in compared.asked])
    assert compared.scores["stacked"][yes].min() > compared.scores["stacked"][~yes].max()
    found, _ = compare(scores(questions(), np.zeros(120), np.zeros(120)), {"clapnq": compared})
    assert found["clapnq left out ablated"]["stacked"] == 1.0
