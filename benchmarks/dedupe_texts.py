"""Articles for the benchmark of copies: a year of news with planted copies and traps. Pure.

Everything follows from a seed and a number, so that any part can be made in any process. Every
twentieth article is relevant; these are numbered on their own. A relevant article is an
original, a *copy* of an earlier original of the last three days (another outlet printed it, see
`COPIES`), or a *trap*: an earlier original's text with another figure, name or date, which is
another report and must not be joined. Words are invented, and so are the people. All relevant
articles of a language share a small vocabulary, headlines and paragraphs of background: that is
what makes unrelated ones look alike.
"""

from __future__ import annotations

import random
import re
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import cache, lru_cache
from itertools import accumulate

from benchmarks.words import BY_CODE

LANGUAGES = ("en", "fa", "ar", "fr", "de", "es", "sv", "it")
EVERY = 20  # of them one is relevant
COPIES = (
    "syndicated",
    "5 % edited",
    "10 % edited",
    "15 % edited",
    "5 % edited, other headline",
    "10 % edited, other headline",
    "15 % edited, other headline",
    "cut to a third",
    "other headline",
    "Persian respelt",
)
TRAPS = ("other figure", "other name", "other date")
START = datetime(2025, 8, 1, tzinfo=UTC)
YEAR = timedelta(days=365)

_COPY, _TRAP = 0.30, 0.10  # shares of the relevant articles
_APART = timedelta(days=3)
_COMMON, _OWN = 6_000, 900  # words a language; of them the subject's reports use 900
_SMALL = 0.3  # share of the commonest words
_OUTLETS = 500
_BACKGROUND = 5  # paragraphs of it a language
_MONTHS = ("1", "2", "3", "4", "5", "6", "7", "8", "9", "10", "11", "12")
_FIRST = ("Anna", "Boris", "Clara", "David", "Elena", "Farid", "Gita", "Hamid", "Irene", "Jonas",
          "Karin", "Leila", "Maryam", "Nader", "Olga", "Parvin")  # fmt: skip
_LAST = ("Abero", "Belvani", "Corasti", "Dolmeri", "Esgari", "Falkori", "Gorvani", "Helmasti",
         "Iskandi", "Jorvali", "Kelvari", "Lomasti")  # fmt: skip
_PERSIAN = {"a": "ا", "b": "ب", "c": "ک", "d": "د", "e": "ه", "f": "ف", "g": "گ", "h": "ح",
            "i": "ی", "j": "ج", "k": "ک", "l": "ل", "m": "م", "n": "ن", "o": "و", "p": "پ",
            "r": "ر", "s": "س", "t": "ت", "v": "و", "y": "ی"}  # fmt: skip
_RESPELT = str.maketrans({"ی": "ي", "ک": "ك", **dict(zip("0123456789", "۰۱۲۳۴۵۶۷۸۹", strict=True))})
_PLAIN = re.compile(r"[^\W\d_]+")


@dataclass(frozen=True, slots=True)
class Made:
    """One article; `group` is the number of the original that it belongs with, or its own."""

    number: int  # of all articles
    group: int
    kind: str  # "general", "original", or of COPIES or TRAPS
    language: str
    outlet: int
    time: datetime
    title: str
    text: str
    name: str = ""

    @property
    def relevant(self) -> bool:
        """Whether it is on the subject."""
        return self.kind != "general"


@dataclass(frozen=True, slots=True)
class Role:
    """What a relevant article is, and of which other one (a number among the relevant)."""

    kind: str
    of: int


@dataclass(frozen=True)
class World:
    """All articles of a seed."""

    count: int
    seed: int = 1988

    def article(self, number: int) -> Made:
        """The article with this number; times rise with it, give or take some hours."""
        if number % EVERY == EVERY - 1:
            return _relevant(self, number // EVERY)
        rng = random.Random(f"{self.seed}/general/{number}")
        code = rng.choice(LANGUAGES)
        words, weights = _vocabulary(code, _COMMON)
        title = " ".join(rng.choices(words, cum_weights=weights, k=rng.randint(6, 11)))
        body = rng.choices(words, cum_weights=weights, k=rng.randint(40, 300))
        time = self.time(number) - timedelta(minutes=rng.expovariate(1 / 90))
        return Made(number, number, "general", code, rng.randrange(_OUTLETS), time,
                    title.capitalize(), _punctuated(body, rng))  # fmt: skip

    def time(self, number: int) -> datetime:
        """When the article with this number is polled."""
        return START + YEAR * (number / self.count)

    @property
    def reach(self) -> int:
        """How many relevant articles there are in three days."""
        return max(2, int(self.count / EVERY * (_APART / YEAR)))

    def role(self, index: int) -> Role:
        """What the relevant article with this number among them is."""
        return _role(self, index)


@lru_cache(maxsize=100_000)
def _role(world: World, index: int) -> Role:
    rng = random.Random(f"{world.seed}/role/{index}")
    chance = rng.random()
    if chance >= _COPY + _TRAP:
        return Role("original", index)
    reach = world.reach if chance < _COPY else world.reach * 6
    for _ in range(8):
        of = index - rng.randint(1, reach)
        if of >= 0 and _role(world, of).kind == "original":
            break
    else:
        return Role("original", index)
    if chance >= _COPY:
        return Role(rng.choice(TRAPS), of)
    if _language(world, of) == "fa" and rng.random() < 0.5:
        return Role("Persian respelt", of)
    return Role(rng.choice(COPIES[:-1]), of)


def _language(world: World, index: int) -> str:
    return random.Random(f"{world.seed}/language/{index}").choice(LANGUAGES)


def _relevant(world: World, index: int) -> Made:
    role = world.role(index)
    made = _original(world, role.of)
    if role.kind == "original":
        return made
    rng = random.Random(f"{world.seed}/change/{index}")
    number = index * EVERY + EVERY - 1
    outlet = (made.outlet + rng.randrange(1, _OUTLETS)) % _OUTLETS
    time = world.time(number) - timedelta(minutes=rng.expovariate(1 / 90))
    group = number if role.kind in TRAPS else made.number
    other = replace(made, number=number, group=group, kind=role.kind, outlet=outlet, time=time)
    return _changed(other, rng)


@lru_cache(maxsize=2_000)
def _original(world: World, index: int) -> Made:
    rng = random.Random(f"{world.seed}/original/{index}")
    code, number = _language(world, index), index * EVERY + EVERY - 1
    words, weights = _vocabulary(code, _OWN)
    name = f"{rng.choice(_FIRST)} {rng.choice(_LAST)}"
    name = name if code not in ("fa", "ar") else _persian(name)
    figure, day, month = rng.randint(11, 4_900), rng.randint(1, 28), rng.choice(_MONTHS)

    def some(count: int) -> list[str]:
        return rng.choices(words, cum_weights=weights, k=count)

    if rng.random() < 0.5:  # a headline in the fashion of the subject's other ones
        title = f"{' '.join(_fashion(code)[:4])} {name}: {figure} {_fashion(code)[4]}"
    else:
        title = f"{' '.join(some(rng.randint(5, 9))).capitalize()} {name}"
    lead = f"{' '.join(some(6)).capitalize()} {name} {some(1)[0]} {figure} {' '.join(some(8))}"
    dated = f"{some(1)[0]} {day} {month} {START.year} {' '.join(some(5))}."
    body = _punctuated(some(rng.randint(25, 245)), rng)
    tail = _background(code)[rng.randrange(_BACKGROUND)] if rng.random() < 0.6 else ""
    text = "\n\n".join(part for part in (f"{lead}, {dated}", body, tail) if part)
    time = world.time(number) - timedelta(minutes=rng.expovariate(1 / 90))
    return Made(number, number, "original", code, rng.randrange(_OUTLETS), time, title, text, name)


# ---------------------------------------------------------------- copies and traps


def _changed(made: Made, rng: random.Random) -> Made:
    if made.kind in TRAPS:
        return _trap(made, rng)
    if made.kind.startswith("syndicated"):
        byline = f"({made.name.split()[0]} News) - "
        tail = f"\n\n© {made.name.split()[0]} News. {' '.join(_fashion(made.language)[:6])}."
        return replace(made, text=byline + made.text + tail)
    if made.kind == "cut to a third":
        words = made.text.split(" ")
        return replace(made, text=" ".join(words[: max(20, len(words) // 3)]) + " …")
    if made.kind == "Persian respelt":
        spelt = (part.translate(_RESPELT) for part in (made.title, made.text))
        return replace(made, **dict(zip(("title", "text"), spelt, strict=True)))  # type: ignore[arg-type]
    if "edited" in made.kind:
        share = int(made.kind.split(" ", 1)[0]) / 100
        made = replace(made, text=_edited(made, share, rng))
    return replace(made, title=_retitled(made, rng)) if "headline" in made.kind else made


def _edited(made: Made, share: float, rng: random.Random) -> str:
    """Other words in place of some: no figures, and no names."""
    words, weights = _vocabulary(made.language, _OWN)
    kept = set(made.name.split(" "))
    parts = made.text.split(" ")
    plain = [i for i, part in enumerate(parts) if part not in kept and _PLAIN.fullmatch(part)]
    for place in rng.sample(plain, min(len(plain), round(share * len(parts)))):
        parts[place] = rng.choices(words, cum_weights=weights)[0]
    return " ".join(parts)


def _retitled(made: Made, rng: random.Random) -> str:
    words, weights = _vocabulary(made.language, _OWN)
    other = rng.choices(words, cum_weights=weights, k=rng.randint(5, 9))
    return f"{made.name} {' '.join(other)}"


def _trap(made: Made, rng: random.Random) -> Made:
    if made.kind == "other name":
        name = made.name
        while name == made.name:
            name = f"{rng.choice(_FIRST)} {rng.choice(_LAST)}"
            name = name if made.language not in ("fa", "ar") else _persian(name)
        title, text = made.title.replace(made.name, name), made.text.replace(made.name, name)
        return replace(made, title=title, text=text, name=name)
    figures = re.findall(r"\d+", made.text)  # the lead's figure, the day, the month, the year
    if made.kind == "other figure":
        other = str(int(figures[0]) + rng.randint(1, 900))
        new = re.compile(rf"\b{figures[0]}\b")
        return replace(made, title=new.sub(other, made.title), text=new.sub(other, made.text, 1))
    day = str(int(figures[1]) % 28 + 1)
    return replace(made, text=made.text.replace(f" {figures[1]} {figures[2]} ",
                                                f" {day} {figures[2]} ", 1))  # fmt: skip


# ---------------------------------------------------------------- words


@cache
def _vocabulary(code: str, count: int) -> tuple[tuple[str, ...], tuple[float, ...]]:
    """Words with their cumulated weights, as Zipf found them."""
    language, rng = BY_CODE[code], random.Random(f"dedupe/{code}")
    rare: dict[str, None] = {}
    while len(rare) < count:
        syllables = rng.choices((1, 2, 3, 4), (1, 5, 5, 2))[0]
        rare["".join(rng.choice(language.first) + rng.choice(language.second)
                     for _ in range(syllables))] = None  # fmt: skip
    small = language.small.split()
    weights = [_SMALL / len(small)] * len(small)
    harmonic = sum(1 / rank for rank in range(5, count + 5))
    weights += [(1 - _SMALL) / rank / harmonic for rank in range(5, count + 5)]
    return (*small, *rare), tuple(accumulate(weights))


@cache
def _fashion(code: str) -> tuple[str, ...]:
    """The words of which the subject's headlines are often made."""
    return _vocabulary(code, _OWN)[0][30:36]


@cache
def _background(code: str) -> tuple[str, ...]:
    """Paragraphs that reports on the subject end with."""
    rng = random.Random(f"background/{code}")
    words, weights = _vocabulary(code, _OWN)
    made = (rng.choices(words, cum_weights=weights, k=rng.randint(18, 34)) for _ in range(99))
    return tuple(_punctuated(next(made), rng) for _ in range(_BACKGROUND))


@cache
def _persian(name: str) -> str:
    return "".join(_PERSIAN.get(sign, sign) for sign in name.lower())


def _punctuated(words: list[str], rng: random.Random) -> str:
    """Words as sentences of 8 to 20, in paragraphs."""
    start = 0
    while start < len(words):
        words[start] = words[start].capitalize()
        start += rng.randint(8, 20)
        last = min(start, len(words)) - 1
        words[last] += "." if rng.random() < 0.8 else ".\n\n"
    return " ".join(words).replace("\n ", "\n").strip()
