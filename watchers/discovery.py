"""Where a web page keeps its feeds: what it links to, then where feeds usually are.

Pure: whoever wants candidates asked for hands in how (`Search`).

Only single tags are given to the HTML parser. A whole page from a stranger is not: 2 MB of
nested `<div>`, or of misnested `<b>`, cost it more than a minute (seen in lexbor, which is
quadratic there), while a scan for tags is linear: the worst page found takes half a second, a
newspaper's 20 ms. What is listed wrongly is found out by asking for it; what is missed can be
named by its own address.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from itertools import islice
from urllib.parse import urljoin, urlsplit

from selectolax.lexbor import LexborHTMLParser

from watchers import urls
from watchers.model import Feed, Fetched, FetchFailure
from watchers.text import clean

MAX_PAGE = 2_000_000  # bytes of a page that are looked at
MAX_TAG = 2_000  # bytes of one tag; a longer one is passed over
MAX_QUOTES = 100  # in one tag
MAX_SEEN = 20_000  # tags, comments and scripts that are looked at; a big newspaper has 5,000
MAX_TAGS = 500  # tags that are read: those in which a word says feed
MAX_LINKS = 10  # candidates of one page
MAX_USUAL = 8  # usual places that are asked for
ENOUGH = 3  # feeds found at usual places: then we stop asking
LOOKING = 120.0  # seconds for all requests of one discovery; what was found by then is told

# Failures that say "no feed here", against those that may pass by themselves.
_NEVER = ("refused", "not-a-feed", "malformed", "redirects", "parser", "too-large")
_FEED_TYPES = frozenset(
    {
        "application/rss+xml",
        "application/atom+xml",
        "application/rdf+xml",
        "application/feed+json",
        "text/rss+xml",
        "text/atom+xml",
    }
)
_LOOSE_TYPES = frozenset({"application/xml", "text/xml", "application/json"})
_USUAL = (
    "feed/", "rss.xml", "rss", "atom.xml", "feed.xml", "feed.json", "sitemap-news.xml",
    "?feed=rss2", "index.xml",
)  # fmt: skip

_TAG = re.compile(rb"<(?:!--|(?:script|style|link|base|a)(?=[\s/>]))")  # of a page in small letters
_MARK = re.compile(rb"[\"'>]")
_HINT = re.compile(rb"rss|atom|feed|rdf|alternate")
_WORD = re.compile(r"[a-z]+")
_CHARSET = re.compile(r"charset\s*=\s*[\"']?([\w.:-]{1,40})", re.IGNORECASE)
_FEED_WORDS = frozenset({"rss", "atom", "feed", "feeds", "rdf", "jsonfeed", "xmlfeed"})
_FILE_ENDS = ("", "xml", "rss", "atom", "rdf", "json", "php", "aspx", "cgi")
_COMMENTS = ("comment", "kommentar", "replies", "دیدگاه", "نظرات", "تعليق")


@dataclass(frozen=True, slots=True)
class Candidate:
    """An address that may be a feed's, and what the page calls it."""

    url: str
    title: str = ""
    is_declared: bool = False  # by a link tag with a feed's media type
    is_comments: bool = False  # what readers wrote, not what the site publishes


@dataclass(frozen=True, slots=True)
class Check:
    """What asking for a feed once found."""

    url: str
    failure: FetchFailure | None = None
    title: str = ""
    language: str | None = None
    entries: int = 0
    relevant: int = 0
    newest: datetime | None = None  # when its latest entry was published
    named: int = 0  # entries that name an official in other news
    samples: tuple[str, ...] = ()  # titles of some entries on the subject
    named_samples: tuple[str, ...] = ()  # and of some of those

    @property
    def is_refused(self) -> bool:
        """There is no feed at that address, and waiting will not change it."""
        return self.failure is not None and (
            self.failure.kind in _NEVER or self.failure.status in (401, 404, 410)
        )


@dataclass(frozen=True, slots=True)
class Discovery:
    """The feeds that an address leads to."""

    url: str
    found: tuple[Check, ...] = ()  # readable, best first
    failure: FetchFailure | None = None  # why the address itself is no feed
    tried: int = 0  # other addresses that were asked for
    watched: Mapping[str, Feed] = field(default_factory=dict)  # of `found`, by address

    @property
    def is_feed(self) -> bool:
        """The address is itself what was found, not a page with feeds."""
        return [check.url for check in self.found] == [self.url]

    @property
    def choice(self) -> tuple[Check, ...]:
        """What was found and is not watched yet."""
        return tuple(check for check in self.found if check.url not in self.watched)


@dataclass(frozen=True, slots=True)
class Asked:
    """A Check with what it was made from."""

    check: Check
    answer: Fetched | None = None
    articles: frozenset[bytes] = frozenset()  # url_keys


def feed_links(html: bytes, content_type: str, url: str) -> tuple[Candidate, ...]:
    """What a page at `url` links to that may be feeds, best first, at most MAX_LINKS.

    Declared ones (`<link rel=alternate type=...>`) before links whose address or text says
    feed; comments last; each address once. `content_type` is the header, for its charset.
    """
    base = url
    found: dict[str, Candidate] = {}
    page = html[:MAX_PAGE]
    for name, attributes, text in _tags(page, _codec(content_type)):
        if name == "base":
            base = urls.resolve(attributes.get("href", ""), url) or base
            continue
        candidate = _candidate(name, attributes, text, base)
        if candidate is None or candidate.url == url.partition("#")[0]:
            continue
        known = found.get(candidate.url)
        if known is None or (candidate.is_declared and not known.is_declared):
            found[candidate.url] = candidate
    ranked = sorted(found.values(), key=lambda c: (c.is_comments, not c.is_declared))
    return tuple(ranked[:MAX_LINKS])


def usual_places(url: str) -> tuple[str, ...]:
    """Where a site keeps its feed if it does not say: below the page, then at its root."""
    parts = urlsplit(url)
    root = f"{parts.scheme}://{parts.netloc}/"
    folder = urljoin(url, "." if parts.path.endswith("/") else parts.path + "/")
    below = () if folder.rstrip("/") == root.rstrip("/") else (urljoin(folder, "feed/"),)
    asked = (*below, *(root + path for path in _USUAL))
    return tuple(place for place in asked if place != url)[:MAX_USUAL]


def has_links(body: bytes) -> bool:
    """Whether a broken document may be a web page after all."""
    return _TAG.search(body[:MAX_PAGE].lower()) is not None


def _candidate(name: str, attributes: dict[str, str], text: str, base: str) -> Candidate | None:
    address = urls.resolve(attributes.get("href", ""), base)
    if address is None:
        return None
    address = address.partition("#")[0]
    kind = attributes.get("type", "").partition(";")[0].strip().lower()
    title = attributes.get("title", "") or text
    if name == "link":
        if "alternate" not in attributes.get("rel", "").lower().split():
            return None
        if kind not in _FEED_TYPES and not (kind in _LOOSE_TYPES and _says_feed(address)):
            return None
    elif kind not in _FEED_TYPES and not (_says_feed(address) or _is_feed_text(text)):
        return None
    title = clean(" ".join(title.split()))[:200]
    said = f"{urlsplit(address).path} {title}".lower()
    comments = any(word in said for word in _COMMENTS)
    return Candidate(address, title, name == "link", comments)


def _says_feed(address: str) -> bool:
    """An address that reads like a feed's: /feed/, /rss.xml, /news/atom, ?feed=rss2."""
    parts = urlsplit(address)
    last = parts.path.rstrip("/").rpartition("/")[2].lower()
    stem, _, end = last.rpartition(".") if "." in last else (last, "", "")
    named = bool(_FEED_WORDS.intersection(_WORD.findall(f"{stem} {end}")))
    return (named and end in _FILE_ENDS) or "feed=" in parts.query or "format=rss" in parts.query


def _is_feed_text(text: str) -> bool:
    """The words of a link to a feed are few, and one of them is its format."""
    words = _WORD.findall(text.lower())
    return len(text) <= 30 and bool({"rss", "atom"}.intersection(words))


# ---------------------------------------------------------------- tags


def _tags(page: bytes, codec: str) -> Iterator[tuple[str, dict[str, str], str]]:
    """The link, base and a tags: name, attributes, the text right after; in order.

    Comments, scripts and styles are passed over; one that does not end takes the rest. No byte
    is looked at more than a few times, whatever the page is made of.
    """
    lowered = page.lower()
    position = count = 0
    for _ in range(MAX_SEEN):
        match = _TAG.search(lowered, position)
        if match is None or count >= MAX_TAGS:
            return
        name = match.group()[1:]
        if name in (b"!--", b"script", b"style"):
            end = lowered.find(b"-->" if name == b"!--" else b"</" + name, match.end())
            position = end if end >= 0 else len(page)
            continue
        end = _end_of_tag(page, match.end())
        position = abs(end)
        if end > 0 and (name == b"base" or _HINT.search(lowered, match.end(), end + 30)):
            count += 1
            attributes = _attributes(_decoded(page[match.start() : end], codec))
            text = _decoded(page[end : end + 100].partition(b"<")[0], codec)
            yield name.decode("ascii"), attributes, text.strip()


def _end_of_tag(page: bytes, start: int) -> int:
    """The place after the tag's `>`, quotes minded; if it has none within MAX_TAG, minus the
    place where looking ended.
    """
    stop = min(len(page), start + MAX_TAG)
    quote = b""
    for mark in islice(_MARK.finditer(page, start, stop), MAX_QUOTES):
        if quote:
            quote = b"" if mark.group() == quote else quote
        elif mark.group() == b">":
            return mark.end()
        elif page[mark.start() - 1] in b"= \t\r\n":  # else it belongs to a value without quotes
            quote = mark.group()
    return -stop


def _attributes(tag: str) -> dict[str, str]:
    """The attributes of one tag, as browsers read them."""
    node = LexborHTMLParser(tag).css_first("link, base, a")
    given = node.attributes if node is not None else {}
    return {name.lower(): value or "" for name, value in given.items()}


def _decoded(data: bytes, codec: str) -> str:
    """A piece of the page; UTF-8 where its charset is none (addresses are ASCII or UTF-8)."""
    try:
        return data.decode(codec, "replace")
    except (LookupError, UnicodeError):
        return data.decode("utf-8", "replace")


def _codec(content_type: str) -> str:
    said = _CHARSET.search(content_type)
    return said[1] if said else "utf-8"


# ---------------------------------------------------------------- asking


class Search:
    """Asks for candidates, each address once, and keeps those that are feeds."""

    def __init__(self, ask: Callable[[str, datetime], Awaitable[Asked]], now: datetime) -> None:
        self._ask = ask
        self._now = now
        self._order: dict[str, Candidate] = {}
        self._read: dict[str, Asked] = {}

    @property
    def tried(self) -> int:
        """How many addresses were asked for."""
        return len(self._order)

    async def run(self, links: Sequence[Candidate], page: str) -> None:
        """What the page links to, all at once; if that brings nothing, the usual places in turn.

        The fetcher keeps to its manners whatever is asked at once.
        """
        try:
            async with asyncio.timeout(LOOKING):
                await asyncio.gather(*(self._try(candidate) for candidate in links))
                for place in () if self._read else usual_places(page):
                    await self._try(Candidate(place))
                    if len(self.found()) >= ENOUGH:
                        return
        except TimeoutError:
            return

    async def _try(self, candidate: Candidate) -> None:
        if candidate.url in self._order:
            return
        self._order[candidate.url] = candidate
        asked = await self._ask(candidate.url, self._now)
        if asked.check.failure is None:
            self._read[candidate.url] = asked

    def found(self) -> tuple[Check, ...]:
        """The feeds, in the order of the candidates; another format of one before is left out."""
        kept: list[Check] = []
        seen: set[str | frozenset[bytes]] = set()
        for url, candidate in self._order.items():
            asked = self._read.get(url)
            if asked is None or asked.answer is None or asked.answer.url in seen:
                continue
            if asked.articles and asked.articles in seen:
                continue
            seen.update((asked.answer.url, asked.articles))
            title = asked.check.title or candidate.title
            kept.append(replace(asked.check, title=title))
        return tuple(kept)
