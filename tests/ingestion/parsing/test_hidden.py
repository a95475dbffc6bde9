"""Text that no reader sees is removed and flagged; text that is seen stays."""

import pytest

from ingestion.document import Cut
from ingestion.parsing.hiding import MAX_CUTS
from ingestion.parsing.visible import visible_html

HIDDEN = [
    '<p hidden>SECRET</p>',
    '<p style="display:none">SECRET</p>',
    '<p style="DISPLAY : none !important">SECRET</p>',
    '<p style="visibility:hidden">SECRET</p>',
    '<p style="opacity:0">SECRET</p>',
    '<p style="font-size:0">SECRET</p>',
    '<div style="font-size:1px"><b>SECRET</b></div>',
    '<p style="color:white">SECRET</p>',
    '<p style="color:#fefefe">SECRET</p>',
    '<p style="color:rgb(255, 255, 255)">SECRET</p>',
    '<p style="color:rgb(100% 100% 100%)">SECRET</p>',
    '<p style="color:hsl(0,0%,100%)">SECRET</p>',
    '<p style="color:hsla(200deg 50% 99% / 0.9)">SECRET</p>',
    '<p style="color:transparent">SECRET</p>',
    '<div style="background:#123456"><p style="color:#123456">SECRET</p></div>',
    '<font color="#ffffff">SECRET</font>',
    '<p style="position:absolute;left:-9999px">SECRET</p>',
    '<p style="text-indent:-5000px">SECRET</p>',
    '<p style="position:absolute;clip:rect(0,0,0,0)">SECRET</p>',
    '<p style="height:0;overflow:hidden">SECRET</p>',
    '<p style="transform:scale(0)">SECRET</p>',
    '<p style="transform:scale(0, 0)">SECRET</p>',
    '<p style="transform:scaleX(0)">SECRET</p>',
    '<template><p>SECRET</p></template>',
    '<style>.x{display:none}</style><p class="y x">SECRET</p>',
    '<style>p#z , b{visibility:hidden}</style><p id="z">SECRET</p>',
    '<style>.x{color:red} .x{font-size:0}</style><p class="x">SECRET</p>',
    '<style>div.a > p{display:none}</style><div class="a"><p>SECRET</p></div>',
    '<style>body #o .x{opacity:0}</style><div id="o"><i><b class="x">SECRET</b></i></div>',
    '<style>@media screen{.x{display:none}}</style><p class="x">SECRET</p>',
    '<style media="print, only screen">.x{display:none}</style><p class="x">SECRET</p>',
    '<style>.x{display:none!important} .y{display:flex}</style><p class="x y">SECRET</p>',
    '<style>.x{display:none ! Important}</style><p class="x" style="display:block">SECRET</p>',
    '<p style="display:none!important;display:block">SECRET</p>',
    '<style>b{color:red} .x{display:block}</style><style>.x{display:none}</style>'
    '<p class="x">SECRET</p>',
]  # fmt: skip
SEEN = [
    '<p style="color:white;background:black">SEEN</p>',
    '<div style="background-image:url(dark.jpg)"><p style="color:#fff">SEEN</p></div>',
    '<div bgcolor="#000080"><font color="white">SEEN</font></div>',
    '<p style="opacity:0.9;font-size:12px;position:absolute;left:10px">SEEN</p>',
    '<style>@media print{p{display:none}}</style><p>SEEN</p>',
    '<style media="print">p{display:none}</style><p>SEEN</p>',
    '<style media="screen and (max-width: 9px)">p{display:none}</style><p>SEEN</p>',
    '<style>@media (max-width:9px){p{display:none}}</style><p>SEEN</p>',
    '<style>.a p{display:none}</style><div class="b"><p>SEEN</p></div>',
    '<style>p:hover, p[x]{display:none}</style><p>SEEN</p>',
    '<style>.a p{display:none} .a .b p{display:block}</style>'
    '<div class="a"><div class="b"><p>SEEN</p></div></div>',
    '<style>@import url(x.css); .y{display:none}</style><p class="x">SEEN</p>',
    '<style>body{visibility:hidden}</style><p>SEEN</p>',
    '<div style="font-size:0"><p style="font-size:14px">SEEN</p></div>',
    '<div style="color:white"><p style="color:black">SEEN</p></div>',
    '<p style="height:20px;overflow:hidden">SEEN</p>',
    '<p style="color:rgba(0,0,0,..5)">SEEN</p>',
    '<p style="color:hsl(210, 80%, 40%)">SEEN</p>',
    '<p style="color:rgb(10%,10%,10%);transform:scale(0.5)">SEEN</p>',
    '<p style="color:hsl(0 0% 100%);background:hsl(0 0% 0%)">SEEN</p>',
    '<style>.x{display:none}</style><p class="x" style="display:block">SEEN</p>',
    '<style>.x{display:block!important} #z{display:none}</style><p class="x" id="z">SEEN</p>',
    '<style>.x{display:none!important}</style>'
    '<p class="x" style="display:block!important">SEEN</p>',
    '<p style="color:rgb(0 0 0 / 1.2.3)">SEEN</p>',
]  # fmt: skip


@pytest.mark.parametrize("carrier", HIDDEN)
def test_hidden_text_is_removed_and_flagged(carrier):
    visible = visible_html(f"<html><body><p>Before</p>{carrier}<p>After</p></body></html>")
    assert "SECRET" not in visible.html
    assert "Before" in visible.html
    assert "After" in visible.html
    assert visible.flags == ("hidden_text_removed",)
    assert sum(cut.characters for cut in visible.cuts) == len("SECRET")
    assert visible.cuts[0].sample == "SECRET"


@pytest.mark.parametrize(
    ("style", "reason"),
    [
        ("display:none", "css_hidden"),
        ("visibility:hidden", "css_hidden"),
        ("opacity:0", "transparent"),
        ("color:transparent", "transparent"),
        ("font-size:0", "tiny_text"),
        ("color:#fff", "white_on_white"),
        ("position:absolute;left:-9999px", "off_screen"),
    ],
)
def test_a_cut_says_why(style, reason):
    visible = visible_html(f'<p style="{style}">SECRET</p><p>Seen.</p>')
    assert [cut.reason for cut in visible.cuts] == [reason]


@pytest.mark.parametrize(
    "sheet",
    [
        "a" * 2_000_000,
        ".b { src: url(" + "A" * 2_000_000,
        "/*" * 1_000_000,
        "@;" * 1_000_000,
        "@media print {" * 100_000,
        "@a{}" * 2_000_000,
    ],
    ids=["no rule", "a rule that breaks off", "comments", "at-rules", "media", "blocks"],
)
def test_a_style_sheet_without_end_costs_little(parse, sheet):
    # Looked for anew from each of its characters on, a rule would take hours.
    page = f"<style>.x {{display: none}} {sheet}</style><p>Seen.</p><p class='x'>GONE</p>"
    document = parse(page, "a.html")
    assert [element.text for element in document.elements] == ["Seen."]


def test_a_style_sheet_is_read_on_behind_braces_that_begin_no_rule(parse):
    sheet = "} .a { .x {display: none} /* .y {display: none}"
    page = f"<style>{sheet}</style><p>Seen.</p><p class='x'>GONE</p><p class='y'>Here.</p>"
    document = parse(page, "a.html")
    assert [element.text for element in document.elements] == ["Seen.", "Here."]


def test_many_cuts_are_summed_up():
    visible = visible_html("<p>Seen.</p>" + "<p hidden>SECRET</p>" * 1000)
    assert len(visible.cuts) == MAX_CUTS + 1
    assert sum(cut.characters for cut in visible.cuts) == 6000


@pytest.mark.parametrize("carrier", SEEN)
def test_visible_text_stays(carrier):
    visible = visible_html(f"<html><body>{carrier}</body></html>")
    assert "SEEN" in visible.html
    assert visible.flags == ()


@pytest.mark.parametrize("carrier", ["<script>x()</script>", "<!-- note -->", "<style>p{}</style>"])
def test_code_and_comments_go_without_a_flag(carrier):
    visible = visible_html(f"<p>Text {carrier} tail</p>")
    assert "tail" in visible.html
    assert "x()" not in visible.html
    assert "note" not in visible.html
    assert visible.flags == ()


def docx_with(edit):
    import docx

    document = docx.Document()
    document.add_paragraph("Seen.")
    run = document.add_paragraph().add_run("SECRET")
    edit(run)
    return document


@pytest.mark.parametrize("carrier", ["vanish", "white", "tiny"])
def test_hidden_word_text(parse, saved, carrier):
    from docx.shared import Pt, RGBColor

    edits = {
        "vanish": lambda run: setattr(run.font, "hidden", True),
        "white": lambda run: setattr(run.font.color, "rgb", RGBColor(255, 255, 255)),
        "tiny": lambda run: setattr(run.font, "size", Pt(1)),
    }
    document = parse(saved(docx_with(edits[carrier])), "a.docx")
    assert [element.text for element in document.elements] == ["Seen."]
    assert document.flags == ("hidden_text_removed",)
    reasons = {"vanish": "hidden_text", "white": "white_on_white", "tiny": "tiny_text"}
    assert document.cuts == (Cut(reasons[carrier], 6, "SECRET"),)


def test_white_word_text_on_a_dark_ground_is_seen(parse, saved):
    from docx.enum.text import WD_COLOR_INDEX
    from docx.shared import RGBColor

    def highlight(run):
        run.font.color.rgb = RGBColor(255, 255, 255)
        run.font.highlight_color = WD_COLOR_INDEX.BLUE

    document = parse(saved(docx_with(highlight)), "a.docx")
    assert [element.text for element in document.elements] == ["Seen.", "SECRET"]
    assert document.flags == ()


def draw_hidden(canvas, carrier):
    canvas.drawString(72, 700, "Seen words.")
    if carrier == "render3":
        text = canvas.beginText(72, 600)
        text.setTextRenderMode(3)
        text.textOut("SECRET")
        canvas.drawText(text)
        return
    if carrier == "tiny":
        canvas.setFont("Helvetica", 1)
    if carrier == "white":
        canvas.setFillColorRGB(1, 1, 1)
    canvas.drawString(*((5000, 600) if carrier == "off_page" else (72, 600)), "SECRET")
    if carrier == "covered":
        canvas.setFillColorRGB(1, 1, 1)
        canvas.rect(60, 590, 300, 30, stroke=0, fill=1)


@pytest.mark.parametrize("carrier", ["render3", "tiny", "white", "off_page", "covered"])
def test_hidden_pdf_text(parse, make_pdf, carrier):
    document = parse(make_pdf(lambda canvas: draw_hidden(canvas, carrier)), "a.pdf")
    assert [element.text for element in document.elements] == ["Seen words."]
    assert document.flags == ("hidden_text_removed",)


def test_white_pdf_text_on_a_dark_ground_is_seen(parse, make_pdf):
    def draw(canvas):
        canvas.setFillColorRGB(0, 0, 0.5)
        canvas.rect(60, 590, 300, 30, stroke=0, fill=1)
        canvas.setFillColorRGB(1, 1, 1)
        canvas.drawString(72, 600, "White on blue")

    document = parse(make_pdf(draw), "a.pdf")
    assert [element.text for element in document.elements] == ["White on blue"]
    assert document.flags == ()
