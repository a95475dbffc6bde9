"""How legible a text is: told from its characters and letter triples, in many languages, no model.

Text layers with a broken font map, text decoded with the wrong code page and damaged pastes look
like text to a parser and are noise to an encoder. Written language of whatever kind consists of few
letter triples that return all the time; the frequent ones of 50 languages come with `langdetect`.
"""

import json
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from ingestion.document import Reason, Refusal
from ingestion.reading import QualitySpec
from ingestion.scripts import Script, script_of

if TYPE_CHECKING:
    pass

LEGIBILITY = "legibility"
OCR_CONFIDENCE = "ocr_confidence"
LOW_QUALITY = "low_quality"
"""Flag of a document below a floor of the settings that was taken nevertheless."""
MIN_LETTERS = 60
"""In less text nothing can be told."""
SAMPLES, SAMPLE_CHARS = 5, 4000
TOP_TRIPLES = 1000
LANGUAGES_AT_ONCE = 2
"""A text is measured by so many languages together: the likeliest ones of each script."""
NOISE, LANGUAGE = 0.25, 0.60
"""Share of frequent triples in noise and in text: measured, with the cases, in `docs`."""
LONGEST_WORD = 40
_WORD = re.compile(r"[^\W\d_]+")
_CODE = re.compile(r"\(cid:\d{1,5}\)|[\ufffd\ue000-\uf8ff\x80-\x9f\x00-\x08\x0e-\x1f]")
_MISREAD = re.compile(
    r"[\u00c2-\u00f4][\u0080-\u00bf\u0152-\u0161\u0178\u017d\u0192\u02c6\u02dc\u2013-\u2122]+"
)
_ADDRESS = re.compile(r"[\w.+-]{1,64}@[\w-]{1,63}\.[\w.-]{1,200}|\b(?:https?|ftp)://\S{1,2000}")
"""Names of machines and mailboxes are no language, and no fault of a text."""
_IDENTIFIER = re.compile(r"[!-~]*[\d_][!-~]*|[A-Z!-@\[-`{-~]+|[^AEIOUYaeiouy\W]{1,4}")
"""A token of a table that need not be a word: part numbers, serials, names of columns, units."""
_MARKS = re.compile("[\u0300-\u036f]+")
"""Marks over letters that no single character has, as in Yoruba; they part no word."""
_BEYOND = re.compile(
    "[\u0180-\u0191\u0193-\u0217\u021c-\u02af\u1e00-\u1eff"
    "\u048a-\u052f\u0671-\u0678\u067a-\u067d\u067f-\u0685\u0687\u0689-\u0690\u0692-\u0697"
    "\u0699-\u06a8\u06aa-\u06ae\u06b0-\u06b9\u06bb-\u06bd\u06bf\u06c0\u06c2-\u06cb\u06cd-\u06d1\u06d3]"
)
"""Letters of Kazakh, Mongolian, Pashto, Yoruba and the like, whose triples are not known. No code
page has them, so that text which was read in the wrong one has none either."""
BEYOND_AT_LEAST = 0.15
"""Share of such a text that stands in words with one of these letters."""
_COMMON_HAN = ("gb2312", "big5", "euc_jp", "euc_kr")


def legibility(text: str) -> float | None:
    """How much a text looks like written language, from 0 (noise) to 1.

    Program code, tables and lists of names are language enough; mail and web addresses do not
    count, and text of less than `MIN_LETTERS` letters is not measured (none).
    """
    text = _MARKS.sub("", _ADDRESS.sub(" ", _sample(text)))
    words = _WORD.findall(text)
    letters = sum(map(len, words))
    broken = sum(map(len, _CODE.findall(text)))
    if letters + broken < MIN_LETTERS:
        return None
    share = broken / max(len("".join(text.split())), 1)
    score = _language(words, letters) * _falling(share, 0.02, 0.3)
    score *= _falling(_misread(words, text) / max(len(words), 1), 0.02, 0.6)
    return round(score, 4)


def without_identifiers(table: str) -> str:
    """A table without what is no language and no fault either: `WRZB-1`, `TMP_1`, `1.30`, `kg`.

    Triples of letters tell nothing about codes, so only what looks like words is measured. What
    shows that letters were lost, such as `(cid:12)`, stays.
    """
    return " ".join(
        token
        for token in _sample(table).split()
        if not token.isascii() or _CODE.search(token) or not _IDENTIFIER.fullmatch(token)
    )


def judge(key: str, scores: Mapping[str, float], spec: QualitySpec) -> Refusal | None:
    """Refuse a document whose measures are below the floors, with the measure as the reason."""
    confidence, legible = scores.get(OCR_CONFIDENCE), scores.get(LEGIBILITY)
    if confidence is not None and confidence < spec.min_ocr_confidence:
        return Refusal(
            key,
            Reason.LOW_QUALITY,
            f"Its text was recognised with a confidence of {confidence:.2f}, less than"
            f" quality.min_ocr_confidence = {spec.min_ocr_confidence:g}; scan it again.",
        )
    if legible is not None and legible < spec.min_legibility:
        return Refusal(
            key,
            Reason.LOW_QUALITY,
            f"Its text is garbled: legibility {legible:.2f}, less than"
            f" quality.min_legibility = {spec.min_legibility:g}; export it again. If it is as it"
            " should be, quality.below: flag takes such documents and flags them.",
        )
    return None


def _sample(text: str) -> str:
    """Enough of a text, from all over it."""
    if len(text) <= SAMPLES * SAMPLE_CHARS:
        return text
    step = len(text) // SAMPLES
    return "\n".join(text[i * step : i * step + SAMPLE_CHARS] for i in range(SAMPLES))


def _falling(value: float, good: float, bad: float) -> float:
    """1 up to the one value, 0 from the other on."""
    return min(max((bad - value) / (bad - good), 0.0), 1.0)


def _misread(words: Sequence[str], text: str) -> int:
    """How many words hold UTF-8 that was read as Windows-1252, such as `CafÃ©`."""
    count = 0
    for match in _MISREAD.finditer(text):
        try:
            match.group().encode("cp1252").decode()
        except UnicodeError:
            continue
        count += 1
    return min(count, len(words))


def _language(words: Sequence[str], letters: int) -> float:
    """Share of the letters that are written language, script by script."""
    by_script: dict[Script, list[str]] = {}
    for word in words:
        by_script.setdefault(script_of(word), []).append(word.lower())
    if not letters:
        return 0.0
    total = 0.0
    for script, found in by_script.items():
        weight = sum(map(len, found))
        if script is Script.HAN:
            total += weight * _common_han("".join(found))
        elif script is Script.OTHER:
            total += weight
        else:
            total += weight * _alphabetic(found, weight)
    return total / letters


def _common_han(text: str) -> float:
    """Text decoded wrongly yields characters that no usual code page has."""
    if not text:
        return 0.0
    best = max(len(text.encode(name, "ignore").decode(name)) for name in _COMMON_HAN)
    return _falling(1 - best / len(text), 0.1, 0.5)


def familiar_share(words: Sequence[str]) -> float:
    """Share of the letter triples of words that the likeliest languages use all the time.

    Of a short question in any of 50 languages it is above 0.45, of pressed keys mostly below 0.4
    (`docs/verdict_rules.md`); of invented words that can be pronounced it tells nothing.

    Args:
        words: Of letters alone, in small letters.
    """
    triples = _triples(words)
    return _known_share(triples) if triples else 1.0


def _triples(words: Sequence[str]) -> Counter[str]:
    triples: Counter[str] = Counter()
    for word in words:
        for i in range(len(word) - 1 if len(word) > 1 else 0):
            triples[f" {word} "[i : i + 3]] += 1
        if len(word) > 1:
            triples[f"{word[-2:]} "] += 1
    return triples


def _alphabetic(words: Sequence[str], letters: int) -> float:
    single = endless = 0
    for word in words:
        if len(word) == 1:
            single += 1
        elif len(word) > LONGEST_WORD:
            endless += len(word)
    triples = _triples(words)
    split = _falling(single / letters, 0.15, 0.6) * _falling(endless / letters, 0.1, 0.8)
    beyond = sum(len(word) for word in words if _BEYOND.search(word))
    if not triples or beyond >= BEYOND_AT_LEAST * letters:
        return split
    known = _known_share(triples)
    return split * min(max((known - NOISE) / (LANGUAGE - NOISE), 0.0), 1.0)


def _known_share(triples: Mapping[str, int]) -> float:
    """Share of the triples that the likeliest languages use all the time."""
    import numpy as np

    table, languages = _table()
    rows = [(table[triple], n) for triple, n in triples.items() if triple in table]
    if not rows:
        return 0.0
    sets: np.ndarray = np.array([mask for mask, _ in rows], dtype=np.uint64)
    counts: np.ndarray = np.array([n for _, n in rows], dtype=np.int64)
    bits: np.ndarray = (sets[:, None] >> np.arange(languages, dtype=np.uint64)) & np.uint64(1)
    hits = counts @ bits.astype(np.int64)
    likeliest = np.argsort(-hits, kind="stable")[:LANGUAGES_AT_ONCE]
    known = int(counts[bits[:, likeliest].any(axis=1)].sum())
    return known / sum(triples.values())


@cache
def _table() -> tuple[dict[str, int], int]:
    """For every frequent triple the set of languages that use it, one bit per language."""
    from langdetect.detector_factory import PROFILES_DIRECTORY

    files = sorted(Path(PROFILES_DIRECTORY).iterdir())
    table: dict[str, int] = {}
    for bit, file in enumerate(files[:64]):
        frequent: Counter[str] = Counter()
        for triple, n in json.loads(file.read_text(encoding="utf-8"))["freq"].items():
            if len(triple) == 3:
                frequent[triple.lower()] += n
        for triple, _ in frequent.most_common(TOP_TRIPLES):
            table[triple] = table.get(triple, 0) | 1 << bit
    return table, min(len(files), 64)


def preload() -> None:
    """Read the table of triples now."""
    _table()
