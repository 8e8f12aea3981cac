"""What a channel may be set to: checks of what a person gave. Pure.

Used by chat and command line alike (`watchers.registry`). Each error is one sentence that
names what is wrong; nothing was changed then.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import cast
from zoneinfo import ZoneInfo

from watchers.errors import ChannelInvalid
from watchers.feedlist import FEED_KINDS
from watchers.scope import EVERY_DAY, AlertRules, Scope
from watchers.telling import CONSOLE
from watchers.watchlist import Watchlist

LANGUAGES = ("en", "fa", "fr")
MOST_TIMES = 24  # digests a day
MOST_NAMED = 50  # languages, officials or topics of one rule
SCORES = (0.5, 20.0)  # how strongly a text may be asked to speak (`Verdict.score`)
OUTLETS = (2, 50)
HOURS = (1, 168)
ALERTS_A_DAY = (1, 50)

_CHAT = re.compile(r"@[A-Za-z][A-Za-z0-9_]{3,31}|-?\d{1,20}")
_CLOCK = re.compile(r"(?:[01]\d|2[0-3]):[0-5]\d")
_CODE = re.compile(r"[a-z]{2,3}")
_ON_OR_OFF = ("tells_nothing_new", "needs_approval", "paused")
_SHOWN = 80  # characters of what a person gave that a message repeats


def channel_changes(
    changes: Mapping[str, object], watchlist: Watchlist | None = None
) -> dict[str, object]:
    """Checked changes of a channel. ChannelInvalid names the wrong one.

    With a watchlist, officials and topics that are named must be on it.
    """
    checked = dict(changes)
    if (chat := checked.get("chat")) is not None:
        _check_chat(str(chat))
    if "timezone" in checked:
        _check_zone(str(checked["timezone"]))
    if "schedule" in checked:
        checked["schedule"] = _times(cast("Iterable[str]", checked["schedule"]))
    if "weekdays" in checked:
        checked["weekdays"] = _weekdays(cast("Iterable[int]", checked["weekdays"]))
    language = checked.get("language")
    if language is not None and language not in LANGUAGES:
        msg = f"{_quoted(language)} is no language of digests. Choose one of {_all(LANGUAGES)}."
        raise ChannelInvalid(msg)
    if "scope" in checked:
        checked["scope"] = checked_scope(cast("Scope", checked["scope"]), watchlist)
    if "alerts" in checked:
        checked["alerts"] = checked_alerts(cast("AlertRules", checked["alerts"]), watchlist)
    for name in _ON_OR_OFF:
        if name in checked and not isinstance(checked[name], bool):
            msg = f"{name} is on or off, not {_quoted(checked[name])}."
            raise ChannelInvalid(msg)
    return checked


def _quoted(given: object) -> str:
    text = str(given)
    return repr(text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…")


def _all(names: Iterable[str]) -> str:
    return ", ".join(names)


def _check_chat(chat: str) -> None:
    if chat != CONSOLE and not _CHAT.fullmatch(chat):
        msg = f"{_quoted(chat)} is no channel. Write @channelname, or its numeric id (-100...)."
        raise ChannelInvalid(msg)


def _check_zone(name: str) -> None:
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError) as error:
        msg = f"{_quoted(name)} is no time zone. Write an IANA name: Europe/Berlin, Asia/Tehran."
        raise ChannelInvalid(msg) from error


def _times(given: Iterable[str]) -> tuple[str, ...]:
    times = tuple(given)
    wrong = [time for time in times if not _CLOCK.fullmatch(time)]
    if wrong or not times:
        named = ", ".join(wrong[:5])[:_SHOWN]
        msg = f"{named or 'nothing'} is no time of day. Write HH:MM, e.g. 08:00."
        raise ChannelInvalid(msg)
    found = tuple(sorted(set(times)))
    if len(found) > MOST_TIMES:
        msg = f"{len(found)} digests a day are too many. At most {MOST_TIMES} can be kept."
        raise ChannelInvalid(msg)
    return found


def _weekdays(given: Iterable[int]) -> tuple[int, ...]:
    days = tuple(sorted(set(given)))
    if not days or not set(days) <= set(EVERY_DAY):
        msg = "A channel needs at least one day of the week, from 1 (Monday) to 7 (Sunday)."
        raise ChannelInvalid(msg)
    return days


# ---------------------------------------------------------------- what is told


def checked_scope(scope: Scope, watchlist: Watchlist | None = None) -> Scope:
    """What a channel is told, checked; each list sorted, each name once. ChannelInvalid."""
    if wrong := [code for code in scope.languages if not _CODE.fullmatch(code)]:
        msg = f"{_quoted(wrong[0])} is no language code. Write fa, en, de ..."
        raise ChannelInvalid(msg)
    if wrong := [kind for kind in scope.kinds if kind not in FEED_KINDS]:
        msg = f"{_quoted(wrong[0])} is no kind of outlet. Choose from {_all(FEED_KINDS)}."
        raise ChannelInvalid(msg)
    if watchlist is not None:
        _check_officials(scope.officials, watchlist)
        own = {topic.id for topic in watchlist.own_topics}
        if wrong := [topic for topic in scope.topics if topic not in own]:
            msg = f"{_quoted(wrong[0])} is no topic of your own. There are: {_all(own) or 'none'}."
            raise ChannelInvalid(msg)
    for names in (scope.languages, scope.officials, scope.topics):
        _check_length(names)
    if not (scope.relevant or scope.named or scope.topics):
        msg = "The channel would be told nothing. Leave the subject, the section or a topic on."
        raise ChannelInvalid(msg)
    return Scope(
        languages=tuple(sorted(set(scope.languages))),
        kinds=tuple(kind for kind in FEED_KINDS if kind in scope.kinds),
        officials=tuple(sorted(set(scope.officials))),
        topics=tuple(sorted(set(scope.topics))),
        relevant=scope.relevant,
        named=scope.named,
    )


def _check_length(names: tuple[str, ...]) -> None:
    if len(names) > MOST_NAMED:
        msg = f"{len(names)} names are too many for one rule. At most {MOST_NAMED} can be kept."
        raise ChannelInvalid(msg)


def _check_officials(ids: Iterable[str], watchlist: Watchlist) -> None:
    known = {person.id for person in watchlist.officials}
    if wrong := [one for one in ids if one not in known]:
        msg = f"{_quoted(wrong[0])} is no official on the watchlist."
        raise ChannelInvalid(msg)


# ---------------------------------------------------------------- alerts


def checked_alerts(rules: AlertRules, watchlist: Watchlist | None = None) -> AlertRules:
    """Rules of alerts, checked. ChannelInvalid names the wrong one."""
    for value, bounds, what in (
        (rules.score, SCORES, "A first report's strength"),
        (rules.outlets, OUTLETS, "The number of outlets"),
    ):
        if value:  # 0 is off
            _check_between(value, bounds, what)
    _check_between(rules.hours, HOURS, "The number of hours")
    _check_between(rules.most, ALERTS_A_DAY, "The number of alerts a day")
    if watchlist is not None:
        _check_officials(rules.officials, watchlist)
    _check_length(rules.officials)
    if rules.quiet is not None:
        if wrong := [time for time in rules.quiet if not _CLOCK.fullmatch(time)]:
            msg = f"{_quoted(wrong[0])} is no time of day. Write quiet hours as 23:00-07:00."
            raise ChannelInvalid(msg)
        if rules.quiet[0] == rules.quiet[1]:
            msg = "Quiet hours from a time to the same time are a whole day; turn alerts off."
            raise ChannelInvalid(msg)
    return rules


def _check_between(value: float, bounds: tuple[float, float], what: str) -> None:
    low, high = bounds
    if not low <= value <= high:  # also false for NaN
        msg = f"{what} is from {low:g} to {high:g}, not {value:g}."
        raise ChannelInvalid(msg)
