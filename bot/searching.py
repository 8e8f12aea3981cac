"""The full search, for readers and for the command line: asked, put in order, with pieces.

Looking up, which may take most of a second, happens in a thread of its own: polls and posts go
on. The index is filled by `bot.indexing`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import cast

from bot.app import Program
from bot.clock import utc_now
from bot.readers import WAITING
from watchers.ports import Store
from watchers.search_order import ranked
from watchers.searching import Wanted
from watchers.snippets import Snippet, snippet
from watchers.telling import Tellable

AT_ONCE = 50  # texts that are read at once


@dataclass(frozen=True, slots=True)
class Group:
    """An article that was found, with how many copies of it were found besides."""

    article: Tellable
    copies: int


@dataclass(frozen=True, slots=True)
class Found:
    """What a search came to."""

    articles: tuple[Tellable, ...]  # best first, at most 100
    wanted: Wanted
    hits: int  # that were found, at most 2,000
    more: bool  # there are older ones
    stopped: bool  # it took too long: older articles were not looked at


async def search(program: Program, question: str, user_id: int) -> Found | None:
    """What readers may see of what is found; None if this person, or everybody, asks too much
    just now. StoreError.
    """
    readers, key = program.readers, ("search", question)
    if (known := readers.fresh.get(key, readers.steady())) is not None:
        return cast("Found", known)
    if readers.waiting >= WAITING or not readers.may_search(user_id):
        return None
    readers.waiting += 1
    try:
        async with readers.turn:
            known = readers.fresh.get(key, readers.steady())  # the one before asked the same
            found = cast("Found", known) if known else await _looked_up(program, question)
    finally:
        readers.waiting -= 1
    readers.fresh.put(key, found, readers.steady())
    return found


async def _looked_up(program: Program, question: str) -> Found:
    now = utc_now()
    wanted = program.asking.read(question, now, told=True)
    return await asyncio.to_thread(look_up, program.database.store, wanted, now, settled=True)


def look_up(store: Store, wanted: Wanted, now: datetime, *, settled: bool = False) -> Found:
    """What is found, best first; `settled`: only what was grouped already. StoreError."""
    if not wanted.asks:
        return Found((), wanted, 0, more=False, stopped=False)
    hits = store.search(wanted)
    best = [hit.id for hit in ranked(hits.hits, wanted, now)]
    articles = store.found_articles(best, settled=settled)
    return Found(articles, wanted, hits.found, hits.more, hits.stopped is not None)


def grouped(articles: Sequence[Tellable]) -> list[Group]:
    """The best of each article and its copies, in the order given."""
    by_first: dict[int, list[Tellable]] = {}
    for article in articles:
        by_first.setdefault(article.duplicate_of or article.id, []).append(article)
    return [Group(found[0], len(found) - 1) for found in by_first.values()]


async def pieces(
    program: Program, found: Found, articles: Sequence[Tellable]
) -> dict[int, Snippet]:
    """Of each of these few articles the piece in which what was asked stands, by id."""
    store = program.database.store
    return await asyncio.to_thread(pieces_of, store, found.wanted, articles)


def pieces_of(store: Store, wanted: Wanted, articles: Sequence[Tellable]) -> dict[int, Snippet]:
    """The same, in this thread."""
    found: dict[int, Snippet] = {}
    for start in range(0, len(articles), AT_ONCE):
        some = [article.id for article in articles[start : start + AT_ONCE]]
        texts = store.whole_texts(some).items()
        found |= {number: snippet(text, wanted.terms) for number, text in texts if text}
    return found
