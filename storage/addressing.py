"""Which stored article an item is, and which further addresses it brings. Pure, for both stores.

An article is kept under one address, the one it had first. What else leads to it (the link that
a feed printed, the address that its page names, the canonical form by rules of a later version)
is a further address, and is looked up like the first.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from watchers.model import Item
from watchers.text import key
from watchers.urls import canonical

Target = int | bytes  # a stored article's id, or the url key of one that this poll brings


@dataclass(frozen=True, slots=True)
class Further:
    """A further address of an article; `url` as printed, `key` of its canonical form."""

    target: Target
    url: str
    key: bytes


def target_of(item: Item, leads: Mapping[bytes, Target], by_guid: int | None) -> Target | None:
    """The article that an item is: by its link, then its page's address, then its guid.

    The link before the page: what was stored under a feed's link stays there, although its
    page is read later and names an address that leads elsewhere.
    """
    for known in reversed(item.article.keys):
        if known in leads:
            return leads[known]
    return by_guid


def link_of(item: Item, target: Target) -> Further:
    """The address that the feed printed."""
    article = item.article
    return Further(target, article.url, article.link_key or article.url_key)


def further(
    item: Item, target: Target, first_url: str, leads: Mapping[bytes, Target]
) -> Iterator[Further]:
    """What is to be kept beside the address that an article has; `leads` is without the item.

    Its link, unless that is how the article was printed first and its key leads there; and its
    page's address, unless that leads anywhere; and the aggregator's link that it came in.
    """
    link = link_of(item, target)
    if link.url != first_url or (link.key != target and leads.get(link.key) != target):
        yield link
    article = item.article
    if article.link_key is not None and article.url_key != target and article.url_key not in leads:
        yield Further(target, article.canonical_url, article.url_key)
    if article.wrapper is not None:  # people look for an article by the link that they were sent
        yield Further(target, article.wrapper, key(canonical(article.wrapper)))
