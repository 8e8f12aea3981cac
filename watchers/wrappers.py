"""Links of aggregators, search engines and caches, and the article's address inside them. Pure.

Only what the link itself carries: nothing is asked of anybody. Google News has two forms; the
older holds the address, the newer ("AU_yq...") an opaque name that only Google can resolve.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator
from urllib.parse import SplitResult, parse_qsl, unquote, urlsplit

from watchers import urls

_DEPTH = 3  # wrappers around a wrapper
_MAX_LINK = 8_000  # characters; wrappers are longer than what they wrap
_GOOGLE = r"(?:www\.)?google\.(?:com?\.)?[a-z]{2,3}"

# Host and path of a redirector, and the parameters of which one holds the address.
_PARAMETERS = tuple(
    (re.compile(host), re.compile(path), names)
    for host, path, names in (
        (_GOOGLE, r"/url", ("url", "q")),  # also Google Alerts
        (r"(?:www\.)?bing\.com", r"/news/apiclick\.aspx", ("url",)),
        (r"(?:l|lm)\.(?:facebook|instagram|threads)\.com", r"/(?:l\.php)?", ("u",)),
        (r"(?:www\.|m\.)?facebook\.com", r"/l\.php", ("u",)),
        (r"(?:www\.)?youtube\.com", r"/redirect", ("q",)),
        (r"(?:www\.|m\.)?vk\.com", r"/away\.php", ("to",)),
        (r"(?:html\.)?duckduckgo\.com", r"/l/?", ("uddg",)),
        (r"out\.reddit\.com", r"/.*", ("url",)),
        (r"[a-z0-9]+\.safelinks\.protection\.outlook\.com", r"/.*", ("url",)),
    )
)
_GOOGLE_NEWS = re.compile(r"/(?:__i/)?(?:rss/)?(?:rd/)?(?:articles|read)/([\w-]{20,6000}={0,2})")
_LIKE_GOOGLE_NEWS = re.compile(r"/(?:rss/)?articles/(CBMi[\w-]{20,6000}={0,2})")  # on any host
# On any host: a program that leads away, and the address it is given whole.
_LEADS_AWAY = re.compile(
    r"(?i)(?:/[\w-]+)?/(?:url|redirect|redir|away|out|go|click)(?:\.php|\.aspx)?/?"
)
_LED_TO = ("url", "u", "to", "target", "dest", "destination", "q")
_GOOGLE_AMP = re.compile(r"/amp/(s/)?(.+)")
_AMP_CACHE = re.compile(r"/(?:c|v|wp|a)/(s/)?(.+)")
_AMP_HOSTS = (".cdn.ampproject.org", ".bing-amp.com")
_YAHOO = re.compile(r"/RU=([^/]{10,4000})/")
_AGGREGATORS = re.compile(
    rf"news\.google\.[a-z.]{{2,6}}|{_GOOGLE}|(?:www\.)?bing\.com|(?:r\.search|news)\.yahoo\.com|"
    r"feedproxy\.google\.com|feeds?\.feedburner\.com"
)
# A part of each host, path or query above.
_MARKS = re.compile(
    r"google|bing|facebook|instagram|threads|youtube|vk\.com|duckduckgo|out\.reddit|outlook|"
    r"ampproject|yahoo|feedburner|/articles/CBMi|=https?(?:%3A|:)(?:%2F|/)",
    re.IGNORECASE,
)


def may_wrap(url: str) -> bool:
    """False where nothing of a wrapper is in it at all: nearly all links, at a scan's price."""
    return _MARKS.search(url) is not None


def unwrap(url: str) -> str | None:
    """The address that an aggregator's link carries, or None if it carries none. Never raises.

    At most three wrappers deep; the result is an absolute http(s) address of a public name.
    """
    found = None
    for _ in range(_DEPTH):
        inner = _unwrap_once(found or url)
        if inner is None:
            break
        found = inner
    return found


def is_aggregator(url: str) -> bool:
    """True if the address is one where an aggregator stands in for the outlet."""
    return _AGGREGATORS.fullmatch(urls.host(url)) is not None


def is_google_news(url: str) -> bool:
    """True for a link of Google News, whose summaries are only headlines."""
    return urls.host(url).startswith("news.google.")


def _unwrap_once(url: str) -> str | None:
    if len(url) > _MAX_LINK:
        return None
    try:
        parts = urlsplit(url)
    except ValueError:
        return None
    host = urls.host(url)
    for candidate in _candidates(parts, host):
        target = urls.resolve(candidate, "")
        if target and target != url and not urls.is_local_name(urls.host(target)):
            return target
    return None


def _candidates(parts: SplitResult, host: str) -> Iterator[str]:
    """What may be the address inside, the most likely first."""
    for hosts, paths, names in _PARAMETERS:
        if hosts.fullmatch(host) and paths.fullmatch(parts.path):
            values = dict(reversed(parse_qsl(parts.query)))
            yield from (values[name] for name in names if name in values)
    of_google = host.startswith("news.google.")
    if match := (_GOOGLE_NEWS if of_google else _LIKE_GOOGLE_NEWS).match(parts.path):
        yield from _google_news(match.group(1))
    if re.fullmatch(_GOOGLE, host) and (match := _GOOGLE_AMP.fullmatch(parts.path)):
        yield _amp(match, parts.query)
    if f".{host}".endswith(_AMP_HOSTS) and (match := _AMP_CACHE.fullmatch(parts.path)):
        yield _amp(match, parts.query)
    if _LEADS_AWAY.fullmatch(parts.path):
        values = dict(reversed(parse_qsl(parts.query)))
        yield from (values[name] for name in _LED_TO if values.get(name, "").startswith("http"))
    if host == "r.search.yahoo.com" and (match := _YAHOO.search(parts.path)):
        yield unquote(match.group(1))


def _amp(match: re.Match[str], query: str) -> str:
    """The page that an AMP cache holds; "s/" says that it is on https."""
    secure, rest = match.groups()
    return f"{'https' if secure else 'http'}://{rest}{'?' + query if query else ''}"


def _google_news(code: str) -> Iterator[str]:
    """The texts of the protobuf message that names an article: its address, its AMP address."""
    try:
        message = base64.urlsafe_b64decode(code + "=" * (-len(code) % 4))
    except ValueError:
        return
    place = 0
    while place < len(message):
        tag, place = _varint(message, place)
        value, place = _varint(message, place)
        if tag & 7 == 2:  # a text of that length
            text, place = message[place : place + value], place + value
            yield text.decode("utf-8", "replace")
        elif tag & 7 != 0:  # anything but a number does not occur
            return


def _varint(message: bytes, place: int) -> tuple[int, int]:
    """A protobuf number and the place behind it; 0 at the end of the message."""
    number = shift = 0
    while place < len(message) and shift < 64:
        byte = message[place]
        number |= (byte & 0x7F) << shift
        place, shift = place + 1, shift + 7
        if byte < 0x80:
            break
    return number, place
