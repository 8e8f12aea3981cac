"""Feeds that publish by a rhythm of their own, and what goes wrong in their world.

Times are seconds since `START`. An entry is its number in the order of publication; a feed
lists its newest ones.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from random import Random

START = datetime(2026, 7, 30, tzinfo=UTC)
MINUTE, HOUR, DAY = 60, 3600, 86_400

GROUPS = ("hourly", "daily", "rare")  # an entry an hour or more, one to five a day, fewer


def at(seconds: float) -> datetime:
    """That time as a date, to the microsecond."""
    return START + timedelta(microseconds=round(seconds * 1_000_000))


@dataclass(frozen=True, slots=True)
class Trouble:
    """A time in which a host (or everything, or we) does not work."""

    since: float
    until: float
    kind: str  # of FAILURE_KINDS
    status: int | None = None
    retry_after: int | None = None

    def covers(self, now: float) -> bool:
        """Whether it is going on."""
        return self.since <= now < self.until


@dataclass(frozen=True, slots=True)
class Source:
    """One publisher's feed."""

    number: int
    host: str
    group: str
    listing: int  # entries that its document lists
    dating: str  # "dated", "batch" (entries come and are dated together), "undated"
    published: Sequence[float]
    ttl: int = 0  # minutes, in the document
    max_age: int = 0  # seconds, in the headers
    validates: bool = True  # answers 304
    troubles: Sequence[Trouble] = ()

    @property
    def url(self) -> str:
        """Its address."""
        return f"https://{self.host}/{self.number}"

    def count(self, now: float) -> int:
        """How many entries it has published so far."""
        return bisect_right(self.published, now)

    def between(self, since: float, until: float) -> int:
        """How many it published in (since, until]."""
        return self.count(until) - self.count(since)

    def trouble(self, now: float) -> Trouble | None:
        """What is wrong with its host."""
        return next((one for one in self.troubles if one.covers(now)), None)


@dataclass(frozen=True, slots=True)
class World:
    """All sources, with what happens to us."""

    sources: Sequence[Source]
    days: float
    outages: Sequence[Trouble] = ()  # of our own network
    stops: Sequence[tuple[float, float]] = ()  # the program does not run
    fixed: int = field(default=15 * MINUTE)  # the polling that ours is compared with

    def outage(self, now: float) -> Trouble | None:
        """Our own outage, if there is one."""
        return next((one for one in self.outages if one.covers(now)), None)

    def stopped_until(self, now: float) -> float | None:
        """When the program runs again, if it does not."""
        return next((until for since, until in self.stops if since <= now < until), None)

    def disturbed(self, source: Source, since: float, until: float) -> bool:
        """Whether anything kept us from reading the source in that time."""
        times = [(one.since, one.until) for one in (*self.outages, *source.troubles)]
        return any(a < until and b > since for a, b in (*times, *self.stops))


def make_world(seed: int, feeds: int = 300, days: float = 1, tail: float = 1) -> World:
    """A third of each group; `tail` more days are published, so that delays can be measured."""
    random = Random(seed)
    until = (days + tail) * DAY
    sources = [_source(number, GROUPS[number % 3], random, until) for number in range(feeds)]
    outages, stops = [], []
    for week in range(math.ceil(days / 7)):  # each hits once in the first day of a week
        day = week * 7 * DAY
        offline = day + random.uniform(13, 14) * HOUR
        kind = random.choice(("dns", "timeout"))
        outages.append(Trouble(offline, offline + random.uniform(0.7, 2) * HOUR, kind))
        stop = day + random.uniform(6, 8) * HOUR
        stops.append((stop, stop + 3 * HOUR))
    return World(sources, days, outages, stops)


def _source(number: int, group: str, random: Random, until: float) -> Source:
    a_day = _entries_a_day(random, group)
    dating = random.choices(("dated", "batch", "undated"), (80, 12, 8))[0]
    ttl = random.choice((0, 0, 0, 0, 15, 30, 60, 60))
    listing = random.choice((5, 8, 10, 10, 10, 15, 20, 20, 25, 30, 50))
    max_age = random.choice((0, 0, 0, 300, 600, 1800))
    luck = random.random()
    if luck < 0.04:  # a few list less than comes between the polls that they ask for
        a_day, ttl, listing = (max(a_day, 240), 60, 5) if group == "hourly" else (a_day, ttl, 5)
    elif luck < 0.12 and group == "hourly":  # wires
        a_day, listing = 24 * random.choice((40, 60, 100)), random.choice((30, 50))
        ttl = max_age = 0
    else:
        listing = min(50, max(listing, round(a_day / DAY * MINUTE * max(ttl, 30) * 6)))
    times = _times(random, a_day, listing, until, is_lively=group == "hourly")
    if dating == "batch":
        longest = max(1, int(listing / a_day * 24 / 3))  # a batch has room in the listing
        step = min(longest, random.choice((1, 2, 3, 6, 12, 24))) * HOUR
        times = [math.ceil(time / step) * step for time in times]
    shared = random.random() < 0.07
    return Source(
        number=number,
        host=f"platform-{number % 3}.example" if shared else f"host-{number}.example",
        group=group,
        listing=listing,
        dating=dating,
        published=times,
        ttl=ttl,
        max_age=max_age,
        validates=random.random() < 0.7,
        troubles=() if shared else _troubles(random, until),
    )


def _entries_a_day(random: Random, group: str) -> float:
    if group == "hourly":
        return 24 * random.choice((1, 1.5, 2, 2, 3, 4, 6, 10))
    if group == "daily":
        return random.uniform(1, 5)
    return 1 / math.exp(random.uniform(math.log(1.2), math.log(20)))  # one in 1.2 to 20 days


def _times(
    random: Random, a_day: float, listing: int, until: float, *, is_lively: bool
) -> list[int]:
    """A listing from before, then a rhythm with nights (half of the feeds) and bursts (some)."""
    mean = DAY / a_day
    times: list[float] = []
    now = 0.0
    for _ in range(listing + 5):
        now -= random.expovariate(1 / mean)
        times.append(now)
    sleeps, zone = random.random() < 0.5, random.uniform(0, 24)
    now = 0.0
    while (now := now + random.expovariate(1.35 / mean)) < until:  # thinned to the day's rhythm
        hour = (now / HOUR + zone) % 24
        share = (0.0 if hour < 7 else 1.0) if sleeps else 0.74
        if random.random() < share:
            times.append(now)
    if random.random() < 0.25:
        for _ in range(max(1, round(until / DAY / 2))):
            begin, size = random.uniform(0, until), random.randint(3, 12 if is_lively else 4)
            times += [begin + random.uniform(0, 20 * MINUTE) for _ in range(size)]
    return sorted(map(math.floor, times))  # as feeds print them


def _troubles(random: Random, until: float) -> list[Trouble]:
    if random.random() >= 0.12:
        return []
    since = random.uniform(0, until - DAY)
    kind, status, retry = random.choice(
        [("connect", None, None), ("timeout", None, None), ("tls", None, None),
         ("status", 503, 1800), ("status", 500, None), ("status", 404, None)]
    )  # fmt: skip
    return [Trouble(since, since + random.uniform(1, 9) * HOUR, kind, status, retry)]
