"""Dates as feeds print them, where feedparser finds none or another one. Pure.

ISO 8601 with any offset, RFC 822 with the names of zones, days before months, months named in
fifteen languages, Persian and Arabic digits, the Jalali calendar, seconds since 1970. A date
without a zone is taken as UTC; a Jalali one as Tehran's. A date that can be read in two ways
("01/02/2026") is no date.
"""

from __future__ import annotations

import itertools
import re
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from functools import lru_cache
from zoneinfo import ZoneInfo

from watchers.folding import fold

_MAX = 100  # characters; the longest date that was seen has fifty
_JALALI = range(1300, 1430)  # years; from 1430 on it would be the lunar calendar
_YEARS = range(1970, 2200)

# What feedparser reads without a slip, and most feeds print.
_PLAIN = re.compile(
    r"(?:[A-Z][a-z]{2}, )?\d{1,2} (?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) \d{4} "
    r"\d\d:\d\d(?::\d\d)? (?:[+-]\d{4}|GMT|UT|Z)"
    r"|\d{4}-\d\d-\d\dT\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?(?:Z|[+-]\d\d:\d\d)"
)
_NUMBERS = re.compile(r"(\d{1,4})([-/.])(\d{1,2})\2(\d{1,4})(?:$|[T ,]+)(.*)", re.DOTALL)
_CLOCK = re.compile(
    r"(\d{1,2}):(\d{2})(?::(\d{2}))?(?:[.,]\d{1,9})?(?:\s?([ap])\.?m\b\.?)?", re.IGNORECASE
)
_OFFSET = re.compile(r"(?:UTC|GMT)?\s?([+-])(\d{1,2}):?(\d{2})?\b", re.IGNORECASE)
_ZONE = re.compile(r"\b([A-Z]{2,4})\b")
_ZONES = {
    "UT": 0, "UTC": 0, "GMT": 0, "WET": 0, "ADT": -3, "AST": -4, "AT": -4, "EST": -5, "EDT": -4,
    "ET": -5, "CST": -6, "CDT": -5, "CT": -6, "MST": -7, "MDT": -6, "MT": -7, "PST": -8,
    "PDT": -7, "PT": -8, "BST": 1, "WEST": 1, "CET": 1, "MET": 1, "CEST": 2, "MEST": 2, "EET": 2,
    "EEST": 3, "MSK": 3, "TRT": 3, "IRST": 3.5, "IRDT": 4.5, "AFT": 4.5, "GST": 4, "PKT": 5,
    "JST": 9, "KST": 9, "AEST": 10, "AEDT": 11,
}  # fmt: skip

# Names and short forms, as CLDR has them for en fr de es it nl sv da nb pt tr ru ar fa; a row a
# month. A table because loading CLDR itself costs each worker 18 MB (a test compares the two).
_MONTHS = """
jan january janv janvier januar januari jänner ene enero gen gennaio janeiro oca ocak янв январь января يناير كانون_الثاني ژانویهٔ ژانویه
feb february févr février februar februari feber fev fevereiro febrero febbraio şub şubat февр фев февраль февраля فبراير شباط فوریهٔ فوریه
mar march mars märz mär mrz maart mrt marts marzo março mart март мар марта مارس آذار
apr april avr avril abr abril aprile nis nisan апр апрель апреля أبريل نيسان آوریل
may mai mei maj mayo mag maggio maio mayıs май мая مايو أيار مهٔ مه
jun june juin juni junio giu giugno junho haz haziran июнь июн июня يونيو حزيران ژوئن
jul july juil juillet juli julio lug luglio julho tem temmuz июль июл июля يوليو تموز ژوئیهٔ ژوئیه
aug august août augusti augustus ago agosto ağu ağustos авг август августа أغسطس آب اوت
sep sept september septembre septiembre set settembre setembro eyl eylül сент сен сентябрь сентября سبتمبر أيلول سپتامبر
oct october octobre okt oktober octubre ott ottobre out outubro eki ekim окт октябрь октября أكتوبر تشرين_الأول اکتبر
nov november novembre noviembre novembro kas kasım нояб ноя ноябрь ноября نوفمبر تشرين_الثاني نوامبر
dec december déc décembre dez dezember dic diciembre dicembre dezembro desember des ara aralık дек декабрь декабря ديسمبر كانون_الأول دسامبر
"""  # noqa: E501 - a row a month
_JALALI_MONTHS = "فروردین اردیبهشت خرداد تیر مرداد شهریور مهر آبان آذر دی بهمن اسفند"


def better(printed: str, found: datetime | None) -> datetime | None:
    """The time of a printed date: `found`, as feedparser read it, or where it slips a better one.

    Its slips: an offset without a colon loses its minutes ("+0330"), unknown zone names count
    as UTC, "14-07-2022" is read as 2014, "2022/07/14" as 1 January; months in other languages,
    other digits and other calendars are not read at all.
    """
    if found is not None and _PLAIN.fullmatch(printed):
        return found
    return read(printed) or found


def read(printed: str) -> datetime | None:
    """The time in UTC, or None for what is no date or an ambiguous one. Never raises."""
    if len(printed) > 2 * _MAX:
        return None
    text = _latin_digits(printed)[:_MAX]
    for rule in (_seconds, _iso, _numbers, _words):
        try:
            time = rule(text)
            if time is not None and time.year in _YEARS:
                return time.astimezone(UTC).replace(microsecond=0)
        except (ValueError, OverflowError):
            continue
    return None


def _latin_digits(text: str) -> str:
    """Without bidi marks and doubled spaces, digits of any script as ASCII."""
    kept = "".join(
        str(int(c)) if c.isdecimal() else c for c in text if c.isprintable() or c == "\n"
    )
    return " ".join("".join(kept).replace("،", ",").replace("\u2212", "-").split())


def _seconds(text: str) -> datetime | None:
    """Seconds or milliseconds since 1970, from 2001 to 2033."""
    if not text.isdecimal() or len(text) not in (10, 13) or text[0] != "1":
        return None
    return datetime.fromtimestamp(int(text[:10]), UTC)


def _iso(text: str) -> datetime | None:
    if not text[:4].isdecimal() or int(text[:4]) not in _YEARS:
        return None
    time = datetime.fromisoformat(text)
    return time if time.tzinfo else time.replace(tzinfo=UTC)


def _numbers(text: str) -> datetime | None:
    """2022/07/14, 14.07.2022, 1401/04/23, each with or without a clock."""
    match = _NUMBERS.fullmatch(text)
    if match is None:
        return None
    first, sign, second, third, rest = match.groups()
    if len(first) == 4:
        return _time(int(first), int(second), int(third), rest)
    if len(third) != 4:
        return None
    day, month = int(first), int(second)
    if sign == "/" and day != month:  # only some read these day first
        if day <= 12 and month <= 12:
            return None
        day, month = max(day, month), min(day, month)
    return _time(int(third), month, day, rest)


def _words(text: str) -> datetime | None:
    """14 juillet 2022 12:30, Thu, July 14, 2022, ۲۳ تیر ۱۴۰۱."""
    if not any(char.isalpha() for char in text):
        return None
    clock = _CLOCK.search(text)
    rest = text[clock.start() :] if clock else ""
    words = fold(text[: clock.start()] if clock else text).split()
    words += fold(rest[len(clock.group()) :]).split() if clock else []  # "Jul 14 12:30:00 2022"
    numbers = [int(word) for word in words if word.isdecimal() and len(word) in (1, 2, 4)]
    if len(numbers) < 2:
        return None
    day, year = numbers[:2]
    if day > 31:
        day, year = year, day
    if year < 100:
        year += 1900 if year >= 90 else 2000
    month = _month(words, _jalali_months() if year in _JALALI else _months())
    return None if month is None else _time(year, month, day, rest)


def _month(words: list[str], names: dict[str, int]) -> int | None:
    """The one month that is named. A first word is left out for a later: "mar." is Tuesday too."""
    pairs = [f"{a} {b}" for a, b in itertools.pairwise(words) if f"{a} {b}" in names]
    named = [names[word] for word in pairs or words if word in names]
    if len(named) == 2 and words[0] in names:
        named.pop(0)
    return named[0] if len(named) == 1 else None


@lru_cache(maxsize=1)
def _months() -> dict[str, int]:
    rows = _MONTHS.strip().split("\n")
    return {
        fold(name.replace("_", " ")): number
        for number, row in enumerate(rows, 1)
        for name in row.split()
    }


@lru_cache(maxsize=1)
def _jalali_months() -> dict[str, int]:
    return {fold(name): number for number, name in enumerate(_JALALI_MONTHS.split(), 1)}


def _time(year: int, month: int, day: int, rest: str) -> datetime:
    """The date with the clock and zone that stand in the rest. ValueError if impossible."""
    zone: tzinfo = UTC
    if year in _JALALI:
        from persiantools.jdatetime import JalaliDate  # most workers never meet one

        gregorian = JalaliDate(year, month, day).to_gregorian()  # type: ignore[no-untyped-call]
        year, month, day, zone = (
            gregorian.year,
            gregorian.month,
            gregorian.day,
            ZoneInfo("Asia/Tehran"),
        )
    clock = _CLOCK.search(rest)
    hour, minute, second = (int(part or 0) for part in clock.groups()[:3]) if clock else (0, 0, 0)
    half = (clock.group(4) or "").lower() if clock else ""
    if half:
        hour = hour % 12 + (12 if half == "p" else 0)
    zone = _zone(rest[clock.end() :] if clock else "") or zone
    return datetime(year, month, day, hour, minute, min(second, 59), tzinfo=zone)


def _zone(text: str) -> timezone | None:
    """The zone that a text after the clock names, or None."""
    if offset := _OFFSET.search(text):
        sign, hours, minutes = offset.groups()
        away = timedelta(hours=int(hours), minutes=int(minutes or 0))
        return timezone(-away if sign == "-" else away)
    if (name := _ZONE.search(text)) and name.group(1) in _ZONES:
        return timezone(timedelta(hours=_ZONES[name.group(1)]))
    return None
