"""A subscriber's settings in words, and what changes of them come to. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cache

from babel import Locale
from babel.dates import get_timezone_location

from bot.i18n import LANGUAGES, Catalogue, catalogue
from bot.pieces import isolated
from bot.plain_words import zones
from bot.sheets import digits
from watchers.scope import EVERY_DAY
from watchers.telling import Channel

HOURS = tuple(f"{hour:02}:00" for hour in range(24))
MOST_TIMES = 6  # digests a day
ARTICLE_LANGUAGES = ("fa", "en", "ar", "fr", "de", "sv", "no", "es", "it")
ZONES = (
    "Asia/Tehran", "Asia/Dubai", "Europe/Istanbul", "Europe/London", "Europe/Paris",
    "Europe/Berlin", "Europe/Stockholm", "Europe/Rome", "America/Toronto", "America/New_York",
    "America/Chicago", "America/Los_Angeles", "Australia/Sydney", "UTC",
)  # fmt: skip
OWN_NAMES = {"en": "English", "fa": "فارسی", "fr": "Français"}
_SATURDAY_FIRST = (6, 7, 1, 2, 3, 4, 5)


def language_of(text: str) -> str | None:
    """A language by its two letters or its own name; None for any other."""
    given = text.strip().casefold()
    for code, name in OWN_NAMES.items():
        if given in (code, name.casefold()):
            return code
    return None


def zone_of(text: str) -> str | None:
    """An IANA zone by its name or its city, in any of our languages; None if there is none."""
    wanted = text.strip()[:60].lower()
    return zones().get(wanted.replace(" ", "_")) or _places().get(wanted)


@cache
def _places() -> Mapping[str, str]:
    """The zones of the buttons, by what their cities are called in each language."""
    return {
        place_of(catalogue(language), zone).lower(): zone
        for language in LANGUAGES
        for zone in ZONES
    }


# ---------------------------------------------------------------- words


def place_of(words: Catalogue, zone: str) -> str:
    """A zone as readers know it: its city."""
    return str(get_timezone_location(zone, locale=words.language, return_city=True))


def language_name(words: Catalogue, code: str) -> str:
    """What a language is called in the reader's."""
    return str(Locale(words.language).languages.get(code, code))


def days_in_order(words: Catalogue) -> tuple[int, ...]:
    """The days of the week, as the reader's calendar begins it."""
    return _SATURDAY_FIRST if words.language == "fa" else EVERY_DAY


def day_name(words: Catalogue, day: int) -> str:
    """Monday is 1."""
    return str(Locale(words.language).days["stand-alone"]["wide"][day - 1])


def times_of(words: Catalogue, row: Channel) -> str:
    """When digests come."""
    times = words.join([digits(time, words) for time in row.schedule])
    if set(row.weekdays) == set(EVERY_DAY):
        return f"{times} – {words.text('every day')}"
    days = [day_name(words, day) for day in days_in_order(words) if day in row.weekdays]
    return f"{times} – {words.join(days)}"


def lines_of(words: Catalogue, row: Channel, topics: Mapping[str, str]) -> list[str]:
    """All settings, a line each; `topics` by id: their names."""
    scope = row.scope
    chosen = words.plural("%(n)s chosen", "%(n)s chosen", len(scope.officials))
    only = words.text("only stories that name one of them")
    officials = f"{chosen} ({only})" if scope.officials else words.text("all")
    named = words.join([isolated(topics[one]) for one in scope.topics if one in topics])
    languages = words.join([language_name(words, code) for code in scope.languages])
    lines = [
        (words.text("Officials"), officials),
        (words.text("Further topics"), named or words.text("none")),
        (words.text("Articles in"), languages or words.text("all languages")),
        (words.text("Officials in other news"), on_off(words, on=scope.named)),
        (words.text("Digests"), times_of(words, row)),
        (words.text("Time zone"), place_of(words, row.timezone)),
        (words.text("Language"), OWN_NAMES.get(row.language, row.language)),
    ]
    if not topics:
        del lines[1]
    return [words.text("%(what)s: %(how)s") % {"what": what, "how": how} for what, how in lines]


def on_off(words: Catalogue, *, on: bool) -> str:
    """Whether something is told."""
    return words.text("on") if on else words.text("off")


# ---------------------------------------------------------------- changes


def chosen(among: Sequence[str], one: str, *, on: bool) -> tuple[str, ...]:
    """The same with one more, or without it."""
    rest = [other for other in among if other != one]
    return tuple(sorted([*rest, one] if on else rest))


def with_official(row: Channel, official: str, *, on: bool) -> dict[str, object]:
    """One official is chosen, or is not any more; none: all are told."""
    officials = chosen(row.scope.officials, official, on=on)
    return {"scope": replace(row.scope, officials=officials)}


def with_topic(row: Channel, topic: str, *, on: bool) -> dict[str, object]:
    """An own topic of the admins is told besides, or is not."""
    return {"scope": replace(row.scope, topics=chosen(row.scope.topics, topic, on=on))}


def with_language(row: Channel, code: str, *, on: bool) -> dict[str, object]:
    """Articles in a language are told; none chosen: in all."""
    return {"scope": replace(row.scope, languages=chosen(row.scope.languages, code, on=on))}


def with_time(row: Channel, time: str, *, on: bool) -> dict[str, object]:
    """A time of day more, or less; nothing if none would stay, or more than MOST_TIMES."""
    times = chosen(row.schedule, time, on=on)
    return {"schedule": times} if 1 <= len(times) <= MOST_TIMES else {}


def with_day(row: Channel, day: int, *, on: bool) -> dict[str, object]:
    """A weekday more, or less; nothing if none would stay."""
    days = tuple(sorted({*row.weekdays, day} if on else set(row.weekdays) - {day}))
    return {"weekdays": days} if days else {}
