"""PDF: paragraphs, headings, pages; scans and locked files are refused by name."""

import re

import pytest

from config.recognition import OcrMode
from ingestion.document import Reason
from ingestion.parsing.partition import partition
from ingestion.reading import OcrSpec, ReadingSpec


def lines(canvas, *texts, top=700, size=11, leading=13):
    canvas.setFont("Helvetica", size)
    for index, text in enumerate(texts):
        canvas.drawString(72, top - index * leading, text)


def test_layout_becomes_paragraphs_headings_and_pages(parse, make_pdf, kinds):
    def first(canvas):
        lines(canvas, "Annual report", top=760, size=22)
        lines(canvas, "The first paragraph goes", "over two lines with infor-", "mation.", top=700)
        lines(canvas, "A second paragraph", "follows after a gap.", top=620)
        lines(canvas, "Outlook", top=560, size=16)

    def second(canvas):
        lines(canvas, "The text of the second page is here.")

    document = parse(make_pdf(first, second), "a.pdf")
    assert document.title == "Annual report"
    assert kinds(document) == [
        ("heading", 1, "Annual report", 1),
        ("text", 0, "The first paragraph goes over two lines with information.", 1),
        ("text", 0, "A second paragraph follows after a gap.", 1),
        ("heading", 2, "Outlook", 1),
        ("text", 0, "The text of the second page is here.", 2),
    ]


def test_what_is_only_drawn_needs_ocr(make_pdf):
    reading = ReadingSpec(ocr=OcrSpec(mode=OcrMode.OFF))
    scan = make_pdf(lambda canvas: canvas.rect(50, 50, 400, 600, fill=1))
    refusal = partition(scan, "a.pdf", reading)
    assert refusal.reason is Reason.NEEDS_OCR
    assert "ocr.mode is off" in refusal.detail


def test_an_empty_page_has_no_text(refuse, make_pdf):
    assert refuse(make_pdf(lambda canvas: None), "a.pdf").reason is Reason.NO_TEXT


def test_a_page_of_drawings_among_others_is_flagged(parse, make_pdf):
    pages = (lambda c: lines(c, "Words."), lambda c: c.rect(50, 50, 400, 600, fill=1))
    assert parse(make_pdf(*pages), "a.pdf").flags == ("pages_without_text",)


def test_locked_and_damaged(refuse, make_pdf):
    from reportlab.lib.pdfencrypt import StandardEncryption

    locked = make_pdf(lambda c: lines(c, "x"), encrypt=StandardEncryption("user", "owner"))
    assert refuse(locked, "a.pdf").reason is Reason.ENCRYPTED
    whole = make_pdf(lambda c: lines(c, "x"))
    assert refuse(b"%PDF-1.7 nothing else", "a.pdf").reason is Reason.CORRUPT
    assert refuse(whole[: len(whole) // 4], "a.pdf").reason in {Reason.CORRUPT, Reason.NO_TEXT}


@pytest.mark.parametrize("name", ["a.pdf", "a.txt"])
def test_a_pdf_is_a_pdf_whatever_its_name(parse, make_pdf, name):
    document = parse(make_pdf(lambda c: lines(c, "Words.")), name)
    assert document.media_type == "application/pdf"
    assert ("type_mismatch" in document.flags) == (name == "a.txt")


BEYOND_NUMBERS = (
    "12 2147483648 -2147483649 1 1000000 72 cm 2 12 2147483648 50 12 500 cm "
    "BT /F1 72 Tf 100 1 700 50 -99999999999999999999999999999999999999999999 1 Tm (Lost) Tj ET"
)


def test_a_bookmark_without_a_readable_title_costs_only_itself(parse, make_pdf):
    def page(canvas):
        lines(canvas, "A page with a bookmark.")
        canvas.bookmarkPage("here")
        canvas.addOutlineEntry("Readable", "here")

    broken = re.sub(rb"/Title \(Readable[^)]*\)", b"/Title <FEFFD800>", make_pdf(page))
    assert b"<FEFFD800>" in broken
    assert parse(broken, "a.pdf").elements[0].text == "A page with a bookmark."


def test_words_at_no_place_cost_no_other_page(parse, make_pdf):
    def good(canvas):
        lines(canvas, "A page with words that are where they are said to be.")

    def wild(canvas):
        canvas.setFont("Helvetica", 11)
        canvas._code.append(BEYOND_NUMBERS)

    document = parse(make_pdf(good, wild), "a.pdf")
    assert [element.page for element in document.elements] == [1]
    assert [(cut.reason, cut.page) for cut in document.cuts] == [("off_page", 2)]


def test_a_page_without_a_surface_costs_no_other_page(parse, make_pdf):
    def good(canvas):
        lines(canvas, "A page with words that are where they are said to be.")

    def nothing(canvas):
        lines(canvas, "Nobody sees this.", top=-5)
        canvas.rect(100, 100, 200, 200, fill=1)  # nor this, so it is no page to be recognised
        canvas.setCropBox((-1000, 0, 500, -1))

    document = parse(make_pdf(good, nothing), "a.pdf")
    assert [element.page for element in document.elements] == [1]


FORM = """%PDF-1.7
1 0 obj << /Type /Catalog /Pages 2 0 R /AcroForm << /Fields [5 0 R 6 0 R 7 0 R] /DR <<
/Font << /Helv 4 0 R >> >> /DA (/Helv 12 Tf 0 g) /NeedAppearances true >> >> endobj
2 0 obj << /Type /Pages /Kids [3 0 R] /Count 1 >> endobj
3 0 obj << /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 8 0 R
/Resources << /Font << /Helv 4 0 R >> >> /Annots [5 0 R 6 0 R 7 0 R] >> endobj
4 0 obj << /Type /Font /Subtype /Type1 /BaseFont /Helvetica >> endobj
5 0 obj << /Type /Annot /Subtype /Widget /FT /Tx /T (name) /V (Ada Lovelace)
/Rect [250 700 450 720] /F 4 /P 3 0 R >> endobj
6 0 obj << /Type /Annot /Subtype /Widget /FT /Ch /Ff 131072 /Opt [(London) (Paris)] /T (city)
/V (Paris) /Rect [250 600 450 620] /F 4 /P 3 0 R >> endobj
7 0 obj << /Type /Annot /Subtype /Widget /FT /Tx /T (secret) /V (Not to be seen)
/Rect [250 500 450 520] /F 2 /P 3 0 R >> endobj
8 0 obj << /Length 87 >> stream
BT /Helv 12 Tf 72 705 Td (Name of the tenant:) Tj 0 -100 Td (City of the tenant:) Tj ET
endstream endobj
trailer << /Root 1 0 R >>
"""


def test_fields_that_were_filled_in_but_not_drawn_are_read(parse):
    read = [element.text for element in parse(FORM, "form.pdf").elements]
    assert "tenant: Ada Lovelace" in " ".join(read)
    assert read[-1].endswith("Paris")
    assert "Not to be seen" not in " ".join(read)
    empty = re.sub(r"/V \(.*?\)", "", FORM)
    read = [element.text for element in parse(empty, "form.pdf").elements]
    assert " ".join(read) == "Name of the tenant: City of the tenant:"


def test_pages_that_cannot_be_read_are_not_said_to_be_without_text(refuse):
    broken = re.sub(r"/Kids \[3 0 R\] /Count 1", "/Kids [3 0 R 9 0 R] /Count 2", FORM)
    broken = re.sub(r"/Annots \[.*?\]|BT .* ET", "", broken).replace(
        "trailer", "9 0 obj 42 endobj trailer"
    )
    refusal = refuse(broken, "a.pdf")
    assert refusal.reason is Reason.NO_TEXT
    assert refusal.detail == "None of the 2 pages has any text. 1 of them cannot be read."


WAIT = (
    "Please wait...",
    "If this message is not eventually replaced with the proper contents of the document, your",
    "PDF viewer may not be able to display this type of document.",
)


def as_xfa(data):
    catalog = b"/AcroForm << /Fields [] /XFA (x) >> /NeedsRendering true /Type /Catalog"
    assert data.count(b"/Type /Catalog") == 1
    return data.replace(b"/Type /Catalog", catalog)


def test_a_form_of_which_only_a_request_to_wait_can_be_read_is_refused(refuse, make_pdf):
    refusal = refuse(as_xfa(make_pdf(lambda c: lines(c, *WAIT))), "form.pdf")
    assert refusal.reason is Reason.UNSUPPORTED_TYPE
    assert "print it to a PDF" in refusal.detail


def test_a_form_that_has_pages_of_its_own_is_read(parse, make_pdf):
    pages = [lambda c, n=n: lines(c, f"This is page {n} of the form.") for n in (1, 2)]
    document = parse(as_xfa(make_pdf(*pages)), "form.pdf")
    assert [element.page for element in document.elements] == [1, 2]


def test_files_that_are_attached_are_told(parse, make_pdf):
    import io

    import pypdfium2 as pdfium
    from pypdfium2 import raw

    letter = make_pdf(lambda c: lines(c, "The figures are in the attached file."))
    document = pdfium.PdfDocument(letter)
    name = (raw.FPDF_WCHAR * 6)(*map(ord, "a.txt"), 0)
    attached = raw.FPDFDoc_AddAttachment(document, name)
    assert raw.FPDFAttachment_SetFile(attached, document, b"3 million", 9)
    buffer = io.BytesIO()
    document.save(buffer)
    document.close()
    assert parse(letter, "a.pdf").flags == ()
    assert parse(buffer.getvalue(), "a.pdf").flags == ("embedded_objects_not_read",)


PINNED = re.sub(
    r"(?s)5 0 obj.*(?=8 0 obj)",
    """5 0 obj << /Type /Annot /Subtype /FileAttachment /Rect [72 400 90 420] /F 4 /P 3 0 R
/FS << /Type /Filespec /F (a.txt) /EF << /F 6 0 R >> >> >> endobj
6 0 obj << /Type /EmbeddedFile /Length 9 >> stream
3 million
endstream endobj
""",
    FORM.replace("5 0 R 6 0 R 7 0 R", "5 0 R"),
)


def test_a_file_that_is_pinned_to_a_page_is_told_as_one_of_the_document_is(parse):
    assert parse(PINNED, "a.pdf").flags == ("embedded_objects_not_read",)
    assert parse(PINNED.replace("/FileAttachment", "/Text"), "a.pdf").flags == ()
