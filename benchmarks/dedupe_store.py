"""Storing and settling generated articles through the real store, and what it cost.

    another process:  World -> Items (texts, fingerprints)      this one:  save_polls, settle

Making the articles is not measured: feeds are read elsewhere, too.
"""

from __future__ import annotations

import random
import resource
import sqlite3
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from contextlib import closing
from dataclasses import dataclass, field, replace
from datetime import timedelta
from multiprocessing import get_context
from pathlib import Path
from typing import Any, cast

import config
from benchmarks.dedupe_texts import Made, World
from storage import open_store
from watchers.cluster import Clusterer
from watchers.concepts import parse_concepts
from watchers.dedupe import fingerprint
from watchers.groups import GroupPort
from watchers.model import (
    Article,
    FeedSpec,
    Fingerprint,
    Grouped,
    Grouping,
    Item,
    PollResult,
    Verdict,
)
from watchers.ports import Store
from watchers.settler import settle
from watchers.text import key

ROUND = 500  # articles stored and then settled, as a tick of the service would
_POLLS = 10  # of which a transaction stores so many feeds' polls at once
_FEEDS = 400
_AHEAD = 4  # rounds that are made before they are asked for
_HOUR = timedelta(hours=1)


# ---------------------------------------------------------------- made elsewhere


@dataclass(frozen=True)
class Making:
    """Which articles are made, and how closely they are kept."""

    world: World
    banded: bool  # all articles, not only the relevant ones

    def items(self, start: int, stop: int, *, drawn: bool) -> list[Item]:
        """These articles as polls bring them.

        `drawn`: the bands of those that are not relevant are drawn, not computed. Hashes of
        unrelated texts are random numbers too.
        """
        return [self._item(self.world.article(n), drawn=drawn) for n in range(start, stop)]

    def _item(self, made: Made, *, drawn: bool) -> Item:
        url = f"https://outlet{made.outlet}.example/{made.number}"
        article = Article(
            url=url,
            canonical_url=url,
            url_key=key(url),
            guid_key=key(url, "guid"),
            content_key=key(made.title, made.text),
            title=made.title,
            text=made.text,
            published=made.time,
            language=made.language,
        )
        close = made.relevant or self.banded
        if drawn and close and not made.relevant:
            return Item(article, _verdict(made, close=True), _drawn(made))
        prints = fingerprint(made.title, made.text, close=close)
        return Item(article, _verdict(made, close=close), prints)


def _verdict(made: Made, *, close: bool) -> Verdict:
    if made.relevant:
        person = made.name.replace(" ", "-").lower()
        return Verdict(True, (), (person,), ("massacre-1988",), (), 3.0, "w")
    return Verdict(False, ("named",) if close else (), (), (), (), 0.0, "w")


def _drawn(made: Made) -> Fingerprint:
    exact = fingerprint(made.title, made.text, close=False)
    like, rng = _example(), random.Random(f"bands/{made.number}")
    bands = sorted(rng.getrandbits(64) - 2**63 for _ in like.bands)
    signature = tuple(rng.getrandbits(64) for _ in like.signature)
    return replace(exact, signature=signature, bands=tuple(bands))


def _example() -> Fingerprint:
    """Its numbers of hashes are those of any text."""
    if not _EXAMPLE:
        text = " ".join(f"word{number}" for number in range(100))
        _EXAMPLE.append(fingerprint("Some title of an article", text, close=True))
    return _EXAMPLE[0]


_EXAMPLE: list[Fingerprint] = []


def _rounds(
    making: Making, numbers: range, pool: ProcessPoolExecutor, *, drawn: bool
) -> Iterator[list[Item]]:
    """Items in rounds, a few of them made ahead."""
    ahead: deque[Future[list[Item]]] = deque()
    for start in range(numbers.start, numbers.stop, ROUND):
        stop = min(start + ROUND, numbers.stop)
        ahead.append(pool.submit(making.items, start, stop, drawn=drawn))
        if len(ahead) > _AHEAD:
            yield ahead.popleft().result()
    while ahead:
        yield ahead.popleft().result()


# ---------------------------------------------------------------- measured


@dataclass(slots=True)
class Cost:
    """Seconds that some articles took."""

    articles: int = 0
    store_cpu: float = 0.0
    settle_cpu: float = 0.0
    wall: float = 0.0

    @property
    def each(self) -> float:
        """Microseconds of CPU an article."""
        return (self.store_cpu + self.settle_cpu) / max(1, self.articles) * 1e6


@dataclass
class Stored:
    """What came of storing a year."""

    costs: list[Cost] = field(default_factory=list)  # of each part, in order
    numbers: dict[int, int] = field(default_factory=dict)  # of relevant articles, by id
    copies: dict[int, int] = field(default_factory=dict)  # id of the first, by id
    rows: dict[str, int] = field(default_factory=dict)
    size: int = 0  # bytes of the file
    memory: int = 0  # bytes at the highest, of this process

    @property
    def growth(self) -> float:
        """CPU of the last part beside that of the first."""
        return self.costs[-1].each / self.costs[0].each


class _Watched:
    """The store, of whose decisions on relevant articles notes are kept."""

    def __init__(self, store: Store, notes: Stored) -> None:
        self._store, self._notes = store, notes

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)

    def unsettled(self, limit: int) -> tuple[Grouped, ...]:
        found = self._store.unsettled(limit)
        for article in found:
            if article.relevant:
                self._notes.numbers[article.id] = int(article.canonical_url.rpartition("/")[2])
        return found

    def save_groupings(self, groupings: Sequence[Grouping], *more: Any) -> bool:
        saved = self._store.save_groupings(groupings, *more)
        for grouping in groupings if saved else ():
            if grouping.duplicate_of is not None:
                self._notes.copies[grouping.article_id] = grouping.duplicate_of
        return saved


class Year:
    """A database that a generated year is stored in."""

    def __init__(self, making: Making, folder: Path, part: int) -> None:
        self._making, self._part = making, part
        self._file = folder / f"{'banded' if making.banded else 'exact'}.db"
        self._store = open_store(f"sqlite:///{self._file}", create=True)
        self._clusterer = Clusterer(parse_concepts(config.shipped_concepts(), "concepts.toml"))
        specs = [FeedSpec(f"https://outlet{n}.example/feed", "", None, "media")
                 for n in range(_FEEDS)]  # fmt: skip
        self._store.add_feeds(specs, at=making.world.time(0), actor="cli")
        self._feeds = [feed.id for feed in self._store.feeds()]
        self.result = Stored()
        self._watched = cast("GroupPort", _Watched(self._store, self.result))

    def run(self, *, whole: bool, progress: Callable[[int, Cost], None]) -> Stored:
        """Store all; unless `whole`, the parts between the first and the last are not measured.

        Those are stored by the same calls, and then settled by one statement; but for two parts
        before the last, so that it meets neighbours.
        """
        count = self._making.world.count
        context = get_context("spawn")
        with ProcessPoolExecutor(1, mp_context=context) as pool:
            for start in range(0, count, self._part):
                numbers = range(start, min(start + self._part, count))
                real = whole or start == 0 or numbers.stop > count - 3 * self._part
                cost = Cost(len(numbers))
                for items in _rounds(self._making, numbers, pool, drawn=not real):
                    self._save(items, cost)
                    if real:
                        self._settle(cost)
                if real:
                    self.result.costs.append(cost)
                else:
                    self._settle_unseen()
                progress(numbers.stop, cost)
        self._store.close()
        return self._measured()

    def _save(self, items: Sequence[Item], cost: Cost) -> None:
        number = int(items[0].article.canonical_url.rpartition("/")[2])
        at = self._making.world.time(number + len(items))
        size = -(-len(items) // (2 * _POLLS))
        polls = []
        for place, start in enumerate(range(0, len(items), size)):
            some = tuple(items[start : start + size])
            feed = self._feeds[(number // ROUND * 2 * _POLLS + place) % len(self._feeds)]
            guids = tuple(item.article.guid_key for item in some)
            polls.append(
                PollResult(feed, at, at + _HOUR, 3600, 0.0, "changed", 200, items=some, seen=guids)
            )
        wall, cpu = time.perf_counter(), time.process_time()
        for start in range(0, len(polls), _POLLS):
            self._store.save_polls(polls[start : start + _POLLS])
        cost.wall += time.perf_counter() - wall
        cost.store_cpu += time.process_time() - cpu

    def _settle(self, cost: Cost) -> None:
        wall, cpu = time.perf_counter(), time.process_time()
        settle(self._watched, self._clusterer)
        cost.wall += time.perf_counter() - wall
        cost.settle_cpu += time.process_time() - cpu

    def _settle_unseen(self) -> None:
        with closing(sqlite3.connect(self._file)) as connection, connection:
            connection.execute("UPDATE article SET settled = 1, reason = '' WHERE settled = 0")

    def _measured(self) -> Stored:
        with closing(sqlite3.connect(self._file)) as connection:
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            for name in ("article", "entry", "band"):
                query = f"SELECT count(*) FROM {name}"
                self.result.rows[name] = connection.execute(query).fetchone()[0]
        self.result.size = self._file.stat().st_size
        self.result.memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
        return self.result
