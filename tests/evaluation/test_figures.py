"""Figures of a set, comparisons of two states, and the report that shows them."""

import json
import re
from dataclasses import replace

import pytest

from config.errors import ConfigError
from evaluation.comparison import compare
from evaluation.evaluating import Evaluation
from evaluation.figures import RISK, figures_of
from evaluation.metrics.gate import RiskCoverage
from evaluation.reporting.html import render
from evaluation.reporting.plots import plot_histogram, plot_risk_coverage
from service.commands.eval import exit_of
from service.exits import Exit


@pytest.fixture
def outcomes(outcome):
    return [
        outcome(p=0.9, gold=("d1",)),
        outcome(p=0.8, gold=("d2",), lang="de"),
        outcome(p=0.2, gold=("d9",)),
        outcome("unanswerable", p=0.7, tier="adversarial"),
        outcome("unanswerable", p=0.1, tier="far"),
        outcome("ambiguous", "ambiguous", p=0.6),
        outcome(None, p=0.5, gold=("d1",)),
    ]


def test_figures_count_what_was_asked(outcomes):
    found = figures_of("set", outcomes)
    assert found.retrieval.hit_at_1.n == 4
    assert found.retrieval.hit_at_1.value == pytest.approx(2 / 4)
    assert found.retrieval.hit_at_5.value == pytest.approx(3 / 4)
    assert found.languages["de"].mrr.value == pytest.approx(0.5)
    # Of the three answered, the adversarial one should not have been.
    assert found.gate.risk_among_answered.value == pytest.approx(1 / 3)
    assert found.gate.false_refusals.value == pytest.approx(1 / 3)
    assert found.tiers["far"].auroc.value == 1.0
    assert found.tiers["adversarial"].auroc.value == pytest.approx(2 / 3)
    assert found.tiers["adversarial"].answered == 1.0
    assert found.verdicts["answerable"] == {"answerable": 2, "unanswerable": 1}


def test_the_worst_examples_are_of_every_kind(outcomes):
    worst = figures_of("set", outcomes).worst()
    assert [o.p for o in worst] == [0.7, 0.2]


def test_a_set_without_labels_has_retrieval_figures_only(outcome):
    found = figures_of("set", [outcome(None, gold=("d1",))])
    assert found.gate is None
    assert found.retrieval.mrr.value == 1.0


def test_figures_are_json_without_nan(outcomes, outcome):
    for these in (outcomes, [outcome(p=0.9)], [outcome(None)]):
        text = json.dumps(figures_of("set", these).to_json())
        assert json.loads(text)["questions"] == len(these)
        assert "Infinity" not in text
        assert not re.search(r": NaN", text)


def test_a_comparison_names_what_became_worse(outcome):
    before = [outcome(p=0.9, gold=(f"d{i}",), ranked=(f"d{i}",), id=f"q{i}") for i in range(12)]
    after = [outcome(p=0.1, gold=(f"d{i}",), ranked=("other",), id=f"q{i}") for i in range(12)]
    found = compare("set", before, after)
    assert found.regressed
    assert len(found.worse) == 12
    assert found.figures["hit@1"].after == 0.0
    back = compare("set", after, before)
    assert not back.regressed
    assert back.better == 12


def test_other_questions_are_not_compared(outcome):
    with pytest.raises(ConfigError, match="not asked the same"):
        compare("set", [outcome(id="a")], [outcome(id="b")])


def test_the_report_is_one_file_that_loads_nothing_and_escapes_everything(outcomes, outcome, now):
    hostile = "<script>alert(1)</script> {{ 7 * 7 }}"
    bad = outcome("unanswerable", p=0.95, question=hostile, tier="<b>x</b>")
    figures = figures_of("<i>set</i>", [*outcomes, bad])
    text = render(Evaluation(now, (figures,), (compare("c", outcomes, outcomes),), "g1 at epoch 2"))
    assert "<script" not in text
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in text
    assert "{{ 7 * 7 }}" in text
    assert "<b>x</b>" not in text
    assert "<i>set</i>" not in text
    assert text.count("<svg") == 3
    assert not re.findall(r"""(?:src|href)\s*=|https?://|@import|url\(""", text)


@pytest.mark.parametrize("sign", ["\u202e", "\u2067", "\x1b"])
def test_no_question_turns_the_words_of_the_report_around(outcomes, outcome, now, sign):
    bad = outcome("unanswerable", p=0.95, question=f"Is it{sign} long?", tier=f"t{sign}")
    figures = figures_of(f"set{sign}", [*outcomes, bad], f"g{sign}", [f"d{sign}"])
    text = render(Evaluation(now, (figures,), (compare(f"c{sign}", outcomes, outcomes),)))
    assert sign not in text
    assert f"Is it\\x{ord(sign):02x} long? — <b>answerable</b>, should be unanswerable" in text


def test_every_set_has_its_own_plots_whatever_it_is_called(outcomes, outcome, now):
    first = figures_of("golden", outcomes)
    second = figures_of("golden", [outcome(p=0.31), outcome("unanswerable", p=0.11)])
    text = render(Evaluation(now, (first, second)))
    for one in (first, second):
        assert plot_risk_coverage(one.gate.curve, RISK) in text
        assert plot_histogram(one.histogram()) in text


def test_the_legend_stands_above_the_bars():
    drawn = plot_histogram({"answerable": [0] * 19 + [9], "partially_supported": [1] * 20})
    tops = [float(y) for y in re.findall(r'<rect x="[^"]+" y="([^"]+)"', drawn)]
    (line,) = re.findall(r'<text x="58" y="(\d+)"><tspan', drawn)
    assert float(line) < min(tops)
    assert drawn.count("<tspan") == 2


def test_a_plot_stays_inside_its_frame():
    drawn = plot_risk_coverage(RiskCoverage((0.1, 1.0), (0.0, 1.0)), 0.05)
    points = re.search(r'points="([^"]+)"', drawn)[1]
    for x, y in (pair.split(",") for pair in points.split()):
        assert 0 <= float(x) <= 360
        assert 0 <= float(y) <= 260


def lost(made, codes=("store_unavailable",)):
    return replace(made, status="unavailable", verdict="unavailable", p=0.0, codes=codes, ranked=())


def test_questions_that_could_not_be_asked_are_in_no_figure_and_counted(outcomes, outcome, now):
    down = [lost(outcome(gold=("d1",))), lost(outcome("unanswerable", tier="far"))]
    whole, found = figures_of("set", outcomes), figures_of("set", [*outcomes, *down])
    assert (found.retrieval, found.gate, found.tiers) == (whole.retrieval, whole.gate, whole.tiers)
    assert found.histogram() == whole.histogram()
    assert found.worst() == whole.worst()
    told = found.to_json()
    assert told["unavailable"] == {"questions": 2, "reasons": {"store_unavailable": 2}}
    assert told["degraded"] == {"questions": 0, "reasons": {}}
    text = render(Evaluation(now, (found,)))
    assert "2 could not be asked (store_unavailable)" in text
    nothing = figures_of("set", down)
    assert (nothing.retrieval, nothing.gate, nothing.latency_ms) == (None, None, {})
    assert render(Evaluation(now, (nothing,)))


def test_questions_that_nobody_says_anything_of_are_told(outcome, now):
    found = figures_of("set", [outcome(None), outcome(None, gold=("d1",)), outcome()])
    assert found.to_json()["without_label_and_document"] == 1
    assert "1 of them have neither a label nor a document" in render(Evaluation(now, (found,)))


@pytest.mark.parametrize("label", [None, "answerable"])
def test_a_missed_document_is_told_with_and_without_a_label(outcome, now, label):
    missed = figures_of("set", [outcome(label, "answerable", gold=("d9",))])
    assert "but no gold document in the first five" in render(Evaluation(now, (missed,)))


def test_degraded_questions_are_counted(outcomes):
    bad = replace(outcomes[0], status="degraded", codes=("judge_down",))
    found = figures_of("set", [bad, *outcomes[1:]])
    assert found.to_json()["degraded"] == {"questions": 1, "reasons": {"judge_down": 1}}
    assert found.retrieval.hit_at_1.n == 4


def test_what_was_degraded_before_is_told_in_a_comparison(outcome, now):
    was = [replace(outcome("answerable", id=str(n), p=0.2), status="degraded") for n in range(3)]
    found = compare("s", was, [outcome("answerable", id=str(n)) for n in range(3)])
    assert found.degraded == found.to_json()["degraded_before"] == 3
    done = Evaluation(now, (figures_of("s", [outcome("answerable")]),), (found,))
    assert exit_of(done) is Exit.WITH_ERRORS
    assert "3 were degraded before" in render(done)
    assert exit_of(replace(done, comparisons=())) is Exit.DONE


def test_only_questions_that_both_states_could_be_asked_are_compared(outcome):
    before = [outcome(p=0.1, id="a"), outcome("unanswerable", p=0.1, id="b")]
    after = [lost(outcome(id="a")), outcome("unanswerable", p=0.1, id="b")]
    found = compare("set", before, after)
    assert (found.left_out, found.worse, found.better) == (1, (), 0)
    assert found.figures["right_verdict"].difference.n == 1
