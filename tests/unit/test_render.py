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
from bot.pieces import units
from bot.render import PAGE, nothing_new, render
from tests.standin.judge import found_entities, kept, telegram_accepts
from watchers.model import Gap
from watchers.outlets import OUTLET_KINDS
from watchers.scope import Scope
from watchers.telling import Channel, Coverage, Digest, DigestKind, Line, Page, Withdrawal

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
30 July 2026 06:30–16:30 (\u2068Europe/Berlin\u2069)

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
\u200f۸ مرداد ۱۴۰۵، ۰۸:۰۰ تا ۱۸:۰۰ (به وقت تهران)

\u200f• \u2068Court hears survivors\u2069
\u200f\u2068The Daily Record\u2069 (رسانه)، ۸ مرداد ۱۴۰۵، به‌روز شده، و ۴ منبع دیگر \
(۱ نهاد حقوق بشری، ۳ رسانه)، نخست: \u2068خبرنامه\u2069 (نهاد حقوق بشری)
\u200f#حمید_نوری #ابراهیم_رئیسی

\u200fنام مقام‌ها در خبرهای دیگر

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
        words = catalogue(made.channel.language)
        numbers = {"page": words.number(number), "pages": words.number(len(found))}
        its_number = words.text("(%(page)s/%(pages)s)") % numbers
        assert (len(found) > 1) == page.text.split("\n")[0].endswith(its_number)
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
    assert "۸ مرداد ۱۴۰۵، ۰۹:۰۰ تا ۱۶:۰۰" in last


def test_many_gaps_are_counted() -> None:
    (page,) = pages(with_gaps("en", 7))
    assert page.text.count("possible gap at") == 3
    assert "4 more possible gaps" in page.text


# ---------------------------------------------------------------- marks, kinds, withdrawals


def test_a_story_that_was_an_alert_says_so() -> None:
    (page,) = pages(digest(line(alerted=True, updated=True)))
    assert "30 July 2026, updated, told in an alert before\n" in page.text
    (page,) = pages(digest(line(alerted=True), language="fa"))
    assert "پیش‌تر در خبر فوری آمد" in page.text


ALERTS = {
    "a story": ("en", line(), None, "Alert: 1988 prison massacre"),
    "a topic": ("en", line(topics=("boats",)), None, "Alert: a chosen topic"),
    "an official": ("en", None, line("article:7"), "Alert: an official named in other news"),
    "in Persian": ("fa", line(), None, "خبر فوری: کشتار زندانیان سیاسی در تابستان ۱۳۶۷"),
    "in French": ("fr", line(), None, "Alerte : massacre des prisons de 1988"),
}


@pytest.mark.parametrize(("language", "story", "named", "title"), ALERTS.values(), ids=ALERTS)
def test_an_alert_says_that_it_is_one_and_when(
    language: str, story: Line | None, named: Line | None, title: str
) -> None:
    made = digest(*filter(None, [story]), named=tuple(filter(None, [named])), language=language)
    (page,) = pages(replace(made, kind=DigestKind.ALERT))
    first, second, blank, *rest = page.text.split("\n")
    assert first.strip("\u200f") == title
    assert (
        second
        == {
            "en": "30 July 2026 16:30 (\u2068Europe/Berlin\u2069)",
            "fa": "\u200f۸ مرداد ۱۴۰۵، ۱۸:۰۰ (به وقت تهران)",
            "fr": "30 juillet 2026 16:30 (\u2068Europe/Berlin\u2069)",
        }[language]
    )
    assert blank == ""
    assert len(rest) == 2 + bool(story and story.topics)  # neither section nor coverage
    assert [place.subject for place in page.placed] == [(story or named or line()).subject]


TITLES = {
    "topics besides": (
        Scope(), line(topics=("t",)), (), "1988 prison massacre and chosen topics: new reports",
    ),
    "topics alone": (Scope(relevant=False), line(topics=("t",)), (), "Chosen topics: new reports"),
    "other news alone": (Scope(), None, (OTHER,), "1988 prison massacre: nothing new"),
    "nothing else asked for": (
        Scope(relevant=False), None, (OTHER,), "Officials named in other news",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("scope", "story", "named", "title"), TITLES.values(), ids=TITLES)
def test_the_title_claims_no_more_than_is_told(
    scope: Scope, story: Line | None, named: tuple[Line, ...], title: str
) -> None:
    made = digest(*filter(None, [story]), named=named)
    (page,) = pages(replace(made, channel=replace(made.channel, scope=scope)))
    assert page.text.split("\n")[0] == title
    assert page.text.count("Officials named in other news") == bool(named)


def taken(subject: str, days: int, what: str = "removed", note: str = "") -> Withdrawal:
    return Withdrawal(1, 1, subject, NOW, NOW - timedelta(days=days), what, note)


def test_what_was_withdrawn_is_told_by_date_and_number_and_the_admin_s_words() -> None:
    gone = (taken("a", 2), taken("b", 2), taken("c", 1, note="Two people\nof one name."))
    (page,) = pages(replace(digest(line()), withdrawn=gone))
    assert page.text.split("\n\n")[1] == (
        "Withdrawn since the last digest\n"
        "• 2 stories told on 28 July 2026: withdrawn\n"
        "• 1 story told on 29 July 2026: withdrawn. \u2068Two people of one name.\u2069"
    )
    assert pieces(page, "underline") == ["Withdrawn since the last digest"]


def test_a_correction_is_called_one() -> None:
    gone = (taken("a", 2), taken("b", 2, "corrected"))
    (page,) = pages(replace(digest(language="fa"), withdrawn=gone))
    assert page.text.split("\n\n")[1] == (
        "\u200fپس‌گرفته یا اصلاح‌شده از زمان گزارش پیشین\n"
        "\u200f• ۱ خبر از گزارش ۶ مرداد ۱۴۰۵ پس گرفته شد\n"
        "\u200f• ۱ خبر از گزارش ۶ مرداد ۱۴۰۵ اصلاح شد"
    )


def test_hundreds_of_withdrawals_are_told_on_as_many_pages_as_they_need() -> None:
    gone = tuple(taken(str(n), 1, note=f"Note {n}. " + "word " * 30) for n in range(300))
    made = pages(replace(digest(line()), withdrawn=gone))
    text = "".join(page.text for page in made)
    assert all(f"Note {n}. " in text for n in range(300))
    assert all(units(page.text) <= PAGE for page in made)


def test_the_short_page_of_a_quiet_day() -> None:
    made = digest(unreachable=3)
    page = nothing_new(made, catalogue("en"))
    assert page.text == (
        "1988 prison massacre: nothing new\n"
        "30 July 2026 06:30–16:30 (\u2068Europe/Berlin\u2069)\n\n"
        "9 of 12 sources read, 3 unreachable for 6 hours or more"
    )
    assert page.placed == ()
    page = nothing_new(digest(language="fa"), catalogue("fa"))
    assert page.text.endswith("۱۲ منبع از ۱۲ منبع خوانده شد")


# ---------------------------------------------------------------- places, links, tags


@pytest.mark.parametrize("language", ["en", "fa", "fr"])
def test_a_page_says_where_it_tells_each_story(language: str) -> None:
    (page,) = pages(digest(FULL, line("s2", title="🕯"), named=(OTHER,), language=language))
    data = page.text.encode("utf-16-le")
    told = [
        data[2 * place.offset : 2 * (place.offset + place.length)].decode("utf-16-le")
        for place in page.placed
    ]
    assert [text.strip("\u200f").split("\n")[0] for text in told] == [
        "• \u2068Court hears survivors\u2069", "• \u2068🕯\u2069", "• \u2068دیدار در تهران\u2069",
    ]  # fmt: skip
    assert [place.subject for place in page.placed] == ["s1", "s2", "article:7"]
    assert [place.officials for place in page.placed] == [FULL.officials, (), ()]
    assert all("\n\n" not in text and text == text.strip() for text in told)


def test_at_most_a_hundred_entities_stand_on_a_page() -> None:
    people = tuple(f"person {letter}" for letter in "abcdefgh")
    stories = [line(f"s{n}", title="x", officials=people) for n in range(40)]
    made = pages(digest(*stories))
    assert max(len(page.entities) for page in made) > 90
    assert all(len(page.entities) <= 100 for page in made)
    assert [place.subject for page in made for place in page.placed] == [f"s{n}" for n in range(40)]


def test_tags_without_room_are_counted() -> None:
    people = tuple(f"person {letter}" for letter in "abcdefghij")
    (page,) = pages(digest(line(officials=people, topics=("boats",))))
    assert page.text.split("\n")[5].endswith("#person_h +3")
    (page,) = pages(digest(line(officials=people), language="fa"))
    assert page.text.split("\n")[5].endswith(" +۲")


def test_topics_come_after_officials() -> None:
    (page,) = pages(digest(line(officials=("hamid-noury",), topics=("boats", "1988"))))
    assert page.text.split("\n")[5] == "#Hamid_Noury #boats 1988"
    assert pieces(page, "hashtag") == ["#Hamid_Noury", "#boats"]


def test_a_tag_in_another_direction_keeps_to_itself() -> None:
    (page,) = pages(digest(line(officials=("hamid-noury", "someone")), language="fa"))
    assert page.text.split("\n")[5] == "\u200f#حمید_نوری \u2068#someone\u2069"


@pytest.mark.parametrize(
    "url", ["ftp://x.example/a", "https://localhost/", "javascript:x", "", "https://u@x.example/"]
)
def test_a_link_that_telegram_would_refuse_is_plain_text(url: str) -> None:
    (page,) = pages(digest(line(url=url, title="See evil.example.com")))
    assert [part for part in page.entities if part.url] == []
    assert "• \u2068See evil.\u2060example.\u2060com\u2069\n" in page.text


def test_an_outlet_s_name_is_no_link_of_telegram_s_own() -> None:
    (page,) = pages(digest(line(outlet="news.example.com", first="@somebody", first_kind="un")))
    assert {kind for kind, _ in found_entities(page.text)} == {"textEntityTypeMediaTimestamp"}


def test_an_outlet_without_a_name_is_what_it_is() -> None:
    (page,) = pages(digest(line(outlet="\u200b")))
    assert page.text.split("\n")[4].startswith("media, 30 July")


def test_others_of_one_kind_are_counted_once() -> None:
    (page,) = pages(digest(line(others={"world-media": 2, "persian-media": 1})))
    assert page.text.split("\n")[4].endswith("and 3 other outlets (media)")
    (page,) = pages(digest(line(others={"advocacy": 1}), language="fa"))
    assert page.text.split("\n")[4].endswith("و ۱ منبع دیگر (گروه هوادار)")
