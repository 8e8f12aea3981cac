"""What admins are told of a poll, or of a page, once each, and in which words. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from storage.mapping import printed_key
from watchers.model import Feed, PollResult

FAILING_DAYS = (7, 3, 1)  # told after so many days without a success
_MOST = 500  # characters of what somebody else wrote
_SHORT = 300  # of what Telegram said


@dataclass(frozen=True, slots=True)
class Telling:
    """A notice to be; `key` says what it is about, for it is told once."""

    key: str
    kind: str
    text: str


def notices_of(feed: Feed, result: PollResult) -> list[Telling]:
    """What a failed poll gives reason to tell; `feed` is as it was before the poll."""
    if result.outcome != "failed":
        return []
    since = feed.failing_since or result.at
    told = []
    if result.status == 410:
        told.append(_gone(feed, since))
    failing = result.at - since
    days = next((days for days in FAILING_DAYS if failing >= timedelta(days=days)), None)
    if days is not None:
        told.append(_failing(feed, result, since, days))
    return told


def _gone(feed: Feed, since: datetime) -> Telling:
    text = (
        f"{_the(feed)} says that it is gone for good (410), since {_time(since)}. It is still "
        "asked now and then. Look for its new address and add that, then remove this feed."
    )
    return Telling(f"gone:{feed.id}:{since.isoformat()}", "gone", text)


def _failing(feed: Feed, result: PollResult, since: datetime, days: int) -> Telling:
    why = f" The last reason: {result.failure.detail[:_MOST]}" if result.failure else ""
    text = (
        f"{_the(feed)} could not be read for {days} {'day' if days == 1 else 'days'}, since "
        f"{_time(since)}.{why} Open the address in a browser: if the feed is elsewhere now, add "
        "the new address and remove this one; if the site is down, nothing need be done, for "
        "the feed is still asked."
    )
    return Telling(f"failing:{feed.id}:{since.isoformat()}:{days}", "failing", text)


def moved(feed: Feed, to: str) -> Telling:
    """The feed's address was changed."""
    text = (
        f"{_the(feed)} moved for good, and is asked at its new address from now on: {to[:_MOST]}. "
        "If that is not the same feed any more, remove it."
    )
    return Telling(f"moved:{feed.id}:{printed_key(to).hex()}", "moved", text)


def same_feed(feed: Feed, other_id: int, other_name: str, to: str) -> Telling:
    """The feed leads to the address of another that is watched: its address was not changed."""
    name = f" ({other_name[:_MOST]})" if other_name else ""
    text = (
        f"{_the(feed)} leads for good to the address of feed {other_id}{name}, {to[:_MOST]}: the "
        "two are the same feed. Remove one of them."
    )
    return Telling(f"same:{feed.id}:{other_id}", "moved", text)


def paused(chat: str, why: str, delivery_id: int, attempts: int) -> Telling:
    """A public channel was paused by what came of this attempt to send this page."""
    text = (
        f"Posting to {chat} is paused. The reason: {why[:_SHORT] or 'no reason was given'}. "
        "Nothing was lost: what is queued waits. Make the bot an admin of that chat with the "
        "right to post messages (`dadkhah doctor` checks it), then resume the channel in "
        "/channels."
    )
    return Telling(f"paused:{delivery_id}:{attempts}", "paused", text)


def _the(feed: Feed) -> str:
    name = f"{feed.name[:_MOST]}, " if feed.name else ""
    return f"Feed {feed.id} ({name}{feed.url[:_MOST]})"


def _time(time: datetime) -> str:
    return f"{time:%Y-%m-%d %H:%M} UTC"
