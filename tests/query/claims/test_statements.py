"""What a text states: facts of a sentence apart, rows by their heads, and what each leans on."""

import pytest

from query.claims.claim import ClaimVerdict
from query.claims.claims import check
from query.claims.fact_clauses import split_facts
from query.claims.figures import could_differ, figures_in, is_same
from query.claims.statements import read_statements
from query.claims.subjects import Opening, read_subject


@pytest.mark.parametrize(
    ("sentence", "facts"),
    [
        ("Anna pays €30 and Ben pays €20.", ("Anna pays €30", "and Ben pays €20.")),
        ("It takes 10 and 12 months.", ("It takes 10 and 12 months.",)),
        ("Anna and Ben pay €20.", ("Anna and Ben pay €20.",)),
        ("In 2019, sales rose by 5 %.", ("In 2019, sales rose by 5 %.",)),
        ("Adults pay £12, children pay £7.", ("Adults pay £12", "children pay £7.")),
        (
            "They met at the Freer and Sackler Galleries.",
            ("They met at the Freer and Sackler Galleries.",),
        ),
        ("Ida (chair), Per (treasurer)", ("Ida (chair)", "Per (treasurer)")),
    ],
)
def test_a_sentence_is_cut_where_a_fact_ends(sentence, facts):
    assert split_facts(sentence) == facts


@pytest.mark.parametrize(
    ("clause", "opening", "stems"),
    [
        ("Dr. Edith Marrow retired in 2011.", Opening.NAMED, {"edith", "marrow"}),
        ("The day ward has 14 beds.", Opening.DESCRIBED, {"day", "ward"}),
        ("During the trial period the notice is two weeks.", Opening.DESCRIBED, {"notic"}),
        ("She retired in 2011.", Opening.PRONOUN, set()),
        ("The device weighs 3 kg.", Opening.PRONOUN, {"devic"}),
        ("For pets, €20.", Opening.NONE, set()),
    ],
)
def test_what_a_clause_is_about(clause, opening, stems):
    found = read_subject(clause)
    assert (found.opening, found.stems) == (opening, stems)


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("14 beds", "14 hospital beds", True),
        ("14 beds", "14 visitors", False),
        ("18 beds", "18:00", False),
        ("15 beds", "15 minutes", False),
        ("230 metres", "230 meters", True),
        ("48 hours", "2 days", True),
        ("48 hours", "2 working days", False),
        ("€20", "20 euros", True),
        ("€20", "$20", False),
        ("¥20", "$20", False),
        ("20 cents", "$20", False),
        ("20 cents", "20 cents", True),
        ("A$20", "US$20", False),
        ("R$20", "$20", False),
        ("SEK 20", "€20", False),
        ("20 zł", "20 kr", False),
        ("20 kronor", "SEK 20", True),
        ("NOK 20", "SEK 20", False),
        ("₹20", "Rs. 20", True),
        ("A$20", "C$20", False),
        ("$20", "US$20", True),
        ("20 dollars", "A$20", True),
        ("20 %", "$20", False),
        ("20 days", "20 %", False),
        ("20", "20 %", True),
        ("8 pm", "20:00", True),
        ("3 May", "3 May 2021", True),
        ("May 2021", "3 May 2021", True),
        ("3 May 2021", "May 2021", False),
        ("half an hour", "30 minutes", True),
        ("90 minutes", "an hour and a half", True),
        ("one hundred and twenty minutes", "2 hours", True),
    ],
)
def test_when_two_figures_say_the_same(one, other, same):
    (mine,), (theirs,) = figures_in(f"from {one}"), figures_in(f"from {other}")
    assert is_same(mine, theirs) is same


def test_a_year_and_a_day_of_no_year_cannot_differ():
    (year,), (day,), (other,) = map(figures_in, ("in 2018", "on 5 March", "in 2019"))
    assert not could_differ(year, day)
    assert could_differ(year, other)


def test_a_number_in_a_name_is_no_value():
    assert not figures_in("The Tern 4 is out.")


def test_a_pronoun_leans_on_the_sentence_before_and_her_brother_is_somebody_else():
    _, she, brother = read_statements(
        "Ida Kern left in 1990. She died in 2001. Her brother stayed."
    )
    assert {"ida", "kern"} <= she.subject
    assert brother.owned == {"broth"}
    assert "ida" not in brother.subject


def test_a_cell_is_about_its_row_and_counts_what_its_column_is_called():
    (first, *_) = read_statements("Room | Seats | Deposit\nStudio | 10 | €60\nHall | 24 | €150")
    assert first.subject == {"studio"}
    assert first.figures[0].counted == {"seat", "studio"}


def test_a_heading_and_a_lead_in_reach_what_stands_under_them():
    text = (
        "Eastfield\n\nThe following cost extra:\n- sauna, €8\n\nNorthgate\n\nOpened in April 2024."
    )
    *_, sauna, opened = read_statements(text)
    assert {"eastfield", "extra"} <= sauna.full
    assert "northgat" in opened.subject
    assert "eastfield" not in opened.full


def test_a_head_whose_first_cell_is_empty_names_the_columns_below_it():
    table = "| Basic | Enterprise\nResponse time | 8 hours | 1 hour"
    (right,) = check("The Enterprise response time is 1 hour.", [table]).claims
    (wrong,) = check("The Enterprise response time is 8 hours.", [table]).claims
    assert right.verdict is ClaimVerdict.SUPPORTED
    assert wrong.verdict is ClaimVerdict.CONTRADICTED
