"""OpenDocument: structure, repeated cells, and what styles hide."""

import pytest

from ingestion.document import Reason

NS = " ".join(
    f'xmlns:{name}="urn:oasis:names:tc:opendocument:xmlns:{urn}:1.0"'
    for name, urn in {
        "office": "office", "text": "text", "table": "table", "draw": "drawing", "style": "style",
        "fo": "xsl-fo-compatible", "svg": "svg-compatible", "presentation": "presentation",
    }.items()
)  # fmt: skip
STYLES = """
<style:style style:name="H" style:family="text"><style:text-properties text:display="none"/>
</style:style><style:style style:name="W" style:family="text">
<style:text-properties fo:color="#ffffff"/></style:style>
<style:style style:name="S" style:family="text"><style:text-properties fo:font-size="1pt"/>
</style:style><style:style style:name="Child" style:parent-style-name="H" style:family="text"/>
<style:style style:name="Dark" style:family="table-cell">
<style:table-cell-properties fo:background-color="#000000"/></style:style>
<style:style style:name="Gone" style:family="table">
<style:table-properties table:display="false"/></style:style>
<style:style style:name="NoShow" style:family="drawing-page">
<style:drawing-page-properties presentation:visibility="hidden"/></style:style>
<style:page-layout style:name="L"><style:page-layout-properties fo:page-width="10cm"
 fo:page-height="8cm"/></style:page-layout>"""


@pytest.fixture
def odf(zipped):
    def build(kind, body):
        content = (
            f"<office:document-content {NS}><office:automatic-styles>{STYLES}"
            f"</office:automatic-styles><office:body><office:{kind}>{body}</office:{kind}>"
            "</office:body></office:document-content>"
        )
        media = f"application/vnd.oasis.opendocument.{kind}"
        return zipped({"mimetype": media, "content.xml": content})

    return build


def test_text_structure(parse, kinds, odf):
    body = (
        '<text:h text:outline-level="2">Head</text:h><text:p>One<text:s text:c="2"/>two'
        "<text:line-break/>three<text:note><text:note-citation>1</text:note-citation>"
        "<text:note-body><text:p>Footnote.</text:p></text:note-body></text:note></text:p>"
        "<text:list><text:list-item><text:p>item</text:p></text:list-item></text:list>"
        "<table:table><table:table-row><table:table-cell><text:p>a</text:p></table:table-cell>"
        '<table:table-cell table:number-columns-repeated="2"><text:p>b</text:p></table:table-cell>'
        "</table:table-row></table:table>"
        "<text:tracked-changes><text:p>DELETED</text:p></text:tracked-changes>"
    )
    document = parse(odf("text", body), "a.odt")
    assert kinds(document) == [
        ("heading", 2, "Head", None),
        ("text", 0, "One  two\nthree1", None),
        ("text", 0, "Footnote.", None),
        ("list_item", 0, "item", None),
        ("table", 0, "a | b | b", None),
    ]


@pytest.mark.parametrize(
    ("carrier", "reason"),
    [
        ('<text:span text:style-name="H">SECRET</text:span>', "hidden_text"),
        ('<text:span text:style-name="Child">SECRET</text:span>', "hidden_text"),
        ('<text:span text:style-name="W">SECRET</text:span>', "white_on_white"),
        ('<text:span text:style-name="S">SECRET</text:span>', "tiny_text"),
        ('<text:hidden-text text:string-value="SECRET"/>', "hidden_text"),
    ],
)
def test_hidden_text_is_cut(parse, odf, carrier, reason):
    document = parse(odf("text", f"<text:p>Seen{carrier} too.</text:p>"), "a.odt")
    assert [element.text for element in document.elements] == ["Seen too."]
    assert [(cut.reason, cut.sample) for cut in document.cuts] == [(reason, "SECRET")]
    assert document.flags == ("hidden_text_removed",)


def test_white_text_in_a_dark_cell_is_seen(parse, odf):
    body = (
        '<table:table><table:table-row><table:table-cell table:style-name="Dark"><text:p>'
        '<text:span text:style-name="W">seen</text:span></text:p></table:table-cell>'
        "</table:table-row></table:table>"
    )
    assert parse(odf("text", body), "a.odt").elements[0].text == "seen"


def test_sheets_rows_and_columns(parse, kinds, odf):
    cell = "<table:table-cell><text:p>{}</text:p></table:table-cell>".format
    body = (
        '<table:table table:name="One"><table:table-column/>'
        '<table:table-column table:visibility="collapse"/><table:table-column/>'
        f"<table:table-row>{cell('a')}{cell('HIDDENCOL')}{cell('c')}</table:table-row>"
        f'<table:table-row table:visibility="filter">{cell("HIDDENROW")}</table:table-row>'
        f"<table:table-row>{cell('d')}{cell('')}{cell('f')}</table:table-row>"
        '<table:table-row table:number-rows-repeated="1048000"><table:table-cell '
        'table:number-columns-repeated="16000"/></table:table-row></table:table>'
        f'<table:table table:name="Two" table:style-name="Gone"><table:table-row>{cell("AWAY")}'
        "</table:table-row></table:table>"
    )
    document = parse(odf("spreadsheet", body), "a.ods")
    assert kinds(document) == [("heading", 1, "One", 1), ("table", 0, "a | c\nd | f", 1)]
    assert [(cut.reason, cut.sample, cut.page) for cut in document.cuts] == [
        ("hidden_column", "HIDDENCOL", 1), ("hidden_row", "HIDDENROW", 1),
        ("hidden_sheet", "AWAY", 2),
    ]  # fmt: skip


def test_slides(parse, kinds, odf):
    box = (
        '<draw:frame svg:x="{}cm" svg:y="1cm" svg:width="2cm" svg:height="1cm"{}><draw:text-box>'
        "<text:p>{}</text:p></draw:text-box></draw:frame>"
    ).format
    title = ' presentation:class="title"'
    body = (
        f"<draw:page>{box(1, '', 'Words')}{box(1, title, 'Opening')}{box(20, '', 'OUTSIDE')}"
        f"<presentation:notes>{box(1, '', 'SPOKEN')}</presentation:notes></draw:page>"
        f'<draw:page draw:style-name="NoShow">{box(1, "", "UNSEEN")}</draw:page>'
    )
    document = parse(odf("presentation", body), "a.odp")
    assert kinds(document) == [("heading", 1, "Opening", 1), ("text", 0, "Words", 1)]
    assert [(cut.reason, cut.sample, cut.page) for cut in document.cuts] == [
        ("speaker_notes", "SPOKEN", 1), ("off_slide", "OUTSIDE", 1), ("hidden_slide", "UNSEEN", 2),
    ]  # fmt: skip


def test_titles_comments_and_notes_keep_their_words_apart_and_hide_what_is_hidden(parse, odf):
    text = (
        "<text:p>Annual<text:line-break/>Report<text:tab/>2026"
        '<text:span text:style-name="H">SECRET</text:span></text:p><text:p>Draft</text:p>'
    )
    box = f"<draw:text-box>{text}</draw:text-box>"
    body = (
        f'<draw:page><draw:frame presentation:class="title">{box}</draw:frame>'
        f"<office:annotation>{text}</office:annotation>"
        f"<presentation:notes><draw:frame>{box}</draw:frame></presentation:notes></draw:page>"
    )
    document = parse(odf("presentation", body), "a.odp")
    assert [" ".join(element.text.split()) for element in document.elements] == [
        "Annual Report 2026 Draft",
        "Comment: Annual Report 2026 Draft",
    ]
    assert document.title == "Annual Report 2026 Draft"
    assert sorted((cut.reason, cut.sample) for cut in document.cuts) == [
        ("hidden_text", "SECRET"),
        ("hidden_text", "SECRET"),
        ("speaker_notes", "Annual Report 2026SECRET Draft"),
    ]


@pytest.mark.parametrize("body", ["<text:p>The rule.</text:p>", ""])
def test_headers_and_footers_are_set_apart_or_all_there_is(parse, zipped, body):
    content = (
        f"<office:document-content {NS}><office:body><office:text>{body}</office:text>"
        "</office:body></office:document-content>"
    )
    margin = "<style:{0}><text:p>{1}</text:p></style:{0}>".format
    styles = (
        f"<office:document-styles {NS}><office:master-styles><style:master-page>"
        f"{margin('header', 'Version 2')}{margin('footer', 'Confidential')}"
        f"{margin('footer-left', 'Confidential')}</style:master-page></office:master-styles>"
        "</office:document-styles>"
    )
    media = "application/vnd.oasis.opendocument.text"
    package = {"mimetype": media, "content.xml": content, "styles.xml": styles}
    document = parse(zipped(package), "a.odt")
    texts = [element.text for element in document.elements]
    cuts = [(cut.reason, cut.sample) for cut in document.cuts]
    if body:
        assert (texts, cuts) == (["The rule."], [("repeated_header", "Version 2 Confidential")])
    else:
        assert (texts[:2], cuts) == (["Version 2", "Confidential"], [])
    assert document.flags == ()


def test_comments_are_read_as_such(parse, odf):
    note = "<office:annotation><text:p>Is it so?</text:p></office:annotation>"
    document = parse(odf("text", f"<text:p>It is{note} so.</text:p>"), "a.odt")
    assert [element.text for element in document.elements] == ["It is so.", "Comment: Is it so?"]


def test_entities_and_encryption_are_refused(refuse, zipped):
    media = "application/vnd.oasis.opendocument.text"
    bomb = '<!DOCTYPE x [<!ENTITY a "b">]><office/>'
    assert refuse(zipped({"mimetype": media, "content.xml": bomb}), "a.odt").reason is Reason.UNSAFE
    sealed = {"mimetype": media, "META-INF/manifest.xml": "<m><encryption-data/></m>"}
    assert refuse(zipped(sealed), "a.odt").reason is Reason.ENCRYPTED


@pytest.mark.parametrize(("rows", "columns"), [(1, 10**9), (10**9, 3)])
def test_a_table_that_claims_a_billion_cells_is_refused(refuse, odf, rows, columns):
    body = (
        f'<table:table><table:table-row table:number-rows-repeated="{rows}"><table:table-cell '
        f'table:number-columns-repeated="{columns}"><text:p>x</text:p></table:table-cell>'
        "</table:table-row></table:table>"
    )
    assert refuse(odf("spreadsheet", body), "a.ods").reason is Reason.TOO_LARGE


def test_rows_far_below_the_rest_of_a_sheet_are_read(parse, odf):
    cell = "<table:table-cell><text:p>{}</text:p></table:table-cell>"
    row = f"<table:table-row>{cell}</table:table-row>"
    blank = (
        '<table:table-row><table:table-cell table:number-columns-repeated="900"/></table:table-row>'
    )
    rows = f"{row.format('top')}{blank * 2500}{row.format('below')}"
    document = parse(
        odf("spreadsheet", f'<table:table table:name="S">{rows}</table:table>'), "a.ods"
    )
    assert [element.text for element in document.elements] == ["S", "top", "below"]


def deck(zipped, body, footer="true"):
    box = "<draw:frame{}><draw:text-box><text:p>{}</text:p></draw:text-box></draw:frame>".format
    content = (
        f'<office:document-content {NS}><office:automatic-styles><style:style style:name="dp">'
        f'<style:drawing-page-properties presentation:display-footer="{footer}"/></style:style>'
        "</office:automatic-styles><office:body><office:presentation>"
        '<presentation:footer-decl presentation:name="f">Acme 2026</presentation:footer-decl>'
        '<presentation:footer-decl presentation:name="g">UNUSED</presentation:footer-decl>'
        '<draw:page draw:master-page-name="M" draw:style-name="dp" '
        f'presentation:use-footer-name="f">{body and box("", body)}</draw:page>'
        "</office:presentation></office:body></office:document-content>"
    )
    shapes = (
        box(' presentation:class="title" presentation:placeholder="true"', "CLICK HERE"),
        box(' presentation:class="footer"', "Confidential"),
        box(' presentation:class="page-number"', "7"),
        box("", "Acme GmbH"),
        f"<presentation:notes>{box('', 'NOTES')}</presentation:notes>",
    )
    styles = (
        f"<office:document-styles {NS}><office:master-styles>"
        f'<style:master-page style:name="M">{"".join(shapes)}</style:master-page>'
        f'<style:master-page style:name="N">{box("", "OTHER")}</style:master-page>'
        "</office:master-styles></office:document-styles>"
    )
    media = "application/vnd.oasis.opendocument.presentation"
    return zipped({"mimetype": media, "content.xml": content, "styles.xml": styles})


def test_what_a_master_puts_on_every_slide_is_set_apart_or_all_there_is(parse, zipped):
    document = parse(deck(zipped, "The rule."), "a.odp")
    assert [element.text for element in document.elements] == ["The rule."]
    assert [(cut.reason, cut.sample) for cut in document.cuts] == [
        ("repeated_header", "Acme 2026 Confidential Acme GmbH")
    ]
    assert document.flags == ()
    document = parse(deck(zipped, ""), "a.odp")
    assert [e.text for e in document.elements] == ["Acme 2026", "Confidential", "Acme GmbH"]
    document = parse(deck(zipped, "", footer="false"), "a.odp")
    assert [element.text for element in document.elements] == ["Acme GmbH"]


@pytest.mark.parametrize(("kind", "key"), [("spreadsheet", "a.ods"), ("text", "a.odt")])
def test_a_cell_over_several_rows_is_repeated_in_each(parse, odf, kind, key):
    cell = "<table:table-cell><text:p>{}</text:p></table:table-cell>".format
    over = (
        '<table:table-cell table:number-rows-spanned="2"><text:p>{}</text:p></table:table-cell>'
    ).format
    covered = "<table:covered-table-cell/>"
    body = (
        '<table:table table:name="One">'
        f"<table:table-row>{cell('Year')}{cell('Month')}{cell('Place')}</table:table-row>"
        f"<table:table-row>{over('2025')}{cell('May')}{over('Lund')}</table:table-row>"
        f"<table:table-row>{covered}{cell('June')}{covered}</table:table-row>"
        f"<table:table-row>{cell('2026')}{cell('July')}{cell('')}</table:table-row>"
        "</table:table>"
    )
    text = parse(odf(kind, body), key).elements[-1].text
    assert text == "Year | Month | Place\n2025 | May | Lund\n2025 | June | Lund\n2026 | July"


@pytest.mark.parametrize("more", ["", ' table:visibility="collapse"'], ids=["shown", "hidden"])
def test_a_cell_ends_with_its_rows_where_rows_alike_are_written_once(parse, odf, more):
    cell = "<table:table-cell><text:p>{}</text:p></table:table-cell>".format
    body = (
        '<table:table table:name="One">'
        f"<table:table-row>{cell('Year')}{cell('Place')}</table:table-row>"
        '<table:table-row><table:table-cell table:number-rows-spanned="3"><text:p>2025</text:p>'
        f"</table:table-cell>{cell('Lund')}</table:table-row>"
        f'<table:table-row table:number-rows-repeated="2"{more}><table:covered-table-cell/>'
        f"{cell('Visby')}</table:table-row>"
        f"<table:table-row>{cell('')}{cell('Ystad')}</table:table-row>"
        f"<table:table-row>{cell('')}{cell('Kiruna')}</table:table-row>"
        "</table:table>"
    )
    text = parse(odf("spreadsheet", body), "a.ods").elements[-1].text
    alike = "" if more else "2025 | Visby\n2025 | Visby\n"
    assert text == f"Year | Place\n2025 | Lund\n{alike} | Ystad\n | Kiruna"


CELLS = """
<style:style style:name="White" style:family="table-cell"><style:text-properties
 fo:color="#ffffff"/></style:style><style:style style:name="OnBlue" style:family="table-cell">
<style:table-cell-properties fo:background-color="#0000aa"/><style:text-properties
 fo:color="#ffffff"/></style:style><style:style style:name="Mapped" style:family="table-cell">
<style:text-properties fo:color="#ffffff"/><style:map style:condition="cell-content()=1"/>
</style:style>"""


@pytest.fixture
def sheet(zipped):
    def build(body, more=""):
        content = (
            f"<office:document-content {NS}><office:automatic-styles>{CELLS}"
            "</office:automatic-styles><office:body><office:spreadsheet>"
            f'<table:table table:name="One">{body}{more}</table:table>'
            "</office:spreadsheet></office:body></office:document-content>"
        )
        media = "application/vnd.oasis.opendocument.spreadsheet"
        return zipped({"mimetype": media, "content.xml": content})

    return build


def styled(text: str, style: str = "") -> str:
    named = f' table:style-name="{style}"' if style else ""
    return f"<table:table-cell{named}><text:p>{text}</text:p></table:table-cell>"


def test_cells_in_white_are_cut_by_whatever_gives_them_their_style(parse, sheet):
    body = (
        '<table:table-column table:number-columns-repeated="2"/>'
        '<table:table-column table:default-cell-style-name="White"/>'
        f"<table:table-row>{styled('seen')}{styled('CELL', 'White')}{styled('COLUMN')}"
        f"{styled('blue', 'OnBlue')}{styled('may be', 'Mapped')}</table:table-row>"
        f'<table:table-row table:default-cell-style-name="White">{styled("ROW")}</table:table-row>'
    )
    document = parse(sheet(body), "a.ods")
    assert document.elements[-1].text == "seen |  |  | blue | may be"
    assert {(cut.reason, cut.sample) for cut in document.cuts} == {
        ("white_on_white", "CELL"), ("white_on_white", "COLUMN"), ("white_on_white", "ROW"),
    }  # fmt: skip


def test_colours_of_a_sheet_with_conditions_are_not_judged(parse, sheet):
    body = f"<table:table-row>{styled('seen')}{styled('white', 'White')}</table:table-row>"
    document = parse(sheet(body, "<table:conditional-formats/>"), "a.ods")
    assert document.elements[-1].text == "seen | white"
    assert document.cuts == ()
