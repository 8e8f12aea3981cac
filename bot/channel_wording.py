"""Channels in words: when they are told, what, and how a change reads. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime
from zoneinfo import ZoneInfo

from bot.alert_words import rule_lines
from bot.i18n import catalogue
from bot.plain_words import days_words, listed, schedule_words
from bot.schedule import next_slot
from bot.wording import ago
from watchers.scope import Scope
from watchers.telling import Channel

LANGUAGE_NAMES = {"en": "English", "fa": "Persian", "fr": "French"}
"""Of digests; a language without a name here goes by its code."""

_ARTICLES = LANGUAGE_NAMES | {
    "ar": "Arabic", "ckb": "Kurdish", "de": "German", "es": "Spanish", "it": "Italian",
    "nl": "Dutch", "sv": "Swedish", "tr": "Turkish",
}  # fmt: skip
_NAMED = 12  # names that a line has room for


def language_name(code: str) -> str:
    """A language of digests or articles: "Persian (fa)"; the code where we have no name."""
    return f"{_ARTICLES[code]} ({code})" if code in _ARTICLES else code


def state_words(channel: Channel) -> str:
    """Whether it is told at present."""
    if channel.paused:
        return f"paused: {channel.pause_reason or 'by an admin'}"
    return "active"


def when_words(channel: Channel) -> str:
    """When it is told: "every day at 08:00 and 18:00, Asia/Tehran"."""
    return f"{days_words(channel.weekdays)} at {listed(channel.schedule)}, {channel.timezone}"


def undo_words(channel: Channel) -> str:
    """The order that brings this schedule back."""
    words = schedule_words(channel.schedule, channel.weekdays, channel.timezone)
    return f"/schedule {channel.chat} {words}"


def next_times(channel: Channel, now: datetime, most: int = 3) -> list[str]:
    """The next digests on the channel's own clock: "Mon 23 Nov 08:00"."""
    zone = ZoneInfo(channel.timezone)
    found: list[str] = []
    slot = next_slot(channel, now)
    while slot is not None and len(found) < most:
        found.append(f"{slot.astimezone(zone):%a %d %b %H:%M}")
        slot = next_slot(channel, slot)
    return found


def due_words(channel: Channel, now: datetime) -> str:
    """When the next digest is due, on the channel's clock and from now."""
    slot = next_slot(channel, now)
    if slot is None:
        return "no digest is scheduled"
    return f"next digest {next_times(channel, now, 1)[0]}, {ago(slot, now)}"


def brief(channel: Channel, now: datetime) -> str:
    """A channel in a list: two lines."""
    options = "; ".join(_options(channel))
    return (
        f"#{channel.id} {channel.chat} ({channel.language}): {state_words(channel)}\n"
        f"   {when_words(channel)}; {due_words(channel, now)}{f'; {options}' if options else ''}"
    )


def _options(channel: Channel) -> Iterator[str]:
    """What differs from a plain channel."""
    scope = channel.scope
    if scope.languages or scope.kinds or scope.officials or not scope.relevant:
        yield "told a part"
    if scope.topics:
        yield "own topics"
    if not scope.named:
        yield "without the second section"
    if channel.tells_nothing_new:
        yield "says when nothing is new"
    if channel.needs_approval:
        yield "waits for approval"
    if channel.alerts.is_on:
        yield "alerts"


def full(channel: Channel, now: datetime, name_of: Callable[[str], str]) -> list[str]:
    """A channel with all its settings; `name_of`: an official's or own topic's name by id."""
    lines = [f"#{channel.id} {channel.chat}: {state_words(channel)}"]
    if channel.not_before and channel.not_before > now:
        lines.append(f"Telegram asked us to wait; it is told again {ago(channel.not_before, now)}.")
    return [
        *lines,
        f"Digests: {when_words(channel)}; {due_words(channel, now)}",
        f"Language: {language_name(channel.language)}",
        *scope_lines(channel.scope, name_of),
        f"When nothing is new: {'says so' if channel.tells_nothing_new else 'silent'}",
        f"Approval by an admin: {'asked for' if channel.needs_approval else 'not asked for'}",
        *rule_lines(channel.alerts, name_of),
    ]


def scope_lines(scope: Scope, name_of: Callable[[str], str]) -> list[str]:
    """What a channel is told."""
    told = ["the massacre and its accountability"] if scope.relevant else []
    told += ["officials in other news (second section)"] if scope.named else []
    lines = [f"Told: {listed(told) or 'own topics only'}"]
    lines.append(f"Own topics: {_some([name_of(one) for one in scope.topics]) or 'none'}")
    if scope.officials:
        lines.append(f"Only stories that name: {_some([name_of(one) for one in scope.officials])}")
    lines.append(
        f"Articles in: {_some([language_name(one) for one in scope.languages]) or 'all languages'}"
    )
    lines.append(f"Outlets: {_some([kind_name(one) for one in scope.kinds]) or 'all kinds'}")
    return lines


def kind_name(kind: str) -> str:
    """An outlet's kind for admins: digests call two of them "media"."""
    own = {"world-media": "world media", "persian-media": "Persian media"}
    return own.get(kind) or catalogue("en").kind(kind)


def _some(names: list[str]) -> str:
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    return ", ".join(names[:_NAMED]) + more
