"""Raised figures: a note mark or an exponent never becomes a digit of the number before it."""

import pytest

from ingestion.parsing.raised import raised

NS = " ".join(
    f'xmlns:{name}="urn:oasis:names:tc:opendocument:xmlns:{name}:1.0"'
    for name in ("office", "text", "style")
)
M = "http://schemas.openxmlformats.org/officeDocument/2006/math"


@pytest.mark.parametrize(
    ("text", "before", "after", "said"),
    [
        ("1", "The fee is 50", " euros", " ¹"),
        ("6", "about 10", " people", "⁶"),
        ("-3", "10", " m", "⁻³"),
        ("6", "2,410", "", " ⁶"),
        ("1,2", "50", "", " ¹,²"),
        ("3)", "in 2020.", " Then", " ³⁾"),
        ("1", "", "2020 figures", "¹ "),
        ("2", "5 m", "", "2"),
        ("nd", "the 2", "", "nd"),
        ("1", "50 ", "", "1"),
        ("[1]", "50", "", "[1]"),
    ],
)
def test_only_figures_beside_figures_change(text, before, after, said):
    assert raised(text, before, after) == said


@pytest.mark.parametrize(
    "markup",
    [
        "<p>The fee is 50<sup>1</sup> euros for 10<sup>6</sup> people.</p>",
        "<p>The fee is <b>50</b><sup><a href='#n'>1</a></sup> euros for 10<sup>6</sup> people.</p>",
        "<p>The fee is 50<a href='#n'><sup>1</sup></a> euros for <i>10<sup>6</sup></i> people.</p>",
    ],
)
@pytest.mark.parametrize("name", ["a.html", "a.md"])
def test_pages_and_markdown(parse, markup, name):
    (paragraph,) = parse(markup, name).elements
    assert paragraph.text == "The fee is 50 ¹ euros for 10⁶ people."


def test_word_body_header_and_equations(parse, saved):
    import docx
    from docx.oxml import parse_xml

    document = docx.Document()
    for paragraph in (document.sections[0].header.paragraphs[0], document.add_paragraph()):
        paragraph.add_run("The fee is 50")
        paragraph.add_run("1").font.superscript = True
        paragraph.add_run(" euros")
    run = "<m:r><m:t>{}</m:t></m:r>".format
    equation = (
        f"<m:f><m:num>{run(1)}</m:num><m:den>{run('2a+b')}</m:den></m:f>{run('·')}"
        f"<m:sSup><m:e>{run(10)}</m:e><m:sup>{run(6)}</m:sup></m:sSup>{run('·')}"
        f"<m:sSup><m:e>{run('x')}</m:e><m:sup>{run('n+1')}</m:sup></m:sSup>"
    )
    document.add_paragraph()._p.append(parse_xml(f'<m:oMath xmlns:m="{M}">{equation}</m:oMath>'))
    texts = [element.text for element in parse(saved(document), "a.docx").elements]
    assert texts == ["The fee is 50 ¹ euros"] * 2 + ["1/(2a+b)·10⁶·x^(n+1)"]


def test_slides(parse, saved):
    import pptx

    deck = pptx.Presentation()
    slide = deck.slides.add_slide(deck.slide_layouts[1])
    paragraph = slide.placeholders[1].text_frame.paragraphs[0]
    paragraph.add_run().text = "The fee is 50"
    mark = paragraph.add_run()
    mark.text = "1"
    mark.font._element.set("baseline", "30000")
    (element,) = parse(saved(deck), "a.pptx").elements
    assert element.text == "The fee is 50 ¹"


@pytest.mark.parametrize(
    "body",
    [
        r"The fee is 50{\super 1} euros for 10{\up6\fs16 6} people.",
        r"The fee is 50\super 1\nosupersub  euros for 10\super 6\plain  people.",
    ],
)
def test_rich_text(parse, body):
    (paragraph,) = parse(rf"{{\rtf1\ansi {body}\par}}", "a.rtf").elements
    assert paragraph.text == "The fee is 50 ¹ euros for 10⁶ people."


def test_opendocument_styles_and_note_marks(parse, zipped):
    up = (
        '<style:style style:name="{}"><style:text-properties style:text-position="{}"/>'
        "</style:style>"
    ).format
    content = (
        f"<office:document-content {NS}><office:automatic-styles>{up('S', 'super 58%')}"
        f"{up('P', '33% 58%')}{up('D', 'sub 58%')}</office:automatic-styles>"
        "<office:body><office:text><text:p>In 2020<text:note><text:note-citation>1"
        "</text:note-citation><text:note-body><text:p>Without tax.</text:p></text:note-body>"
        '</text:note> it was 50<text:span text:style-name="S">2</text:span> for '
        '10<text:span text:style-name="P">6</text:span> of x1<text:span text:style-name="D">2'
        "</text:span></text:p></office:text></office:body></office:document-content>"
    )
    media = "application/vnd.oasis.opendocument.text"
    document = parse(zipped({"mimetype": media, "content.xml": content}), "a.odt")
    assert document.elements[0].text == "In 2020 ¹ it was 50 ² for 10⁶ of x12"


def test_pdf(parse, make_pdf):
    def draw(canvas):
        text = canvas.beginText(72, 700)
        for size, rise, piece in (
            (12, 0, "The fee is 50"), (8, 4, "1"), (12, 0, " euros for 10"), (8, 4, "6"),
            (12, 0, " people, see 7"), (8, -2, "2"), (12, 0, ", 12"), (12, 0, "34"),
        ):  # fmt: skip
            text.setFont("Helvetica", size)
            text.setRise(rise)
            text.textOut(piece)
        canvas.drawText(text)

    document = parse(make_pdf(draw), "a.pdf")
    joined = " ".join(element.text for element in document.elements)
    assert joined == "The fee is 50 ¹ euros for 10⁶ people, see 72, 1234"
