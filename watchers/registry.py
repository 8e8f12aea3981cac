"""Adding, checking and changing feeds, channels and admins: used by chat and command line.

What a person gave is checked here, once; the store gets only values that are fit to keep.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import fields, replace
from datetime import datetime
from typing import Protocol, TypeVar

from watchers import urls
from watchers.channel_checks import LANGUAGES, channel_changes
from watchers.discovery import Asked, Check, Discovery, Search, feed_links, has_links
from watchers.errors import (
    AdminInvalid,
    FeedExists,
    FeedUnknown,
    FeedUnreadable,
)
from watchers.feed_addresses import feed_url
from watchers.fetch import Fetcher
from watchers.model import Feed, FeedSpec, FetchFailure, FetchRequest
from watchers.outlets import OutletTable
from watchers.ports import Store
from watchers.reader import Reading, ReadJob
from watchers.telling import Admin, Channel, ChannelSpec
from watchers.watchlist import Watchlist
from watchers.workers import Workers

__all__ = ["LANGUAGES", "channel_changes"]  # besides what is defined here

T = TypeVar("T")
_SAMPLES = 3  # titles that say what a feed would have brought
_SAMPLE = 200  # characters
ROLES = ("owner", "editor")
_MAX_USER = 2**52 - 1  # "at most 52 significant bits" (Bot API, User)
DEFAULT_KIND = "world-media"
KINDS = (
    "human-rights", "un", "court-law", "world-media", "persian-media", "advocacy", "state",
    "query",
)  # fmt: skip


class Database(Protocol):
    """Runs work on the store (in its own thread)."""

    def __call__(self, work: Callable[[Store], T]) -> Awaitable[T]:
        """The result of the work."""


def completed(spec: FeedSpec, outlets: OutletTable) -> FeedSpec:
    """The feed with what was left open filled in from the table of outlets."""
    known = outlets.of(spec.site or spec.url)
    return replace(
        spec,
        name=spec.name or (known.name if known else urls.host(spec.url)),
        language=spec.language or (known.language if known else None),
        kind=spec.kind or (known.kind if known else DEFAULT_KIND),
        site=spec.site or f"https://{urls.host(spec.url)}",
    )


def checked_spec(spec: ChannelSpec, watchlist: Watchlist | None = None) -> ChannelSpec:
    """All of a new channel's settings, checked. ChannelInvalid names the wrong one."""
    given = {part.name: getattr(spec, part.name) for part in fields(spec)}
    private = given.pop("private")
    changes = channel_changes(given, watchlist)
    return ChannelSpec(**changes, private=private)  # type: ignore[arg-type]


def admin_id(text: str) -> int:
    """A numeric Telegram user id. AdminInvalid otherwise: names can be taken over."""
    if not re.fullmatch(r"[1-9]\d{0,18}", text.strip()):
        msg = f"{text!r} is no numeric user id. Names change hands, so only ids count."
        raise AdminInvalid(msg)
    if int(text) > _MAX_USER:
        msg = f"{text} is no user id of Telegram: those are smaller."
        raise AdminInvalid(msg)
    return int(text)


def admin_role(text: str) -> str:
    """A role of ROLES. AdminInvalid otherwise."""
    if text not in ROLES:
        msg = f"{text!r} is no role. Choose one of {', '.join(ROLES)}."
        raise AdminInvalid(msg)
    return text


class Registry:
    """The changes that admins and operators make."""

    def __init__(
        self, database: Database, fetcher: Fetcher, workers: Workers, outlets: OutletTable
    ) -> None:
        self._database = database
        self._fetcher = fetcher
        self._workers = workers
        self._outlets = outlets

    async def check(self, url: str, now: datetime, language: str | None = None) -> Check:
        """Ask for a feed once and read it; stores nothing."""
        return (await self._ask(url, now, language)).check

    async def _ask(self, url: str, now: datetime, language: str | None = None) -> Asked:
        answer = await self._fetcher.fetch(FetchRequest(url))
        if isinstance(answer, FetchFailure):
            return Asked(Check(url, failure=answer))
        job = ReadJob(answer.body, answer.content_type, answer.url, language, now)
        reading = await self._workers.read(job)
        if isinstance(reading, FetchFailure):
            return Asked(Check(url, failure=reading), answer)
        articles = frozenset(item.article.url_key for item in reading.items)
        return Asked(_checked(url, reading), answer, articles)

    async def discover(self, url: str, now: datetime) -> Discovery:
        """The feeds that an address leads to: itself, what it links to, the usual places.

        FeedUrlInvalid if it is no address. Each candidate is asked for once; stores nothing.
        """
        url = feed_url(url)
        asked = await self._ask(url, now)
        if asked.check.failure is None:
            return await self._discovered(Discovery(url, (asked.check,)))
        search = Search(self._ask, now)
        page = asked.answer
        kind = asked.check.failure.kind
        if page is not None and (
            kind == "not-a-feed" or (kind == "malformed" and has_links(page.body))
        ):
            await search.run(feed_links(page.body, page.content_type, page.url), page.url)
        found = Discovery(url, search.found(), asked.check.failure, search.tried)
        return await self._discovered(found)

    async def look(self, url: str, now: datetime) -> Discovery:
        """The feeds that may be added for an address; never none.

        FeedUrlInvalid; FeedExists if the address itself is watched; FeedUnreadable if it leads
        to no feed. A server that cannot be reached now may be added all the same: then what is
        found is the address itself, with the failure.
        """
        url = feed_url(url)
        await self._database(lambda store: _refuse_known(store, url))
        found = await self.discover(url, now)
        if found.found:
            return found
        itself = Check(url, failure=found.failure)
        if itself.is_refused:
            raise none_found(found, "was not added")
        return replace(found, found=(itself,))

    async def _discovered(self, found: Discovery) -> Discovery:
        watched = await self._database(lambda s: _watched(s, [c.url for c in found.found]))
        return replace(found, watched=watched)

    async def add_found(
        self, checks: Sequence[Check], spec: FeedSpec, *, now: datetime, actor: str
    ) -> tuple[tuple[Feed, Check], ...]:
        """Watch feeds that were just found, all of them or none; `spec` says what they share.

        Those that are watched already are passed over; FeedExists if all of them are.
        """
        specs = {
            check.url: completed(
                replace(spec, url=check.url, name=spec.name or check.title[:200]), self._outlets
            )
            for check in checks
        }

        def add(store: Store) -> dict[str, Feed]:
            watched = _watched(store, specs)
            if len(watched) == len(specs):
                raise FeedExists(_all_known(watched))
            store.add_feeds(tuple(specs.values()), at=now, actor=actor)
            return {url: store.feed(url) for url in specs if url not in watched}

        added = await self._database(add)
        return tuple((added[check.url], check) for check in checks if check.url in added)

    async def add_feed(
        self, spec: FeedSpec, *, now: datetime, actor: str, check: bool = True
    ) -> tuple[Feed, Check | None]:
        """Watch a feed, after asking for it once (unless told not to).

        FeedUrlInvalid if it is no address; FeedExists; FeedUnreadable if what answers is no
        feed. A server that cannot be reached now is added all the same: the Check tells.
        """
        url = feed_url(spec.url)
        await self._database(lambda store: _refuse_known(store, url))
        found = await self.check(url, now, spec.language) if check else None
        if found is not None and found.is_refused and found.failure is not None:
            raise FeedUnreadable(found.failure.kind, _refusal(url, "was not added", found.failure))
        title = (found.title if found else "")[:200]
        full = completed(replace(spec, url=url, name=spec.name or title), self._outlets)
        feed = await self._database(lambda store: store.add_feed(full, at=now, actor=actor))
        return feed, found

    async def add_channel(self, spec: ChannelSpec, *, now: datetime, actor: str) -> Channel:
        """A channel to tell. ChannelInvalid, ChannelExists."""
        checked = checked_spec(spec)
        return await self._database(lambda s: s.add_channel(checked, at=now, actor=actor))

    async def grant(self, user: str, role: str, *, now: datetime, actor: str) -> Admin:
        """Make somebody an admin. AdminInvalid."""
        number, checked = admin_id(user), admin_role(role)
        return await self._database(lambda s: s.grant(number, checked, at=now, actor=actor))


def _watched(store: Store, addresses: Iterable[str]) -> dict[str, Feed]:
    """Those that are watched already."""
    found = {}
    for address in addresses:
        with contextlib.suppress(FeedUnknown):
            found[address] = store.feed(address)
    return found


def _all_known(watched: Mapping[str, Feed]) -> str:
    numbers = ", ".join(str(feed.id) for feed in watched.values())
    if len(watched) == 1:
        return f"{next(iter(watched))} is watched already: feed {numbers}."
    return f"All {len(watched)} feeds found there are watched already: feeds {numbers}."


def _refuse_known(store: Store, url: str) -> None:
    """Say so before the server is asked."""
    try:
        feed = store.feed(url)
    except FeedUnknown:
        return
    msg = f"{url} is watched already: feed {feed.id}, {feed.name!r}."
    raise FeedExists(msg)


def _checked(url: str, reading: Reading) -> Check:
    relevant = [item for item in reading.items if item.verdict.relevant]
    named = [i for i in reading.items if i.verdict.officials and not i.verdict.relevant]
    dates = [item.article.published for item in reading.items if item.article.published]
    return Check(
        url,
        None,
        reading.title,
        reading.language,
        reading.entries,
        len(relevant),
        max(dates, default=None),
        len(named),
        tuple(item.article.title[:_SAMPLE] for item in relevant[:_SAMPLES]),
        tuple(item.article.title[:_SAMPLE] for item in named[:_SAMPLES]),
    )


def none_found(found: Discovery, verdict: str = "leads to no feed") -> FeedUnreadable:
    """What to tell when an address leads to no feed."""
    failure = found.failure or FetchFailure("not-a-feed", "there is no feed")
    looked = f" Nor was a feed found at {found.tried} likely addresses." if found.tried else ""
    return FeedUnreadable(failure.kind, _refusal(found.url, verdict, failure, looked))


def _refusal(url: str, verdict: str, failure: FetchFailure, looked: str = "") -> str:
    hints = {
        "not-a-feed": "Give the address of the feed itself; sites often keep it at /feed/ or "
        "/rss.xml.",
        "malformed": "Give the address of the feed itself, or tell the site that it is broken.",
        "refused": "Only public web addresses are watched.",
        "status": "Check the address in a browser.",
        "dns": "Check the spelling of the address.",
        "too-large": "Give a feed with fewer entries.",
    }
    hint = hints.get(failure.kind, "Try another feed of that site.")
    if looked and failure.kind == "not-a-feed":
        hint = "Give the address of the feed itself, if the site has one."
    return f"{url} {verdict}: {failure.detail}.{looked} {hint}"
