"""The watchlist as patterns: what each folded form means when it is found in a text. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from watchers.folding import fold, variants
from watchers.queries import parse_query

if TYPE_CHECKING:
    from watchers.watchlist import Watchlist

TOPIC = "massacre-1988"
ARABIC = re.compile("[\u0600-\u06ff]")
_PERSIAN = "پچگژ"  # letters that Arabic has not
# Clitics that Persian and Arabic write onto a word (watchlist, [normalise]). "ان" is none of
# them: "نوریان" is another surname.
_PREFIXES = frozenset(
    ("و", "ف", "ب", "ل", "ک", "ال", "وال", "فال", "بال", "کال", "لل", "ولل", "وب", "ول", "وبال")
)
_SUFFIXES = frozenset(("ی", "ها", "های", "هایی", "یها", "ای", "ش", "شان", "یین", "ه"))
_LATIN_SUFFIXES = frozenset(("s", "es"))  # German and Swedish genitive; "Raisi's" too
_LONGEST = 4  # letters of the longest of these
_FOUR_DIGITS = 4
_GONE_BY = range(36, 46)  # years since 1988 that this list is written for


def is_persian(text: str) -> bool:
    """Whether it has letters that Persian has and Arabic has not; four scans cost a microsecond."""
    return any(letter in text for letter in _PERSIAN)


def folded_words(listed: str) -> frozenset[str]:
    """The words of a list between spaces, folded."""
    return frozenset(map(fold, listed.split()))


@dataclass(frozen=True, slots=True)
class Rule:
    """What finding a pattern means."""

    # full, surname, common (names); strong, medium, weak, year, facet, context (of the topic);
    # lookalike, namesake; own (an admins' topic); misspelt, misspelt surname (watchers.spelling)
    kind: str
    subject: str  # person's id, topic, group, facet, look-alike's id
    detail: str = ""
    prefix: bool = False  # matches the beginning of a longer word too
    given: frozenset[str] = frozenset()  # words of the person's own names
    topical: bool = False  # a bare form that counts only with the topic itself
    panelist: bool = False  # a person named as one of the panels of 1988, or at its side
    known: bool = False  # a surname that hardly anybody else in the news has
    group: str = ""  # of evidence that the name is, by itself


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
        yield from _each(look.triggers, Rule("lookalike", look.id))
    yield from _each(watchlist.words.namesakes, Rule("namesake", "namesake"))
    yield from _years(watchlist)
    for facet, words in watchlist.facets:
        yield from _each(_numbered(words), Rule("facet", facet))
    yield from own_topics(watchlist)


def _people(watchlist: Watchlist) -> Iterator[tuple[str, Rule]]:
    for person in watchlist.people:
        forms = (*person.names, person.name)
        weak = {*person.surnames, *person.needs_context}
        whole = Rule(
            "full",
            person.id,
            given=frozenset(word for form in forms for word in fold(form).split()),
            panelist=person.panelist,
            known=person.known,
            group=person.group,
        )
        topical = any(one.needs != "context" for one in person.collides)
        for aliases, rule in (
            (sorted(set(forms) - weak), whole),
            (person.surnames, replace(whole, kind="surname")),
            (person.needs_context, replace(whole, kind="common", topical=topical)),
        ):
            for alias in aliases:
                yield from ((pattern, rule) for pattern in variants(alias))


def _years(watchlist: Watchlist) -> Iterator[tuple[str, Rule]]:
    years = watchlist.years
    for sort, forms in (
        ("gregorian", years.gregorian),
        ("jalali", years.jalali),
        ("words", years.words),
        ("short", years.short_words),
    ):
        for form in forms:
            detail = "short" if len(fold(form)) < _FOUR_DIGITS else sort
            yield from _each((form,), Rule("year", "year", detail))


def _numbered(words: Iterable[str]) -> Iterator[str]:
    """Each word; `{n}` stands for the years that have gone by since 1988."""
    for word in words:
        if "{n}" in word:
            yield from (word.replace("{n}", str(number)) for number in _GONE_BY)
        else:
            yield word


def own_topics(watchlist: Watchlist) -> Iterator[tuple[str, Rule]]:
    """What the admins' queries look for: a rule names the topic and the phrase's number in it."""
    for topic in watchlist.own_topics:
        for number, phrase in enumerate(parse_query(topic.query).phrases):
            rule = Rule("own", topic.id, detail=str(number), prefix=phrase.prefix)
            yield from _each((phrase.text,), rule)


def _each(phrases: Iterable[str], rule: Rule) -> Iterator[tuple[str, Rule]]:
    """A phrase in Arabic script is also written joined; `*` at the end: a beginning is enough."""
    for phrase in phrases:
        meant = replace(rule, prefix=True) if phrase.endswith("*") else rule
        words = phrase.rstrip("*")
        for pattern in variants(words) if ARABIC.search(words) else (fold(words),):
            yield pattern, meant


def bounded(text: str, start: int, end: int, *, prefix: bool) -> bool:
    """Word boundaries, with what each script writes onto a word. `text` is padded by spaces.

    Looks no further than the longest clitic: a word of a million letters costs nothing.
    """
    arabic = ARABIC.match(text, start) is not None
    if text[start].isdigit():
        # "مرداد67" is written as one, and a figure ends where letters begin.
        before, after = text[start - 1], text[end]
        if ARABIC.match(before) or ARABIC.match(after):
            return not (before.isdigit() or after.isdigit())
    if text[start - 1] != " ":
        _, space, head = text[max(0, start - _LONGEST - 1) : start].rpartition(" ")
        if not (arabic and space and head in _PREFIXES):
            return False
    if prefix or text[end] == " " or (arabic and text[end].isdigit()):
        return True
    tail, space, _ = text[end : end + _LONGEST + 1].partition(" ")
    return bool(space) and tail in (_SUFFIXES if arabic else _LATIN_SUFFIXES)
