"""The feeds of `make bench-scale`: small documents, nearly all of them as they were. Pure.

Feed n lives alone on its own loopback address. It was read once before (:func:`first_document`);
since then `CHANGED` of a hundred got three entries, and every tenth of those one on the subject.
"""

from __future__ import annotations

import random
from datetime import datetime
from email.utils import format_datetime

from benchmarks.words import on_subject, sentences, title

CHANGED = 5  # of a hundred feeds
ENTRIES = 3  # that each of those got
_TALKING = 10  # every so many of those that changed: one of its entries is on the subject
_A_GROUP = 250  # addresses in 127.1.x


def address_of(number: int) -> str:
    """The loopback address of a feed, from 0 to 63,749."""
    return f"127.1.{number // _A_GROUP}.{number % _A_GROUP + 1}"


def number_of(address: str) -> int:
    """The feed at this address."""
    *_, group, place = address.split(".")
    return int(group) * _A_GROUP + int(place) - 1


def is_changed(number: int) -> bool:
    """Whether it has other entries than when it was read."""
    return number * CHANGED % 100 < CHANGED


def is_on_subject(number: int) -> bool:
    """Whether one of its new entries is on the subject."""
    return is_changed(number) and number * CHANGED // 100 % _TALKING == 0


def tag_of(number: int, *, changed: bool) -> str:
    """The ETag of a version of a feed."""
    return f'"{number}-{int(changed)}"'


def first_document(number: int) -> bytes:
    """As it was when it was read: a channel without entries."""
    return _document(number, "")


def document(number: int, at: datetime) -> bytes:
    """As it is now: its new entries are of this time."""
    if not is_changed(number):
        return first_document(number)
    return _document(number, "".join(_entry(number, place, at) for place in range(ENTRIES)))


def link_of(number: int, place: int) -> str:
    """The address of an entry."""
    return f"https://feed{number}.example/news/{place}"


def answer_of(number: int, head: bytes, at: datetime) -> tuple[int, bytes, bytes]:
    """Status, header lines and body for a request with this head, in lower case."""
    tag = tag_of(number, changed=is_changed(number)).encode()
    headers = b"ETag: %b\r\n" % tag
    if b"if-none-match: " + tag in head:
        return 304, headers, b""
    return (
        200,
        headers + b"Content-Type: application/rss+xml; charset=utf-8\r\n",
        document(number, at),
    )


def _document(number: int, entries: str) -> bytes:
    return (
        '<?xml version="1.0" encoding="utf-8"?><rss version="2.0"><channel>'
        f"<title>Feed {number}</title><link>https://feed{number}.example/</link>"
        f"<description>Generated</description><ttl>60</ttl>{entries}</channel></rss>"
    ).encode()


def _entry(number: int, place: int, at: datetime) -> str:
    rng = random.Random(f"scale/{number}/{place}")
    headline, text = title("en", rng), sentences("en", 40, rng)
    if place == 0 and is_on_subject(number):
        headline, opening = on_subject("en", rng)
        text.insert(0, opening)
    return (
        f"<item><title>{headline}</title><link>{link_of(number, place)}</link>"
        f"<guid>{link_of(number, place)}</guid>"
        f"<pubDate>{format_datetime(at)}</pubDate>"
        f"<description>{' '.join(text)}</description></item>"
    )
