"""Mails: headers first, the readable body, no mail lost to a broken part."""

import base64
from email.message import EmailMessage
from email.mime.application import MIMEApplication
from email.mime.multipart import MIMEMultipart
from email.mime.text import MIMEText
from pathlib import Path

import pytest

from ingestion.document import Reason, Refusal
from ingestion.parsing.partition import partition
from ingestion.parsing.parts import LIMITS, PartLimits

EML = Path(__file__).resolve().parents[4] / "shared" / "data" / "corpora" / "eml"


def b64(text, encoding):
    return base64.b64encode(text.encode(encoding)).decode()


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


def test_attachments_are_parts_and_named_in_a_header(parse):
    mail = make_mail()
    mail.set_content("body")
    mail.add_attachment(b"%PDF-1.4", maintype="application", subtype="pdf", filename="../x.pdf")
    mail.add_attachment("one", filename="notes.txt")
    mail.add_attachment("two", filename="notes.txt")
    mail.add_attachment(b"a,b", maintype="text", subtype="csv")
    document = parse(mail.as_bytes(), "a.eml")
    assert [part.name for part in document.parts] == [
        "x.pdf", "notes.txt", "notes (2).txt", "attachment.csv",
    ]  # fmt: skip
    assert document.parts[0].data == b"%PDF-1.4"
    assert document.parts[2].data.strip() == b"two"
    assert document.elements[3].text == (
        "Attachments: x.pdf; notes.txt; notes (2).txt; attachment.csv"
    )
    assert document.elements[4].text == "body"
    assert document.flags == ()


def test_an_attached_message_is_a_part_under_its_subject(parse):
    inner = make_mail(Subject="Re: the plan?")
    inner.set_content("inner body")
    inner.add_attachment(b"deep", maintype="application", subtype="pdf", filename="d.pdf")
    outer = make_mail()
    outer.set_content("outer body")
    outer.add_attachment(inner)
    document = parse(outer.as_bytes(), "a.eml")
    assert [part.name for part in document.parts] == ["Re: the plan?.eml"]
    assert "inner body" not in str(document.elements)
    child = parse(document.parts[0].data, f"a.eml!/{document.parts[0].name}")
    assert child.title == "Re: the plan?"
    assert [part.name for part in child.parts] == ["d.pdf"]


@pytest.mark.parametrize(
    ("raw", "name"),
    [
        ("../../../tmp/slip.txt", "slip.txt"),
        ("/etc/passwd", "passwd"),
        ("..\\..\\win.txt", "win.txt"),
        ("con.txt\u202etxt.exe", "con.txttxt.exe"),
        ("..", "attachment.txt"),
        ("a" * 300 + ".txt", "a" * 175 + "….txt"),
        ("=?utf-8?b?R3LDtsOfZS50eHQ=?=", "Größe.txt"),
    ],
)
def test_names_of_attachments_are_plain_file_names(parse, raw, name):
    mail = make_mail()
    mail.set_content("body")
    mail.add_attachment("x", filename=raw)
    assert [part.name for part in parse(mail.as_bytes(), "a.eml").parts] == [name]


def test_no_mail_is_lost_because_of_a_part(parse):
    mail = make_mail()
    mail.set_content("body")
    mail.add_attachment(b"", maintype="application", subtype="pdf", filename="empty.pdf")
    mail.add_attachment(b"x", maintype="application", subtype="pkcs7-mime", filename="smime.p7m")
    document = parse(mail.as_bytes(), "a.eml")
    assert document.elements[-1].text == "body"
    assert [(part.name, part.refusal.reason) for part in document.parts] == [
        ("empty.pdf", Reason.EMPTY_FILE), ("smime.p7m", Reason.ENCRYPTED),
    ]  # fmt: skip
    assert document.parts[0].refusal.key == "a.eml!/empty.pdf"
    assert document.flags == ("parts_refused",)


def test_limits_of_a_mail_leave_the_mail_readable(parse):
    mail = make_mail()
    mail.set_content("body")
    for number in range(5):
        mail.add_attachment(bytes(100), maintype="image", subtype="png", filename=f"{number}.png")
    for limits in (PartLimits(max_parts=2), PartLimits(max_total_bytes=250)):
        token = LIMITS.set(limits)
        try:
            document = parse(mail.as_bytes(), "a.eml")
        finally:
            LIMITS.reset(token)
        assert document.elements[-1].text == "body"
        assert [part.name for part in document.parts] == ["0.png", "1.png", "(the rest)"]
        assert document.parts[-1].refusal.reason is Reason.TOO_LARGE
    deep = parse(mail.as_bytes(), "!/".join("abcdefghi") + "!/a.eml")
    assert {part.refusal.reason for part in deep.parts} == {Reason.TOO_DEEP}


def test_attachments_beside_alternatives_are_kept(parse):
    mail = make_mail()
    mail.set_content("plain")
    mail.add_alternative("<p>rich</p>", subtype="html")
    mail.attach(MIMEApplication(b"inside", Name="in.bin"))
    document = parse(mail.as_bytes(), "a.eml")
    assert document.elements[-1].text == "rich"
    assert [part.name for part in document.parts] == ["in.bin"]


def test_attachments_among_and_inside_other_alternatives_are_kept(parse):
    mail = make_mail()
    mail.set_content("plain")
    mail.add_alternative("<p>rich</p>", subtype="html")
    mail.attach(MIMEText("a,b", "csv"))
    mail.get_payload()[-1]["Content-Disposition"] = 'attachment; filename="rates.csv"'
    document = parse(mail.as_bytes(), "a.eml")
    assert [(part.name, part.data) for part in document.parts] == [("rates.csv", b"a,b")]
    first = MIMEMultipart("related", _subparts=[MIMEText("<p>rich</p>", "html")])
    second = MIMEMultipart(_subparts=[MIMEText("plain"), MIMEApplication(b"x", Name="in.bin")])
    document = parse(MIMEMultipart("alternative", _subparts=[first, second]).as_bytes(), "a.eml")
    assert [element.text for element in document.elements] == ["Attachments: in.bin", "rich"]
    assert [(part.name, part.data) for part in document.parts] == [("in.bin", b"x")]


@pytest.mark.parametrize("before", ["", "\n", "\ufeff", "\n\n"])
@pytest.mark.parametrize("sender", ["a@x.org", '"Ann Lee"@x.org', "Ann Lee"])
def test_no_message_of_a_mailbox_is_lost(parse, before, sender):
    messages = "\n".join(
        f"From {sender} Mon Jan  1 00:00:00 2024\nSubject: No. {i}\n\nbody\n" for i in range(3)
    )
    document = parse(before + messages, "a.mbox")
    assert [element.text for element in document.elements] == ["No. 0", "No. 1", "No. 2"]


def test_what_stands_before_the_first_line_of_a_mailbox_is_a_message(parse):
    mailbox = "Subject: first\n\nbody\n\nFrom a@x.org Mon Jan 1\nSubject: second\n\nbody\n"
    document = parse(mailbox, "a.mbox")
    assert [element.text for element in document.elements] == ["first", "second"]
    assert document.parts[0].data == b"Subject: first\n\nbody\n\n"


def test_a_byte_order_mark_costs_no_headers(parse):
    document = parse("\ufeffSubject: Plan\nTo: b@x.org\n\nbody\n", "a.eml")
    assert document.title == "Plan"
    assert [e.text for e in document.elements] == ["Subject: Plan", "To: b@x.org", "body"]


@pytest.mark.parametrize("disposition", ["inline", "attachment"])
def test_a_message_in_base64_is_decoded(parse, disposition):
    inner = base64.encodebytes(b"Subject: Inner\n\ninner body\n").decode()
    document = parse(
        "Subject: Fwd\nContent-Type: multipart/mixed; boundary=b\n\n--b\n\nsee below\n--b\n"
        f"Content-Type: message/rfc822\nContent-Disposition: {disposition}\n"
        f"Content-Transfer-Encoding: base64\n\n{inner}\n--b--\n",
        "a.eml",
    )
    if disposition == "attachment":
        assert [part.name for part in document.parts] == ["Inner.eml"]
        document = parse(document.parts[0].data, "a.eml!/Inner.eml")
    assert [element.text for element in document.elements[-2:]] == ["Subject: Inner", "inner body"]


def test_a_mailbox_is_its_messages(parse):
    messages = "".join(
        f"From a@x.org Mon Jan 1\nSubject: No. {i}\n\nFrom here on body {i}.\n\n" for i in range(5)
    )
    document = parse(messages, "a.mbox")
    assert [element.text for element in document.elements] == [f"No. {i}" for i in range(5)]
    assert [part.name for part in document.parts] == [f"000{i}.eml" for i in range(1, 6)]
    child = parse(document.parts[3].data, "a.mbox!/0004.eml")
    assert [element.text for element in child.elements] == [
        "Subject: No. 3",
        "From here on body 3.",
    ]
    token = LIMITS.set(PartLimits(max_parts=2))
    try:
        limited = parse(messages, "a.mbox")
    finally:
        LIMITS.reset(token)
    assert [part.name for part in limited.parts] == ["0001.eml", "0002.eml", "(the rest)"]


@pytest.mark.skipif(not EML.exists(), reason="the shared corpora are not on this machine")
def test_all_messages_of_the_corpus_are_read():
    files = sorted(file for file in EML.iterdir() if file.is_file())
    read = [partition(file.read_bytes(), file.name) for file in files]
    assert [r for r in read if isinstance(r, Refusal)] == []
    assert len(read) == 104


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
        # Named after a standard, written in what vendors made of it; and a name that no one else
        # knows.
        (f"=?gb2312?B?{b64('赵喆 的 报告', 'gbk')}?= (1)", "赵喆 的 报告 (1)"),
        (f"=?iso-8859-8-i?B?{b64('שלום', 'iso-8859-8')}?=", "שלום"),
        (f"=?us-ascii?B?{b64('größe', 'utf-8')}?=", "größe"),
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
    assert document.flags == ("deep_mail",)
