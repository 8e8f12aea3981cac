"""Google News sitemaps: the articles of a site's last two days. Pure.

The format: https://developers.google.com/search/docs/crawling-indexing/sitemaps/news-sitemap
A plain sitemap lists addresses without titles and is no feed. Expat reads the elements one by
one and keeps no tree; a document type declaration, and with it any entity, is refused.
"""

from __future__ import annotations

import re
from xml.parsers import expat

from watchers import dates
from watchers.errors import FeedUnreadable
from watchers.model import Entry, ParsedFeed

CUT_SHORT = "cut short"

_ROOT = re.compile(r"<(?:[\w.-]{1,40}:)?(urlset|sitemapindex)[\s>]")
_SPACE = " "  # between namespace and name, as expat is told
_NEWS = "http://www.google.com/schemas/sitemap-news/"
_FIELDS = ("loc", "news:title", "news:publication_date", "news:language", "news:name")
_MAX_FIELD = 4_000  # characters kept of one element
_MAX_DEPTH = 50  # elements in one another; a news sitemap has five
_HEAD = 4_000  # characters in which the root must stand
_SHOWN = 3  # sitemaps named of an index


class _Enough(Exception):
    """Enough entries are read: no error, the document has more."""


def is_sitemap(text: str) -> bool:
    """True if the document's first element is a sitemap's or a sitemap index's."""
    start = 0
    head = text[:_HEAD]
    while (start := head.find("<", start)) >= 0 and head[start + 1 : start + 2] in ("?", "!"):
        end = head.find("-->" if head.startswith("<!--", start) else ">", start)
        start = end if end > 0 else len(head)
    return start >= 0 and _ROOT.match(head, start) is not None


def read(text: str, limit: int) -> ParsedFeed:
    """Read a news sitemap, at most `limit` articles, in document order.

    The sitemap is of the site itself, so entries have no `source`. FeedUnreadable: a sitemap
    without news, an index (the message names the first sitemaps it lists), or broken XML before
    the first article; XML that breaks off later is read up to there.
    """
    reader = _Reader(limit)
    whole, repairs = True, list[str]()
    try:
        reader.feed(text)
    except _Enough:
        whole = False
    except expat.ExpatError as error:
        if not reader.entries:
            raise FeedUnreadable(
                "malformed", "the sitemap is broken: nothing can be read"
            ) from error
        repairs.append(CUT_SHORT)
    if reader.children:
        listed = ", ".join(reader.children)
        raise FeedUnreadable(
            "not-a-feed",
            f"the answer is an index of sitemaps; add one of those it lists instead: {listed}",
        )
    if not reader.entries and reader.addresses:
        raise FeedUnreadable(
            "not-a-feed",
            "the answer is a sitemap of addresses without titles;"
            " only news sitemaps can be watched, often found under /sitemap-news.xml",
        )
    return ParsedFeed(reader.name, None, tuple(reader.entries), tuple(repairs), whole=whole)


class _Reader:
    """Collects the fields of each `url` element."""

    def __init__(self, limit: int) -> None:
        self.entries: list[Entry] = []
        self.addresses = 0  # url elements without news
        self.children: list[str] = []
        self.name = ""  # of the publication
        self._limit = limit
        self._depth = 0
        self._field = ""  # being read
        self._pieces: list[str] = []
        self._fields: dict[str, str] = {}
        self._is_news = False

    def feed(self, text: str) -> None:
        parser = expat.ParserCreate("utf-8", _SPACE)
        parser.buffer_text = True
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._characters
        parser.StartDoctypeDeclHandler = self._refuse
        # A declaration would contradict that this is UTF-8 by now.
        parser.Parse(text[text.find("?>") + 2 if text.startswith("<?xml") else 0 :], True)

    @staticmethod
    def _refuse(*_: object) -> None:
        raise FeedUnreadable("malformed", "the sitemap has a document type declaration; none may")

    def _start(self, tag: str, _attributes: object) -> None:
        self._depth += 1
        if self._depth > _MAX_DEPTH:
            raise FeedUnreadable("malformed", "the sitemap is nested too deeply")
        name = _short(tag)
        if name == "url":
            self._fields, self._is_news = {}, False
        elif name == "news:news":
            self._is_news = True
        elif name in _FIELDS:
            self._field, self._pieces = name, []

    def _characters(self, text: str) -> None:
        if self._field:
            self._pieces.append(text[:_MAX_FIELD])

    def _end(self, tag: str) -> None:
        self._depth -= 1
        name = _short(tag)
        if name == self._field and name:
            # the first of several: images and videos have titles and addresses of their own
            self._fields.setdefault(name, "".join(self._pieces)[:_MAX_FIELD].strip())
            self._field = ""
        elif name == "url":
            self._add()
        elif name == "sitemap" and len(self.children) < _SHOWN:
            self.children.append(self._fields.pop("loc", "")[:300])

    def _add(self) -> None:
        if not self._is_news:
            self.addresses += 1
            return
        if len(self.entries) >= self._limit:
            raise _Enough
        address = self._fields.get("loc") or None
        self.name = self.name or self._fields.get("news:name", "")
        self.entries.append(
            Entry(
                guid=address,
                link=address,
                title=self._fields.get("news:title", ""),
                published=dates.read(self._fields.get("news:publication_date", "")),
                language=self._fields.get("news:language") or None,
            )
        )


def _short(tag: str) -> str:
    """`loc`, `news:title`, or nothing for an element of another vocabulary."""
    space, _, name = tag.rpartition(_SPACE)
    if space.startswith(_NEWS):
        return f"news:{name}"
    # Sites leave the namespace out, or write it with https or another version.
    known = not space or "sitemaps.org" in space or "google.com/schemas/sitemap/" in space
    return name if known else ""
