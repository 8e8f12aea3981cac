"""When an article's page is asked for again: is it still there? Pure.

A relevant article that an outlet takes down is worth a note. Feeds show it only while they list
it, so its page is asked for twice, a day and a week after the article was first seen. Only 404
and 410 say that it is gone, and only twice in a row, an hour apart: servers have bad minutes.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from watchers import urls
from watchers.articles import PageCheck
from watchers.model import Article, Fetched, FetchFailure, Item
from watchers.wrappers import is_aggregator

FIRST = timedelta(days=1)  # after it was first seen
SECOND = timedelta(days=7)
AGAIN = timedelta(hours=1)  # after the first answer that it is gone
GONE = (404, 410)
_WHOLE = ("t.me", "telegram.me")  # whose posts are whole in their feeds, and have no 404


def has_page(article: Article) -> bool:
    """An address of its own: entries without a link carry their feed's, with a fragment."""
    url = article.url
    if urlsplit(article.canonical_url).fragment or urls.resolve(url, url) is None:
        return False
    return not is_aggregator(url) and urls.host(url) not in _WHOLE


def first_check(item: Item, seen: datetime, *, baseline: bool) -> datetime | None:
    """When the page of a new article is asked for the first time; None if it is not."""
    wanted = item.verdict.relevant and not baseline and has_page(item.article)
    return seen + FIRST if wanted else None


@dataclass(frozen=True, slots=True)
class Outcome:
    """What an answer comes to."""

    again: datetime | None  # when to ask once more
    status: int | None = None  # 404 or 410: gone for certain; 200: there; None: nothing is said
    struck: bool = False  # the first answer that it is gone: the next one decides


def outcome(
    check: PageCheck, answer: Fetched | FetchFailure | None, now: datetime, *, was_struck: bool
) -> Outcome:
    """What follows; `answer` is None if we may not ask, `was_struck` says it was gone before."""
    following = check.first_seen + SECOND
    again = following if following > now else None
    if isinstance(answer, FetchFailure) and answer.status in GONE:
        if was_struck:
            return Outcome(again, answer.status)
        return Outcome(now + AGAIN, struck=True)
    is_there = isinstance(answer, Fetched) or (answer is not None and answer.kind == "too-large")
    return Outcome(again, 200 if is_there else None)
