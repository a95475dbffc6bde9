"""Mails: headers first, the readable body, no mail lost to a broken part."""

from email.message import EmailMessage

import pytest


def make_mail(**headers):
    message = EmailMessage()
    for name, value in {"Subject": "Plan", "From": "a@x.org", "To": "b@x.org", **headers}.items():
        message[name] = value
    return message


def test_headers_then_body(parse, kinds):
    mail = make_mail(Date="Mon, 01 Jan 2024 10:00:00 +0000")
    mail.set_content("Hello,\n\nsee you.\n")
    document = parse(mail.as_bytes(), "a.eml")
    assert document.title == "Plan"
    assert kinds(document) == [
        ("mail_header", 0, "Subject: Plan", None),
        ("mail_header", 0, "From: a@x.org", None),
        ("mail_header", 0, "To: b@x.org", None),
        ("mail_header", 0, "Date: Mon, 01 Jan 2024 10:00:00 +0000", None),
        ("text", 0, "Hello,", None),
        ("text", 0, "see you.", None),
    ]


def test_the_visible_html_alternative_is_preferred(parse):
    mail = make_mail()
    mail.set_content("plain version")
    mail.add_alternative("<p>rich</p><p style='display:none'>SECRET</p>", subtype="html")
    document = parse(mail.as_bytes(), "a.eml")
    assert document.elements[-1].text == "rich"
    assert document.flags == ("hidden_text_removed",)
    assert not any("plain" in element.text for element in document.elements)


def test_attachments_are_flagged_not_read(parse):
    mail = make_mail()
    mail.set_content("body")
    mail.add_attachment(b"SECRET", maintype="application", subtype="pdf", filename="../x.pdf")
    mail.add_attachment("SECRET", filename="notes.txt")
    document = parse(mail.as_bytes(), "a.eml")
    assert document.flags == ("attachments_not_read",)
    assert "SECRET" not in str(document.elements)


def test_an_embedded_message_is_not_lost(parse):
    inner = make_mail(Subject="Inner")
    inner.set_content("inner body")
    outer = make_mail(Subject="Fwd")
    outer.set_content(inner)
    texts = [element.text for element in parse(outer.as_bytes(), "a.eml").elements]
    assert "Subject: Inner" in texts
    assert texts[-1] == "inner body"


@pytest.mark.parametrize(
    ("charset", "body", "expected"),
    [
        ("utf-8", "größe".encode(), "größe"),
        ("no-such-charset", "größe".encode(), "größe"),
        ("us-ascii", "größe".encode(), "größe"),
        ("iso-8859-1", "größe".encode("latin-1"), "größe"),
        ("iso-2022-jp", "日本語".encode("iso-2022-jp"), "日本語"),
    ],
)
def test_wrong_and_unknown_charsets(parse, charset, body, expected):
    head = f"Subject: x\nContent-Type: text/plain; charset={charset}\n"
    raw = head.encode() + b"Content-Transfer-Encoding: 8bit\n\n" + body
    assert parse(raw, "a.eml").elements[-1].text == expected


@pytest.mark.parametrize(
    ("header", "title"),
    [
        ("=?utf-8?b?R3LDtsOfZQ==?=", "Größe"),
        ("Größe", "Größe"),
        ("=?nonsense?B?VEVTVA=?=", "=?nonsense?B?VEVTVA=?="),
        ("two\n lines", "two lines"),
    ],
)
def test_subjects(parse, header, title):
    assert parse(f"Subject: {header}\n\nbody".encode(), "a.eml").title == title


def test_deep_nesting_is_bounded(parse):
    depth = 300
    opening = "".join(
        f"Content-Type: multipart/mixed; boundary=b{i}\n\n--b{i}\n" for i in range(depth)
    )
    mail = f"Subject: deep\n{opening}Content-Type: text/plain\n\nbottom"
    document = parse(mail, "a.eml")
    assert document.title == "deep"
    assert document.flags == ("attachments_not_read",)
