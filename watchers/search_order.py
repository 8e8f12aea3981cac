"""Which hits come first. Pure.

Three things count alike: all that was asked stands in the title; how often it stands in the
text (each further time says less); how new the article is (half as much after two months).
Rarity of words plays no part: to know it, all that is stored would have to be counted.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Sequence
from datetime import datetime
from itertools import islice

from watchers.searching import Hit, Phrase, Wanted

_DAYS = 60.0
_ENOUGH = 2.0  # times a word stands there that make half of what it can count
_DAY = 86_400.0


def chosen(ids: Iterable[int], titled: Container[int], most: int) -> list[int]:
    """Which hits are looked at closely: half of them those in titles, else the newest."""
    numbers = sorted(ids, reverse=True)
    first = islice((number for number in numbers if number in titled), most // 2)
    found = dict.fromkeys(first)
    for number in numbers:
        if len(found) >= most:
            break
        found.setdefault(number)
    return sorted(found, reverse=True)


def ranked(hits: Iterable[Hit], wanted: Wanted, now: datetime) -> tuple[Hit, ...]:
    """The hits, best first."""
    terms = [tuple(map(spelt, term)) for term in wanted.terms]
    scored = [(_score(hit, terms, now), hit.id, hit) for hit in hits]
    return tuple(hit for _, _, hit in sorted(scored, key=lambda one: one[:2], reverse=True))


def _score(hit: Hit, terms: Sequence[Sequence[str]], now: datetime) -> float:
    age = max(0.0, (now - hit.time).total_seconds() / _DAY)
    dense = [_density(hit.stream, term) for term in terms]
    often = sum(dense) / len(dense) if dense else 0.0
    return float(hit.in_title) + often + 1 / (1 + age / _DAYS)


def spelt(form: Phrase) -> str:
    """How a phrase stands in a text of tokens between spaces."""
    return f" {' '.join(form.words)}{'' if form.begins else ' '}"


def _density(stream: str, term: Sequence[str]) -> float:
    times = sum(map(stream.count, term))
    return times / (times + _ENOUGH)
