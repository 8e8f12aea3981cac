"""Articles for the benchmark of matching: thirteen languages, words of many kinds. Pure.

Words are invented (`benchmarks.words`), 20,000 for each language, so that no memory of words is
flattered; signs, numbers, elisions, joiners, paragraphs and furniture stand among them as sites
print them. So do ordinary words that the watchlist knows as facets (court, street, year): every
fortieth word of general news is one, and every four hundredth is a grim one (prison, killed).
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import accumulate

from benchmarks.words import BY_CODE, LANGUAGES, on_subject

MEAN = 1_900  # characters
_SPREAD = 0.5  # of the logarithm of the length
_OVER = 190  # characters by which the last paragraph is too long, in the mean
_VOCABULARY = 20_000
_SMALL = 0.33  # share of the commonest words
_FACETS = 0.025  # share of words that the watchlist knows, in general news
_GRIM = 0.0025  # of these, the grim ones
KINDS = ("general", "names Iran", "on the subject")
SUBJECT, IRAN = 0.01, 0.10  # shares of articles on the subject, and of others that name Iran
_ARABIC = ("fa", "ar", "ckb")


@dataclass(frozen=True, slots=True)
class Known:
    """Words of the watchlist that texts hold, each by script: "arabic" or "latin"."""

    facets: Mapping[str, Sequence[str]]
    grim: Mapping[str, Sequence[str]]
    iran: Mapping[str, Sequence[str]]
    names: Mapping[str, Sequence[str]]
    phrases: Mapping[str, Sequence[str]]
    furniture: Mapping[str, Sequence[str]]


@dataclass(frozen=True, slots=True)
class Text:
    """One article."""

    language: str
    kind: str  # of KINDS
    title: str
    text: str


@cache
def _vocabulary(code: str) -> tuple[tuple[str, ...], tuple[float, ...]]:
    language, rng = BY_CODE[code], random.Random(f"match/{code}")
    rare: dict[str, None] = {}
    while len(rare) < _VOCABULARY:
        syllables = rng.choices((1, 2, 3, 4, 5), (1, 5, 6, 3, 1))[0]
        word = "".join(
            rng.choice(language.first) + rng.choice(language.second) for _ in range(syllables)
        )
        rare[word + (rng.choice(language.first) if rng.random() < 0.5 else "")] = None
    small = language.small.split()
    weights = [_SMALL / len(small)] * len(small)
    harmonic = sum(1 / rank for rank in range(10, _VOCABULARY + 10))
    weights += [(1 - _SMALL) / rank / harmonic for rank in range(10, _VOCABULARY + 10)]
    return (*small, *rare), tuple(accumulate(weights))


def texts(count: int, seed: int, known: Known) -> list[Text]:
    """That many articles, the languages in turn; about one in a hundred is on the subject."""
    return [
        _text(number, random.Random(f"{seed}/match/{number}"), known) for number in range(count)
    ]


def _text(number: int, rng: random.Random, known: Known) -> Text:
    code = LANGUAGES[number % len(LANGUAGES)].code
    kind = rng.choices(KINDS, (1 - SUBJECT - IRAN, IRAN, SUBJECT))[0]
    length = max(200, rng.lognormvariate(math.log(MEAN) - _SPREAD**2 / 2, _SPREAD))
    writer = _Writer(code, rng, known)
    title = " ".join(writer.words(rng.randint(6, 11))).capitalize()
    inserted: list[str] = []
    if kind == "names Iran":
        inserted = [writer.one_of(known.iran) for _ in range(rng.randint(1, 4))]
        if rng.random() < 0.3:
            inserted.append(writer.one_of(known.names))
    elif kind == "on the subject":
        title, opening = on_subject(code, rng)
        inserted = [opening, *(writer.one_of(known.iran) for _ in range(3))]
        inserted += [writer.one_of(known.names) for _ in range(rng.randint(1, 4))]
        inserted += [writer.one_of(known.phrases) for _ in range(2)]
    return Text(code, kind, title, writer.text(round(length), inserted))


class _Writer:
    """Writes texts of one language."""

    def __init__(self, code: str, rng: random.Random, known: Known) -> None:
        self._code, self._rng, self._known = code, rng, known
        self._script = "arabic" if code in _ARABIC else "cyrillic" if code == "ru" else "latin"

    def one_of(self, known: Mapping[str, Sequence[str]]) -> str:
        """A word or phrase of this script; Latin where there is none."""
        return self._rng.choice(known.get(self._script) or known["latin"])

    def words(self, count: int) -> Iterator[str]:
        """Words with what is written onto them."""
        words, weights = _vocabulary(self._code)
        written = _WRITTEN.get(self._code, _plain)
        for word in self._rng.choices(words, cum_weights=weights, k=count):
            chance = self._rng.random()
            if chance < _GRIM and self._script in self._known.grim:
                yield self.one_of(self._known.grim)
            elif chance < _FACETS and self._script in self._known.facets:
                yield self.one_of(self._known.facets)
            elif chance < 0.10:
                yield word.capitalize()
            elif chance < 0.12:
                yield self._number()
            else:
                yield written(word, self._rng)

    def _number(self) -> str:
        number = self._rng.choice((self._rng.randint(2, 99), self._rng.randint(1_100, 99_000)))
        text = f"{number:,}" if self._rng.random() < 0.6 else str(number)
        digits = "۰۱۲۳۴۵۶۷۸۹" if self._code in ("fa", "ckb") else "٠١٢٣٤٥٦٧٨٩"
        if self._script == "arabic" and self._rng.random() < 0.7:
            return text.translate({ord(str(n)): digit for n, digit in enumerate(digits)})
        return text

    def _sentence(self, inserted: list[str]) -> str:
        words = list(self.words(self._rng.randint(8, 22)))
        for place in range(3, len(words) - 1):
            if self._rng.random() < 0.06:
                words[place] += "،" if self._script == "arabic" else ","
        if inserted and self._rng.random() < 0.5:
            words.insert(self._rng.randrange(len(words)), inserted.pop())
        if self._rng.random() < 0.12:
            opening, closing = _QUOTES.get(self._code, ("“", "”"))
            words[1], words[-1] = opening + words[1], words[-1] + closing
        text = " ".join(words)
        return text[:1].upper() + text[1:] + "."

    def text(self, length: int, inserted: list[str]) -> str:
        """Paragraphs with some furniture among them, about so many characters."""
        lines: list[str] = []
        left = length - _OVER
        while left > 0:
            count = self._rng.randint(1, 4)
            lines.append(" ".join(self._sentence(inserted) for _ in range(count)))
            left -= len(lines[-1]) + 1
        if self._rng.random() < 0.3:
            heading = self.one_of(self._known.furniture)
            teaser = f"{heading}: {' '.join(self.words(8))}"
            lines.insert(self._rng.randint(1, len(lines)), teaser)
        return "\n".join([*lines, *inserted])


_QUOTES = {
    "fa": ("«", "»"),
    "ar": ("«", "»"),
    "ckb": ("«", "»"),
    "fr": ("« ", " »"),
    "ru": ("«", "»"),
    "de": ("„", "“"),
    "sv": ("”", "”"),
}


def _plain(word: str, _: random.Random) -> str:
    return word


def _english(word: str, rng: random.Random) -> str:
    return f"{word}{rng.choice(('’s', chr(39) + 's', '-'))}" if rng.random() < 0.015 else word


def _french(word: str, rng: random.Random) -> str:
    return (
        f"{rng.choice(('l’', 'd’', 'qu’', 'l' + chr(39)))}{word}" if rng.random() < 0.07 else word
    )


def _italian(word: str, rng: random.Random) -> str:
    return (
        f"{rng.choice(('l’', 'dell’', 'un’', 'all' + chr(39)))}{word}"
        if rng.random() < 0.05
        else word
    )


def _turkish(word: str, rng: random.Random) -> str:
    return (
        f"{word.capitalize()}{rng.choice(('’nın', '’da', chr(39) + 'ya'))}"
        if rng.random() < 0.02
        else word
    )


def _german(word: str, rng: random.Random) -> str:
    return f"{word}{rng.choice(('ß', 'ße', '-'))}" if rng.random() < 0.02 else word


def _persian(word: str, rng: random.Random) -> str:
    if rng.random() < 0.07:
        return rng.choice(("می\u200c{}", "{}\u200cها", "{}\u200cهای", "نمی\u200c{}")).format(word)
    return word


def _arabic(word: str, rng: random.Random) -> str:
    return rng.choice(("ال{}", "{}ً", "وال{}", "{}ّ")).format(word) if rng.random() < 0.15 else word


_WRITTEN: dict[str, Callable[[str, random.Random], str]] = {
    "en": _english,
    "nl": _english,
    "fr": _french,
    "it": _italian,
    "tr": _turkish,
    "de": _german,
    "fa": _persian,
    "ar": _arabic,
}
