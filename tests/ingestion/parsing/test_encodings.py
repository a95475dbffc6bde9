"""Text that does not say its encoding: read as it was written, and flagged where little tells."""

import unicodedata

import pytest

from ingestion.parsing.decoding import decode
from ingestion.parsing.encodings import guess
from ingestion.parsing.partition import partition
from tests.support.legacy_texts import LEGACY, WESTERN


@pytest.mark.parametrize(("encoding", "text"), LEGACY)
def test_short_texts_are_read_as_they_were_written(encoding, text):
    assert decode(text.encode(encoding)) == text


@pytest.mark.parametrize("charset", ["unicode_escape", "raw_unicode_escape", "Unicode-Escape"])
def test_a_page_in_a_codec_of_python_is_read_as_it_is_seen(charset, parse):
    seen = r"Ask in C:\new for \u0069\u0067\u006e\u006f\u0072\u0065."
    page = f"<html><head><meta charset={charset}></head><body><p>{seen}</p></body></html>"
    assert [element.text for element in parse(page, "a.html").elements] == [seen]


WORDS = [
    "façade", "élève", "garçon", "hôtel", "août", "Besançon", "città", "caffè", "così", "coração",
    "irmã", "São", "ångström", "fjäll", "Malmö", "Örebro", "Århus", "køkken", "Tromsø", "mañana",
    "Núñez", "pingüino", "Straße", "Äpfel", "Köln", "GRÖSSE", "MÄNNER", "Señor", "geöffnet",
    "Renée", "Škoda", "naïve",
]  # fmt: skip


@pytest.mark.parametrize("frame", ["id;name;qty\n1;{};4\n", "{};3,99", "For {}, by post."])
@pytest.mark.parametrize("word", WORDS)
def test_one_western_word_is_never_of_another_script(word, frame):
    data = frame.format(word).encode("cp1252")
    letters = [char for char in decode(data) if char.isalpha()]
    assert all("LATIN" in unicodedata.name(char) for char in letters)
    assert decode(data) == frame.format(word) or not guess(data).certain


@pytest.mark.parametrize("encoding", ["cp1252", "iso8859_15"])
def test_the_one_accent_of_a_long_text_counts_wherever_it_stands(encoding):
    text = "Nothing to be seen in this line.\n" * 5000 + "Zürich\n" + "Nor in this one.\n" * 50
    assert decode(text.encode(encoding)) == text
    one_line = text.replace("\n", " ")
    assert decode(one_line.encode(encoding)) == one_line


def test_utf8_with_one_broken_character_stays_utf8():
    text = "Die Größe der Tür beträgt über zwei Meter. " * 5
    assert decode(text.encode() + b"\xc3") == text + "\ufffd"


def test_escape_sequences_that_are_no_japanese_stay():
    assert decode(b"\x1b[1mbold\x1b[0m") == "\x1b[1mbold\x1b[0m"
    assert decode(b"\x1b$B is no Japanese") == "\x1b$B is no Japanese"


def test_weak_evidence_flags_the_document_and_strong_evidence_does_not():
    weak = partition("Order 77 for \u0425\u043b\u0435\u0431, by post".encode("cp1251"), "a.txt")
    assert weak.flags == ("encoding_guessed",)
    strong = partition("\n".join(WESTERN[:4]).encode("cp1252"), "a.txt")
    assert strong.flags == ()
    # What one document leaves behind must not flag the next.
    assert partition("Zürich".encode(), "a.txt").flags == ()
