"""Feed documents cut into their raw entries, so that only unseen ones need parsing. Pure.

    body -> expat: well-formed, and built as most feeds are? -> where each <item>/<entry> stands
         -> a key for each -> the same document without the entries that are known

feedparser stays the parser: it gets a shorter document. Its verdict on an entry must not
depend on the entries left out, but it carries state from one element to the next and reads a
document that is not well-formed in another way altogether. So a document is cut only where
neither can matter; the rules below name what leaks (found by reading feedparser 6.0.14).
When in doubt `cut` gives None, and the whole document is parsed: dearer, never wrong.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Collection
from dataclasses import dataclass, field
from xml.parsers import expat

from watchers.text import key

_START_TAG = re.compile(rb"<(?:[^>\"']++|\"[^\"]*+\"|'[^']*+')*+>")  # possessive: linear
# `watchers.parse` looks for these words anywhere, and reads all entries another way if they
# are there: they may not come and go with an entry.
_BASE = re.compile(rb"(?<![\w?&.-])base[\s\x80-\xff]{0,20}=")
_DEPTH = 100  # elements within one another; feeds have a dozen
_AFTER_NAME = (b" ", b">", b"\t", b"\n", b"\r", b"/")

_ATOM = "http://www.w3.org/2005/Atom"
_XHTML = "http://www.w3.org/1999/xhtml"
_XHTML_TYPES = ("xhtml", "application/xhtml+xml")
_MEDIA = ("http://search.yahoo.com/mrss/", "http://search.yahoo.com/mrss")

# How a document begins: raw name of its root -> raw names of what else encloses the entries,
# and of the entries themselves.
_SHAPES: dict[bytes, tuple[tuple[bytes, ...], bytes]] = {
    b"rss": ((b"channel",), b"item"),
    b"feed": ((), b"entry"),
    b"rdf:RDF": ((), b"item"),
}
# By these feedparser knows RSS 0.90 and 1.0; without, the version hangs on later elements.
_RDF_DIALECTS = ("http://purl.org/rss/1.0/", "http://my.netscape.com/rdf/simple/0.9/")

# feedparser never forgets a prefix. Where an element declares one for itself alone, others may
# be read by it too, unless it is bound as everybody binds it: to what feedparser means by it.
_USUAL = {
    (None, _XHTML), (None, _ATOM), ("atom", _ATOM), ("xhtml", _XHTML),
    *(("media", uri) for uri in _MEDIA),
    ("content", "http://purl.org/rss/1.0/modules/content/"),
    ("dc", "http://purl.org/dc/elements/1.1/"),
    ("dcterms", "http://purl.org/dc/terms/"),
    ("feedburner", "http://rssnamespace.org/feedburner/ext/1.0"),
    ("georss", "http://www.georss.org/georss"),
    ("geo", "http://www.w3.org/2003/01/geo/wgs84_pos#"),
    ("itunes", "http://www.itunes.com/dtds/podcast-1.0.dtd"),
    ("slash", "http://purl.org/rss/1.0/modules/slash/"),
    ("sy", "http://purl.org/rss/1.0/modules/syndication/"),
    ("thr", "http://purl.org/rss/1.0/modules/threading/"),
    ("wfw", "http://wellformedweb.org/CommentAPI/"),
}  # fmt: skip

# Elements that mean the same to feedparser wherever they stand: inside an entry they would
# begin another, or end the feed.
_STRUCTURE = frozenset(("rss", "rdf", "feed", "channel", "item", "entry"))
# Elements of text, by local name. Markup inside is text too, but feedparser heeds the end tags
# of names that it knows: "</title>" inside <content> unsettles all that follows.
_TEXTS = frozenset(
    (
        "title", "subtitle", "tagline", "rights", "copyright", "info", "browserfriendly",
        "description", "abstract", "summary", "content", "body", "fullitem", "encoded",
    )
)  # fmt: skip
# After one of these in the feed's own head feedparser reads the first entry unlike the others.
_UNSETTLING = frozenset(("summary", "content", "encoded", "fullitem", "body"))
# Names that it does not know (a test asks it); <div> is one more, see `_Scan`.
HTML = frozenset(
    (
        "a", "abbr", "address", "article", "aside", "audio", "b", "big", "blockquote", "br",
        "center", "cite", "code", "dd", "del", "dfn", "dl", "dt", "em", "figcaption", "figure",
        "font", "footer", "h1", "h2", "h3", "h4", "h5", "h6", "header", "hr", "i", "iframe",
        "img", "ins", "kbd", "li", "mark", "ol", "p", "picture", "pre", "q", "s", "section",
        "small", "span", "strike", "strong", "sub", "sup", "table", "tbody", "td", "tfoot",
        "th", "thead", "time", "tr", "tt", "u", "ul", "video",
    )
)  # fmt: skip


class _Doubt(Exception):
    """The document is not one that can be cut safely."""


class _Enough(Exception):
    """As many entries as are wanted were found."""


# ---------------------------------------------------------------- what is cut


@dataclass(frozen=True, slots=True)
class Cut:
    """A document with the places of its raw entries, in order."""

    body: bytes
    spans: tuple[tuple[int, int], ...]  # of the entries: begin, end
    frame: bytes  # hash of what else decides how an entry is read: see `cut`
    tail: bytes  # what stands after the last entry
    whole: bool  # these are all entries that the document has

    def keys(self, *others: str) -> tuple[bytes, ...]:
        """What each raw entry is known by: its bytes, the frame, and what `others` decides."""
        frame = key(self.frame, *others)
        return tuple(
            hashlib.blake2b(self.body[begin:end], digest_size=16, key=frame).digest()
            for begin, end in self.spans
        )

    def document(self, wanted: Collection[int]) -> bytes:
        """The document with only those entries (numbers, from 0), all else as it was."""
        pieces = []
        position = 0
        for number, (begin, end) in enumerate(self.spans):
            pieces.append(self.body[position : end if number in wanted else begin])
            position = end
        return b"".join((*pieces, self.tail))

    def shortest(self) -> int:
        """The number of the entry with the fewest bytes."""
        return min(range(len(self.spans)), key=lambda n: self.spans[n][1] - self.spans[n][0])


def cut(body: bytes, most: int) -> Cut | None:
    """Find the raw entries of an RSS or Atom document; None when in doubt, or without any.

    Only the first `most` entries are looked for, and what follows them is not looked at.
    Cut are documents that are well-formed as UTF-8 (whatever they say of their charset, as
    `watchers.charset` decides too), without a DOCTYPE, and with nothing but entries after the
    first entry. The frame is the start tags around the entries (their namespaces, base and
    language); text such as lastBuildDate is no part of it.
    """
    scan = _Scan(body, most)
    try:
        scan.run()
    except (_Doubt, expat.ExpatError):
        return None
    around = b"".join(body[begin:end] for begin, end in scan.around)
    if not scan.spans or b"<!ENTITY" in body or (_has_base(body) and not _has_base(around)):
        return None
    return Cut(body, tuple(scan.spans), key(around), scan.tail, scan.whole)


def _has_base(markup: bytes) -> bool:
    # The plain search first: the pattern takes a millisecond for a document.
    return b"base" in (lowered := markup.lower()) and _BASE.search(lowered) is not None


# ---------------------------------------------------------------- the scan


@dataclass(slots=True)
class _Scan:
    """One pass of expat over a document: its handlers and what they found."""

    body: bytes
    most: int
    spans: list[tuple[int, int]] = field(default_factory=list)
    around: list[tuple[int, int]] = field(default_factory=list)  # start tags of the ancestors
    whole: bool = True
    tail: bytes = b""
    _parser: expat.XMLParserType = field(init=False)
    _path: tuple[bytes, ...] = ()  # raw names that enclose the entries
    _entry: bytes = b""  # raw name of an entry
    _depth: int = 0
    _begin: int = -1  # of the entry under way
    _text_depth: int = 0  # of the element of text under way
    _is_xhtml: bool = False  # that element says type="xhtml"
    _bound: dict[str | None, str | None] = field(default_factory=dict)  # prefixes, by ancestors
    _fresh: list[tuple[str | None, str | None]] = field(default_factory=list)
    _kinds: dict[str, str] = field(default_factory=dict)

    def run(self) -> None:
        """Scan. _Doubt or ExpatError: not to be cut."""
        parser = expat.ParserCreate("utf-8", namespace_separator=" ")
        self._parser = parser
        parser.namespace_prefixes = True
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.StartNamespaceDeclHandler = self._declare
        parser.StartDoctypeDeclHandler = self._doctype
        try:
            parser.Parse(self.body, True)
        except _Enough:
            self.whole = False
            closing = reversed(self._path)
            self.tail = b"".join(b"</" + name + b">" for name in closing)
        else:
            self.tail = self.body[self.spans[-1][1] :] if self.spans else b""
        finally:
            # The handlers hold this object and the parser one another.
            parser.StartElementHandler = parser.EndElementHandler = None
            parser.StartNamespaceDeclHandler = parser.StartDoctypeDeclHandler = None

    def _doctype(self, *_: object) -> None:
        raise _Doubt

    def _declare(self, prefix: str | None, uri: str | None) -> None:
        self._fresh.append((prefix, uri))

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        self._depth += 1
        kind = self._kinds.get(name) or self._kind(name)
        if self._depth > _DEPTH:
            raise _Doubt
        is_frame = self._begin < 0 and self._is_frame(name)
        if self._fresh:
            self._check_prefixes()
        if kind == "structure" and not is_frame:
            raise _Doubt
        if self._text_depth:
            # feedparser forgets to close a <div> in text that is not declared XHTML: base
            # address and language of what follows are then wrong.
            if kind != "html" and not (kind == "div" and self._is_xhtml):
                raise _Doubt
        elif kind == "text":
            self._text_depth = self._depth
            self._is_xhtml = attributes.get("type", "").lower() in _XHTML_TYPES

    def _end(self, _name: str) -> None:
        if self._depth == self._text_depth:
            self._text_depth = 0
        elif self._begin >= 0 and self._depth == len(self._path) + 1:
            index = self._parser.CurrentByteIndex
            if not self.body.startswith(b"</" + self._entry, index):
                raise _Doubt  # <item/> has no end tag
            self.spans.append((self._begin, self.body.index(b">", index) + 1))
            self._begin = -1
        self._depth -= 1

    def _is_frame(self, name: str) -> bool:
        """Take up an element outside of entries: one around them, an entry, or another."""
        depth = self._depth
        if depth == 1:
            self._root()
        if depth <= len(self._path):
            self._enclose()
            return True
        if depth == len(self._path) + 1 and self._stands_here(self._entry):
            if len(self.spans) == self.most:
                raise _Enough
            self._begin = self._parser.CurrentByteIndex
            return True
        local = _local(name)
        if self.spans or local in _UNSETTLING:
            raise _Doubt
        # RSS 1.0 has its channel beside the entries.
        return depth == 2 and local == "channel" and self._path == (b"rdf:RDF",)

    def _root(self) -> None:
        for name, (inner, entry) in _SHAPES.items():
            if self._stands_here(name):
                self._path, self._entry = (name, *inner), entry
                return
        raise _Doubt

    def _enclose(self) -> None:
        """Take up an element that encloses the entries."""
        if len(self.around) >= self._depth or not self._stands_here(self._path[self._depth - 1]):
            raise _Doubt
        begin = self._parser.CurrentByteIndex
        tag = _START_TAG.match(self.body, begin)
        if tag is None:
            raise _Doubt
        self.around.append(tag.span())
        for prefix, uri in self._fresh:
            if prefix in self._bound:
                raise _Doubt
            self._bound[prefix] = uri
        self._fresh.clear()
        if self._path[0] == b"rdf:RDF" and not any(
            (uri or "").lower() in _RDF_DIALECTS for uri in self._bound.values()
        ):
            raise _Doubt

    def _stands_here(self, name: bytes) -> bool:
        """Whether the tag just begun has this raw name."""
        begin = self._parser.CurrentByteIndex + 1
        end = begin + len(name)
        return self.body[begin:end] == name and self.body[end : end + 1] in _AFTER_NAME

    def _check_prefixes(self) -> None:
        """Prefixes that an element declares for itself: see _USUAL."""
        for prefix, uri in self._fresh:
            if uri and self._bound.get(prefix) != uri:
                other = prefix is not None and prefix in self._bound
                if other or (prefix, uri) not in _USUAL:
                    raise _Doubt
        self._fresh.clear()

    def _kind(self, name: str) -> str:
        """What matters of an element by its name ("uri local prefix"); learnt once a name."""
        uri, _, rest = name.rpartition(" ") if name.count(" ") < 2 else name.partition(" ")
        local = _local(name)
        if local in _STRUCTURE:
            kind = "structure"
        elif local in _TEXTS and not (local == "content" and uri in _MEDIA):
            kind = "text"
        elif (" " in rest and uri != _XHTML) or local not in (*HTML, "div"):
            kind = "other"
        else:
            kind = "div" if local == "div" else "html"
        self._kinds[name] = kind
        return kind


def _local(name: str) -> str:
    """The local part of expat's "uri local prefix", in lower case as feedparser compares."""
    parts = name.split(" ")
    return parts[1 if len(parts) > 1 else 0].lower()
