"""Adding, checking and changing feeds, channels and admins: used by chat and command line.

What a person gave is checked here, once; the store gets only values that are fit to keep.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Protocol, TypeVar, cast
from zoneinfo import ZoneInfo

from watchers import urls
from watchers.errors import (
    AdminInvalid,
    ChannelInvalid,
    FeedExists,
    FeedUnknown,
    FeedUnreadable,
    FeedUrlInvalid,
)
from watchers.fetch import Fetcher
from watchers.model import Feed, FeedSpec, FetchFailure, FetchRequest
from watchers.outlets import OutletTable
from watchers.ports import Store
from watchers.reader import Reading, ReadJob
from watchers.telling import CONSOLE, Admin, Channel, ChannelSpec
from watchers.workers import Workers

T = TypeVar("T")
ROLES = ("owner", "editor")
LANGUAGES = ("en", "fa", "fr")
DEFAULT_KIND = "world-media"
KINDS = (
    "human-rights", "un", "court-law", "world-media", "persian-media", "advocacy", "state",
    "query",
)  # fmt: skip

_CHAT = re.compile(r"@[A-Za-z][A-Za-z0-9_]{3,31}|-?\d{1,20}")
_CLOCK = re.compile(r"(?:[01]\d|2[0-3]):[0-5]\d")
# Failures that say "no feed here", against those that may pass by themselves.
_NEVER = ("refused", "not-a-feed", "malformed", "redirects", "parser", "too-large")


class Database(Protocol):
    """Runs work on the store (in its own thread)."""

    def __call__(self, work: Callable[[Store], T]) -> Awaitable[T]:
        """The result of the work."""


@dataclass(frozen=True, slots=True)
class Check:
    """What asking for a feed once found."""

    url: str
    failure: FetchFailure | None = None
    title: str = ""
    language: str | None = None
    entries: int = 0
    relevant: int = 0

    @property
    def is_refused(self) -> bool:
        """There is no feed at that address, and waiting will not change it."""
        return self.failure is not None and (
            self.failure.kind in _NEVER or self.failure.status in (401, 404, 410)
        )


def feed_url(text: str) -> str:
    """The address a person meant. FeedUrlInvalid says what is wrong and what to try."""
    text = text.strip().strip("<>\"'")
    if not text:
        msg = "No address was given. Give the feed's full address: https://example.org/feed/"
        raise FeedUrlInvalid(msg)
    scheme = text.partition("://")[0].lower() if "://" in text else ""
    if scheme in ("feed", "rss"):
        text, scheme = "https://" + text.partition("://")[2], "https"
    shown = text if len(text) <= 100 else text[:99] + "…"
    if scheme not in ("http", "https"):
        msg = f"{shown!r} is no web address. It must begin with https:// or http://."
        raise FeedUrlInvalid(msg)
    url = urls.resolve(text, text)
    if url is None or re.search(r"[\s\x00-\x1f\x7f]", text) or not urls.host(text):
        msg = f"{shown!r} cannot be read as a web address. Copy it whole from the browser."
        raise FeedUrlInvalid(msg)
    if "@" in url.partition("://")[2].partition("/")[0]:
        msg = "The address holds a user name or a password; give one without."
        raise FeedUrlInvalid(msg)
    return url.partition("#")[0]


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


def channel_spec(chat: str, timezone: str, schedule: Sequence[str], language: str) -> ChannelSpec:
    """A channel's settings, checked. ChannelInvalid names the wrong one."""
    changes = channel_changes(
        {"chat": chat, "timezone": timezone, "schedule": tuple(schedule), "language": language}
    )
    return ChannelSpec(**changes)  # type: ignore[arg-type]


def channel_changes(changes: Mapping[str, object]) -> dict[str, object]:
    """Checked changes of a channel. ChannelInvalid names the wrong one."""
    checked = dict(changes)
    chat = checked.get("chat")
    if chat is not None and chat != CONSOLE and not _CHAT.fullmatch(str(chat)):
        msg = f"{chat!r} is no channel. Write @channelname, or its numeric id (-100...)."
        raise ChannelInvalid(msg)
    if "timezone" in checked:
        _check_zone(str(checked["timezone"]))
    if "schedule" in checked:
        times: tuple[str, ...] = tuple(cast("Iterable[str]", checked["schedule"]))
        wrong = [time for time in times if not _CLOCK.fullmatch(time)]
        if wrong or not times:
            msg = f"{', '.join(wrong) or 'nothing'} is no time of day. Write HH:MM, e.g. 08:00."
            raise ChannelInvalid(msg)
        checked["schedule"] = tuple(sorted(set(times)))
    language = checked.get("language")
    if language is not None and language not in LANGUAGES:
        msg = f"{language!r} is no language of digests. Choose one of {', '.join(LANGUAGES)}."
        raise ChannelInvalid(msg)
    return checked


def _check_zone(name: str) -> None:
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError) as error:
        msg = f"{name!r} is no time zone. Write an IANA name: Europe/Berlin, Asia/Tehran."
        raise ChannelInvalid(msg) from error


def admin_id(text: str) -> int:
    """A numeric Telegram user id. AdminInvalid otherwise: names can be taken over."""
    if not re.fullmatch(r"[1-9]\d{0,18}", text.strip()):
        msg = f"{text!r} is no numeric user id. Names change hands, so only ids count."
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
        answer = await self._fetcher.fetch(FetchRequest(url))
        if isinstance(answer, FetchFailure):
            return Check(url, failure=answer)
        job = ReadJob(answer.body, answer.content_type, answer.url, language, now, {})
        reading = await self._workers.read(job)
        if isinstance(reading, FetchFailure):
            return Check(url, failure=reading)
        return _checked(url, reading)

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
            raise FeedUnreadable(found.failure.kind, _refusal(url, found.failure))
        title = (found.title if found else "")[:200]
        full = completed(replace(spec, url=url, name=spec.name or title), self._outlets)
        feed = await self._database(lambda store: store.add_feed(full, at=now, actor=actor))
        return feed, found

    async def add_channel(self, spec: ChannelSpec, *, now: datetime, actor: str) -> Channel:
        """A channel to tell. ChannelInvalid, ChannelExists."""
        checked = channel_spec(spec.chat, spec.timezone, spec.schedule, spec.language)
        return await self._database(lambda s: s.add_channel(checked, at=now, actor=actor))

    async def grant(self, user: str, role: str, *, now: datetime, actor: str) -> Admin:
        """Make somebody an admin. AdminInvalid."""
        number, checked = admin_id(user), admin_role(role)
        return await self._database(lambda s: s.grant(number, checked, at=now, actor=actor))


def _refuse_known(store: Store, url: str) -> None:
    """Say so before the server is asked."""
    try:
        feed = store.feed(url)
    except FeedUnknown:
        return
    msg = f"{url} is watched already: feed {feed.id}, {feed.name!r}."
    raise FeedExists(msg)


def _checked(url: str, reading: Reading) -> Check:
    relevant = sum(item.verdict.relevant for item in reading.items)
    return Check(url, None, reading.title, reading.language, reading.entries, relevant)


def _refusal(url: str, failure: FetchFailure) -> str:
    hints = {
        "not-a-feed": "Give the address of the feed itself; sites often keep it at /feed/ or "
        "/rss.xml.",
        "refused": "Only public web addresses are watched.",
        "status": "Check the address in a browser.",
    }
    hint = hints.get(failure.kind, "Try another feed of that site.")
    return f"{url} was not added: {failure.detail}. {hint}"
