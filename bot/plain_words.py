"""Times, days and places as people write them: "weekdays at 9", "daily 8am Tehran". Pure.

Digits of any script; English day names, and the Persian ones. What a text leaves open stays
open (None), and a word that means nothing here is refused rather than passed over: half an
order understood is worse than none. Time and memory are bounded by MOST characters.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache
from zoneinfo import available_timezones

from watchers.scope import EVERY_DAY

MOST = 300  # characters of an order in words
MOST_TIMES = 24  # digests a day

_DAYS = (
    ("mon", "monday", "mondays", "دوشنبه"),
    ("tue", "tues", "tuesday", "tuesdays", "سهشنبه"),
    ("wed", "weds", "wednesday", "wednesdays", "چهارشنبه"),
    ("thu", "thur", "thurs", "thursday", "thursdays", "پنجشنبه"),
    ("fri", "friday", "fridays", "جمعه"),
    ("sat", "saturday", "saturdays", "شنبه"),
    ("sun", "sunday", "sundays", "یکشنبه"),
)
_GROUPS: dict[str, tuple[int, ...]] = {
    "daily": EVERY_DAY,
    "everyday": EVERY_DAY,
    "روزانه": EVERY_DAY,
    "weekdays": (1, 2, 3, 4, 5),
    "workdays": (1, 2, 3, 4, 5),
    "weekends": (6, 7),
    "weekend": (6, 7),
} | {name: (number,) for number, names in enumerate(_DAYS, 1) for name in names}
_FILLER = frozenset(
    [
        "at",
        "on",
        "in",
        "and",
        "the",
        "then",
        "time",
        "zone",
        "timezone",
        "local",
        "o'clock",
        "oclock",
        "و",
        "در",
        "ساعت",
        "به",
        "وقت",
        "روزهای",
    ]
)
_EVERY = ("every", "each", "هر")
_A_DAY = ("day", "روز")
_TO = ("to", "till", "until", "through", "thru", "تا")
_EXCEPT = ("except", "but", "without", "جز", "بجز")
_HALVES = {"am": 0, "a.m": 0, "pm": 12, "p.m": 12, "صبح": 0, "عصر": 12,
           "بعدازظهر": 12, "شب": 12}  # fmt: skip
_NIGHT = "شب"  # from 12 to 4 it is the small hours
_NOON = "ظهر"
_CLOCKS = {"noon": "12:00", "midday": "12:00", "midnight": "00:00", _NOON: "12:00",
           "نیمهشب": "00:00"}  # fmt: skip
_JOINED = {"بعد از ظهر": "بعدازظهر", "نیمه شب": "نیمهشب", "سه شنبه": "سهشنبه",
           "یک شنبه": "یکشنبه", "دو شنبه": "دوشنبه", "چهار شنبه": "چهارشنبه",
           "پنج شنبه": "پنجشنبه"}  # fmt: skip
_LETTERS = str.maketrans(
    {"ي": "ی", "ك": "ک", "\u200c": "", "\u200e": "", "\u200f": "", "–": "-", "—": "-", "’": "'"}
)
_TIME = re.compile(r"(\d{1,2})(?:([:.h]?)(\d{2})|h)?(am|pm|a\.m|p\.m)?")
_CONTINENTS = frozenset(
    [
        "Africa",
        "America",
        "Antarctica",
        "Arctic",
        "Asia",
        "Atlantic",
        "Australia",
        "Europe",
        "Indian",
        "Pacific",
    ]
)
# Names of cities that are English words: "wake me at 8" names no island. Pacific/Wake does.
_NO_CITIES = frozenset(
    [
        "canary",
        "center",
        "central",
        "christmas",
        "easter",
        "eastern",
        "general",
        "midway",
        "mountain",
        "north",
        "pacific",
        "resolute",
        "reunion",
        "south",
        "troll",
        "wake",
        "west",
        "western",
    ]
)
_PLACES = {"تهران": "Asia/Tehran", "برلین": "Europe/Berlin", "لندن": "Europe/London",
           "پاریس": "Europe/Paris", "استکهلم": "Europe/Stockholm", "تورنتو": "America/Toronto",
           "کابل": "Asia/Kabul"}  # fmt: skip
_CITY_WORDS = 4  # "Port of Spain", "Dar es Salaam", and one to spare


class NotUnderstood(Exception):
    """Words that mean nothing here; `why` is one sentence for whoever wrote them."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


@dataclass(frozen=True, slots=True)
class Wish:
    """When digests are wanted; None is what the words leave open."""

    times: tuple[str, ...] | None = None  # "HH:MM", sorted, each once
    weekdays: tuple[int, ...] | None = None  # ISO 8601, sorted
    timezone: str | None = None  # IANA
    rest: tuple[str, ...] = ()  # words that `extra` names, as they were understood


@cache
def zones() -> Mapping[str, str]:
    """IANA names by what people call them, in small letters: the name itself, or its city.

    Where a city has two names (Asia/Istanbul, Europe/Istanbul) they are the same clock.
    Abbreviations (CET, EST) are left out: many of them have no daylight saving time, or two
    meanings; so are cities whose names are English words.
    """
    names = sorted(available_timezones())
    found = {name.lower(): name for name in names if "/" in name}
    found |= {"utc": "UTC", "gmt": "GMT", "iran": "Asia/Tehran"} | _PLACES
    cities = [n for n in names if n.partition("/")[0] in _CONTINENTS and "/" in n]
    for name in sorted(cities, key=lambda n: -n.count("/")):  # the shorter name wins
        found[name.rpartition("/")[2].lower()] = name
    return {called: name for called, name in found.items() if called not in _NO_CITIES}


def tokens(text: str, most: int = MOST) -> list[str]:
    """Small letters, ASCII digits, no separators. NotUnderstood for a text that is too long."""
    if len(text) > most:
        msg = f"That is too long; {most:,} characters say it all."
        raise NotUnderstood(msg)
    plain = unicodedata.normalize("NFKC", text).lower().translate(_LETTERS)
    plain = "".join(
        str(unicodedata.decimal(letter)) if letter.isdecimal() else letter for letter in plain
    )
    plain = " ".join(plain.split())
    for apart, joined in _JOINED.items():
        plain = plain.replace(apart, joined)
    parts = re.split(r"[\s,;،؛&]+", plain)
    return [part for part in (one.strip('!?()"') for one in parts) if part]


def clock(word: str, half: int | None = None) -> str | None:
    """The wall-clock time "HH:MM" that a word names; None if it names none.

    `half`: 0 for the morning, 12 for after noon, None if that is not said. A bare number of
    more than two digits is none: 2026 is a year.
    """
    if word in _CLOCKS:
        return _CLOCKS[word] if half is None else None
    found = _TIME.fullmatch(word.rstrip("."))
    if not found:
        return None
    hour, minute = int(found[1]), int(found[3] or 0)
    half = _HALVES[found[4]] if found[4] else half
    if half is None and found[3] and not found[2]:
        return None
    if half is not None:
        if not 1 <= hour <= 12:
            return None
        hour = hour % 12 + half
    in_range = hour < 24 and minute < 60
    return f"{hour:02}:{minute:02}" if in_range else None


@dataclass(slots=True)
class _Reading:
    """Where the reader is in a text, and what it understood."""

    words: list[str]
    known: Mapping[str, str]
    extra: Mapping[str, str]
    at: int = 0
    times: list[str] = field(default_factory=list)
    days: set[int] = field(default_factory=set)
    without: set[int] = field(default_factory=set)
    zone: str | None = None
    rest: list[str] = field(default_factory=list)
    kinds: list[str] = field(default_factory=list)  # "days" and "times", as they came

    def peek(self, ahead: int = 0) -> str:
        where = self.at + ahead
        return self.words[where] if where < len(self.words) else ""

    def came(self, kind: str) -> None:
        if not self.kinds or self.kinds[-1] != kind:
            self.kinds.append(kind)


def read_schedule(
    text: str, known: Mapping[str, str] | None = None, extra: Mapping[str, str] | None = None
) -> Wish:
    """When digests are wanted, in plain words. NotUnderstood names the word that means nothing.

    `known`: IANA names by what people call them (default: `zones`). `extra`: further words
    that may stand there, by how they are written; what they mean is in `rest`.
    """
    reading = _Reading(tokens(text), zones() if known is None else known, extra or {})
    while reading.at < len(reading.words):
        if not any(step(reading) for step in (_filler, _extra, _day, _clock_time, _zone)):
            msg = f"I do not understand “{reading.peek()[:40]}”."
            raise NotUnderstood(msg)
    return _understood(reading)


def _filler(reading: _Reading) -> bool:
    word = reading.peek()
    if word in _EVERY and (reading.peek(1) in _GROUPS or reading.peek(1) in _A_DAY):
        if reading.peek(1) in _A_DAY:
            reading.words[reading.at + 1] = "daily"
        reading.at += 1
        return True
    if word in _FILLER:
        reading.at += 1
        return True
    return False


def _extra(reading: _Reading) -> bool:
    if (meant := reading.extra.get(reading.peek())) is None:
        return False
    reading.rest.append(meant)
    reading.at += 1
    return True


def _day(reading: _Reading) -> bool:
    """A day, several, from one to another; after "except" those that are left out."""
    start, chosen = reading.at, reading.days
    if reading.peek() in _EXCEPT and _days_at(reading.peek(1)):
        reading.at, chosen = reading.at + 1, reading.without
    found = _days_at(reading.peek())
    if not found:
        reading.at = start
        return False
    reading.at += 1
    if reading.peek() in (*_TO, "-") and len(_days_at(reading.peek(1))) == 1 == len(found):
        found = _between(found[0], _days_at(reading.peek(1))[0])
        reading.at += 2
    chosen.update(found)
    while chosen is reading.without and (
        _days_at(reading.peek()) or (reading.peek() in _FILLER and _days_at(reading.peek(1)))
    ):
        chosen.update(_days_at(reading.peek()))
        reading.at += 1
    reading.came("days")
    return True


def _days_at(word: str) -> tuple[int, ...]:
    """The days that one word names; none if it names no day."""
    if word in _GROUPS:
        return _GROUPS[word]
    first, dash, last = word.partition("-")
    ends = (_GROUPS.get(first, ()), _GROUPS.get(last, ()))
    if dash and all(len(end) == 1 for end in ends):
        return _between(ends[0][0], ends[1][0])
    return ()


def _between(first: int, last: int) -> tuple[int, ...]:
    """From one weekday to another, both in; over the end of the week if need be."""
    return tuple((first - 1 + step) % 7 + 1 for step in range((last - first) % 7 + 1))


def _clock_time(reading: _Reading) -> bool:
    word, after = reading.peek(), reading.peek(1).rstrip(".")
    half = _HALVES.get(after)
    if after == _NIGHT and word.partition(":")[0] in ("12", "1", "2", "3", "4"):
        half = 0
    if half is not None and clock(word, half) is None:
        half = None
    found, taken = clock(word, half), 1 if half is None else 2
    if found is None:
        return False
    if taken == 1 and word not in _CLOCKS and (joined := _with_noon(found, after)):
        found, taken = joined, 2
    reading.times.append(found)
    reading.at += taken
    reading.came("times")
    return True


def _with_noon(time: str, word: str) -> str | None:
    """The one time of a number with "noon" or "midnight" after it; None if they are two.

    "12 midnight" is not noon besides; in Persian one to three "of noon" are after it.
    """
    if word in _CLOCKS and time in ("12:00", _CLOCKS[word]):
        return _CLOCKS[word]
    if word == _NOON and time[:2] in ("01", "02", "03"):
        return f"{int(time[:2]) + 12}{time[2:]}"
    return None


def _zone(reading: _Reading) -> bool:
    for length in range(min(_CITY_WORDS, len(reading.words) - reading.at), 0, -1):
        words = reading.words[reading.at : reading.at + length]
        name = reading.known.get("_".join(words).rstrip("."))
        if name is None:
            continue
        if reading.zone not in (None, name):
            msg = f"A channel has one time zone, not {reading.zone} and {name}."
            raise NotUnderstood(msg)
        reading.zone, reading.at = name, reading.at + length
        return True
    return False


def _understood(reading: _Reading) -> Wish:
    if reading.kinds.count("days") > 1:
        msg = "A channel has the same times on all its days; days and times were mixed."
        raise NotUnderstood(msg)
    times = tuple(sorted(set(reading.times)))
    if len(times) > MOST_TIMES:
        msg = f"That is more than {MOST_TIMES} digests a day."
        raise NotUnderstood(msg)
    days = reading.days
    if reading.without:
        days = (days or set(EVERY_DAY)) - reading.without
        if not days:
            msg = "No day is left."
            raise NotUnderstood(msg)
    return Wish(times or None, tuple(sorted(days)) or None, reading.zone, tuple(reading.rest))


# ---------------------------------------------------------------- in words

_NAMES = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


def listed(parts: Iterable[str]) -> str:
    """An enumeration: "a, b and c"."""
    words = list(parts)
    if len(words) < 2:
        return "".join(words)
    return f"{', '.join(words[:-1])} and {words[-1]}"


def days_words(weekdays: Iterable[int]) -> str:
    """Days of the week as `read_schedule` understands them: "every day", "Monday to Friday"."""
    days = sorted(set(weekdays))
    if tuple(days) == EVERY_DAY:
        return "every day"
    names = [_NAMES[day - 1] for day in days]
    if len(days) > 2 and days[-1] - days[0] == len(days) - 1:
        return f"{names[0]} to {names[-1]}"
    return listed(names)


def schedule_words(times: Iterable[str], weekdays: Iterable[int], timezone: str) -> str:
    """A schedule in words that `read_schedule` understands: it undoes a change, sent again."""
    return f"{days_words(weekdays)} at {listed(times)} {timezone}"
