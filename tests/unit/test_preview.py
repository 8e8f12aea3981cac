"""A channel's preview page is a feed of its messages; other pages of Telegram say why not."""

from __future__ import annotations

from pathlib import Path

import pytest

from watchers.errors import FeedUnreadable
from watchers.parse import parse
from watchers.text import plain

PAGE = (Path(__file__).parent.parent / "data/feeds/telegram-preview.html").read_text("utf-8")
CONTACT = (
    "<!DOCTYPE html><html><head><title>Telegram: Contact @nobody_example</title></head><body>"
    '<div class="tgme_page"><div class="tgme_page_extra">@nobody_example</div></div></body></html>'
)


def test_line_breaks_are_kept() -> None:
    message = parse(PAGE.encode(), "text/html", "https://t.me/s/dadnameh_example").entries[0]
    assert plain(message.content).split("\n")[-1] == "@dadnameh_example"


def test_a_channel_without_a_preview_is_no_feed_and_says_why() -> None:
    with pytest.raises(FeedUnreadable, match="no public channel") as caught:
        parse(CONTACT.encode(), "text/html", "https://t.me/nobody_example")
    assert caught.value.kind == "not-a-feed"


def test_a_page_that_speaks_of_telegram_is_a_web_page() -> None:
    with pytest.raises(FeedUnreadable, match="web page"):
        parse(b"<!DOCTYPE html><html><body>Join us on Telegram</body></html>", "text/html")


def test_a_long_first_line_is_cut_between_words() -> None:
    long = PAGE.replace("A &lt;short&gt; answer", "word " * 100)
    title = parse(long.encode(), "text/html").entries[1].title
    assert title == "word " * 39 + "word…"


def test_a_message_with_an_impossible_number_is_left_out() -> None:
    odd = PAGE.replace('data-post="dadnameh_example/4"', 'data-post="javascript:alert(1)/4"')
    assert len(parse(odd.encode(), "text/html").entries) == 2
