"""Digests of thousands of subscribers: read once, built once for all who are told the same.

    subscribers -> whose time has come (one slot for all of a schedule)
    -> what is new for anybody, once -> what each batch was told -> build and render, kept by
    what they depend on -> queue_digests (a transaction a batch)

Reading and building happen in a thread of their own, and between two batches everybody else
gets a turn: a channel's page never waits for subscribers.
"""

from __future__ import annotations

import asyncio
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from bot.app import Program
from bot.clock import utc_now
from bot.i18n import catalogue
from bot.jobs import LOOK_BACK, Known, compose, outlet_by
from bot.names import Names
from bot.render import nothing_new
from bot.schedule import latest_slot
from config import logs
from watchers import digest as digests
from watchers.errors import ChannelUnknown
from watchers.muting import Mutes
from watchers.outlets import Outlet, OutletTable
from watchers.ports import Store
from watchers.scope import Scope
from watchers.subscribing import NOBODY
from watchers.telling import Channel, Coverage, DigestOrder, Page, Tellable, Withdrawal

log = logs.get(__name__)

BATCH = 100  # subscribers a transaction
_LONGEST = timedelta(days=30)  # what is older is told to nobody, even after a long pause
_NEVER_TOLD: frozenset[str] = frozenset()
_Schedule = tuple[str, tuple[str, ...], tuple[int, ...]]


# ---------------------------------------------------------------- whose time has come: pure


def due(subscribers: Iterable[Channel], now: datetime) -> list[tuple[Channel, datetime]]:
    """Those with a slot that was not built yet, and the slot; a slot a schedule is looked up."""
    slots: dict[_Schedule, datetime | None] = {}
    found = []
    for one in subscribers:
        schedule = (one.timezone, one.schedule, one.weekdays)
        if schedule not in slots:
            slots[schedule] = latest_slot(one, now)
        slot = slots[schedule]
        if slot is not None and not one.paused and slot > (one.last_slot or one.added_at):
            found.append((one, slot))
    return found


def earliest(subscriber: Channel, now: datetime) -> datetime:
    """What was first seen before then is not told: before they began, or a week ago (longer
    after a pause).
    """
    reach = min(now - LOOK_BACK, subscriber.last_slot or now)
    return max(subscriber.added_at, reach, now - _LONGEST)


# ---------------------------------------------------------------- building: pure


@dataclass(frozen=True, slots=True)
class News:
    """What is new for anybody, and what a digest needs besides."""

    articles: Sequence[Tellable]
    coverage: Coverage  # with the gaps since the longest of all spans
    mutes: Mutes
    outlets: Mapping[int, Outlet]  # by article
    names: Names
    now: datetime


@dataclass(frozen=True, slots=True)
class _Like:
    """All that a digest's text depends on: whoever is like in it gets the same pages."""

    language: str
    timezone: str
    scope: Scope
    tells_nothing_new: bool
    since: datetime
    first: int  # the place of the first article that may be told
    told: frozenset[str]


@dataclass(frozen=True, slots=True)
class Sheet:
    """A digest as it is queued, but for whose it is."""

    subjects: tuple[str, ...]
    pages: tuple[Page, ...]


class Builder:
    """Builds each digest once for all subscribers who are told the same."""

    def __init__(self, news: News) -> None:
        self._news = news
        self._articles = sorted(news.articles, key=lambda one: (one.first_seen, one.id))
        self._seen = [one.first_seen for one in self._articles]
        self._fresh: dict[int, dict[str, list[Tellable]]] = {}
        self._sheets: dict[_Like, Sheet] = {}

    @property
    def built(self) -> int:
        """How many different digests were built."""
        return len(self._sheets)

    @property
    def subjects(self) -> tuple[str, ...]:
        """All that may be told to anybody."""
        return tuple(dict.fromkeys(map(digests.subject_of, self._articles)))

    def order(
        self,
        subscriber: Channel,
        slot: datetime,
        told: frozenset[str],
        withdrawn: Sequence[Withdrawal],
    ) -> DigestOrder:
        """The subscriber's digest; without pages if there is nothing to say."""
        now, reach = self._news.now, earliest(subscriber, self._news.now)
        since = min(now, subscriber.last_slot or max(reach, now - timedelta(days=1)))
        like = _Like(
            subscriber.language,
            subscriber.timezone,
            subscriber.scope,
            subscriber.tells_nothing_new,
            since,
            bisect_left(self._seen, reach),
            told,
        )
        sheet = None if withdrawn else self._sheets.get(like)
        if sheet is None:
            sheet = self._sheet(subscriber, like, withdrawn)
        if not withdrawn:
            self._sheets[like] = sheet
        return DigestOrder(
            subscriber.id,
            slot=slot,
            built_at=now,
            since=since,
            subjects=sheet.subjects,
            pages=sheet.pages,
            scheduled=True,
            withdrawals=tuple(one.id for one in withdrawn),
        )

    def _sheet(self, subscriber: Channel, like: _Like, withdrawn: Sequence[Withdrawal]) -> Sheet:
        news = self._news
        fresh = self._fresh_since(like.first)
        untold = [one for subject in fresh.keys() - like.told for one in fresh[subject]]
        gaps = tuple(gap for gap in news.coverage.gaps if gap.until >= like.since)
        built = compose(
            subscriber,
            Known(
                tuple(sorted(untold, key=lambda one: one.id)),
                replace(news.coverage, gaps=gaps),
                news.mutes,
                withdrawn=tuple(withdrawn),
            ),
            since=like.since,
            now=news.now,
            outlet_of=lambda article: news.outlets[article.id],
            names=news.names,
        )
        pages = built.pages
        if built.digest.is_empty and subscriber.tells_nothing_new:
            pages = (nothing_new(built.digest, catalogue(subscriber.language)),)
        return Sheet(built.subjects, pages)

    def _fresh_since(self, first: int) -> dict[str, list[Tellable]]:
        """By subject, the articles from that place on; subjects with news among them only."""
        if first not in self._fresh:
            found: dict[str, list[Tellable]] = defaultdict(list)
            for article in self._articles[first:]:
                found[digests.subject_of(article)].append(article)
            self._fresh[first] = {s: all_ for s, all_ in found.items() if any(map(_is_news, all_))}
        return self._fresh[first]


def _is_news(article: Tellable) -> bool:
    tells = article.relevant or bool(article.officials) or bool(article.topics)
    return tells and not article.baseline


# ---------------------------------------------------------------- the work


class SubscriberDigests:
    """The tick; one for the process. Schedules have minutes: it looks once in each."""

    def __init__(self, program: Program) -> None:
        self._program = program
        self._looked: datetime | None = None

    async def tick(self) -> int:
        """Queue what is due; how many digests. StoreError."""
        now = utc_now()
        minute = now.replace(second=0, microsecond=0)
        if minute == self._looked:
            return 0
        queued = await digest_subscribers(self._program, now)
        self._looked = minute
        return queued


async def digest_subscribers(program: Program, now: datetime) -> int:
    """Queue a digest for each subscriber whose scheduled time has come; how many have pages.

    Who has nothing new gets none, unless they want to hear of that; their time is past in any
    case. After a time off, one is queued, not one a missed time.
    """
    store = program.database.store
    found = await asyncio.to_thread(lambda: due(store.subscribers(paused=False), now))
    held = await asyncio.to_thread(store.posting_held) if found else None  # after a restore
    if not found or held:
        return 0
    outlets, names = program.knowledge.outlets, program.knowledge.names
    news = await asyncio.to_thread(_gather, store, [one for one, _ in found], now, outlets, names)
    builder = Builder(news)
    queued = 0
    for start in range(0, len(found), BATCH):
        batch = found[start : start + BATCH]
        orders = await asyncio.to_thread(_orders, store, builder, batch)
        queued += await _queue(program, orders)
    log.info("subscribers_digested", due=len(found), queued=queued, different=builder.built)
    return queued


def _gather(
    store: Store,
    subscribers: Sequence[Channel],
    now: datetime,
    table: OutletTable,
    names: Names,
) -> News:
    """Read what is new for the one who was away longest."""
    reach = min(earliest(one, now) for one in subscribers)
    articles = store.untold(NOBODY, reach)
    outlet_of = outlet_by(table, store.feeds())
    return News(
        articles=articles,
        coverage=store.coverage(now, min(reach, now - timedelta(days=1))),
        mutes=store.mutes(),
        outlets={article.id: outlet_of(article) for article in articles},
        names=names,
        now=now,
    )


def _orders(
    store: Store, builder: Builder, batch: Sequence[tuple[Channel, datetime]]
) -> list[DigestOrder]:
    ids = [one.id for one, _ in batch]
    told = store.told_subjects(ids, builder.subjects)
    withdrawn = store.withdrawals_of(ids)
    return [
        builder.order(one, slot, told.get(one.id, _NEVER_TOLD), withdrawn.get(one.id, ()))
        for one, slot in batch
    ]


async def _queue(program: Program, orders: Sequence[DigestOrder]) -> int:
    """Queue a batch; whoever asked to be forgotten meanwhile is passed over."""
    try:
        ids = await program.database(lambda store: store.queue_digests(orders))
    except ChannelUnknown:
        if len(orders) == 1:
            return 0
        return sum([await _queue(program, (order,)) for order in orders])
    return sum(number is not None for number in ids)
