"""Rows are compared over a whole table; where they cannot be, it is said why, and none is taken."""

import pytest

from query.tables.comparing import compare_rows
from query.text.passages import weigh_terms
from tests.query.ambiguity.test_conflicts import ask, candidates

WARRANTY = """Warranty periods

Product | Warranty | Weight | Part
Pump A | 24 months | 900 g | P-1
Pump B | 3 years | 1.2 kg | P-2
Spare parts | 6 months | 80 g | P-3
Batteries | none | 200 g | P-4

Warranty starts with delivery."""
FARES = """Fares

Vehicle | Single EUR | Return EUR | Sold since
Bicycle | 4 | 9 | 2019-05-01
Car | 38 | 70 | 2011-03-15
Boat | 38 | 120 | 2024-01-02
Total | 80 | 199 | –

Dogs are free."""
PLANS = """Plans

| Shore | Estuary | Ocean
Users | 5 | 40 | unlimited
Alarm rules | 3 | 12 | 50
Reports | no | monthly | daily

Prices are in the price list."""


def compared(question: str, *texts: str, around=lambda passage: ("", "")):
    asked, passages = ask(question), candidates(*texts)
    return compare_rows(asked, weigh_terms(asked.terms, passages), passages, around)


@pytest.mark.parametrize(
    ("question", "text", "label"),
    [
        ("Which product has the longest warranty?", WARRANTY, "Pump B"),
        ("Which product has the highest weight?", WARRANTY, "Pump B"),
        ("Which product is the lightest?", WARRANTY, "Spare parts"),
        ("Which pump has the smallest weight?", WARRANTY, "Pump A"),
        ("Which vehicle has the cheapest single fare?", FARES, "Bicycle"),
        ("Which vehicle has the highest return fare?", FARES, "Boat"),
        ("Which vehicle was the earliest sold?", FARES, "Car"),
        ("Who has the most users?", PLANS, "Users"),
        ("Which plan has the fewest alarm rules?", PLANS, "Alarm rules"),
    ],
)
def test_the_extreme_row_is_found_over_all_rows(question, text, label):
    found = compared(question, text)
    assert found is not None
    assert found.row is not None, found.detail
    assert found.row.label == label


def test_the_winner_is_named_where_the_table_lies_on_its_side():
    assert compared("Who has the most users?", PLANS).detail.startswith("'Ocean' has")
    assert compared("Which plan has the fewest alarm rules?", PLANS).detail.startswith("'Shore'")


@pytest.mark.parametrize(
    ("question", "text", "why"),
    [
        ("Which product has the shortest warranty?", WARRANTY, "'Batteries' has no 'Warranty'"),
        (
            "Which vehicle has the highest single fare?",
            FARES,
            "with the highest: Car, Boat",
        ),
        ("Which vehicle is the most expensive?", FARES, "says otherwise for"),
        ("Which product is the largest?", WARRANTY, "not clear which column 'largest' is about"),
    ],
)
def test_what_cannot_be_told_is_said(question, text, why):
    found = compared(question, text)
    assert found is not None
    assert found.row is None
    assert why in found.detail


def test_a_table_that_goes_on_in_another_chunk_is_not_compared():
    cut = WARRANTY.partition("\n\nWarranty starts")[0]
    rest = "Pump C | 10 years | 2 kg | P-5"
    found = compared("Which product has the longest warranty?", cut, around=lambda _: ("", rest))
    assert found.row is None
    assert "goes on in another chunk" in found.detail
    whole = compared("Which product has the longest warranty?", cut)
    assert whole.row.label == "Pump B"


def test_units_that_differ_and_ranges_are_not_compared():
    mixed = "Meals\n\nCountry | Dinner\nEstonia | €26\nKingdom | £22\nPeru | €19\n\nEnd."
    assert "different units" in compared("Which country has the highest dinner?", mixed).detail
    ranges = "Prices\n\nModel | Price\nA | 10 to 20\nB | 15 to 30\nC | 5\n\nEnd."
    assert "is a range" in compared("Which model has the highest price?", ranges).detail


def test_of_a_resolution_the_least_figure_may_be_the_highest():
    text = "Channels\n\nChannel | Resolution\npH | 0.01\nSalt | 0.5\nHeat | 0.1\n\nEnd."
    assert compared("Which channel has the highest resolution?", text).row is None


def test_what_the_evidence_says_itself_is_not_compared():
    credit = "Plans\n\nPlan | Highest credit\nShore | 15\nOcean | 30\nReef | 20\n\nEnd."
    assert compared("What is the highest credit of Ocean?", credit) is None
    prose = "The longest warranty is that of the pump B."
    assert compared("Which product has the longest warranty?", prose, WARRANTY) is None


def test_without_a_superlative_or_a_table_about_it_nothing_is_compared():
    assert compared("How long is the warranty of Pump A?", WARRANTY) is None
    assert compared("Which product has the longest warranty?", "Pumps have a warranty.") is None
    assert compared("Which river is the longest?", WARRANTY) is None


def test_a_row_with_an_empty_last_cell_is_compared_too():
    """Cells at the end of a row that hold nothing are not kept."""
    pumps = "Pumps\n\nModel | Power kW | Released\nP-1 | 0.75 | 2021\nP-3 | 4 | 2024\nP-4 | 5.5"
    found = compared("Which pump has the highest power?", pumps)
    assert found is not None
    assert found.row is not None, found.detail
    assert found.row.label == "P-4"


SCANNERS = """Scanners

Property | Lumo 1 | Lumo 2 | Lumo Pro
Weight | 410 g | 380 g | 1.2 kg
Battery life | 9 h | 14 h | 11 h
Price | €129 | €189 | €449
Warranty | 2 years | 2 years | 3 years"""


@pytest.mark.parametrize(
    ("question", "row", "winner"),
    [
        ("Which scanner is the heaviest?", "Weight", "Lumo Pro"),
        ("Which scanner has the longest battery life?", "Battery life", "Lumo 2"),
        ("Which is the cheapest scanner?", "Price", "Lumo 1"),
        ("Which scanner has the longest warranty?", "Warranty", "Lumo Pro"),
    ],
)
def test_a_table_on_its_side_may_have_rows_of_any_units(question, row, winner):
    found = compared(question, SCANNERS)
    assert found is not None
    assert found.row is not None, found.detail
    assert found.row.label == row
    assert found.detail.startswith(repr(winner))


def test_a_column_of_units_that_differ_stays_what_is_compared():
    text = "Scanners\n\nScanner | Weight | Price\nA | 410 g | €5\nB | 3 lb | €7\nC | 380 g | €9"
    found = compared("Which scanner is the heaviest?", text)
    assert found is not None
    assert found.row is None
    assert "different units" in found.detail


HOUSES = """Houses

House | Rooms | Check-in | Best rate
All Saints House | 84 | 3 pm | 71 EUR
Harbour House | 41 | 12 pm | 64 EUR
Mill House | 28 | 1 pm | no limit
Tarn Hall | 19 | 10 am | 80 EUR

Rates include tax."""


def test_noon_is_before_one_in_the_afternoon():
    assert compared("Which house has the latest check-in?", HOUSES).row.label == "All Saints House"
    late = HOUSES.replace("Tarn Hall | 19 | 10 am", "Tarn Hall | 19 | 11 pm")
    assert compared("Which house has the earliest check-in?", late).row.label == "Harbour House"


def test_a_name_that_begins_like_a_sum_is_compared():
    assert compared("Which house has the most rooms?", HOUSES).row.label == "All Saints House"


def test_what_sums_up_the_others_is_left_out_however_it_is_written():
    every = HOUSES.replace("All Saints House | 84", "All Houses | 88")
    assert compared("Which house has the most rooms?", every).row.label == "Harbour House"


def test_no_limit_is_the_most_and_not_nothing():
    assert compared("Which house has the highest best rate?", HOUSES).row.label == "Mill House"


RATES = """Rates

House | Single, low | Double, low | Double, high
Harbour House | €68 | €92 | €171
Mill House | €74 | €84 | €180
Priory Court | €71 | €95 | €139

Rates include tax."""


@pytest.mark.parametrize(
    ("question", "label"),
    [
        ("Which house has the cheapest double in low season?", "Mill House"),
        ("Which house has the cheapest double in high season?", "Priory Court"),
        ("Which house is the cheapest for a single?", "Harbour House"),
    ],
)
def test_of_several_columns_the_one_with_most_words_of_the_question_counts(question, label):
    found = compared(question, RATES)
    assert found.row is not None, found.detail
    assert found.row.label == label


CLIENTS = """Clients

Client | Read, rows per second | Start, ms | Age, years
Quill | 212000 | 31 ms | 4 years
Lite | 240000 | 90 ms | 9 years
Thin | 96000 | 12 ms | 2 years

All were measured in March."""
SERVERS = """Servers

Property | Ash | Elm
Read speed | 400 | 900
Weight | 9 kg | 7 kg

Speeds are measured."""


@pytest.mark.parametrize(
    ("question", "text"),
    [
        ("Which client has the fastest read?", CLIENTS),
        ("Which client has the oldest age?", CLIENTS),
        ("Which server has the slowest read speed?", SERVERS),
    ],
)
def test_the_highest_speed_is_not_called_the_slowest_nor_the_lowest_age_the_oldest(question, text):
    found = compared(question, text)
    assert found is not None
    assert found.row is None


def test_the_fastest_takes_the_least_time():
    assert compared("Which client has the fastest start?", CLIENTS).row.label == "Thin"


def test_the_closest_has_the_least_distance_in_whatever_unit():
    text = "Houses\n\nHouse | Distance to station\nAsh | 900 m\nElm | 1.2 km\nFir | 60 m\n\nEnd."
    assert compared("Which house is closest to the station?", text).row.label == "Fir"


def test_check_in_is_told_from_check_out():
    text = HOUSES.replace("Best rate", "Check-out").replace("71 EUR", "11 am")
    for rate, time in (("64 EUR", "10 am"), ("no limit", "12 pm"), ("80 EUR", "9 am")):
        text = text.replace(rate, time)
    assert compared("Which house has the latest check-out?", text).row.label == "Mill House"
    assert compared("Which house has the latest check-in?", text).row.label == "All Saints House"


FLEET = """Fleet

Class | Seats | Price per day
Mini | 4 | €29
Van | 9 | €85
Luxury | 5 | on request
Estate | 5 | €49

Prices rise in July."""


@pytest.mark.parametrize("said", ["on request", "POA", "by negotiation", "tbc", "Price on request"])
def test_what_is_on_request_is_not_compared_and_named(said):
    found = compared("Which class is the cheapest per day?", FLEET.replace("on request", said))
    assert found is not None
    assert found.row is not None, found.detail
    assert found.row.label == "Mini"
    assert found.unknown == ("Price per day of Luxury",)
    assert "of 3 in" in found.detail
    assert "Not told there: Price per day of Luxury." in found.detail


def test_cells_without_a_figure_do_not_outweigh_those_with_one():
    text = "Edition | Price per year\nOpen | free\nTeam | €180\nLarge | €540\nHuge | on request"
    found = compared("Which edition is the most expensive?", text)
    assert (found.row.label, found.unknown) == ("Large", ("Price per year of Huge",))


def test_what_is_free_costs_the_least():
    text = FLEET.replace("on request", "free")
    assert compared("Which class is the cheapest per day?", text).row.label == "Luxury"
    assert compared("Which class is the most expensive per day?", text).row.label == "Van"
    assert compared("Which class has the most seats?", text).row.label == "Van"


def test_a_table_of_requests_only_is_not_compared():
    text = FLEET.replace("€29", "on request").replace("€85", "on request")
    found = compared("Which class has the cheapest price per day?", text)
    assert found is None or found.row is None
