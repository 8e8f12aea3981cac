"""Articles for the benchmark of the search: thirteen languages, words as texts use them. Pure.

Words are letters in the manner of a language, of a vocabulary of 20,000 each: few are common,
most are rare (Zipf). One word stands in every article, one in a third of them.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from itertools import accumulate

from benchmarks.words import BY_CODE, LANGUAGES
from watchers.model import Article, Fingerprint, Item, Verdict
from watchers.text import key

EVERYWHERE, OFTEN = "allover", "third"
OFFICIALS = ("ebrahim-raisi", "mostafa-pourmohammadi", "hossein-ali-nayeri")
START = datetime(2016, 1, 1, tzinfo=UTC)
YEARS = timedelta(days=10 * 365)
_VOCABULARY = 20_000
_SMALL = 0.3  # share of the commonest words
_OUTLETS = 500


@dataclass(frozen=True, slots=True)
class Made:
    """One article."""

    number: int
    language: str
    title: str
    text: str


@cache
def vocabulary(code: str) -> tuple[tuple[str, ...], tuple[float, ...]]:
    """A language's words with their cumulated weights."""
    language = BY_CODE[code]
    rng = random.Random(f"search/{code}")
    rare: dict[str, None] = {}
    while len(rare) < _VOCABULARY:
        syllables = rng.choices((1, 2, 3, 4, 5), (1, 4, 6, 4, 1))[0]
        word = "".join(rng.choice(language.first) + rng.choice(language.second)
                       for _ in range(syllables))  # fmt: skip
        rare[word + (rng.choice(language.first) if rng.random() < 0.4 else "")] = None
    small = language.small.split()
    harmonic = sum(1 / rank for rank in range(8, _VOCABULARY + 8))
    weights = [_SMALL / len(small)] * len(small)
    weights += [(1 - _SMALL) / rank / harmonic for rank in range(8, _VOCABULARY + 8)]
    return (*small, *rare), tuple(accumulate(weights))


def made(number: int) -> Made:
    """The article with this number."""
    rng = random.Random(number)
    code = LANGUAGES[number % len(LANGUAGES)].code
    words, weights = vocabulary(code)
    body = rng.choices(words, cum_weights=weights, k=rng.randint(30, 130))
    body.insert(rng.randrange(len(body)), EVERYWHERE)
    if number % 3 == 0:
        body.insert(rng.randrange(len(body)), OFTEN)
    title = " ".join(rng.choices(words, cum_weights=weights, k=rng.randint(5, 10)))
    return Made(number, code, title.capitalize(), " ".join(body).capitalize() + ".")


def item(number: int, count: int) -> Item:
    """The same as a poll would bring it; a twentieth tells something."""
    one = made(number)
    url = f"https://news{number % _OUTLETS}.example/{number}"
    article = Article(
        url=url, canonical_url=url, url_key=key(url), guid_key=key(url, "guid"),
        content_key=key(one.title, one.text), title=one.title, text=one.text,
        published=START + YEARS * (number / count), language=one.language,
    )  # fmt: skip
    named = (OFFICIALS[number // 40 % 3],) if number % 40 == 0 else ()
    verdict = Verdict(number % 20 == 0, named, (), (), (), 1.0, "w")
    return Item(article, verdict, Fingerprint("f", key(one.text), (), ()))
