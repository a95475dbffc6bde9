"""Notice when what is asked for is written in one form only, and nothing near is written so.

"What is the mobile phone number of the head of security?" is not answered by a passage about that
phone which gives no number, nor a price in dollars by one in euros. Unlike a name or a place, such
an answer can be looked for.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

ASKS: Final = re.compile(
    r"^\W*(?:(?:at|on|under|to) )?(?:what|which|whats|what's|how much|(?:give|tell|send) me)\b",
    re.IGNORECASE,
)
"""Who asks how to change a phone number asks for none."""


@dataclass(frozen=True, slots=True)
class Form:
    """Something that is written in one form only."""

    name: str
    asked: re.Pattern[str]
    """How a question asks for it."""
    written: re.Pattern[str]
    """How it is written."""


def _form(name: str, asked: str, written: str) -> Form:
    return Form(name, re.compile(asked, re.IGNORECASE), re.compile(written, re.IGNORECASE))


FORMS: Final = (
    _form(
        "a telephone number",
        r"\b(?:(?:tele|mobile |cell )?phone|mobile|cell|fax|hotline) ?(?:number\b|no\.)",
        r"(?<![\d:.,])\+?\d(?:[ \u00a0()/.-]{0,2}\d){5,}(?![\d:])"
        r"|\b(?:dial|call|ring|tel|ext|extension|phone|hotline|number)\b\D{0,15}\d{3,}(?![\d:])",
    ),
    _form(
        "an e-mail address",
        r"\be-?mail(?: address|s address)\b",
        # Pictures for fine screens are named logo@2x.png.
        r"[\w.+-]+@(?!\dx\.(?:png|jpe?g|gif|webp|svg|avif|heic|bmp)\b)[\w-]+\.\w+",
    ),
    _form(
        "a web address",
        r"\b(?:(?:what|which) url|url (?:of|for)|web(?:site)? address)\b",
        r"https?://|\bwww\.|\b[a-z\d-]+\.(?:com|org|net|io|eu|gov|edu|example|[a-z]{2})(?:/|\b)",
    ),
    _form(
        "an amount in dollars",
        r"\bin (?:us |u\.s\. |american )?(?:dollars?|usd|\$)(?!\w)",
        # R$ and MX$ are reais and pesos.
        r"(?<![^\W\d_])(?:US|AU?|CA?|NZ|HK|S)?\$|\busd\b|\bdollars?\b",
    ),
    _form("an amount in euros", r"\bin (?:euros?|eur|€)(?!\w)", r"€|\beur\b|\beuros?\b"),
    _form(
        "an amount in pounds",
        r"\bin (?:british )?(?:pounds?(?: sterling)?|gbp|£)(?!\w)",
        r"£|\bgbp\b|\bpounds?\b|\bsterling\b|\blbs?\b",
    ),
    _form(
        "an amount in francs",
        r"\bin (?:swiss )?(?:francs?|chf)(?!\w)",
        r"\bchf\b|\bfrancs?\b|\bfr\.",
    ),
    _form(
        "an amount in crowns",
        r"\bin (?:(?:swedish|norwegian|danish|icelandic) )?"
        r"(?:kron(?:or|er|ur|a|e)|sek|nok|dkk|isk)(?!\w)",
        r"\bkr\b|\bkron(?:or|er|ur|a|e)\b|\b(?:sek|nok|dkk|isk)\b",
    ),
    _form(
        "an amount in zloty",
        r"\bin (?:polish )?(?:z[lł]oty(?:s|ch)?|pln)(?!\w)",
        r"zł\b|\bz[lł]oty(?:s|ch)?\b|\bpln\b",
    ),
    _form(
        "an amount in rupees",
        r"\bin (?:indian )?(?:rupees?|inr|₹)(?!\w)",
        r"₹|\brs\b|\brupees?\b|\binr\b",
    ),
    _form("an amount in yen", r"\bin (?:japanese )?(?:yen|jpy)(?!\w)", r"¥|\byen\b|\bjpy\b"),
)


def missing_form(question: str, texts: Sequence[str]) -> str:
    """Return the name of what is asked for and is nowhere to be seen, or nothing.

    Args:
        question: The question as it was asked.
        texts: What stands near what is asked about.
    """
    if not ASKS.search(question):
        return ""
    for form in FORMS:
        if form.asked.search(question) and not any(form.written.search(text) for text in texts):
            return form.name
    return ""
