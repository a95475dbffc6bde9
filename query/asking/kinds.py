"""What kind of thing a question asks for, and whether a text has one: a price, a time, a number.

"How much is breakfast?" is answered by an amount, by "free" or by "included", and by no sentence
that has none of them. The kinds here are those whose signs can be looked for. The signs are wide,
because a kind that is not seen where it stands costs an honest answer: "after the war" tells when.
A question that is put in another way than these patterns know asks for no kind.
"""

import re
from collections.abc import Set
from dataclasses import dataclass
from typing import Final

from query.asking.forms import ASKS, FORMS
from query.text.designators import find_designators
from query.text.passages import CELL
from query.text.values import MONTHS, Value, ValueKind, find_values
from query.text.words import WORD, stem, table

_OPENS: Final = (
    r"^\W*(?:(?:and|so|but|ok|okay|then|please|sorry|roughly|about|approximately|exactly|since|from"
    r"|by|until|till|within|for|in|at|on|up|to|before|after|around|over|under|with)\W+){0,3}"
)
"""What may stand before the words that ask: "up to what age", "so how long"."""
_DAY: Final = r"(?:mon|tues|wednes|thurs|fri|satur|sun)days?"
_MONTH: Final = rf"(?-i:May)|(?:{'|'.join(m for m in MONTHS if m != 'may')})"
_SHORT: Final = (
    r"(?-i:Jan|Feb|Mar|Apr|Jun|Jul|Aug|Sept?|Oct|Nov|Dec|Mon|Tues?|Wed|Thu(?:rs)?|Fri|Sat|Sun)"
)
_SEASON: Final = (
    r"spring|summers?|autumn|winters?|easter|christmas|holidays?|midsummer|new year|seasons?|terms?"
)
_UNIT: Final = (
    r"seconds?|minutes?|mins?|hours?|hrs?|days?|nights?|weeks?|weekends?|fortnights?|months?"
    r"|quarters?|seasons?|terms?|semesters?|years?|decades?|centur(?:y|ies)|moments?"
)
_ALWAYS: Final = (
    r"always|never|permanent\w*|forever|indefinite\w*|unlimited|no (?:\w+ )?limit|lifetime|life"
    r"|immediate\w*|at once|instant\w*|straight ?away|right away|any ?time|without (?:a )?limit"
    r"|without delay|overnight"
)
_BOUND: Final = r"until|till|as long as|as soon as|once|while|whilst|when|whenever|during"
_TO: Final = r"\d ?[-–] ?\d|\b(?:at|from|till|by|between|to) \d"
_ENDS: Final = r"(?= (?:of|for|to|at|in|on|per|if|when|from|with)\b|\W*$)"
_THE: Final = r"(?:['’]?s| is| are| was| were)?(?: (?:the|a|an|your|our|its|their))?"


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of answer that is told by its signs."""

    name: str
    """As a reason names it."""
    asked: re.Pattern[str]
    """How a question asks for it."""
    kinds: frozenset[ValueKind]
    """Values that are of the kind wherever they stand."""
    signs: re.Pattern[str]
    """Words that are of the kind, or say that there is none."""
    words: frozenset[str]
    """Stems of words that ask for it, and say nothing of what it is asked of."""
    units: re.Pattern[str] | None = None
    """What may follow a number, where it is a measure of one dimension."""
    measures: re.Pattern[str] | None = None
    """What may not follow a number, because it measures then and does not count."""
    beside: frozenset[str] = frozenset()
    """Stems of words beside which a bare number is of the kind."""


def _kind(
    name: str,
    asked: str,
    kinds: Set[ValueKind],
    signs: str,
    words: str,
    units: str = "",
    measures: re.Pattern[str] | None = None,
    beside: Set[str] = frozenset(),
) -> Kind:
    return Kind(
        name,
        re.compile(f"{_OPENS}(?:{asked})", re.IGNORECASE),
        frozenset(kinds),
        re.compile(signs, re.IGNORECASE),
        frozenset(stem(word) for word in table(words)),
        re.compile(rf"[\s-]?(?:{units})(?![^\W\d_])", re.IGNORECASE) if units else None,
        measures,
        frozenset(beside),
    )


_COSTS: Final = "price prices cost costs fee fees charge charged charges pay paid fare rent"
_PRICED: Final = frozenset(
    stem(word)
    for word in table(
        f"{_COSTS} rate amount tariff total sell sold buy bought bill worth budget claim sum tax"
        " money available per head tin put deposit earn salary fund spend spent value damage"
    )
)
"""Stems of words beside which a bare number is a price."""
_FREE: Final = (
    r"(?<![\w-])free\b(?! of (?!charge))|\bno (?:\w+ )?(?:costs?|charges?|fees?|payment)\b"
    r"|\b(?:gratis|complimentary|costless|unpaid|gift|nothing|none|includ(?:e[sd]?|ing)|inclusive)\b"
    r"|\bwithout (?:extra |any )?(?:charge|cost|payment)|\b(?:on|upon|by) request\b"
    r"|\bcents?\b|\bpence\b|\d ?p\b|%|\bper ?cent\b|[€$£¥₹]"
    r"|\b(?:half|third|quarter|fifth|double|twice)\b"
    r"|\b(?:no|same|part of)(?: \w+)? (?:price|fee|rate|fare|refund|payment|membership)\b"
    r"|\bprice (?:of|as)\b"
    r"|\d[\d.,]* (?:million )?(?:crowns?|marks?|coins?|tokens?|credits?|points?)\b"
)
_LENGTHS: Final = (
    r"m|cm|mm|km|ft|feet|foot|inch(?:es)?|in|[\"″′]|miles?|mi|yards?|met(?:er|re)s?"
    r"|\w+met(?:er|re)s?|nautical|nm"
)
_WEIGHTS: Final = (
    r"kg|k?gs?|mg|lbs?|pounds?|t|tons?|tonnes?|grams?|grammes?|kilos?|\w+grams?|oz|ounces?|stone"
)
_DEGREES: Final = r"°.?|º.?|degrees?|[cf]|celsius|fahrenheit|k|kelvin"
_MEASURED: Final = re.compile(
    rf"[\s-]?(?:{_LENGTHS}|{_WEIGHTS}|{_DEGREES}|%|l|ml|lit(?:er|re)s?|w|kw|kwh|v|a|hz|[kmgt]b)(?![^\W\d_])"
    r"(?! [a-z]+s\b)",
    re.IGNORECASE,
)
_WHEN: Final = (
    rf"\b(?:{_MONTH}|{_SHORT}|{_DAY}|{_SEASON}|{_ALWAYS}|{_BOUND}|weekdays?|days?|nights?|weeks?"
    r"|weekends?|months?|years?|decades?|centur(?:y|ies)|quarters?"
    r"|mornings?|noon|midday|afternoons?|evenings?|tonight|today|tomorrow|yesterday|midnight|dawn"
    r"|dusk|dark|sunrise|sunset|o.clock|the clock|past|24/7|lunch\w*|before|after|afterwards|since"
    r"|ago|daily|weekly|monthly|quarterly|yearly|annual\w*|every|early|earlier|earliest|late|later"
    r"|latest|now|soon|sooner|next|last|beginning|begins?|end|ends|age|birth|aged|advance"
    r"|currently|recent\w*|previous\w*|still|already|planned|plans|first|no longer|expir\w+|unless"
    r"|only if|provided)\b"
    r"|\b(?:on|upon|at) (?:the |your |its )?(?:\w+ )?\w+(?:al|ure|ery|ion|ment)\b"
    rf"|{_TO}|\bin \d|\b\d{{1,2}}(?:st|nd|rd|th)\b"
)
_STREETS: Final = (
    r"Street|Road|Avenue|Ave|Lane|Square|Platz|Quay|Drive|Boulevard|Close|Terrace|Place|Row|Court"
    r"|Way|Yard|Hill|Park|Wharf|Gate|Gardens|Crescent|Rd|St"
)

_DIGITS_IN_CELL: Final = r"\|\s*\+?\d[\d ()/-]{2,}(?=\s*(?:\||$))"
"""An extension of a table, whose head alone says that it is one."""

KINDS: Final = (
    *(
        Kind(
            form.name,
            re.compile(f"{ASKS.pattern}.*{form.asked.pattern}", re.IGNORECASE),
            frozenset(),
            re.compile(rf"{form.written.pattern}|{_DIGITS_IN_CELL}", re.IGNORECASE),
            frozenset(map(stem, table("phone telephone mobile number email mail web address url"))),
        )
        for form in FORMS[:3]
    ),
    _kind(
        "a street address",
        rf"(?:what|which){_THE} (?:[\w'’-]+ ){{0,3}}?address\b",
        frozenset(),
        r"@|https?://|\bwww\.|\bp\.? ?o\.? box\b|\bpostfach\b"
        rf"|(?-i:\b[A-ZÀ-Ý][\w'’.-]+ (?:{_STREETS})\b)|(?-i:\b(?:Rua|Rue|Via|Calle|Avenida|Plaza) )"
        r"|(?-i:\w(?:straße|strasse|str\.|gade|gatan|vej|weg|gasse|katu|straat|plein|platz)\b)"
        r"|(?-i:(?<!^)\b(?:[A-ZÀ-Ý][\w.'’-]+,? ){1,4}\d{1,4}[a-z]?\b(?!:))"
        rf"|(?-i:(?<![€$£:.,\d])\b\d{{1,4}}[a-z]?,? (?!(?i:{'|'.join(MONTHS)}))[A-ZÀ-Ý])",
        "address addresses postal street",
    ),
    _kind(
        "a price",
        r"(?:how much|what) (?:do|does|did|will|would|must|can|should|may)\b[^?]*"
        r"\b(?:cost|pay|charged?)\b"
        r"|how many (?:euros?|pounds?|dollars?|francs?|crowns?|cents?|marks?)\b"
        r"|how much (?:money|has? to be paid|must be paid|is charged)\b"
        rf"|(?:what|how (?:much|high|big|large)|which){_THE} (?:[\w'’-]+ ){{0,2}}?"
        r"(?:prices?|costs?|fees?|fares?|rent|charges?|salary|wage|budget|deposit|fine)"
        rf"{_ENDS}",
        {ValueKind.MONEY, ValueKind.PERCENT},
        _FREE,
        _COSTS,
        beside=_PRICED,
    ),
    _kind(
        "a number of days or hours",
        rf"how many (?:\w+ )?(?:{_UNIT})\b",
        {ValueKind.DURATION, ValueKind.DATE, ValueKind.NUMBER, ValueKind.TIME},
        rf"\b(?:{_UNIT}|{_ALWAYS}|{_BOUND}|{_DAY}|{_SEASON}|one|both|none|no|half|same)\b",
        "hour day week month year minut night",
    ),
    _kind(
        "a number",
        rf"how many (?!times\b)|what{_THE} (?:total |maximum |minimum )?(?:number|quantity) of\b",
        {ValueKind.NUMBER, ValueKind.PERCENT},
        r"\b(?:one|both|none|several|some|few|dozens?|pairs?|couple|single|only|unlimited"
        r"|no (?:\w+ )?limit|any number|as many|all|half|most|majority|twice|multiple|many"
        r"|hundreds?|thousands?|millions?|zero|nobody|no one|individual\w*|alone|thirds?|quarters?"
        r"|tenths?|either|\w+fold|trio|duo|triple\w*|double\w*|twin|sole|everyone|solo|or less|no"
        r"|every \w+)\b",
        "number total",
        measures=_MEASURED,
    ),
    _kind(
        "an amount",
        r"how much(?! (?:time|longer|earlier|later|sooner|more|better|worse)\b)",
        {ValueKind.NUMBER, ValueKind.PERCENT, ValueKind.MONEY, ValueKind.DURATION},
        rf"{_FREE}|\b(?:one|none|all|full|fully|whole|most|more|less|little|unlimited|capped"
        r"|no (?:\w+ )?limit|any amount|as much|tenth|dozens?|hundreds?|thousands?|millions?|halves"
        r"|enough|entire\w*|only|few|some|several|a lot|a bit|penny|times|depends|every)\b",
        f"amount {_COSTS}",
    ),
    _kind(
        "how often",
        r"how (?:often|frequently|regularly)\b|how many times\b",
        {ValueKind.DURATION},
        r"\b(?:once|twice|thrice|one|times|every|each|daily|weekly|fortnightly|monthly|quarterly"
        rf"|yearly|annual\w*|hourly|nightly|regular\w*|per|an? (?:{_UNIT})"
        rf"|{_ALWAYS}|{_BOUND}|{_DAY}"
        r"|after|only|often|rarely|seldom|sometimes|frequent\w*|period\w*|continuous\w*"
        r"|continual\w*|constant\w*|usually|mostly|again|any|seasonal\w*|weekdays?|weekends?"
        r"|mornings?|evenings?|nights?|summers?|winters?|springs?|autumns?|hour|without limit)\b"
        r"|\d ?[x×]|\d (?:more )?times",
        "often frequent regular time",
    ),
    _kind(
        "how long",
        r"how (?:long|soon|quick(?:ly)?)\b|how much (?:longer|time|earlier|later)\b",
        {ValueKind.DURATION, ValueKind.DATE},
        rf"\b(?:an?|one|few|several|some|half|whole|entire|full|same|next|couple of|within|many|all"
        rf"|business|working|single|another|for|in|last|further|of|following|first|second"
        rf"|third|two|three|four|five|six|seven|eight|nine|ten|twelve) (?:\w+ )?(?:{_UNIT})"
        rf"\b|\b(?:several|two|three|four|five|six) {_DAY}"
        rf"\b|\b(?:{_ALWAYS}|{_BOUND}|by (?:the|next|\d)|since|soon\w*|quick\w*"
        r"|short\w*|longer|brief\w*|slow\w*|fast\w*|two winters|today|tomorrow|express|same)\b"
        rf"|\b(?:by|to|through|until|from|[-–]) (?:the end of )?(?:{_MONTH}|{_DAY}|noon|midnight)\b"
        r"|\d ?[-–] ?\d|\d:\d\d\b.{1,25}\d:\d\d|\bfrom \d+(?: [ap]m)? to \d"
        rf"|\d[\s-]?(?:{_LENGTHS}|pages?|characters?|letters?|words?|digits?|lines?|kilomet\w+)\b",
        "long longer take takes last lasts time",
    ),
    _kind(
        "a distance",
        r"how far(?! (?:back|below|into|did|had|has|have|should|above|ahead|in advance)\b)"
        rf"|(?:what|which){_THE} (?:\w+ )?distance\b",
        {ValueKind.DURATION},
        r"\b(?:next (?:to|door)|opposite|beside|across|close|near\w*|adjacent|corner|walk\w*|within"
        r"|all the way|until|half)\b",
        "far distance away",
        f"{_LENGTHS}|blocks?|steps?|stops?|stations?|leagues?",
    ),
    _kind(
        "a weight",
        rf"how heavy\b|how much (?:do|does|did|may|can|must) [^?]*\bweigh\b"
        rf"|(?:what|which){_THE} (?:\w+ )?weight\b",
        frozenset(),
        r"\b(?:light\w*|no (?:\w+ )?limit|half a|unlimited|any weight)\b",
        "heavy weigh weighs weight",
        _WEIGHTS,
    ),
    _kind(
        "a temperature",
        rf"how (?:warm|hot|cold)\b|(?:what|which){_THE} (?:\w+ )?temperatures?\b",
        frozenset(),
        r"\b(?:freezing|lukewarm|room temperature|degrees?|zero|frost|minus|cool"
        r"|any temperature)\b|°",
        "warm hot cold temperature temperatures",
        _DEGREES,
    ),
    _kind(
        "a measure",
        r"how (?:tall|high|deep|wide|thick)\b"
        rf"|(?:what|which){_THE} (?:\w+ )?(?:height|width|depth|thickness|diameter)\b",
        {ValueKind.PERCENT, ValueKind.MONEY},
        r"\b(?:half|quarter|average|unlimited|no (?:\w+ )?limit|nothing|no|waist|knee|head|shoulder"
        r"|arm|hand|eye|finger|ankle|hip|chest|low|high|floors?|store(?:y|ys|ies)|level)\b",
        "tall high height deep depth wide width thick thickness diameter",
        f"{_LENGTHS}|%|degrees?|°",
    ),
    _kind(
        "a time of day",
        r"(?<!within )(?:what|which) time\b(?! of (?:the )?year)",
        {ValueKind.TIME},
        r"\b(?:noon|midday|midnight|dawn|dusk|dark|sunrise|sunset|o.clock|the clock|past|24/7"
        r"|24 hours|all day|day and night|any ?time|lunch\w*|breakfast|dinner|before|after"
        rf"|{_BOUND}|immediate\w*|mornings?|evenings?|afternoons?|night|early|late|later|hours)\b"
        rf"|{_TO}|\d[.:]\d\d",
        "time",
    ),
    _kind(
        "a time",
        r"when\b(?! I\b| you\b| we\b| the [^?]*, )|(?:what|which) (?:day|days|date|dates|year|month"
        r"|season)\b"
        rf"|(?:what|which){_THE} (?:\w+ ){{0,2}}(?:date|deadline|opening (?:times?|hours))\b",
        {ValueKind.DATE, ValueKind.TIME, ValueKind.DURATION},
        _WHEN,
        "time date year day month deadline",
    ),
)


def kind_asked(text: str) -> Kind | None:
    """Return the kind of thing a question asks for; none where its signs cannot be looked for.

    Args:
        text: A simple question.
    """
    return next((kind for kind in KINDS if kind.asked.search(text)), None)


def has_kind(kind: Kind, text: str, question: str) -> bool:
    """Tell whether a text has a thing of a kind.

    What the question gives itself is none: of "a room for two people" the two is no price.

    Args:
        kind: What is asked for.
        text: A stretch of a page; a row of a table with its head before it.
        question: The question.
    """
    if kind.signs.search(text):
        return True
    given = {value.amount for value in find_values(question)}
    names = [d.text for d in find_designators(text)]
    return any(
        _is_of(kind, value, text, question)
        for value in find_values(text)
        if value.amount not in given and not _is_in_name(value, text, names)
    )


_BARE: Final = re.compile(r"\s*(?:$|[^\w\s%°.,:]|[.,:](?!\d))")
"""Behind a number that counts nothing and is no measure, as in a list of prices."""
_BEFORE_YEARS: Final = table("in since from until of to by between and during year before after")


def _is_of(kind: Kind, value: Value, text: str, question: str) -> bool:
    """Tell whether a value is of a kind where it stands."""
    behind = text[value.end :]
    if value.kind is ValueKind.NUMBER and kind.units is not None:
        return CELL in text or bool(kind.units.match(behind) or _BARE.match(behind))
    if value.kind in kind.kinds:
        measure = kind.measures.match(behind) if kind.measures else None
        return measure is None or measure.group().strip(" -").lower() in question.lower()
    if value.kind is ValueKind.NUMBER and kind.beside:
        said = {stem(word.lower()) for word in WORD.findall(text)}
        return not said.isdisjoint(kind.beside) or _BARE.match(behind) is not None
    if value.kind is ValueKind.DATE and value.text.isdecimal():  # "seats 1200"
        before = WORD.findall(text[: value.start])[-1:]
        return ValueKind.NUMBER in kind.kinds and _BEFORE_YEARS.isdisjoint(before)
    return False


def _is_in_name(value: Value, text: str, names: list[str]) -> bool:
    """Tell whether a number is only part of a name: "Windows 11"."""
    if value.kind is not ValueKind.NUMBER:
        return False
    around = text[max(0, value.start - 30) : value.end]
    return any(around.endswith(name) for name in names)
