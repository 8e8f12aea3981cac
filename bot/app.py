"""The composition root: settings become one set of working parts, handed down from here.

Only this module and the command line read settings; nothing happens at import.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from importlib.metadata import version
from pathlib import Path

import config
from bot.asking import Asking
from bot.claims import Claims
from bot.clock import utc_now
from bot.database import Database
from bot.knowing import Knowing
from bot.names import Names
from bot.readers import Readers
from config.settings import Settings, SettingsInvalid
from storage import open_store, state
from watchers.addresses import AllowedHost, parse_allowed_host
from watchers.amend import Joined, joined
from watchers.changes import WatchRows
from watchers.cluster import Clusterer
from watchers.concepts import parse_concepts
from watchers.feedlist import MAX_BYTES, parse_feed_list
from watchers.fetch import Fetcher, FetchOptions, host_name
from watchers.model import FeedSpec
from watchers.outlets import OutletTable, parse_outlets
from watchers.ports import Store
from watchers.registry import Registry, completed
from watchers.telling import ChannelSpec
from watchers.watchlist import Watchlist, read_file
from watchers.watchlist_rows import File
from watchers.workers import Workers


class Knowledge:
    """The shipped files, read when first needed, and the admins' changes once they are loaded."""

    def __init__(self) -> None:
        self._joint: Joined | None = None
        self._names: tuple[Joined, Names] | None = None

    @cached_property
    def shipped(self) -> File:
        """The shipped watchlist. WatchlistInvalid."""
        return read_file(config.shipped_watchlist(), "config/watchlist.toml")

    @property
    def joint(self) -> Joined:
        """The watchlist in force and what it was made of; the shipped one before `load`."""
        if self._joint is None:
            self._joint = joined(self.shipped, WatchRows(0, ()))
        return self._joint

    def load(self, store: Store) -> Joined:
        """Take the admins' changes up, as they are stored now. StoreError."""
        self._joint = joined(self.shipped, store.watch_rows())
        return self._joint

    def take(self, joint: Joined) -> None:
        """Go by another watchlist from now on."""
        self._joint = joint

    @property
    def watchlist(self) -> Watchlist:
        """People, topics and look-alikes in force. WatchlistInvalid."""
        return self.joint.watchlist

    @cached_property
    def outlets(self) -> OutletTable:
        """Outlets by domain."""
        return parse_outlets(config.shipped_outlets(), "config/outlets.toml")

    @cached_property
    def clusterer(self) -> Clusterer:
        """What finds articles on one event."""
        return Clusterer(parse_concepts(config.shipped_concepts(), "config/concepts.toml"))

    @property
    def names(self) -> Names:
        """People's names for readers."""
        joint = self.joint
        if self._names is None or self._names[0] is not joint:
            self._names = (joint, Names(joint.watchlist))
        return self._names[1]


@dataclass(frozen=True)
class Program:
    """The working parts of a running program."""

    settings: Settings
    knowledge: Knowledge
    database: Database
    fetcher: Fetcher
    workers: Workers
    claims: Claims | None = None  # of hosts, where several processes poll

    @cached_property
    def registry(self) -> Registry:
        """Changes by admins and operators."""
        return Registry(self.database, self.fetcher, self.workers, self.knowledge.outlets)

    @cached_property
    def knowing(self) -> Knowing:
        """Changes of the watchlist, by whomever they are made."""
        return Knowing(self.knowledge, self.database, self.workers)

    @cached_property
    def asking(self) -> Asking:
        """Questions to the search."""
        return Asking(self.knowledge)

    @cached_property
    def readers(self) -> Readers:
        """What is remembered of those who ask, in memory."""
        return Readers(time.monotonic)


def user_agent(contact: str) -> str:
    """Who asks, and where to complain (RFC 9110, 10.1.5)."""
    about = f"; +{contact}" if contact else ""
    return f"Dadkhah/{version('dadkhah')} (news monitor{about})"


def fetch_options(settings: Settings) -> FetchOptions:
    """How to fetch. SettingsInvalid for an allowed host that cannot be read."""
    allowed: list[AllowedHost] = []
    problems = []
    for text in settings.allowed_private_hosts:
        try:
            allowed.append(parse_allowed_host(text))
        except ValueError as error:
            problems.append(f"DADKHAH_ALLOWED_PRIVATE_HOSTS: {error}")
    problems += [
        f"DADKHAH_EXCLUDED_HOSTS: {text!r} is no host name"
        for text in settings.excluded_hosts
        if host_name(text) is None
    ]
    if problems:
        raise SettingsInvalid(tuple(problems))
    return FetchOptions(
        user_agent=user_agent(settings.contact),
        proxy=settings.proxy.get_secret_value() or None,
        allowed=tuple(allowed),
        host_delay=settings.host_delay,
        concurrency=settings.fetch_concurrency,
        excluded=settings.excluded_hosts,
    )


def open_database(settings: Settings, *, create: bool = True) -> Store:
    """The store, made on first use with the feeds, channel and admins of the settings.

    StoreError when it cannot be used; FeedListInvalid when DADKHAH_FEEDS cannot be read (and
    then nothing is kept).
    """
    # Read before anything is made, and never again: the database has its feeds then.
    missing = create and state(settings.database) == "missing"
    specs = first_feeds(settings) if missing else None
    store = open_store(settings.database, create=create)
    try:
        if create:
            _fill(store, settings, specs, utc_now())
    except BaseException:
        store.close()
        raise
    return store


def first_feeds(settings: Settings) -> tuple[FeedSpec, ...]:
    """The feeds to begin with: DADKHAH_FEEDS, or the shipped list."""
    if settings.feeds is None:
        return parse_feed_list(config.shipped_feeds(), "config/feeds.toml").whole(
            "config/feeds.toml"
        )
    try:
        data = read_list(settings.feeds)
    except OSError as error:
        message = f"DADKHAH_FEEDS: {settings.feeds} cannot be read: {error.strerror}"
        raise SettingsInvalid((message,)) from error
    return parse_feed_list(data, str(settings.feeds)).whole(str(settings.feeds))


def read_list(path: Path) -> bytes:
    """A list of feeds from a file; no more of it than the parser takes. OSError."""
    with path.open("rb") as file:
        return file.read(MAX_BYTES + 1)


def _fill(
    store: Store, settings: Settings, specs: Iterable[FeedSpec] | None, now: datetime
) -> None:
    """What a fresh database begins with; later starts add a channel and admins named since.

    What was added once is not added again: an admin may have renamed, removed or revoked it.
    """
    if store.value("feeds_loaded") is None:
        found = first_feeds(settings) if specs is None else specs  # None: killed at the first try
        outlets = Knowledge().outlets
        store.add_feeds(tuple(completed(s, outlets) for s in found), at=now, actor="system")
        store.set_value("feeds_loaded", now.isoformat())
    chat = settings.channel
    if chat and store.value(f"channel:{chat.casefold()}") is None:
        if chat.casefold() not in {channel.chat.casefold() for channel in store.channels()}:
            zone, times = settings.timezone, settings.schedule
            spec = ChannelSpec(chat, zone, times, settings.language)
            store.add_channel(spec, at=now, actor="system")
        store.set_value(f"channel:{chat.casefold()}", now.isoformat())
    for user_id in settings.admins:
        if store.value(f"admin:{user_id}") is None:
            if user_id not in {admin.user_id for admin in store.admins()}:
                store.grant(user_id, "owner", at=now, actor="system")
            store.set_value(f"admin:{user_id}", now.isoformat())


@contextlib.asynccontextmanager
async def program(
    settings: Settings, store: Store, knowledge: Knowledge | None = None
) -> AsyncIterator[Program]:
    """The working parts, put away in order at the end. Takes the store over."""
    knowledge = knowledge or Knowledge()
    database = Database(store)
    try:
        await database(knowledge.load)
        tally, processes = database.tally, settings.parse_processes or None
        claims = Claims(database, settings.host_delay) if settings.engine != "embedded" else None
        async with Fetcher(fetch_options(settings), tally.fetched, claims) as fetcher:
            with Workers(knowledge.watchlist, processes, tally.read) as workers:
                try:
                    yield Program(settings, knowledge, database, fetcher, workers, claims)
                finally:
                    if claims is not None:
                        await claims.close()
    finally:
        database.close()
