"""Forms of a page: what is typed and chosen is read, what is hidden or a password is not."""

import pytest


@pytest.mark.parametrize(
    ("field", "shown"),
    [
        ("<input value='Ann'>", "Name: Ann."),
        ("<input type=email value='a@x.org'>", "Name: a@x.org."),
        ("<input type=submit value='Send'>", "Name: Send."),
        ("<textarea>two\nlines</textarea>", "Name: two lines."),
        ("<select><option>A<option selected>B<option>C</select>", "Name: B."),
        ("<select><option disabled>Choose<option>A<option>B</select>", "Name: A."),
        ("<select size=3><option>A<option selected>B</select>", "Name: A B."),
        ("<select multiple><optgroup label=x><option>A<option>B</select>", "Name: A B."),
        ("<select><option label=Short>A long one</select>", "Name: Short."),
        ("<input type=hidden value=SECRET>", "Name: ."),
        ("<input type=password value=SECRET>", "Name: ."),
        ("<input type=checkbox value=SECRET>", "Name: ."),
    ],
)
def test_fields_say_what_they_show(parse, field, shown):
    document = parse(f"<p>Name: {field}.</p>", "a.html")
    assert document.elements[0].text.replace(" .", ".") == shown.replace(" .", ".")


def test_the_chosen_option_is_the_value_of_its_row(parse):
    document = parse(
        "<table><tr><th>Field<th>Value<tr><td>Plan<td><select><option>Basic"
        "<option selected>Gold</select><tr><td>Seats<td><input value=7></table>",
        "a.html",
    )
    assert document.elements[0].text == "Field | Value\nPlan | Gold\nSeats | 7"


@pytest.mark.parametrize("hidden", ["input.x{display:none}", ".x{color:#fff;background:#fff}"])
def test_what_is_hidden_in_a_field_is_cut(parse, hidden):
    document = parse(f"<style>{hidden}</style><p>a<input class=x value=SECRET></p>", "a.html")
    assert [element.text for element in document.elements] == ["a"]
    assert [cut.sample for cut in document.cuts] == ["SECRET"]
