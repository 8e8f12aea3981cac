"""The channel's language: words from gettext catalogues (Babel), dates in the reader's
calendar and digits. A further language is one more `.po` file in bot/locale.
"""

from __future__ import annotations

import gettext
import io
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache, lru_cache
from importlib import resources
from zoneinfo import ZoneInfo

from babel.dates import format_date, get_timezone_location
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from persiantools.jdatetime import JalaliDate

LANGUAGES = ("en", "fa", "fr")
_RIGHT_TO_LEFT = ("fa", "ar", "ckb")
_PERSIAN_DIGITS = str.maketrans("0123456789", "۰۱۲۳۴۵۶۷۸۹")
_KINDS = {
    "human-rights": "rights group",
    "un": "UN",
    "court-law": "court or law",
    "world-media": "media",
    "persian-media": "media",
    "advocacy": "advocacy",
    "state": "state media",
    "query": "found by search",
}


@dataclass(frozen=True)
class Catalogue:
    """The words, dates and digits of one language."""

    language: str
    translations: gettext.NullTranslations

    @property
    def right_to_left(self) -> bool:
        """Whether lines run from right to left."""
        return self.language in _RIGHT_TO_LEFT

    @property
    def comma(self) -> str:
        """What parts an enumeration."""
        return "، " if self.language in ("fa", "ar") else ", "

    def text(self, message: str) -> str:
        """The message in this language; English where the catalogue has none."""
        return self.translations.gettext(message)

    def plural(self, one: str, many: str, n: int) -> str:
        """The message for `n` of something, `%(n)s` filled in with this language's digits."""
        return self.translations.ngettext(one, many, n) % {"n": self.number(n)}

    def number(self, value: int) -> str:
        """A number in the reader's digits."""
        return self._digits(str(value))

    def _digits(self, text: str) -> str:
        return text.translate(_PERSIAN_DIGITS) if self.language == "fa" else text

    def join(self, parts: Sequence[str]) -> str:
        """An enumeration."""
        return self.comma.join(parts)

    def kind(self, kind: str) -> str:
        """What sort of outlet it is; parties and states are always called that."""
        return self.text(_KINDS.get(kind, "media"))

    def day(self, time: datetime, zone: str) -> str:
        """A date with its year in the reader's zone and calendar (Jalali for Persian)."""
        return _day(_local(time, zone).date(), self.language)

    def moment(self, time: datetime, zone: str) -> str:
        """A date with its clock time and the zone's name."""
        return f"{self._at(self.day(time, zone), self._clock(time, zone))} {self._zone(zone)}"

    def span(self, since: datetime, until: datetime, zone: str) -> str:
        """From when until when, with clock times and the zone's name."""
        return f"{self.short_span(since, until, zone)} {self._zone(zone)}"

    def short_span(self, since: datetime, until: datetime, zone: str) -> str:
        """From when until when, the date once if both are of one day."""
        clocks = [self._clock(time, zone) for time in (since, until)]
        days = [self.day(time, zone) for time in (since, until)]
        if days[0] == days[1]:
            times = {"since": clocks[0], "until": clocks[1]}
            return self._at(days[0], self.text("%(since)s–%(until)s") % times)
        ends = [self._at(day, clock) for day, clock in zip(days, clocks, strict=True)]
        return self.text("%(since)s – %(until)s") % {"since": ends[0], "until": ends[1]}

    def _at(self, day: str, clock: str) -> str:
        return self.text("%(day)s %(clock)s") % {"day": day, "clock": clock}

    def _clock(self, time: datetime, zone: str) -> str:
        return self._digits(f"{_local(time, zone):%H:%M}")

    def _zone(self, zone: str) -> str:
        """The zone by its city, where there is a word for it; by its name elsewhere."""
        city = _city(zone, self.language) if self.right_to_left else ""
        return self.text("(%(city)s time)") % {"city": city} if city else f"(\u2068{zone}\u2069)"


def _local(time: datetime, zone: str) -> datetime:
    """The time as the zone's clock shows it; a time at the end of all calendars stays in UTC."""
    try:
        return time.astimezone(ZoneInfo(zone))
    except OverflowError:
        return time


@lru_cache(maxsize=1024)
def _day(day: date, language: str) -> str:
    """A date in a language's calendar; outside of the Persian one's years a common one's."""
    if language == "fa":
        try:
            jalali = JalaliDate(day)  # type: ignore[no-untyped-call]
        except ValueError:
            return day.isoformat().translate(_PERSIAN_DIGITS)
        return jalali.strftime("%d %B %Y", locale="fa").lstrip("۰")
    return format_date(day, "d MMMM yyyy", locale=language)


@lru_cache(maxsize=512)
def _city(zone: str, language: str) -> str:
    """What speakers of the language call the zone's city; empty if nobody wrote it down."""
    name = get_timezone_location(zone, locale=language, return_city=True)
    return "" if name.isascii() else name


@cache
def catalogue(language: str) -> Catalogue:
    """The catalogue of a language of LANGUAGES; English for any other."""
    if language not in LANGUAGES or (words := _words(f"{language}.po", language)) is None:
        return Catalogue("en", gettext.NullTranslations())
    if chat := _words(f"chat.{language}.po", language):  # what is said to readers in chats
        words.add_fallback(chat)
    return Catalogue(language, words)


def _words(name: str, language: str) -> gettext.GNUTranslations | None:
    file = resources.files("bot") / "locale" / name
    if not file.is_file():
        return None
    compiled = io.BytesIO()
    write_mo(compiled, read_po(io.BytesIO(file.read_bytes()), locale=language))
    compiled.seek(0)
    return gettext.GNUTranslations(compiled)
