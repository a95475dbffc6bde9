"""Personal data is found in the ways people write it, and what only looks like it is left alone."""

import ipaddress
import itertools
import re
import string

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from query.masking import Masker
from query.privacy.card_numbers import luhn
from query.privacy.personal_data import CALLING_CODES, IBAN_LENGTHS, Kind, find_personal

unhurried = settings(deadline=None)

FOUND = [
    (Kind.EMAIL, "anna.o'neil+x@sub.example.co.uk"),
    (Kind.EMAIL, "info@2x.com"),
    (Kind.EMAIL, "info@2x.png.example.com"),
    (Kind.EMAIL, "ANNA@EXAMPLE.COM"),
    (Kind.EMAIL, "jörg＠beispiel.de"),
    (Kind.IBAN, "DE89 3704 0044 0532 0130 00"),
    (Kind.IBAN, "GB82WEST12345698765432"),
    (Kind.CARD, "4111 1111 1111 1111"),
    (Kind.CARD, "5555-5555-5555-4444"),
    (Kind.CARD, "378282246310005"),
    (Kind.IP, "192.168.178.21"),
    (Kind.IP, "2001:db8:85a3::8a2e:370:7334"),
    (Kind.PHONE, "+49 (0)170 1234567"),
    (Kind.PHONE, "+14155552671"),
    (Kind.PHONE, "0049 170 1234567"),
    (Kind.PHONE, "(030) 123 4567"),
    (Kind.PHONE, "(415) 555-2671"),
    (Kind.PHONE, "0170 12345678"),
    (Kind.PHONE, "020 7946 0958"),
    (Kind.PHONE, "01 42 68 53 00"),
    (Kind.PHONE, "030/1234567"),
    (Kind.SECRET, "sk-proj-abcdEFGH1234567890abcd"),
    (Kind.SECRET, "ghp_" + "a1" * 18),
    (Kind.SECRET, "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.abcDEF123"),
    (Kind.SECRET, "AKIAIOSFODNN7EXAMPLE"),
    (Kind.SECRET, "-----BEGIN RSA PRIVATE KEY-----\nMIIB\n-----END RSA PRIVATE KEY-----"),
]
BEHIND_A_WORD = [
    (Kind.PHONE, "Call me at 4155552671 please", "4155552671"),
    (Kind.PHONE, "my phone number is 5551234", "5551234"),
    (Kind.PHONE, "reach me at 4155552671", "4155552671"),
    (Kind.IP, "version 4.2 on 203.0.113.7 fails", "203.0.113.7"),
    (Kind.IP, "hosts 12, 203.0.113.7", "203.0.113.7"),
    (Kind.PHONE, "tel:+4917012345678", "+4917012345678"),
    (Kind.PHONE, "My number is +44 20 7946 0958", "+44 20 7946 0958"),
    (Kind.PHONE, "contact number: 020 7946 0958", "020 7946 0958"),
    (Kind.PHONE, "his home number is 212-555-0147.", "212-555-0147"),
    (Kind.CARD, "My credit card number is 5500 0000 0000 0004", "5500 0000 0000 0004"),
    (Kind.CARD, "card no. 4111111111111111", "4111111111111111"),
    (Kind.SECRET, "password: hunter2!", "hunter2!"),
    (Kind.SECRET, "My password is Tr0ub4dor&3, what now?", "Tr0ub4dor&3"),
    (Kind.SECRET, "Authorization: Bearer abcdef123456", "abcdef123456"),
    (Kind.SECRET, "DB_PASSWORD=Sup3rS3cret!", "Sup3rS3cret!"),
    (Kind.SECRET, "OPENAI_API_KEY=abcd1234efgh5678", "abcd1234efgh5678"),
    (Kind.SECRET, "aws_secret_access_key = wJalr/K7MDENG", "wJalr/K7MDENG"),
    (Kind.SECRET, '{"accessToken": "abc123DEF456"}', "abc123DEF456"),
    (Kind.SECRET, "postgres://bob:s3cret@db:5432/x", "bob:s3cret"),
    (Kind.SECRET, "redis://:s3cret@cache:6379/0", ":s3cret"),
    (Kind.SECRET, "https://bob:s3c@ret@host/x", "bob:s3c@ret"),
    (Kind.SECRET, "Authorization: Basic YWxhZGRpbjpvcGVuc2VzYW1l", "YWxhZGRpbjpvcGVuc2VzYW1l"),
    (Kind.PHONE, "My number is 07911123456, ring me.", "07911123456"),
    (Kind.PHONE, "our new number: 4471234567.", "4471234567"),
]
LEFT_ALONE = """
Where is the picture img/logo@2x.png shown?
the picture icon@3x.WEBP.
order 4111111111111111
Order number 1234567890
order no. 0170 12345678
number 0170 12345678
my order number 0170 12345678
our customer number is 4111111111111111
my order number is 07911123456
my meter number is 07911123456
My number is 12.
Is my number 1234567 in use?
http://[::1]:8080/x and ftp://host:21/a
tracking id +49 170 1234567
version 10.2.3.4
versions 4.2.0.17 and 4.2.0.18 or 4.2.0.19
from firmware 4.2.0.17 to 4.2.0.18
rule 3.2.1.4 and requirement 8.3.10.1 and step 1.2.3.4
We reach 10 000 000 people
When does it reach 1000000 users?
v1.2.3.4-beta
section 4.2.1.3
firmware 10.0.12.1
2026-11-25
25.11.2026 10:30
01-02-2026 10:30
04/11/2026
2026-11-25T10:30:00+0100
call 2026-11-25 10:30
call 1 of 3
from 1999-2004 to 2010-2015
E-14 and TERN-4 and INV-2026-000123
007-2020-1234
price 1,480.50 or 1.000.000,00
10 000 000 users
ISBN 978-3-16-148410-0
550e8400-e29b-41d4-a716-446655440000
e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855
12:30:45 aa:bb:cc:dd:ee:ff
127.0.0.1 and 0.0.0.0 and ::1
password is required
What is the token limit of token v2-auth?
@anna a@b git-token
MAX_TOKENS=4096k and compass: 270deg and mytoken: v2-auth
GB12 is a lot
1234567890123456
0012345678
3.14159265358979
std::vector<int>
50 x 60 x 70 mm
""".strip().splitlines()


@pytest.mark.parametrize(("kind", "value"), FOUND)
@pytest.mark.parametrize("around", ["{}", "Is {} right?", "({}), and then", "see {}."])
def test_it_is_found_as_a_whole(kind, value, around):
    text = around.format(value)
    (found,) = find_personal(text)
    assert (found.kind, text[found.start : found.end]) == (kind, value)


@pytest.mark.parametrize(("kind", "text", "value"), BEHIND_A_WORD)
def test_a_word_in_front_says_what_it_is(kind, text, value):
    (found,) = find_personal(text)
    assert (found.kind, text[found.start : found.end]) == (kind, value)


@pytest.mark.parametrize("text", LEFT_ALONE)
def test_what_only_looks_like_it_is_left_alone(text):
    assert find_personal(text) == []


def test_two_ways_of_writing_a_number_are_one_value():
    values = {find_personal(text)[0].value for text in ("+49 170 1234567", "+49-170-1234567")}
    assert values == {"491701234567"}
    ibans = ("DE89 3704 0044 0532 0130 00", "de89370400440532013000")
    assert len({find_personal(text)[0].value for text in ibans}) == 1


@unhurried
@given(st.from_regex(r"(?:ORD|INV|PO|SKU|CASE)-[0-9]{4,19}", fullmatch=True))
def test_numbers_of_orders_with_their_letters_are_none(number):
    assert find_personal(f"Where is {number}?") == []


@unhurried
@given(
    st.sampled_from(["order", "Order number", "invoice no.", "ticket #", "serial", "article"]),
    st.text(alphabet=string.digits, min_size=4, max_size=19),
)
def test_numbers_behind_a_word_that_names_them_are_none(word, digits):
    assert find_personal(f"What about {word} {digits}?") == []


@unhurried
@given(st.text(alphabet=string.digits, min_size=1, max_size=30))
def test_bare_digits_are_a_card_or_nothing(digits):
    found = find_personal(f"The value {digits} is too large")
    assert all(f.kind is Kind.CARD and luhn(f.value) and f.value == digits for f in found)


@unhurried
@given(st.lists(st.integers(0, 999), min_size=2, max_size=4), st.sampled_from(["", "-rc1", "b2"]))
def test_versions_behind_their_word_are_none(parts, suffix):
    version = ".".join(map(str, parts)) + suffix
    for text in (f"version {version}", f"v{version}", f"release {version} of Tern"):
        assert find_personal(text) == []


@unhurried
@given(st.datetimes())
def test_dates_and_times_are_none(moment):
    forms = ("%Y-%m-%d", "%Y-%m-%d %H:%M:%S", "%d.%m.%Y", "%d/%m/%Y %H:%M", "%m-%d-%Y", "%H:%M:%S")
    assume(moment.year >= 1900)
    for form in (*forms, "%Y-%m-%dT%H:%M:%S+0100"):
        assert find_personal(f"since {moment.strftime(form)} it is down") == []


@unhurried
@given(st.ip_addresses())
def test_every_address_that_may_be_somebodys_is_found(address):
    text = str(address)
    short = address.version == 6 and (len(text) < 7 or not re.search(r"\d", text))
    assume(not (short or address.is_loopback or address.is_unspecified))
    (found,) = find_personal(f"Who is {address}, please?")
    assert ipaddress.ip_address(found.value) == address


@unhurried
@given(st.sampled_from(sorted(IBAN_LENGTHS)), st.data())
def test_ibans_are_told_by_their_checksum(country, data):
    length = IBAN_LENGTHS[country]
    alphabet = st.text(alphabet=string.digits, min_size=length - 4, max_size=length - 4)
    account = data.draw(alphabet)
    number = int("".join(str(int(c, 36)) for c in f"{account}{country}00"))
    right = f"{country}{98 - number % 97:02d}{account}"
    (found,) = find_personal(f"Pay to {right} today")
    assert (found.kind, found.value) == (Kind.IBAN, right)
    wrong = f"{country}{(98 - number % 97 + 1) % 97:02d}{account}"
    if wrong != right:
        assert all(f.kind is not Kind.IBAN for f in find_personal(f"Pay to {wrong} today"))


@pytest.mark.parametrize("before", ["NW10 ", "BIC AB12 ", "DE89 "])
@pytest.mark.parametrize(
    "written", ["DE89 3704 0044 0532 0130 00", "DE89  3704  0044  0532  0130  00",
                "DE89 3704 0044\n0532 0130 00"]
)  # fmt: skip
def test_an_account_is_found_behind_what_begins_like_one_and_over_lines(before, written):
    (found,) = find_personal(f"{before}{written} is mine")
    assert (found.kind, found.value) == (Kind.IBAN, "DE89370400440532013000")


@pytest.mark.parametrize("extension", ["x12", "ext12", " x12"])
def test_an_extension_does_not_hide_a_telephone(extension):
    assert Masker().mask(f"+44 20 7946 0958{extension}") == f"[phone:1]{extension}"


@unhurried
@given(st.from_regex(r"[1-9][0-9]{2}", fullmatch=True), st.integers(10**6, 10**8 - 1))
def test_numbers_of_countries_that_do_not_exist_are_none(prefix, rest):
    known = CALLING_CODES.match(prefix) is not None
    assert bool(find_personal(f"Is +{prefix} {rest} yours?")) is known


@pytest.mark.parametrize(
    "secret",
    [
        "sk-" + "aB3" * 200,
        "eyJhbGciOiJ9." + "aB3-" * 3000 + ".sig-" + "aB3" * 800,
        "-----BEGIN RSA PRIVATE KEY-----\n" + "aB3d" * 3000 + "\n-----END RSA PRIVATE KEY-----",
        "-----BEGIN PGP PRIVATE KEY BLOCK-----\nlQOYBF\n-----END PGP PRIVATE KEY BLOCK-----",
    ],
    ids=["key", "web token", "private key", "block"],
)
def test_a_long_secret_is_found_to_its_end(secret):
    (found,) = find_personal(f"It says {secret} and stops.")
    assert (found.kind, found.value) == (Kind.SECRET, secret)


def test_a_long_password_is_found_to_its_end():
    (found,) = find_personal("password: " + "aB3" * 200)
    assert found.value == "aB3" * 200


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("+44\u202f20\u202f7946\u202f0958", Kind.PHONE),
        ("+44\u201120\u20117946\u20110958", Kind.PHONE),
        ("4111\u20091111\u20091111\u20091111", Kind.CARD),
        ("DE89\u202f3704\u202f0044\u202f0532\u202f0130\u202f00", Kind.IBAN),
        ("_jane.roe@example.org_", Kind.EMAIL),
        ("jane.roe@example.xn--p1ai", Kind.EMAIL),
    ],
)
def test_typesetting_and_markup_hide_nothing(text, kind):
    (found,) = find_personal(f"Is {text} right?")
    assert found.kind is kind
    assert "[" + kind.value in Masker().mask(text)


@unhurried
@given(st.text(max_size=200))
def test_no_text_is_too_odd_and_findings_never_overlap(text):
    found = find_personal(text)
    assert all(0 <= f.start < f.end <= len(text) for f in found)
    assert all(a.end <= b.start for a, b in itertools.pairwise(found))


@pytest.mark.parametrize(
    "piece", ["1 ", "1-", "a@", "a.", "+1", "DE12", "password ", "1:", "(", "call ", "eyJa.", "x'"]
)
def test_long_hostile_texts_come_to_an_end(piece):
    text = piece * (20_000 // len(piece))
    assert all(re.search(r"\w", text[f.start : f.end]) for f in find_personal(text))


@pytest.mark.parametrize(
    "text", ["\n" * 100_000, ("1 Main Street " + "a." * 100 + "\n\n") * 300], ids=["lines", "stops"]
)
def test_lines_and_stops_without_end_are_read_once(text):
    (found,) = find_personal(f"{text} Dear Mrs Roe,")
    assert found.kind is Kind.PERSON


def test_other_signs_among_the_letters_of_an_account_number_are_no_fault():
    assert find_personal("DE89 3704 0044 0532* 0130 00") == []
