"""Watchlists of any size to measure matching with: the shipped one and invented people. Pure."""

from __future__ import annotations

import dataclasses
import random
from collections.abc import Iterable, Mapping, Sequence

import config
from benchmarks.match_texts import Known
from benchmarks.words import BY_CODE
from watchers.folding import fold
from watchers.rules import ARABIC
from watchers.watchlist import Watchlist, parse_watchlist
from watchers.watchlist_rows import Person

_FORMS = 6  # of each invented person


def shipped() -> Watchlist:
    """The list of the repository."""
    return parse_watchlist(config.shipped_watchlist(), "watchlist.toml")


def grown(watchlist: Watchlist, count: int, seed: int) -> Watchlist:
    """The list with invented people, until there are so many aliases of people."""
    rng = random.Random(f"{seed}/names")
    missing = max(0, count - sum(map(_aliases, watchlist.people)))
    model = watchlist.people[-1]
    invented: list[Person] = []
    while missing > 0:
        forms = tuple(_names(rng))[:missing]
        invented.append(
            model.model_copy(
                update={
                    "id": f"invented-{len(invented)}",
                    "name": forms[0],
                    "aliases": forms,
                    "fa": (),
                    "ar": (),
                    "surnames": (),
                    "needs_context": (),
                }
            )
        )
        missing -= len(forms)
    return dataclasses.replace(watchlist, people=(*watchlist.people, *invented))


def _aliases(person: Person) -> int:
    return len({*person.names, person.name, *person.surnames, *person.needs_context})


def aliases(watchlist: Watchlist) -> int:
    """How many forms of people's names a list has."""
    return sum(map(_aliases, watchlist.people))


def _names(rng: random.Random) -> Iterable[str]:
    """Four Latin forms and two in Arabic script."""
    for code in ("en", "en", "de", "fr", "fa", "ar"):
        given, middle, family = (_word(code, rng, size) for size in (2, 2, 3))
        yield rng.choice(
            (f"{given} {family}", f"{given}-{middle} {family}", f"{given} {middle}{family}")
        )


def _word(code: str, rng: random.Random, syllables: int) -> str:
    language = BY_CODE[code]
    letters = (rng.choice(language.first) + rng.choice(language.second) for _ in range(syllables))
    return "".join((*letters, rng.choice(language.first))).capitalize()


# Facets that general news is full of, and those of which an article has one or none. The places
# of 1988 and the words that point back to it stand in no general news.
_EVERYDAY = frozenset(
    ("office", "trade", "eponym", "law", "trial", "memory", "district", "season", "letter", "panel")
)
_GRIM = frozenset(("act", "prison", "graves", "order", "sentence", "execution"))


def known(watchlist: Watchlist, small: Watchlist) -> Known:
    """What texts hold of a list; names are of the small list, so that every list finds them."""
    everyday = _words(watchlist, _EVERYDAY)
    grim = _words(watchlist, _GRIM)
    people = (name for person in small.people[:40] for name in person.names)
    phrases = (phrase for topic in watchlist.topics for phrase in (*topic.strong, *topic.medium))
    iran = dict(watchlist.context.groups)["iran"]
    return Known(
        facets=_by_script(everyday),
        grim=_by_script(grim),
        iran=_by_script(iran),
        names=_by_script(people),
        phrases=_by_script(phrases),
        furniture=_by_script(("Read also", "Related", "بیشتر بخوانید", "اقرأ أيضا")),
    )


def _words(watchlist: Watchlist, wanted: frozenset[str]) -> list[str]:
    facets = (word for name, words in watchlist.facets if name in wanted for word in words)
    return [word.rstrip("*") for word in facets if " " not in word and "{" not in word]


def _by_script(words: Iterable[str]) -> Mapping[str, Sequence[str]]:
    scripts: dict[str, list[str]] = {}
    for word in words:
        if fold(word):
            scripts.setdefault("arabic" if ARABIC.search(word) else "latin", []).append(word)
    return scripts
