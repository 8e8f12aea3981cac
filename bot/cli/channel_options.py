"""From the options of `dadkhah channels add` and `change` to checked changes of a channel."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace

from bot.alert_words import read_rules
from bot.app import Knowledge
from bot.cli.edge import fail
from bot.commands.which import officials_called
from bot.plain_words import NotUnderstood, read_schedule
from config.settings import Settings
from watchers.channel_checks import channel_changes
from watchers.ports import Store
from watchers.registry import checked_spec
from watchers.scope import NO_ALERTS, AlertRules, Scope
from watchers.telling import ChannelSpec

ALL = ("all", "none", "-")  # what empties a list


@dataclass(frozen=True, slots=True)
class Options:
    """The options as they were given; None: not given."""

    chat: str | None = None
    timezone: str | None = None
    schedule: str | None = None
    language: str | None = None
    weekdays: str | None = None
    article_languages: str | None = None
    kinds: str | None = None
    officials: str | None = None
    topics: str | None = None
    relevant: bool | None = None
    named: bool | None = None
    nothing_new: bool | None = None
    approval: bool | None = None
    alerts: str | None = None


def times(text: str) -> tuple[str, ...]:
    """Parts between commas."""
    return tuple(part.strip() for part in text.split(",") if part.strip())


def changes_of(
    given: Options, store: Store, scope: Scope = Scope(), alerts: AlertRules = NO_ALERTS
) -> dict[str, object]:
    """The changes that these options ask for, checked. ChannelInvalid; exit 2 for words.

    `scope` and `alerts`: as they are; what an option does not name stays.
    """
    plain = {
        "chat": given.chat,
        "timezone": given.timezone,
        "language": given.language,
        "tells_nothing_new": given.nothing_new,
        "needs_approval": given.approval,
    }
    changes: dict[str, object] = {k: v for k, v in plain.items() if v is not None}
    if given.schedule is not None:
        changes["schedule"] = times(given.schedule)
    if given.weekdays is not None:
        changes["weekdays"] = _weekdays(given.weekdays)
    parts = _scope_parts(given)
    if parts:
        changes["scope"] = replace(scope, **parts)  # type: ignore[arg-type]
    if not (given.alerts or given.officials or given.topics):
        return channel_changes(changes)
    knowledge = Knowledge()
    knowledge.load(store)
    watchlist = knowledge.watchlist
    if given.alerts is not None:
        try:
            changes["alerts"] = read_rules(
                given.alerts, alerts, lambda name: officials_called(watchlist, name)
            )
        except NotUnderstood as error:
            fail(f"--alerts: {error.why}", 2)
    return channel_changes(changes, watchlist)


def spec_of(
    changes: Mapping[str, object], settings: Settings
) -> tuple[ChannelSpec, dict[str, object]]:
    """A new channel of checked changes, what is left open as the settings say; and what a new
    channel cannot be given at once.
    """
    whole: dict[str, object] = {
        "timezone": settings.timezone,
        "schedule": settings.schedule,
        "language": settings.language,
        **changes,
    }
    names = {part.name for part in fields(ChannelSpec)}
    first = {name: value for name, value in whole.items() if name in names}
    rest = {name: value for name, value in whole.items() if name not in names}
    return checked_spec(ChannelSpec(**first)), rest  # type: ignore[arg-type]


def _weekdays(text: str) -> tuple[int, ...]:
    """Days in words: "mon,wed", "weekdays", "every day except friday"."""
    try:
        wish = read_schedule(text)
    except NotUnderstood as error:
        fail(f"--weekdays: {error.why}", 2)
    if wish.weekdays is None or wish.times or wish.timezone:
        fail(f"--weekdays: {text[:80]!r} names no days, or more than days.", 2)
    return wish.weekdays


def _scope_parts(given: Options) -> Mapping[str, object]:
    lists = {
        "languages": given.article_languages,
        "kinds": given.kinds,
        "officials": given.officials,
        "topics": given.topics,
    }
    parts: dict[str, object] = {
        name: () if text.strip() in ALL else times(text)
        for name, text in lists.items()
        if text is not None
    }
    switches = {"relevant": given.relevant, "named": given.named}
    return parts | {name: on for name, on in switches.items() if on is not None}
