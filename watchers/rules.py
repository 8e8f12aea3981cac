"""The watchlist as patterns: what each folded form means when it is found in a text. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from watchers.folding import fold, variants

if TYPE_CHECKING:
    from watchers.watchlist import Watchlist

TOPIC = "massacre-1988"
ARABIC = re.compile("[\u0600-\u06ff]")
# Clitics that Persian and Arabic write onto a word (watchlist, [normalise]).
_PREFIXES = ("وال", "بال", "لل", "ال", "و", "ب", "ل", "ف", "ک")
_SUFFIXES = ("های", "ها", "ای", "ی", "ش", "شان", "یها", "یین", "ه")
_LATIN_SUFFIXES = ("s", "es")


@dataclass(frozen=True, slots=True)
class Rule:
    """What finding a pattern means."""

    kind: str  # full, surname, strong, medium, weak, context, word, year, lookalike
    subject: str  # person's id, topic, group, look-alike's id
    detail: str = ""
    prefix: bool = False  # matches the beginning of a longer word too
    given: frozenset[str] = frozenset()  # words of the person's own names


def furniture_pattern(headings: Iterable[str]) -> re.Pattern[str]:
    """Where an article's own text ends: a line that is a heading of page furniture."""
    words = "|".join(sorted(map(re.escape, headings), key=len, reverse=True))
    return re.compile(rf"^[ \t]*(?:{words})[ \t]*(?::.{{0,600}})?$", re.IGNORECASE | re.MULTILINE)


def patterns(watchlist: Watchlist) -> Iterator[tuple[str, Rule]]:
    """Every folded pattern with what it means; one pattern may mean several things."""
    yield from _people(watchlist)
    for topic in watchlist.topics:
        levels = (("strong", topic.strong), ("medium", topic.medium), ("weak", topic.weak))
        for level, phrases in levels:
            yield from _each(phrases, Rule(level, TOPIC, topic.language))
    for group, tokens in watchlist.context.groups:
        yield from _each(tokens, Rule("context", group))
    for look in watchlist.lookalikes:
        for trigger in look.triggers:
            yield fold(trigger), Rule("lookalike", look.id)
    yield from _years_and_words(watchlist)


def _people(watchlist: Watchlist) -> Iterator[tuple[str, Rule]]:
    for person in watchlist.people:
        forms = (*person.names, person.name)
        given = frozenset(word for form in forms for word in fold(form).split())
        for alias in set(forms) - set(person.needs_context):
            for pattern in variants(alias):
                yield pattern, Rule("full", person.id)
        for alias in person.needs_context:
            for pattern in variants(alias):
                yield pattern, Rule("surname", person.id, given=given)


def _years_and_words(watchlist: Watchlist) -> Iterator[tuple[str, Rule]]:
    years = watchlist.years
    for year in (*years.gregorian, *years.jalali, *years.words):
        yield from _each((year,), Rule("year", "year", "short" if len(fold(year)) < 4 else ""))
    for group, words in watchlist.words.groups:
        for word in words:
            yield from _each((word.rstrip("*"),), Rule("word", group, prefix=word.endswith("*")))


def _each(phrases: Iterable[str], rule: Rule) -> Iterator[tuple[str, Rule]]:
    """A phrase in Arabic script is also written joined; in others only apart."""
    for phrase in phrases:
        for pattern in variants(phrase) if ARABIC.search(phrase) else (fold(phrase),):
            yield pattern, rule


def bounded(text: str, start: int, end: int, *, prefix: bool) -> bool:
    """Word boundaries, with what each script writes onto a word. `text` is padded by spaces."""
    arabic = bool(ARABIC.match(text[start]))
    if text[start - 1] != " ":
        head = text[text.rfind(" ", 0, start) + 1 : start]
        if not (arabic and head in _PREFIXES):
            return False
    if prefix or text[end] == " ":
        return True
    tail = text[end : text.index(" ", end)]
    return tail in (_SUFFIXES if arabic else _LATIN_SUFFIXES)
