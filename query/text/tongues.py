"""Frequent words of languages that are not served, to tell a question in one of them from English.

What is not told from English is judged as English: "Wat kost de Tern 4?" was answered with whatever
the pages say of the Tern 4. Words are written with their accents, and without where people leave
them out and no English word comes of it.
"""

from collections.abc import Mapping
from typing import Final

from query.text.words import LANGUAGE_MARKERS, OPENERS, table

_MORE: Final = {
    "de": """
        kostet kosten dauert dauern bekomme bekommt brauche braucht muss müssen darf dürfen soll
        findet finde ist's gilt gelten macht hab wo wohin wieviel wie's beim vom ins seit ohne
        gegen mein meine unser unsere euer ihr kein keine dieser diese dieses jeder jede es
        was in an am so man will fuer ueber koennen wessen wem wen zwischen
        neben beträgt betragen umfasst erlaubt verboten
    """,
    "es": """
        que cual cuanto cuanta cuantos cuantas esta cuesta cuestan dura mi mis tiene tienen tengo
        puede debo necesito no me he donde lo le más este esto desde hasta también o
    """,
    "fr": """
        t ce cette ces c' d' l' n' qu' s' j' m' t' jusqu' on ne puis dois coûte coute dure quoi dans
        chez cela ça mon ma mes notre votre leur leurs même fait faut où ont sont
        combien duree
    """,
    "pt": """
        no me tempo custa custam dura meu minha meus minhas tem têm até pode devo preciso pelo
        pela este esta isto isso sem sobre desde onde mais
    """,
    "it": """
        no me dov' c' l' un' dell' all' nell' quant' qual com' costano dura mio mia ha hanno
        posso può puo devo dove questo questa nel nella alla allo sul sulla ogni senza fino più
        anche
    """,
    "nl": """
        de het een en van voor met op aan bij naar uit niet ik jij je wij mijn onze hoe hoeveel
        wat wie waar wanneer waarom welke welk kan kun moet heb heeft hebben wordt worden zijn
        er dit dat deze te om ook nog krijg krijgt kost kosten duurt geldt staat gaat maakt
        is in we of over was had onder tijdens daar hier geen
    """,
    "sv": """
        få tillbaka hur vad vem när var varför vilken vilket vilka många mycket lång länge är och
        att det ett en jag har kostar gäller för på av med till från inte om ska måste mitt mina i
        han under finns oss era hos dag heter leder tillverkar
    """,
    "da": """
        hvor hvad hvem hvornår hvorfor hvilken hvilket hvilke mange meget lang er og det et en
        jeg har koster gælder på af med til fra ikke om skal må mit mine i for at under
        over have jeres hos lave
    """,
    "no": """
        hvor hva hvem når hvorfor hvilken hvilket hvilke mange mye lang lenge er og det et en
        jeg har koster gjelder varer på av med til fra ikke om skal må mitt mine i for
        under over oss deres hos heter
    """,
    "fi": """
        kuinka monta montako paljonko mikä mitä missä milloin kuka miksi mistä mihin miten on ei
        ja tai se minun minulla voi voinko saa saanko onko kestää maksaa pitää millainen
    """,
    "pl": """
        jest są jak ile kto kiedy gdzie dlaczego czy który która które jaki jaka jakie na dla
        nie się oraz lub przez mam mogę moje mój kosztuje trwa przy do to i jakiego
        temu można trzeba muszę
    """,
    "cs": """
        kolik jak kdy kde kdo proč který která které jaká jaký jaké jsou na nebo není
        mohu můžu můj dlouho stojí trvá je do to i
    """,
    "sk": """
        koľko kolko ako kedy kde kto čo prečo ktorý ktorá ktoré aká aký aké je sú na alebo
        nie môžem môj dlho stojí trvá do to i
    """,
    "hr": """
        koliko kako kada gdje tko što zašto koji koja koje je su na za ili nije imam ima mogu
        moj moja dugo košta traje do to i li
    """,
    "hu": """
        hány hogyan mikor hol ki kié mi miért melyik mennyi mennyibe mennyit milyen meddig
        vannak és vagy nem egy ez hogy kell lehet kerül is
    """,
    "ro": """
        câte cât câți cum când cand unde cine ce este sunt și sau nu la de în cu
        din pentru am costă durează
    """,
    "tr": """
        kaç kac nasıl nasil nerede ne zaman kadar hangi kim neden niçin için icin ile mı mi mu
        mü bu bir ve veya benim nedir kaçtır olan ücreti kimdir
    """,
    "id": """
        berapa apa siapa kapan dimana mengapa bagaimana apakah yang dan untuk dengan dari ini
        itu adalah saya kami ke tidak bisa harga di
    """,
    "vi": """
        nhiêu là gì nào ở đâu tại có không tôi của và được mấy lâu như thế giá
    """,
    "et": "kui palju mitu kus millal kes miks milline kuidas on ei ja ma mul saab maksab",
    "lv": "cik kad kur kas kāpēc kāds kāda kā ir vai man ilgi maksā",
    "lt": "kiek kada kur kas kodėl koks kokia kaip yra ir man ilgai kainuoja už iš",
        }  # fmt: skip
ASKING: Final[Mapping[str, frozenset[str]]] = OPENERS | {
    "nl": table("hoeveel wanneer waarom welke"),
    "sv": table("hur vad vem varför vilken vilket vilka"),
    "da": table("hvor hvad hvem hvornår hvorfor hvilken"),
    "no": table("hva hvem hvorfor hvilken"),
    "fi": table("kuinka montako paljonko missä milloin miksi mikä mistä voinko saanko onko kuka"),
    "pl": table("kto kiedy gdzie dlaczego jaki jaka jakie który która"),
    "cs": table("kolik kdo proč který která jaká jaký"),
    "sk": table("koľko prečo ktorý ktorá aká aký"),
    "hr": table("koliko gdje tko što zašto"),
    "hu": table("hány meddig hogyan mennyi mennyibe miért melyik"),
    "ro": table("câte cât câți unde când"),
    "tr": table("kaç nasıl nerede hangi"),
    "id": table("berapa siapa kapan bagaimana apakah"),
    "et": table("mitu millal milline kuidas"),
    "lv": table("cik kāpēc"),
    "lt": table("kiek kodėl"),
}
"""Question words that open a question in no other of these languages but, at most, a sister."""
MARKERS: Final[Mapping[str, frozenset[str]]] = {
    code: LANGUAGE_MARKERS.get(code, frozenset()) | ASKING.get(code, frozenset()) | table(words)
    for code, words in _MORE.items()
}
"""By ISO code. Words that English has, too, tell nothing for the language, nor against it."""
ARTICLES: Final = table("el la los las un una le les une il lo gli o os as um uma")
"""Words that names of places consist of: two of them are no sentence in another language."""
ELISIONS: Final = table("c d l n qu s j m t jusqu lorsqu un dell all nell dov quant com")
"""Before an apostrophe a word of its own: "l'agence", "dov'è"."""
PARTICLES: Final = table(
    "de del la el los las le les du des da do dos das di della van der den y e et en au aux un une"
)
"""Between two capitalised words a part of the name: Rio de Janeiro, Van der Berg."""
OWN_LETTERS: Final[Mapping[str, frozenset[str]]] = {
    "pl": frozenset("ąęłńśźż"),
    "tr": frozenset("ğı"),
    "hu": frozenset("őű"),
    "cs": frozenset("ěřů"),
    "ro": frozenset("ățș"),
    "vi": frozenset("ơưạảấầẩẫậắằẳẵặẹẻẽếềểễệỉịọỏốồổỗộớờởỡợụủứừửữựỳỵỷỹ"),
}
"""Letters that a small word has in one of these languages only; names have them in any text."""
