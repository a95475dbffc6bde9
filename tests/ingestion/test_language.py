"""Languages are told apart where a text is long enough, and equal text has equal languages."""

import json
from pathlib import Path

import pytest

from ingestion.language import UNKNOWN, chunk_language, document_language

GROUNDING = Path(__file__).parents[3] / "shared" / "data" / "grounding"

SAMPLES = {
    "en": "The travel desk answers within two working days, and it is closed at the weekend.",
    "de": "Das Reisebüro antwortet innerhalb von zwei Arbeitstagen und ist am Wochenende zu.",
    "fr": "Le bureau des voyages répond sous deux jours ouvrables et il est fermé le dimanche.",
    "es": "La oficina de viajes responde en dos días hábiles y está cerrada los domingos.",
    "ru": "Отдел поездок отвечает в течение двух рабочих дней и закрыт по выходным дням.",
    "zh": "差旅部门在两个工作日内答复，周末不办公。如果你有问题，请发送电子邮件给我们的同事。",
    "ja": "出張窓口は二営業日以内に返信します。週末は休みですので、ご注意ください。",
    "ko": "출장 담당 부서는 영업일 기준 이틀 안에 답변하며 주말에는 문을 닫습니다.",
    "ar": "يرد مكتب السفر خلال يومي عمل وهو مغلق في عطلة نهاية الأسبوع ولا يعمل يوم الجمعة.",
}


@pytest.mark.parametrize("code", SAMPLES)
def test_a_text_in_one_language(code):
    assert document_language(SAMPLES[code]) == code
    assert chunk_language(SAMPLES[code], "en") == code


@pytest.mark.parametrize("code", SAMPLES)
def test_capitals_do_not_make_another_language(code):
    assert document_language(SAMPLES[code].upper()) == code
    assert chunk_language(SAMPLES[code].upper(), "en") == code


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("მოწყობილობის გარანტია არის ორი წელი შეძენის დღიდან, შეინახეთ ქვითარი.", "ka"),
        ("Սարքի երաշխիքը երկու տարի է գնման օրվանից, պահպանեք անդորրագիրը։", "hy"),
    ],
)
def test_a_script_that_the_statistics_do_not_know_is_not_taken_for_latin(text, code):
    assert document_language(text) == code
    assert chunk_language(f"PDF 2.0: {text}", "en") == code


@pytest.mark.parametrize("text", ["", " \n", "42", "OK", "3.14 | 2.71 | 1.41\n" * 20, "§§§ +++ %"])
def test_what_has_no_language_takes_that_of_its_document(text):
    assert document_language(text) == UNKNOWN
    assert chunk_language(text, "de") == "de"


def test_most_of_a_document_decides():
    text = f"{SAMPLES['de']} " * 60 + f"{SAMPLES['en']} " * 3
    assert document_language(text) == "de"


def test_equal_text_has_equal_languages():
    mixed = "Server restart Backup Log Cluster Node Status Update Report Upload Login Token Test"
    assert len({chunk_language(mixed, "en") for _ in range(20)}) == 1


@pytest.mark.skipif(not GROUNDING.is_dir(), reason="the grounding data is not on this machine")
@pytest.mark.parametrize("code", ["en", "de", "es", "zh"])
def test_encyclopedia_articles_are_told_apart(code):
    with (GROUNDING / f"xquad_{code}" / "documents.jsonl").open(encoding="utf-8") as lines:
        found = [document_language(json.loads(line)["text"]) for line in lines]
    assert len(found) > 30
    assert found.count(code) / len(found) >= 0.97


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("De vergadering is in Utrecht of in Zwolle en was al lang gepland", "nl"),
        ("Wat is in de bus of in de doos: was, zeep of inkt", "nl"),
        ("Det er godt at have tid for at se på for og have at lave", "da"),
    ],
)
def test_small_words_that_other_languages_share_make_no_english(text, code):
    assert document_language(text) == code
    assert chunk_language(text, "en") == code


@pytest.mark.parametrize(
    "text", ["Café", "Müller", "Meet José Müller at Café Zoë", "請求書", "報價單", "Да", "µm"]
)
def test_a_few_letters_do_not_tell_a_language(text):
    assert document_language(text) == UNKNOWN
    assert chunk_language(text, "en") == "en"


@pytest.mark.parametrize(
    ("text", "code"), [("東京タワー", "ja"), ("견적서", "ko"), ("Άρθρο", "el"), ("ใบแจ้งหนี้", "th")]
)
def test_a_few_letters_of_a_script_of_its_own_do(text, code):
    assert chunk_language(text, "en") == code
