"""Labelled items through the program's own stages in one process, without network and database.

The same items through the real command: `benchmarks.quality`. This is for tests and for trying
rules: a second a hundred items instead of a minute.
"""

from __future__ import annotations

import json
import random
from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import config
from benchmarks.quality import rss
from bot.exporting import row
from storage import MemoryStore
from watchers.cluster import Clusterer
from watchers.concepts import parse_concepts
from watchers.match import Matcher
from watchers.model import FeedSpec, PollResult
from watchers.outlets import parse_outlets
from watchers.reader import ReadJob, read
from watchers.settler import settle
from watchers.watchlist import parse_watchlist

Item = Mapping[str, Any]
WAVES = (1, 2)
_NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)


def items_of(path: Path) -> list[dict[str, Any]]:
    """The items of a file, one a line."""
    return [json.loads(line) for line in path.read_text(encoding="utf-8").split("\n") if line]


@cache
def matcher() -> Matcher:
    """By the shipped watchlist."""
    return Matcher(parse_watchlist(config.shipped_watchlist(), "watchlist.toml"))


def exported(items: Iterable[Item], seed: int | None = None) -> list[dict[str, object]]:
    """What the export says of these items after two polls, each settled at its end.

    With a seed the feeds come in an order of chance, and are settled one by one.
    """
    chance = None if seed is None else random.Random(seed)
    feeds: dict[str, list[Any]] = defaultdict(list)
    for item in items:
        feeds[item["feed"]].append(item)
    store = MemoryStore()
    ids = {
        name: store.add_feed(
            FeedSpec(f"https://feeds.example/{name}.xml", language=own[0]["lang"]),
            at=_NOW,
            actor="quality",
        ).id
        for name, own in feeds.items()
    }
    clusterer = Clusterer(parse_concepts(config.shipped_concepts(), "concepts.toml"))
    for wave in WAVES:
        now = _NOW + timedelta(minutes=10 * wave)
        order = list(feeds.items())
        if chance is not None:
            chance.shuffle(order)
        for name, own in order:
            listed = [item for item in own if item["wave"] <= wave]
            _poll(store, ids[name], rss(listed, name), own[0]["lang"], now)
            if chance is not None:
                settle(store, clusterer)
        settle(store, clusterer)
    outlets = parse_outlets(config.shipped_outlets(), "outlets.toml")
    return [row(article, outlets) for article in store.export()]


def _poll(store: MemoryStore, feed: int, body: bytes, language: str, now: datetime) -> None:
    reading = read(
        ReadJob(
            body=body,
            content_type="application/rss+xml",
            url=store.feed(str(feed)).url,
            language=language,
            now=now,
            remembered=store.remembered(feed),
        ),
        matcher(),
    )
    store.save_poll(
        PollResult(
            feed, now, now, 900, 0.0, "changed",
            items=reading.items, seen=reading.seen, listing=reading.listing, full=True,
        )
    )  # fmt: skip
