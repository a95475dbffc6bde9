"""Fonts such as Symbol, whose codes mean other signs than those of a code page."""

import codecs

_PRIVATE = 0xF000
"""Where Office puts the codes of such fonts in Unicode: 0xF020 to 0xF0FF."""
_SYMBOL = {
    0x20: " !∀#∃%&∋()∗+,−./0123456789:;<=>?≅ΑΒΧΔΕΦΓΗΙϑΚΛΜΝΟΠΘΡΣΤΥςΩΞΨΖ[∴]⊥_"
    "‾αβχδεφγηιϕκλμνοπθρστυϖωξψζ{|}∼",
    0xA0: "€ϒ′≤⁄∞ƒ♣♦♥♠↔←↑→↓°±″≥×∝∂•÷≠≡≈…⏐⎯↵ℵℑℜ℘⊗⊕∅∩∪⊃⊇⊄⊂⊆∈∉∠∇®©™∏√⋅¬∧∨⇔⇐⇑⇒⇓◊〈®©™∑⎛⎜⎝⎡⎢⎣⎧⎨⎩⎪",
    0xF1: "〉∫⌠⎮⌡⎞⎟⎠⎤⎥⎦⎫⎬⎭",
}
# What says something in a text: hands, faces, bullets, boxes, figures, arrows, ticks.
_WINGDINGS = {
    0x20: " ", 0x3F: "✍✎✌👌👍👎☜☞☝☟✋☺😐☹", 0x52: "☼", 0x54: "❄", 0x6C: "●❍■□◻❑❒⬧⧫◆❖⬥⌧",
    0x80: "⓪①②③④⑤⑥⑦⑧⑨⑩⓿❶❷❸❹❺❻❼❽❾❿", 0x9E: "·•", 0xA1: "○", 0xA4: "◉◎", 0xA7: "▪◻",
    0xAA: "✦★✶✴✹✵", 0xB5: "✪✰", 0xD8: "➢", 0xDF: "←→↑↓↖↗↙↘←→↑↓↖↗↙↘⇦⇨⇧⇩⬄⇳⬁⬀⬃⬂▭▫✗✓☒☑",
}  # fmt: skip
_WINGDINGS_2 = {0x20: " ", 0x4F: "✗✓☒☑☒☒", 0x97: "●", 0xA2: "■□"}
_ORNAMENTS = {start + code: "" for start in (0, _PRIVATE) for code in range(0x21, 0x100)}
"""All other codes of fonts that hold pictures: no letters, though they look like some."""


def _placed(runs: dict[int, str]) -> dict[int, str]:
    """The signs by their code, also in the private use area."""
    signs = {first + at: sign for first, run in runs.items() for at, sign in enumerate(run)}
    return {**signs, **{_PRIVATE + code: sign for code, sign in signs.items()}}


_BY_FONT = {
    "symbol": _placed(_SYMBOL),
    "wingdings": {**_ORNAMENTS, **_placed(_WINGDINGS)},
    "wingdings 2": {**_ORNAMENTS, **_placed(_WINGDINGS_2)},
}


def known_font(name: str) -> str | None:
    """The name under which the codes of a font are known; it stands among those of encodings.

    Args:
        name: As a document writes it, such as `Wingdings`.
    """
    wanted = name.strip().rstrip(";").lower()
    return wanted if wanted in _BY_FONT else None


def shown(text: str, font: str | None) -> str:
    """Text as a font shows it, whose codes stand in it or in the private use area."""
    signs = _BY_FONT.get(font or "")
    return text if signs is None else text.translate(signs)


def decoded(data: bytes, encoding: str) -> str:
    """Bytes of a font as text; what is no character of its code page becomes U+FFFD."""
    if encoding in _BY_FONT:
        return shown(codecs.decode(data, "latin-1"), encoding)
    return data.decode(encoding, "replace")
