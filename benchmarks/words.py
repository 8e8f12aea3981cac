"""Invented words and sentences in thirteen languages: the text of the generated feeds. Pure.

Words are letters in the manner of a language and mean nothing; only the commonest small words
are real, since languages are told apart by them. Sentences on the subject are invented, name
nobody and accuse nobody.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from functools import cache
from itertools import accumulate

_VOCABULARY = 1_500
_SMALL = 0.3  # share of words in a text that are the commonest small ones


@dataclass(frozen=True, slots=True)
class Language:
    """How texts of a language are made."""

    code: str
    small: str  # the commonest words
    first: str  # letters that begin syllables
    second: str  # letters that end them
    charset: str  # the legacy one; empty where there is none that is used
    bytes_a_word: float  # in UTF-8, with its space


LANGUAGES = (
    Language("en", "the of and to in a is that for on with was", "bcdfghlmnprstvw",
             "aeiou", "windows-1252", 5.8),
    Language("fa", "از که این در را به است شد برای با های می", "بتجدرزسشفقکگلمنهی",
             "اوی", "windows-1256", 9.5),
    Language("ar", "من في على إلى أن التي الذي عن مع هذا كان قد", "بتجحدرسشصعفقكلمنهي",
             "اوي", "windows-1256", 9.5),
    Language("fr", "le la de et à les des en du une est pour", "bcdfghlmnprstv",
             "aeéiouè", "iso-8859-1", 6.1),
    Language("de", "der die und in den von zu das mit sich des auf", "bdfghklmnrstwz",
             "aeiouäöü", "iso-8859-1", 6.2),
    Language("es", "de la que el en y a los se del las por", "bcdfglmnprstv",
             "aeioóíá", "iso-8859-1", 6.0),
    Language("it", "di e il la che in a per un del con non", "bcdfglmnprstv",
             "aeioàù", "iso-8859-1", 6.0),
    Language("sv", "och i att det som en på är av för med till", "bdfghklmnrstv",
             "aeiouåäö", "iso-8859-1", 6.1),
    Language("tr", "ve bir bu da için ile olarak çok daha olan gibi en", "bcçdgklmnprsşty",
             "aeıioöuü", "iso-8859-9", 6.4),
    Language("ru", "и в не на что с по как это из для от", "бвгдзклмнпрст",
             "аеиоуыя", "windows-1251", 9.4),
    Language("ckb", "لە و بە بۆ ئەو کە لەگەڵ سەر ئەم دەکات بوو هەر", "بتجدرزسشفقکگلمنهی",
             "اوەێۆ", "", 9.8),
    Language("nl", "de van het een en in is dat op te voor met", "bdfghklmnprstvwz",
             "aeiou", "iso-8859-15", 5.8),
    Language("pt", "de a o que e do da em um para com não", "bcdfglmnprstv",
             "aeioãçé", "iso-8859-1", 6.0),
)  # fmt: skip
BY_CODE = {language.code: language for language in LANGUAGES}

# Cities that tell one event from another (config/concepts.toml), as each language prints them.
_CITIES = {
    "en": ("Paris", "Geneva", "Stockholm", "Berlin", "Rome", "Vienna", "Ghent", "Oslo"),
    "fa": ("پاریس", "ژنو", "استکهلم", "برلین", "رم", "وین", "لندن", "بروکسل"),
    "ar": ("باريس", "جنيف", "ستوكهولم", "برلين", "روما", "فيينا", "لندن", "بروكسل"),
    "fr": ("Paris", "Genève", "Stockholm", "Berlin", "Rome", "Vienne", "Londres", "Gand"),
    "de": ("Paris", "Genf", "Stockholm", "Berlin", "Rom", "Wien", "London", "Gent"),
    "es": ("París", "Ginebra", "Estocolmo", "Berlín", "Roma", "Viena", "Londres", "Gante"),
    "it": ("Parigi", "Ginevra", "Stoccolma", "Berlino", "Roma", "Vienna", "Londra", "Gand"),
    "sv": ("Paris", "Genève", "Stockholm", "Berlin", "Rom", "Wien", "London", "Gent"),
    "nl": ("Parijs", "Genève", "Stockholm", "Berlijn", "Rome", "Wenen", "Londen", "Gent"),
}
# {n} is a number that tells one event from another.
_HEADLINES = {
    "en": "Relatives in {city} ask about the 1988 massacre in Iran, {n} letters",
    "fa": "نشست خانواده‌ها در {city} درباره کشتار ۶۷، {n} نامه",
    "ar": "عائلات في {city} تسأل عن مجزرة عام 1988 في إيران، {n} رسالة",
    "fr": "Des proches réunis à {city} sur le massacre de 1988 en Iran, {n} lettres",
    "de": "Angehörige in {city} fragen nach dem Massaker von 1988 in Iran, {n} Briefe",
    "es": "Familiares en {city} preguntan por la masacre de 1988 en Irán, {n} cartas",
    "it": "Parenti a {city} chiedono del massacro del 1988 in Iran, {n} lettere",
    "sv": "Anhöriga i {city} frågar om massakern 1988 i Iran, {n} brev",
    "nl": "Verwanten in {city} vragen naar het bloedbad van 1988 in Iran, {n} brieven",
}
_OPENINGS = {
    "en": "Some {n} relatives of political prisoners of 1988 in Iran met in {city}.",
    "fa": "حدود {n} نفر از خانواده‌ها در {city} یاد زندانیان سیاسی ۶۷ را گرامی داشتند.",
    "ar": "اجتمع نحو {n} من الأقارب في {city} لإحياء ذكرى السجناء السياسيين في إيران.",
    "fr": "Quelque {n} proches de prisonniers politiques de 1988 se sont réunis à {city}.",
    "de": "Rund {n} Angehörige politischer Gefangener von 1988 trafen sich in {city}.",
    "es": "Unos {n} familiares de presos políticos de 1988 se reunieron en {city}.",
    "it": "Circa {n} parenti di prigionieri politici del 1988 si sono riuniti a {city}.",
    "sv": "Omkring {n} anhöriga till politiska fångar 1988 i Iran möttes i {city}.",
    "nl": "Zo'n {n} verwanten van politieke gevangenen van 1988 kwamen bijeen in {city}.",
}


@cache
def vocabulary(code: str) -> tuple[tuple[str, ...], tuple[float, ...]]:
    """A language's words with their cumulated weights: few are common, most are rare."""
    language = BY_CODE[code]
    rng = random.Random(f"words/{code}")
    rare: dict[str, None] = {}
    while len(rare) < _VOCABULARY:
        syllables = rng.choices((1, 2, 3, 4), (2, 5, 4, 1))[0]
        word = "".join(rng.choice(language.first) + rng.choice(language.second)
                       for _ in range(syllables))  # fmt: skip
        rare[word + (rng.choice(language.first) if rng.random() < 0.4 else "")] = None
    small = language.small.split()
    weights = [_SMALL / len(small)] * len(small)
    harmonic = sum(1 / rank for rank in range(8, _VOCABULARY + 8))
    weights += [(1 - _SMALL) / rank / harmonic for rank in range(8, _VOCABULARY + 8)]
    return (*small, *rare), tuple(accumulate(weights))


def some_words(code: str, count: int, rng: random.Random) -> list[str]:
    """That many words of a language."""
    words, weights = vocabulary(code)
    return rng.choices(words, cum_weights=weights, k=count)


def title(code: str, rng: random.Random) -> str:
    """A headline of five to eleven words."""
    text = " ".join(some_words(code, rng.randint(5, 11), rng))
    return text[:1].upper() + text[1:]


def sentences(code: str, count: int, rng: random.Random) -> list[str]:
    """About that many words, as sentences of 8 to 20."""
    words = some_words(code, max(4, count), rng)
    made, start = [], 0
    while start < len(words):
        size = rng.randint(8, 20)
        text = " ".join(words[start : start + size])
        made.append(text[:1].upper() + text[1:] + ".")
        start += size
    return made


def on_subject(code: str, rng: random.Random) -> tuple[str, str]:
    """Title and opening sentence of an invented report on the subject; English where we have none.

    The watchlist knows phrases of nine of the languages.
    """
    known = code if code in _HEADLINES else "en"
    city, number = rng.choice(_CITIES[known]), rng.randint(11, 480)
    return (
        _HEADLINES[known].format(city=city, n=number),
        _OPENINGS[known].format(city=city, n=number),
    )
