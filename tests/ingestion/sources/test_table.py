"""Rows as documents: ids, columns, faults, and rows that are found again."""

import json

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyarrow import parquet

from config.sources import TableSource
from ingestion.document import Reason, Refusal
from ingestion.errors import SourceMissingError
from ingestion.sources import row_files
from ingestion.sources.table import TableRowsSource

LIMIT = 1_000_000


def source_of(path, **options):
    return TableRowsSource(TableSource(name="rows", kind="table", path=path, **options))


def texts(source):
    return {e.key: source.read(e, LIMIT) for e in source.list_entries().entries}


def test_columns_become_title_text_metadata_and_time(tmp_path):
    path = tmp_path / "t.csv"
    path.write_text("nr,subject,question,answer,day,team\n7,Hello,How?,So.,2026-03-01,blue\n")
    source = source_of(
        path, id="nr", text=("question", "answer"), title="subject", modified="day",
        media="md", metadata=("team",),
    )  # fmt: skip
    (entry,) = source.list_entries().entries
    assert entry.key == "7.md"
    assert source.read(entry, LIMIT) == b"# Hello\n\nHow?\n\nSo."
    assert entry.metadata == (("row", "1"), ("row_id", "7"), ("team", "blue"))
    assert entry.stat.modified_ns == 1_772_323_200_000_000_000


def test_half_a_character_in_a_row_is_replaced_in_text_and_metadata(tmp_path):
    path = tmp_path / "t.jsonl"
    path.write_text('{"id": 1, "text": "a\\ud800b", "team": "blue\\ud800"}\n')
    source = source_of(path, metadata=("team",))
    (entry,) = source.list_entries().entries
    assert source.read(entry, LIMIT) == b"a?b"
    assert dict(entry.metadata)["team"] == "blue?"


def test_a_title_in_html_is_escaped(tmp_path):
    path = tmp_path / "t.jsonl"
    path.write_text(json.dumps({"id": 1, "t": "<b>", "text": "<p>x</p>"}))
    assert texts(source_of(path, title="t", media="html")) == {
        "1.html": b"<h1>&lt;b&gt;</h1>\n<p>x</p>"
    }


def test_every_file_of_a_folder_has_its_own_ids(tmp_path):
    (tmp_path / "a.jsonl").write_text('{"id": 1, "text": "one"}\n\n{"id": 2, "text": "two"}\n')
    (tmp_path / "b.tsv").write_text("id\ttext\n1\tun, deux\n")
    (tmp_path / "notes.doc").write_text("x")
    source = source_of(tmp_path)
    assert texts(source) == {
        "a.jsonl/1.txt": b"one", "a.jsonl/2.txt": b"two", "b.tsv/1.txt": b"un, deux",
    }  # fmt: skip
    assert [s.key for s in source.list_entries().skipped] == ["notes.doc"]


@pytest.mark.parametrize("first", ["sep=;\r\n", "\ufeffsep=;\r\n", '"sep=;"\n'])
def test_a_line_that_names_the_delimiter_is_no_header(tmp_path, first):
    path = tmp_path / "t.csv"
    path.write_text(f"{first}id;text\r\n1;one, two, three\r\n2;four\r\n", newline="")
    assert texts(source_of(path)) == {"1.txt": b"one, two, three", "2.txt": b"four"}


def test_names_of_columns_in_tsv_may_have_commas(tmp_path):
    path = tmp_path / "t.tsv"
    path.write_text("id\ttext\tplace, date, time, cost\n1\tone, two\tLund; May\n")
    assert texts(source_of(path)) == {"1.txt": b"one, two"}


def test_quotes_of_a_tsv_that_part_no_cells_stand_for_themselves(tmp_path):
    path = tmp_path / "t.tsv"
    rows = ['1\t"Best" in town', '2\t5" pipe', '3\t"Yes, he said', '4\tNo, "she" said"', '5\t"open']
    path.write_text("id\ttext\n" + "\n".join(rows))
    source = source_of(path)
    assert texts(source) == {f"{row[0]}.txt": row[2:].encode() for row in rows}
    listing = source.list_entries()
    assert (listing.refused, listing.problems) == ((), ())


def test_quotes_of_a_tsv_that_a_spreadsheet_wrote_part_cells(tmp_path):
    path = tmp_path / "t.tsv"
    path.write_text('id\ttext\n1\t"a\tb"\n2\t"two\nlines, ""quoted"""\n3\t"in:\n\tdented"\n')
    assert texts(source_of(path)) == {
        "1.txt": b"a\tb", "2.txt": b'two\nlines, "quoted"', "3.txt": b"in:\n\tdented",
    }  # fmt: skip


def test_quotes_lines_and_byte_order_marks_in_csv(tmp_path):
    path = tmp_path / "t.csv"
    path.write_bytes(
        b'\xef\xbb\xbfid;text\r\n1;"two\nlines; ""quoted"""\r\n2;"a\xe2\x80\xa8b"\r\n3;c\r\n'
    )
    assert texts(source_of(path)) == {
        "1.txt": b'two\nlines; "quoted"', "2.txt": "a\u2028b".encode(), "3.txt": b"c",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("name", "content", "refused"),
    [
        ("t.jsonl", b'{"id": 1, "text": "a"}\n{"id": 2\n', "t.jsonl#row-2"),
        ("t.jsonl", b'{"id": 1, "text": "a"}\n[1]\n', "t.jsonl#row-2"),
        ("t.jsonl", b'{"id": 1, "text": "a"}\n\xff\n', "t.jsonl#row-2"),
        ("t.jsonl", b'{"id": 1, "text": "a"}\n{"text": "b"}\n', "t.jsonl#row-2"),
        ("t.jsonl", b'{"id": 1, "text": "a"}\n{"id": 1, "text": "b"}\n', "t.jsonl#row-2"),
        ("t.jsonl", b'{"id": 1, "text": "a"}\n' + b"[" * 100_000 + b"\n", "t.jsonl#row-2"),
        ("t.csv", b"id,text\n1,a\n2,b,c\n", "t.csv#row-2"),
        ("t.csv", b"id,text\n1,a\n2,\xff\n", "t.csv#row-2"),
        ("t.csv", b'id,text\n1,a\n2,"b\n3,c\n', "t.csv"),
        ("t.csv", b"id,body\n1,a\n", "t.csv"),
        ("t.csv", b"id,text,text\n1,a,b\n", "t.csv"),
        ("t.csv", b"", "t.csv"),
        ("t.parquet", b"PAR1 but not really PAR1", "t.parquet"),
    ],
)
def test_what_cannot_be_read_is_refused_and_nothing_is_deleted_for_it(
    tmp_path, name, content, refused
):
    (tmp_path / name).write_bytes(content)
    listing = source_of(tmp_path / name).list_entries()
    assert not listing.complete
    assert [(r.key, r.reason) for r in listing.refused] == [(refused, Reason.INVALID_RECORD)]
    assert len(listing.entries) == (0 if refused == name and b"1,a\n2" not in content else 1)


def test_json_nested_as_deeply_as_can_just_be_read_is_refused_like_what_is_deeper(tmp_path):
    path = tmp_path / "t.jsonl"
    for depth in range(300, 1100):  # where writing it fails and reading does not, the stack says
        path.write_text(f'{{"id": 1, "text": {"[" * depth}{"]" * depth}}}\n')
        listing = source_of(path).list_entries()
        assert listing.complete == bool(listing.entries)
        assert len(listing.entries) + len(listing.refused) == 1


NO_UTF8 = pa.array([b"a", b"\xff", b"c"]).view(pa.string())
BEYOND = pa.array([0, 10**7, 0], pa.int32()).view(pa.date32())
NOWHERE = pa.array([0, None, 0], pa.timestamp("s", tz="Nowhere/None"))


@pytest.mark.parametrize(
    ("column", "refused"),
    [
        (NO_UTF8, ["t.parquet#row-2"]),
        (BEYOND, ["t.parquet#row-2"]),
        (NOWHERE, ["t.parquet#row-1", "t.parquet#row-3"]),
    ],
)
def test_a_value_of_parquet_that_python_has_none_for_costs_its_row_alone(tmp_path, column, refused):
    path = tmp_path / "t.parquet"
    parquet.write_table(pa.table({"id": [1, 2, 3], "text": column}), path)
    source = source_of(path)
    listing = source.list_entries()
    assert not listing.complete
    assert [r.key for r in listing.refused] == refused
    assert [type(source.read(e, LIMIT)) for e in listing.entries] == [bytes] * (3 - len(refused))


def test_a_row_of_parquet_that_python_has_no_value_for_any_more_has_changed(tmp_path):
    path = tmp_path / "t.parquet"
    parquet.write_table(pa.table({"id": [1, 2, 3], "text": ["a", "b", "c"]}), path)
    source = source_of(path)
    entry = source.list_entries().entries[1]
    parquet.write_table(pa.table({"id": [1, 2, 3], "text": NO_UTF8}), path)
    refusal = source.read(entry, LIMIT)
    assert isinstance(refusal, Refusal)
    assert refusal.reason is Reason.CHANGED_WHILE_READ


def test_rows_of_a_spreadsheet_that_nobody_filled_in_are_no_faults(tmp_path):
    path = tmp_path / "t.csv"
    path.write_text('id,text\n1,a\n,\n   \n"2"," "\n," "\n,\n')
    source = source_of(path)
    listing = source.list_entries()
    assert (listing.complete, listing.refused) == (True, ())
    assert texts(source) == {"1.txt": b"a", "2.txt": b""}
    path.write_text("id,text\n1,a\n,b\n")
    assert [r.key for r in source.list_entries().refused] == ["t.csv#row-2"]


def test_the_rows_behind_a_faulty_one_are_read(tmp_path):
    path = tmp_path / "t.csv"
    path.write_text('id,text\n1,a\n2,b,c\n3,"d"\n')
    assert texts(source_of(path)) == {"1.txt": b"a", "3.txt": b"d"}


def test_what_stands_in_the_quotes_of_a_faulty_row_is_no_row(tmp_path):
    path = tmp_path / "t.csv"
    path.write_bytes(b'id,text\n1,a\n2,"b \xff\n3,planted\n"\n3,c\n')
    assert texts(source_of(path)) == {"1.txt": b"a", "3.txt": b"c"}
    assert [r.key for r in source_of(path).list_entries().refused] == ["t.csv#row-2"]


def test_a_row_without_text_stays_a_document(tmp_path):
    path = tmp_path / "t.jsonl"
    path.write_text('{"id": 1, "text": null}\n')
    listing = source_of(path).list_entries()
    assert listing.complete
    assert [e.stat.size for e in listing.entries] == [0]


def test_rows_that_were_appended_move_nothing(tmp_path):
    path = tmp_path / "t.jsonl"
    path.write_text('{"id": 1, "text": "a"}\n')
    source = source_of(path)
    (entry,) = source.list_entries().entries
    path.write_text('{"id": 1, "text": "a"}\n{"id": 2, "text": "b"}\n')
    assert source.read(entry, LIMIT) == b"a"
    path.write_text('{"id": 0, "text": "z"}\n{"id": 1, "text": "a"}\n')
    refusal = source.read(entry, LIMIT)
    assert isinstance(refusal, Refusal)
    assert refusal.reason is Reason.CHANGED_WHILE_READ


def test_a_line_that_never_ends_is_not_taken_into_memory(tmp_path, monkeypatch):
    monkeypatch.setattr(row_files, "MAX_ROW_BYTES", 1000)
    (tmp_path / "a.jsonl").write_text('{"id": 1, "text": "' + "x" * 5000)
    (tmp_path / "b.csv").write_text('id,text\n1,"' + "x\n" * 5000)
    listing = source_of(tmp_path).list_entries()
    assert listing.entries == ()
    assert len(listing.problems) == 2


def test_a_table_that_is_not_there_is_a_clear_error(tmp_path):
    with pytest.raises(SourceMissingError, match="rows"):
        source_of(tmp_path / "gone.csv").list_entries()


def test_a_table_may_be_named_by_a_link(tmp_path):
    (tmp_path / "export-1").write_text("id,text\n1,a\n")
    (tmp_path / "export-2").write_text("id,text\n1,b\n")
    link = tmp_path / "latest.csv"
    link.symlink_to("export-1")
    source = source_of(link)
    assert texts(source) == {"1.txt": b"a"}
    link.unlink()
    link.symlink_to("export-2")
    assert texts(source) == {"1.txt": b"b"}


def test_a_link_to_a_table_inside_a_folder_is_not_followed(tmp_path):
    (tmp_path / "in").mkdir()
    (tmp_path / "out.csv").write_text("id,text\n1,secret\n")
    (tmp_path / "in" / "t.csv").symlink_to(tmp_path / "out.csv")
    listing = source_of(tmp_path / "in").list_entries()
    assert listing.entries == ()
    assert [r.reason for r in listing.refused] == [Reason.OUTSIDE_SOURCE]


@settings(max_examples=60, deadline=None)
@given(
    st.dictionaries(
        st.text(st.characters(codec="utf-8"), min_size=1).filter(lambda s: s.strip() == s),
        st.text(st.characters(codec="utf-8")),
        max_size=8,
    )
)
def test_any_ids_and_texts_come_back_under_keys_of_their_own(tmp_path_factory, rows):
    path = tmp_path_factory.mktemp("rows") / "t.jsonl"
    lines = [json.dumps({"id": key, "text": text}) for key, text in rows.items()]
    path.write_text("\n".join(lines))
    source = source_of(path)
    listing = source.list_entries()
    assert listing.complete
    assert len({e.key for e in listing.entries}) == len(rows)
    for entry, text in zip(listing.entries, rows.values(), strict=True):
        assert entry.key.count("/") == 0
        assert source.read(entry, LIMIT) == text.strip().encode()
