"""Cells are read as amounts and ranges with comparable units; what is neither is left alone."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from query.tables.quantities import read_quantity, unit_of

INF = math.inf


@pytest.mark.parametrize(
    ("cell", "low", "high", "unit"),
    [
        ("10 to 49 probes in one order", 10, 49, "prob"),
        ("10-49", 10, 49, ""),
        ("10–49 kg", 10_000, 49_000, "mass"),
        ("€10,000 to €50,000", 10_000, 50_000, "money:EUR"),
        ("between 5 and 9 units", 5, 9, "unit"),
        ("−5 to 50 °C", -5, 50, "°c"),
        ("under 10", -INF, 10, ""),
        ("up to 5 kg", -INF, 5_000, "mass"),
        ("up to €50", -INF, 50, "money:EUR"),
        ("₹ 180,000", 180_000, 180_000, "money:INR"),
        ("14 500 NOK", 14_500, 14_500, "money:NOK"),
        ("up to 1 200 kr", -INF, 1_200, "money:CROWN"),
        ("R$ 50", 50, 50, "money:BRL"),
        ("fewer than 0.2 % of units", -INF, 0.2, "percent"),
        ("5 units or fewer", -INF, 5, "unit"),
        ("50 or more", 50, INF, ""),
        ("200 probes or more in one order", 200, INF, "prob"),
        ("1000+", 1000, INF, ""),
        ("above €5,000", 5_000, INF, "money:EUR"),
        ("≥ 10", 10, INF, ""),
        ("2,000 to 5,000", 2_000, 5_000, ""),
        ("24 months", 24 * 2629800, 24 * 2629800, "duration"),
        ("2 working days", 2, 2, "work day"),
        ("2 to 4 Working Days", 2, 4, "work day"),
        ("2 BUSINESS DAYS", 2, 2, "business day"),
        ("5 kg net", 5_000, 5_000, "mass"),
        ("3 pallet loads", 3, 3, "pallet"),
        ("2 MW", 2_000_000, 2_000_000, "power"),
        ("500 kW", 500_000, 500_000, "power"),
        ("2 mW", 0.002, 0.002, "power"),
        ("1.500 €", 1500.0, 1500.0, "money:EUR"),
        ("€1.500 - €2.000", 1500.0, 2000.0, "money:EUR"),
        ("0,125 €", 0.125, 0.125, "money:EUR"),
        ("1.859 €/l", 1.859, 1.859, "money:EUR"),
        ("1,480 g", 1_480, 1_480, "mass"),
        ("99.5 %", 99.5, 99.5, "percent"),
        ("€10–50", 10, 50, "money:EUR"),
        ("€1–2 million", 1e6, 2e6, "money:EUR"),
        ("1 to 2 million users", 1e6, 2e6, "user"),
        ("500 to 2 million", 500, 2e6, ""),
        ("1 million to 2 million", 1e6, 2e6, ""),
        ("5 MW", 5e6, 5e6, "power"),
        ("5 mW", 0.005, 0.005, "power"),
        ("3,5 kg", 3_500, 3_500, "mass"),
        ("½ kg", 500, 500, "mass"),
        ("2 1/2 kg", 2_500, 2_500, "mass"),
        ("1–1½ hours", 3600, 5400, "duration"),
        ("up to 2½ kg", -INF, 2_500, "mass"),
        ("1'500 g", 1_500, 1_500, "mass"),
        ("2390", 2390, 2390, ""),
        ("9:30", 570, 570, "time"),
        ("9:30 pm", 1290, 1290, "time"),
        ("12 pm", 720, 720, "time"),
        ("12:15 a.m.", 15, 15, "time"),
        ("1 pm", 780, 780, "time"),
        ("2026-02-18", 20260218, 20260218, "date:3"),
        ("15 September 2026", 20260915, 20260915, "date:3"),
        ("04:17", 257, 257, "time"),
    ],
)
def test_amounts_and_ranges_are_read(cell, low, high, unit):
    quantity = read_quantity(cell)
    assert quantity is not None
    assert (quantity.low, quantity.high, quantity.unit) == (low, high, unit)


@pytest.mark.parametrize(
    "cell", ["", "none", "–", "LK-T4-200", "4.2.1", "hardware only, up to 15 probes", "49 to 10"]
)
def test_what_states_no_quantity_is_none(cell):
    assert read_quantity(cell) is None


def test_the_ends_of_a_range_are_within_it_or_not_as_it_says():
    held = {
        "10 to 49": (10, 49),
        "up to 49": (-7, 49),
        "at least 10": (10, 900),
        "under 10": (9, 9.99),
        "more than 10": (10.01, 11),
    }
    for cell, amounts in held.items():
        quantity = read_quantity(cell)
        assert quantity is not None
        assert all(quantity.holds(amount) for amount in amounts), cell
    assert not read_quantity("under 10").holds(10)
    assert not read_quantity("more than 10").holds(10)
    assert not read_quantity("10 to 49").holds(50)


def test_a_range_is_closed_where_it_has_both_ends():
    said = {"7 kg": (False, True), "10 to 49": (True, True), "under 10": (True, False)}
    for cell, (is_range, is_closed) in (said | {"50 or more": (True, False)}).items():
        quantity = read_quantity(cell)
        assert (quantity.is_range, quantity.is_closed) == (is_range, is_closed), cell


def test_behind_a_date_stands_the_rest():
    assert read_quantity("15 September 2026 at the latest").rest == " at the latest"


def test_one_measure_in_two_units_is_one_quantity():
    pairs = [("2 kg", "2000 g"), ("72 hours", "3 days"), ("1.5 km", "1500 m"), ("€3", "3 euro")]
    for one, other in pairs:
        first, second = read_quantity(one), read_quantity(other)
        assert (first.low, first.unit) == pytest.approx((second.low, second.unit))


@pytest.mark.parametrize(
    ("name", "unit"),
    [
        ("List price EUR", "money:EUR"),
        ("Weight (kg)", "mass"),
        ("Discount percent", "percent"),
        ("Lead time in weeks", "duration"),
        ("Range [m]", "length"),
        ("Price € (net)", "money:EUR"),
        ("Plan s and kg", "mass"),
        ("Users", ""),
        ("Nights per year", ""),
        ("Read, rows per second", ""),
        ("Litres per 100 km", "volume"),
        ("Price per kg in EUR", "money:EUR"),
        ("Speed (km/h)", "length"),
        ("Mass/kg", "mass"),
        ("EUR per hour", "money:EUR"),
        ("Hours and minutes and kg", ""),
    ],
)
def test_the_head_of_a_column_gives_bare_numbers_their_unit(name, unit):
    assert unit_of(name)[0] == unit


@given(st.text(max_size=60))
def test_any_cell_is_read_without_fault(cell):
    quantity = read_quantity(cell)
    assert quantity is None or quantity.low <= quantity.high or math.isnan(quantity.low)


@given(st.integers(0, 10**6), st.integers(0, 10**6), st.sampled_from([" to ", "-", " – "]))
def test_a_written_range_holds_its_ends_and_its_middle(one, other, between):
    low, high = sorted((one, other))
    quantity = read_quantity(f"{low}{between}{high} probes")
    if quantity is not None and quantity.unit == "prob":
        assert all(quantity.holds(n) for n in (low, high, (low + high) / 2))
        assert not quantity.holds(high + 1)
