"""When a feed is due next: one pure policy, from an outcome and a history to a time.

Which error is worse: an entry that left a listing unread is lost for good, one read late is
late, and a request too many is bad manners. So a feed is asked
- at least three times while its listing turns over, as fast as it was seen to do that;
- within a sixth of its own silence: what was quiet for an hour is read within 15 minutes,
  what was quiet for a day or a month within 4 hours, and what seems dead once a day;
- never sooner than 5 minutes, or than its publisher asked.

All lengths are seconds; all times are aware and in UTC. ``chance`` in [0, 1) is random.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

from watchers.model import Feed, FetchFailure

FLOOR = 5 * 60
CEILING = 24 * 3600
START = 15 * 60  # between polls of a feed that is new; no feed need be asked sooner by default

_GROWTH = 1.5
_OLD_ENOUGH = 2 / 3  # of a listing: then it lasts for three intervals
_SILENCE_SHARE = 6  # a feed is read within this part of its own silence
_LATE = 4 * 3600  # no feed that is alive is read later
_DORMANT_SHARE = 120  # one silent for a month and more slowly goes over to once a day
_CAUTION = 4  # a listing that covers little time is read this much sooner, at most
_OUTAGE_RETRY = 30 * 60  # while our own network is down, and up to twice that
_FULL = 24 * 3600  # between requests without validators, at most
_FULL_DRIFT = 4 * 3600
_LONGEST_SPAN = 366 * 24 * 3600
_FAILURES = 10_000.0  # counted no further: years of them, and no float grows beyond use
_DIGITS = 9

# How much a failure counts: a hard one 1, one that often passes by itself less.
_WEIGHTS = {"tls": 0.5, "timeout": 0.5, "cut": 0.5, "connect": 0.5, "dns": 0.25}
_ASKS_TO_WAIT = (429, 503)


@dataclass(frozen=True, slots=True)
class Next:
    """When to poll again, and the state to keep until then (see `watchers.model.Feed`)."""

    due: datetime
    interval: int
    failures: float  # weighted, 0 after a success
    floor: int = 0
    newest: datetime | None = None
    span: int = 0


# ---------------------------------------------------------------- after a poll


def after_reading(  # noqa: PLR0913 - what a reading says, by name
    feed: Feed,
    now: datetime,
    *,
    listed: int,
    overlap: int,
    oldest: datetime | None,
    newest: datetime | None,
    wait: int,
    headers_wait: int,
    chance: float,
) -> Next:
    """A document was read: `listed` entries, `overlap` of them known before.

    `oldest` and `newest` are dates that it prints, of all its entries and of the new ones.
    `wait` is what the document asks for, `headers_wait` what its headers do.
    """
    floor = min(CEILING, max(0, wait))
    fresh = max(0, listed - overlap)
    found = _found(feed, now, newest) if fresh else _not_later(feed.newest, now)
    span = _span(feed, now, listed, fresh, oldest, found)
    interval = _kept(feed)
    if not feed.is_new:
        interval = _paced(interval, _elapsed(feed, now, interval), listed, fresh)
    elif span >= FLOOR:
        interval = min(interval, int(span * (1 - _OLD_ENOUGH)))
    interval = _bounded(interval, now, floor, found or feed.added_at, span)
    asked = max(floor, headers_wait)
    if feed.is_new:
        due = _spread(now, interval, asked, chance)
    else:
        due = _jittered(now, interval, asked, chance)
    return Next(due, interval, 0.0, floor, found, span)


def after_unchanged(feed: Feed, now: datetime, *, headers_wait: int, chance: float) -> Next:
    """A 304, or the body of last time. What its document asked for still holds."""
    floor = min(CEILING, max(0, feed.floor))
    found = _not_later(feed.newest, now)
    since = found or feed.added_at
    interval = _bounded(int(_kept(feed) * _GROWTH), now, floor, since, feed.span)
    due = _jittered(now, interval, max(floor, headers_wait), chance)
    return Next(due, interval, 0.0, floor, found, feed.span)


def after_failure(feed: Feed, now: datetime, failure: FetchFailure, chance: float) -> Next:
    """Wait longer with each failure, in a straight line up to a day, and never stop.

    The interval stays as it is: a feed that is back is polled as before. Retry-After of 429
    and 503 is obeyed if it is later, up to a day.
    """
    failures = min(_FAILURES, max(0.0, feed.failures) + weight(failure))
    asked = feed.floor
    if failure.status in _ASKS_TO_WAIT and failure.retry_after is not None:
        asked = max(asked, failure.retry_after)
    interval = _kept(feed)
    longer = int(min(CEILING, max(interval, feed.floor) * (1 + failures)))
    due = _jittered(now, longer, asked, chance)
    return Next(due, interval, failures, feed.floor, _not_later(feed.newest, now), feed.span)


def after_outage(feed: Feed, now: datetime, chance: float) -> Next:
    """Our own network failed: nobody was asked, so nobody minds being asked soon.

    A third of the interval, within 5 minutes and half an hour, to twice that: all feeds come
    back at once, and are to drift apart.
    """
    interval = _kept(feed)
    wait = min(_OUTAGE_RETRY, max(FLOOR, interval // 3)) * (1 + chance)
    due = now + timedelta(seconds=int(wait))
    return Next(due, interval, feed.failures, feed.floor, _not_later(feed.newest, now), feed.span)


def weight(failure: FetchFailure) -> float:
    """How much a failure counts: 1, or less for what often passes by itself.

    >>> weight(FetchFailure("dns", "")), weight(FetchFailure("status", "", 410))
    (0.25, 1.0)
    """
    if failure.kind == "status":
        status = failure.status or 500
        return 0.5 if status == 404 or status >= 500 else 1.0
    return _WEIGHTS.get(failure.kind, 1.0)


# ---------------------------------------------------------------- the parts of the rule


def _kept(feed: Feed) -> int:
    """The feed's interval, mended if the database holds nonsense."""
    return max(FLOOR, min(CEILING, feed.interval)) if feed.interval > 0 else START


def _elapsed(feed: Feed, now: datetime, interval: int) -> float:
    """Since the last reading; one interval if the clock went back."""
    seconds = (now - feed.last_success).total_seconds() if feed.last_success else 0.0
    return seconds if seconds > 0 else float(interval)


def _paced(interval: int, elapsed: float, listed: int, fresh: int) -> int:
    """By how much of the listing was new: longer, or so that it lasts for three intervals."""
    if not listed or fresh <= listed * (1 - _OLD_ENOUGH):
        return int(interval * _GROWTH)
    if fresh >= listed:  # nothing known is left: it may turn over faster than anybody can tell
        return FLOOR
    turnover = elapsed * listed / fresh
    return int(min(interval * _GROWTH, turnover * (1 - _OLD_ENOUGH)))


def _bounded(interval: int, now: datetime, floor: int, found: datetime, span: int) -> int:
    """Not beyond a share of the feed's silence, and less if its listing covers little time.

    `found` is when the feed last gave something new, `span` what its listing covers: a wire
    that is quiet at night fills its listing within an hour of the morning. A listing that
    covers less than the shortest interval was dated all at once, which says nothing.
    """
    silence = max(0.0, (now - found).total_seconds())
    ceiling = max(START, min(silence / _SILENCE_SHARE, _LATE), silence / _DORMANT_SHARE)
    if span >= FLOOR:
        ceiling = min(ceiling, max(START, span / 2, silence / _SILENCE_SHARE / _CAUTION))
    return int(max(FLOOR, floor, min(CEILING, ceiling, interval)))


def _found(feed: Feed, now: datetime, newest: datetime | None) -> datetime:
    """When the newest entry appeared: as it is dated, but not before the last reading."""
    if newest is None:
        return now
    if feed.last_success is not None:
        newest = max(newest, feed.last_success)
    return min(newest, now)


def _not_later(time: datetime | None, now: datetime) -> datetime | None:
    return None if time is None else min(time, now)


def _span(
    feed: Feed,
    now: datetime,
    listed: int,
    fresh: int,
    oldest: datetime | None,
    found: datetime | None,
) -> int:
    """The time that the listing covers: by its dates, or by how much was new since the last.

    At most a year: longer changes nothing, and has to fit a database's integer.
    """
    if oldest is not None and found is not None:
        return max(0, min(_LONGEST_SPAN, int((found - oldest).total_seconds())))
    if fresh and feed.newest is not None and not feed.is_new:
        seconds = (now - feed.newest).total_seconds() * listed / fresh
        return max(0, min(_LONGEST_SPAN, int(seconds)))
    return feed.span


def _jittered(now: datetime, interval: int, asked: int, chance: float) -> datetime:
    """One interval on, give or take a tenth, never sooner than asked nor later than a day."""
    asked = min(CEILING, max(FLOOR, asked))
    early = max(asked, 0.9 * interval)
    late = min(float(CEILING), early + 0.2 * interval)
    early = min(early, late)
    return now + timedelta(seconds=int(early + (late - early) * chance))


def _spread(now: datetime, interval: int, asked: int, chance: float) -> datetime:
    """Anywhere within one interval from when it may be: feeds added together drift apart."""
    early = min(CEILING, max(FLOOR, asked))
    return now + timedelta(seconds=int(min(CEILING, early + interval * chance)))


# ---------------------------------------------------------------- requests and gaps


def wants_full(feed: Feed, now: datetime) -> bool:
    """Whether to ask without validators: once in 20 to 24 hours, each feed at its own time.

    Some servers keep the ETag of a feed that changed.
    """
    if feed.last_full is None:
        return True
    own = feed.id * 2_654_435_761 % 2**32 / 2**32  # spreads consecutive numbers evenly
    return abs((now - feed.last_full).total_seconds()) >= _FULL - _FULL_DRIFT * own


def gap(
    feed: Feed,
    now: datetime,
    listed: int,
    overlap: int,
    oldest: datetime | None,
    *,
    conditional: bool = True,
) -> tuple[datetime, datetime] | None:
    """The time of which entries may have come and gone unread, or None.

    A feed that listed something before now lists nothing that is known. From its last
    reading to the oldest entry listed now, if that is dated in between. `conditional` is
    false if the request had no validators: then the 304s before it may have been wrong, and
    the last whole answer is what is known for certain.
    """
    if not listed or overlap > 0 or feed.last_success is None or feed.newest is None:
        return None
    since = feed.last_success
    if not conditional and feed.last_full is not None:
        since = min(since, feed.last_full)
    since = min(since, now)
    return since, oldest if oldest is not None and since < oldest < now else now


def asked_wait(headers: Mapping[str, str], now: datetime) -> int:
    """Seconds for which an answer stays fresh, as its headers say; at most a day, else 0.

    Cache-Control's max-age less Age, or Expires less Date (RFC 9111, 4.2.1 and 4.2.3);
    no-store and no-cache ask for nothing, s-maxage is for shared caches. `headers` have
    lower-case names. What is malformed is ignored.

    >>> asked_wait({"cache-control": "public, max-age=600", "age": "60"}, datetime.now(UTC))
    540
    """
    directives = _directives(headers.get("cache-control", ""))
    if "no-store" in directives or "no-cache" in directives:
        return 0
    fresh = _seconds(directives.get("max-age", ""))
    if fresh is not None:
        return min(CEILING, max(0, fresh - (_seconds(headers.get("age", "")) or 0)))
    expires = _date(headers.get("expires", ""))
    if expires is None:
        return 0
    asked = (expires - (_date(headers.get("date", "")) or now)).total_seconds()
    return int(min(CEILING, max(0.0, asked)))


def _directives(said: str) -> dict[str, str]:
    """The first of each name; no-cache with field names speaks of those fields only."""
    found: dict[str, str] = {}
    for part in said.split(","):
        name, is_given, value = part.strip().partition("=")
        name = name.strip().lower()
        if name == "no-cache" and is_given:
            continue
        found.setdefault(name, value.strip().strip('"'))
    return found


def _seconds(said: str) -> int | None:
    said = said.strip()
    return int(said[:_DIGITS]) if said.isascii() and said.isdigit() else None


def _date(said: str) -> datetime | None:
    try:
        time = parsedate_to_datetime(said)
        return (time if time.tzinfo else time.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, TypeError, OverflowError, IndexError):
        return None
