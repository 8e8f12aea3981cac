"""Figures of a text, whether written in digits or in words: "seven" is "7". Pure.

Over folded words (`watchers.folding`), in which digits of all scripts are Latin ones and
"30,000" is "30000". Number words are those of a language, for "once" is eleven in Spanish and
"sex" six in Swedish. Values are strings: a hostile text has figures of 100,000 digits.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from typing import NamedTuple

from watchers.folding import fold

_DIGITS = re.compile(r"[0-9]+")
_LONGEST = 40  # digits of a value that are compared
_BOTH_SCRIPTS = {"arabic": ("fa", "ar"), "latin": ("en",)}

# 0 to 20 (a second spelling after "/"), the tens to 90, then 100, and what is one word beyond.
_NUMBERS = {
    "en": (
        ("zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen "
        "fifteen sixteen seventeen eighteen nineteen twenty"),
        "thirty forty fifty sixty seventy eighty ninety",
        {"hundred": 100, "hundreds": 100},
    ),
    "fa": (
        ("صفر یک دو سه چهار پنج شش/شیش هفت هشت - ده یازده دوازده سیزده چهارده پانزده شانزده هفده "
        "هجده/هیجده نوزده بیست"),
        "سی چهل پنجاه شصت هفتاد هشتاد نود",
        {
            "صد": 100, "یکصد": 100, "دویست": 200, "سیصد": 300, "چهارصد": 400, "پانصد": 500,
            "ششصد": 600, "هفتصد": 700, "هشتصد": 800, "نهصد": 900,
        },
    ),
    "ar": (
        ("صفر واحد/واحدة اثنان/اثنين/اثنتان/اثنتين ثلاثة/ثلاث أربعة/أربع خمسة/خمس ستة/ست سبعة/سبع "
        "ثمانية/ثماني تسعة/تسع عشرة/عشر - - - - - - - - - عشرون/عشرين"),
        "ثلاثون/ثلاثين أربعون/أربعين خمسون/خمسين ستون/ستين سبعون/سبعين ثمانون/ثمانين تسعون/تسعين",
        {"مئة": 100, "مائة": 100, "مئتان": 200, "مئتين": 200, "مائتان": 200, "مائتين": 200},
    ),
    "fr": (
        ("zéro un/une deux trois quatre cinq six sept huit neuf dix onze douze treize quatorze "
        "quinze seize - - - vingt/vingts"),
        "trente quarante cinquante soixante septante/- huitante/octante nonante",
        {"cent": 100, "cents": 100},
    ),
    "de": (
        ("null ein/eine/eins/einen/einem/einer zwei/zwo drei vier fünf sechs sieben acht neun zehn "
        "elf zwölf dreizehn vierzehn fünfzehn sechzehn siebzehn achtzehn neunzehn zwanzig"),
        "dreißig vierzig fünfzig sechzig siebzig achtzig neunzig",
        {"hundert": 100, "einhundert": 100, "zweihundert": 200, "dreihundert": 300},
    ),
    "sv": (
        ("noll en/ett två tre fyra fem sex sju åtta nio tio elva tolv tretton fjorton femton "
        "sexton sjutton arton/aderton nitton tjugo"),
        "trettio fyrtio femtio sextio sjuttio åttio nittio",
        {"hundra": 100, "etthundra": 100, "tvåhundra": 200, "trehundra": 300},
    ),
    "es": (
        ("cero un/uno/una dos tres cuatro cinco seis siete ocho nueve diez once doce trece catorce "
        "quince dieciséis diecisiete dieciocho diecinueve veinte"),
        "treinta cuarenta cincuenta sesenta setenta ochenta noventa",
        {"cien": 100, "ciento": 100, "doscientos": 200, "trescientos": 300, "quinientos": 500},
    ),
    "it": (
        ("zero un/uno/una due tre quattro cinque sei sette otto nove dieci undici dodici tredici "
        "quattordici quindici sedici diciassette diciotto diciannove venti"),
        "trenta quaranta cinquanta sessanta settanta ottanta novanta",
        {"cento": 100, "duecento": 200, "trecento": 300, "cinquecento": 500},
    ),
}  # fmt: skip
_AND = {
    "en": "and", "fa": "و", "ar": "و", "fr": "et", "de": "und", "sv": "och", "es": "y", "it": "e",
}  # fmt: skip
# Noughts that a word hangs on the figure before it.
_SCALES = {
    3: "thousand thousands هزار ألف آلاف الف mille tausend tusen mil mila",
    6: "million millions میلیون مليون ملايين millionen miljon miljoner millón millones milione "
    "milioni",
    9: "billion billions میلیارد مليار milliard milliards milliarde milliarden miljard miljarder "
    "miliardo miliardi",
}


class Figure(NamedTuple):
    """A figure: its value in Latin digits, and the words it stands in, from 0."""

    value: str
    start: int
    end: int  # the first word after it
    is_word: bool  # a number word for one, which is an article in many languages


def figures(words: Sequence[str], language: str | None) -> list[Figure]:
    """The figures in these folded words, in their order.

    `language` is a primary subtag; without one that is known here: English, or in Arabic script
    Persian and Arabic.
    """
    table = _numbers(_languages(words, language))
    found: list[Figure] = []
    at = 0
    while at < len(words):
        word = words[at]
        if word in table.values:
            figure = _spelled(words, at, table)
            found.append(figure)
            at = figure.end
            continue
        values = _DIGITS.findall(word) if not word.isalpha() else ()
        tail = word.lstrip("0123456789") if len(values) == 1 else ""
        for value in values:
            following = tail or (words[at + 1] if at + 1 < len(words) else "")
            noughts = table.noughts.get(following, 0)  # "310 mila", "310mila"
            found.append(
                Figure(
                    _plain(value) + "0" * noughts, at, at + 1 + bool(noughts and not tail), False
                )
            )
        at = found[-1].end if values else at + 1
    return found


def _plain(digits: str) -> str:
    return (digits.lstrip("0") or "0")[:_LONGEST]


def _spelled(words: Sequence[str], start: int, table: _Table) -> Figure:
    """The number word at `start` with those that go on with it: "two hundred and six"."""
    parts = [table.values[words[start]]]
    at = start + 1
    while at < len(words) and len(parts) < 8:
        joined = words[at] in table.joints and at + 1 < len(words)
        following = words[at + 1] if joined else words[at]
        hung_on = following.startswith("و") and following[1:] in table.values
        value = table.values.get(following[1:] if hung_on else following)
        if value is None or not _goes_on(parts[-1], value, hung_on=hung_on):
            break
        at += 2 if words[at] in table.joints else 1
        if value == 20 and parts[-1] == 4:  # "quatre-vingts"
            parts[-1] = 80
        elif value == 100:
            parts[-1] *= 100
        else:
            parts.append(value)
    noughts = table.noughts.get(words[at], 0) if at < len(words) else 0
    is_one = parts == [1] and not noughts
    return Figure(str(sum(parts)) + "0" * noughts, start, at + bool(noughts), is_one)


def _goes_on(last: int, value: int, *, hung_on: bool) -> bool:
    """Whether the next number word belongs to the same number."""
    if value == 100:
        return last < 10
    if last == 4 and value == 20:
        return True
    if last >= 100:
        return value < 100
    if last >= 20:
        return last % 10 == 0 and 0 < value < (20 if last in (60, 80) else 10)
    if last == 10:
        return 7 <= value <= 9  # "quatre-vingt-dix-sept"
    return hung_on and last < 10 and value >= 20 and value % 10 == 0  # "ثلاثة وعشرون"


# ---------------------------------------------------------------- tables


class _Table(NamedTuple):
    values: Mapping[str, int]
    noughts: Mapping[str, int]
    joints: frozenset[str]


def _languages(words: Sequence[str], language: str | None) -> tuple[str, ...]:
    if language in _NUMBERS:
        return (language,)
    arabic = any("\u0600" <= word[0] <= "\u06ff" for word in words[:20] if word)
    return _BOTH_SCRIPTS["arabic" if arabic else "latin"]


@cache
def _numbers(languages: tuple[str, ...]) -> _Table:
    values: dict[str, int] = {}
    for language in languages:
        values.update((fold(word), value) for word, value in _words_of(language))
    noughts = {fold(word): zeros for zeros, said in _SCALES.items() for word in said.split()}
    joints = frozenset(fold(_AND[language]) for language in languages)
    return _Table({word: v for word, v in values.items() if word}, noughts, joints)


def _words_of(language: str) -> Iterator[tuple[str, int]]:
    units, tens, hundreds = _NUMBERS[language]
    small = {number: said.split("/") for number, said in enumerate(units.split())}
    small |= {30 + 10 * number: said.split("/") for number, said in enumerate(tens.split())}
    for value, spellings in small.items():
        yield from ((word, value) for word in spellings if word != "-")
    yield from hundreds.items()
    if language not in ("de", "sv", "it", "es"):
        return
    for ten in range(20, 100, 10):
        for unit in range(1, 10):
            for word in small[unit]:
                yield _compound(language, small[ten][0], word), ten + unit


def _compound(language: str, ten: str, unit: str) -> str:
    """Twenty-one in one word; in Spanish only the twenties are written so."""
    if language == "de":
        return f"{unit}und{ten}"
    if language == "es":
        return f"veinti{unit}" if ten == "veinte" else ""
    if language == "it" and unit[0] in "uo":
        return f"{ten[:-1]}{unit}"
    return f"{ten}{unit}"
