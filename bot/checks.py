"""`dadkhah doctor`: is everything as it must be, and if not, what to do?"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Awaitable, Callable

from bot import database_checks
from bot.app import Knowledge, fetch_options, first_feeds
from bot.findings import Finding, failed, note, ok
from config.settings import Settings, SettingsInvalid, unknown_variables
from watchers.errors import DadkhahError


async def diagnose(settings: Settings) -> tuple[Finding, ...]:
    """All checks, each independent of the others."""
    findings = [
        _settings(settings),
        _files(),
        _feeds(settings),
        _folder(settings),
        *database_checks.database(settings),
        database_checks.clock(),
    ]
    findings += await _telegram(settings)
    return tuple(findings)


def _settings(settings: Settings) -> Finding:
    try:
        fetch_options(settings)
    except SettingsInvalid as error:
        return failed("settings", "; ".join(error.problems))
    unknown = unknown_variables(os.environ)
    if unknown:
        return note("settings", f"no such setting: {', '.join(unknown)}; see `config show`")
    if not settings.contact:
        return note(
            "settings", "valid; set DADKHAH_CONTACT, so that sites know whom to complain to"
        )
    return ok("settings", "valid")


def _files() -> Finding:
    knowledge = Knowledge()
    try:
        people, outlets = knowledge.watchlist, knowledge.outlets
    except DadkhahError as error:
        return failed("watchlist", str(error))
    count = len(people.officials)
    return ok(
        "watchlist", f"{count} officials, version {people.version}; {len(outlets.outlets)} outlets"
    )


def _feeds(settings: Settings) -> Finding:
    try:
        return ok("feed list", f"{len(first_feeds(settings))} feeds to begin with")
    except (DadkhahError, SettingsInvalid) as error:
        return failed("feed list", str(error))


def _folder(settings: Settings) -> Finding:
    folder = settings.data_dir.absolute()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        return failed("data folder", f"{folder}: {error.strerror}; make it writable for this user")
    return ok("data folder", f"{folder} can be written")


async def _telegram(settings: Settings) -> list[Finding]:
    if settings.token is None:
        return [note("token", "none: digests are printed, nothing is posted (docs/telegram.md)")]
    from bot.client import connect

    async with connect(settings) as telegram:
        me = await telegram.whoami()
        if isinstance(me, str):
            return [failed("token", me)]
        findings = [ok("token", f"the bot is @{me.username}")]
        if settings.channel:
            findings.append(await _channel(telegram.rights, settings.channel))
    return findings


async def _channel(rights: Callable[[str], Awaitable[str | None]], chat: str) -> Finding:
    problem = await rights(chat)
    if problem is None:
        return ok("channel", f"the bot may post to {chat}")
    return failed("channel", f"{chat}: {problem}; make the bot an admin who may post")
