"""`dadkhah doctor`: is everything as it must be, and if not, what to do?"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from bot.app import Knowledge, fetch_options, first_feeds
from config.settings import Settings, SettingsInvalid, unknown_variables
from storage import open_store, state
from watchers.errors import DadkhahError

_RELEASED = datetime(2025, 1, 1, tzinfo=UTC)  # a clock before this is wrong


@dataclass(frozen=True, slots=True)
class Finding:
    """One check: "ok", "note" (fine, but know it) or "failed", with what to do."""

    check: str
    state: str
    message: str


def _ok(check: str, message: str) -> Finding:
    return Finding(check, "ok", message)


def _note(check: str, message: str) -> Finding:
    return Finding(check, "note", message)


def _failed(check: str, message: str) -> Finding:
    return Finding(check, "failed", message)


async def diagnose(settings: Settings) -> tuple[Finding, ...]:
    """All checks, each independent of the others."""
    findings = [
        _settings(settings),
        _files(),
        _feeds(settings),
        _folder(settings),
        _database(settings),
        _clock(settings),
    ]
    findings += await _telegram(settings)
    return tuple(findings)


def _settings(settings: Settings) -> Finding:
    try:
        fetch_options(settings)
    except SettingsInvalid as error:
        return _failed("settings", "; ".join(error.problems))
    unknown = unknown_variables(os.environ)
    if unknown:
        return _note("settings", f"no such setting: {', '.join(unknown)}; see `config show`")
    if not settings.contact:
        return _note(
            "settings", "valid; set DADKHAH_CONTACT, so that sites know whom to complain to"
        )
    return _ok("settings", "valid")


def _files() -> Finding:
    knowledge = Knowledge()
    try:
        people, outlets = knowledge.watchlist, knowledge.outlets
    except DadkhahError as error:
        return _failed("watchlist", str(error))
    count = len(people.officials)
    return _ok(
        "watchlist", f"{count} officials, version {people.version}; {len(outlets.outlets)} outlets"
    )


def _feeds(settings: Settings) -> Finding:
    try:
        return _ok("feed list", f"{len(first_feeds(settings))} feeds to begin with")
    except (DadkhahError, SettingsInvalid) as error:
        return _failed("feed list", str(error))


def _folder(settings: Settings) -> Finding:
    folder = settings.data_dir.absolute()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        return _failed("data folder", f"{folder}: {error.strerror}; make it writable for this user")
    return _ok("data folder", f"{folder} can be written")


def _database(settings: Settings) -> Finding:
    try:
        found = state(settings.database)
        if found == "missing":
            return _note("database", "none yet; the first command that writes makes it")
        store = open_store(settings.database, create=False)
        try:
            problems, counts = store.check(), store.counts()
        finally:
            store.close()
    except DadkhahError as error:
        return _failed("database", str(error))
    if problems:
        return _failed("database", "; ".join(problems))
    return _ok("database", f"sound: {counts.feeds} feeds, {counts.articles} articles")


def _clock(settings: Settings) -> Finding:
    now = datetime.now(UTC)
    if now < _RELEASED:
        return _failed("clock", f"the clock shows {now:%Y-%m-%d}; set it (NTP)")
    try:
        if state(settings.database) == "current":
            store = open_store(settings.database, create=False)
            try:
                polled = [feed.last_polled for feed in store.feeds() if feed.last_polled]
            finally:
                store.close()
            if polled and max(polled) > now + timedelta(minutes=5):
                return _failed("clock", "feeds were polled in the future: the clock went back")
    except DadkhahError:
        pass  # told by the database's own check
    return _ok("clock", f"{now:%Y-%m-%d %H:%M} UTC")


async def _telegram(settings: Settings) -> list[Finding]:
    if settings.token is None:
        return [_note("token", "none: digests are printed, nothing is posted (docs/telegram.md)")]
    from bot.client import connect

    async with connect(settings) as telegram:
        me = await telegram.whoami()
        if isinstance(me, str):
            return [_failed("token", me)]
        findings = [_ok("token", f"the bot is @{me.username}")]
        if settings.channel:
            findings.append(await _channel(telegram.rights, settings.channel))
    return findings


async def _channel(rights: Callable[[str], Awaitable[str | None]], chat: str) -> Finding:
    problem = await rights(chat)
    if problem is None:
        return _ok("channel", f"the bot may post to {chat}")
    return _failed("channel", f"{chat}: {problem}; make the bot an admin who may post")
