"""Times, days and places in plain words: understood whole, or refused by the word."""

from __future__ import annotations

from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.plain_words import (
    MOST,
    NotUnderstood,
    Wish,
    clock,
    days_words,
    read_schedule,
    schedule_words,
    zones,
)
from watchers.channel_checks import channel_changes
from watchers.scope import EVERY_DAY

WORKDAYS = (1, 2, 3, 4, 5)

# words: times, weekdays, zone
UNDERSTOOD = {
    "two-times": ("08:00 and 18:00", ("08:00", "18:00"), None, None),
    "every-day": ("every day at 8 and 18:30", ("08:00", "18:30"), EVERY_DAY, None),
    "weekdays": ("weekdays at 9", ("09:00",), WORKDAYS, None),
    "evening-and-zone": ("mon wed fri 7pm Europe/Berlin", ("19:00",), (1, 3, 5), "Europe/Berlin"),
    "city": ("daily 8am Tehran", ("08:00",), EVERY_DAY, "Asia/Tehran"),
    "city-of-two-words": ("7 in New York time", ("07:00",), None, "America/New_York"),
    "city-with-hyphens": ("noon Port-au-Prince", ("12:00",), None, "America/Port-au-Prince"),
    "zone-in-any-case": ("utc 6", ("06:00",), None, "UTC"),
    "one-clock-two-names": ("9 Istanbul", ("09:00",), None, "Europe/Istanbul"),
    "run-of-days": ("Mon-Fri 9", ("09:00",), WORKDAYS, None),
    "run-in-words": ("monday to friday at 9", ("09:00",), WORKDAYS, None),
    "run-over-the-weekend": ("sat through mon 9", ("09:00",), (1, 6, 7), None),
    "except": ("every day except friday at 7", ("07:00",), (1, 2, 3, 4, 6, 7), None),
    "days-alone": ("weekends", None, (6, 7), None),
    "zone-alone": ("Asia/Kabul", None, None, "Asia/Kabul"),
    "persian": ("هر روز ساعت ۸ صبح و ۸ شب تهران", ("08:00", "20:00"), EVERY_DAY, "Asia/Tehran"),
    "persian-days": ("سه‌شنبه و پنج شنبه ساعت ۷ عصر", ("19:00",), (2, 4), None),
    "persian-midnight": ("۱۲ شب", ("00:00",), None, None),
    "persian-digits": ("۰۸:۰۰ و ۱۸:۳۰", ("08:00", "18:30"), None, None),
    "arabic-digits": ("٠٨:٠٠، ٢٠:١٥", ("08:00", "20:15"), None, None),
    "midnight": ("12am and 12 p.m.", ("00:00", "12:00"), None, None),
    "number-and-midnight": ("daily 12 midnight", ("00:00",), EVERY_DAY, None),
    "number-and-noon": ("12 noon and 12:00 midnight", ("00:00", "12:00"), None, None),
    "persian-noon": ("۱۲ ظهر", ("12:00",), None, None),
    "persian-after-noon": ("ساعت ۱:۳۰ ظهر", ("13:30",), None, None),
    "times-then-noon": ("8, noon, 18", ("08:00", "12:00", "18:00"), None, None),
    "french": ("8h and 20h30", ("08:00", "20:30"), None, None),
    "no-colon": ("830pm and 0945 a.m.", ("09:45", "20:30"), None, None),
    "no-colon-persian": ("۸۳۰ عصر", ("20:30",), None, None),
    "island-in-full": ("8 Pacific/Wake", ("08:00",), None, "Pacific/Wake"),
    "each-once": ("8 8:00 08:00", ("08:00",), None, None),
    "full-stop": ("Every Monday, at 8.30.", ("08:30",), (1,), None),
    "nothing": ("", None, None, None),
}
REFUSED = {
    "unknown-word": ("8 and banana", "“banana”"),
    "interval": ("every 6 hours", "“every”"),
    "twice": ("twice a day", "“twice”"),
    "no-such-hour": ("25:00", "“25:00”"),
    "no-such-minute": ("8:75", "“8:75”"),
    "hour-24": ("24:00", "“24:00”"),
    "13-pm": ("13pm", "“13pm”"),
    "year": ("2026", "“2026”"),
    "year-after-time": ("8 in 2026", "“2026”"),
    "no-colon": ("0830", "“0830”"),
    "no-colon-short": ("830", "“830”"),
    "above-24": ("30", "“30”"),
    "no-colon-1330-pm": ("1330pm", "“1330pm”"),
    "wake": ("wake at 8", "“wake”"),
    "easter": ("Easter 8", "“easter”"),
    "west": ("8 west", "“west”"),
    "mountain": ("8 mountain time", "“mountain”"),
    "christmas": ("Christmas at 8", "“christmas”"),
    "range-of-times": ("8 to 18", "“to”"),
    "dash-of-times": ("08:00 - 18:00", "“-”"),
    "two-zones": ("9 Tehran Berlin", "one time zone"),
    "abbreviation": ("8 PST", "“pst”"),
    "each-day-its-own": ("mon at 9 and fri at 18", "the same times on all its days"),
    "no-day-left": ("monday except monday at 8", "No day is left"),
    "too-long": ("8 " * MOST, "too long"),
    "too-many": (" ".join(f"{h}:{m:02}" for h in range(13) for m in (0, 30)), "more than 24"),
    "superscript": ("8²", "“8"),
    "negative": ("-8", "“-8”"),
    "markup": ("<b>8</b>", "“<b>8</b>”"),
}


@pytest.mark.parametrize("case", UNDERSTOOD)
def test_plain_words_are_understood(case: str) -> None:
    words, times, days, zone = UNDERSTOOD[case]
    assert read_schedule(words) == Wish(times, days, zone)


@pytest.mark.parametrize("case", REFUSED)
def test_what_is_not_understood_is_named(case: str) -> None:
    words, said = REFUSED[case]
    with pytest.raises(NotUnderstood) as refused:
        read_schedule(words)
    assert said in refused.value.why
    assert len(refused.value.why) < 120


def test_further_words_are_given_back_as_they_are_meant() -> None:
    wish = read_schedule("8 Tehran Farsi", extra={"farsi": "fa"})
    assert (wish.rest, wish.times, wish.timezone) == (("fa",), ("08:00",), "Asia/Tehran")


TIMES = st.lists(
    st.builds(lambda h, m: f"{h:02}:{m:02}", st.integers(0, 23), st.integers(0, 59)),
    min_size=1, max_size=10, unique=True,
).map(lambda times: tuple(sorted(times)))  # fmt: skip
DAYS = st.sets(st.integers(1, 7), min_size=1).map(lambda days: tuple(sorted(days)))


@given(TIMES, DAYS, st.sampled_from(sorted(set(zones().values()))))
def test_a_schedule_in_words_is_read_back_as_it_was(
    times: tuple[str, ...], days: tuple[int, ...], zone: str
) -> None:
    words = schedule_words(times, days, zone)
    assert read_schedule(words) == Wish(times, days, zone)


WORDS = st.sampled_from(
    ["mon", "fri", "to", "-", "except", "every", "day", "daily", "8", "pm", "am", "18:30", "شنبه",
     "and", "at", "tehran", "berlin", "new", "york", "noon", "weekdays", "mon-fri", "۷", "شب"]
)  # fmt: skip


def said_of(text: str) -> tuple[Wish, str]:
    """What is understood, and why not; empty if it is."""
    try:
        return read_schedule(text), ""
    except NotUnderstood as refused:
        return Wish(), refused.why


@given(st.one_of(st.text(max_size=400), st.lists(WORDS, max_size=20).map(" ".join)))
def test_any_text_is_a_sound_wish_or_refused_in_a_sentence(text: str) -> None:
    wish, why = said_of(text)
    assert why.endswith("." if why else "")
    assert len(why) < 200
    named = {"schedule": wish.times, "weekdays": wish.weekdays, "timezone": wish.timezone}
    changes = {name: value for name, value in named.items() if value is not None}
    assert channel_changes(changes) == changes  # fit to keep, and in order


@pytest.mark.parametrize("name", ["Asia/Tehran", "Europe/Berlin", "UTC", "Asia/Kolkata"])
def test_a_zone_goes_by_its_name(name: str) -> None:
    assert zones()[name.lower()] == ZoneInfo(name).key


@pytest.mark.parametrize(
    ("days", "words"),
    [
        (EVERY_DAY, "every day"),
        (WORKDAYS, "Monday to Friday"),
        ((6, 7), "Saturday and Sunday"),
        ((1, 3, 5), "Monday, Wednesday and Friday"),
        ((5,), "Friday"),
    ],
    ids=["all", "run", "two", "some", "one"],
)
def test_days_are_named_shortly(days: tuple[int, ...], words: str) -> None:
    assert days_words(days) == words


@pytest.mark.parametrize(
    "word",
    ["", "8²", "1:1", "123", "8:000", "8" * 10_000],
    ids=["empty", "superscript", "short-minute", "three-digits", "long-minute", "huge"],
)
def test_no_time_is_none(word: str) -> None:
    assert clock(word) is None
