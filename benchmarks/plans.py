"""What each generated feed is like: its format, language, charset, fault, rhythm, size. Pure.

Feed number n is the same in a corpus of any size, and shares hold in every hundred feeds.
"""

from __future__ import annotations

import math
import random
from dataclasses import dataclass
from functools import cache

from benchmarks.words import BY_CODE, LANGUAGES

FAULTS = (
    "bare-ampersand",
    "stray-byte",
    "wrong-charset",
    "truncated",
    "bad-nesting",
    "undefined-entity",
    "control-characters",
    "duplicate-attribute",
    "html-page",
    "empty",
)
UNREADABLE = ("html-page", "empty")  # no feed at all: to fail is right
_FORMATS = ("rss",) * 70 + ("atom",) * 20 + ("rdf",) * 3 + ("json",) * 2 + ("broken",) * 5
_LANGUAGES = ("en",) * 22 + ("fa",) * 24 + ("ar",) * 10 + ("fr", "de", "es", "sv") * 6
_OTHERS = tuple(language.code for language in LANGUAGES[6:])
_MEAN_BYTES, _SPREAD = 60_000, 0.5  # of documents; the spread is of the logarithm
_MARKUP = 850  # bytes of an entry that are no text of it
_RHYTHMS = (1_800, 7_200, 14_400, 43_200, 172_800)  # seconds between entries
_TYPES = {
    "rss": ("application/rss+xml", "text/xml", "application/xml", "text/html"),
    "atom": ("application/atom+xml", "text/xml", "application/xml", "application/atom+xml"),
    "rdf": ("application/rdf+xml", "text/xml", "application/xml", "application/rdf+xml"),
    "json": ("application/feed+json", "application/json"),
}


@dataclass(frozen=True, slots=True)
class Plan:
    """One feed, before any text of it is made."""

    number: int
    format: str  # "rss", "atom", "rdf", "json"
    fault: str  # of FAULTS, or empty
    language: str
    charset: str
    declared: bool  # the charset stands in the document, not in the header alone
    content_type: str
    entries: int  # listed
    words: int  # of an entry
    rhythm: int  # seconds between entries
    full: bool  # summary and content, not a summary alone
    guids: str  # "permalink", "opaque", "none"
    dated: bool
    changes: bool  # has new entries in version 1
    conditional: bool  # keeps its validators when a third of the feeds send none

    @property
    def address(self) -> str:
        """Its own loopback address: 127.1.0.1 and so on."""
        rest, last = divmod(self.number, 250)
        block, middle = divmod(rest, 250)
        return f"127.{1 + block}.{middle}.{last + 1}"


@cache
def _deck(seed: int, name: str, block: int, cards: tuple[str, ...]) -> tuple[str, ...]:
    """The cards of one block, shuffled: shares are exact in every block."""
    dealt = list(cards)
    random.Random(f"{seed}/{name}/{block}").shuffle(dealt)
    return tuple(dealt)


def _dealt(seed: int, name: str, number: int, cards: tuple[str, ...]) -> str:
    block, place = divmod(number, len(cards))
    return _deck(seed, name, block, cards)[place]


def plan(number: int, seed: int) -> Plan:
    """The plan of feed `number` (from 0)."""
    rng = random.Random(f"{seed}/plan/{number}")
    dealt = _dealt(seed, "format", number, _FORMATS)
    fault = ""
    if dealt == "broken":  # five in each hundred: all ten kinds in two hundred
        broken = _deck(seed, "format", number // 100, _FORMATS)[: number % 100].count("broken")
        fault = FAULTS[(number // 100 * 5 + broken) % len(FAULTS)]
    form = rng.choice(("rss",) * 4 + ("atom",)) if dealt == "broken" else dealt
    language = _language(rng, fault)
    charset, declared = _charset(rng, form, fault, language)
    entries = min(80, max(8, round(rng.gauss(31, 9))))
    size = rng.lognormvariate(math.log(_MEAN_BYTES) - _SPREAD**2 / 2, _SPREAD)
    words = (min(size, 200_000) / entries - _MARKUP) / BY_CODE[language].bytes_a_word
    kind = rng.choices(_TYPES[form], (60, 25, 12, 3)[: len(_TYPES[form])])[0]
    said = "utf-8" if fault == "wrong-charset" else charset
    header = f"; charset={said}" if not declared or rng.random() < 0.6 else ""
    return Plan(
        number=number,
        format=form,
        fault=fault,
        language=language,
        charset=charset,
        declared=declared,
        content_type="text/html" if fault == "html-page" else kind + header,
        entries=entries,
        words=max(12, round(words)),
        rhythm=round(rng.choice(_RHYTHMS) * rng.uniform(0.6, 1.4)),
        full=rng.random() < 0.5,
        guids=rng.choices(("permalink", "opaque", "none"), (50, 47, 3))[0],
        dated=rng.random() > 0.02,
        changes=_dealt(seed, "changes", number, ("yes",) + ("",) * 19) == "yes",
        conditional=_dealt(seed, "validators", number, ("yes",) * 7 + ("",) * 3) == "yes",
    )


def _language(rng: random.Random, fault: str) -> str:
    language = rng.choice((*_LANGUAGES, *rng.sample(_OTHERS, 2) * 10))
    if fault in ("stray-byte", "wrong-charset") and language in ("en", "nl", "ckb"):
        return "fa"  # plain ASCII has no charset to get wrong
    return language


def _charset(rng: random.Random, form: str, fault: str, language: str) -> tuple[str, bool]:
    """The charset of the bytes, and whether the document declares one.

    A tenth is legacy; a fifth of those tells its charset in the header alone.
    """
    legacy = BY_CODE[language].charset
    if fault == "wrong-charset":
        return legacy, True
    if form == "json" or fault or not legacy or rng.random() > 0.12:
        return "utf-8", True
    if rng.random() < 0.06:
        return "utf-16", True
    return legacy, rng.random() > 0.2
