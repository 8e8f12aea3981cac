"""Addresses of feeds as people give them, checked and mended. Pure."""

from __future__ import annotations

import re
import unicodedata

from watchers import urls
from watchers.errors import FeedUrlInvalid

_TELEGRAM = ("t.me", "telegram.me", "telegram.dog", "www.t.me")
_TELEGRAM_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]{3,31}")
_TELEGRAM_OTHER = frozenset({"joinchat", "addstickers", "share", "proxy", "socks", "login"})


def feed_ref(text: str) -> str:
    """How a person names a watched feed, as the store knows it: number, address, @channel.

    Numbers may be in any script's digits.
    """
    text = text.strip().removeprefix("#")
    if text.isdecimal():
        return "".join(str(unicodedata.decimal(digit)) for digit in text).lstrip("0") or "0"
    return telegram_preview(text) or text


def telegram_preview(text: str) -> str | None:
    """The public preview page of a Telegram channel, from @NAME or an address of Telegram.

    None if the text names none. FeedUrlInvalid for what is on Telegram but has no preview.
    """
    if text.startswith("@"):
        name = text[1:]
    else:
        head, _, path = text.split("://", 1)[-1].partition("/")
        if head.lower() not in _TELEGRAM:
            return None
        words = re.split(r"[/?#]", path.removeprefix("s/"))
        name = words[0]
        if words[0] == "c" or name.startswith("+") or name in _TELEGRAM_OTHER:
            msg = f"{text[:100]!r} leads to a private chat or an action. Only public channels"
            raise FeedUrlInvalid(f"{msg} have a page that can be read: give @NAME.")
    if not _TELEGRAM_NAME.fullmatch(name):
        msg = f"{text[:100]!r} names no Telegram channel. Give @NAME or https://t.me/NAME."
        raise FeedUrlInvalid(msg)
    return f"https://t.me/s/{name}"


def without_feed_scheme(text: str) -> str:
    """The web address in `feed://host/path` or `feed:https://host/path`; others as they are."""
    head, colon, rest = text.partition(":")
    if not colon or head.lower() not in ("feed", "rss"):
        return text
    return f"https:{rest}" if rest.startswith("//") else rest


def has_password(url: str) -> bool:
    """An address that holds a user name or a password: it would be stored and shown."""
    return "@" in url.partition("://")[2].partition("/")[0]


def feed_url(text: str) -> str:
    """The address a person meant. FeedUrlInvalid says what is wrong and what to try."""
    text = text.strip().strip("<>\"'")
    if preview := telegram_preview(text):
        return preview
    if not text:
        msg = "No address was given. Give the feed's full address: https://example.org/feed/"
        raise FeedUrlInvalid(msg)
    text = without_feed_scheme(text)
    scheme = text.partition("://")[0].lower() if "://" in text else ""
    shown = text if len(text) <= 100 else text[:99] + "…"
    if scheme not in ("http", "https"):
        msg = f"{shown!r} is no web address. It must begin with https:// or http://."
        if not scheme and "." in text.partition("/")[0] and not re.search(r"\s", text):
            msg += f" Try https://{shown}"
        raise FeedUrlInvalid(msg)
    url = urls.resolve(text, text)
    if url is None or re.search(r"[\s\x00-\x1f\x7f]", text) or not urls.host(text):
        msg = f"{shown!r} cannot be read as a web address. Copy it whole from the browser."
        raise FeedUrlInvalid(msg)
    if has_password(url):
        msg = "The address holds a user name or a password; give one without."
        raise FeedUrlInvalid(msg)
    return url.partition("#")[0]
