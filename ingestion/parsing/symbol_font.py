"""The characters of the font Symbol, whose codes mean other signs than those of any code page."""

import codecs

NAME = "symbol"
"""Stands among the names of encodings for the codes of this font."""
_PRIVATE = 0xF000
"""Where Office puts the codes of such fonts in Unicode: 0xF020 to 0xF0FF."""
_FIRST, _SECOND = 0x20, 0xA0
_LOW = (
    " !∀#∃%&∋()∗+,−./0123456789:;<=>?≅ΑΒΧΔΕΦΓΗΙϑΚΛΜΝΟΠΘΡΣΤΥςΩΞΨΖ[∴]⊥_"
    "‾αβχδεφγηιϕκλμνοπθρστυϖωξψζ{|}∼"
)
_HIGH = (
    "€ϒ′≤⁄∞ƒ♣♦♥♠↔←↑→↓°±″≥×∝∂•÷≠≡≈…⏐⎯↵ℵℑℜ℘⊗⊕∅∩∪⊃⊇⊄⊂⊆∈∉∠∇®©™∏√⋅¬∧∨⇔⇐⇑⇒⇓"
    "◊〈®©™∑⎛⎜⎝⎡⎢⎣⎧⎨⎩⎪\x00〉∫⌠⎮⌡⎞⎟⎠⎤⎥⎦⎫⎬⎭"
)
_SIGNS = {
    **{_FIRST + at: sign for at, sign in enumerate(_LOW)},
    **{_SECOND + at: sign for at, sign in enumerate(_HIGH) if sign != "\x00"},
}
_BY_CODE = {**_SIGNS, **{_PRIVATE + code: sign for code, sign in _SIGNS.items()}}


def symbols(text: str) -> str:
    """Text in the font Symbol, by code or in the private use area, as the signs that it shows."""
    return text.translate(_BY_CODE)


def decoded(data: bytes, encoding: str) -> str:
    """Bytes of a font as text; what is no character of its code page becomes U+FFFD."""
    if encoding == NAME:
        return symbols(codecs.decode(data, "latin-1"))
    return data.decode(encoding, "replace")
