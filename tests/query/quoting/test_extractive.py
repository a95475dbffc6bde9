"""The answer without a model quotes; a row of a table it says with the names of its columns."""

from query.decision import Evidence
from query.quoting.extractive import compose

WEIGHTS = {"discount": 1.0, "prob": 1.0}


def evidence(quote: str, head: str = "", support: float = 1.0) -> Evidence:
    return Evidence("c1", "d1", "a.md", 1, None, 0, len(quote), quote, 0.5,
                    support=support, head=head)  # fmt: skip


def test_a_sentence_is_quoted_as_it_stands():
    assert compose([WEIGHTS], [evidence("Probes get a\ndiscount.")], ()) == (
        "Probes get a discount. [1]"
    )


def test_a_row_is_said_with_the_names_of_its_columns():
    row = evidence("B | 9 | 50 to 199", "Rule | Discount | Probes")
    assert compose([WEIGHTS], [row], ()) == "B: Discount 9, Probes 50 to 199 [1]"


def test_a_row_counts_with_what_its_head_says():
    row = evidence("B | 9 | 50 to 199", "Rule | Discount | Probes")
    other = evidence("A discount is possible.", support=0.4)
    assert compose([WEIGHTS], [other, row], ()).startswith("B: Discount 9")


def test_a_row_that_its_head_does_not_fit_is_quoted_behind_it():
    row = evidence("B | 9 | 4", "Rule | Discount")
    assert compose([WEIGHTS], [row], ()) == "Rule | Discount: B | 9 | 4 [1]"


def test_every_row_of_a_quote_is_said_in_words():
    rows = evidence("B | 9 | 4\nC | 7 | 2", "Rule | Discount | Probes")
    said = "B: Discount 9, Probes 4; C: Discount 7, Probes 2 [1]"
    assert compose([WEIGHTS], [rows], ()) == said
    wide = evidence("B | 9 | 4\nC | 7 | 2", "Rule | Discount")
    assert compose([WEIGHTS], [wide], ()) == "Rule | Discount: B | 9 | 4; C | 7 | 2 [1]"


def test_a_row_without_the_empty_cells_at_its_end_is_said_in_words():
    row = evidence("B | 9", "Rule | Discount | Probes")
    assert compose([WEIGHTS], [row], ()) == "B: Discount 9 [1]"


def test_without_a_quote_there_is_no_answer():
    assert compose([WEIGHTS], [evidence("Nothing of it.", support=0.0)], ()) is None
