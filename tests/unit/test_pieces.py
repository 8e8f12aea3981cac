"""Names, headlines, hashtags and links, as Telegram takes them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.pieces import hashtag, link, shortened, units, unlinked, visible
from tests.standin.judge import found_entities, kept

TAGS = {
    "latin": ("Hamid Noury", "#Hamid_Noury"),
    "persian": ("حمید نوری", "#حمید_نوری"),
    "with a ZWNJ": ("می‌خواهیم", "#می‌خواهیم"),
    "a ZWNJ at the end": ("نام‌ ها‌", "#نام_ها"),
    "signs between": ("Jean-Luc O’Neill, Jr.", "#Jean_Luc_ONeill_Jr"),
    "marks, which end a hashtag": ("مُحَمَّد", "#محمد"),
    "a letter in two": ("Je\u0301ro\u0302me", "#Jérôme"),
    "a year alone": ("1988", ""),
    "a topic with a year": ("1988 massacre", "#1988_massacre"),
    "nothing": ("", ""),
    "signs alone": ("*** 🕯", ""),
    "hidden": ("\u202e\u200b", ""),
}


@pytest.mark.parametrize(("name", "tag"), TAGS.values(), ids=TAGS)
def test_a_name_becomes_a_hashtag_that_telegram_takes_whole(name: str, tag: str) -> None:
    assert hashtag(name) == tag
    if tag:
        assert found_entities(f"{tag} x") == [("hashtag", tag)]


@given(st.text(alphabet=st.characters(), max_size=80))
def test_any_hashtag_is_one_for_telegram_and_stays_as_it_is(name: str) -> None:
    tag = hashtag(name)
    if tag:
        assert found_entities(f"{tag} x") == [("hashtag", tag)]
        assert hashtag(tag) == tag
        assert len(tag) <= 65


LINKS = {
    "as printed": ("https://www.news.example/a?id=1", "https://www.news.example/a?id=1"),
    "trackers": ("https://news.example/a?id=1&utm_source=rss&fbclid=2", "https://news.example/a?id=1"),
    "no path": ("https://News.Example", "https://news.example/"),
    "a port": ("http://news.example:8080/a", "http://news.example:8080/a"),
    "persian": ("https://خبر.example/گزارش", "https://xn--ngblk.example/گزارش"),
    "blanks and hidden letters": ("https://a.example/a b\u202e", "https://a.example/a%20b%E2%80%AE"),
    "quotes": ('https://a.example/?q="<>', "https://a.example/?q=%22%3C%3E"),
    "a user name": ("https://news.example@evil.example/", None),
    "a backslash": ("https://evil.example\\@news.example/", None),
    "no host": ("https:///a", None),
    "one label": ("https://localhost/a", None),
    "a port too high": ("https://a.example:99999/", None),
    "another scheme": ("ftp://a.example/", None),
    "a script": ("javascript:alert(1)", None),
    "of Telegram": ("tg://user?id=1", None),
    "relative": ("/a/b", None),
    "empty": ("", None),
    "a lone surrogate": ("https://a.example/\ud800", None),
    "an address of IPv6": ("https://[::1]/", None),
    "endless": ("https://a.example/" + "x" * 3000, None),
}  # fmt: skip


@pytest.mark.parametrize(("url", "sent"), LINKS.values(), ids=LINKS)
def test_a_link_is_the_printed_address_or_none(url: str, sent: str | None) -> None:
    assert link(url) == sent


SHORT = {
    "as it is": ("Court hears survivors", 30, "Court hears survivors"),
    "exactly": ("x" * 30, 30, "x" * 30),
    "cut": ("word word word", 8, "word wo…"),
    "no blank before the mark": ("word word", 6, "word…"),
    "units of UTF-16": ("🕯" * 10, 7, "🕯🕯🕯…"),
    "no half of an emoji": ("ab👨\u200d👩\u200d👧 x" * 9, 9, "ab…"),
    "no letter without its mark": ("abce\u0301fgh", 5, "abc…"),
    "no skin without its hand": ("abc👋\U0001f3fdx" * 3, 7, "abc…"),
    "one line": ("a\nb\u2028c", 9, "a b c"),
    "what Telegram drops": ("A\u030angstro\u0308m \u0333x", 30, "Ångström x"),
    "nothing to see": ("\u3164\u2800\u200d", 9, ""),
}


@pytest.mark.parametrize(("text", "most", "made"), SHORT.values(), ids=SHORT)
def test_a_text_is_shortened_between_letters(text: str, most: int, made: str) -> None:
    assert shortened(text, most) == made


@given(st.text(alphabet=st.characters(exclude_categories=()), max_size=60), st.integers(8, 40))
def test_a_shortened_text_is_short_visible_and_kept_by_telegram(text: str, most: int) -> None:
    made = shortened(text, most)
    assert units(made) <= most
    assert kept(f"a{made}b") == f"a{made}b"
    assert made == visible(made)


CLICKABLE = (
    "evil.example.com", "@somebody", "#tag", "/start", "$USD", "https://x.example.com/a", "1.2.3.4",
    "a@b.example.com", "t.me/x", "4111 1111 1111 1111", "tg://resolve?domain=x", "06:30",
)  # fmt: skip


@pytest.mark.parametrize("text", CLICKABLE)
def test_nothing_is_clickable_in_an_unlinked_text(text: str) -> None:
    assert found_entities(text)
    assert found_entities(unlinked(text)) == []
    assert unlinked(text).replace("\u2060", "") == text


def test_a_common_name_stays_as_it_is() -> None:
    assert unlinked("Human Rights Watch (HRW)") == "Human Rights Watch (HRW)"
