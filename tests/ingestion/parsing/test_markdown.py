"""Markdown as GitHub reads it: structure kept, and no word lost on the way."""

import re

from hypothesis import given, settings
from hypothesis import strategies as st

from ingestion.document import ElementKind, Reason
from ingestion.parsing.commonmark import DEEPEST
from ingestion.parsing.markdown import parse_markdown

MARKDOWN = """---
title: "The handbook"
tags: [a, b]
---

# Welcome

First paragraph
over two lines.

## Leave

- one
- two

| Name | Days |
|------|------|
| NA   | 30   |

```python
# not a heading
x = 1
```
"""


def test_markdown(parse, kinds):
    document = parse(MARKDOWN, "a.md")
    assert document.title == "The handbook"
    assert document.media_type == "text/markdown"
    assert kinds(document) == [
        ("heading", 1, "Welcome", None),
        ("text", 0, "First paragraph over two lines.", None),
        ("heading", 2, "Leave", None),
        ("list_item", 0, "one", None),
        ("list_item", 0, "two", None),
        ("table", 0, "Name | Days\nNA | 30", None),
        ("code", 0, "# not a heading\nx = 1", None),
    ]


def test_markdown_title_falls_back_to_the_first_heading(parse):
    assert parse("## Sub\n\ntext\n\n# Top\n", "a.md").title == "Top"
    assert parse("---\n\nA rule, no front matter: text\n\n---\n\nmore", "a.md").title is None


def test_markdown_front_matter_title_heads_a_document_without_top_heading(parse, kinds):
    document = parse("---\ntitle: Leave\n---\n\n## Days\n\n30\n", "a.md")
    assert kinds(document)[:2] == [("heading", 1, "Leave", None), ("heading", 2, "Days", None)]


def test_markdown_with_front_matter_only_is_read_as_such(parse, refuse):
    document = parse("---\ntitle: x\nurl: https://example.org\n---\n", "a.md")
    assert document.title == "x"
    assert "https://example.org" in document.elements[0].text
    assert refuse("   \n\n", "a.md").reason is Reason.NO_TEXT


def test_hidden_html_in_markdown_is_removed(parse):
    document = parse('Seen.\n\n<div style="display:none">SECRET</div>\n', "a.md")
    assert "SECRET" not in str(document.elements)
    assert document.flags == ("hidden_text_removed",)


def test_a_table_right_below_a_line_of_text_is_a_table(parse, kinds):
    document = parse("Fees:\n| Plan | Fee |\n|---|---|\n| Basic | 5 |\n", "a.md")
    assert kinds(document) == [
        ("text", 0, "Fees:", None),
        ("table", 0, "Plan | Fee\nBasic | 5", None),
    ]


def test_a_list_right_below_a_line_of_text_is_a_list(parse, kinds):
    document = parse("Bring:\n- boots\n- gloves\n1. First\n2. Second\n", "a.md")
    assert kinds(document) == [
        ("text", 0, "Bring:", None),
        ("list_item", 0, "boots", None),
        ("list_item", 0, "gloves", None),
        ("list_item", 0, "First", None),
        ("list_item", 0, "Second", None),
    ]


def test_items_indented_by_two_blanks_are_items(parse, kinds):
    document = parse("- LTE:\n  - weak: raise it\n    - H-06: restart\n- Wi-Fi\n", "a.md")
    assert [(kind, text) for kind, _, text, _ in kinds(document)] == [
        ("list_item", "LTE:"),
        ("list_item", "weak: raise it"),
        ("list_item", "H-06: restart"),
        ("list_item", "Wi-Fi"),
    ]


def test_code_within_an_item_stays_code(parse, kinds):
    source = (
        "1. Run it:\n\n   ```sh\n   app --in <file>\n   # wait\n   ```\n\n   Then wait.\n2. Stop\n"
    )
    assert [(kind, text) for kind, _, text, _ in kinds(parse(source, "a.md"))] == [
        ("list_item", "Run it:"),
        ("code", "app --in <file>\n# wait"),
        ("text", "Then wait."),
        ("list_item", "Stop"),
    ]


def test_a_fence_that_never_closes_is_code_to_the_end(parse, kinds):
    document = parse("```\nx = 1\n\n# no heading\n", "a.md")
    assert kinds(document) == [("code", 0, "x = 1\n\n# no heading", None)]


def test_markdown_within_raw_html_is_read(parse, kinds):
    source = "<details>\n<summary>More</summary>\n\n| a | b |\n|--|--|\n| 1 | 2 |\n\n</details>\n"
    assert ("table", 0, "a | b\n1 | 2", None) in kinds(parse(source, "a.md"))


def test_a_row_longer_than_its_header_keeps_its_cells(parse):
    source = "> | a | b |\n> |---|---|\n> | 1 | 2 | 3 | 4 |\n> | 5 |\n"
    assert parse(source, "a.md").elements[0].text == "a | b\n1 | 2 | 3 | 4\n5"


def test_bars_in_code_and_escaped_bars_belong_to_their_cell(parse):
    source = "| a | b |\n|---|---|\n| `x|y` | x \\| z |\n| `p \\| q` | r |\n"
    assert parse(source, "a.md").elements[0].text == "a | b\nx|y | x | z\np | q | r"


def test_a_footnote_of_one_word_is_no_address(parse, kinds):
    document = parse(
        "Open late[^1], see [here][h].\n\n[^1]: Weekdays\n\n[h]: https://x.test\n", "a.md"
    )
    assert [text for _, _, text, _ in kinds(document)] == [
        "Open late[^1], see here.",
        "[^1]: Weekdays",
    ]


def test_addresses_with_templates_are_addresses(parse):
    source = (
        "See [leave]({{ site.baseurl }}/leave), [pay]({% link pay.md %}) and "
        '[visas]({{< ref "visas.md" >}} "Visas").\n'
    )
    assert parse(source, "a.md").elements[0].text == "See leave, pay and visas."


def test_text_nested_deeper_than_anybody_writes_is_read_as_plain_text(parse):
    assert parse(">" * (DEEPEST - 2) + " deep", "a.md").elements[0].text == "deep"
    assert "deep" in parse(">" * 3 * DEEPEST + " deep", "a.md").elements[0].text


_WORD = st.from_regex(r"[a-z]{3,9}", fullmatch=True)
_LINE = st.lists(_WORD, min_size=1, max_size=4).map(" ".join)
_ROW = st.lists(_LINE, min_size=1, max_size=4).map(lambda cells: f"| {' | '.join(cells)} |")
_BLOCK = st.one_of(
    _LINE,
    _LINE.map(lambda line: f"## {line}"),
    st.lists(_LINE, min_size=1, max_size=3).map(lambda lines: "\n".join(f"- {x}" for x in lines)),
    st.lists(_LINE, min_size=2, max_size=2).map(lambda two: f"1. {two[0]}\n   - {two[1]}"),
    st.lists(_ROW, min_size=1, max_size=3).map(
        lambda rows: "\n".join(["| x | y |", "|--|--|", *rows])
    ),
    _LINE.map(lambda line: f"```\n{line}\n```"),
    _LINE.map(lambda line: f"> {line}"),
    _LINE.map(lambda line: f"**{line}** and `{line}`"),
    _LINE.map(lambda line: f"    {line}"),
)


@settings(max_examples=150, deadline=None)
@given(blocks=st.lists(_BLOCK, min_size=1, max_size=6), gap=st.sampled_from(["\n", "\n\n"]))
def test_every_word_is_read_once(parse, blocks, gap):
    source = gap.join(blocks)
    document = parse_markdown(source.encode())
    text = " ".join(element.text for element in document.elements)
    assert sorted(re.findall(r"[a-z]{3,}", text)) == sorted(re.findall(r"[a-z]{3,}", source))


def test_the_first_line_of_an_item_is_the_item_whatever_follows(parse):
    document = parse("- Steps\n\n  | a | b |\n  |---|---|\n  | 1 | 2 |\n- Next\n", "a.md")
    assert [element.kind for element in document.elements] == [
        ElementKind.LIST_ITEM,
        ElementKind.TABLE,
        ElementKind.LIST_ITEM,
    ]


def texts(document):
    return [(e.kind.value, e.text) for e in document.elements]


def test_a_note_of_mkdocs_is_text_and_not_code(parse):
    source = """Before.
!!! note

    The pump needs oil.

    - weekly

!!! warning inline "Hot surface"
    Do not touch.

???+ custom ""
    Fold.

=== "Linux"

    Run it.

Really!!! After.
"""
    assert texts(parse(source, "a.md")) == [
        ("text", "Before."),
        ("text", "Note"),
        ("text", "The pump needs oil."),
        ("list_item", "weekly"),
        ("text", "Hot surface"),
        ("text", "Do not touch."),
        ("text", "Fold."),
        ("text", "Linux"),
        ("text", "Run it."),
        ("text", "Really!!! After."),
    ]


def test_an_alert_of_github_has_its_name_and_a_callout_its_title(parse):
    source = (
        "> [!NOTE]\n> Keep the **key**.\n\n> [!WARNING]\n>\n> - one\n\n"
        "> [!faq]- May I?\n> Yes.\n\n[!NOTE] Not quoted.\n"
    )
    assert texts(parse(source, "a.md")) == [
        ("text", "Note"),
        ("text", "Keep the key."),
        ("text", "Warning"),
        ("list_item", "one"),
        ("text", "May I?"),
        ("text", "Yes."),
        ("text", "[!NOTE] Not quoted."),
    ]


def test_containers_between_colons_lose_their_signs_and_keep_their_words(parse):
    source = """:::note
Inner text.
:::

::::tip[My title]
:::details Click *here*
Deep.
:::
::::

::: {.callout-important title="Read it"}
Quarto.
:::

:::{caution}
:class: foo
MyST.
:::

::: columns
Left.
:::

::: The door is open
> :::info
> Quoted.
> :::

```
:::note
```
"""
    assert texts(parse(source, "a.md")) == [
        ("text", "Note"),
        ("text", "Inner text."),
        ("text", "My title"),
        ("text", "Click here"),
        ("text", "Deep."),
        ("text", "Read it"),
        ("text", "Quarto."),
        ("text", "Caution"),
        ("text", "MyST."),
        ("text", "Left."),
        ("text", "The door is open"),
        ("text", "Info"),
        ("text", "Quoted."),
        ("code", ":::note"),
    ]


def test_what_only_looks_like_a_container_or_note_stays_as_it_is(parse):
    assert texts(parse(":::note\nNever closed.\n", "a.md")) == [("text", ":::note Never closed.")]
    assert texts(parse("!!! note\n\nNothing indented.\n", "a.md")) == [
        ("text", "!!! note"),
        ("text", "Nothing indented."),
    ]
    assert texts(parse("- item\n\n  !!! tip\n\n      Inner.\n\n- other\n", "a.md")) == [
        ("list_item", "item"),
        ("text", "Tip"),
        ("text", "Inner."),
        ("list_item", "other"),
    ]


def test_notes_too_deep_in_one_another_keep_their_words(parse):
    deep = (
        "".join(f"{'    ' * level}!!! note\n" for level in range(300)) + f"{'    ' * 300}Inmost.\n"
    )
    assert "Inmost." in texts(parse(deep, "a.md"))[-1][1]
