"""Tables are read with head and rows, and it is known whether more of them may stand elsewhere."""

import pytest

from query.tables.tables import (
    goes_on,
    is_empty,
    is_sum,
    is_unlimited,
    quantities,
    read_tables,
    same_unit,
)
from query.text.leads import find_leads
from query.text.passages import table_heads
from query.text.words import stem
from tests.query.ambiguity.test_conflicts import candidates

PRICES = """Prices

Size | Price EUR | Seats
small | 12 | 4
large | 19 | 8
Total | 31 | 12

Prices hold until June."""


def tables(text: str):
    (passage,) = candidates(text)
    return read_tables(passage)


def test_a_table_has_its_head_and_its_rows():
    (one,) = tables(PRICES)
    assert one.names == ("Size", "Price EUR", "Seats")
    assert [row.label for row in one.rows] == ["small", "large", "Total"]
    assert not one.ends_passage
    assert [quantity.unit for quantity in one.column(1)] == ["money:EUR"] * 3
    assert [quantity.low for quantity in one.column(2)] == [4, 8, 12]


def test_what_stands_right_before_a_table_is_its_caption():
    assert tables(PRICES)[0].caption == "Prices"
    assert stem("prices") in tables(PRICES)[0].stems
    assert tables("Size | Price\nsmall | 12\nlarge | 19")[0].caption == ""


def test_every_row_stands_where_it_says():
    (one,) = tables(PRICES)
    text = one.passage.text
    for row in one.rows:
        assert text[row.sentence.start : row.sentence.end] == " | ".join(row.cells)


def test_rows_without_a_head_are_the_rest_of_a_table():
    (one,) = tables("small | 12 | 4\nlarge | 19 | 8\nhuge | 30 | 20")
    assert one.head is None
    assert len(one.rows) == 3


def test_two_tables_are_told_apart_by_their_width():
    first, second = tables("A | Figure\nx | 1\ny | 2\nB | Figure | Name\nz | 3 | v\nw | 4 | u")
    assert (len(first.names), len(second.names)) == (2, 3)


DOUBLE = """Laboratory

Test | Tube, ml | | Result
| Adults | Children | Ordinary | Urgent
Blood count | 3 | 1 | 4 hours | 45 minutes
Glucose | 2 | 0.5 | 2 hours | 20 minutes"""


def test_two_head_rows_are_one_head():
    (one,) = tables(DOUBLE)
    names = ("Test", "Tube, ml Adults", "Tube, ml Children", "Result Ordinary", "Result Urgent")
    assert one.names == names
    assert [row.label for row in one.rows] == ["Blood count", "Glucose"]
    assert one.caption == "Laboratory"
    heads = table_heads(one.passage)
    assert [heads[at].text for at in (3, 4)] == [" | ".join(names)] * 2
    assert all(heads[at] is one.passage.sentences[at] for at in (1, 2))
    leads = find_leads(one.passage)
    assert [leads[at].text for at in (3, 4)] == ["Laboratory"] * 2


def test_a_second_head_row_stands_alone_where_joined_cells_are_given_once():
    (one,) = tables(DOUBLE.replace("ml | |", "ml |").replace("\n|", "\nTest |"))
    assert one.names == ("Test", "Adults", "Children", "Ordinary", "Urgent")


def test_a_row_of_words_is_no_second_head():
    (one,) = tables("Name | Role | Phone\nAnna | Head of lab | 12\nBen | Nurse | 13")
    assert [row.label for row in one.rows] == ["Anna", "Ben"]


def test_prose_is_no_table():
    assert tables("There are two sizes. The small one costs 12 euro.") == ()


def test_a_number_like_a_year_is_a_number_among_other_numbers():
    (one,) = tables("Plan | Requests\nsmall | 60\nlarge | 1900\nhuge | 5000")
    assert [quantity.low for quantity in one.column(1)] == [60, 1900, 5000]
    (built,) = tables("Ship | Built\nAlca | 1998\nRissa | 2009\nUria | 1987")
    assert {quantity.unit for quantity in built.column(1)} == {"date:1"}


def test_a_cell_with_two_figures_holds_no_quantity():
    (one,) = tables("Model | Supply\nA | 12 V or 24 V\nB | 24 V\nC | 48 V")
    assert [quantity and quantity.low for quantity in one.column(1)] == [None, 24, 48]


def test_a_table_goes_on_where_the_next_chunk_begins_with_such_a_row():
    (one,) = tables("Size | Price\nsmall | 12\nlarge | 19")
    assert one.ends_passage
    assert goes_on(one, lambda passage: ("", "huge | 30\nmini | 3"))
    assert goes_on(one, lambda passage: None), "what cannot be read may be more of it"
    assert not goes_on(one, lambda passage: ("", "Prices hold until June."))
    assert not goes_on(one, lambda passage: ("", "A | table | of another width"))
    (ended,) = tables(PRICES)
    assert not goes_on(ended, lambda passage: None)


def test_words_for_nothing_for_all_and_for_sums_are_known():
    assert all(map(is_empty, ("", "–", "none", "n/a", "none, except if dead on arrival")))
    assert not is_empty("nobody")
    assert all(map(is_unlimited, ("unlimited", "No limit", "without limit", "Unlimited (fair)")))
    assert not any(map(is_empty, ("no limit", "no later than noon")))
    (one,) = tables(PRICES)
    assert [is_sum(row, one.rows) for row in one.rows] == [False, False, True]


def test_units_agree_by_themselves_or_by_the_head_of_the_column():
    assert same_unit("mass", "mass", "")
    assert not same_unit("mass", "length", "")
    assert same_unit("", "prob", "Number of probes")
    assert not same_unit("", "prob", "Price")
    assert same_unit("", "year", "Age")
    assert not same_unit("mass", "", "Weight")


def test_a_row_whose_last_cells_are_empty_is_a_row_all_the_same():
    (one,) = tables("Pump | Flow | Power kW | Released\nA | 12 | 3 | 2019\nB | 30 | 4\nC | 9")
    assert [row.label for row in one.rows] == ["A", "B", "C"]
    assert one.rows[1].cells == ("B", "30", "4", "")
    assert [quantity and quantity.low for quantity in one.column(2)] == [3000, 4000, None]


def test_a_line_between_rows_does_not_make_the_next_row_a_head():
    (one,) = tables("Pump | Flow | Weight\nSeries A\nA1 | 12 | 5\nA2 | 9 | 6\nSeries B\nB1 | 8 | 3")
    assert one.names == ("Pump", "Flow", "Weight")
    assert [row.label for row in one.rows] == ["A1", "A2", "B1"]


def test_an_empty_line_or_a_head_behind_a_line_begins_another_table():
    first, second = tables("A | Price\nx | 1\ny | 2\n\nB | Weight\nz | 3\nw | 4")
    assert (first.names, second.names) == (("A", "Price"), ("B", "Weight"))
    first, second = tables("A | Price\nx | 1\ny | 2\nWeights\nB | Weight\nz | 3\nw | 4")
    assert (first.names, second.names) == (("A", "Price"), ("B", "Weight"))


@pytest.mark.parametrize(
    ("cells", "head", "amounts"),
    [
        (["1.500", "900"], "Price (€)", [1500.0, 900.0]),
        (["1.859", "0,95"], "Price per litre (€)", [1.859, 0.95]),
        (["1.500", "900"], "Price (USD)", [1.5, 900.0]),
    ],
)
def test_points_part_the_thousands_of_bare_euros(cells, head, amounts):
    assert [one.low for one in quantities(cells, head)] == amounts
