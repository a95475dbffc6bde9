"""Calendars: what an appointment says, also the one that an invitation holds beside its text."""

from email.message import EmailMessage

import pytest

from ingestion.document import Reason

EVENT = """BEGIN:VCALENDAR
VERSION:2.0
METHOD:REQUEST
BEGIN:VTIMEZONE
TZID:Europe/Berlin
DESCRIPTION:not for people
END:VTIMEZONE
BEGIN:VEVENT
UID:1@firm.example
DTSTART;TZID=Europe/Berlin:20261203T140000
DTEND;TZID="Europe/Berlin":20261203T150000Z
SUMMARY:Budget\\, review
LOCATION:Room 12\\; second
  floor
ORGANIZER;CN="Lee: Ann";ROLE=CHAIR:mailto:ann@firm.example
ATTENDEE:MAILTO:bob@firm.example
DESCRIPTION:Bring the numbers.\\n\\nTea is served.
ATTACH;ENCODING=BASE64;VALUE=BINARY:AAAA
BEGIN:VALARM
DESCRIPTION:Reminder
END:VALARM
STATUS:CONFIRMED
END:VEVENT
END:VCALENDAR
"""


def test_an_appointment_says_what_when_where_and_who(parse, kinds):
    document = parse(EVENT.replace("\n", "\r\n"), "budget.ics")
    assert (document.media_type, document.title) == ("text/calendar", "Budget, review")
    assert document.flags == ("embedded_objects_not_read",)
    assert kinds(document) == [
        ("heading", 1, "Budget, review", None),
        ("text", 0, "Begins: 2026-12-03 14:00 (Europe/Berlin)", None),
        ("text", 0, "Ends: 2026-12-03 15:00 UTC", None),
        ("text", 0, "Where: Room 12; second floor", None),
        ("text", 0, "Organizer: Lee: Ann <ann@firm.example>", None),
        ("text", 0, "Attendee: bob@firm.example", None),
        ("text", 0, "Status: CONFIRMED", None),
        ("text", 0, "Bring the numbers.", None),
        ("text", 0, "Tea is served.", None),
    ]


def test_every_entry_is_read_and_a_cancelled_one_says_so(parse):
    lines = ["METHOD:CANCEL"]
    for kind, name in (("VEVENT", "Fair"), ("VTODO", "Pack")):
        lines += [f"BEGIN:{kind}", f"SUMMARY:{name}", "DTSTART;VALUE=DATE:20261203"]
        lines += ["DTEND;VALUE=DATE:20261205", f"END:{kind}"]
    document = parse("\n".join(["BEGIN:VCALENDAR", *lines, "END:VCALENDAR"]), "a.ics")
    said = ["Status: CANCELLED", "Begins: 2026-12-03", "Ends: 2026-12-05 (not included)"]
    assert [e.text for e in document.elements] == ["Fair", *said, "Pack", *said]
    assert document.title is None


def test_an_entry_of_many_lines_is_read_at_once_and_tells_each_once(parse):
    lines = [f"CATEGORIES:topic {number}" for number in range(250_000)]
    body = ["BEGIN:VEVENT", "SUMMARY:Fair", *lines, lines[0], "END:VEVENT"]
    document = parse("\n".join(["BEGIN:VCALENDAR", *body, "END:VCALENDAR"]), "a.ics")
    assert len(document.elements) == 1 + len(lines)


@pytest.mark.parametrize(
    ("text", "reason"),
    [("no calendar", Reason.CORRUPT), ("BEGIN:VCALENDAR\nEND:VCALENDAR\n", Reason.NO_TEXT)],
)
def test_what_holds_no_appointment_is_refused(text, reason, refuse):
    assert refuse(text, "a.ics").reason is reason


@pytest.mark.parametrize("text_too", [True, False])
def test_the_calendar_of_an_invitation_is_a_part_beside_its_text(text_too, parse):
    mail = EmailMessage()
    mail["Subject"] = "Invitation"
    mail.set_content("You are invited.")
    if text_too:
        mail.add_alternative("<p>You are invited.</p>", subtype="html")
    mail.add_alternative(EVENT, subtype="calendar", params={"method": "REQUEST"})
    document = parse(mail.as_bytes(), "m.eml")
    (part,) = document.parts
    assert part.name == "attachment.ics"
    assert parse(part.data, f"m.eml!/{part.name}").title == "Budget, review"
    assert [e.text for e in document.elements][-1] == "You are invited."
