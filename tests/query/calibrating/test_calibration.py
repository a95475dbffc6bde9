"""A calibration in force: what it maps and promises, when it is void or stale, and its files."""

import json
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.errors import ConfigError
from config.policy import Policy
from config.settings import GateSettings, RetrievalSettings
from query.calibrating.calibration import Binding, Calibration, bind, read_calibration, seal
from query.calibrating.calibrations import CalibrationShelf, FixedCalibration, InForce
from query.calibrating.drift import LEAST, STALE_FROM, DriftWatch, count_steps, stability
from query.decision import ReasonCode, Status, Verdict
from query.judging.trained_judge import open_judge
from query.parts import Extras
from query.policy.policing import rules_version
from query.ruling import POLICY_VERSION
from tests.query.conftest import GATE

QUESTION = "How many working days of annual leave does every employee receive?"
OTHER = "Who won the chess championship of 1972?"


def make(binding: Binding | None = None, number: int = 1, **values) -> Calibration:
    given = {
        "calibration_id": "", "made_at": "2026-11-26T00:00:00+00:00",
        "binding": binding or Binding("g", "e", "c", 8, "r", "j", "p"), "slope": 0.7,
        "intercept": 0.4, "answerable_at": 0.6, "partial_at": 0.2, "max_risk": 0.05,
        "confidence": 0.95, "edges": (0.5,), "reference": (0.5, 0.5),
    }  # fmt: skip
    made = Calibration(**(given | values))
    return replace(made, calibration_id=f"c{number:04d}-{seal(made.to_json())}")


@pytest.fixture
def binding(view) -> Binding:
    judge = open_judge(GateSettings()).calibration_id
    return bind(view.pinned, RetrievalSettings(), GATE, judge, POLICY_VERSION)


def shelf_with(folder, *made: Calibration) -> CalibrationShelf:
    shelf = CalibrationShelf(folder / "calibrations")
    for one in made:
        shelf.keep(one, json.dumps(one.to_json()))
    return shelf


@given(st.floats(0, 1), st.floats(0, 1), st.floats(0.01, 5), st.floats(-5, 5))
def test_the_map_keeps_the_order_and_stays_a_probability(one, other, slope, intercept):
    calibration = make(slope=slope, intercept=intercept)
    p, q = calibration.probability(min(one, other)), calibration.probability(max(one, other))
    assert 0.0 <= p <= q <= 1.0


@pytest.mark.parametrize(
    "wrong",
    [{"slope": -1.0}, {"slope": float("nan")}, {"partial_at": 0.9}, {"reference": (1.0,)}],
)
def test_a_map_that_cannot_be_is_refused(wrong):
    with pytest.raises(ValueError, match=r"slope|partial_at|step"):
        make(**wrong)


@pytest.mark.parametrize("damage", ["", "{", "[]", '{"format": 1}', '{"format": 9}'])
def test_a_damaged_file_says_what_to_do(damage):
    with pytest.raises(ConfigError, match="holdfast calibrate"):
        read_calibration(damage, "here")


def test_in_force_it_sets_probability_bound_and_id(make_engine, binding, tmp_path):
    plain = make_engine().answer(QUESTION)
    made = make(binding, answerable_at=0.35, partial_at=0.1)
    engine = make_engine(extras=Extras(calibrations=shelf_with(tmp_path, made)))
    decision = engine.answer(QUESTION)
    assert decision.verdict is Verdict.ANSWERABLE
    assert decision.p_answerable == pytest.approx(made.probability(plain.p_answerable))
    assert decision.risk_bound == 0.05
    assert decision.calibration_id == made.calibration_id
    assert plain.risk_bound is None
    assert engine.answer(OTHER).risk_bound is None


def test_its_threshold_decides(make_engine, binding, tmp_path):
    score = make_engine().answer(QUESTION).p_answerable
    strict = make(binding, answerable_at=min(score + 1e-6, 1.0))
    decision = make_engine(extras=Extras(calibrations=shelf_with(tmp_path, strict))).answer(
        QUESTION
    )
    assert decision.verdict is Verdict.PARTIALLY_SUPPORTED
    assert decision.risk_bound is None
    assert decision.has(ReasonCode.WEAK_SUPPORT)


@pytest.mark.parametrize(
    "change",
    [{"generation": "g9"}, {"encoder": "x"}, {"chunker": "x"}, {"k": 99}, {"judge": "x"},
     {"policy": "x"}, {"retrieval": "x"}],
)  # fmt: skip
def test_any_change_voids_it_and_is_named(make_engine, binding, tmp_path, change):
    made = make(replace(binding, **change), answerable_at=0.35, partial_at=0.0)
    decision = make_engine(extras=Extras(calibrations=shelf_with(tmp_path, made))).answer(QUESTION)
    assert decision.risk_bound is None
    assert decision.p_answerable == make_engine().answer(QUESTION).p_answerable
    assert decision.calibration_id == open_judge(GateSettings()).calibration_id
    (void,) = [r for r in decision.reasons if r.code is ReasonCode.CALIBRATION_VOID]
    assert next(iter(change)) in void.detail


def test_the_version_of_the_policy_is_part_of_it(make_engine, view, tmp_path):
    policy, judge = Policy(name="house"), open_judge(GateSettings()).calibration_id
    bound_to = bind(view.pinned, RetrievalSettings(), GATE, judge, rules_version(policy))
    shelf = shelf_with(tmp_path, made := make(bound_to, answerable_at=0.35, partial_at=0.1))

    def asked(given: Policy | None):
        return make_engine(extras=Extras(policy=given, calibrations=shelf)).answer(QUESTION)

    assert asked(policy).calibration_id == made.calibration_id
    assert asked(policy).risk_bound == made.max_risk
    for other in (None, Policy(name="house", max_age_days=10_000)):
        decision = asked(other)
        assert decision.has(ReasonCode.CALIBRATION_VOID)
        assert decision.risk_bound is None


def test_the_settings_of_search_and_gate_are_part_of_it(view, binding):
    judge = open_judge(GateSettings()).calibration_id
    for retrieval, gate in (
        (RetrievalSettings(top_k=9), GATE),
        (RetrievalSettings(), GateSettings(answerable_at=0.7, open_at=1.0)),
    ):
        other = bind(view.pinned, retrieval, gate, judge, POLICY_VERSION)
        assert binding.differences(other)


def test_a_rollback_finds_the_calibration_of_its_generation(binding, tmp_path):
    old, new = make(binding), make(replace(binding, generation="g2"), 2)
    shelf = shelf_with(tmp_path, old, new)
    assert shelf.find(binding).calibration == old
    assert shelf.find(new.binding).calibration == new
    newer = make(binding, 3)
    shelf.keep(newer, json.dumps(newer.to_json()))
    assert shelf.find(binding).calibration == newer
    assert shelf.get(old.calibration_id) == old
    assert shelf.next_number() == 4


@pytest.mark.parametrize("damage", ["{", "[" * 100_000], ids=["cut", "nested"])
def test_a_damaged_file_voids_every_promise(make_engine, binding, tmp_path, damage):
    shelf = shelf_with(tmp_path, make(binding))
    (shelf.folder / "c0002-00000000.json").write_text(damage, encoding="utf-8")
    decision = make_engine(extras=Extras(calibrations=shelf)).answer(QUESTION)
    assert decision.status is Status.OK
    assert decision.risk_bound is None
    (void,) = [r for r in decision.reasons if r.code is ReasonCode.CALIBRATION_VOID]
    assert str(tmp_path) not in void.detail, "callers must not learn where the home is"


def test_a_newer_calibration_holds_whatever_became_of_an_older_one(binding, tmp_path):
    old, new = make(binding), make(binding, 2, slope=0.8)
    shelf = shelf_with(tmp_path, old, new)
    (shelf.folder / f"{old.calibration_id}.json").write_text("{", encoding="utf-8")
    assert shelf.find(binding) == InForce(new)
    assert shelf.all() == (new,)
    assert shelf.get(new.calibration_id) == new
    with pytest.raises(ConfigError, match=old.calibration_id):
        shelf.get(old.calibration_id)
    elsewhere = replace(binding, generation="g9")
    assert shelf.find(elsewhere).reason.code is ReasonCode.CALIBRATION_VOID


def test_a_damaged_calibration_that_is_restored_holds_again(binding, tmp_path):
    shelf = shelf_with(tmp_path, made := make(binding))
    (file,) = shelf.folder.iterdir()
    whole = file.read_text(encoding="utf-8")
    file.write_text("{", encoding="utf-8")
    assert shelf.find(binding).calibration is None
    file.write_text(whole, encoding="utf-8")
    assert shelf.find(binding) == InForce(made)


@pytest.mark.parametrize(
    "altered",
    [{"slope": 9.34}, {"max_risk": 0.001}, {"answerable_at": 0.21}, {"binding": {"k": 9}},
     {"calibration_id": "c0001-00000000"}, {"calibration_id": "c0002-{seal}"}],
)  # fmt: skip
def test_an_altered_file_voids_its_promise(make_engine, binding, tmp_path, altered):
    shelf = shelf_with(tmp_path, made := make(binding, answerable_at=0.35, partial_at=0.1))
    record = made.to_json()
    if "binding" in altered:
        altered = {"binding": record["binding"] | altered["binding"]}
    if "calibration_id" in altered:
        altered = {"calibration_id": altered["calibration_id"].format(seal=seal(record))}
    shelf.keep(made, json.dumps(record | altered))
    decision = make_engine(extras=Extras(calibrations=shelf)).answer(QUESTION)
    assert decision.risk_bound is None
    assert decision.p_answerable == make_engine().answer(QUESTION).p_answerable
    (void,) = [r for r in decision.reasons if r.code is ReasonCode.CALIBRATION_VOID]
    assert "was altered" in void.detail or "is not its name" in void.detail
    assert str(tmp_path) not in void.detail


def test_without_the_dense_list_nothing_is_promised_and_the_stricter_bar_holds(
    make_engine, view, binding
):
    lax = make(binding, answerable_at=0.01, partial_at=0.0)
    engine = make_engine(dense=None, extras=Extras(calibrations=FixedCalibration(InForce(lax))))
    decision = engine.answer(QUESTION)
    assert decision.status is Status.DEGRADED
    assert decision.risk_bound is None
    bar = InForce(lax).bar(GateSettings(answerable_at=0.5), Status.DEGRADED)
    assert bar.answerable_at == 0.5


def test_live_questions_of_another_kind_make_it_stale(make_engine, binding, tmp_path):
    made = make(binding, answerable_at=0.35, partial_at=0.0, edges=(0.9,), reference=(0.95, 0.05))
    shelf = CalibrationShelf(tmp_path, latest=lambda _: [0.99] * LEAST)
    shelf.keep(made, json.dumps(made.to_json()))
    decision = make_engine(extras=Extras(calibrations=shelf)).answer(QUESTION)
    assert decision.has(ReasonCode.CALIBRATION_STALE)
    assert decision.risk_bound is None
    assert decision.calibration_id == made.calibration_id


def test_asking_is_watched(make_engine, binding, tmp_path):
    shelf = shelf_with(tmp_path, made := make(binding))
    engine = make_engine(extras=Extras(calibrations=shelf))
    for _ in range(3):
        engine.answer(QUESTION)
    assert shelf.watch(made).seen == 3


def test_the_stability_index_sees_another_population_and_not_chance():
    chance = np.random.default_rng(2)
    edges = tuple(np.linspace(0.1, 0.9, 9))
    home = chance.beta(2, 1, 4000)
    reference = tuple(n / 4000 for n in count_steps(edges, home))
    made = make(edges=edges, reference=reference)
    alike = [DriftWatch(made, chance.beta(2, 1, LEAST)).index() for _ in range(50)]
    assert max(alike) < STALE_FROM
    assert DriftWatch(made, chance.beta(1, 3, LEAST)).is_stale()
    assert DriftWatch(made, [0.01] * (LEAST - 1)).index() is None


@given(st.lists(st.integers(1, 50), min_size=2, max_size=10))
def test_the_index_is_never_negative_and_zero_for_the_same_shares(counts):
    shares = [n / sum(counts) for n in counts]
    assert stability(shares, counts) == pytest.approx(0.0, abs=1e-9)
    assert stability(shares, counts[::-1]) >= -1e-12
