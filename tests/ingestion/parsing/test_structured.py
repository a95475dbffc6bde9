"""JSON, JSON lines, XML and notebooks as text; entities are refused, nothing is opened."""

import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingestion.document import ParsedDocument, Reason, Refusal
from ingestion.parsing.partition import partition
from ingestion.parsing.structured import parse_json

XML = Path(__file__).resolve().parents[4] / "shared" / "data" / "corpora" / "adversarial" / "xml"


def texts(document):
    return [element.text for element in document.elements]


def test_json_objects_become_named_lines(parse):
    source = {"title": "Trowel", "price": 12.50, "in": True, "tags": ["a", "b"],
              "parts": [{"n": 1}, {"n": 2}], "none": None}  # fmt: skip
    document = parse(json.dumps(source), "a.json")
    assert document.title == "Trowel"
    assert texts(document) == [
        "title: Trowel\nprice: 12.5\nin: true\ntags: a, b\nparts.1.n: 1\nparts.2.n: 2"
    ]


def test_numbers_are_read_as_they_are_written(parse):
    document = parse('{"a": 1.10, "b": 12345678901234567890123, "c": NaN}', "a.json")
    assert texts(document) == ["a: 1.10\nb: 12345678901234567890123\nc: NaN"]


@pytest.mark.parametrize("key", ["a.json", "a.jsonl"])
def test_a_name_that_is_given_twice_loses_no_value(parse, key):
    text = '{"fee": "10", "to": {"who": "Ann"}, "fee": "20", "to": {"who": "Bo"}}'
    (record,) = parse(text, key).elements
    assert record.text == "fee: 10, 20\nto.1.who: Ann\nto.2.who: Bo"


def test_every_record_of_a_list_is_a_paragraph(parse):
    assert texts(parse('[{"a": 1}, {"a": 2}]', "a.json")) == ["a: 1", "a: 2"]
    assert texts(parse('{"a": 1}\n\n{"a": 2}\n', "a.jsonl")) == ["a: 1", "a: 2"]
    assert texts(parse('{"a": 1}\n{"a": 2}\n', "a.json")) == ["a: 1", "a: 2"]


@pytest.mark.parametrize("char", ["\u2028", "\u2029", "\x85"])
def test_records_end_at_line_breaks_and_at_nothing_else(parse, char):
    records = f'{{"a": "one{char}two"}}\r\n{{"a": "three"}}\n'
    for name in ("a.jsonl", "a.json"):
        document = parse(records, name)
        assert (texts(document), document.flags) == ([f"a: one{char}two", "a: three"], ())
    table = parse(f"name\tnote\nTern\tone{char}two\r\nHeron\tthree\n", "a.tsv")
    assert texts(table) == ["name | note\nTern | one two\nHeron | three"]


def test_what_is_no_json_is_read_as_text_and_flagged(parse):
    document = parse("{broken: yes", "a.json")
    assert (texts(document), document.flags) == (["{broken: yes"], ("not_json",))
    lines = parse('{"a": 1}\nbroken {\n', "a.ndjson")
    assert (texts(lines), lines.flags) == (["a: 1", "broken {"], ("not_json",))


@pytest.mark.parametrize("depth", [150, 50_000])
def test_a_line_that_is_nested_too_deeply_costs_no_other_line(parse, depth):
    deep = '{"x":' * depth + "1" + "}" * depth
    document = parse(f'{{"a": 1}}\n{deep}\n{{"b": 2}}\n', "a.jsonl")
    assert texts(document) == ["a: 1", deep, "b: 2"]
    assert document.flags == ("not_json",)


def test_files_inside_json_are_set_apart(parse):
    picture = "data:image/png;base64," + "iVBORw0KGgoAAAANSUhEUgAA" * 40
    value = {"text": "Where the pump stands", "images": [picture, f"see {picture} here"]}
    for document in (
        parse(json.dumps(value), "a.json"),
        parse(json.dumps(value) + "\n", "a.jsonl"),
    ):
        assert texts(document) == [
            "text: Where the pump stands\nimages: data:image/png, see data:image/png here"
        ]
        assert [cut.reason for cut in document.cuts] == ["embedded_data"] * 2
        assert document.cuts[0].characters == len(picture)
        assert "hidden_text_removed" not in document.flags


def test_json_that_is_nested_too_deeply_is_refused(refuse):
    deep = "[" * 500 + '{"a": 1}' + "]" * 500
    assert refuse('{"x":' * 200 + "1" + "}" * 200, "a.json").reason is Reason.PARSER_ERROR
    assert isinstance(partition(deep.encode(), "a.json"), ParsedDocument | Refusal)


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text("abc äß", max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text("xyz", min_size=1), inner),
    max_leaves=12,
)


@settings(deadline=None)
@given(VALUES)
def test_every_string_of_any_json_is_in_the_text(value):
    def strings(one):
        if isinstance(one, str):
            yield one
        elif isinstance(one, list | dict):
            for inner in one if isinstance(one, list) else one.values():
                yield from strings(inner)

    read = "\n".join(texts(parse_json(json.dumps(value).encode())))
    assert all(text in read for text in strings(value))


def test_xml_paragraphs_and_marked_up_words(parse):
    document = parse(
        "<?xml version='1.0'?><a><title>The title</title><p>Some <b>bold</b> words.</p>"
        "<!-- no --><n><m>1</m><m>2</m></n></a>",
        "a.xml",
    )
    assert document.title == "The title"
    assert texts(document) == ["The title", "Some bold words.", "1", "2"]


def test_xhtml_is_read_as_a_page(parse):
    page = (
        '<html xmlns="http://www.w3.org/1999/xhtml"><head><title>T</title></head><body>'
        '<p style="display:none">SECRET</p><p>Seen.</p></body></html>'
    )
    document = parse(page, "a.xml")
    assert (texts(document), document.flags) == (["Seen."], ("hidden_text_removed",))


@pytest.mark.parametrize("target", ["file:///etc/passwd", "http://127.0.0.1:9/x"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_entities_are_refused(refuse, target, encoding):
    source = f'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY e SYSTEM "{target}">]><x>&e;</x>'
    assert refuse(source.encode(encoding), "a.xml").reason is Reason.UNSAFE


def test_includes_and_style_sheets_are_not_followed(parse, tmp_path):
    (tmp_path / "secret.txt").write_text("SECRET", encoding="utf-8")
    source = (
        f'<?xml version="1.0"?><?xml-stylesheet href="file://{tmp_path}/secret.txt"?>'
        f'<a xmlns:xi="http://www.w3.org/2001/XInclude">seen<xi:include parse="text" '
        f'href="file://{tmp_path}/secret.txt"/></a>'
    )
    assert texts(parse(source, "a.xml")) == ["seen"]


@pytest.mark.skipif(not XML.exists(), reason="the shared corpora are not on this machine")
def test_the_xml_attacks_of_the_corpus_read_nothing_else():
    results = {file.name: partition(file.read_bytes(), file.name) for file in XML.glob("*.xml")}
    bombs = ("xmlbomb.xml", "xmlbomb2.xml", "quadratic.xml", "external.xml", "external_file.xml")
    assert {name: results[name].reason for name in bombs} == dict.fromkeys(bombs, Reason.UNSAFE)


def test_notebooks(parse, refuse, kinds):
    cells = [
        {"cell_type": "markdown", "source": ["# Head\n", "Prose."]},
        {"cell_type": "code", "source": "print(1)", "outputs": [
            {"output_type": "stream", "text": ["1\n"]},
            {"data": {"text/html": "<table><tr><td>a</td><td>b</td></tr></table>",
                      "text/plain": "plain"}},
            {"data": {"image/png": "AAAA"}},
        ]},
        {"cell_type": "raw", "source": "Raw."},
    ]  # fmt: skip
    document = parse(json.dumps({"cells": cells}), "a.ipynb")
    assert document.title == "Head"
    assert kinds(document) == [
        ("heading", 1, "Head", None),
        ("text", 0, "Prose.", None),
        ("code", 0, "print(1)", None),
        ("code", 0, "1", None),
        ("table", 0, "a | b", None),
        ("text", 0, "Raw.", None),
    ]
    assert refuse('{"no": "cells"}', "a.ipynb").reason is Reason.CORRUPT


def test_a_cell_that_begins_with_a_line_is_no_front_matter(parse, kinds):
    cells = [
        {"cell_type": "markdown", "source": source}
        for source in ("Prose.", "---\nNote: read this\n---\n\nMore.")
    ]
    document = parse(json.dumps({"cells": cells}), "a.ipynb")
    assert kinds(document)[1:] == [
        ("heading", 2, "Note: read this", None),
        ("text", 0, "More.", None),
    ]


def test_results_of_a_notebook_are_read_as_what_they_are(parse, kinds):
    table = "<table><tr><td>a</td><td>b</td></tr></table>"
    nameless = "<IPython.core.display.Markdown object>"
    outputs = [
        {"data": {"text/markdown": ["## Found\n", "\n", "| k | v |\n|---|---|\n| x | 5 |\n"],
                  "text/plain": nameless}},
        {"data": {"text/markdown": "---\nnote: this\n---\n", "text/plain": nameless}},
        {"data": {"text/markdown": " \n", "text/plain": "plain"}},
        {"data": {"text/latex": ["$\\alpha = 5$"], "text/plain": [nameless]}},
        {"output_type": "pyout", "html": [table], "text": ["   a  b"]},
    ]  # fmt: skip
    cells = [{"cell_type": "code", "source": "x", "outputs": outputs}]
    document = parse(json.dumps({"cells": cells}), "a.ipynb")
    assert kinds(document) == [
        ("code", 0, "x", None),
        ("heading", 2, "Found", None),
        ("table", 0, "k | v\nx | 5", None),
        ("heading", 2, "note: this", None),
        ("code", 0, "plain", None),
        ("code", 0, "$\\alpha = 5$", None),
        ("table", 0, "a | b", None),
    ]


def test_notebooks_of_version_3_keep_the_depth_of_their_headings(parse, kinds):
    cells = [
        {"cell_type": "heading", "level": level, "source": f"H{level}"} for level in (1, 3, 0, 99)
    ]
    document = parse(json.dumps({"worksheets": [None, {"cells": cells}]}), "a.ipynb")
    assert [level for _, level, _, _ in kinds(document)] == [1, 3, 1, 9]


def test_an_error_in_a_notebook_has_its_name_and_a_broken_output_costs_itself(parse, kinds):
    failed = {"output_type": "error", "ename": "KeyError", "evalue": "'rate'"}
    cells = [
        {"cell_type": "code", "source": "x", "outputs": outputs} for outputs in (7, [None, failed])
    ]
    document = parse(json.dumps({"cells": cells}), "a.ipynb")
    assert [text for _, _, text, _ in kinds(document)] == ["x", "x", "KeyError: 'rate'"]
