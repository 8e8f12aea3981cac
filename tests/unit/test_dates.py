"""Dates as feeds print them, and those that are none."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from babel.dates import get_month_names
from hypothesis import given
from hypothesis import strategies as st

from watchers import dates
from watchers.folding import fold

NOON = datetime(2022, 7, 14, 12, 30, tzinfo=UTC)
DAY = datetime(2022, 7, 14, tzinfo=UTC)
READ = {
    "no zone": ("2022-07-14 12:30", NOON),
    "offset without a colon": ("2022-07-14T16:00:00+0330", NOON),
    "offset behind a blank": ("2022-07-14 14:30:00 +0200", NOON),
    "year of two digits": ("Thu, 14 Jul 22 12:30:00 GMT", NOON),
    "zone by name": ("Thu, 14 Jul 2022 14:30:00 CEST", NOON),
    "zone of Tehran": ("Thu, 14 Jul 2022 16:00:00 IRST", NOON),
    "zone by name and offset": ("Thu, 14 Jul 2022 14:30:00 GMT+0200", NOON),
    "C": ("Thu Jul 14 12:30:00 2022", NOON),
    "Unix": ("Thu Jul 14 14:30:00 CEST 2022", NOON),
    "American": ("July 14, 2022 - 12:30 pm", NOON),
    "midnight by the American clock": ("July 14, 2022 12:00 AM", DAY),
    "basic ISO": ("20220714T123000Z", NOON),
    "day first, hyphens": ("14-07-2022 12:30", NOON),
    "day first, full stops": ("14.07.2022, 12:30", NOON),
    "slashes, year first": ("2022/07/14 12:30:00", NOON),
    "slashes, one order possible": ("07/14/2022 12:30", NOON),
    "French": ("jeu., 14 juil. 2022 14:30:00 +0200", NOON),
    "French, a Tuesday": ("mar. 12 juil. 2022", datetime(2022, 7, 12, tzinfo=UTC)),
    "German": ("Donnerstag, 14. Juli 2022, 12:30 Uhr", NOON),
    "Spanish": ("14 de julio de 2022", DAY),
    "Russian": ("Чт, 14 июля 2022 15:30:00 +0300", NOON),
    "Arabic": ("الخميس، ١٤ يوليو ٢٠٢٢ 12:30", NOON),
    "Arabic of the Levant": ("14 تموز 2022", DAY),
    "Arabic, a month of two words": ("14 كانون الثاني 2022", datetime(2022, 1, 14, tzinfo=UTC)),
    "Persian, Gregorian": ("۱۴ ژوئیه ۲۰۲۲", DAY),
    "Jalali by name": ("پنجشنبه ۲۳ تیر ۱۴۰۱ - ۱۷:۰۰", NOON),
    "Jalali by numbers": ("۱۴۰۱/۰۴/۲۳ ۱۷:۰۰", NOON),
    "seconds": ("1657801800", NOON),
    "milliseconds": ("1657801800000", NOON),
    "right-to-left marks": ("\u200f2022-07-14\u200e 12:30", NOON),
}  # fmt: skip
UNREAD = (
    "", "soon", "0000-00-00", "01/02/2022", "2022", "14 juillet", "32 July 2022", "99:99",
    "2022-13-45", "1444/12/15", "23 تیر 2022", "14 July 1401", "0123456789", "9" * 13, "x" * 500,
    "14 mai juin juillet 2022", "14 July 2022 25:00", "14 July 2022 12:00 +99:99",
)  # fmt: skip


@pytest.mark.parametrize(("printed", "time"), READ.values(), ids=READ)
def test_a_printed_date_is_a_time_in_utc(printed: str, time: datetime) -> None:
    assert dates.read(printed) == time
    assert dates.better(printed, None) == time


@pytest.mark.parametrize("printed", UNREAD)
def test_what_is_no_date_or_two_is_none(printed: str) -> None:
    assert dates.read(printed) is None
    assert dates.better(printed, NOON) == NOON


def test_a_usual_date_is_left_to_feedparser() -> None:
    assert dates.better("Thu, 14 Jul 2022 12:30:00 +0200", DAY) == DAY


@given(st.text(max_size=60) | st.from_regex(r"[\d\s:./+-]{0,40}"))
def test_nothing_raises_and_all_is_utc(printed: str) -> None:
    time = dates.read(printed)
    assert time is None or time.tzinfo is UTC


@pytest.mark.parametrize(
    "locale",
    ["en", "fr", "de", "es", "it", "nl", "sv", "da", "nb", "pt", "tr", "ru", "ar", "ar_LB", "fa"],
)
def test_the_table_of_months_has_all_names_of_cldr(locale: str) -> None:
    for width in ("wide", "abbreviated"):
        for context in ("format", "stand-alone"):
            names = get_month_names(width, context, locale)
            for number, name in names.items():
                assert dates._months()[fold(name)] == number, name
