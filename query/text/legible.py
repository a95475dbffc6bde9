"""What somebody asks or said as documents are read: without what cannot be seen, in plain letters.

Soft hyphens and signs without width come along when people copy from a page, ligatures from a PDF
file, full-width letters from a Chinese or Japanese keyboard. The index has none of the first, and
hardly ever the others.
"""

import unicodedata
from typing import Final

from ingestion.cleaning import visible

_PLAIN: Final = str.maketrans(
    {chr(wide): chr(wide - 0xFEE0) for wide in range(0xFF01, 0xFF5F) if chr(wide).isalnum()}
    | {chr(joined): unicodedata.normalize("NFKC", chr(joined)) for joined in range(0xFB00, 0xFB07)}
)
"""Full-width letters and figures, and the ligatures of Latin letters; marks stay Chinese ones."""


def legible(text: str) -> str:
    """Return a text as documents are read; lines stay lines.

    Args:
        text: As it came.
    """
    return visible(text).translate(_PLAIN)
