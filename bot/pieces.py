"""Short pieces of a page: names, headlines, hashtags, links, as Telegram takes them. Pure.

What is untrusted here came from strangers' feeds. A piece is on one line, of bounded length,
holds no character that Telegram would drop (then all later offsets would be wrong), and is
neither a link nor a mention unless we make it one.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from urllib.parse import quote, urlsplit

from watchers.text import clean
from watchers.urls import MAX_URL, host, without_trackers

ISOLATE, POP, RLM = "\u2068", "\u2069", "\u200f"  # first-strong isolate, its end (Unicode TR 9)
_BREAK = "\u2060"  # a word joiner: invisible, no place to break a line, and ends what is a link

_MOST_READ = 2_000  # characters looked at of one text
_BACK = 24  # characters given up at most so that no letter or emoji is cut in two
# Combining ring above, double low line, double overline: Telegram drops them from any text.
_DROPPED = re.compile("[\u030a\u0333\u033f]")
# Letters and symbols that show nothing: Hangul fillers, the empty Braille pattern.
_UNSEEN = frozenset("\u115f\u1160\u2800\u3164\uffa0")
_JOINER, _SKIN = "\u200d", range(0x1F3FB, 0x1F400)
# What Telegram would make clickable holds one of these before a letter: a.b, @a, /a, #a, $A, 6:30.
_CLICKABLE = re.compile(r"([.@/#$:])(?=\S)")
_LONG_NUMBER = re.compile(r"(\d{4}[ -]?)(?=\d{4})")  # a bank card's

_LETTERS = {"Lu", "Ll", "Lt", "Lm", "Lo"}
_TAG = 64  # characters; Telegram takes 256
_IN_TAG = ("_", "\u200c")  # Telegram takes ZWNJ for a letter of a hashtag
_SEPARATORS = re.compile("[_\u200c]*_[_\u200c]*")

_LABEL = r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?"
_HOST = re.compile(rf"(?:{_LABEL}\.)+{_LABEL}", re.ASCII)
_ODD_IN_LINK = re.compile(
    '[\0-\x20"<>\\\\^`{|}\x7f-\xa0\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f'
    "\u2000-\u200f\u2028-\u202f\u205f-\u206f\u3000\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\uffff]"
)


def units(text: str) -> int:
    """The length that Telegram counts: UTF-16 code units."""
    return len(text) if text.isascii() else len(text.encode("utf-16-le")) // 2


def visible(text: str) -> str:
    """A text on one line, without what Telegram would drop; empty if nothing would be seen."""
    text = clean(text[:_MOST_READ]).replace("\n", " ")
    if _DROPPED.search(text):  # "a" with a ring is a letter of its own: kept
        text = _DROPPED.sub("", unicodedata.normalize("NFC", text)).strip()
    return text if any(map(_is_seen, text)) else ""


def _is_seen(char: str) -> bool:
    return unicodedata.category(char)[0] in "LNPS" and char not in _UNSEEN


@lru_cache(maxsize=8192)
def shortened(text: str, most: int) -> str:
    """At most `most` UTF-16 units of a text as `visible` gives it, with "…" if some is gone."""
    text = visible(text)
    if units(text) <= most:
        return text
    end, left = 0, most - 1
    while left >= (size := 1 + (ord(text[end]) > 0xFFFF)):
        left, end = left - size, end + 1
    first = max(1, end - _BACK)
    while end > first and _holds_together(text[end - 1], text[end]):
        end -= 1
    return text[:end].rstrip() + "…"


def _holds_together(before: str, after: str) -> bool:
    """Whether a cut between these two would leave half a letter or half an emoji."""
    return (
        _JOINER in (before, after)
        or ord(after) in _SKIN
        or unicodedata.category(after).startswith("M")
    )


def unlinked(text: str) -> str:
    """The text with nothing in it that Telegram would make clickable by itself."""
    return _LONG_NUMBER.sub(rf"\1{_BREAK}", _CLICKABLE.sub(rf"\1{_BREAK}", text))


def isolated(text: str) -> str:
    """The text with a direction of its own, whatever stands around it."""
    return f"{ISOLATE}{text}{POP}"


@lru_cache(maxsize=4096)
def hashtag(name: str) -> str:
    """A name as a hashtag that Telegram takes whole; empty if no letter is left.

    Letters are those of Telegram: marks and signs end a hashtag there.
    """
    bare = visible(unicodedata.normalize("NFC", visible(name)))
    kept = "".join(map(_in_tag, bare[: 4 * _TAG]))
    kept = _SEPARATORS.sub("_", kept).strip("_\u200c")[:_TAG].strip("_\u200c")
    if not any(unicodedata.category(char) in _LETTERS for char in kept):
        return ""
    return f"#{kept}"


def _in_tag(char: str) -> str:
    category = unicodedata.category(char)
    if category in _LETTERS or category == "Nd" or char in _IN_TAG:
        return char
    return "" if category.startswith("M") or char in "'’ʼ" else "_"


@lru_cache(maxsize=8192)
def link(url: str) -> str | None:
    """The address as a link to send, less its trackers; None for one that we do not link.

    Only http and https, a host of plain labels, no user names: what Telegram would refuse, or
    what could lead a reader elsewhere than it says, is plain text.
    """
    try:
        parts = urlsplit(without_trackers(url))
        port = f":{parts.port}" if parts.port else ""
        name = host(url)
    except ValueError:
        return None
    if parts.scheme not in ("http", "https") or "@" in parts.netloc or "\\" in parts.netloc:
        return None
    if len(name) > 253 or not _HOST.fullmatch(name):
        return None
    rest = parts.path or "/"
    rest += f"?{parts.query}" if parts.query else ""
    rest += f"#{parts.fragment}" if parts.fragment else ""
    try:
        made = f"{parts.scheme}://{name}{port}{_ODD_IN_LINK.sub(_quoted, rest)}"
    except UnicodeEncodeError:  # a lone surrogate
        return None
    return made if len(made) <= MAX_URL and _is_encodable(made) else None


def _quoted(found: re.Match[str]) -> str:
    return quote(found.group(), safe="")


def _is_encodable(text: str) -> bool:
    return not any("\ud800" <= char <= "\udfff" for char in text)
