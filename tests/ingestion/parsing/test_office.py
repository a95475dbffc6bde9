"""Word, PowerPoint, Excel and CSV: structure, pages, and no cell or wrapper lost."""

import io
import zipfile

import pytest

from ingestion.document import Reason

W = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"


def test_word_structure(parse, kinds, saved):
    import docx

    source = docx.Document()
    source.core_properties.title = "Core title"
    source.add_heading("Main", level=1)
    source.add_paragraph("A short line")
    source.add_heading("Part", level=2)
    source.add_paragraph("point", style="List Bullet")
    table = source.add_table(rows=2, cols=2)
    for cell, text in zip((c for row in table.rows for c in row.cells), "abcd", strict=True):
        cell.text = text
    document = parse(saved(source), "a.docx")
    assert document.title == "Main"
    assert kinds(document) == [
        ("heading", 1, "Main", None),
        ("text", 0, "A short line", None),
        ("heading", 2, "Part", None),
        ("list_item", 0, "point", None),
        ("table", 0, "a | b\nc | d", None),
    ]


def test_word_core_title_serves_without_headings(parse, saved):
    import docx

    source = docx.Document()
    source.core_properties.title = "Core title"
    source.add_paragraph("Text.")
    assert parse(saved(source), "a.docx").title == "Core title"


def test_word_wrappers_are_read(parse, saved):
    import docx
    from docx.oxml import parse_xml

    ns = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
    source = docx.Document()
    source.add_paragraph("plain")
    body = source.element.body
    pieces = [
        "<w:sdt {ns}><w:sdtPr/><w:sdtContent><w:p><w:r><w:t>control</w:t></w:r></w:p>"
        "</w:sdtContent></w:sdt>",
        '<w:p {ns}><w:ins w:id="1" w:author="x"><w:r><w:t>inserted</w:t></w:r></w:ins>'
        '<w:del w:id="2" w:author="x"><w:r><w:delText>DELETED</w:delText></w:r></w:del></w:p>',
        '<w:p {ns}><w:fldSimple w:instr="PAGE"><w:r><w:t>field</w:t></w:r></w:fldSimple></w:p>',
        "<w:p {ns}><w:r><w:pict><w:txbxContent><w:p><w:r><w:t>box</w:t></w:r></w:p>"
        "</w:txbxContent></w:pict></w:r></w:p>",
    ]
    for piece in reversed(pieces):
        body.insert(1, parse_xml(piece.format(ns=ns)))
    texts = [element.text for element in parse(saved(source), "a.docx").elements]
    assert texts == ["plain", "control", "inserted", "field", "box"]


def test_signs_of_the_font_symbol_are_read(parse, saved):
    import docx
    from docx.oxml import parse_xml

    ns = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
    source = docx.Document()
    line = source.add_paragraph("loads ")
    for font, code in (("Symbol", "F0A3"), ("Wingdings", "F021"), ("Symbol", "wrong")):
        line._p.append(parse_xml(f'<w:r {ns}><w:sym w:font="{font}" w:char="{code}"/></w:r>'))
    line.add_run(" 5 kg ")
    for font, code in (("Wingdings", "F0FC"), ("Wingdings 2", "52"), ("Wingdings", "FB")):
        line._p.append(parse_xml(f'<w:r {ns}><w:sym w:font="{font}" w:char="{code}"/></w:r>'))
    assert parse(saved(source), "a.docx").elements[0].text == "loads ≤ 5 kg ✓☑✗"


@pytest.mark.parametrize(
    ("fonts", "text", "read"),
    [
        ('w:ascii="Symbol" w:hAnsi="Symbol"', "\uf0b3", "≥"),
        ('w:ascii="Symbol"', "m", "μ"),
        ('w:ascii="Wingdings" w:hAnsi="Wingdings"', "ü", "✓"),
        ('w:ascii="Symbol" w:hAnsi="Arial"', "m", "m"),
        ('w:ascii="Arial" w:hAnsi="Arial"', "ü", "ü"),
    ],
)
def test_words_in_a_font_of_signs_are_read_as_it_shows_them(parse, saved, fonts, text, read):
    import docx
    from docx.oxml import parse_xml

    ns = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
    source = docx.Document()
    line = source.add_paragraph("loads ")
    run = f"<w:r {ns}><w:rPr><w:rFonts {fonts}/></w:rPr><w:t>{text}</w:t></w:r>"
    line._p.append(parse_xml(run))
    line.add_run(" 5 kg")
    assert parse(saved(source), "a.docx").elements[0].text == f"loads {read} 5 kg"


def test_headers_are_read_with_their_controls_fields_and_insertions(parse, saved):
    import docx
    from docx.oxml import parse_xml

    ns = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
    source = docx.Document()
    source.add_paragraph("Body")
    header = source.sections[0].header
    header.paragraphs[0].text = "Version: "
    pieces = [
        "<w:sdt {ns}><w:sdtContent><w:r><w:t>2</w:t></w:r></w:sdtContent></w:sdt>",
        '<w:ins {ns} w:id="1" w:author="x"><w:r><w:t xml:space="preserve"> of </w:t></w:r></w:ins>',
        '<w:fldSimple {ns} w:instr="DATE"><w:r><w:t>May</w:t></w:r></w:fldSimple>',
    ]
    for piece in pieces:
        header.paragraphs[0]._p.append(parse_xml(piece.format(ns=ns)))
    source.sections[0].footer._element.append(
        parse_xml(
            f"<w:sdt {ns}><w:sdtPr><w:docPartObj>"
            '<w:docPartGallery w:val="Page Numbers (Bottom of Page)"/></w:docPartObj></w:sdtPr>'
            "<w:sdtContent><w:p><w:r><w:t>7</w:t></w:r></w:p></w:sdtContent></w:sdt>"
        )
    )
    texts = [element.text for element in parse(saved(source), "a.docx").elements]
    assert texts == ["Version: 2 of May", "Body"]


def test_hidden_words_of_word_are_cut_wherever_they_stand(parse, saved):
    import docx
    from docx.enum.style import WD_STYLE_TYPE

    source = docx.Document()
    base = source.styles.add_style("Base", WD_STYLE_TYPE.CHARACTER)
    base.font.hidden = True
    derived = source.styles.add_style("Derived", WD_STYLE_TYPE.CHARACTER)
    derived.base_style = base
    shown = source.styles.add_style("Shown", WD_STYLE_TYPE.CHARACTER)
    shown.base_style = derived
    shown.font.hidden = False
    paragraph = source.add_paragraph("Seen. ")
    paragraph.add_run("SECRET", style="Derived")
    paragraph.add_run("Shown.", style="Shown")
    for margin in (source.sections[0].header, source.sections[0].footer):
        margin.paragraphs[0].add_run("Margin. ")
        margin.paragraphs[0].add_run("SECRET").font.hidden = True
    document = parse(saved(source), "a.docx")
    assert [element.text for element in document.elements] == ["Margin.", "Seen. Shown.", "Margin."]
    assert document.flags == ("hidden_text_removed",)


def with_notes(package, notes):
    """Give a Word package footnotes."""
    linked = {
        "word/_rels/document.xml.rels": (
            b"</Relationships>",
            b'<Relationship Id="rIdNotes" Target="footnotes.xml" Type="http://schemas.openxmlformats'
            b'.org/officeDocument/2006/relationships/footnotes"/></Relationships>',
        ),
        "[Content_Types].xml": (
            b"</Types>",
            b'<Override PartName="/word/footnotes.xml" ContentType="application/vnd.openxmlformats-'
            b'officedocument.wordprocessingml.footnotes+xml"/></Types>',
        ),
    }
    with zipfile.ZipFile(io.BytesIO(package)) as parts:
        found = {name: parts.read(name) for name in parts.namelist()}
    for name, (end, more) in linked.items():
        found[name] = found[name].replace(end, more)
    return {**found, "word/footnotes.xml": notes}


def test_hidden_words_in_footnotes_are_cut(parse, saved, zipped):
    import docx

    source = docx.Document()
    source.add_paragraph("Seen.")
    run = "<w:r><w:rPr>{0}</w:rPr><w:t>{1}</w:t></w:r>"
    words = run.format("", "Note.") + run.format("<w:vanish/>", "SECRET")
    notes = f'<w:footnotes xmlns:w="{W}"><w:footnote w:id="2"><w:p>{words}</w:p></w:footnote>'
    package = with_notes(saved(source), f"{notes}</w:footnotes>".encode())
    document = parse(zipped(package), "a.docx")
    assert [element.text for element in document.elements] == ["Seen.", "Note."]
    assert [cut.sample for cut in document.cuts] == ["SECRET"]


@pytest.mark.parametrize(
    ("properties", "text"),
    [
        ("<x:vanish/>", "Seen."),
        ('<x:color x:val="FFffFF"/>', "Seen."),
        ('<x:sz x:val="2"/>', "Seen."),
        ("", "Seen. More."),
    ],
)
def test_what_word_hides_and_wraps_is_known_under_any_prefix(
    parse, saved, zipped, properties, text
):
    import docx

    run = "<x:r><x:rPr>{0}</x:rPr><x:t xml:space='preserve'>{1}</x:t></x:r>"
    words = run.format("", "Seen.") + run.format(properties, " More.")
    body = f"<x:body><x:sdt><x:sdtContent><x:p>{words}</x:p></x:sdtContent></x:sdt></x:body>"
    with zipfile.ZipFile(io.BytesIO(saved(docx.Document()))) as parts:
        package = {name: parts.read(name) for name in parts.namelist()}
    package["word/document.xml"] = f'<x:document xmlns:x="{W}">{body}</x:document>'.encode()
    assert [e.text for e in parse(zipped(package), "a.docx").elements] == [text]


def test_slides(parse, kinds, saved):
    import pptx
    from pptx.util import Emu

    source = pptx.Presentation()
    first = source.slides.add_slide(source.slide_layouts[1])
    first.shapes.title.text = "Opening"
    first.placeholders[1].text = "Short words"
    first.notes_slide.notes_text_frame.text = "SPOKEN"
    outside = first.shapes.add_textbox(source.slide_width + Emu(9), 0, Emu(99), Emu(99))
    outside.text_frame.text = "OUTSIDE"
    second = source.slides.add_slide(source.slide_layouts[5])
    second.shapes.title.text = "Closing"
    hidden = source.slides.add_slide(source.slide_layouts[5])
    hidden.shapes.title.text = "HIDDEN"
    hidden.element.set("show", "0")
    document = parse(saved(source), "a.pptx")
    assert document.title == "Opening"
    assert kinds(document) == [
        ("heading", 1, "Opening", 1),
        ("text", 0, "Short words", 1),
        ("heading", 1, "Closing", 2),
    ]
    assert document.flags == ("hidden_text_removed", "speaker_notes_not_read")


def test_workbook(parse, kinds, saved):
    import openpyxl

    source = openpyxl.Workbook()
    sheet = source.active
    sheet.title = "Stock"
    for row in [["Report"], [], ["country", "code", "value"], ["NA", "007", 1234567.891],
                ["None", 12, 0.1]]:  # fmt: skip
        sheet.append(row)
    source.create_sheet("Secret").append(["SECRET"])
    source["Secret"].sheet_state = "hidden"
    source.create_sheet("Last").append(["end", "of", "book"])
    document = parse(saved(source), "a.xlsx")
    assert kinds(document) == [
        ("heading", 1, "Stock", 1),
        ("text", 0, "Report", 1),
        ("table", 0, "country | code | value\nNA | 007 | 1234567.891\nNone | 12 | 0.1", 1),
        ("heading", 1, "Last", 3),
        ("table", 0, "end | of | book", 3),
    ]
    assert document.flags == ("hidden_text_removed",)


@pytest.mark.parametrize("delimiter", [",", ";", "|", "\t"])
def test_csv_keeps_every_cell_as_written(parse, kinds, delimiter):
    rows = [["name", "code", "note"], ["NA", "007", "1.10"], ["null", "8", "x y"]]
    document = parse("\n".join(delimiter.join(row) for row in rows), "a.csv")
    assert kinds(document) == [
        ("table", 0, "name | code | note\nNA | 007 | 1.10\nnull | 8 | x y", None)
    ]


@pytest.mark.parametrize("first", ["sep=;\r\n", '"sep=;"\n', "SEP=;\n"])
def test_a_line_that_names_the_delimiter_is_no_header(parse, first):
    document = parse(f"{first}name;price, net\nTern;1,20\n", "a.csv")
    assert document.elements[0].text == "name | price, net\nTern | 1,20"


def test_csv_quotes_and_ragged_rows(parse):
    document = parse('a,b\n"x, y","two\nlines"\n1,2,3\n', "a.csv")
    assert document.elements[0].text == "a | b\nx, y | two lines\n1 | 2 | 3"


@pytest.mark.parametrize(
    ("source", "text"),
    [
        (
            'id;text\n1;He said, "yes", and left\n2;She said, "no", and stayed\n',
            'id | text\n1 | He said, "yes", and left\n2 | She said, "no", and stayed',
        ),
        ("a;b;c\n1;2\n3;4;5;6\n", "a | b | c\n1 | 2\n3 | 4 | 5 | 6"),
        ("1,5;2,5\n3,5;4,5\n", "1,5 | 2,5\n3,5 | 4,5"),
        ("Report\n\na;b\n1;2,5\n3;4,5\n", "Report\na | b\n1 | 2,5\n3 | 4,5"),
        ("id,path\n1,a;b;c\n2,d;e;f\n", "id | path\n1 | a;b;c\n2 | d;e;f"),
        ('"a"\n"b, c"\n', "a\nb, c"),
    ],
)
def test_the_delimiter_is_the_one_that_makes_rows(parse, source, text):
    assert parse(source, "a.csv").elements[0].text == text


def test_huge_tables_are_bounded(refuse):
    wide = ",".join("abcdef" for _ in range(30_000))
    assert refuse(wide, "a.csv").reason is Reason.TOO_LARGE


def test_encrypted_office_files_are_named_so(refuse):
    import docx
    from msoffcrypto.format.ooxml import OOXMLFile

    plain, locked = io.BytesIO(), io.BytesIO()
    docx.Document().save(plain)
    OOXMLFile(plain).encrypt("secret", locked)
    assert refuse(locked.getvalue(), "a.docx").reason is Reason.ENCRYPTED
