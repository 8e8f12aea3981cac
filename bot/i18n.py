"""The channel's language: words from gettext catalogues (Babel), dates in the reader's
calendar and digits. A further language is one more `.po` file in bot/locale.
"""

from __future__ import annotations

import gettext
import io
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from importlib import resources
from zoneinfo import ZoneInfo

from babel.dates import format_date, format_time
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
        local = time.astimezone(ZoneInfo(zone))
        if self.language == "fa":
            jalali = JalaliDate(local.date())  # type: ignore[no-untyped-call]
            return jalali.strftime("%d %B %Y", locale="fa").lstrip("۰")
        return format_date(local, "d MMMM yyyy", locale=self.language)

    def span(self, since: datetime, until: datetime, zone: str) -> str:
        """From when until when, with clock times and the zone's name."""
        ends = [f"{self.day(t, zone)} {self._digits(self._clock(t, zone))}" for t in (since, until)]
        return f"{ends[0]} – {ends[1]} (\u2068{zone}\u2069)"

    def short_span(self, since: datetime, until: datetime, zone: str) -> str:
        """From when until when within some days, the date once if both are of one day."""
        clocks = [self._digits(self._clock(time, zone)) for time in (since, until)]
        days = [self.day(time, zone) for time in (since, until)]
        if days[0] == days[1]:
            return f"{days[0]} {clocks[0]}–{clocks[1]}"
        return f"{days[0]} {clocks[0]} – {days[1]} {clocks[1]}"

    def _clock(self, time: datetime, zone: str) -> str:
        return format_time(time, "HH:mm", tzinfo=ZoneInfo(zone), locale="en")


@cache
def catalogue(language: str) -> Catalogue:
    """The catalogue of a language of LANGUAGES; English for any other."""
    file = resources.files("bot") / "locale" / f"{language}.po"
    if language not in LANGUAGES or not file.is_file():
        return Catalogue("en", gettext.NullTranslations())
    compiled = io.BytesIO()
    write_mo(compiled, read_po(io.BytesIO(file.read_bytes()), locale=language))
    compiled.seek(0)
    return Catalogue(language, gettext.GNUTranslations(compiled))
