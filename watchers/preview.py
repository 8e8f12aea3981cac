"""The public preview page of a Telegram channel: https://t.me/s/NAME. Pure.

It lists about the last 20 messages, the oldest first: a channel that posts more between two
polls loses some, which the coverage ledger shows as a possible gap. A private, missing or
preview-less channel answers with a page without messages.
"""

from __future__ import annotations

import html
import re

from selectolax.lexbor import LexborHTMLParser, LexborNode

from watchers import dates
from watchers.errors import FeedUnreadable
from watchers.model import Entry, ParsedFeed
from watchers.text import plain

_POST = re.compile(r"[A-Za-z]\w{2,63}/\d{1,12}", re.ASCII)
_MAX_TITLE = 200  # characters
_MAX_PAGE = 2_000_000  # characters; a page of 20 long messages has about 200,000
# What is in a message but not said by it: the message it answers, and reasons to install the app.
_FURNITURE = ".tgme_widget_message_reply, .message_media_not_supported_wrap"
_CHANNEL = ".tgme_channel_info_header_title, .tgme_header_title"
_LINKED = ("link_preview_title", "link_preview_description", "tgme_widget_message_document_title")


def is_preview(text: str) -> bool:
    """True if a web page is Telegram's, of a channel, a user or a group."""
    return 'class="tgme_' in text[:_MAX_PAGE] and "telegram" in text[:20_000].lower()


def read(text: str, limit: int) -> ParsedFeed:
    """The messages that have words, at most `limit`, in the order of the page.

    FeedUnreadable ("not-a-feed") for a page without any message.
    """
    tree = LexborHTMLParser(text[:_MAX_PAGE].replace("\0", ""))
    messages = tree.css(".tgme_widget_message[data-post]")
    if not messages:
        raise FeedUnreadable(
            "not-a-feed",
            "the page shows no messages: there is no public channel of that name,"
            " it is private, or its preview is switched off",
        )
    entries = [entry for message in messages if (entry := _entry(message)) is not None]
    return ParsedFeed(
        title=html.escape(_line(tree.css_first(_CHANNEL)), quote=False),
        language=None,
        entries=tuple(entries[:limit]),
        whole=len(entries) <= limit,
    )


def _entry(message: LexborNode) -> Entry | None:
    """The message, or None if it is a service message, has no words or no number."""
    post = message.attributes.get("data-post") or ""
    if not _POST.fullmatch(post) or "service_message" in (message.attributes.get("class") or ""):
        return None
    for node in message.css(_FURNITURE):
        node.decompose()
    text = message.css_first(".tgme_widget_message_text, .tgme_widget_message_poll_question")
    linked = [line for name in _LINKED if (line := _line(message.css_first(f".{name}")))]
    said = text.html or "" if text is not None else ""
    title = _title(plain(said)) or (linked[0] if linked else "")
    if not title:
        return None
    time = message.css_first("time[datetime]")
    return Entry(
        guid=f"t.me/{post}",
        link=f"https://t.me/{post}",
        title=html.escape(title, quote=False),
        content=said + "".join(f"<p>{html.escape(line, quote=False)}</p>" for line in linked),
        published=dates.read(time.attributes.get("datetime") or "") if time is not None else None,
    )


def _line(node: LexborNode | None) -> str:
    return plain(node.html or "").replace("\n", " ") if node is not None else ""


def _title(text: str) -> str:
    """The first line with a letter in it, cut between words where it is too long."""
    lines = (line for line in text.split("\n") if any(char.isalpha() for char in line))
    line = next(lines, "")
    if len(line) <= _MAX_TITLE:
        return line
    cut = line[:_MAX_TITLE]
    return f"{cut.rpartition(' ')[0].rstrip() or cut}…"
