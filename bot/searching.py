"""Readers' search: all words, among the latest articles on the subject. One function, `search`.

Words are compared folded, as matching does; a word finds those that begin with it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import cast

from bot.app import Program
from bot.readers import WAITING
from watchers.folding import fold
from watchers.telling import Tellable

LOOKED = 2_000  # articles, the latest
_PART = 200  # whose texts are read at once: others use the database in between
_WORDS = 8
_LONGEST = 100  # characters of a question
_FOUND = 200  # articles that are enough
_WHOLE = 2  # letters of a word that has to stand whole


@dataclass(frozen=True, slots=True)
class Found:
    """What a search came to."""

    articles: tuple[Tellable, ...]  # newest first
    looked: int  # articles that were looked through
    since: datetime | None  # when the first of them was seen; None if there was none


def wanted(question: str) -> tuple[str, ...]:
    """The folded words of a question; none if there is nothing to look for."""
    words = fold(question[:_LONGEST]).split(" ")
    return tuple(dict.fromkeys(word for word in words if word))[:_WORDS]


def matches(words: Iterable[str], title: str, text: str) -> bool:
    """Whether all the words stand there, or words that begin with them."""
    folded = f" {fold(title)} {fold(text)} "
    return all((f" {w} " if len(w) <= _WHOLE else f" {w}") in folded for w in words)


async def search(program: Program, words: tuple[str, ...], user_id: int) -> Found | None:
    """The articles with all these words; None if this person, or everybody, asks too much just
    now. StoreError.
    """
    readers, key = program.readers, ("search", words)
    if (known := readers.fresh.get(key, readers.steady())) is not None:
        return cast("Found", known)
    if readers.waiting >= WAITING or not readers.may_search(user_id):
        return None
    readers.waiting += 1
    try:
        async with readers.turn:
            known = readers.fresh.get(key, readers.steady())  # the one before asked the same
            found = cast("Found", known) if known else await _search(program, words)
    finally:
        readers.waiting -= 1
    readers.fresh.put(key, found, readers.steady())
    return found


async def _search(program: Program, words: tuple[str, ...]) -> Found:
    articles = await program.database(lambda store: store.latest(LOOKED, relevant=None))
    found: list[Tellable] = []
    looked = 0
    for start in range(0, len(articles), _PART):
        part = articles[start : start + _PART]
        ids = [article.id for article in part]
        texts = await program.database(lambda store, ids=ids: store.texts(ids))  # type: ignore[misc]
        found += await asyncio.to_thread(_matching, words, part, texts)
        looked += len(part)
        if len(found) >= _FOUND:
            break
    since = articles[looked - 1].first_seen if looked else None
    return Found(tuple(found), looked, since)


def _matching(
    words: Sequence[str], articles: Iterable[Tellable], texts: Mapping[int, str]
) -> list[Tellable]:
    return [one for one in articles if matches(words, one.title, texts.get(one.id, ""))]
