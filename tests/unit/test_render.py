"""A digest becomes pages that Telegram takes as they are, whatever outlets wrote."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.i18n import catalogue
from bot.render import PAGE, render, units
from tests.standin.judge import kept, telegram_accepts
from watchers.model import Gap
from watchers.outlets import OUTLET_KINDS
from watchers.telling import Channel, Coverage, Digest, Line, Page

NOW = datetime(2026, 7, 30, 14, 30, tzinfo=UTC)
SINCE = NOW - timedelta(hours=10)
NAMES = {
    ("hamid-noury", "en"): "Hamid Noury",
    ("hamid-noury", "fa"): "حمید نوری",
    ("ebrahim-raisi", "en"): "Ebrahim Raisi",
    ("ebrahim-raisi", "fa"): "ابراهیم رئیسی",
}


def name_of(person: str, language: str) -> str:
    return NAMES.get((person, language), person)


def line(subject: str = "s1", **changes: Any) -> Line:
    values: dict[str, Any] = {
        "subject": subject,
        "title": "Court hears survivors",
        "url": f"https://www.news.example/{subject}?id=1&utm_source=rss",
        "outlet": "The Daily Record",
        "outlet_kind": "world-media",
        "language": "en",
        "published": NOW - timedelta(hours=2),
        "officials": (),
        "others": {},
    }
    return Line(**{**values, **changes})


def digest(
    *stories: Line, named: tuple[Line, ...] = (), language: str = "en", unreachable: int = 0
) -> Digest:
    zone = "Asia/Tehran" if language == "fa" else "Europe/Berlin"
    channel = Channel(1, "@test", zone, ("08:00",), language, NOW)
    coverage = Coverage(12, unreachable, read=12 - unreachable)
    return Digest(channel, SINCE, NOW, stories, named, coverage)


def pages(made: Digest) -> tuple[Page, ...]:
    return render(made, catalogue(made.channel.language), name_of)


def entities(page: Page) -> list[dict[str, Any]]:
    return [
        {
            "type": e.type,
            "offset": e.offset,
            "length": e.length,
            **({"url": e.url} if e.url else {}),
        }
        for e in page.entities
    ]


def pieces(page: Page, kind: str) -> list[str]:
    data = page.text.encode("utf-16-le")
    return [
        data[2 * e.offset : 2 * (e.offset + e.length)].decode("utf-16-le")
        for e in page.entities
        if e.type == kind
    ]


FULL = line(
    officials=("hamid-noury", "ebrahim-raisi"),
    others={"human-rights": 1, "persian-media": 1, "world-media": 2},
    updated=True,
    first="خبرنامه",
    first_kind="human-rights",
)
OTHER = line("article:7", title="دیدار در تهران", outlet="خبر", outlet_kind="state")
ENGLISH = """\
1988 prison massacre: new reports
30 July 2026 06:30 – 30 July 2026 16:30 (\u2068Europe/Berlin\u2069)

• \u2068Court hears survivors\u2069
\u2068The Daily Record\u2069 (media), 30 July 2026, updated, and 4 other outlets \
(1 rights group, 3 media), first: \u2068خبرنامه\u2069 (rights group)
#Hamid_Noury #Ebrahim_Raisi

Officials named in other news

• \u2068دیدار در تهران\u2069
\u2068خبر\u2069 (state media), 30 July 2026

12 of 12 sources read"""
PERSIAN = """\
\u200fکشتار زندانیان سیاسی در تابستان ۱۳۶۷: گزارش‌های تازه
\u200f۸ مرداد ۱۴۰۵ ۰۸:۰۰ – ۸ مرداد ۱۴۰۵ ۱۸:۰۰ (\u2068Asia/Tehran\u2069)

\u200f• \u2068Court hears survivors\u2069
\u200f\u2068The Daily Record\u2069 (رسانه)، ۸ مرداد ۱۴۰۵، به‌روز شده، و ۴ رسانهٔ دیگر \
(۱ نهاد حقوق بشری، ۳ رسانه)، نخست: \u2068خبرنامه\u2069 (نهاد حقوق بشری)
\u200f#حمید_نوری #ابراهیم_رئیسی

نام مقام‌ها در خبرهای دیگر

\u200f• \u2068دیدار در تهران\u2069
\u200f\u2068خبر\u2069 (رسانهٔ حکومتی)، ۸ مرداد ۱۴۰۵

\u200f۹ منبع از ۱۲ منبع خوانده شد، ۳ منبع از شش ساعت پیش یا بیشتر در دسترس نیست"""


def test_an_english_digest_reads_as_agreed() -> None:
    assert [page.text for page in pages(digest(FULL, named=(OTHER,)))] == [ENGLISH]


def test_a_persian_digest_reads_as_agreed() -> None:
    made = digest(FULL, named=(OTHER,), language="fa", unreachable=3)
    assert [page.text for page in pages(made)] == [PERSIAN]


def test_a_french_line_says_who_was_first() -> None:
    (page,) = pages(digest(FULL, language="fr"))
    assert page.text.split("\n")[4] == (
        "\u2068The Daily Record\u2069 (média), 30 juillet 2026, mis à jour, et 4 autres sources "
        "(1 organisation de défense des droits, 3 média), d’abord : \u2068خبرنامه\u2069 "
        "(organisation de défense des droits)"
    )


@pytest.mark.parametrize("language", ["en", "fa", "fr"])
def test_entities_stand_where_their_text_is(language: str) -> None:
    (page,) = pages(digest(FULL, named=(OTHER,), language=language))
    assert pieces(page, "text_link") == ["Court hears survivors", "دیدار در تهران"]
    assert len(pieces(page, "bold")) == len(pieces(page, "underline")) == 1
    assert all(re.fullmatch(r"#\w+", tag) for tag in pieces(page, "hashtag"))
    assert len(pieces(page, "hashtag")) == 2


def test_links_are_the_printed_address_without_trackers() -> None:
    (page,) = pages(digest(line()))
    assert [e.url for e in page.entities if e.url] == ["https://www.news.example/s1?id=1"]


def test_an_empty_digest_has_no_pages() -> None:
    assert pages(digest()) == ()


def test_a_long_digest_is_numbered_pages_with_whole_stories() -> None:
    stories = [line(f"s{n}", title=f"Title {n} " + "word " * 40) for n in range(40)]
    made = pages(digest(*stories, named=(OTHER,)))
    assert len(made) > 2
    for number, page in enumerate(made, start=1):
        assert f" ({number}/{len(made)})\n" in page.text
    told = [piece.split(" word")[0] for page in made for piece in pieces(page, "text_link")]
    assert told == [*(f"Title {n}" for n in range(40)), "دیدار در تهران"]


def test_one_page_has_no_number() -> None:
    assert "(1/" not in pages(digest(line()))[0].text


@pytest.mark.parametrize("count", range(14, 30))
def test_a_heading_never_ends_a_page(count: int) -> None:
    stories = [line(f"s{n}", title="word " * 35) for n in range(count)]
    named = tuple(line(f"article:{n}", title="word " * 35) for n in range(3))
    for page in pages(digest(*stories, named=named)):
        heading = "Officials named in other news"
        assert not page.text.removesuffix("12 of 12 sources read").rstrip().endswith(heading)


def test_a_title_that_vanishes_when_cleaned_is_its_address() -> None:
    (page,) = pages(digest(line(title="\u202e\u200b\x00")))
    assert pieces(page, "text_link")[0].startswith("https://www.news.example/")


def test_a_long_title_is_shortened_with_an_ellipsis() -> None:
    (page,) = pages(digest(line(title="word " * 1000)))
    (title,) = pieces(page, "text_link")
    assert len(title) <= 300
    assert title.endswith("word…")


HOSTILE = [
    "<b>bold</b> & <script>x</script>", "&amp;lt;b&gt;", "\u202egnirts\u202c desrever",
    "\u2066isolated\u2069 \u2069\u2069", "zero\u200bwidth\u200c\u200d\ufeff", "\u200c", "\u2800",
    "👨\u200d👩\u200d👧\u200d👦 🇮🇷" * 60, "\ud83d lone \udc00", "x" * 5000, "🕯" * 5000,
    "a\u0301" * 2500,
    "line\nbreak\u2028para\u2029\r\x85", "\0\x1b[31m", "*md* _md_ [a](http://b.example)",
    "@name #tag /cmd",
    " \t ", "", "سلام " * 1000, "\ufff9\ufffa\ufffb\uffff", "http://x.example",
    "\u115f\u3164", "\u034f",
]  # fmt: skip
_texts = st.one_of(
    st.sampled_from(HOSTILE),
    st.text(alphabet=st.characters(exclude_categories=()), max_size=40),
    st.lists(st.sampled_from(HOSTILE), min_size=2, max_size=3).map("".join),
)
_lines = st.builds(
    line,
    subject=st.text("abc", min_size=1, max_size=3),
    title=_texts,
    outlet=_texts,
    url=st.sampled_from(["https://a.example/", "https://b.example/?q=%D8%A7&fbclid=1"]),
    outlet_kind=st.sampled_from([*OUTLET_KINDS, "query", "?"]),
    published=st.none() | st.just(NOW),
    officials=st.lists(
        st.sampled_from(["hamid-noury", "x y-z", "1988", "a" * 60]), max_size=12, unique=True
    ).map(tuple),
    others=st.dictionaries(st.sampled_from(OUTLET_KINDS), st.integers(1, 10**6), max_size=7),
    updated=st.booleans(),
    first=_texts,
    first_kind=st.sampled_from(["", *OUTLET_KINDS, "?"]),
)
_digests = st.builds(
    lambda stories, named, language: digest(*stories, named=tuple(named), language=language),
    st.lists(_lines, max_size=12),
    st.lists(_lines, max_size=4),
    st.sampled_from(["en", "fa", "fr"]),
)


@settings(max_examples=100)
@given(_digests)
def test_telegram_takes_every_page_of_any_digest(made: Digest) -> None:
    found = pages(made)
    for number, page in enumerate(found, start=1):
        assert telegram_accepts(page.text, entities(page)) is None
        assert units(page.text) <= PAGE <= 4096
        assert len(page.entities) <= 100
        assert page.text.strip() == page.text
        assert (len(found) > 1) == (
            catalogue(made.channel.language).number(number) + "/" in page.text.split("\n")[0]
        )
    links = [e for page in found for e in page.entities if e.type == "text_link"]
    assert len(links) == len(made.stories) + len(made.named)


@given(_digests)
def test_a_page_holds_no_character_that_telegram_would_drop(made: Digest) -> None:
    for page in pages(made):
        assert units(kept(page.text)) == units(page.text)


def test_units_are_those_of_utf_16() -> None:
    assert (units("a"), units("ا"), units("🕯"), units("")) == (1, 1, 2, 0)


def with_gaps(language: str, count: int) -> Digest:
    gaps = tuple(
        Gap(number, f"Outlet {number}", NOW - timedelta(hours=9), NOW - timedelta(hours=2))
        for number in range(1, count + 1)
    )
    made = digest(line(), language=language)
    return replace(made, coverage=replace(made.coverage, gaps=gaps))


def test_what_may_have_been_missed_stands_under_the_digest() -> None:
    (page,) = pages(with_gaps("en", 1))
    assert "possible gap at \u2068Outlet 1\u2069: 30 July 2026 07:30–14:30" in page.text


def test_a_persian_gap_has_persian_digits_and_calendar() -> None:
    (page,) = pages(with_gaps("fa", 1))
    last = page.text.rstrip().split("\n")[-1]
    assert "\u2068Outlet 1\u2069" in last
    assert "۸ مرداد ۱۴۰۵ ۰۹:۰۰–۱۶:۰۰" in last


def test_many_gaps_are_counted() -> None:
    (page,) = pages(with_gaps("en", 7))
    assert page.text.count("possible gap at") == 3
    assert "4 more possible gaps" in page.text
