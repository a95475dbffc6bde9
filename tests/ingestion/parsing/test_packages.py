"""Office packages of every kind: macros, templates, Strict; entities refused, nothing fetched."""

import io
import zipfile

import pytest

from ingestion.document import Reason

PLAIN = b"application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"
NS = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'


def rewritten(data, change):
    """A package with every part passed through `change(name, content)`."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(buffer, "w") as new:
        for name in old.namelist():
            new.writestr(name, change(name, old.read(name)))
    return buffer.getvalue()


@pytest.fixture
def docx(saved):
    import docx

    document = docx.Document()
    document.add_paragraph("Plain words.")
    return saved(document)


@pytest.mark.parametrize(
    ("suffix", "kind"),
    [
        ("docm", b"application/vnd.ms-word.document.macroEnabled.main+xml"),
        (
            "dotx",
            PLAIN.replace(b".document.main", b".template.main"),
        ),
    ],
)
def test_macros_and_templates_are_read_as_documents(parse, docx, suffix, kind):
    data = rewritten(docx, lambda _, content: content.replace(PLAIN, kind))
    document = parse(data, f"a.{suffix}")
    assert [element.text for element in document.elements] == ["Plain words."]
    assert document.flags == ()


def test_the_strict_variant_is_read(parse, docx):
    def strict(name, content):
        for family in (b"officeDocument", b"wordprocessingml", b"drawingml"):
            old = b"http://schemas.openxmlformats.org/" + family + b"/2006/"
            content = content.replace(old, b"http://purl.oclc.org/ooxml/" + family + b"/")
        return content

    document = parse(rewritten(docx, strict), "a.docx")
    assert [element.text for element in document.elements] == ["Plain words."]


@pytest.mark.parametrize("part", ["word/document.xml", "word/styles.xml", "docProps/core.xml"])
def test_entities_in_any_part_are_refused(refuse, docx, part):
    def bomb(name, content):
        if name != part:
            return content
        start = content.index(b"?>") + 2
        return content[:start] + b'<!DOCTYPE x [<!ENTITY a "b">]>' + content[start:]

    assert refuse(rewritten(docx, bomb), "a.docx").reason is Reason.UNSAFE


@pytest.mark.parametrize("size", [70_000, *range(2**20 - 100, 2**20, 7)])
def test_comments_before_them_do_not_hide_entities(refuse, docx, size):
    def bomb(name, content):
        if name != "word/document.xml":
            return content
        start = content.index(b"?>") + 2
        padding = b"<!--" + b"x" * (size - start) + b"-->"
        return content[:start] + padding + b'<!DOCTYPE x [<!ENTITY a "b">]>' + content[start:]

    assert refuse(rewritten(docx, bomb), "a.docx").reason is Reason.UNSAFE


def test_external_relations_are_not_followed(parse, docx):
    def attach(name, content):
        if not name.endswith("document.xml.rels"):
            return content
        relation = (
            b'<Relationship Id="x1" Type="http://schemas.openxmlformats.org/officeDocument/2006/'
            b'relationships/attachedTemplate" Target="http://127.0.0.1:9/t.dotm"'
            b' TargetMode="External"/></Relationships>'
        )
        return content.replace(b"</Relationships>", relation)

    assert parse(rewritten(docx, attach), "a.docx").elements[0].text == "Plain words."


def test_merged_cells_of_a_word_table_are_repeated_in_every_row(parse, saved):
    import docx

    source = docx.Document()
    table = source.add_table(rows=3, cols=2)
    for at, text in enumerate(["Year", "Month", "2025", "May", "", "June"]):
        table.cell(at // 2, at % 2).text = text
    table.cell(1, 0).merge(table.cell(2, 0))
    (element,) = parse(saved(source), "a.docx").elements
    assert element.text == "Year | Month\n2025 | May\n2025 | June"


def test_charts_comments_and_tables_of_slides(parse, kinds, saved):
    import pptx
    from pptx.chart.data import CategoryChartData
    from pptx.enum.chart import XL_CHART_TYPE
    from pptx.util import Inches

    source = pptx.Presentation()
    slide = source.slides.add_slide(source.slide_layouts[5])
    slide.shapes.title.text = "Ducks"
    data = CategoryChartData()
    data.categories = ["2019", "2020"]
    data.add_series("Wild", (120, 95))
    box = (Inches(1), Inches(1), Inches(4), Inches(3))
    slide.shapes.add_chart(XL_CHART_TYPE.COLUMN_CLUSTERED, *box, data)
    table = slide.shapes.add_table(3, 2, *box).table
    for at, text in enumerate(["Year", "Month", "2025", "May", "", "June"]):
        table.cell(at // 2, at % 2).text = text
    table.cell(1, 0).merge(table.cell(2, 0))
    assert kinds(parse(saved(source), "a.pptx")) == [
        ("heading", 1, "Ducks", 1),
        ("table", 0, "Year | Month\n2025 | May\n2025 | June", 1),
        ("table", 0, " | Wild\n2019 | 120\n2020 | 95", 1),
    ]


def test_tiny_and_transparent_text_and_hidden_shapes_of_slides_are_cut(parse, saved):
    import pptx
    from pptx.util import Inches, Pt

    source = pptx.Presentation()
    slide = source.slides.add_slide(source.slide_layouts[6])
    for top, text in enumerate(("Seen", "TINY", "HIDDEN")):
        box = slide.shapes.add_textbox(Inches(1), Inches(top), Inches(2), Inches(1))
        box.text_frame.text = text
    slide.shapes[1].text_frame.paragraphs[0].runs[0].font.size = Pt(1)
    slide.shapes[2]._element.nvSpPr.cNvPr.set("hidden", "1")
    document = parse(saved(source), "a.pptx")
    assert [element.text for element in document.elements] == ["Seen"]
    assert {(cut.reason, cut.sample) for cut in document.cuts} == {
        ("tiny_text", "TINY"), ("hidden_shape", "HIDDEN"),
    }  # fmt: skip


def test_comments_of_word_are_read_as_such(parse, docx):
    comments = (
        f'<w:comments {NS}><w:comment w:id="0" w:author="Jane"><w:p><w:r><w:t>Is it so?</w:t></w:r>'
        "</w:p></w:comment></w:comments>"
    )

    def attach(name, content):
        if not name.endswith("document.xml.rels"):
            return content
        relation = (
            b'<Relationship Id="c1" Type="http://schemas.openxmlformats.org/officeDocument/2006/'
            b'relationships/comments" Target="comments.xml"/></Relationships>'
        )
        return content.replace(b"</Relationships>", relation)

    buffer = io.BytesIO(rewritten(docx, attach))
    with zipfile.ZipFile(buffer, "a") as package:
        package.writestr("word/comments.xml", comments)
    texts = [element.text for element in parse(buffer.getvalue(), "a.docx").elements]
    assert texts == ["Plain words.", "Comment by Jane: Is it so?"]


def test_embedded_documents_are_parts_and_other_objects_are_flagged(parse, docx):
    buffer = io.BytesIO(docx)
    with zipfile.ZipFile(buffer, "a") as package:
        package.writestr("word/embeddings/Budget.xlsx", b"workbook")
        package.writestr("word/embeddings/oleObject1.bin", b"object")
        package.writestr("word/embeddings/bomb.docx", bytes(10 * 2**20), zipfile.ZIP_DEFLATED)
    document = parse(buffer.getvalue(), "a.docx")
    assert document.elements[0].text == "Plain words."
    assert [(part.name, part.data) for part in document.parts] == [
        ("embeddings/Budget.xlsx", b"workbook"), ("embeddings/bomb.docx", b""),
    ]  # fmt: skip
    assert document.parts[1].refusal.reason is Reason.TOO_LARGE
    assert document.flags == ("embedded_objects_not_read", "parts_refused")


def test_the_workbook_behind_a_chart_is_no_part(parse, saved):
    import pptx
    from pptx.chart.data import CategoryChartData
    from pptx.enum.chart import XL_CHART_TYPE

    source = pptx.Presentation()
    slide = source.slides.add_slide(source.slide_layouts[5])
    data = CategoryChartData()
    data.categories = ["2019"]
    data.add_series("Wild", (120,))
    slide.shapes.add_chart(XL_CHART_TYPE.PIE, 0, 0, 999999, 999999, data)
    document = parse(saved(source), "a.pptx")
    assert "2019 | 120" in document.elements[-1].text
    assert (document.parts, document.flags) == ((), ())
