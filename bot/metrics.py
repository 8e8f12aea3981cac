"""`/metrics`: what `bot.tally` counted and what is stored, for Prometheus.

One registry a page: nothing is registered for the process. A scrape reads the database at most
once in some seconds, in a thread of its own; a database that is away costs its own numbers only.
"""

from __future__ import annotations

import asyncio
import itertools
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

from prometheus_client import CollectorRegistry, ProcessCollector
from prometheus_client.exposition import choose_encoder
from prometheus_client.metrics_core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    Metric,
)
from prometheus_client.utils import floatToGoString

from bot.clock import Clock, utc_now
from watchers.errors import DadkhahError

if TYPE_CHECKING:
    from bot.database import Database
    from bot.tally import Spread, Tally
    from watchers.vitals import Vitals

FRESH = 5.0  # seconds that what was read of the database is good for
PATIENCE = 3.0  # seconds that a scrape waits for the database

OUTCOMES = ("changed", "unchanged", "failed", "outage")
_FATES = {
    "new": "Articles stored for the first time.",
    "relevant": "New articles that are relevant.",
    "named": "New articles that name an official in other news.",
    "copies": "Articles seen again at another place.",
    "updated": "Articles that their outlet changed.",
    "baseline": "Articles stored and never told: too old to be news when first seen.",
}


@dataclass(frozen=True, slots=True)
class Facts:
    """What the service knows of itself at a scrape."""

    leased: bool = False  # this process runs the ticks
    ready: bool = False  # as /readyz
    healthy: bool = True  # as /healthz
    listening: bool | None = None  # Telegram's updates are read; None: this process reads none
    labels: Mapping[str, str] = field(default_factory=dict)  # version, engine, role


class Metrics:
    """The page's content; `page` is what `bot.web` asks for."""

    def __init__(
        self,
        database: Database,
        facts: Callable[[], Facts],
        *,
        clock: Clock = utc_now,
        steady: Callable[[], float] = time.monotonic,
    ) -> None:
        self._database = database
        self._facts = facts
        self._clock = clock
        self._steady = steady
        self._reading: asyncio.Future[Vitals] | None = None
        self._good_until = float("-inf")
        self._vitals: Vitals | None = None
        self._registry = CollectorRegistry(auto_describe=False)
        ProcessCollector(registry=self._registry)
        self._registry.register(self)

    async def page(self, accept: str) -> tuple[str, bytes]:
        """Content type and body, in the format that the scraper asks for."""
        await self._look()
        encode, content_type = choose_encoder(accept)
        return content_type, encode(self._registry)

    def describe(self) -> Iterable[Metric]:
        """Nothing beforehand: the library would collect to find the names."""
        return ()

    def collect(self) -> Iterator[Metric]:
        """All that is ours; the library calls this while it writes the page."""
        tally, now = self._database.tally, self._clock()
        yield from _facts(self._facts())
        yield from _counted(tally)
        yield from _spreads(tally)
        yield _gauge("database_up", "1 if the database answered at the last look.",
                     self._vitals is not None)  # fmt: skip
        yield _gauge("storage_call_seconds", "How long the longest call of the storage thread "
                     "under way has taken.", tally.longest_call())  # fmt: skip
        if self._vitals is not None:
            yield from _stored(self._vitals, now)

    async def _look(self) -> None:
        """Read the database, unless that was done just now; wait no longer than PATIENCE."""
        if self._reading is None:
            if self._steady() < self._good_until:
                return
            # Not in the storage thread: what that is stuck in must not keep this from being told.
            read = asyncio.to_thread(self._database.store.vitals, self._clock())
            self._reading = asyncio.ensure_future(read)
        reading = self._reading
        await asyncio.wait([reading], timeout=PATIENCE)
        if not reading.done():
            self._vitals = None
            return
        if self._reading is reading:
            self._reading, self._good_until = None, self._steady() + FRESH
            error = reading.exception()
            if error is not None and not isinstance(error, DadkhahError):
                raise error
            self._vitals = None if error is not None else reading.result()


# ---------------------------------------------------------------- what is shown


def _gauge(name: str, about: str, value: float) -> Metric:
    return GaugeMetricFamily(f"dadkhah_{name}", about, value=value)


def _gauges(name: str, about: str, labels: tuple[str, ...], values: Mapping[Any, float]) -> Metric:
    family = GaugeMetricFamily(f"dadkhah_{name}", about, labels=labels)
    for of, value in values.items():
        family.add_metric(of, value)
    return family


def _counter(name: str, about: str, labels: tuple[str, ...], values: Mapping[Any, float]) -> Metric:
    family = CounterMetricFamily(f"dadkhah_{name}", about, labels=labels)
    for of, value in values.items():
        family.add_metric(of, value)
    return family


def _histogram(
    name: str, about: str, labels: tuple[str, ...], spreads: Mapping[Any, Spread]
) -> Metric:
    family = HistogramMetricFamily(f"dadkhah_{name}", about, labels=labels)
    for of, spread in spreads.items():
        bounds = (*map(floatToGoString, spread.bounds), "+Inf")
        sums = itertools.accumulate(spread.counts)
        family.add_metric(of, list(zip(bounds, sums, strict=True)), spread.total)
    return family


def _facts(facts: Facts) -> Iterator[Metric]:
    names = tuple(facts.labels)
    yield _gauges("build_info", "1; its labels say what runs here.", names,
                  {tuple(facts.labels.values()): 1})  # fmt: skip
    yield _gauge("lease_held", "1 where the ticks run; 0 where a process stands by.", facts.leased)
    yield _gauge("ready", "1 if /readyz answers 200.", facts.ready)
    yield _gauge("healthy", "1 if /healthz answers 200.", facts.healthy)
    if facts.listening is not None:
        yield _gauge("updates_listening", "1 while Telegram's updates are read.", facts.listening)


def _counted(tally: Tally) -> Iterator[Metric]:
    polls = {(outcome,): tally.polls[outcome] for outcome in OUTCOMES}
    yield _counter("polls", "Polls stored, by what they came to.", ("outcome",), polls)
    kinds = {(kind,): n for kind, n in tuple(tally.failures.items())}
    yield _counter("poll_failures", "Polls that failed, by kind.", ("kind",), kinds)
    for fate, about in _FATES.items():
        yield _counter(f"articles_{fate}", about, (), {(): tally.articles[fate]})
    yield _counter("page_attempts", "Attempts to send a page, by what came of them.",
                   ("audience", "outcome"), dict(tally.attempts))  # fmt: skip
    yield _counter("updates", "Updates that Telegram brought.", (), {(): tally.updates})
    yield _counter("ticks", "Ticks that ended: done, failed (tried again) or broke (a bug).",
                   ("tick", "how"), dict(tally.ended))  # fmt: skip
    yield _gauges("tick_last_end_timestamp_seconds", "When a tick ended last.", ("tick",),
                  {(name,): at for name, at in tuple(tally.last_end.items())})  # fmt: skip


def _spreads(tally: Tally) -> Iterator[Metric]:
    yield _histogram("fetch_seconds", "A request for a document, each redirect on its own, "
                     "without its wait for the host's turn.", (), {(): tally.fetches})  # fmt: skip
    yield _histogram("parse_seconds", "Reading a feed or a page, or judging stored articles, "
                     "in a worker process; with its wait for one.", ("what",),
                     _by_name(tally.readings))  # fmt: skip
    yield _histogram("tick_seconds", "A tick, from its begin to its end.", ("tick",),
                     _by_name(tally.ticks))  # fmt: skip
    yield _histogram("storage_seconds", "A call of the storage thread.", (), {(): tally.storage})
    yield _histogram("page_delivery_seconds", "From a page's digest to its receipt.",
                     ("audience",), _by_name(tally.deliveries))  # fmt: skip


def _by_name(spreads: Mapping[str, Spread]) -> dict[tuple[str, ...], Spread]:
    return {(name,): spread for name, spread in tuple(spreads.items())}


def _stored(vitals: Vitals, now: datetime) -> Iterator[Metric]:
    yield _gauge("feeds", "Feeds that are watched, paused ones included.", vitals.feeds)
    yield _gauge("feeds_due", "Feeds whose time has come.", vitals.due)
    yield _gauge("feeds_due_lag_seconds", "How late the longest overdue feed is.",
                 _age(vitals.due_since, now))  # fmt: skip
    yield _gauges("pages", "Pages that wait for something.", ("audience", "state"),
                  dict(vitals.pages))  # fmt: skip
    ages = {(who,): _age(vitals.queued_since.get(who), now) for who, _ in vitals.pages}
    yield _gauges("pages_queued_age_seconds", "How long the oldest queued page has waited.",
                  ("audience",), ages)  # fmt: skip
    yield _gauge("articles_unsettled", "Articles that are to be grouped.", vitals.unsettled)
    yield _gauge("articles_unindexed", "Articles that the full search does not find yet.",
                 vitals.unindexed)  # fmt: skip
    yield _gauge("notices_waiting", "Notices that admins were not told of yet.", vitals.notices)
    if vitals.digest_behind is not None:
        yield _gauge("digest_last_timestamp_seconds", "When the channel that is furthest behind "
                     "had its last digest.", vitals.digest_behind.timestamp())  # fmt: skip
    yield _gauge("database_size_bytes", "Size of the database.", vitals.size)
    if vitals.workers is not None:
        yield _gauge("workers_alive", "Workers of the distributed engine.", vitals.workers)
        jobs = {(state,): n for state, n in vitals.jobs.items()}
        yield _gauges("jobs", "Jobs of the distributed engine.", ("state",), jobs)


def _age(since: datetime | None, now: datetime) -> float:
    return 0.0 if since is None else max(0.0, (now - since).total_seconds())
